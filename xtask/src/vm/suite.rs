//! The suite as it lies on a host: what its packages hold, and what their scripts make of it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::job::{HOME, copy, write_text};
use crate::deb::{self, Build, Profile};
use crate::packages::{self, Consent};
use crate::{process, tree};

/// Lays the suite out in `folder` as a host has it: both packages installed by dpkg, which runs their scripts. These
/// enable cleat-up.service, which wants the rest.
pub fn stage(folder: &Path, profile: Profile, consent: Consent) -> Result<(), String> {
    empty(folder)?;
    packages::ensure(deb::TO_DEB, consent)?;
    let scratch = tree::fresh_scratch("suite")?;
    let built = Build {
        profile,
        version: None,
        into: Some(&scratch),
    }
    .run()?;
    // dpkg's own records stay out of the machine, which has those of its image.
    let records = folder.join("var/lib/dpkg");
    write_text(&records.join("status"), "")?;
    let mut install = Command::new("dpkg");
    install
        .arg(format!("--root={}", folder.display()))
        .arg(format!("--log={}", scratch.join("log").display()))
        // The scripts honour DPKG_ROOT; the libraries are the machine's.
        .args(["--force-script-chrootless", "--force-depends", "--install"])
        .args(&built);
    process::succeed(&mut install, "dpkg")?;
    std::fs::remove_dir_all(&records).map_err(|error| format!("cannot remove {}: {error}", records.display()))?;
    // A host has its own; scenarios bring theirs.
    let interfaces = folder.join("etc/network/interfaces");
    std::fs::remove_file(&interfaces).map_err(|error| format!("cannot remove {}: {error}", interfaces.display()))?;
    let _ = std::fs::remove_dir_all(&scratch);
    Ok(())
}

/// Lays the packages out in `folder` as [`Text::packages`](super::scenario::Text) says, with programs as they are released.
pub fn stage_packages(folder: &Path, consent: Consent) -> Result<(), String> {
    empty(folder)?;
    packages::ensure(deb::TO_DEB, consent)?;
    let older = folder.join(HOME).join("packages");
    let newer = format!("{}-2", env!("CARGO_PKG_VERSION"));
    for (version, into) in [(None, older.clone()), (Some(newer.as_str()), older.join("newer"))] {
        Build {
            profile: Profile::Release,
            version,
            into: Some(&into),
        }
        .run()?;
    }
    Ok(())
}

/// Builds the project's integration tests and lays them out in `folder` as [`Text::tests`](super::scenario::Text) says.
pub fn stage_tests(folder: &Path) -> Result<(), String> {
    empty(folder)?;
    let to = folder.join("usr/lib/vm-tests/tests");
    copy(&tests()?, &to)?;
    // Without debug information it is a tenth. Where strip is missing it is only slower.
    packages::runs("strip", &[&to.to_string_lossy()]);
    Ok(())
}

/// An empty `folder`: the image has all that is tested.
pub fn stage_nothing(folder: &Path) -> Result<(), String> {
    empty(folder)
}

fn empty(folder: &Path) -> Result<(), String> {
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder).map_err(|error| format!("cannot create {}: {error}", folder.display()))
}

/// The executable of the integration tests, built.
fn tests() -> Result<PathBuf, String> {
    let output = Command::new(tree::cargo())
        .args(["test", "--no-run", "--test", "tests", "--package", "cleat"])
        .args(["--quiet", "--message-format=json"])
        .current_dir(tree::top())
        .stderr(std::process::Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot run cargo: {error}"))?;
    if !output.status.success() {
        return Err("the integration tests do not build".to_owned());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    // Cargo names the suite's own executables too: they are built as well.
    let found = text.lines().find_map(|line| {
        let artifact: Value = serde_json::from_str(line).ok()?;
        let executable = artifact["executable"].as_str().map(PathBuf::from);
        executable.filter(|_| artifact["profile"]["test"] == true)
    });
    found.ok_or_else(|| "cargo named no test executable".to_owned())
}
