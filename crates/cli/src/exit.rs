//! Exit codes: those of ifupdown2, but 0 only where what was asked is so.

use nix::sys::signal::Signal;
use std::process::ExitCode;

/// How a run ended.
///
/// *Source*: ifupdown2's numbers (1 error, 89 lock busy, 90 bad arguments); other programs test for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Exit {
    /// What was asked is so.
    #[default]
    Done,
    /// It is not, or not all of it.
    Failed,
    /// Another run held the lock until the time limit.
    Busy,
    /// The arguments make no sense.
    Usage,
    /// A signal ended it early, in order: undone, or without the steps that it came before.
    Interrupted(Signal),
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Busy => 89,
            Exit::Usage => 90,
            // As a shell tells of a program that the signal killed.
            Exit::Interrupted(signal) => 128 | (signal as i32 as u8),
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}
