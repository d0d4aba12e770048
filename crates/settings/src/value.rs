//! The types of settings.

use cleat_root::paths;
use std::fmt;
use std::str::FromStr;

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

    pub(super) fn of(text: &str) -> Option<Self> {
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
    pub(super) fn of(text: &str) -> Option<Self> {
        match text {
            "warn" => Some(Self::Warn),
            "error" => Some(Self::Error),
            _ => None,
        }
    }
}
