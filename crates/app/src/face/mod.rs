//! The face for people: `cleat check`, `plan`, `status`, `log`, `graph` and `demo`.
//!
//! Nothing here changes the host: the verbs read, judge and show; `demo` works in namespaces of its own.

pub mod check;
pub mod demo;
pub mod graph;
pub mod input;
pub mod links;
pub mod log;
pub mod online;
mod options;
mod other;
pub mod plan;
pub mod program;
pub mod status;
mod takeover;

pub use crate::cli::End;
pub(crate) use crate::cli::{complain, print};

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs `cleat` with the words after the program's name.
pub fn run(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    crate::cli::run(&program::PROGRAM, words, other::run)
}
