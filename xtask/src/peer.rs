//! The peers as Debian ships them: for the benchmark, and for the tests that ask ifupdown2 what it does.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use cleat_netns::Room;

use crate::{packages, tree};

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
