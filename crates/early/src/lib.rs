//! What the program in the initramfs does.
//!
//! At the end of the initramfs the root is mounted and NICs are named. The files that named them are compared with the
//! root's; what was found goes to the kernel's log, from where the journal has it, and to
//! [`paths::INITRAMFS_VERDICT`], where `cleat-link check` reads it. Nothing is changed.

use cleat_diag::{Diagnostic, Severity, Sources, render};
use cleat_naming::carried::{LinkSet, Verdict};
use cleat_root::{Durability, Root, RootError, paths};
use std::path::Path;

pub use level::Level;

mod level;

/// Compares what the initramfs carries with what the root holds, says of it what `level` lets through, and leaves it.
/// Returns whether that was done; a difference is not a failure.
pub fn run(initramfs: &Root, root: &Root, level: Level) -> bool {
    let log_to = |initramfs: &Root, told: &Diagnostic| log_to(initramfs, told, level);
    if !root.is_dir("/etc") {
        log(&format!("error: {} holds no root file system", root.prefix().display()));
        return false;
    }
    if level == Level::Debug {
        let later = mounted_later(root);
        for directory in paths::LINK_FILES {
            let deed = if is_below(directory, &later) {
                "is mounted later"
            } else {
                "is compared"
            };
            write(
                initramfs,
                Level::Debug.priority(),
                &format!("debug: {directory} {deed}"),
            );
        }
    }
    let (verdict, errors) = judge(initramfs, root);
    for told in errors.iter().map(unreadable).chain(verdict.diagnostics()) {
        log_to(initramfs, &told);
    }
    if errors.is_empty() && verdict.differences.is_empty() {
        let text = format!(
            "the {} link files of the initramfs are those of the root",
            verdict.carried
        );
        log_to(initramfs, &Diagnostic::info("initramfs-fresh", text));
    }
    match leave(initramfs, &verdict) {
        Ok(()) => true,
        Err(error) => {
            log_to(initramfs, &Diagnostic::error("initramfs-verdict", error.to_string()));
            false
        }
    }
}

/// What a comparison finds, and what could not be read for it.
pub fn judge(initramfs: &Root, root: &Root) -> (Verdict, Vec<RootError>) {
    let later = mounted_later(root);
    let now = paths::LINK_FILES
        .into_iter()
        .filter(|directory| !is_below(directory, &later));
    let directories: Vec<&str> = now.collect();
    let (carried, mut errors) = LinkSet::of_directories(initramfs, &directories);
    let (held, of_root) = LinkSet::of_directories(root, &directories);
    errors.extend(of_root);
    let verdict = Verdict {
        kernel: initramfs.read_text(paths::PROC_OSRELEASE).unwrap_or_default(),
        carried: carried.len(),
        differences: carried.differences(&held),
    };
    (verdict, errors)
}

/// Mount points of the root's fstab that the initramfs does not mount: all but `/` and `/usr`.
///
/// *Source*: fstab(5); initramfs-tools(7) and dracut.cmdline(7) on what is mounted.
fn mounted_later(root: &Root) -> Vec<String> {
    let text = root.read_text(paths::FSTAB).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let points = lines.filter_map(|line| line.split_whitespace().nth(1));
    let later = points.filter(|point| point.starts_with('/') && !["/", "/usr"].contains(point));
    later.map(str::to_owned).collect()
}

fn is_below(directory: &str, points: &[String]) -> bool {
    points.iter().any(|point| Path::new(directory).starts_with(point))
}

fn unreadable(error: &RootError) -> Diagnostic {
    Diagnostic::warning("initramfs-unreadable", format!("not compared: {error}"))
}

fn leave(initramfs: &Root, verdict: &Verdict) -> Result<(), RootError> {
    initramfs.create_dir_all(paths::RUN_DIR)?;
    initramfs.write_atomic(
        paths::INITRAMFS_VERDICT,
        verdict.render().as_bytes(),
        Durability::Volatile,
    )
}

/// Writes a line to the kernel's log.
pub fn log(text: &str) {
    write(&Root::real(), 3, text);
}

fn log_to(initramfs: &Root, told: &Diagnostic, level: Level) {
    let of_it = match told.severity {
        Severity::Error => Level::Error,
        Severity::Warning => Level::Warn,
        Severity::Info => Level::Info,
    };
    if of_it <= level {
        write(initramfs, of_it.priority(), &render::line(told, &Sources::new()));
    }
}

