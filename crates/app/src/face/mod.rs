//! The face for people: `cleat check`, `plan`, `status`, `graph` and `demo`.
//!
//! Nothing here changes the host: the verbs read, judge and show; `demo` works in namespaces of its own.

pub mod args;
pub mod check;
pub mod demo;
pub mod graph;
pub mod input;
pub mod links;
mod other;
pub mod plan;
pub mod status;
pub mod terminal;
#[cfg(test)]
pub(crate) mod testing;

use args::{Ask, Options, Verb};
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

/// How a verb ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All is well: 0.
    Well,
    /// It was done, and the answer is no (errors in the file, differences, lost packets): 1.
    Fault,
    /// The arguments make no sense: 2.
    Usage,
}

impl From<End> for ExitCode {
    fn from(end: End) -> Self {
        ExitCode::from(match end {
            End::Well => 0,
            End::Fault => 1,
            End::Usage => 2,
        })
    }
}

/// Runs `cleat` with the words after the program's name.
pub fn run(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    match args::parse(words) {
        Err(text) => {
            complain(&format!("{text}\n"));
            End::Usage.into()
        }
        Ok(Ask::Help(verb)) => print(&args::help(verb)).into(),
        Ok(Ask::Version) => print(&format!("cleat {}\n", env!("CARGO_PKG_VERSION"))).into(),
        Ok(Ask::Other(name, arguments)) => other::run(&name, &arguments),
        Ok(Ask::Run(verb, options)) => verb_run(verb, &options).into(),
    }
}

fn verb_run(verb: Verb, options: &Options) -> End {
    match verb {
        Verb::Check => check::run(options),
        Verb::Plan => plan::run(options),
        Verb::Status => status::run(options),
        Verb::Graph => graph::run(options),
        Verb::Demo => demo::run(options),
        Verb::Help => print(&args::help(None)),
    }
}

/// Writes to standard output. A reader that went away (`cleat graph | head`) is no fault.
pub(crate) fn print(text: &str) -> End {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            complain(&format!("cannot write to standard output: {error}\n"));
            End::Fault
        }
        _ => End::Well,
    }
}

/// Writes `cleat: TEXT` to standard error.
pub(crate) fn complain(text: &str) {
    // There is nowhere to tell that standard error cannot be written.
    let _ = write!(std::io::stderr(), "cleat: {text}");
}
