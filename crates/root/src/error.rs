//! What goes wrong below a root.

use nix::errno::Errno;
use std::io;
use std::path::{Path, PathBuf};

/// An operation on a path that failed.
#[derive(Debug)]
pub struct RootError {
    /// The path as asked for, below the root.
    pub path: PathBuf,
    /// What was tried: `read`, `write`, `remove`...
    pub action: &'static str,
    /// Why it failed.
    pub error: io::Error,
}

impl RootError {
    pub(crate) fn new(action: &'static str, path: &Path, error: io::Error) -> Self {
        Self {
            path: path.to_owned(),
            action,
            error,
        }
    }

    /// Whether the path does not exist.
    pub fn is_missing(&self) -> bool {
        self.error.kind() == io::ErrorKind::NotFound
    }

    /// Whether a part of the path that should be a directory is none.
    pub fn is_no_directory(&self) -> bool {
        self.error.kind() == io::ErrorKind::NotADirectory
    }

    /// Whether the disk does not give what is there: nothing follows from it about what is.
    pub fn is_of_the_disk(&self) -> bool {
        is_of_the_disk(&self.error)
    }

    /// Only the reason: `No such file or directory`.
    pub fn reason(&self) -> String {
        os_text(&self.error)
    }
}

impl Clone for RootError {
    fn clone(&self) -> Self {
        let error = match self.error.raw_os_error() {
            Some(code) => io::Error::from_raw_os_error(code),
            None => io::Error::new(self.error.kind(), self.error.to_string()),
        };
        Self::new(self.action, &self.path, error)
    }
}

impl std::fmt::Display for RootError {
    /// `cannot read /x: No such file or directory`.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { path, action, error } = self;
        write!(out, "cannot {action} {}: {}", path.display(), os_text(error))
    }
}

impl std::error::Error for RootError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// As [`RootError::is_of_the_disk`]: all but what says that nothing is there, or something of another kind, or not for us.
pub(crate) fn is_of_the_disk(error: &io::Error) -> bool {
    use io::ErrorKind;
    let of_the_path = [
        ErrorKind::NotFound,
        ErrorKind::NotADirectory,
        ErrorKind::IsADirectory,
        ErrorKind::PermissionDenied,
        ErrorKind::InvalidInput,
        ErrorKind::InvalidFilename,
        ErrorKind::FileTooLarge,
    ];
    !of_the_path.contains(&error.kind()) && error.raw_os_error() != Some(Errno::ELOOP as i32)
}

/// The system's text for an error, without Rust's ` (os error 2)`.
pub fn os_text(error: &io::Error) -> String {
    let text = error.to_string();
    match error.raw_os_error() {
        Some(code) => text
            .strip_suffix(&format!(" (os error {code})"))
            .unwrap_or(&text)
            .to_owned(),
        None => text,
    }
}
