//! `apply`, `try`, `confirm` and `rollback`: what changes the running network.

use super::desk::{Desk, who};
use super::guard::{self, Cause};
use super::listen::{Heard, listen};
use super::notes::Refused;
use super::reload::{bring_back, reload};
use super::trial::{self, Outcome as Ended, Trial};
use crate::args::Verbosity;
use crate::cli::{Call, End, complain, print};
use crate::hangup;
use cleat_diag::Diagnostic;
use cleat_root::{Lock, LockError};
use cleat_store::{
    CommitOptions, Committed, Health, Locked, Origin, Outcome, StoreError, Timestamp, Undone, Watch, What,
};
use std::time::{Duration, Instant};

/// How long the one at the terminal waits for the guard to put everything back, before it does so itself.
const GUARD_LIMIT: Duration = Duration::from_secs(120);

/// `apply`.
pub fn apply(call: &Call) -> End {
    let run = || {
        let desk = Desk::open_as_root(call)?;
        make_live(&desk, What::Staged, None, call.verbosity)?;
        Ok(End::Well)
    };
    run().unwrap_or_else(|end: End| end)
}

/// Commits, reloads, and lets it stand, or puts file and kernel back.
fn make_live(
    desk: &Desk,
    what: What,
    until: Option<Timestamp>,
    verbosity: Verbosity,
) -> Result<Option<Committed>, End> {
    let Some(committed) = commit(desk, what, until)? else {
        return Ok(None);
    };
    let number = committed.number;
    if !reload(&desk.root, verbosity) {
        put_back(desk, "the reload with it failed", verbosity);
        return Err(End::Fault);
    }
    if until.is_none() {
        confirm_pending(desk)?;
        print(&format!("generation {number} is live\n"));
    }
    Ok(Some(committed))
}

/// Judges and commits; what came of it is told. `None` where there was nothing to do.
fn commit(desk: &Desk, what: What, until: Option<Timestamp>) -> Result<Option<Committed>, End> {
    let judge = desk.judge()?;
    let options = CommitOptions {
        origin: Origin::Live,
        by: who(),
        watch: Some(Watch::Live { until }),
        keep_refused: false,
    };
    let locked = desk.lock()?;
    settle_history(desk, &locked);
    let outcome = locked.commit(what, &options, &|config| judge.judge(config));
    drop(locked);
    match outcome.map_err(|error| desk.fail(&error))? {
        Outcome::Nothing => {
            print("nothing is staged\n");
            Ok(None)
        }
        Outcome::Unchanged(findings) => {
            desk.tell(&findings);
            print("the live configuration is that one already\n");
            Ok(None)
        }
        Outcome::Refused(refusal) => {
            desk.tell_in_full(&refusal.findings);
            desk.close(&refusal.findings, "nothing was changed");
            Err(End::Fault)
        }
        Outcome::Committed(committed) => {
            Refused::forget(&desk.root);
            desk.tell(&committed.findings);
            Ok(Some(committed))
        }
    }
}

/// Makes room for the history and takes in what waits for it. What cannot be done is told, and stops nothing.
pub(super) fn settle_history(desk: &Desk, locked: &Locked<'_>) {
    let settled = locked.set_up_history().and_then(|()| locked.import_spool()).map(drop);
    let pruned = locked.prune(desk.keep()).map(drop);
    for error in [settled, pruned].into_iter().filter_map(Result::err) {
        let text = format!("the history could not be put in order: {error}");
        desk.say(Diagnostic::warning("history-unsettled", text));
    }
}

/// Lets the commit that waits stand.
fn confirm_pending(desk: &Desk) -> Result<u32, End> {
    let locked = desk.lock()?;
    let (number, warnings) = locked.confirm().map_err(|error| desk.fail(&error))?;
    warnings.into_iter().for_each(|found| desk.say(found));
    settle_history(desk, &locked);
    Ok(number)
}

/// Puts file and kernel back to what held before the commit that waits, stages again what was taken back, and tells
/// what came of it.
pub(super) fn put_back(desk: &Desk, reason: &str, verbosity: Verbosity) -> Ended {
    let undone = match take_back(desk, reason) {
        Ok(undone) => undone,
        Err(_) => return Ended::Stuck,
    };
    let text = format!("generation {} is taken back: {reason}", undone.number);
    desk.say(Diagnostic::error("taken-back", text));
    match bring_back(&desk.root, verbosity) {
        true => Ended::PutBack,
        false => {
            let text = "the files are as before; the network could not be put back in all";
            desk.say(Diagnostic::error("put-back-failed", text).help("`ifreload -a` tries again"));
            Ended::Stuck
        }
    }
}

