//! What boot loaders boot by: the kernels and command lines in their files.

use cleat_root::{Root, paths};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A kernel with its command line in the file of a boot loader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The kernel, as it is written there; empty where none is.
    pub kernel: String,
    /// The command line.
    pub cmdline: String,
    /// Where words are put into it: the command line in the file's text, or the last part of it.
    pub range: Range<usize>,
}

/// The entries of a grub.cfg that `/etc/grub.d` made for Linux; all of them where the file has no such marks.
///
/// *Source*: grub-mkconfig(8) writes `### BEGIN /etc/grub.d/10_linux ###` and an `END` like it around each part.
pub fn grub(text: &str) -> Vec<Entry> {
    let marked = text.contains("### BEGIN /etc/grub.d/10_linux");
    let mut inside = !marked;
    let mut entries = Vec::new();
    for (start, line) in lines(text) {
        if let Some(part) = line.trim().strip_prefix("### BEGIN /etc/grub.d/") {
            inside = part.starts_with("10_linux") || part.starts_with("20_linux_xen");
        } else if line.starts_with("### END") {
            inside = !marked;
        }
        let mut words = line.split_whitespace();
        let command = words.next().unwrap_or_default();
        if inside && ["linux", "linux16", "linuxefi"].contains(&command) {
            let kernel = words.next().unwrap_or_default();
            entries.push(entry(start, line, kernel, kernel));
        }
    }
    entries
}

/// The entries of an extlinux.conf.
///
/// *Source*: <https://wiki.syslinux.org/wiki/index.php?title=Config>: `LINUX` or `KERNEL`, and `APPEND`, below `LABEL`.
pub fn extlinux(text: &str) -> Vec<Entry> {
    let mut kernel = String::new();
    let mut entries = Vec::new();
    for (start, line) in lines(text) {
        let mut words = line.split_whitespace();
        let key = words.next().unwrap_or_default();
        match key.to_lowercase().as_str() {
            "linux" | "kernel" => kernel = words.next().unwrap_or_default().to_owned(),
            "append" => entries.push(entry(start, line, &kernel, key)),
            _ => {}
        }
    }
    entries
}

/// The entry of a file of `loader/entries`; none where it has no `options`.
///
/// *Source*: the Boot Loader Specification: `options` may stand more than once, and all of them count.
pub fn boot_entry(text: &str) -> Option<Entry> {
    let key = |line: &str| line.split_whitespace().next().unwrap_or_default().to_owned();
    let kernel = lines(text).find(|(_, line)| key(line) == "linux");
    let kernel = kernel
        .and_then(|(_, line)| line.split_whitespace().nth(1))
        .unwrap_or_default();
    let options = lines(text).filter(|(_, line)| key(line) == "options");
    let parts: Vec<Entry> = options
        .map(|(start, line)| entry(start, line, kernel, "options"))
        .collect();
    let all: Vec<&str> = parts.iter().map(|part| part.cmdline.as_str()).collect();
    let cmdline = all.join(" ");
    parts.into_iter().next_back().map(|last| Entry { cmdline, ..last })
}

/// The files of `loader/entries` of the boot partition that has some.
pub fn boot_entry_files(root: &Root) -> Vec<PathBuf> {
    for partition in paths::BOOT_PARTITIONS {
        let directory = Path::new(partition).join("loader/entries");
        let names = root.read_dir(&directory).unwrap_or_default();
        let files: Vec<PathBuf> = names
            .iter()
            .filter(|name| name.to_string_lossy().ends_with(".conf"))
            .map(|name| directory.join(name))
            .collect();
        if !files.is_empty() {
            return files;
        }
    }
    Vec::new()
}

/// The entry of a line whose command line stands behind the word `after`.
fn entry(start: usize, line: &str, kernel: &str, after: &str) -> Entry {
    let skipped = line.find(after).map_or(line.len(), |at| at + after.len());
    let rest = &line[skipped..];
    let begin = skipped + (rest.len() - rest.trim_start().len());
    let cmdline = line[begin..].trim_end();
    Entry {
        kernel: kernel.to_owned(),
        cmdline: cmdline.to_owned(),
        range: start + begin..start + begin + cmdline.len(),
    }
}

/// Lines without their ends, and where they begin.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (start, line.trim_end_matches(['\n', '\r']))
    })
}
