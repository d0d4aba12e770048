//! `try` and its guard: a live change that is put back unless somebody confirms it.

use super::desk::Desk;
use super::guard::{self, Cause};
use super::listen::Heard;
use super::live::{
    compare, decide, is_kept, keep, make_live, not_followed, note_put_back, put_back, remember, take_back,
};
use super::outside::at_desk;
use super::reload::Follows;
use super::trial::{self, Outcome as Ended, Trial};
use cleat_cli::{Call, End, complain};
use cleat_diag::Diagnostic;
use cleat_ifupdown::apply::hangup;
use cleat_root::{Lock, LockError};
use cleat_store::{Before, StoreError, Timestamp, What};
use std::time::{Duration, Instant};

/// How long the one at the terminal waits for the guard to put everything back, before it does so itself.
const GUARD_LIMIT: Duration = Duration::from_secs(120);
/// How often it looks whether the guard is done.
const POLL: Duration = Duration::from_millis(100);
/// How long the guard waits until it tries again to put everything back.
const RETRY: Duration = Duration::from_secs(5);
/// How often in a row the same faults are met until they are taken for those of the file.
const SAME_FAULTS: usize = 6;

/// `try`.
pub fn try_out(call: &Call) -> End {
    let said = match call.seconds("timeout") {
        Ok(Some(time)) if time < Duration::from_secs(1) => Err("`--timeout` takes 1 second or more".to_owned()),
        said => said,
    };
    match said {
        Ok(timeout) => {
            hangup::outlive();
            at_desk(call, |desk| try_at(desk, timeout.unwrap_or(desk.settings.try_timeout)))
        }
        Err(text) => {
            complain(&text);
            End::Usage
        }
    }
}

pub(super) fn try_at(desk: &Desk, timeout: Duration) -> Result<End, End> {
    let watch = hold_watch(desk)?;
    remember(desk);
    let started = desk.outside.start_guard(&desk.root);
    started.map_err(|text| desk.refuse(Diagnostic::error("no-guard", text)))?;
    let until = Timestamp(Timestamp::now().0.saturating_add(timeout.as_secs()));
    let Some(committed) = make_live(desk, What::Staged, Some(until))? else {
        return Ok(End::Well);
    };
    let trial = Trial {
        generation: committed.number,
        deadline: Some(trial::now().saturating_add(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX))),
        outcome: None,
    };
    if let Err(error) = trial.write(&desk.root) {
        desk.say(Diagnostic::error("trial-unwritable", error.to_string()));
        put_back(desk, trial.generation, "its deadline could not be noted");
        return Err(End::Fault);
    }
    desk.print(&format!(
        "generation {} is on trial: press Enter within {} s to keep it, or run `cleat-commit confirm` from any login\n",
        trial.generation,
        timeout.as_secs_f64().ceil()
    ));
    Ok(match wait_at_terminal(desk, trial.generation, watch) {
        // As with `apply`: what the machine lacks is left out of what is kept.
        End::Well if committed.findings.leaves_out() => End::Fault,
        end => end,
    })
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
fn wait_at_terminal(desk: &Desk, number: u32, watch: Lock) -> End {
    let heard = desk.outside.listen(desk, number);
    if heard == Heard::Enter {
        return match keep(desk, number) {
            Ok(()) => {
                decide(desk, number, Ended::Kept);
                desk.print(&format!("generation {number} is kept\n"))
            }
            Err(end) => end,
        };
    }
    // From here on the guard finds nobody waiting, and acts at once where nobody has decided yet.
    drop(watch);
    let ended = match wait_for_end(desk, number) {
        // The guard is gone.
        None if desk.waits(number) => {
            let ended = put_back(desk, number, "nobody confirmed it");
            decide(desk, number, ended);
            Some(ended)
        }
        ended => ended,
    };
    let told = match ended {
        Some(Ended::Kept) => return desk.print(&format!("generation {number} is kept\n")),
        Some(Ended::PutBack) => "nobody confirmed: the file from before is live again, and the network follows it",
        Some(Ended::Stuck) => "nobody confirmed, and not everything could be put back: see the journal",
        None => "it was decided elsewhere: `cleat-commit history` shows how",
    };
    desk.outside.complain(told);
    End::Fault
}

