//! The four commands and how their name is found.

use std::fmt;

/// One of the four commands of interfaces(5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// Brings interfaces up.
    Ifup,
    /// Takes interfaces down.
    Ifdown,
    /// Makes the running network as the file says, by the difference.
    Ifreload,
    /// Shows what the file says, and whether it is so.
    Ifquery,
}

impl Command {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ifup, Self::Ifdown, Self::Ifreload, Self::Ifquery];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Command::Ifup => "ifup",
            Command::Ifdown => "ifdown",
            Command::Ifreload => "ifreload",
            Command::Ifquery => "ifquery",
        }
    }

    /// What it does, for the first lines of its help.
    pub fn summary(self) -> &'static str {
        match self {
            Command::Ifup => "bring network interfaces up",
            Command::Ifdown => "take network interfaces down",
            Command::Ifreload => "make the running network what the file says, by the difference",
            Command::Ifquery => "show what is configured, and whether it is so",
        }
    }

    /// The command of that file name; a directory before it does not matter.
    pub fn of_program(program: &str) -> Option<Self> {
        let name = program.rsplit('/').next().unwrap_or(program);
        Self::ALL.into_iter().find(|command| command.name() == name)
    }
}

impl fmt::Display for Command {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}
