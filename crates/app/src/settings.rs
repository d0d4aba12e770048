//! Time limits: built-in, then /etc/cleat/cleat.toml, then the environment, then the command line.

use cleat_diag::Diagnostic;
use cleat_root::{Root, paths};
use serde::Deserialize;
use std::time::Duration;

/// The settings of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long a busy lock is waited for.
    pub lock_wait: Duration,
    /// How long one hook may run.
    pub hook_limit: Duration,
    /// How long missing NICs are waited for; `None`: 10 s while the machine boots, then not at all.
    pub device_wait: Option<Duration>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lock_wait: Duration::from_secs(60),
            hook_limit: Duration::from_secs(60),
            device_wait: None,
        }
    }
}

/// The file's shape. *Units*: seconds.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    lock_wait: Option<f64>,
    hook_limit: Option<f64>,
    device_wait: Option<f64>,
}

impl Settings {
    /// Reads the file and the environment. What is wrong with them is a warning, and the default holds.
    pub fn load(root: &Root) -> (Self, Vec<Diagnostic>) {
        let mut settings = Self::default();
        let mut diagnostics = Vec::new();
        match root.read_text(paths::CONFIG) {
            Ok(text) => match toml::from_str::<File>(&text) {
                Ok(file) => settings.merge(&file),
                Err(error) => {
                    let text = format!("{} is not used: {}", paths::CONFIG, error.message());
                    diagnostics.push(Diagnostic::warning("config-file", text));
                }
            },
            Err(error) if error.is_missing() => {}
            Err(error) => diagnostics.push(Diagnostic::warning("config-file", error.to_string())),
        }
        let mut variable = |name: &str| -> Option<f64> {
            let text = std::env::var(name).ok()?;
            let number = text.parse().ok().filter(|number: &f64| *number >= 0.0);
            if number.is_none() {
                let message = format!("{name} takes seconds, not `{text}`");
                diagnostics.push(Diagnostic::warning("config-variable", message));
            }
            number
        };
        let environment = File {
            lock_wait: variable("CLEAT_LOCK_WAIT"),
            hook_limit: variable("CLEAT_HOOK_LIMIT"),
            device_wait: variable("CLEAT_DEVICE_WAIT"),
        };
        settings.merge(&environment);
        (settings, diagnostics)
    }

    fn merge(&mut self, file: &File) {
        let File {
            lock_wait,
            hook_limit,
            device_wait,
        } = file;
        let limit = |seconds: &Option<f64>| seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        self.lock_wait = limit(lock_wait).unwrap_or(self.lock_wait);
        self.hook_limit = limit(hook_limit).unwrap_or(self.hook_limit);
        self.device_wait = limit(device_wait).or(self.device_wait);
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;

    fn with(text: &str) -> (Settings, Vec<Diagnostic>) {
        let tree = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(tree.path().join("etc/cleat")).unwrap();
        std::fs::write(tree.path().join("etc/cleat/cleat.toml"), text).unwrap();
        Settings::load(&Root::at(tree.path()))
    }

    #[test]
    fn the_file_sets_limits_in_seconds() {
        let (settings, diagnostics) = with("lock-wait = 5\ndevice-wait = 2.5\n");
        assert_eq!(diagnostics, []);
        assert_eq!(settings.lock_wait, Duration::from_secs(5));
        assert_eq!(settings.device_wait, Some(Duration::from_millis(2500)));
        assert_eq!(settings.hook_limit, Duration::from_secs(60));
    }

    #[test]
    fn a_misspelt_key_is_told_and_the_defaults_hold() {
        let (settings, diagnostics) = with("lock-wiat = 5\n");
        assert_eq!(settings, Settings::default());
        assert!(diagnostics[0].message.contains("lock-wiat"), "{:?}", diagnostics[0]);
    }
}