/// Waits until it is known how it ended; `None` where nobody says so.
///
/// *Shape*: who decides settles the commit first, and writes down the end of the trial when all is done. What the
/// history says of a generation that was kept holds whatever became of that record.
fn wait_for_end(desk: &Desk, number: u32) -> Option<Ended> {
    let end = Instant::now() + GUARD_LIMIT;
    while Instant::now() < end {
        if is_kept(desk, number) {
            return Some(Ended::Kept);
        }
        let now = Trial::read(&desk.root).filter(|now| now.generation == number);
        if let Some(ended) = now.and_then(|now| now.outcome) {
            return Some(ended);
        }
        desk.outside.pause(POLL);
    }
    None
}

/// The guard.
pub fn guard_try(call: &Call) -> End {
    hangup::outlive();
    at_desk(call, |desk| {
        guard::leave_terminal();
        let lock = guard::hold(&desk.root);
        if !guard::is_needed(desk) {
            return Ok(End::Well);
        }
        guard::start_stand_by(&desk.root);
        // Now: /run may be gone or unreadable when it is needed.
        desk.outside.recall(&desk.root);
        let announced = guard::announce(&desk.root);
        announced.map_err(|text| desk.refuse(Diagnostic::error("no-guard", text)))?;
        let ended = guard_at(desk);
        drop(lock);
        ended
    })
}

/// Waits until there is something to put back, and does so, again and again until it is done: nobody else will.
///
/// *Shape*: the kernel first, from the configuration in memory; a disk that is full or hangs, or a lock that somebody
/// holds, is in the way of the files alone. Then the files, and the kernel once more, by them: somebody may have changed
/// them meanwhile, or have confirmed.
pub(super) fn guard_at(desk: &Desk) -> Result<End, End> {
    let Some((before, cause)) = guard::watch(desk) else {
        return Ok(End::Well);
    };
    let number = before.number;
    let reason = match cause {
        Cause::Time => "nobody confirmed it in time",
        Cause::Gone => "the one who tried it is gone",
    };
    desk.outside.begin_back(&desk.root);
    desk.outside.bring_back(&desk.root, Some(&before));
    let (ended, generation) = files_back(desk, &before, reason);
    let follows = follow_files(desk);
    let ended = match (ended, follows) {
        // Who keeps it writes that down.
        (Ended::Kept, _) => return Ok(End::Well),
        (_, true) => {
            note_put_back(desk, generation);
            compare(desk, number)
        }
        (_, false) => {
            desk.say(not_followed());
            Ended::Stuck
        }
    };
    decide(desk, number, ended);
    match ended {
        Ended::PutBack | Ended::Kept => Ok(End::Well),
        Ended::Stuck => Err(End::Fault),
    }
}

/// Puts the files back, however often that takes; as long as it does not succeed the kernel is kept as before. Answers
/// whether somebody let them stand meanwhile, and the generation that they are live under.
fn files_back(desk: &Desk, before: &Before, reason: &str) -> (Ended, Option<u32>) {
    let number = before.number;
    loop {
        match take_back(desk, number, reason) {
            Ok(undone) => {
                let text = format!("generation {} is taken back: {reason}", undone.number);
                desk.say(Diagnostic::error("taken-back", text));
                return (Ended::PutBack, undone.now);
            }
            Err(StoreError::NothingPending) if is_kept(desk, number) => return (Ended::Kept, None),
            Err(StoreError::NothingPending) => return (Ended::PutBack, None),
            Err(error) => {
                desk.fail(&error);
            }
        }
        desk.outside.pause(RETRY);
        desk.outside.bring_back(&desk.root, Some(before));
    }
}

/// The kernel follows the files. What is only in the way is waited for; faults that stay the same are those of the file.
fn follow_files(desk: &Desk) -> bool {
    let mut faults: Vec<String> = Vec::new();
    loop {
        match desk.outside.bring_back(&desk.root, None) {
            Follows::Whole => return true,
            Follows::Later => {}
            Follows::Faults(now) => {
                faults.retain(|before| *before == now);
                faults.push(now);
                if faults.len() >= SAME_FAULTS {
                    return false;
                }
            }
        }
        desk.outside.pause(RETRY);
    }
}
