//! What a program says and how it ends.

use crate::exit::Exit;
use crate::logging;
use cleat_diag::escaped_lines;
use std::io::Write;
use std::process::ExitCode;
use std::sync::OnceLock;

/// How a verb ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All is well: 0.
    Well,
    /// It was done, and the answer is no (errors in the file, differences, lost packets): 1.
    Fault,
    /// The arguments make no sense: 2.
    Usage,
    /// Asked for with `--exit-code`: there is something to do, which nobody would notice: 2.
    Changes,
    /// Asked for with `--exit-code`: there is something to do that interrupts somebody: 3.
    Interrupts,
}

impl From<End> for ExitCode {
    fn from(end: End) -> Self {
        ExitCode::from(match end {
            End::Well => 0,
            End::Fault => 1,
            End::Usage | End::Changes => 2,
            End::Interrupts => 3,
        })
    }
}

static NAME: OnceLock<&'static str> = OnceLock::new();

/// The program that [`complain`] speaks for.
pub(super) fn name(name: &'static str) {
    // A second program in one process (tests) keeps the first.
    let _ = NAME.set(name);
}

/// Writes to standard output. A reader that went away (`cleat graph | head`) is not a fault.
pub fn print(text: &str) -> End {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            complain(&format!("cannot write to standard output: {error}"));
            End::Fault
        }
        _ => End::Well,
    }
}

/// Prints on standard output, with what would do something to a terminal written out; a reader that has gone away (`ifquery -a | head -1`) is not an error.
pub fn show(text: &str) -> Exit {
    let mut out = std::io::stdout().lock();
    match out.write_all(escaped_lines(text).as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Exit::Done,
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Exit::Done,
        Err(error) => {
            logging::complain(&format!("error: cannot write to standard output: {error}"));
            Exit::Failed
        }
    }
}

/// Writes `PROGRAM: TEXT` and a line end to standard error; with the priority of an error where that is the journal.
pub fn complain(text: &str) {
    let name = NAME.get().copied().unwrap_or("cleat");
    logging::complain(&format!("{name}: {}", text.trim_end_matches('\n')));
}
