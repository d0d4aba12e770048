//! What goes into a machine: the suite or its packages, the scenario's files, its steps; as one tar that the machine
//! unpacks over its root before its first process starts.

use std::path::Path;
use std::process::Command;

use super::image::files_below;
use super::scenario::{Action, Disk, Hardware, Nic, Scenario};
use crate::{packages, tree};

/// Units of the distribution that have no part in a test: each costs an emulated machine a tenth of a second or more.
const MASKED: [&str; 27] = [
    "apt-daily-upgrade.timer",
    "apt-daily.timer",
    "dbus.service",
    "dbus.socket",
    "dev-hugepages.mount",
    "dev-mqueue.mount",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "getty.target",
    "modprobe@configfs.service",
    "modprobe@dm_mod.service",
    "modprobe@drm.service",
    "modprobe@efi_pstore.service",
    "modprobe@fuse.service",
    "modprobe@loop.service",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "systemd-binfmt.service",
    "systemd-logind.service",
    "systemd-pstore.service",
    "systemd-random-seed.service",
    "systemd-sysusers.service",
    "systemd-tmpfiles-clean.timer",
    "systemd-update-utmp.service",
    "systemd-user-sessions.service",
];

/// Size of the job's and the results' disk. They are sparse; a machine that resumes must find them as large as before.
const DISK: u64 = 256 << 20;
/// Where the harness has its things in a machine.
pub const HOME: &str = "var/lib/vm-tests";

/// Writes `job.tar`, an empty `out.tar` and the machine's own disks into `folder`. `with` are folders laid out as the
/// root, under the job.
pub fn write(scenario: &Scenario, machine: &Hardware, with: &[&Path], folder: &Path) -> Result<(), String> {
    let root = folder.join("job");
    let _ = std::fs::remove_dir_all(&root);
    stage_scenario(scenario, machine, &root)?;
    let tar = folder.join("job.tar");
    let mut command = Command::new("tar");
    command
        .args(["--owner=0", "--group=0", "--numeric-owner", "-cf"])
        .arg(&tar);
    for part in with.iter().copied().chain([root.as_path()]) {
        command.arg("-C").arg(part).arg(".");
    }
    let output = command.output().map_err(|error| format!("cannot run tar: {error}"))?;
    if !output.status.success() {
        return Err(format!("tar: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    size(&tar, DISK)?;
    size(&folder.join("out.tar"), DISK)?;
    machine.disks.iter().try_for_each(|disk| make_disk(disk, folder))
}

/// The scenario's files and its steps, as they lie in the machine.
fn stage_scenario(scenario: &Scenario, machine: &Hardware, root: &Path) -> Result<(), String> {
    let steps = root.join(HOME).join("steps");
    std::fs::create_dir_all(&steps).map_err(|error| format!("cannot create {}: {error}", steps.display()))?;
    for file in files_below(&tree::top().join("vm-tests/guest"))? {
        copy(&file, &steps.join(file.file_name().unwrap_or_default()))?;
    }
    for unit in MASKED {
        link(Path::new("/dev/null"), &root.join("etc/systemd/system").join(unit))?;
    }
    stage_links(&machine.nics, root)?;
    let files = scenario.folder.join("files");
    if files.exists() {
        for file in files_below(&files)? {
            copy(&file, &root.join(file.strip_prefix(&files).unwrap_or(&file)))?;
        }
    }
    for (inside, outside) in &machine.place {
        copy(
            &scenario.folder.join(outside),
            &root.join(inside.trim_start_matches('/')),
        )?;
    }
    for (index, step) in scenario.steps.iter().enumerate() {
        let text = match &step.action {
            Action::Script(script) => format!("set -eu\n{script}\n"),
            Action::Golden(_) | Action::SameAs(_) => format!("sh /{HOME}/steps/dump {}\n", step_file(index)),
            Action::Dump(name) => format!("sh /{HOME}/steps/dump {name}\n"),
            _ => continue,
        };
        write_text(&steps.join(step_file(index)), &text)?;
    }
    Ok(())
}

/// A disk beside the root, empty or with a file system whose label is its serial number.
fn make_disk(disk: &Disk, folder: &Path) -> Result<(), String> {
    let path = folder.join(format!("disk-{}", disk.name));
    let _ = std::fs::remove_file(&path);
    size(&path, u64::from(disk.size) << 20)?;
    let label = format!("vm{}", disk.name);
    if !disk.ext4 || packages::runs("/sbin/mkfs.ext4", &["-q", "-F", "-L", &label, &path.to_string_lossy()]) {
        Ok(())
    } else {
        Err(format!("mkfs.ext4 could not make {}", path.display()))
    }
}

/// The name of a step's script and of its log: the index as it is written in messages.
pub fn step_file(index: usize) -> String {
    format!("{:02}", index + 1)
}

/// Names for the NICs by their own MACs; those of links above them, which may have taken the MAC over, do not match.
fn stage_links(nics: &[Nic], root: &Path) -> Result<(), String> {
    for Nic { name, mac, .. } in nics.iter().filter(|nic| nic.pinned) {
        let text = format!("[Match]\nPermanentMACAddress={mac}\n\n[Link]\nName={name}\n");
        write_text(&root.join(format!("etc/systemd/network/10-vm-{name}.link")), &text)?;
    }
    Ok(())
}

/// Unpacks what the machine wrote to its results disk.
pub fn unpack_results(folder: &Path) -> Result<(), String> {
    let out = folder.join("out");
    std::fs::create_dir_all(&out).map_err(|error| format!("cannot create {}: {error}", out.display()))?;
    let output = Command::new("tar")
        .arg("-xf")
        .arg(folder.join("out.tar"))
        .arg("-C")
        .arg(&out)
        .output()
        .map_err(|error| format!("cannot run tar: {error}"))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(format!(
            "the machine's results cannot be read: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        ))
    }
}

fn size(disk: &Path, wanted: u64) -> Result<(), String> {
    let failed = |error| format!("cannot make {}: {error}", disk.display());
    let file = std::fs::File::options()
        .create(true)
        .write(true)
        .truncate(false)
        .open(disk)
        .map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    if length > wanted {
        return Err(format!(
            "{} has {length} bytes, more than its disk of {wanted}",
            disk.display()
        ));
    }
    file.set_len(wanted).map_err(failed)
}

fn parent(path: &Path) -> Result<(), String> {
    let parent = path.parent().unwrap_or(path);
    std::fs::create_dir_all(parent).map_err(|error| format!("cannot create {}: {error}", parent.display()))
}

pub fn copy(from: &Path, to: &Path) -> Result<(), String> {
    parent(to)?;
    if let Ok(target) = std::fs::read_link(from) {
        return link(&target, to);
    }
    std::fs::copy(from, to)
        .map(drop)
        .map_err(|error| format!("cannot copy {} to {}: {error}", from.display(), to.display()))
}

pub fn write_text(path: &Path, text: &str) -> Result<(), String> {
    parent(path)?;
    std::fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn link(target: &Path, path: &Path) -> Result<(), String> {
    parent(path)?;
    std::os::unix::fs::symlink(target, path).map_err(|error| format!("cannot link {}: {error}", path.display()))
}
