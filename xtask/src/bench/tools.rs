//! Who is measured: our commands, the kernel's floor, and the peers as Debian ships them.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use cleat_netns::Room;

use crate::{packages, tree};

/// Our commands: one file called by four names, and cleat-commit.
pub struct Ours {
    bin: PathBuf,
}

impl Ours {
    /// Builds them (`release` as shipped, else quickly) and links the names in `scratch`.
    pub fn build(release: bool, scratch: &Path) -> Result<Self, String> {
        let mut command = Command::new(tree::cargo());
        command
            .args([
                "build",
                "--package",
                "cleat",
                "--bin",
                "ifupdown",
                "--bin",
                "cleat-commit",
            ])
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
        for name in ["ifup", "ifdown", "ifreload", "ifquery"] {
            link(&built.join("ifupdown"), &bin.join(name))?;
        }
        link(&built.join("cleat-commit"), &bin.join("cleat-commit"))?;
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

/// A peer's Debian package, unpacked and not installed.
pub struct Peer {
    /// Name of the package.
    pub name: &'static str,
    unpacked: PathBuf,
}

impl Peer {
    /// Downloads and unpacks the package, once: it stays under the target directory.
    pub fn unpack(name: &'static str) -> Result<Self, String> {
        let cache = tree::target().join("xtask/peers");
        let unpacked = cache.join(name);
        if !unpacked.exists() {
            std::fs::create_dir_all(&cache).map_err(|error| format!("cannot create {}: {error}", cache.display()))?;
            // What the package's own set-up does for us to run it: the main file must be executable.
            let script = "set -eu; cd \"$1\"; rm -f \"$2\"_*.deb; \
                          apt-get download -q \"$2\" || { apt-get update -q; apt-get download -q \"$2\"; }; \
                          rm -rf part; dpkg-deb -x \"$2\"_*.deb part; \
                          if [ -d part/usr/share/\"$2\" ]; then chmod +x part/usr/share/\"$2\"/\"$2\"; fi; \
                          mv part \"$2\"";
            if !packages::runs("sh", &["-c", script, "sh", &cache.to_string_lossy(), name]) {
                return Err(format!("the package {name} cannot be downloaded and unpacked"));
            }
        }
        Ok(Self { name, unpacked })
    }

    /// The path of one of its commands.
    pub fn command(&self, name: &str) -> String {
        self.unpacked.join("sbin").join(name).to_string_lossy().into_owned()
    }

    /// Makes its files appear where it looks for them, in this room only; to be called after `private_etc`.
    pub fn move_in(&self, room: &Room) -> std::io::Result<()> {
        let configuration = self.unpacked.join("etc/network");
        if configuration.exists() {
            for entry in std::fs::read_dir(&configuration)? {
                let name = entry?.file_name();
                // The hook directories stay the room's own, which are empty.
                if Path::new("/etc/network").join(&name).exists() {
                    continue;
                }
                symlink(configuration.join(&name), Path::new("/etc/network").join(&name))?;
            }
        }
        let share = self.unpacked.join("usr/share").join(self.name);
        if share.exists() {
            room.private_copy("/usr/share", &[self.name])?;
            symlink(share, Path::new("/usr/share").join(self.name))?;
        }
        Ok(())
    }
}
