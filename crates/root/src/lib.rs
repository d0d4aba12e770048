//! The file system below an injected `/`: reading with plain errors, atomic writing, locks, shell globs.
//!
//! The only crate that touches `std::fs`. Every path constant of the project is in [`paths`]; every operation takes
//! an absolute path and looks for it below the [`Root`]'s directory, symbolic links included, so that a test root
//! never leads out of itself.

#![allow(clippy::disallowed_methods)]

mod attributes;
mod braces;
mod calls;
mod directory;
mod error;
mod glob;
mod keep;
mod lock;
pub mod paths;
mod read;
mod reserve;
mod resolve;
mod write;

pub use braces::{TooManyBraces, expand_braces};
pub use calls::{Call, Watch};
pub use error::{RootError, os_text};
pub use glob::{is_pattern, matches};
pub use lock::{Held, Lock, LockError};
pub use read::READ_LIMIT;
pub use reserve::{Log, Reserved};
pub use write::Durability;

use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An injected `/`.
///
/// *Example*: `Root::real()` on a host, `Root::at(dir)` in tests and for images.
#[derive(Clone, Debug)]
pub struct Root {
    prefix: PathBuf,
    watch: Option<Arc<dyn Watch>>,
}

impl Root {
    /// The host's own `/`.
    pub fn real() -> Self {
        Self::at("/")
    }

    /// A directory that stands for `/`.
    pub fn at(directory: impl Into<PathBuf>) -> Self {
        Self {
            prefix: directory.into(),
            watch: None,
        }
    }

    /// The directory that stands for `/`.
    pub fn prefix(&self) -> &Path {
        &self.prefix
    }

    /// Whether this is the host's own `/`.
    pub fn is_real(&self) -> bool {
        self.prefix == Path::new("/")
    }

    /// Where a path of this root lies on the host, to hand to a program. Symbolic links are not looked at.
    pub fn host_path(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.prefix.join(path.strip_prefix("/").unwrap_or(path))
    }
}
