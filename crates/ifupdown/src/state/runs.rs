//! The record of runs: what `ifup`, `ifdown` and `ifreload` did since the host came up, for `cleat log` and the journal.

mod journal;
mod record;

use crate::apply::account::{Account, Entry};
use crate::args::Args;
use cleat_cli::exit::Exit;
use cleat_cli::who;
use cleat_diag::{Diagnostic, Severity};
use cleat_root::{Root, RootError};
use cleat_store::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::Path;

/// Steps and faults of one run that are kept: a boot with thousands of links must not push out all before it.
const MOST: usize = 200;

/// One run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// When it ended: `2026-11-23 09:40:12 UTC`.
    pub time: String,
    /// The command line: `ifreload -a`.
    pub command: String,
    /// Who called it, and the program that did: `root on pts/0, from bash`.
    pub by: String,
    /// Exit code.
    pub exit: u8,
    /// The closing line.
    pub summary: String,
    /// The generation that holds the configuration of the run; `None` where none does.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub generation: Option<u32>,
    /// The steps, in the order in which they were done; at most 200.
    pub steps: Vec<Done>,
    /// How many steps are not listed.
    pub unlisted: usize,
    /// Warnings and errors, without their text, which may hold the command of a hook.
    pub faults: Vec<Fault>,
}

/// One step of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The interfaces that it is about.
    pub ifaces: Vec<String>,
    /// The like command; a hook by its phase.
    pub step: String,
    /// `done`, `was-so`, `partly`, `failed`, `left-out`, `undone`, `not-undone`.
    pub result: String,
    /// What the kernel said to it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
}

/// One warning or error.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fault {
    /// `error` or `warning`.
    pub severity: String,
    /// The code, as in docs/diagnostics.md.
    pub code: String,
    /// The interface, where there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub iface: Option<String>,
}

impl Run {
    /// A run that is at its end, and who called it ([`by`]). Without an account nothing was begun.
    pub fn of(by: String, args: &Args, exit: Exit, account: Option<&Account>, found: &[Diagnostic]) -> Self {
        let entries = account.map(Account::entries).unwrap_or_default();
        let faults: BTreeSet<Fault> = found.iter().filter_map(Fault::of).collect();
        let summary = match account {
            Some(account) if exit == Exit::Done || !entries.is_empty() => account.closing(),
            _ => "nothing was changed".to_owned(),
        };
        Self {
            time: Timestamp::now().to_string(),
            command: command(args),
            by,
            exit: exit.code(),
            summary,
            generation: None,
            steps: entries.iter().take(MOST).map(Done::of).collect(),
            unlisted: entries.len().saturating_sub(MOST),
            faults: faults.into_iter().take(MOST).collect(),
        }
    }

    /// With the generation that holds its configuration.
    pub fn in_generation(mut self, generation: Option<u32>) -> Self {
        self.generation = generation;
        self
    }

