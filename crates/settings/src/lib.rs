//! Settings: built-in, then /etc/cleat/cleat.toml, then the environment, then the command line.
//!
//! Every key is one row of [`keys::KEYS`]; reading, cleat.toml(5) and the commented example follow from it.

mod file;
pub mod keys;
mod settings;
mod slot;
mod value;

pub use settings::Settings;
pub use value::{Check, HookFailure, PinDirectory};

use cleat_diag::{Diagnostic, Sources};
use cleat_root::{Root, RootError, paths};
use file::DEFAULTS_HOLD;
use keys::KEYS;
use std::ffi::OsString;

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

/// Whether a diagnostic is about the settings: a host with a wrong one is still brought up, and its network reloaded.
pub fn is_about(found: &Diagnostic) -> bool {
    found.code.starts_with("config-")
}

#[cfg(test)]
mod tests;
