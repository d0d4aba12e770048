//! `status`: what is staged, what would become of it, and what waits for a confirmation.

use super::as_before::NotAsBefore;
use super::desk::Desk;
use super::notes::Refused;
use super::outside::at_desk;
use super::past::color;
use super::trial::Trial;
use cleat_cli::report::{document, in_order, json_text, page};
use cleat_cli::{Call, End, print};
use cleat_diag::escaped;
use cleat_ifupdown::state::run_files::RunFiles;
use cleat_model::journal;
use cleat_root::{Root, paths};
use cleat_store::{Findings, Found, Health, Occasion, Pending, Staged, Store, Timestamp, Watch, in_words};
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt;

/// All that `status` tells.
struct Status {
    staged: Option<StagedStatus>,
    refused: Option<Refused>,
    pending: Option<Pending>,
    trial: Option<Trial>,
    newest: Option<u32>,
    failed: Option<Failed>,
}

/// The generation that was tried last and failed: it was taken back, or it is what the files say now.
#[derive(Serialize)]
struct Failed {
    generation: u32,
    reason: String,
    /// Whether it is live.
    live: bool,
    /// What was not as before once it had been taken back.
    left: Vec<String>,
}

impl Failed {
    /// Where the newest generation is the one that was put back, or failed itself and is live.
    fn last(root: &Root, store: &Store) -> Option<Self> {
        let newest = store.generation(store.newest().ok()??).ok()?;
        let (failed, live) = match newest.origin {
            Occasion::Undo { of } => (store.generation(of).ok()?, false),
            _ => (newest, true),
        };
        let (generation, Health::Failed { reason, .. }) = (failed.number, failed.health) else {
            return None;
        };
        let left = NotAsBefore::read(root).filter(|left| left.generation == generation);
        (!live || store.is_live(generation).unwrap_or(false)).then_some(Self {
            generation,
            reason,
            live,
            left: left.map(|left| left.left).unwrap_or_default(),
        })
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, reason) = (self.generation, escaped(&self.reason));
        match self.live {
            false => {
                write!(out, "generation {number} was taken back: {reason}")?;
                self.left.iter().try_for_each(|left| write!(out, "; {left}"))
            }
            true => write!(
                out,
                "generation {number}, which is live, failed: {reason}: `cleat-commit rollback` goes back to the last healthy one"
            ),
        }
    }
}

/// What is staged.
struct StagedStatus {
    /// `None` where it is not fit to be read; why is in the findings.
    file: Option<Staged>,
    findings: Findings,
    diff: String,
}

/// `status`.
pub fn status(call: &Call) -> End {
    at_desk(call, |desk| {
        let color = color(call)?;
        let status = look(desk)?;
        let text = match call.has("json") {
            true => json_text(&status.document()),
            false => status.page(desk, color),
        };
        let refused = status
            .staged
            .as_ref()
            .is_some_and(|staged| staged.findings.has_errors());
        match print(&text) {
            End::Well if refused => Ok(End::Fault),
            end => Ok(end),
        }
    })
}

/// What `cleat status` has to say of commits, a line each: nothing for most hosts at most times.
pub fn notices(root: &Root) -> Vec<String> {
    let store = Store::new(root, Timestamp::now());
    let mut notices: Vec<String> = Failed::last(root, &store).iter().map(ToString::to_string).collect();
    let files = RunFiles::of_this_namespace(root);
    for path in [&files.journal, &files.inner_journal] {
        let left = root.read(path).ok().and_then(|bytes| journal::recover(&bytes));
        if let Some(left) = left {
            let (done, open) = (left.done.len(), left.open.len());
            notices.push(format!(
                "a run is under way or was killed: {done} steps were done, {open} begun; the next run takes over what it made"
            ));
        }
    }
    if let Some(refused) = Refused::read(root) {
        let reason = refused.reasons.first().map_or("", String::as_str);
        notices.push(format!("refused when this machine booted: {reason}"));
    }
    if !matches!(store.staged(), Ok(Found::Nothing)) {
        let path = paths::INTERFACES_NEW;
        notices.push(format!(
            "{path} is staged for the next boot: `cleat-commit status` tells what it would change"
        ));
    }
    if let Ok(Some(pending)) = store.pending() {
        let number = pending.number;
        notices.push(format!(
            "generation {number} waits to be confirmed: `cleat-commit status`"
        ));
    }
    notices
}

fn look(desk: &Desk) -> Result<Status, End> {
    let fail = |error: &_| desk.fail(error);
    Ok(Status {
        staged: staged(desk)?,
        refused: Refused::read(&desk.root),
        pending: desk.store.pending().map_err(|error| fail(&error))?,
        trial: Trial::open(&desk.root),
        newest: desk.store.newest().map_err(|error| fail(&error))?,
        failed: Failed::last(&desk.root, &desk.store),
    })
}

