//! The files that a generation holds, as they are now.

use crate::{Content, Files, Store, StoreError};
use cleat_eni::ConfigSet;
use cleat_root::{Root, paths};
use std::path::{Path, PathBuf};

impl Store {
    /// The live configuration: interfaces with all that it sources, our link files and our sysctl snippets.
    pub fn live(&self) -> Result<Files, StoreError> {
        let (set, _) = ConfigSet::load(&self.root, Path::new(paths::INTERFACES));
        if let Some(lost) = set.lost.first() {
            return Err(lost.clone().into());
        }
        read(&self.root, paths_of(&self.root, &set)?)
    }

    /// Whether the history is that of the files which are live here. It is not where another /etc/network is mounted over
    /// the host's and no other /etc/cleat: for a network namespace with files of its own, or a demonstration.
    ///
    /// *Source*: ip-netns(8) mounts /etc/netns/NAME/network over /etc/network; proc_pid_mountinfo(5): the fifth word is
    /// the mount point.
    pub fn speaks_of_live(&self) -> bool {
        let text = |file| self.root.read_text(file).unwrap_or_default();
        let named = |text: &str, word: usize, paths: &[&str]| {
            let mut points = text.lines().filter_map(|line| line.split_ascii_whitespace().nth(word));
            points.any(|point| paths.contains(&point))
        };
        let mounts = text(paths::PROC_MOUNTS);
        let network = ["/etc/network"];
        !named(&mounts, 4, &network)
            || named(&mounts, 4, &["/etc/cleat", paths::COMMIT_DIR])
            || named(&text(paths::FSTAB), 1, &network)
    }
}

/// The paths of a configuration's files, whatever name its first one was read under.
pub(crate) fn paths_of(root: &Root, set: &ConfigSet) -> Result<Vec<PathBuf>, StoreError> {
    let sourced = set.files().skip(1).map(|(_, path)| path.to_owned());
    let mut all = vec![PathBuf::from(paths::INTERFACES)];
    all.extend(sourced);
    all.extend(ours(root)?);
    Ok(all)
}

/// The paths of our link files and sysctl snippets.
pub(crate) fn ours(root: &Root) -> Result<Vec<PathBuf>, StoreError> {
    let mut all = Vec::new();
    for pattern in paths::OUR_FILES {
        all.extend(root.try_glob(pattern, "/")?);
    }
    Ok(all)
}

pub(crate) fn read(root: &Root, paths: Vec<PathBuf>) -> Result<Files, StoreError> {
    let mut files = Files::default();
    for path in paths {
        if let Some(content) = Content::read(root, &path)? {
            files.0.insert(path, content);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;

    /// Second witness: /proc/self/mountinfo in `ip netns exec blue cat`, with /etc/netns/blue/network there.
    #[test]
    fn the_history_of_the_host_is_not_that_of_files_which_are_mounted_over_its_own() {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        let speaks = |mounts: &[&str], fstab: &str| {
            let all = [
                "1 0 8:1 / / rw - ext4 /dev/sda1 rw",
                "30 1 0:6 / /run rw - tmpfs tmpfs rw",
            ];
            let text: String = all.iter().chain(mounts).map(|line| format!("{line}\n")).collect();
            for (path, text) in [(paths::PROC_MOUNTS, text.as_str()), (paths::FSTAB, fstab)] {
                root.create_dir_all(Path::new(path).parent().unwrap()).unwrap();
                root.write_atomic(path, text.as_bytes(), cleat_root::Durability::Volatile)
                    .unwrap();
            }
            Store::new(&root, Timestamp(0)).speaks_of_live()
        };
        let blue = "40 1 8:1 /etc/netns/blue/network /etc/network rw - ext4 /dev/sda1 rw";
        let own = "41 1 8:2 / /etc/network rw - ext4 /dev/sda2 rw";
        let cleat = "42 1 0:9 / /etc/cleat rw - tmpfs tmpfs rw";
        assert!(speaks(&[], ""));
        assert!(!speaks(&[blue], ""));
        assert!(!speaks(&[own], "/dev/sda1 / ext4 defaults 0 1\n"));
        assert!(speaks(&[own, cleat], ""));
        assert!(speaks(&[own], "/dev/sda2 /etc/network ext4 defaults 0 2\n"));
    }
}
