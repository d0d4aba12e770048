//! Settings: built-in, then /etc/cleat/cleat.toml, then the environment, then the command line.
//!
//! Every key is one row of [`keys::KEYS`]; reading, cleat.toml(5) and the commented example follow from it.

mod file;
pub mod keys;
mod value;

pub use value::{Check, HookFailure, PinDirectory};

use cleat_diag::{Diagnostic, Sources};
use cleat_root::{Root, RootError, paths};
use cleat_store::Keep;
use keys::KEYS;
use std::ffi::OsString;
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
    /// Reads the file and the environment. What is wrong with them is reported, and the default holds: of a key whose
    /// value is wrong, or of all where the file is not TOML. A file with faults is added to `sources`, which the
    /// diagnostics point into.
    pub fn load(root: &Root, sources: &mut Sources) -> (Self, Vec<Diagnostic>) {
        let mut settings = Self::default();
        let mut found = Vec::new();
        match root.read(paths::CONFIG) {
            Ok(bytes) => found = file::read(&mut settings, bytes, sources),
            Err(error) if error.is_missing() => {}
            Err(error) => found.push(Diagnostic::error("config-file", error.to_string()).note(DEFAULTS_HOLD)),
        }
        found.extend(settings.take_environment());
        (settings, found)
    }

    /// All that they are made from, the bytes of the file and the variables: equal twice where the settings, and what is
    /// wrong with them, are equal.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub fn written(root: &Root) -> Result<Written, RootError> {
        let bytes = match root.read(paths::CONFIG) {
            Err(error) if error.is_missing() => None,
            read => Some(read?),
        };
        let variables = KEYS.iter().filter_map(|key| key.variable);
        Ok((bytes, variables.map(std::env::var_os).collect()))
    }

    /// How much history is kept.
    pub fn keep(&self) -> Keep {
        Keep {
            count: usize::try_from(self.keep_generations).unwrap_or(usize::MAX),
            bytes: u64::from(self.keep_size) << 20,
        }
    }

    /// Takes what `CLEAT_...` variables say.
    fn take_environment(&mut self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for key in KEYS {
            let Some((name, text)) = key.variable.and_then(|name| Some((name, std::env::var(name).ok()?))) else {
                continue;
            };
            if let Err(reason) = key.slot.put_text(self, &text) {
                let message = format!("{name} takes {reason}, not `{text}`");
                found.push(Diagnostic::warning("config-variable", message));
            }
        }
        found
    }
}

/// The bytes of the file, and the value of each variable.
type Written = (Option<Vec<u8>>, Vec<Option<OsString>>);

/// The note where nothing of the file is used.
const DEFAULTS_HOLD: &str = "the built-in settings are used";

/// Whether a diagnostic is about the settings: a host with a wrong one is still brought up, and its network reloaded.
pub fn is_about(found: &Diagnostic) -> bool {
    found.code.starts_with("config-")
}

#[cfg(test)]
mod tests;
