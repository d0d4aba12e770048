//! `apply`, `confirm` and `rollback`: what changes the running network, and stands or is put back.

use super::as_before::NotAsBefore;
use super::desk::Desk;
use super::notes::Refused;
use super::outside::at_desk;
use super::recover::{Recovered, recover};
use super::reload::Follows;
use super::trial::{Outcome as Ended, Trial};
use cleat_cli::{Call, End, who};
use cleat_diag::Diagnostic;
use cleat_ifupdown::apply::hangup;
use cleat_store::{
    CommitOptions, Committed, Health, Locked, Occasion, Outcome, StoreError, Timestamp, Undone, Watch, What,
};
use serde_json::json;

/// `apply`.
pub fn apply(call: &Call) -> End {
    hangup::outlive();
    at_desk(call, apply_at)
}

pub(super) fn apply_at(desk: &Desk) -> Result<End, End> {
    let committed = make_live(desk, What::Staged, None)?;
    Ok(match committed {
        Some(committed) if committed.findings.leaves_out() => End::Fault,
        _ => End::Well,
    })
}

/// Commits, reloads, and lets it stand, or puts file and kernel back.
pub(super) fn make_live(desk: &Desk, what: What, until: Option<Timestamp>) -> Result<Option<Committed>, End> {
    if until.is_none() {
        remember(desk);
    }
    let Some(committed) = commit(desk, what, until)? else {
        desk.outside.forget(&desk.root);
        return Ok(None);
    };
    let number = committed.number;
    if !desk.outside.reload(&desk.root) {
        if put_back(desk, number, "the reload with it failed") == Ended::Kept {
            let text = format!("generation {number} was confirmed meanwhile; the reload with it failed");
            desk.say(Diagnostic::error("kept-unreloaded", text).help("`ifreload -a` tries again"));
        }
        return Err(End::Fault);
    }
    if until.is_none() {
        if let Err(end) = keep(desk, number) {
            if desk.waits(number) {
                let text =
                    format!("generation {number} is live, and the next boot takes it back unless it is confirmed");
                desk.say(Diagnostic::error("not-kept", text).help("`cleat-commit confirm` keeps it"));
            }
            return Err(end);
        }
        desk.print(&format!("generation {number} is live\n"));
    } else {
        desk.outside.went_live(&desk.root);
    }
    Ok(Some(committed))
}

/// Keeps in mind how the kernel is. Where an earlier change was cut short, that is how it was before that one.
pub(super) fn remember(desk: &Desk) {
    if !matches!(desk.store.live_change(), Ok(None)) {
        desk.outside.recall(&desk.root);
    }
    if let Ok(live) = desk.store.live() {
        desk.outside.remember(&desk.root, live.digest().to_string());
    }
}

