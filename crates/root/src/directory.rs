//! Directories: made, flushed, swept and removed.

use crate::keep::NOBODY;
use crate::{Call, Durability, Root, RootError, paths};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// How the names of files begin that take another's place. A leading dot, so that no `source *` reads them.
pub(crate) const TEMPORARY: &str = ".cleat-";

impl Root {
    /// Makes a directory and its parents; nothing where it is there already.
    pub fn create_dir_all(&self, path: impl AsRef<Path>) -> Result<(), RootError> {
        self.make_directories(path.as_ref(), Durability::Volatile)
    }

    /// As [`Root::create_dir_all`], with what was made flushed to the disk.
    pub fn create_dir_all_durable(&self, path: impl AsRef<Path>) -> Result<(), RootError> {
        self.make_directories(path.as_ref(), Durability::Durable)
    }

    fn make_directories(&self, path: &Path, durability: Durability) -> Result<(), RootError> {
        let make = || {
            let host = self.follow(path)?;
            let exists = |path: &Path| {
                self.call(Call::Look(path), || fs::metadata(path))
                    .is_ok_and(|found| found.is_dir())
            };
            let mut missing: Vec<&Path> = host.ancestors().take_while(|path| !exists(path)).collect();
            missing.reverse();
            for directory in missing {
                match self.call(Call::MakeDirectory(directory), || fs::create_dir(directory)) {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists && directory.is_dir() => continue,
                    made => made?,
                }
                if durability == Durability::Durable {
                    self.sync_host_directory(directory.parent().unwrap_or(Path::new("/")))?;
                }
            }
            Ok(())
        };
        make().map_err(|error| RootError::new("make the directory", path, error))
    }

    /// Flushes the names in a directory to the disk: what was made, renamed and removed there.
    pub fn sync_directory(&self, path: impl AsRef<Path>) -> Result<(), RootError> {
        let path = path.as_ref();
        let sync = || self.sync_host_directory(&self.follow(path)?);
        sync().map_err(|error| RootError::new("flush", path, error))
    }

    pub(crate) fn sync_host_directory(&self, host: &Path) -> io::Result<()> {
        self.call(Call::SyncDirectory(host), || File::open(host)?.sync_all())
    }

    /// Removes a directory with all that is in it; a link in it goes, and not what it leads to. Returns whether there
    /// was one.
    pub fn remove_dir_all(&self, path: impl AsRef<Path>) -> Result<bool, RootError> {
        let path = path.as_ref();
        match self.follow_parents(path).and_then(|host| self.remove_tree(&host)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(RootError::new("remove", path, error)),
        }
    }

    fn remove_tree(&self, host: &Path) -> io::Result<()> {
        for entry in self.call(Call::Read(host), || fs::read_dir(host)?.collect::<io::Result<Vec<_>>>())? {
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                self.remove_tree(&path)?;
            } else {
                self.call(Call::Remove(&path), || fs::remove_file(&path))?;
            }
        }
        self.call(Call::Remove(host), || fs::remove_dir(host))
    }

    /// Removes the files that an atomic write cut short by a power cut or a kill left in a directory: those of
    /// processes that are no more. Returns how many there were.
    pub fn sweep(&self, path: impl AsRef<Path>) -> Result<usize, RootError> {
        self.sweep_where(path.as_ref(), |_| true)
    }

    /// Sweeps where our programs write, but for old files that are kept beside new ones ([`Root::keep`]). It is only
    /// litter: what cannot be swept stays.
    pub fn sweep_up(&self) {
        for directory in paths::WRITTEN {
            let _ = self.sweep_where(Path::new(directory), |pid| pid != NOBODY);
        }
    }

    fn sweep_where(&self, path: &Path, is_litter: impl Fn(u32) -> bool) -> Result<usize, RootError> {
        let mut swept = 0;
        for name in self.read_dir(path)? {
            let Some(pid) = name.to_str().and_then(maker).filter(|pid| is_litter(*pid)) else {
                continue;
            };
            if pid != std::process::id() && !PathBuf::from(format!("/proc/{pid}")).exists() {
                swept += usize::from(self.remove(path.join(&name))?);
            }
        }
        Ok(swept)
    }
}

/// The process that made a temporary file of that name: `.cleat-PID-COUNT`.
fn maker(name: &str) -> Option<u32> {
    let (pid, count) = name.strip_prefix(TEMPORARY)?.split_once('-')?;
    count.parse::<u32>().ok()?;
    pid.parse().ok()
}
