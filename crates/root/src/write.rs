//! Writing: whole files at once or not at all, and single values into /proc and /sys.

use crate::read::not_a_file;
use crate::{Root, RootError};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Whether a file has to survive a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// File and directory are flushed to the disk before the call returns.
    Durable,
    /// Nothing is flushed: for /run.
    Volatile,
}

/// Mode of a file that did not exist before.
const NEW_MODE: u32 = 0o644;

impl Root {
    /// Replaces a file (or makes it) so that any reader sees the old bytes or the new ones, never a part.
    ///
    /// Mode and owner of an old file are kept; where the path is a link, the file that it leads to is replaced.
    pub fn write_atomic(&self, path: impl AsRef<Path>, bytes: &[u8], durability: Durability) -> Result<(), RootError> {
        let path = path.as_ref();
        let write = || {
            let host = self.follow(path)?;
            let old = match fs::metadata(&host) {
                Ok(found) => Some(found),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(error),
            };
            if let Some(error) = old.as_ref().and_then(not_a_file) {
                return Err(error);
            }
            let directory = host.parent().unwrap_or(Path::new("/"));
            let mut temporary = Temporary::beside(&host)?;
            temporary.file.write_all(bytes)?;
            let file = &temporary.file;
            if let Some(old) = &old {
                keep_owner(file, old)?;
            }
            let mode = old.as_ref().map_or(NEW_MODE, |old| old.mode() & 0o7777);
            file.set_permissions(Permissions::from_mode(mode))?;
            if durability == Durability::Durable {
                file.sync_all()?;
            }
            fs::rename(&temporary.path, &host)?;
            temporary.in_place = true;
            if durability == Durability::Durable {
                File::open(directory)?.sync_all()?;
            }
            Ok(())
        };
        write().map_err(|error| RootError::new("write", path, error))
    }

    /// As [`Root::write_atomic`], only where the bytes differ. Returns whether they did.
    pub fn replace_if_changed(
        &self,
        path: impl AsRef<Path>,
        bytes: &[u8],
        durability: Durability,
    ) -> Result<bool, RootError> {
        let path = path.as_ref();
        if self.read(path).is_ok_and(|old| old == bytes) {
            return Ok(false);
        }
        self.write_atomic(path, bytes, durability).map(|()| true)
    }

    /// Writes a value into a file that exists, with one `write`, as /proc and /sys want it.
    ///
    /// They take a value whole or not at all, whatever number of bytes they say they took: Linux 6.1 answers 1 when
    /// net.ipv6.conf.*.forwarding was changed (`addrconf_fixup_forwarding`).
    pub fn write_in_place(&self, path: impl AsRef<Path>, bytes: &[u8]) -> Result<(), RootError> {
        let path = path.as_ref();
        let write = || {
            let mut file = OpenOptions::new().write(true).open(self.follow(path)?)?;
            if file.write(bytes)? == 0 && !bytes.is_empty() {
                return Err(io::Error::new(io::ErrorKind::WriteZero, "nothing was taken"));
            }
            Ok(())
        };
        write().map_err(|error| RootError::new("write", path, error))
    }

    /// Appends to a file, which is made where it does not exist.
    pub fn append(&self, path: impl AsRef<Path>, bytes: &[u8]) -> Result<(), RootError> {
        let path = path.as_ref();
        let write = || {
            let host = self.follow(path)?;
            OpenOptions::new()
                .append(true)
                .create(true)
                .mode(NEW_MODE)
                .open(host)?
                .write_all(bytes)
        };
        write().map_err(|error| RootError::new("append to", path, error))
    }

    /// Removes a file, or a link and not what it leads to. Returns whether there was one.
    pub fn remove(&self, path: impl AsRef<Path>) -> Result<bool, RootError> {
        let path = path.as_ref();
        match self.follow_parents(path).and_then(fs::remove_file) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(RootError::new("remove", path, error)),
        }
    }

    /// Renames a file within one file system; what was at `to` is replaced.
    pub fn rename(&self, from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<(), RootError> {
        let from = from.as_ref();
        let rename = || fs::rename(self.follow_parents(from)?, self.follow_parents(to.as_ref())?);
        rename().map_err(|error| RootError::new("rename", from, error))
    }

    /// Makes a symbolic link that says `target`.
    ///
    /// *Errors*: also where the path exists already.
    pub fn symlink(&self, target: impl AsRef<Path>, path: impl AsRef<Path>) -> Result<(), RootError> {
        let path = path.as_ref();
        let make = || std::os::unix::fs::symlink(target, self.follow_parents(path)?);
        make().map_err(|error| RootError::new("make the link", path, error))
    }

    /// Makes a directory and its parents; nothing where it is there already.
    pub fn create_dir_all(&self, path: impl AsRef<Path>) -> Result<(), RootError> {
        let path = path.as_ref();
        let make = || fs::create_dir_all(self.follow(path)?);
        make().map_err(|error| RootError::new("make the directory", path, error))
    }
}

/// A file that takes another's place, and is gone where that fails.
struct Temporary {
    path: PathBuf,
    file: File,
    in_place: bool,
}

impl Temporary {
    /// Makes one in the directory of `host`, readable by nobody else yet. Its name begins with a dot, so that no
    /// `source *` reads it.
    fn beside(host: &Path) -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = host.with_file_name(format!(".cleat-{}-{count}", std::process::id()));
            match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
                Ok(file) => {
                    return Ok(Self {
                        path,
                        file,
                        in_place: false,
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            }
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.in_place {
            // Best effort: the error that led here is the one to report.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Gives `file` the owner of `old`, where it is another one.
fn keep_owner(file: &File, old: &fs::Metadata) -> io::Result<()> {
    let now = file.metadata()?;
    let differs = |old: u32, now: u32| (old != now).then_some(old);
    let (user, group) = (differs(old.uid(), now.uid()), differs(old.gid(), now.gid()));
    if user.is_none() && group.is_none() {
        return Ok(());
    }
    std::os::unix::fs::fchown(file, user, group)
}