fn staged(desk: &Desk) -> Result<Option<StagedStatus>, End> {
    let file = match desk.store.staged().map_err(|error| desk.fail(&error))? {
        Found::Nothing => return Ok(None),
        Found::Fit(staged) => *staged,
        Found::Unfit(unfit) => {
            return Ok(Some(StagedStatus {
                file: None,
                findings: Findings::one(*unfit),
                diff: String::new(),
            }));
        }
    };
    let judge = desk.judge()?;
    let judged = desk.store.preview(&|config| judge.judge(config));
    let findings = judged.map_err(|error| desk.fail(&error))?.unwrap_or_default();
    Ok(Some(StagedStatus {
        diff: desk.store.staged_diff(&file).map_err(|error| desk.fail(&error))?,
        file: Some(file),
        findings,
    }))
}

impl Status {
    fn page(&self, desk: &Desk, color: bool) -> String {
        let mut text = match self.newest {
            Some(newest) => format!("newest generation: {newest}\n"),
            None => "nothing was committed yet\n".to_owned(),
        };
        if let Some(failed) = &self.failed {
            text += &format!("{failed}\n");
        }
        text += &self.pending_text();
        if let Some(refused) = &self.refused {
            text += &format!("refused when this machine booted, {}:\n", refused.time);
            refused
                .reasons
                .iter()
                .for_each(|reason| text += &format!("  {reason}\n"));
            if let Some(path) = &refused.kept_as {
                text += &format!("  it was set aside as {path}\n");
            }
        }
        match &self.staged {
            None => text + "nothing is staged\n",
            Some(staged) => text + &staged.page(desk, color),
        }
    }

    fn pending_text(&self) -> String {
        let Some(Pending { number, watch, .. }) = &self.pending else {
            return String::new();
        };
        match watch {
            Watch::FirstBoot { check } => format!("generation {number} has yet to pass its check ({check})\n"),
            Watch::Live { .. } => match self.trial.as_ref().and_then(Trial::left) {
                Some(left) => format!(
                    "generation {number} is on trial for another {} s: `cleat-commit confirm` keeps it\n",
                    left.as_secs()
                ),
                None => format!("generation {number} is being brought up\n"),
            },
        }
    }

    /// The document of `--json`.
    ///
    /// *Shape*: `{"newest": number, "failed": {"generation", "reason", "live", "left": [text]}, "staged": {"by", "time", "confirm", "diff", "judged": (as of `cleat check --json`)},
    /// "refused": {"time", "reasons": [text], "kept_as"}, "pending": {"generation", "kind", "check"}, "trial":
    /// {"generation", "left" (seconds)}}`; what there is not is `null`. Times are seconds since 1970.
    fn document(&self) -> Value {
        json!({
            "newest": self.newest,
            "failed": self.failed,
            "staged": self.staged.as_ref().map(StagedStatus::document),
            "refused": self.refused,
            "pending": self.pending.as_ref().map(|pending| match &pending.watch {
                Watch::Live { .. } => json!({ "generation": pending.number, "kind": "live", "check": null }),
                Watch::FirstBoot { check } => {
                    json!({ "generation": pending.number, "kind": "first-boot", "check": check })
                }
            }),
            "trial": self.trial.as_ref().map(|trial| {
                json!({ "generation": trial.generation, "left": trial.left().map(|left| left.as_secs()) })
            }),
        })
    }
}

impl StagedStatus {
    fn page(&self, desk: &Desk, color: bool) -> String {
        let mut text = String::new();
        if let Some(file) = &self.file {
            let (time, by) = match &file.record {
                Some(record) => (record.time, format!("by {}", record.by)),
                None => (file.modified, "by another program".to_owned()),
            };
            let age = desk
                .now
                .since(time)
                .map_or(String::new(), |age| format!(", {} ago", in_words(age)));
            text += &format!("staged {by}{age}: {}\n", paths::INTERFACES_NEW);
            if let Some(check) = file.record.as_ref().and_then(|record| record.confirm.as_ref()) {
                text += &format!("its first boot has to pass: {check}\n");
            }
            let count = |sign: char| {
                let lines = self.diff.lines().skip(2).filter(|line| line.starts_with(sign));
                lines.count()
            };
            text += &match self.diff.is_empty() {
                true => "it is the same as the live one\n".to_owned(),
                false => format!(
                    "it adds {} lines and takes {} away: `cleat-commit diff`\n",
                    count('+'),
                    count('-')
                ),
            };
        }
        if !self.findings.diagnostics.is_empty() {
            let found = in_order(&self.findings.diagnostics);
            text += &format!("\n{}", page(&found, &self.findings.sources, color));
        }
        text += match self.findings.has_errors() {
            true => "it would be refused\n",
            false => "it would be committed\n",
        };
        text
    }

    fn document(&self) -> Value {
        let record = self.file.as_ref().and_then(|file| file.record.as_ref());
        let found = in_order(&self.findings.diagnostics);
        json!({
            "by": record.map(|record| &record.by),
            "time": record.map(|record| record.time).or(self.file.as_ref().map(|file| file.modified)),
            "confirm": record.and_then(|record| record.confirm.as_ref()),
            "diff": self.diff,
            "judged": document(&found, &self.findings.sources),
        })
    }
}