/// The files' part of [`put_back`].
fn take_back(desk: &Desk, reason: &str) -> Result<Undone, End> {
    let locked = desk.lock()?;
    let undone = locked.undo(reason).map_err(|error| desk.fail(&error))?;
    undone.warnings.iter().cloned().for_each(|found| desk.say(found));
    let staged_again = locked.generation(undone.number).and_then(|generation| {
        let mut staging = locked.staging_of(&generation)?;
        staging.rollback_of = None;
        staging.by = generation.by.clone();
        locked.stage(staging)
    });
    match staged_again {
        Ok(()) | Err(StoreError::AlreadyStaged { .. }) => {}
        Err(error) => {
            let text = format!("what was taken back could not be staged again: {error}");
            desk.say(Diagnostic::warning("not-staged-again", text));
        }
    }
    Ok(undone)
}

/// `confirm`.
pub fn confirm(call: &Call) -> End {
    let run = || {
        let desk = Desk::open_as_root(call)?;
        let number = confirm_pending(&desk)?;
        if let Some(trial) = Trial::open(&desk.root).filter(|trial| trial.generation == number) {
            decide(&desk, trial, Ended::Kept);
        }
        Ok(print(&format!("generation {number} is kept\n")))
    };
    run().unwrap_or_else(|end: End| end)
}

/// Writes down how a trial ended. Where that fails, the others learn it from the store.
fn decide(desk: &Desk, trial: Trial, ended: Ended) {
    let trial = Trial {
        outcome: Some(ended),
        ..trial
    };
    if let Err(error) = trial.write(&desk.root) {
        desk.say(Diagnostic::warning("trial-unwritable", error.to_string()));
    }
}

/// `rollback [N] [--now]`.
pub fn rollback(call: &Call) -> End {
    let run = || {
        let desk = Desk::open_as_root(call)?;
        let number = match call.words.first() {
            Some(word) => Some(super::past::number(word)?),
            None => None,
        };
        if number.is_none() && call.has("now") && desk.store.pending().is_ok_and(|pending| pending.is_some()) {
            let trial = Trial::open(&desk.root);
            let ended = put_back(&desk, &format!("{} asked for it", who()), call.verbosity);
            trial.into_iter().for_each(|trial| decide(&desk, trial, ended));
            return Ok(if ended == Ended::PutBack { End::Well } else { End::Fault });
        }
        let number = match number {
            Some(number) => number,
            None => before_the_newest(&desk)?,
        };
        match call.has("now") {
            true => make_live(&desk, What::Generation(number), None, call.verbosity).map(|_| End::Well),
            false => stage_generation(&desk, number),
        }
    };
    run().unwrap_or_else(|end: End| end)
}

/// The generation before the newest one that holds another configuration.
fn before_the_newest(desk: &Desk) -> Result<u32, End> {
    let (history, found) = desk.store.history();
    found.into_iter().for_each(|found| desk.say(found));
    let live = desk.store.live().map_err(|error| desk.fail(&error))?.digest();
    let mut others = history.iter().rev().filter(|generation| {
        let failed = matches!(generation.health, Health::Failed { .. });
        generation.digest != live && !failed
    });
    match others.next() {
        Some(generation) => Ok(generation.number),
        None => {
            let text = "there is no earlier generation to go back to";
            Err(desk.refuse(Diagnostic::error("no-generation", text)))
        }
    }
}

fn stage_generation(desk: &Desk, number: u32) -> Result<End, End> {
    let locked = desk.lock()?;
    let stage = || {
        let generation = locked.generation(number)?;
        let mut staging = locked.staging_of(&generation)?;
        staging.by = who();
        staging.replace = false;
        locked.stage(staging)
    };
    stage().map_err(|error| desk.fail(&error))?;
    let text = format!(
        "generation {number} is staged; the next boot makes it the live one, `cleat-commit apply` does so now\n"
    );
    Ok(print(&text))
}

/// `try`.
pub fn try_out(call: &Call) -> End {
    try_with(call).unwrap_or_else(|end| end)
}

