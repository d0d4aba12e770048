//! How a value of each type is read from TOML and from text.

use crate::settings::Settings;
use crate::value::{Check, HookFailure, PinDirectory};
use std::time::Duration;
use toml::de::DeValue;

/// Where a value goes, which says what it must be.
#[derive(Clone, Copy, Debug)]
pub enum Slot {
    /// A time.
    Seconds(fn(&mut Settings) -> &mut Duration),
    /// A time that may be unsaid.
    SomeSeconds(fn(&mut Settings) -> &mut Option<Duration>),
    /// `true` or `false`.
    Switch(fn(&mut Settings) -> &mut bool),
    /// A number of things.
    Number(fn(&mut Settings) -> &mut u32),
    /// `"off"` or a check.
    Check(fn(&mut Settings) -> &mut Option<Check>),
    /// A directory for pins.
    PinDirectory(fn(&mut Settings) -> &mut PinDirectory),
    /// `"warn"` or `"error"`.
    HookFailure(fn(&mut Settings) -> &mut HookFailure),
}

impl Slot {
    /// What a value must be, in words: `a number of seconds`.
    pub fn wants(self) -> &'static str {
        match self {
            Slot::Seconds(_) | Slot::SomeSeconds(_) => "a number of seconds",
            Slot::Switch(_) => "true or false",
            Slot::Number(_) => "a whole number from 1",
            Slot::Check(_) => "\"off\", \"links\", \"gateway\", or a command that begins with \"/\"",
            Slot::PinDirectory(_) => "\"/etc/systemd/network\" or \"/usr/local/lib/systemd/network\"",
            Slot::HookFailure(_) => "\"warn\" or \"error\"",
        }
    }

    /// Takes a value of the file.
    ///
    /// # Errors
    /// What it must be.
    pub(super) fn put(self, settings: &mut Settings, value: &DeValue<'_>) -> Result<(), &'static str> {
        let number = || match value {
            DeValue::Integer(number) => number.to_string().parse::<f64>().ok(),
            DeValue::Float(number) => number.as_str().replace('_', "").parse::<f64>().ok(),
            _ => None,
        };
        let taken = match self {
            Slot::Seconds(_) | Slot::SomeSeconds(_) => number().and_then(|number| self.put_seconds(settings, number)),
            Slot::Switch(slot) => value.as_bool().map(|value| *slot(settings) = value),
            Slot::Number(slot) => {
                let number = value.as_integer().and_then(|number| number.to_string().parse().ok());
                number
                    .filter(|number| *number > 0)
                    .map(|number| *slot(settings) = number)
            }
            Slot::Check(_) => value.as_str().and_then(|text| self.put_check(settings, text)),
            Slot::PinDirectory(slot) => {
                let directory = value.as_str().and_then(PinDirectory::of);
                directory.map(|directory| *slot(settings) = directory)
            }
            Slot::HookFailure(slot) => {
                let failure = value.as_str().and_then(HookFailure::of);
                failure.map(|failure| *slot(settings) = failure)
            }
        };
        taken.ok_or(self.wants())
    }

    /// Takes a value from the environment.
    ///
    /// # Errors
    /// What it must be.
    pub(super) fn put_text(self, settings: &mut Settings, text: &str) -> Result<(), &'static str> {
        let taken = match self {
            Slot::Seconds(_) | Slot::SomeSeconds(_) => {
                text.parse().ok().and_then(|number| self.put_seconds(settings, number))
            }
            Slot::Switch(slot) => text.parse().ok().map(|value| *slot(settings) = value),
            Slot::Number(slot) => {
                let number = text.parse().ok().filter(|number| *number > 0);
                number.map(|number| *slot(settings) = number)
            }
            Slot::Check(_) => self.put_check(settings, text),
            Slot::PinDirectory(slot) => PinDirectory::of(text).map(|directory| *slot(settings) = directory),
            Slot::HookFailure(slot) => HookFailure::of(text).map(|failure| *slot(settings) = failure),
        };
        taken.ok_or(self.wants())
    }

    fn put_seconds(self, settings: &mut Settings, seconds: f64) -> Option<()> {
        let time = Duration::try_from_secs_f64(seconds).ok()?;
        match self {
            Slot::Seconds(slot) => *slot(settings) = time,
            Slot::SomeSeconds(slot) => *slot(settings) = Some(time),
            _ => return None,
        }
        Some(())
    }

    fn put_check(self, settings: &mut Settings, text: &str) -> Option<()> {
        let Slot::Check(slot) = self else { return None };
        *slot(settings) = match text {
            "off" => None,
            text => Some(text.parse().ok()?),
        };
        Some(())
    }
}
