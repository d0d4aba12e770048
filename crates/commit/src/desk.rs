//! What every verb works with: the root, the settings, the store, and a way to tell what is wrong.

use super::judge::Judge;
use super::listen::Heard;
use super::reload::Follows;
use cleat_cli::End;
use cleat_cli::report::json_text;
use cleat_diag::{Diagnostic, Sources};
use cleat_model::apply::Verdict;
use cleat_model::kernel::KernelError;
use cleat_root::{Root, paths};
use cleat_settings::{Check, Settings};
use cleat_store::{Before, Content, Findings, Keep, Locked, Store, StoreError, Timestamp};
use serde_json::Value;
use std::fmt;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

/// How long another program (Proxmox VE's own) that holds the lock of the configuration is waited for.
const LOCK_WAIT: Duration = Duration::from_secs(30);

/// What every verb works with.
#[derive(Clone, Debug)]
pub(super) struct Desk {
    pub root: Root,
    pub settings: Settings,
    pub store: Store,
    /// When the run began.
    pub now: Timestamp,
    pub outside: Rc<dyn Outside>,
    /// Whether a document is printed, and no text.
    pub json: bool,
}

/// The world around a verb; a test bed has one of its own, so that a verb can be run whole on a disk with faults.
pub(super) trait Outside: fmt::Debug {
    /// A judge who knows the NICs of this machine.
    fn judge(&self, root: &Root) -> Result<Judge, KernelError>;
    /// The kernel follows the live file: like `ifreload -a`. Answers whether it does.
    fn reload(&self, root: &Root) -> bool;
    /// As [`Outside::reload`], of the configuration from before, or of a file that was put back: as much as comes up.
    fn bring_back(&self, root: &Root, before: Option<&Before>) -> Follows;
    /// The kernel is about to be changed: how it is now, with the `files` of this digest, is kept in mind,
    /// where nothing is known of how it was before.
    fn remember(&self, root: &Root, files: String);
    /// As [`Outside::remember`], where another process has done so already.
    fn recall(&self, root: &Root);
    /// The change is live.
    fn went_live(&self, root: &Root);
    /// The change is about to be taken back.
    fn begin_back(&self, root: &Root);
    /// The change was taken back: puts right what is not as before, and says how the kernel is. `None` where it is not known
    /// how it was, or other files are live than were then.
    fn compare(&self, root: &Root, files: &str) -> Option<Verdict>;
    /// The change stands.
    fn forget(&self, root: &Root);
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

impl Desk {
    /// Reads the settings; what is wrong with them is reported.
    pub fn at(root: Root, now: Timestamp, outside: Rc<dyn Outside>) -> Self {
        let mut sources = Sources::new();
        let (settings, found) = Settings::load(&root, &mut sources);
        outside.report(&found, &sources);
        Self {
            store: Store::new(&root, now),
            now,
            root,
            settings,
            outside,
            json: false,
        }
    }

    /// Takes the lock of the configuration.
    ///
    /// # Errors
    /// Somebody holds it for too long, which is reported.
    pub fn lock(&self) -> Result<Locked<'_>, End> {
        self.hold().map_err(|error| self.fail(&error))
    }

    /// As [`Desk::lock`], for the caller to tell why not.
    pub fn hold(&self) -> Result<Locked<'_>, StoreError> {
        self.store.lock(LOCK_WAIT)
    }

    /// Whether the commit of a generation waits to be confirmed. What cannot be read is taken to do so.
    pub fn waits(&self, number: u32) -> bool {
        self.store
            .pending()
            .map_or(true, |pending| pending.is_some_and(|pending| pending.number == number))
    }

    /// Writes to standard output, where no document is asked for.
    pub fn print(&self, text: &str) -> End {
        match self.json {
            true => End::Well,
            false => self.outside.print(text),
        }
    }

    /// Writes the document that is asked for.
    pub fn document(&self, document: &Value) -> End {
        match self.json {
            true => self.outside.print(&json_text(document)),
            false => End::Well,
        }
    }

    /// Prints what was found.
    pub fn tell(&self, findings: &Findings) {
        self.outside.report(&findings.diagnostics, &findings.sources);
    }

    /// As [`Desk::tell`], with where the lines stand that it speaks of: the journal and the console are read by others.
    pub fn tell_places(&self, findings: &Findings) {
        self.tell(findings);
        self.outside.report_places(&findings.diagnostics, &findings.sources);
    }

    /// As [`Desk::tell`], with all that is pointed at: both sides of a clash are shown in a log, too.
    pub fn tell_in_full(&self, findings: &Findings) {
        self.tell(findings);
        self.outside.report_notes(&findings.diagnostics, &findings.sources);
    }

    /// Prints one finding that points nowhere.
    pub fn say(&self, found: Diagnostic) {
        self.outside.report(&[found], &Sources::new());
    }

    /// Says how many faults there were, and what that means.
    pub fn close(&self, findings: &Findings, outcome: &str) {
        self.outside.close(&findings.diagnostics, outcome);
    }

    /// Tells a fault that ends the run.
    pub fn refuse(&self, found: Diagnostic) -> End {
        self.say(found);
        End::Fault
    }

    /// Tells that the store failed.
    pub fn fail(&self, error: &StoreError) -> End {
        self.refuse(store_failed(error))
    }

    /// A judge who knows this machine.
    ///
    /// # Errors
    /// The kernel cannot be read, which is reported.
    pub fn judge(&self) -> Result<Judge, End> {
        self.outside.judge(&self.root).map_err(|error| {
            let text = format!("cannot read the kernel's links (ip link): {error}");
            self.refuse(Diagnostic::error("kernel-unreadable", text))
        })
    }

    /// How much history is kept.
    pub fn keep(&self) -> Keep {
        self.settings.keep()
    }

    /// The live file itself.
    ///
    /// # Errors
    /// It cannot be read, which is reported.
    pub fn live_file(&self) -> Result<Option<Content>, End> {
        Content::read(&self.root, Path::new(paths::INTERFACES)).map_err(|error| self.fail(&error.into()))
    }
}

/// A failure of the store as a diagnostic.
pub(super) fn store_failed(error: &StoreError) -> Diagnostic {
    let found = Diagnostic::error("store", error.to_string());
    match error {
        StoreError::Pending { .. } => {
            found.help("`cleat-commit confirm` keeps it, `cleat-commit rollback --now` undoes it")
        }
        StoreError::PartlyUndone { .. } => found.help("`cleat-commit rollback --now` goes on with that"),
        StoreError::Unfinished => found.help("`cleat-commit boot` finishes or undoes it"),
        StoreError::AlreadyStaged { .. } => {
            found.help("`cleat-commit diff` shows it, `cleat-commit revert` removes it")
        }
        _ => found,
    }
}