/// Judges and commits; what came of it is reported. `None` where there was nothing to do.
fn commit(desk: &Desk, what: What, until: Option<Timestamp>) -> Result<Option<Committed>, End> {
    let judge = desk.judge()?;
    let options = CommitOptions {
        origin: Occasion::Live,
        by: who(),
        watch: Some(Watch::Live { until }),
        keep_refused: false,
    };
    let locked = desk.lock()?;
    // A commit that was cut short is in the way of the next one.
    let recovered = recover(desk, &locked);
    settle_history(desk, &locked);
    let outcome = locked.commit(what, &options, &|config| judge.judge(config));
    drop(locked);
    let is_committed = matches!(outcome, Ok(Outcome::Committed(_)));
    if !is_committed && !follow(desk, &recovered) {
        desk.say(not_followed());
    }
    match outcome.map_err(|error| desk.fail(&error))? {
        Outcome::Nothing => {
            desk.print("nothing is staged\n");
            Ok(None)
        }
        Outcome::Unchanged(findings) => {
            desk.tell(&findings);
            desk.print("the live configuration is that one already\n");
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

/// Makes room for the history and takes in what waits for it. What cannot be done is reported, and stops nothing.
pub(super) fn settle_history(desk: &Desk, locked: &Locked<'_>) {
    let settled = locked.set_up_history().and_then(|()| locked.import_spool()).map(drop);
    let pruned = locked.prune(desk.keep()).map(|gone| {
        for number in gone {
            let text = format!("generation {number} is removed: the history is kept within its bounds");
            desk.say(Diagnostic::info("history-pruned", text));
        }
    });
    for error in [settled, pruned].into_iter().filter_map(Result::err) {
        let text = format!("the history could not be put in order: {error}");
        desk.say(Diagnostic::warning("history-unsettled", text));
    }
}

/// Lets the commit of a generation stand.
pub(super) fn keep(desk: &Desk, number: u32) -> Result<(), End> {
    let locked = desk.lock()?;
    match locked.confirm(number) {
        Ok(warnings) => warnings.into_iter().for_each(|found| desk.say(found)),
        // Somebody else was faster.
        Err(StoreError::NothingPending) if is_kept(desk, number) => {}
        Err(error) => return Err(desk.fail(&error)),
    }
    settle_history(desk, &locked);
    desk.outside.forget(&desk.root);
    Ok(())
}

/// Whether somebody let a generation stand.
pub(super) fn is_kept(desk: &Desk, number: u32) -> bool {
    let generation = desk.store.generation(number);
    generation.is_ok_and(|generation| matches!(generation.health, Health::Healthy { .. }))
}

/// Puts file and kernel back to what held before the commit of a generation, stages again what was taken back, and tells
/// what came of it: [`Ended::Kept`] where somebody let it stand before.
pub(super) fn put_back(desk: &Desk, number: u32, reason: &str) -> Ended {
    desk.outside.recall(&desk.root);
    desk.outside.begin_back(&desk.root);
    let undone = match take_back(desk, number, reason) {
        Ok(undone) => undone,
        // Somebody else decided first; where it was taken back, he brings the network back, too.
        Err(StoreError::NothingPending) if is_kept(desk, number) => return Ended::Kept,
        Err(StoreError::NothingPending) => return Ended::PutBack,
        Err(error) => {
            desk.fail(&error);
            return Ended::Stuck;
        }
    };
    let text = format!("generation {} is taken back: {reason}", undone.number);
    desk.say(Diagnostic::error("taken-back", text));
    match desk.outside.bring_back(&desk.root, None) {
        Follows::Whole => {
            note_put_back(desk, undone.now);
            compare(desk, number)
        }
        Follows::Later | Follows::Faults(_) => {
            desk.say(not_followed());
            Ended::Stuck
        }
    }
}

/// The network follows the files again. Whether the kernel is as it was before the generation, too, is for the kernel to say:
/// what others had made and the change took away is put back, and what is left is reported.
pub(super) fn compare(desk: &Desk, number: u32) -> Ended {
    let live = desk.store.live().map(|live| live.digest().to_string());
    let Some(verdict) = live.ok().and_then(|files| desk.outside.compare(&desk.root, &files)) else {
        return Ended::PutBack;
    };
    NotAsBefore::note(&desk.root, number, &verdict);
    desk.outside.forget(&desk.root);
    let ended = if verdict.left == 0 {
        Ended::PutBack
    } else {
        Ended::Stuck
    };
    verdict.diagnostics.into_iter().for_each(|found| desk.say(found));
    ended
}

/// The network follows what was ended for an earlier run. Answers whether it does, or had nothing to follow.
fn follow(desk: &Desk, recovered: &Recovered) -> bool {
    let Recovered::Changed { generation } = recovered else {
        return true;
    };
    desk.outside.recall(&desk.root);
    desk.outside.begin_back(&desk.root);
    let follows = desk.outside.bring_back(&desk.root, None) == Follows::Whole;
    if follows {
        note_put_back(desk, *generation);
        compare(desk, generation.unwrap_or_default());
    }
    follows
}

/// What is live again came up whole: that is what makes a generation healthy where it is applied, too.
pub(super) fn note_put_back(desk: &Desk, number: Option<u32>) {
    let Some(number) = number else { return };
    let health = Health::Healthy { time: desk.now };
    if let Err(error) = mark_live(desk, number, &health) {
        desk.say(cleat_store::incomplete(&error));
    }
}

/// Marks a generation with what was seen of the network; where another one is live by now that does not speak of it.
pub(super) fn mark_live(desk: &Desk, number: u32, health: &Health) -> Result<(), StoreError> {
    let locked = desk.hold()?;
    match locked.is_live(number)? {
        true => locked.mark(number, health),
        false => Ok(()),
    }
}

pub(super) fn not_followed() -> Diagnostic {
    let text = "the files are as before; the network could not be put back in all";
    Diagnostic::error("put-back-failed", text).help("`ifreload -a` tries again")
}

/// The files' part of [`put_back`].
pub(super) fn take_back(desk: &Desk, number: u32, reason: &str) -> Result<Undone, StoreError> {
    let locked = desk.hold()?;
    let undone = locked.undo(number, reason)?;
    undone.warnings.iter().cloned().for_each(|found| desk.say(found));
    Ok(undone)
}

/// `confirm`.
pub fn confirm(call: &Call) -> End {
    at_desk(call, confirm_at)
}

pub(super) fn confirm_at(desk: &Desk) -> Result<End, End> {
    let pending = desk.store.pending().map_err(|error| desk.fail(&error))?;
    let Some(pending) = pending else {
        return Err(desk.fail(&StoreError::NothingPending));
    };
    let number = pending.number;
    keep(desk, number)?;
    decide(desk, number, Ended::Kept);
    Ok(desk.print(&format!("generation {number} is kept\n")))
}

/// Writes down how the trial of a generation ended, if it was one. Where that fails, the others learn it from the store.
pub(super) fn decide(desk: &Desk, number: u32, ended: Ended) {
    let Some(trial) = Trial::open(&desk.root).filter(|trial| trial.generation == number) else {
        return;
    };
    let trial = Trial {
        outcome: Some(ended),
        ..trial
    };
    if let Err(error) = trial.write(&desk.root) {
        desk.say(Diagnostic::warning("trial-unwritable", error.to_string()));
    }
}

/// `rollback [N] [--now]`.
///
/// *Shape*: with `--json` `{"to", "when", "generation", "taken_back"}`: the generation gone back to, `now` or
/// `next-boot`, the number under which it is live now, and the one that was taken back before it stood; what there is not
/// is `null`.
pub fn rollback(call: &Call) -> End {
    hangup::outlive();
    at_desk(call, |desk| {
        let number = match call.words.first() {
            Some(word) => Some(super::past::number(word)?),
            None => None,
        };
        match call.has("now") {
            true => rollback_now(desk, number),
            false => stage_generation(desk, number),
        }
    })
}

/// Goes back at once: without a number, to before the commit that waits or was cut short, else to the last good
/// generation.
pub(super) fn rollback_now(desk: &Desk, number: Option<u32>) -> Result<End, End> {
    let taken_back = |number: Option<u32>| {
        desk.document(&json!({ "to": null, "when": "now", "generation": null, "taken_back": number }))
    };
    let number = match number {
        Some(number) => number,
        None => {
            if let Some(pending) = desk.store.pending().map_err(|error| desk.fail(&error))? {
                take_back_now(desk, pending.number)?;
                return Ok(taken_back(Some(pending.number)));
            }
            let recovered = recover(desk, &desk.lock()?);
            if !follow(desk, &recovered) {
                return Err(desk.refuse(not_followed()));
            }
            if recovered.is_change() {
                return Ok(taken_back(None));
            }
            last_good(desk)?
        }
    };
    let committed = make_live(desk, What::Generation(number), None)?;
    let committed = committed.map(|committed| committed.number);
    Ok(desk.document(&json!({ "to": number, "when": "now", "generation": committed, "taken_back": null })))
}

fn take_back_now(desk: &Desk, number: u32) -> Result<(), End> {
    let ended = put_back(desk, number, &format!("{} asked for it", who()));
    match ended {
        Ended::PutBack => {
            decide(desk, number, ended);
            Ok(())
        }
        Ended::Stuck => {
            // Where the files are not back it goes on, and the guard of a trial puts it back in time.
            if !desk.waits(number) {
                decide(desk, number, ended);
            }
            Err(End::Fault)
        }
        Ended::Kept => {
            let text = format!("generation {number} was confirmed meanwhile, and stays");
            Err(desk.refuse(Diagnostic::error("kept-meanwhile", text).help("`cleat-commit rollback --now` goes back")))
        }
    }
}

/// The newest generation that holds another configuration than the live files and came up healthy; where none did, one
/// that is not known to have failed.
fn last_good(desk: &Desk) -> Result<u32, End> {
    let (history, found) = desk.store.history();
    found.into_iter().for_each(|found| desk.say(found));
    let live = desk.store.live().map_err(|error| desk.fail(&error))?.digest();
    let others = || history.iter().rev().filter(|generation| generation.digest != live);
    let healthy = others().find(|generation| matches!(generation.health, Health::Healthy { .. }));
    let unknown = || others().find(|generation| generation.health == Health::Unknown);
    match healthy.or_else(unknown) {
        Some(generation) => Ok(generation.number),
        None => {
            let text = "there is no earlier generation to go back to";
            Err(desk.refuse(Diagnostic::error("no-generation", text)))
        }
    }
}

/// Goes back at the next boot.
pub(super) fn stage_generation(desk: &Desk, number: Option<u32>) -> Result<End, End> {
    let number = match number {
        Some(number) => number,
        None => last_good(desk)?,
    };
    let locked = desk.lock()?;
    let stage = || {
        let generation = locked.generation(number)?;
        let mut staging = locked.staging_of(&generation)?;
        let told = locked.tell_rollback(Some(number), &staging.bytes, &staging.companions)?;
        staging.by = who();
        staging.replace = false;
        locked.stage(staging).map(|()| told)
    };
    let told = stage().map_err(|error| desk.fail(&error))?;
    told.into_iter().for_each(|found| desk.say(found));
    desk.document(&json!({ "to": number, "when": "next-boot", "generation": null, "taken_back": null }));
    Ok(desk.print(&format!(
        "generation {number} is staged; the next boot makes it the live one, `cleat-commit apply` does so now\n"
    )))
}
