//! What goes into a machine: the suite as it lies on a host, the scenario's files, its steps; as one tar that the
//! machine unpacks over its root before its first process starts.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::image::files_below;
use super::scenario::{Action, Disk, Hardware, Nic, Scenario};
use crate::{packages, tree};

/// Size of the job's and the results' disk. They are sparse; a machine that resumes must find them as large as before.
const DISK: u64 = 256 << 20;
const HOME: &str = "var/lib/vm-tests";

/// Builds the suite and lays it out in `folder` as a host has it.
pub fn stage_suite(folder: &Path) -> Result<(), String> {
    let _ = std::fs::remove_dir_all(folder);
    for executable in executables(&["build", "--bins"], &["cleat", "cleat-early"])? {
        let name = executable
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let to = folder.join(place(&name)).join(&name);
        copy(&executable, &to)?;
        // Without debug information it is a tenth; a host has it so too. Where strip is missing it is only slower.
        packages::runs("strip", &[&to.to_string_lossy()]);
        if name == "ifupdown" {
            for command in ["ifup", "ifdown", "ifreload", "ifquery"] {
                link(
                    Path::new("../lib/cleat/ifupdown"),
                    &folder.join("usr/sbin").join(command),
                )?;
            }
        }
    }
    let units = tree::top().join("units");
    if units.exists() {
        for file in files_below(&units)? {
            stage_unit(&file, folder)?;
        }
    }
    stage_hooks(folder)
}

/// Puts the hooks of the initramfs where its makers look for them.
fn stage_hooks(folder: &Path) -> Result<(), String> {
    let hooks = tree::top().join("initramfs-hooks");
    for (maker, place) in [
        ("initramfs-tools", "usr/share/initramfs-tools"),
        ("dracut", "usr/lib/dracut/modules.d"),
    ] {
        let from = hooks.join(maker);
        for file in files_below(&from)? {
            copy(
                &file,
                &folder.join(place).join(file.strip_prefix(&from).unwrap_or(&file)),
            )?;
        }
    }
    Ok(())
}

/// The directory that an executable of the suite is installed in.
fn place(name: &str) -> &'static str {
    match name {
        "cleat" => "usr/bin",
        // Not called by these names: by ifup and its like, by the initramfs.
        "ifupdown" | "cleat-early" => "usr/lib/cleat",
        _ => "usr/sbin",
    }
}

/// Builds the project's integration tests and lays them out in `folder` as [`Text::tests`](super::scenario::Text) says.
pub fn stage_tests(folder: &Path) -> Result<(), String> {
    let _ = std::fs::remove_dir_all(folder);
    let found = executables(&["test", "--no-run", "--test", "tests"], &["cleat"])?;
    let tests = found.first().ok_or("cargo named no test executable")?;
    let to = folder.join("usr/lib/vm-tests/tests");
    copy(tests, &to)?;
    packages::runs("strip", &[&to.to_string_lossy()]);
    Ok(())
}

/// An empty `folder`: the image has all that is tested.
pub fn stage_nothing(folder: &Path) -> Result<(), String> {
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder).map_err(|error| format!("cannot create {}: {error}", folder.display()))
}

/// Puts a unit or a udev rule where it belongs, and enables a unit that says what wants it.
fn stage_unit(file: &Path, folder: &Path) -> Result<(), String> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if name.ends_with(".rules") {
        return copy(file, &folder.join("usr/lib/udev/rules.d").join(&name));
    }
    if name.ends_with(".preset") {
        return copy(file, &folder.join("usr/lib/systemd/system-preset").join(&name));
    }
    let system = folder.join("usr/lib/systemd/system");
    if name.ends_with(".conf") {
        // What is added to a unit of others, in a folder that is named after it.
        let unit = file.parent().and_then(Path::file_name).unwrap_or_default();
        return copy(file, &system.join(unit).join(&name));
    }
    copy(file, &system.join(&name))?;
    let text = std::fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    let unit = Path::new("/usr/lib/systemd/system").join(&name);
    let system = folder.join("etc/systemd/system");
    for target in words_of(&text, "WantedBy=") {
        link(&unit, &system.join(format!("{target}.wants")).join(&name))?;
    }
    for alias in words_of(&text, "Alias=") {
        link(&unit, &system.join(alias))?;
    }
    Ok(())
}

/// The words of a setting of a unit's `[Install]` section.
fn words_of<'a>(unit: &'a str, setting: &str) -> Vec<&'a str> {
    unit.lines()
        .filter_map(|line| line.trim().strip_prefix(setting))
        .flat_map(str::split_whitespace)
        .collect()
}

/// The executables of these packages, built by cargo with these words.
fn executables(words: &[&str], packages: &[&str]) -> Result<Vec<PathBuf>, String> {
    let output = Command::new(tree::cargo())
        .args(words)
        .args(packages.iter().flat_map(|package| ["--package", package]))
        .args(["--quiet", "--message-format=json"])
        .current_dir(tree::top())
        .stderr(std::process::Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot run cargo: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo {}: it does not build", words.join(" ")));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text
        .lines()
        .filter_map(|line| {
            let artifact: Value = serde_json::from_str(line).ok()?;
            // With the tests cargo names the suite's own executables too: they are built as well.
            let wanted = words.contains(&"--bins") || artifact["profile"]["test"] == true;
            artifact["executable"].as_str().filter(|_| wanted).map(PathBuf::from)
        })
        .collect())
}

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
            Action::Golden(_) => format!("sh /{HOME}/steps/dump {}\n", step_file(index)),
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

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    parent(to)?;
    if let Ok(target) = std::fs::read_link(from) {
        return link(&target, to);
    }
    std::fs::copy(from, to)
        .map(drop)
        .map_err(|error| format!("cannot copy {} to {}: {error}", from.display(), to.display()))
}

fn write_text(path: &Path, text: &str) -> Result<(), String> {
    parent(path)?;
    std::fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn link(target: &Path, path: &Path) -> Result<(), String> {
    parent(path)?;
    std::os::unix::fs::symlink(target, path).map_err(|error| format!("cannot link {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Source: systemd.unit(5), "[INSTALL] SECTION OPTIONS": a list, and the option may be used more than once.
    #[test]
    fn a_unit_is_enabled_for_each_target_that_it_names() {
        let unit = "[Unit]\nWants=x.target\n[Install]\nWantedBy=multi-user.target a.target\nWantedBy=b.target\n";
        assert_eq!(
            words_of(unit, "WantedBy="),
            ["multi-user.target", "a.target", "b.target"]
        );
    }
}
