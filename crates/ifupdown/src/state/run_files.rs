//! Where the files of a run are, one set for each network namespace.

use cleat_root::{Root, paths};
use std::path::{Path, PathBuf};

/// The files under /run that belong to the network namespace of the calling thread.
///
/// *Shape*: in the namespace of process 1 (the host's, or a container's own) they are /run/cleat/state.json,
/// /run/cleat/journal and the lock that ifupdown2 takes too, /run/network/.lock. In any other (`ip netns exec`), which
/// sees the same /run, they are in /run/cleat/netns-INODE/: what is ours there says nothing about the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFiles {
    /// What we made and set.
    pub state: PathBuf,
    /// What is being done.
    pub journal: PathBuf,
    /// What a run that was called by a hook of another run is doing.
    pub inner_journal: PathBuf,
    /// What a reload found when it had nothing to do.
    pub answered: PathBuf,
    /// What the last runs did.
    pub runs: PathBuf,
    /// The lock.
    pub lock: PathBuf,
}

impl RunFiles {
    /// Those of the calling thread's namespace.
    pub fn of_this_namespace(root: &Root) -> Self {
        let first = root.read_link("/proc/1/ns/net").ok();
        let ours = root.read_link("/proc/thread-self/ns/net").ok();
        match (first, ours) {
            (Some(first), Some(ours)) if first != ours => Self::of_namespace(&ours),
            _ => Self {
                state: paths::STATE.into(),
                journal: paths::JOURNAL.into(),
                inner_journal: Path::new(paths::RUN_DIR).join("journal-inner"),
                answered: Path::new(paths::RUN_DIR).join("answered.json"),
                runs: Path::new(paths::RUN_DIR).join("runs.jsonl"),
                lock: paths::NETWORK_LOCK.into(),
            },
        }
    }

    /// Whether they are those of the host itself.
    pub fn is_of_host(&self) -> bool {
        self.state == Path::new(paths::STATE)
    }

    /// Those of a namespace by its link text, `net:[4026532000]`.
    fn of_namespace(link: &Path) -> Self {
        let digits: String = link.to_string_lossy().chars().filter(char::is_ascii_digit).collect();
        let directory = Path::new(paths::RUN_DIR).join(format!("netns-{digits}"));
        Self {
            state: directory.join("state.json"),
            journal: directory.join("journal"),
            inner_journal: directory.join("journal-inner"),
            answered: directory.join("answered.json"),
            runs: directory.join("runs.jsonl"),
            lock: directory.join("lock"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn tree(first: &str, ours: &str) -> tempfile::TempDir {
        let tree = tempfile::tempdir().unwrap();
        for (process, link) in [("1", first), ("thread-self", ours)] {
            let directory = tree.path().join("proc").join(process).join("ns");
            Root::real().create_dir_all(&directory).unwrap();
            symlink(link, directory.join("net")).unwrap();
        }
        tree
    }

    #[test]
    fn the_hosts_namespace_has_the_well_known_files() {
        let tree = tree("net:[4026531840]", "net:[4026531840]");
        let files = RunFiles::of_this_namespace(&Root::at(tree.path()));
        assert_eq!(files.state, Path::new("/run/cleat/state.json"));
        assert_eq!(files.lock, Path::new("/run/network/.lock"));
    }

    #[test]
    fn another_namespace_has_files_of_its_own() {
        let tree = tree("net:[4026531840]", "net:[4026532123]");
        let files = RunFiles::of_this_namespace(&Root::at(tree.path()));
        assert_eq!(files.state, Path::new("/run/cleat/netns-4026532123/state.json"));
        assert_eq!(files.lock, Path::new("/run/cleat/netns-4026532123/lock"));
    }
}
