//! What every verb works with: the root, the settings, the store, and a way to tell what is wrong.

use super::judge::Judge;
use crate::cli::{Call, End};
use crate::logging::Reporter;
use crate::settings::Settings;
use cleat_diag::{Diagnostic, Sources};
use cleat_root::{Root, paths};
use cleat_store::{Content, Findings, Keep, Locked, Store, StoreError, Timestamp};
use std::path::Path;
use std::time::Duration;

/// How long another program (Proxmox VE's own) that holds the lock of the configuration is waited for.
const LOCK_WAIT: Duration = Duration::from_secs(30);

/// What every verb works with.
#[derive(Debug)]
pub(super) struct Desk {
    pub root: Root,
    pub settings: Settings,
    pub store: Store,
    /// When the run began.
    pub now: Timestamp,
    reporter: Reporter,
}

impl Desk {
    /// Reads the settings; what is wrong with them is told.
    fn open(call: &Call) -> Self {
        let root = Root::real();
        let reporter = Reporter::new(call.verbosity);
        let mut sources = Sources::new();
        let (settings, found) = Settings::load(&root, &mut sources);
        reporter.print(&found, &sources);
        let now = Timestamp::now();
        Self {
            store: Store::new(&root, now),
            now,
            root,
            settings,
            reporter,
        }
    }

    /// Opens it. Root alone may look, too: a configuration may hold what others must not read (a Wi-Fi key), and the
    /// history holds configurations that were.
    ///
    /// # Errors
    /// We are not root, which is told.
    pub fn open_as_root(call: &Call) -> Result<Self, End> {
        let desk = Self::open(call);
        if nix::unistd::geteuid().is_root() {
            return Ok(desk);
        }
        let text = format!("only root can do this: cleat-commit {}", call.verb.name);
        Err(desk.refuse(Diagnostic::error("not-root", text)))
    }

    /// Takes the lock of the configuration.
    ///
    /// # Errors
    /// Somebody holds it for too long, which is told.
    pub fn lock(&self) -> Result<Locked<'_>, End> {
        self.store.lock(LOCK_WAIT).map_err(|error| self.fail(&error))
    }

    /// Prints what was found.
    pub fn tell(&self, findings: &Findings) {
        self.reporter.print(&findings.diagnostics, &findings.sources);
    }

    /// As [`Desk::tell`], with all that is pointed at: both sides of a clash are shown in the journal, too.
    pub fn tell_in_full(&self, findings: &Findings) {
        self.tell(findings);
        self.reporter.print_notes(&findings.diagnostics, &findings.sources);
    }

    /// Prints one finding that points nowhere.
    pub fn say(&self, found: Diagnostic) {
        self.reporter.print(&[found], &Sources::new());
    }

    /// Says how many faults there were, and what that means.
    pub fn close(&self, findings: &Findings, outcome: &str) {
        self.reporter.close(&findings.diagnostics, outcome);
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
    /// The kernel cannot be read, which is told.
    pub fn judge(&self) -> Result<Judge, End> {
        Judge::of_machine(&self.root).map_err(|error| {
            let text = format!("cannot read the kernel's links (ip link): {error}");
            self.refuse(Diagnostic::error("kernel-unreadable", text))
        })
    }

    /// How much history is kept.
    pub fn keep(&self) -> Keep {
        Keep {
            count: usize::try_from(self.settings.keep_generations).unwrap_or(usize::MAX),
            bytes: u64::from(self.settings.keep_size) << 20,
        }
    }

    /// The live file itself.
    ///
    /// # Errors
    /// It cannot be read, which is told.
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
        StoreError::Unfinished => found.help("`cleat-commit boot` finishes or undoes it"),
        StoreError::AlreadyStaged { .. } => {
            found.help("`cleat-commit diff` shows it, `cleat-commit revert` removes it")
        }
        _ => found,
    }
}

/// Who runs this: `root on pts/0`, or behind sudo(8) the one who called it.
pub(super) fn who() -> String {
    let user = nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten();
    let user = std::env::var("SUDO_USER").ok().or_else(|| user.map(|user| user.name));
    let user = user.unwrap_or_else(|| format!("user {}", nix::unistd::getuid()));
    let terminal = nix::unistd::ttyname(std::io::stdin()).ok();
    match terminal.as_deref().and_then(|path| path.strip_prefix("/dev").ok()) {
        Some(terminal) => format!("{user} on {}", terminal.display()),
        None => user,
    }
}
