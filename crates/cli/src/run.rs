//! The main of a program that is a table.

use crate::logging;
use crate::output::{self, End, complain, print};
use crate::parse::Ask;
use crate::program::Program;
use std::ffi::OsString;
use std::process::ExitCode;

/// The whole of a program: reads the words, answers what is answered from the table, and runs the rest.
///
/// What makes no sense is one line on standard error and exit code 2.
pub fn run(
    program: &'static Program,
    words: impl IntoIterator<Item = OsString>,
    other: impl FnOnce(&str, &[OsString]) -> ExitCode,
) -> ExitCode {
    output::name(program.name);
    match program.parse(words) {
        Err(text) => {
            complain(&text);
            End::Usage.into()
        }
        Ok(Ask::Help(verb)) => print(&program.help(verb)).into(),
        Ok(Ask::Version) => print(&format!("{} {}\n", program.name, env!("CARGO_PKG_VERSION"))).into(),
        Ok(Ask::Other(name, arguments)) => other(&name, &arguments),
        Ok(Ask::Run(call)) => {
            logging::start(call.verbosity);
            (call.verb.run)(&call).into()
        }
    }
}

impl Program {
    /// Its main, with the words after its name, where a word that is not a verb makes no sense.
    pub fn call(&'static self, words: impl IntoIterator<Item = OsString>) -> ExitCode {
        run(self, words, |name, _| {
            complain(&self.unknown(name));
            End::Usage.into()
        })
    }
}
