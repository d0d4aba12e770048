//! Files whose room is taken before they are written: a file system that fills up meanwhile does not hinder them.

use crate::write::Temporary;
use crate::{Call, Root, RootError};
use rustix::fs::{FallocateFlags, fallocate};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A file that is to take another's place, with room for its bytes; gone where it never does.
#[derive(Debug)]
pub struct Reserved {
    path: PathBuf,
    host: PathBuf,
    file: Temporary,
    root: Root,
}

/// A file that lines are added to as they come.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    host: PathBuf,
    file: File,
    root: Root,
}

impl Root {
    /// Takes room for `size` bytes that are to be put in the place of `path`; more than that may still fail. Its owner
    /// alone may read them. Missing directories are made.
    ///
    /// *Errors*: no room, no inode, or nothing can be written there.
    pub fn reserve(&self, path: impl AsRef<Path>, size: u64) -> Result<Reserved, RootError> {
        let path = path.as_ref();
        if let Some(parent) = path.parent() {
            self.create_dir_all(parent)?;
        }
        let reserve = || {
            let host = self.follow(path)?;
            let file = Temporary::beside(self, &host)?;
            take_room(&file.file, size)?;
            Ok(Reserved {
                path: path.to_owned(),
                host,
                file,
                root: self.clone(),
            })
        };
        reserve().map_err(|error| RootError::new("write", path, error))
    }

    /// Begins a file that lines are added to, with room for `size` bytes, in the place of an old one. Its owner alone
    /// may read it. Missing directories are made.
    ///
    /// *Errors*: as [`Root::reserve`].
    pub fn begin_log(&self, path: impl AsRef<Path>, size: u64) -> Result<Log, RootError> {
        let path = path.as_ref();
        if let Some(parent) = path.parent() {
            self.create_dir_all(parent)?;
        }
        self.remove(path)?;
        let begin = || {
            let host = self.follow(path)?;
            let file = self.call(Call::Create(&host), || {
                let mut options = OpenOptions::new();
                options.append(true).create_new(true).mode(0o600).open(&host)
            })?;
            take_room(&file, size)?;
            Ok(Log {
                path: path.to_owned(),
                host,
                file,
                root: self.clone(),
            })
        };
        begin().map_err(|error| RootError::new("write", path, error))
    }
}

impl Reserved {
    /// Puts these bytes in place, whole or not at all. Nothing is flushed.
    ///
    /// *Errors*: the old file stays.
    pub fn put(mut self, bytes: &[u8]) -> Result<(), RootError> {
        let (root, host) = (&self.root, &self.host);
        let Temporary { path: beside, file, .. } = &mut self.file;
        let mut put = || {
            root.call(Call::Write(beside, bytes), || file.write_all(bytes))?;
            root.call(Call::Rename(beside, host), || fs::rename(&*beside, host))
        };
        let done = put();
        self.file.in_place = done.is_ok();
        done.map_err(|error| RootError::new("write", &self.path, error))
    }
}

impl Log {
    /// Adds bytes at the end.
    pub fn add(&mut self, bytes: &[u8]) -> Result<(), RootError> {
        let Self { path, host, file, root } = self;
        let added = root.call(Call::Write(host, bytes), || file.write_all(bytes));
        added.map_err(|error| RootError::new("append to", path.as_path(), error))
    }
}

/// Takes room behind the end of a file. A file system that cannot promise room is written to all the same.
fn take_room(file: &File, size: u64) -> io::Result<()> {
    if size == 0 {
        return Ok(());
    }
    match fallocate(file, FallocateFlags::KEEP_SIZE, 0, size) {
        Ok(()) | Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}