    /// Those that are on record, the oldest first. A line that is not whole, since the machine was switched off while it
    /// was written, is left out.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub fn recorded(root: &Root, path: &Path) -> Result<Vec<Self>, RootError> {
        match root.read(path) {
            Ok(bytes) => Ok(bytes
                .split(|byte| *byte == b'\n')
                .filter_map(|line| serde_json::from_slice(line).ok())
                .collect()),
            Err(error) if error.is_missing() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

impl Done {
    fn of(entry: &Entry) -> Self {
        let mut ifaces: Vec<String> = entry.touched().iter().map(ToString::to_string).collect();
        let iface = entry.iface.to_string();
        if !ifaces.contains(&iface) {
            ifaces.push(iface);
        }
        Self {
            ifaces,
            step: entry.action.to_string(),
            result: entry.result.to_owned(),
            error: entry.error.clone(),
        }
    }
}

impl Fault {
    fn of(found: &Diagnostic) -> Option<Self> {
        (found.severity > Severity::Info).then(|| Self {
            severity: found.severity.word().to_owned(),
            code: found.code.to_owned(),
            iface: found.iface.clone(),
        })
    }
}

/// The command line, at most 200 characters of it.
fn command(args: &Args) -> String {
    let words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    let line = called(args.command.name(), &words.collect::<Vec<String>>());
    line.chars().take(200).collect()
}

/// The command with its options. A program of another name (`cleat-commit apply`) runs it in its own process: its words
/// come first, `cleat-commit apply: ifreload`.
fn called(command: &str, words: &[String]) -> String {
    let [program, rest @ ..] = words else {
        return command.to_owned();
    };
    let program = program.rsplit('/').next().unwrap_or_default();
    if program == command {
        return [&[command.to_owned()], rest].concat().join(" ");
    }
    match rest {
        [first, ..] if first == command => rest.join(" "),
        _ => format!("{}: {command}", [&[program.to_owned()], rest].concat().join(" ")),
    }
}

/// Who calls: the user, and the program that started this one; or the user of Proxmox VE whose task it is.
pub(crate) fn by(root: &Root) -> String {
    let parent = nix::unistd::getppid();
    let read = |file| root.read_text(format!("/proc/{parent}/{file}")).unwrap_or_default();
    if let Some(task) = of_task(&read("cmdline")) {
        return task;
    }
    match read("comm").trim_end() {
        "" => who(),
        program => format!("{}, from {program}", who()),
    }
}

/// `root@pam, in Proxmox VE (srvreload)`, where a command line is that of one of its workers.
///
/// *Source*: pve-common, `PVE::Tools::upid_encode` and `PVE::RESTEnvironment::fork_worker`: a worker calls itself
/// `task UPID:NODE:PID:PSTART:STARTTIME:TYPE:ID:USER:`.
fn of_task(line: &str) -> Option<String> {
    let task = line.trim_end_matches(['\0', ' ']).strip_prefix("task UPID:")?;
    let mut words = task.split(':').skip(4);
    let (kind, user) = (words.next()?, words.nth(1)?);
    (!user.is_empty()).then(|| format!("{user}, in Proxmox VE ({kind})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn run(number: usize) -> Run {
        Run {
            time: "2026-11-23 09:40:12 UTC".to_owned(),
            command: format!("ifreload -a {number}"),
            by: "root on pts/0, from bash".to_owned(),
            exit: 0,
            summary: "nothing to do".to_owned(),
            generation: None,
            steps: Vec::new(),
            unlisted: 0,
            faults: Vec::new(),
        }
    }

    #[test]
    fn the_record_keeps_the_newest_runs_within_its_bound_and_for_root_alone() {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        let path = Path::new("/run/cleat/runs.jsonl");
        let count = 3000;
        for number in 0..count {
            run(number).append(&root, path).unwrap();
        }
        let metadata = root.metadata(path).unwrap();
        assert!(metadata.len() <= record::LIMIT, "{}", metadata.len());
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
        let recorded = Run::recorded(&root, path).unwrap();
        let first = count - recorded.len();
        assert!(recorded.len() > 300, "{}", recorded.len());
        assert_eq!(recorded, (first..count).map(run).collect::<Vec<Run>>());
    }

    #[test]
    fn a_run_is_named_as_it_was_called() {
        let called = |line: &str| called("ifreload", &line.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(called("/usr/sbin/ifreload -a -v"), "ifreload -a -v");
        assert_eq!(called("target/ifupdown ifreload -a"), "ifreload -a");
        assert_eq!(
            called("/usr/bin/cleat-commit apply -y"),
            "cleat-commit apply -y: ifreload"
        );
    }

    /// Second witness: the UPID that pvesh(1) prints for `pvesh set /nodes/pve1/network`.
    #[test]
    fn a_task_of_proxmox_ve_is_named_by_its_user() {
        let line = "task UPID:pve1:000A1B2C:0123ABCD:65A1B2C3:srvreload:networking:root@pam:\0";
        assert_eq!(of_task(line).as_deref(), Some("root@pam, in Proxmox VE (srvreload)"));
        let token = "task UPID:pve1:000A1B2C:0123ABCD:65A1B2C3:srvreload:networking:ops@pve!terraform:";
        assert_eq!(
            of_task(token).as_deref(),
            Some("ops@pve!terraform, in Proxmox VE (srvreload)")
        );
        for other in [
            "",
            "bash\0-l\0",
            "task UPID:pve1:1:2:3:srvreload",
            "task UPID:a:b:c:d:e::",
        ] {
            assert_eq!(of_task(other), None, "{other}");
        }
    }

    #[test]
    fn a_line_that_was_cut_short_costs_no_other() {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        let path = Path::new("/run/cleat/runs.jsonl");
        run(1).append(&root, path).unwrap();
        root.append(path, b"{\"time\":\"2026\n").unwrap();
        run(2).append(&root, path).unwrap();
        assert_eq!(Run::recorded(&root, path).unwrap(), [run(1), run(2)]);
    }
}
