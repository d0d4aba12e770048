//! All that a program has started, found in /proc.
//!
//! A process group is not enough: an `ifup` that a hook calls gives its own hooks groups of their own, and a shell with job
//! control does so, too.

use cleat_root::Root;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::BTreeMap;

/// A process and when it began, by which it is known from a later one with its number.
type Process = (i32, u64);

/// A program and all that it has started, as it was at one moment.
#[derive(Debug)]
pub(super) struct Tree(Vec<Process>);

impl Tree {
    /// The process of that number with its children, their children, and so on. What left its parent for process 1 is
    /// none of them.
    pub fn of(pid: i32) -> Self {
        let all = processes();
        let mut tree: Vec<Process> = all.get(&pid).map(|(_, began)| (pid, *began)).into_iter().collect();
        let mut at = 0;
        while let Some((parent, _)) = tree.get(at).copied() {
            let children = all.iter().filter(|(_, (of, _))| *of == parent);
            tree.extend(children.map(|(child, (_, began))| (*child, *began)));
            at += 1;
        }
        Self(tree)
    }

    /// Sends the signal to those that are still there.
    pub fn signal(&self, signal: Signal) {
        let now = processes();
        for (pid, began) in &self.0 {
            if now.get(pid).is_some_and(|(_, is)| is == began) {
                // An error means that it ended just now.
                let _ = kill(Pid::from_raw(*pid), signal);
            }
        }
    }

    /// Adds what has been started since.
    pub fn grow(&mut self) {
        for (pid, _) in self.0.clone() {
            let more = Self::of(pid).0;
            self.0.extend(more);
        }
        self.0.sort_unstable();
        self.0.dedup();
    }
}

/// Parent and time of start of each process.
///
/// *Source*: proc_pid_stat(5): `PID (NAME) STATE PPID ...`, the 22nd field is the time of start; NAME may hold anything.
fn processes() -> BTreeMap<i32, (i32, u64)> {
    let root = Root::real();
    let names = root.read_dir("/proc").unwrap_or_default();
    let pids = names.iter().filter_map(|name| name.to_str()?.parse::<i32>().ok());
    pids.filter_map(|pid| {
        let text = root.read_text(format!("/proc/{pid}/stat")).ok()?;
        Some((pid, parse(&text)?))
    })
    .collect()
}

fn parse(stat: &str) -> Option<(i32, u64)> {
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    Some((fields.get(1)?.parse().ok()?, fields.get(19)?.parse().ok()?))
}

/// Whether the process of that number started this one, or one that did. Where /proc cannot tell, it is taken to be so.
pub(crate) fn descends_from(ancestor: u32) -> bool {
    let all = processes();
    let mut pid = std::process::id().cast_signed();
    if !all.contains_key(&pid) {
        return true;
    }
    while let Some((parent, _)) = all.get(&pid) {
        pid = *parent;
        if pid.cast_unsigned() == ancestor {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Second witness: `awk '{print $4, $22}' /proc/PID/stat` of a process with a plain name.
    #[test]
    fn a_name_with_spaces_and_brackets_hides_nothing() {
        let fields = "S 41 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 12345 0 0";
        assert_eq!(parse(&format!("7 (a) b (c) {fields}")), Some((41, 12345)));
    }

    #[test]
    fn this_process_descends_from_the_first_and_not_from_itself() {
        assert!(descends_from(nix::unistd::getppid().as_raw().cast_unsigned()));
        assert!(!descends_from(std::process::id()));
    }
}
