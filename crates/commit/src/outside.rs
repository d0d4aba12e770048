//! What a verb meets outside the files: the running network, other processes, and whoever reads and types.

use super::check;
use super::desk::Desk;
use super::guard;
use super::judge::Judge;
use super::listen::{Heard, listen};
use super::reload::{self, Follows};
use cleat_cli::logging::Reporter;
use cleat_cli::{self as cli, End};
use cleat_diag::{Diagnostic, Sources, escaped_lines};
use cleat_ifupdown::apply::interrupt;
use cleat_ifupdown::args::Verbosity;
use cleat_model::kernel::KernelError;
use cleat_root::Root;
use cleat_settings::Check;
use cleat_store::Before;
use std::fmt;
use std::time::Duration;

/// The world around a verb; a test bed has one of its own, so that a verb can be run whole on a disk with faults.
pub(super) trait Outside: fmt::Debug {
    /// A judge who knows the NICs of this machine.
    fn judge(&self, root: &Root) -> Result<Judge, KernelError>;
    /// The kernel follows the live file: like `ifreload -a`. Answers whether it does.
    fn reload(&self, root: &Root) -> bool;
    /// As [`Outside::reload`], of the configuration from before, or of a file that was put back: as much as comes up.
    fn bring_back(&self, root: &Root, before: Option<&Before>) -> Follows;
    /// Repeats a check until it is passed; else says why it is not.
    fn check(&self, check: &Check, root: &Root, limit: Duration) -> Result<(), Vec<String>>;
    /// Starts the process that watches over a trial.
    fn start_guard(&self, root: &Root) -> Result<(), String>;
    /// Waits for what ends the trial of a generation.
    fn listen(&self, desk: &Desk, generation: u32) -> Heard;
    /// Lets time pass.
    fn pause(&self, length: Duration);
    /// Writes to standard output.
    fn print(&self, text: &str) -> End;
    /// Writes one line to standard error.
    fn complain(&self, text: &str);
    /// Tells what was found.
    fn report(&self, found: &[Diagnostic], sources: &Sources);
    /// Tells what the findings point at, where [`Outside::report`] leaves that out.
    fn report_notes(&self, found: &[Diagnostic], sources: &Sources);
    /// As [`Outside::report_notes`], without the text of files.
    fn report_places(&self, found: &[Diagnostic], sources: &Sources);
    /// Tells how many faults there were, and what that means.
    fn close(&self, found: &[Diagnostic], outcome: &str);
}

/// This machine, and the terminal or the journal of this process.
#[derive(Debug)]
pub(super) struct Here {
    verbosity: Verbosity,
    reporter: Reporter,
}

impl Here {
    pub fn new(verbosity: Verbosity) -> Self {
        Self {
            verbosity,
            reporter: Reporter::new(verbosity),
        }
    }
}

impl Outside for Here {
    fn judge(&self, root: &Root) -> Result<Judge, KernelError> {
        Judge::of_machine(root)
    }

    fn reload(&self, root: &Root) -> bool {
        // From here on a signal undoes what is begun, and the verb goes on with that.
        interrupt::catch();
        reload::reload(root, self.verbosity)
    }

    fn bring_back(&self, root: &Root, before: Option<&Before>) -> Follows {
        reload::bring_back(root, self.verbosity, before)
    }

    fn check(&self, check: &Check, root: &Root, limit: Duration) -> Result<(), Vec<String>> {
        check::wait(check, root, limit)
    }

    fn start_guard(&self, root: &Root) -> Result<(), String> {
        guard::start(root)
    }

    fn listen(&self, desk: &Desk, generation: u32) -> Heard {
        listen(&desk.root, || desk.waits(generation), || guard::revive(&desk.root))
    }

    fn pause(&self, length: Duration) {
        std::thread::sleep(length);
    }

    fn print(&self, text: &str) -> End {
        cli::print(&escaped_lines(text))
    }

    fn complain(&self, text: &str) {
        cli::complain(text);
    }

    fn report(&self, found: &[Diagnostic], sources: &Sources) {
        self.reporter.print(found, sources);
    }

    fn report_notes(&self, found: &[Diagnostic], sources: &Sources) {
        self.reporter.print_notes(found, sources);
    }

    fn report_places(&self, found: &[Diagnostic], sources: &Sources) {
        self.reporter.print_places(found, sources);
    }

    fn close(&self, found: &[Diagnostic], outcome: &str) {
        self.reporter.close(found, outcome);
    }
}
