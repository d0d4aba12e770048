//! The staged configuration, its commit as a transaction, and the history of what was committed.
//!
//! [`Store`] reads; [`Store::lock`] gives a [`Locked`], which also writes. A commit keeps an intent record
//! (`/etc/cleat/commit/transaction.json`) from before its first change until its last, so that a power cut at any
//! moment leaves a configuration whole, and [`Locked::recover`] finishes or undoes what it cut short. Everything that
//! a boot needs lies on the file system of /etc; the history lies under /var, and a generation waits in a spool for
//! it where it is mounted later.
//!
//! Whether a configuration is right is not known here: the caller brings a judge.

mod candidate;
mod changes;
mod commit;
mod content;
mod diff;
mod error;
mod findings;
mod foreign;
mod generation;
mod history;
mod json;
mod judge;
mod live;
mod merge;
mod preview;
mod ran;
mod record;
mod recover;
mod rollback;
mod stage;
mod staged;
mod store;
mod summary;
mod time;
mod transaction;
mod trust;
mod zone;

pub use candidate::What;
pub use changes::FileChange;
pub use commit::{CommitOptions, Committed, Judge, Outcome, Refusal};
pub use content::{Content, Digest, Files};
pub use diff::unified;
pub use error::StoreError;
pub use findings::Findings;
pub use foreign::Foreign;
pub use generation::{Generation, Health, Occasion};
pub use history::{Keep, incomplete};
pub use judge::{comes_up, standing};
pub use merge::{Conflict, merge};
pub use ran::Ran;
pub use record::{Companion, StageRecord};
pub use recover::{Recovery, Undone};
pub use stage::Staging;
pub use staged::{Found, STAGED_LIMIT, Staged};
pub use store::{Locked, Store};
pub use time::{Timestamp, in_words};
pub use transaction::{Before, LiveChange, Pending, Watch};
pub use trust::{changeable, replaceable, unfit_sources};
pub use zone::Zone;
