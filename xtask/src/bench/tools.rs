//! Who is measured: our commands, the kernel's floor, and the peers as Debian ships them.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tree;

/// Our commands: one file called by several names.
pub struct Ours {
    bin: PathBuf,
}

impl Ours {
    /// Builds them (`release` as shipped, else quickly) and links the names in `scratch`.
    pub fn build(release: bool, scratch: &Path) -> Result<Self, String> {
        let mut command = Command::new(tree::cargo());
        command
            .args(["build", "--package", "cleat", "--bin", "cleat"])
            .current_dir(tree::top());
        if release {
            command.arg("--release");
        }
        let built = command.status().map_err(|error| format!("cannot run cargo: {error}"))?;
        if !built.success() {
            return Err("our commands do not build".to_owned());
        }
        let built = tree::target().join(if release { "release" } else { "debug" });
        let bin = scratch.join("ours");
        std::fs::create_dir_all(&bin).map_err(|error| format!("cannot create {}: {error}", bin.display()))?;
        for name in ["ifup", "ifdown", "ifreload", "ifquery", "cleat-commit"] {
            link(&built.join("cleat"), &bin.join(name))?;
        }
        Ok(Self { bin })
    }

    /// The path of one of the commands.
    pub fn command(&self, name: &str) -> String {
        self.bin.join(name).to_string_lossy().into_owned()
    }
}

fn link(to: &Path, name: &Path) -> Result<(), String> {
    symlink(to, name).map_err(|error| format!("cannot link {}: {error}", name.display()))
}
