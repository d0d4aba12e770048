//! The kernel before a change that may be taken back, and whether it is so again afterwards.
//!
//! Who changes it reads it whole, before the first step and once the change is live; whoever takes the change back, in this
//! process or another, compares with that. What others did in between stays as they left it.

use cleat_diag::{Diagnostic, escaped};
use cleat_ifupdown::apply::account::Account;
use cleat_ifupdown::apply::aftermath;
use cleat_ifupdown::state::lock;
use cleat_kernel::Host;
use cleat_model::apply::{self, Verdict};
use cleat_model::kernel::{Kernel, Query};
use cleat_model::snapshot::Snapshot;
use cleat_root::{Root, paths};
use log::debug;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::Duration;

/// How long a run that is under way is waited for. After it the kernel is compared, and not touched.
const WAIT: Duration = Duration::from_secs(10);

/// The kernel before a change.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Before {
    /// The digest of the files that it followed: where other ones are live, it is not to be as before.
    files: String,
    kernel: Snapshot,
}

/// The kernel around a change.
#[derive(Clone, Debug, Default)]
pub(super) struct Around {
    /// Before it.
    before: Option<Before>,
    /// When it had become live.
    live: Option<Snapshot>,
    /// When it began to be taken back.
    then: Option<Snapshot>,
}

impl Around {
    /// The kernel before a change that is about to be made. It is written down for those who may have to take the change
    /// back; where that fails this process alone knows it.
    pub fn remember(root: &Root, files: String) -> Self {
        forget(root);
        let before = see().map(|kernel| Before { files, kernel });
        if let Some(before) = &before {
            keep(root, paths::TRIAL_BEFORE, before);
        }
        Self {
            before,
            ..Self::default()
        }
    }

    /// What was written down of a change that is under way, or tried.
    pub fn recall(root: &Root) -> Self {
        Self {
            before: kept(root, paths::TRIAL_BEFORE),
            live: kept(root, paths::TRIAL_LIVE),
            then: None,
        }
    }

    /// Whether the kernel before the change is known.
    pub fn is_known(&self) -> bool {
        self.before.is_some()
    }

    /// The change is live.
    pub fn went_live(&mut self, root: &Root) {
        if self.before.is_none() {
            return;
        }
        self.live = see();
        if let Some(live) = &self.live {
            keep(root, paths::TRIAL_LIVE, live);
        }
    }

    /// It is about to be taken back.
    pub fn begin_back(&mut self, root: &Root) {
        if self.live.is_none() {
            self.live = kept(root, paths::TRIAL_LIVE);
        }
        if self.then.is_none() {
            self.then = see();
        }
    }

    /// It was taken back: what is not as before is put right, and what is left is reported and written down for `status`.
    /// `None` where nothing is known of how it was, or other `files` are live than were then.
    pub fn settle(&self, root: &Root, files: &str, lock: &Path) -> Option<Verdict> {
        let (before, then) = (self.before.as_ref()?, self.then.as_ref()?);
        if before.files != files {
            return None;
        }
        let before = &before.kernel;
        let live = self.live.as_ref().unwrap_or(then);
        let ours = apply::of_change(live, then);
        let course = (before, &[live, then][..]);
        let mut account = Account::new();
        let verdict = match (Host::open(), lock::take(root, lock, WAIT)) {
            (Ok(mut kernel), Ok(turn)) => {
                let verdict = aftermath::settle(&ours, course, &mut kernel, &[], &mut account);
                drop(turn);
                verdict
            }
            (Ok(mut kernel), Err(_)) => match kernel.snapshot(Query::ALL) {
                Ok(now) => apply::judge(&ours, course, &now, &[]),
                Err(error) => apply::cannot_judge(&error),
            },
            (Err(error), _) => apply::cannot_judge(&error),
        };
        Some(verdict)
    }
}

/// The change stands, or nobody has to compare with it any longer.
pub(super) fn forget(root: &Root) {
    for path in [paths::TRIAL_BEFORE, paths::TRIAL_LIVE] {
        if let Err(error) = root.remove(path) {
            debug!("{error}");
        }
    }
}

fn see() -> Option<Snapshot> {
    let seen = Host::open().map_err(|error| error.to_string());
    let seen = seen.and_then(|mut kernel| kernel.snapshot(Query::ALL).map_err(|error| error.to_string()));
    seen.inspect_err(|error| debug!("the kernel cannot be compared afterwards: {error}"))
        .ok()
}

fn keep(root: &Root, path: &str, what: &impl Serialize) {
    // Numbers, names and bytes: there is nothing in it that JSON cannot hold.
    let bytes = serde_json::to_vec(what).unwrap_or_default();
    let written = root
        .create_dir_all(paths::RUN_DIR)
        .and_then(|()| root.write_private(path, &bytes));
    if let Err(error) = written {
        debug!("{error}");
        let _ = root.remove(path);
    }
}

fn kept<T: DeserializeOwned>(root: &Root, path: &str) -> Option<T> {
    serde_json::from_slice(&root.read(path).ok()?).ok()
}

/// What was not as before when a generation had been taken back, for `status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NotAsBefore {
    /// The generation that was taken back.
    pub generation: u32,
    /// What is not as before, a line each.
    pub left: Vec<String>,
}

impl NotAsBefore {
    /// What the newest way back left.
    pub fn read(root: &Root) -> Option<Self> {
        serde_json::from_slice(&root.read(paths::NOT_AS_BEFORE).ok()?).ok()
    }

    /// Writes down what a way back left; nothing left takes the older word back.
    pub fn note(root: &Root, generation: u32, verdict: &Verdict) {
        let left = verdict.diagnostics.iter().filter(|found| tells_of_loss(found));
        let left: Vec<String> = left.map(|found| escaped(&found.message).to_string()).collect();
        let noted = match left.is_empty() {
            true => root.remove(paths::NOT_AS_BEFORE).map(drop),
            false => {
                let bytes = serde_json::to_vec(&Self { generation, left }).unwrap_or_default();
                root.write_private(paths::NOT_AS_BEFORE, &bytes)
            }
        };
        if let Err(error) = noted {
            debug!("{error}");
        }
    }
}

/// Whether something is not as before that was to be.
fn tells_of_loss(found: &Diagnostic) -> bool {
    matches!(found.code, "not-put-back" | "links-rebuilt")
}
