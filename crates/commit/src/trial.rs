//! A configuration on trial: live, and put back unless somebody confirms it in time.
//!
//! Three parties, which share nothing but files under /run:
//! - `cleat-commit try` makes the change, then waits at its terminal. It holds a lock for as long as it lives.
//! - The guard, a process of its own that no terminal can end (a transient unit, or a session leader), puts everything
//!   back when the time is over, or when that lock is free without a decision: the first was killed or hung up.
//! - `cleat-commit confirm`, from any login, decides.
//!
//! That the commit is not settled is in the store, which outlives a power cut; whoever decides does so under its lock.
//! What is here is of this boot: when the time is over, and how it ended.

use cleat_root::{Durability, Root, RootError, paths};
use nix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How a trial ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Somebody confirmed it.
    Kept,
    /// The configuration before it is live again.
    PutBack,
    /// It should have been put back, and that did not succeed in all.
    Stuck,
}

/// A trial, as it stands in /run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// The generation that is tried.
    pub generation: u32,
    /// When it is put back; `None` while the change is still being made. *Units*: ms since boot, suspend included.
    pub deadline: Option<u64>,
    /// How it ended.
    pub outcome: Option<Outcome>,
}

impl Trial {
    /// The trial of this boot that began last; `None` where there was none, or nothing can be made of its record.
    pub fn read(root: &Root) -> Option<Self> {
        serde_json::from_slice(&root.read(paths::TRIAL).ok()?).ok()
    }

    /// The trial that is not decided.
    pub fn open(root: &Root) -> Option<Self> {
        Self::read(root).filter(|trial| trial.outcome.is_none())
    }

    /// Writes it down.
    ///
    /// # Errors
    /// With the path and the reason.
    pub fn write(&self, root: &Root) -> Result<(), RootError> {
        root.create_dir_all(paths::RUN_DIR)?;
        // Numbers and words: there is nothing in it that JSON cannot hold.
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        root.write_atomic(paths::TRIAL, &bytes, Durability::Volatile)
    }

    /// How long until it is put back; zero where that time has come, `None` where the change is still being made.
    pub fn left(&self) -> Option<Duration> {
        let deadline = self.deadline?;
        Some(Duration::from_millis(deadline.saturating_sub(now())))
    }
}

/// Milliseconds since boot.
pub fn now() -> u64 {
    // CLOCK_BOOTTIME is there since Linux 2.6.39.
    let time = clock_gettime(ClockId::CLOCK_BOOTTIME)
        .map(Duration::from)
        .unwrap_or_default();
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_and_only_an_undecided_trial_is_open() {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        assert_eq!(Trial::read(&root), None);
        let mut trial = Trial {
            generation: 7,
            deadline: Some(now() + 5_000),
            outcome: None,
        };
        trial.write(&root).unwrap();
        assert_eq!(Trial::open(&root), Some(trial.clone()));
        let left = trial.left().unwrap();
        assert!(left <= Duration::from_secs(5), "{left:?}");
        trial.outcome = Some(Outcome::Kept);
        trial.write(&root).unwrap();
        assert_eq!((Trial::open(&root), Trial::read(&root)), (None, Some(trial)));
    }

    #[test]
    fn a_deadline_that_is_over_leaves_nothing_and_none_is_unknown() {
        let trial = |deadline| Trial {
            generation: 2,
            deadline,
            outcome: None,
        };
        assert_eq!(trial(Some(0)).left(), Some(Duration::ZERO));
        assert_eq!(trial(None).left(), None);
    }
}