fn try_with(call: &Call) -> Result<End, End> {
    let takes = "a number of seconds from 1";
    let said = match call.parsed::<u32>("timeout", takes) {
        Ok(Some(0)) => Err(format!("`--timeout` takes {takes}, not `0`")),
        said => said,
    };
    let said = said.map_err(|text| {
        complain(&text);
        End::Usage
    })?;
    let desk = Desk::open_as_root(call)?;
    let timeout = said.map_or(desk.settings.try_timeout, |seconds| Duration::from_secs(seconds.into()));
    let watch = hold_watch(&desk)?;
    hangup::outlive();
    guard::start(&desk.root).map_err(|text| desk.refuse(Diagnostic::error("no-guard", text)))?;
    let until = Timestamp(Timestamp::now().0.saturating_add(timeout.as_secs()));
    let Some(committed) = make_live(&desk, What::Staged, Some(until), call.verbosity)? else {
        return Ok(End::Well);
    };
    let trial = Trial {
        generation: committed.number,
        deadline: Some(trial::now().saturating_add(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX))),
        outcome: None,
    };
    if let Err(error) = trial.write(&desk.root) {
        desk.say(Diagnostic::error("trial-unwritable", error.to_string()));
        put_back(&desk, "its deadline could not be noted", call.verbosity);
        return Err(End::Fault);
    }
    print(&format!(
        "generation {} is on trial: press Enter within {} s to keep it, or run `cleat-commit confirm` from any login\n",
        trial.generation,
        timeout.as_secs_f64().ceil()
    ));
    Ok(wait_at_terminal(&desk, trial, watch, call.verbosity))
}

fn hold_watch(desk: &Desk) -> Result<Lock, End> {
    guard::hold_watch(&desk.root).map_err(|error| {
        let found = Diagnostic::error("trial-open", format!("another trial is under way: {error}"));
        desk.refuse(match error {
            LockError::Busy { .. } => found.help("`cleat-commit confirm` keeps it"),
            LockError::Io(error) => Diagnostic::error("trial-unwritable", error.to_string()),
        })
    })
}

/// Waits for a decision and tells what it was.
fn wait_at_terminal(desk: &Desk, trial: Trial, watch: Lock, verbosity: Verbosity) -> End {
    let heard = listen(&desk.root, || is_open(desk));
    if heard == Heard::Enter {
        return match confirm_pending(desk) {
            Ok(number) => {
                decide(desk, trial, Ended::Kept);
                print(&format!("generation {number} is kept\n"))
            }
            Err(end) => end,
        };
    }
    // From here on the guard finds nobody waiting, and acts at once where nobody has decided yet.
    drop(watch);
    match wait_for_end(desk, &trial) {
        Some(Ended::Kept) => print(&format!("generation {} is kept\n", trial.generation)),
        Some(Ended::PutBack) => {
            complain("nobody confirmed: everything is as before");
            End::Fault
        }
        Some(Ended::Stuck) => {
            complain("nobody confirmed, and not everything could be put back: see the journal");
            End::Fault
        }
        None if !is_open(desk) => {
            complain("it was decided elsewhere: `cleat-commit history` shows how");
            End::Fault
        }
        // The guard is gone.
        None => {
            let ended = put_back(desk, "nobody confirmed it", verbosity);
            decide(desk, trial, ended);
            End::Fault
        }
    }
}

/// Whether a live change waits for its confirmation. What cannot be read is taken to do so.
fn is_open(desk: &Desk) -> bool {
    desk.store.pending().map_or(true, |pending| pending.is_some())
}

/// Waits until it is known how it ended; `None` where nobody says so.
///
/// *Shape*: who decides settles the commit first, and writes down the end of the trial when all is done. What the
/// history says of a generation that was kept holds whatever became of that record.
fn wait_for_end(desk: &Desk, trial: &Trial) -> Option<Ended> {
    let end = Instant::now() + GUARD_LIMIT;
    while Instant::now() < end {
        if is_kept(desk, trial.generation) {
            return Some(Ended::Kept);
        }
        let now = Trial::read(&desk.root).filter(|now| now.generation == trial.generation);
        if let Some(ended) = now.and_then(|now| now.outcome) {
            return Some(ended);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    None
}

/// Whether somebody let this generation stand.
fn is_kept(desk: &Desk, number: u32) -> bool {
    let generation = desk.store.generation(number);
    generation.is_ok_and(|generation| matches!(generation.health, Health::Healthy { .. }))
}

/// The guard.
pub fn guard_try(call: &Call) -> End {
    let run = || {
        let desk = Desk::open_as_root(call)?;
        hangup::outlive();
        let cause =
            guard::watch(&desk.root, &desk.store).map_err(|text| desk.refuse(Diagnostic::error("no-guard", text)))?;
        let reason = match cause {
            None => return Ok(End::Well),
            Some(Cause::Time) => "nobody confirmed it in time",
            Some(Cause::Gone) => "the one who tried it is gone",
        };
        let trial = Trial::open(&desk.root);
        let ended = put_back(&desk, reason, call.verbosity);
        trial.into_iter().for_each(|trial| decide(&desk, trial, ended));
        Ok(if ended == Ended::PutBack { End::Well } else { End::Fault })
    };
    run().unwrap_or_else(|end: End| end)
}
