//! What goes wrong in the store, other than with a configuration.

use crate::Timestamp;
use cleat_root::{LockError, RootError};
use std::fmt;
use std::path::PathBuf;

/// Why something could not be done; nothing was changed unless it says so.
#[derive(Debug)]
pub enum StoreError {
    /// A call to the file system failed.
    Io(RootError),
    /// Somebody else is at it.
    Lock(LockError),
    /// One of our own files cannot be understood.
    Damaged {
        /// Which.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// There is no generation of that number (any more).
    NoGeneration(u32),
    /// An earlier commit was cut short: [`crate::Locked::recover`] comes first.
    Unfinished,
    /// An earlier commit waits to be confirmed: it has to be confirmed or undone first.
    Pending {
        /// The generation that waits.
        number: u32,
    },
    /// Nothing waits to be confirmed.
    NothingPending,
    /// It was begun to take back a commit, and something failed: it cannot be confirmed any more.
    PartlyUndone {
        /// The generation.
        number: u32,
    },
    /// Another configuration is staged already.
    AlreadyStaged {
        /// Since when.
        since: Timestamp,
        /// By whom, where it is known.
        by: Option<String>,
    },
    /// A change failed, and what was done of it could not be taken back either. The intent record stays.
    HalfDone {
        /// What failed first.
        first: Box<StoreError>,
        /// What failed when it was to be taken back.
        then: Box<StoreError>,
    },
}

impl fmt::Display for StoreError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreError::Io(error) => write!(out, "{error}"),
            StoreError::Lock(error) => write!(out, "{error}"),
            StoreError::Damaged { path, reason } => write!(out, "{} is damaged: {reason}", path.display()),
            StoreError::NoGeneration(number) => write!(out, "there is no generation {number}"),
            StoreError::Unfinished => out.write_str("an earlier commit was cut short and is not finished yet"),
            StoreError::Pending { number } => write!(out, "generation {number} waits to be confirmed or undone"),
            StoreError::NothingPending => out.write_str("nothing waits to be confirmed"),
            StoreError::PartlyUndone { number } => write!(out, "generation {number} is taken back in part"),
            StoreError::AlreadyStaged { since, by: Some(by) } => {
                write!(out, "{by} staged another configuration at {since}")
            }
            StoreError::AlreadyStaged { since, by: None } => {
                write!(out, "another configuration is staged since {since}")
            }
            StoreError::HalfDone { first, then } => {
                write!(out, "{first}; it cannot be taken back either: {then}")
            }
        }
    }
}

impl std::error::Error for StoreError {}

impl From<RootError> for StoreError {
    fn from(error: RootError) -> Self {
        StoreError::Io(error)
    }
}

impl From<LockError> for StoreError {
    fn from(error: LockError) -> Self {
        StoreError::Lock(error)
    }
}
