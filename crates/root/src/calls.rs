//! Every call to the file system on its way: where a test bed can refuse it, or see what it did.

use crate::Root;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// One call to the file system; the paths are those of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call<'a> {
    /// Kind, size or owner of a path, or where a link leads.
    Look(&'a Path),
    /// Opening and reading a file, or listing a directory.
    Read(&'a Path),
    /// Making an empty file (or opening one to write to it).
    Create(&'a Path),
    /// Writing these bytes into a file that is open.
    Write(&'a Path, &'a [u8]),
    /// Owner, mode and extended attributes of a file.
    Attributes(&'a Path),
    /// `fsync` of a file: of its bytes.
    SyncFile(&'a Path),
    /// `fsync` of a directory: of the names in it.
    SyncDirectory(&'a Path),
    /// Renaming the first to the second.
    Rename(&'a Path, &'a Path),
    /// Removing a file or an empty directory.
    Remove(&'a Path),
    /// Making a directory.
    MakeDirectory(&'a Path),
}

/// A test bed that stands between a [`Root`] and the file system.
pub trait Watch: fmt::Debug + Send + Sync {
    /// Asked before each call; an error takes the place of the call, which is then not made.
    fn before(&self, call: Call<'_>) -> io::Result<()>;
    /// Told of each call that was made and succeeded.
    fn after(&self, call: Call<'_>);
}

impl Root {
    /// The same root with a test bed in its way. Without one, a call costs one look at an empty pointer.
    #[must_use]
    pub fn watched_by(self, watch: Arc<dyn Watch>) -> Self {
        Self {
            watch: Some(watch),
            ..self
        }
    }

    /// Makes a call, unless the test bed refuses it.
    pub(crate) fn call<T>(&self, call: Call<'_>, make: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let Some(watch) = &self.watch else { return make() };
        watch.before(call)?;
        let made = make()?;
        watch.after(call);
        Ok(made)
    }
}
