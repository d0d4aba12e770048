//! Writing: whole files at once or not at all, and single values into /proc and /sys.

use crate::directory::TEMPORARY;
use crate::read::not_a_file;
use crate::{Call, Root, RootError, attributes};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
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
pub(crate) const NEW_MODE: u32 = 0o644;

impl Root {
    /// Replaces a file (or makes it) so that any reader sees the old bytes or the new ones, never a part, whatever
    /// fails on the way.
    ///
    /// Owner, mode, access control lists and other extended attributes of an old file are kept, but for attributes of the
    /// `security` and `trusted` kind that the kernel does not let this program set ([`Root::attributes`] tells which there
    /// are); where the path is a link, the file that it leads to is replaced.
    pub fn write_atomic(&self, path: impl AsRef<Path>, bytes: &[u8], durability: Durability) -> Result<(), RootError> {
        self.write_atomic_as(path, bytes, NEW_MODE, durability)
    }

    /// The names of a file's extended attributes in order, those left out that speak of its bytes; none where there is no file.
    pub fn attributes(&self, path: impl AsRef<Path>) -> Result<Vec<String>, RootError> {
        let path = path.as_ref();
        let host = self
            .follow(path)
            .map_err(|error| RootError::new("look at", path, error))?;
        match self.call(Call::Look(&host), || attributes::kept_names(&host)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            names => names.map_err(|error| RootError::new("look at", path, error)),
        }
    }

    /// As [`Root::write_atomic`], with the mode for a file that did not exist before.
    pub fn write_atomic_as(
        &self,
        path: impl AsRef<Path>,
        bytes: &[u8],
        mode: u32,
        durability: Durability,
    ) -> Result<(), RootError> {
        let path = path.as_ref();
        self.replace(path, bytes, mode, durability)
            .map_err(|error| RootError::new("write", path, error))
    }

    /// As [`Root::write_atomic`], for what its owner alone may read, whatever mode the file had before. Nothing is
    /// flushed: it is for /run.
    pub fn write_private(&self, path: impl AsRef<Path>, bytes: &[u8]) -> Result<(), RootError> {
        self.reserve(path, 0)?.put(bytes)
    }

    fn replace(&self, path: &Path, bytes: &[u8], mode: u32, durability: Durability) -> io::Result<()> {
        let host = self.follow(path)?;
        let old = match self.call(Call::Look(&host), || fs::metadata(&host)) {
            Ok(found) => Some(found),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        if let Some(error) = old.as_ref().and_then(not_a_file) {
            return Err(error);
        }
        let mut temporary = Temporary::beside(self, &host)?;
        let Temporary { path: beside, file, .. } = &mut temporary;
        self.call(Call::Write(beside, bytes), || file.write_all(bytes))?;
        self.call(Call::Attributes(beside), || match &old {
            Some(old) => attributes::copy(&host, old, file),
            None => file.set_permissions(Permissions::from_mode(mode)),
        })?;
        if durability == Durability::Durable {
            self.call(Call::SyncFile(beside), || file.sync_all())?;
        }
        self.call(Call::Rename(beside, &host), || fs::rename(&*beside, &host))?;
        temporary.in_place = true;
        if durability == Durability::Durable {
            self.sync_host_directory(host.parent().unwrap_or(Path::new("/")))?;
        }
        Ok(())
    }

    /// Makes a file that is not there yet. Its bytes are flushed where asked for; its name is flushed with its
    /// directory ([`Root::sync_directory`]), once for all files made there.
    pub fn write_new(
        &self,
        path: impl AsRef<Path>,
        bytes: &[u8],
        mode: u32,
        durability: Durability,
    ) -> Result<(), RootError> {
        let path = path.as_ref();
        let write = || {
            let host = self.follow_parents(path)?;
            let mut file = self.call(Call::Create(&host), || {
                OpenOptions::new().write(true).create_new(true).mode(mode).open(&host)
            })?;
            self.call(Call::Write(&host, bytes), || file.write_all(bytes))?;
            if durability == Durability::Durable {
                self.call(Call::SyncFile(&host), || file.sync_all())?;
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
            let host = self.follow(path)?;
            let write = || OpenOptions::new().write(true).open(&host)?.write(bytes);
            if self.call(Call::Write(&host, bytes), write)? == 0 && !bytes.is_empty() {
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
            let mut file = self.call(Call::Create(&host), || {
                OpenOptions::new().append(true).create(true).mode(NEW_MODE).open(&host)
            })?;
            self.call(Call::Write(&host, bytes), || file.write_all(bytes))
        };
        write().map_err(|error| RootError::new("append to", path, error))
    }

    /// Removes a file, or a link and not what it leads to. Returns whether there was one.
    pub fn remove(&self, path: impl AsRef<Path>) -> Result<bool, RootError> {
        let path = path.as_ref();
        let remove = |host: PathBuf| self.call(Call::Remove(&host), || fs::remove_file(&host));
        match self.follow_parents(path).and_then(remove) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(RootError::new("remove", path, error)),
        }
    }

    /// Renames a file within one file system; what was at `to` is replaced.
    pub fn rename(&self, from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<(), RootError> {
        let from = from.as_ref();
        let rename = || {
            let (from, to) = (self.follow_parents(from)?, self.follow_parents(to.as_ref())?);
            self.call(Call::Rename(&from, &to), || fs::rename(&from, &to))
        };
        rename().map_err(|error| RootError::new("rename", from, error))
    }

    /// Makes a symbolic link that says `target`.
    ///
    /// *Errors*: also where the path exists already.
    pub fn symlink(&self, target: impl AsRef<Path>, path: impl AsRef<Path>) -> Result<(), RootError> {
        let path = path.as_ref();
        let make = || {
            let host = self.follow_parents(path)?;
            self.call(Call::Create(&host), || std::os::unix::fs::symlink(target, &host))
        };
        make().map_err(|error| RootError::new("make the link", path, error))
    }
}

/// A file that takes another's place, and is gone where that fails.
#[derive(Debug)]
pub(crate) struct Temporary {
    root: Root,
    pub path: PathBuf,
    pub file: File,
    pub in_place: bool,
}

impl Temporary {
    /// Makes one in the directory of `host`, readable by nobody else yet.
    pub fn beside(root: &Root, host: &Path) -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = host.with_file_name(format!("{TEMPORARY}{}-{count}", std::process::id()));
            let create = || OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
            match root.call(Call::Create(&path), create) {
                Ok(file) => {
                    return Ok(Self {
                        root: root.clone(),
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
            let _ = self.root.call(Call::Remove(&self.path), || fs::remove_file(&self.path));
        }
    }
}