/// *Shape*: `<4>cleat-early: text`, one write for one record (dev-kmsg).
fn write(initramfs: &Root, priority: u8, text: &str) {
    let line = format!("<{priority}>cleat-early: {}\n", text.trim_end());
    // There is nowhere else to say that the kernel's log cannot be written.
    let _ = initramfs.append(paths::KMSG, line.as_bytes());
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, Root) {
        let tree = tempfile::tempdir().unwrap();
        for directory in ["dev", "etc", "run"] {
            std::fs::create_dir(tree.path().join(directory)).unwrap();
        }
        for (path, text) in files {
            let path = tree.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let root = Root::at(tree.path());
        (tree, root)
    }

    const RELEASE: (&str, &str) = ("proc/sys/kernel/osrelease", "6.1.0-37-amd64\n");

    #[test]
    fn a_stale_initramfs_is_said_and_its_verdict_left() {
        let (_a, initramfs) = tree(&[RELEASE, ("usr/lib/systemd/network/99-default.link", "default")]);
        let (_b, root) = tree(&[
            ("usr/lib/systemd/network/99-default.link", "default"),
            ("usr/local/lib/systemd/network/50-pmx-nic0.link", "pin"),
        ]);
        assert!(run(&initramfs, &root, Level::Info));
        let left = Verdict::of_boot(&initramfs).unwrap();
        assert_eq!(
            left.map(|verdict| verdict.render()).as_deref(),
            Some("kernel 6.1.0-37-amd64\ncarried 1\nlacks 50-pmx-nic0.link\n")
        );
        assert_eq!(
            initramfs.read_text(paths::KMSG).unwrap(),
            "<4>cleat-early: warning: the initramfs of this boot lacks 50-pmx-nic0.link [initramfs-stale]; \
             help: run `cleat-link refresh` and reboot"
        );
    }

    #[test]
    fn a_fresh_initramfs_is_said_to_be_so() {
        let (_a, initramfs) = tree(&[
            RELEASE,
            ("usr/lib/systemd/network/10-a.link", "flattened by Debian's own hook"),
        ]);
        let (_b, root) = tree(&[("etc/systemd/network/10-a.link", "flattened by Debian's own hook")]);
        assert!(run(&initramfs, &root, Level::Info));
        assert_eq!(
            initramfs.read_text(paths::KMSG).unwrap(),
            "<6>cleat-early: info: the 1 link files of the initramfs are those of the root [initramfs-fresh]"
        );
    }

    /// Second witness: the priorities of syslog(3).
    #[test]
    fn the_level_says_what_reaches_the_kernels_log() {
        let said = |level| {
            let (_a, initramfs) = tree(&[RELEASE]);
            let (_b, root) = tree(&[("etc/fstab", "/dev/vg/local /usr/local ext4 defaults 0 2\n")]);
            assert!(run(&initramfs, &root, level));
            initramfs.read_text(paths::KMSG).unwrap_or_default()
        };
        let fresh = "<6>cleat-early: info: the 0 link files of the initramfs are those of the root [initramfs-fresh]";
        assert_eq!(said(Level::Warn), "");
        assert_eq!(said(Level::Info), fresh);
        assert_eq!(
            said(Level::Debug),
            format!(
                "<7>cleat-early: debug: /etc/systemd/network is compared\n\
                 <7>cleat-early: debug: /usr/local/lib/systemd/network is mounted later\n\
                 <7>cleat-early: debug: /usr/lib/systemd/network is compared\n\
                 <7>cleat-early: debug: /lib/systemd/network is compared\n{fresh}"
            )
        );
    }

    #[test]
    fn a_directory_that_is_mounted_later_is_not_compared() {
        let pin = ("usr/local/lib/systemd/network/50-pmx-nic0.link", "pin");
        let (_a, initramfs) = tree(&[RELEASE, pin]);
        let (_b, root) = tree(&[("etc/fstab", "# local\n/dev/vg/local /usr/local ext4 defaults 0 2\n")]);
        assert_eq!(judge(&initramfs, &root).0.differences, []);
        let (_c, plain) = tree(&[("etc/fstab", "/dev/vg/root / ext4 defaults 0 1\n")]);
        assert_eq!(judge(&initramfs, &plain).0.differences.len(), 1);
    }

    #[test]
    fn without_a_root_nothing_is_judged() {
        let (_a, initramfs) = tree(&[RELEASE]);
        let empty = tempfile::tempdir().unwrap();
        assert!(!run(&initramfs, &Root::at(empty.path()), Level::Info));
        assert_eq!(Verdict::of_boot(&initramfs).unwrap(), None);
    }
}
