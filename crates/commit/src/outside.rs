//! What a verb meets outside the files: the running network, other processes, and whoever reads and types.

use super::as_before::{self, Around};
use super::check;
use super::desk::{Desk, Outside};
use super::guard;
use super::judge::Judge;
use super::listen::{Heard, listen};
use super::reload::{self, Follows};
use cleat_cli::logging::Reporter;
use cleat_cli::{self as cli, Call, End};
use cleat_diag::{Diagnostic, Sources, escaped_lines};
use cleat_ifupdown::apply::interrupt;
use cleat_ifupdown::args::Verbosity;
use cleat_ifupdown::state::run_files::RunFiles;
use cleat_model::apply::Verdict;
use cleat_model::kernel::KernelError;
use cleat_root::Root;
use cleat_settings::Check;
use cleat_store::{Before, Timestamp};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// This machine, and the terminal or the journal of this process.
#[derive(Debug)]
pub(super) struct Here {
    verbosity: Verbosity,
    reporter: Reporter,
    around: RefCell<Around>,
}

impl Here {
    pub fn new(verbosity: Verbosity) -> Self {
        Self {
            verbosity,
            reporter: Reporter::new(verbosity),
            around: RefCell::default(),
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

    fn remember(&self, root: &Root, files: String) {
        if !self.around.borrow().is_known() {
            self.around.replace(Around::remember(root, files));
        }
    }

    fn recall(&self, root: &Root) {
        if !self.around.borrow().is_known() {
            self.around.replace(Around::recall(root));
        }
    }

    fn went_live(&self, root: &Root) {
        self.around.borrow_mut().went_live(root);
    }

    fn begin_back(&self, root: &Root) {
        self.around.borrow_mut().begin_back(root);
    }

    fn compare(&self, root: &Root, files: &str) -> Option<Verdict> {
        let lock = RunFiles::of_this_namespace(root).lock;
        let around = self.around.take();
        around.settle(root, files, &lock)
    }

    fn forget(&self, root: &Root) {
        as_before::forget(root);
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

/// Runs a verb on the host's own files, as root. Root alone may look, too: a configuration may hold what others must not
/// read (a Wi-Fi key), and the history holds configurations that were.
pub(super) fn at_desk(call: &Call, run: impl FnOnce(&Desk) -> Result<End, End>) -> End {
    let mut desk = Desk::at(Root::real(), Timestamp::now(), Rc::new(Here::new(call.verbosity)));
    desk.json = call.has("json");
    if !nix::unistd::geteuid().is_root() {
        let text = format!("only root can do this: cleat-commit {}", call.verb.name);
        return desk.refuse(Diagnostic::error("not-root", text));
    }
    run(&desk).unwrap_or_else(|end| end)
}
