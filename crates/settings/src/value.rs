//! The types of settings, and how each is read from TOML and from text.

use super::Settings;
use cleat_root::paths;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;
use toml::de::DeValue;

/// What a host has to pass to count as healthy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// Every link that is to come up by itself is there and up.
    Links,
    /// The gateways answer ARP or NDP.
    Gateway,
    /// A command line, run by the shell, ends with 0.
    Command(String),
}

impl FromStr for Check {
    type Err = String;

    /// `links`, `gateway`, or a command line that begins with `/`.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "links" => Ok(Check::Links),
            "gateway" => Ok(Check::Gateway),
            command if command.starts_with('/') => Ok(Check::Command(command.to_owned())),
            _ => Err("`links`, `gateway`, or a command that begins with `/`".to_owned()),
        }
    }
}

impl fmt::Display for Check {
    /// As [`Check::from_str`] reads it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Check::Links => out.write_str("links"),
            Check::Gateway => out.write_str("gateway"),
            Check::Command(command) => out.write_str(command),
        }
    }
}

/// Where `cleat-link pin` writes .link files: of the directories that udev reads, those that last over a boot and are not
/// the distribution's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PinDirectory {
    /// The administrator's.
    #[default]
    Etc,
    /// That of what is installed beside the distribution, where Proxmox VE has its own pins.
    Local,
}

impl PinDirectory {
    /// The directory.
    pub fn path(self) -> &'static str {
        match self {
            PinDirectory::Etc => paths::ETC_LINK_FILES,
            PinDirectory::Local => paths::LOCAL_LINK_FILES,
        }
    }

    fn of(text: &str) -> Option<Self> {
        let text = text.trim_end_matches('/');
        [PinDirectory::Etc, PinDirectory::Local]
            .into_iter()
            .find(|directory| directory.path() == text)
    }
}

/// What a hook's failure means for the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HookFailure {
    /// A warning: the exit code stays 0, as with ifupdown2.
    #[default]
    Warn,
    /// An error: the exit code is 1.
    Error,
}

impl HookFailure {
    fn of(text: &str) -> Option<Self> {
        match text {
            "warn" => Some(Self::Warn),
            "error" => Some(Self::Error),
            _ => None,
        }
    }
}

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
