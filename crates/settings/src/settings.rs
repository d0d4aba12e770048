//! What is set.

use crate::value::{Check, HookFailure, PinDirectory};
use cleat_store::Keep;
use std::time::Duration;

/// The settings of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long a busy lock is waited for.
    pub lock_wait: Duration,
    /// How long one hook may run.
    pub hook_limit: Duration,
    /// What a failing hook means for the exit code.
    pub hook_failure: HookFailure,
    /// How long missing NICs are waited for; `None`: 10 s while the machine boots, then not at all.
    pub device_wait: Option<Duration>,
    /// Whether boots and reloads make generations of what they bring up.
    pub history: bool,
    /// Whether a staged file that is refused at boot is set aside.
    pub keep_refused: bool,
    /// How many generations are kept.
    pub keep_generations: u32,
    /// How much room the generations may take. *Units*: MiB.
    pub keep_size: u32,
    /// What the first boot with a new generation has to pass; `None`: nothing.
    pub confirm_boot: Option<Check>,
    /// How long that check may take until it counts as failed.
    pub confirm_limit: Duration,
    /// How long `cleat-commit try` waits for a confirmation.
    pub try_timeout: Duration,
    /// Where `cleat-link pin` writes .link files.
    pub pin_directory: PinDirectory,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lock_wait: Duration::from_secs(60),
            hook_limit: Duration::from_secs(60),
            hook_failure: HookFailure::Warn,
            device_wait: None,
            history: true,
            keep_refused: false,
            keep_generations: 50,
            keep_size: 64,
            confirm_boot: None,
            confirm_limit: Duration::from_secs(60),
            try_timeout: Duration::from_secs(60),
            pin_directory: PinDirectory::Etc,
        }
    }
}

impl Settings {
    /// How much history is kept.
    pub fn keep(&self) -> Keep {
        Keep {
            count: usize::try_from(self.keep_generations).unwrap_or(usize::MAX),
            bytes: u64::from(self.keep_size) << 20,
        }
    }
}
