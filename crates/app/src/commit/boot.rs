//! `boot` and `check-boot`: what the units run.

use super::desk::{Desk, at_desk};
use super::judge::Judge;
use super::live::{keep, put_back, settle_history};
use super::notes::{FirstBoot, Refused};
use super::recover::{Recovered, recover};
use super::trial::Outcome as Ended;
use crate::cli::{Call, End};
use crate::settings::Check;
use cleat_diag::Diagnostic;
use cleat_root::{Root, paths};
use cleat_store::{
    CommitOptions, Committed, Found, Health, Locked, Origin, Outcome, Refusal, Store, Timestamp, Watch, What,
};

/// `boot`: finishes or undoes what was cut short, then commits what is staged.
pub fn boot(call: &Call) -> End {
    // Nearly every boot ends here.
    if Store::new(&Root::real(), Timestamp::now()).is_idle() {
        return End::Well;
    }
    at_desk(call, boot_at)
}

pub(super) fn boot_at(desk: &Desk) -> Result<End, End> {
    let locked = desk.lock()?;
    let recovered = recover(desk, &locked);
    // What is staged is committed even where the leftovers of another run are in the way of its own record.
    let committed = commit(desk, &locked)?;
    Ok(match recovered {
        Recovered::Failed => End::Fault,
        Recovered::Nothing | Recovered::Changed => committed,
    })
}

/// The check that the first boot with the staged file has to pass: its own, else the one of the settings.
fn wanted_check(desk: &Desk, locked: &Locked<'_>) -> Option<Check> {
    let said = match locked.staged() {
        Ok(Found::Fit(staged)) => staged.record.and_then(|record| record.confirm),
        _ => None,
    };
    match said.map(|said| said.parse()) {
        Some(Ok(check)) => Some(check),
        Some(Err(_)) | None => desk.settings.confirm_boot.clone(),
    }
}

fn commit(desk: &Desk, locked: &Locked<'_>) -> Result<End, End> {
    let check = wanted_check(desk, locked);
    let options = CommitOptions {
        origin: Origin::Boot,
        by: "another program".to_owned(),
        watch: check.map(|check| Watch::FirstBoot {
            check: check.to_string(),
        }),
        keep_refused: desk.settings.keep_refused,
    };
    let judge = Judge::of_files();
    let outcome = locked.commit(What::Staged, &options, &|config| judge.judge(config));
    match outcome.map_err(|error| desk.fail(&error))? {
        Outcome::Nothing => Ok(End::Well),
        Outcome::Unchanged(findings) => {
            desk.tell(&findings);
            Ok(desk.print("the staged configuration is the live one already\n"))
        }
        Outcome::Refused(refusal) => Err(refused(desk, &refusal)),
        Outcome::Committed(committed) => Ok(accepted(desk, &committed)),
    }
}

fn refused(desk: &Desk, refusal: &Refusal) -> End {
    desk.tell_in_full(&refusal.findings);
    let outcome = match &refusal.kept_as {
        Some(path) => format!(
            "{} is refused and set aside as {}",
            paths::INTERFACES_NEW,
            path.display()
        ),
        None => format!("{} is refused and stays where it is", paths::INTERFACES_NEW),
    };
    desk.close(&refusal.findings, &format!("{outcome}; the network comes up as before"));
    let note = Refused::of(refusal, desk.now);
    if let Err(error) = note.write(&desk.root) {
        desk.say(Diagnostic::warning("refusal-unnoted", error.to_string()));
    }
    End::Fault
}

fn accepted(desk: &Desk, committed: &Committed) -> End {
    // What a file of others undoes is in its notes.
    desk.tell_in_full(&committed.findings);
    let others = committed.findings.diagnostics.iter();
    for found in others.filter(|found| found.code == "staged-by-others") {
        desk.print(&format!("{}\n", found.message));
    }
    let note = FirstBoot {
        generation: committed.number,
    };
    if let Err(error) = note.write(&desk.root) {
        desk.say(Diagnostic::warning("first-boot-unnoted", error.to_string()));
    }
    let changed: Vec<String> = committed
        .changed
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let merged = if committed.merged {
        ", with the changes of the live file merged in"
    } else {
        ""
    };
    desk.print(&format!(
        "generation {} is live{merged}: {}\n",
        committed.number,
        changed.join(", ")
    ))
}

/// `check-boot`: looks how this boot came up with a new generation, and goes back where it has to.
pub fn check_boot(call: &Call) -> End {
    at_desk(call, check_boot_at)
}

pub(super) fn check_boot_at(desk: &Desk) -> Result<End, End> {
    let pending = desk.store.pending().map_err(|error| desk.fail(&error))?;
    let pending = pending.filter(|pending| pending.this_boot);
    let end = match pending.map(|pending| (pending.number, pending.watch)) {
        Some((number, Watch::FirstBoot { check })) => pass_or_go_back(desk, number, &check)?,
        Some((_, Watch::Live { .. })) => End::Well,
        None => note_health(desk),
    };
    settle_history(desk, &desk.lock()?);
    Ok(end)
}

/// The check that was asked for decides.
fn pass_or_go_back(desk: &Desk, number: u32, check: &str) -> Result<End, End> {
    let parsed: Result<Check, String> = check.parse();
    let judged = match parsed {
        Ok(parsed) => desk.outside.check(&parsed, &desk.root, desk.settings.confirm_limit),
        Err(takes) => Err(vec![format!("`{check}` is no check: it takes {takes}")]),
    };
    let Err(reasons) = judged else {
        keep(desk, number)?;
        return Ok(desk.print(&format!("generation {number} has passed its check ({check})\n")));
    };
    for reason in &reasons {
        desk.say(Diagnostic::error("check-failed", reason.clone()));
    }
    let reason = format!("its first boot did not pass the check: {}", reasons.join("; "));
    match put_back(desk, number, &reason) {
        Ended::PutBack => {
            desk.print("the network is up as before\n");
        }
        Ended::Kept => {
            desk.print(&format!("generation {number} was confirmed meanwhile, and stays\n"));
        }
        Ended::Stuck => {}
    }
    Err(End::Fault)
}

/// Nobody asked for a check: how the links came up is noted all the same, and changes nothing.
fn note_health(desk: &Desk) -> End {
    let Some(FirstBoot { generation }) = FirstBoot::take(&desk.root) else {
        return End::Well;
    };
    let time = desk.now;
    let health = match desk
        .outside
        .check(&Check::Links, &desk.root, desk.settings.confirm_limit)
    {
        Ok(()) => Health::Healthy { time },
        Err(reasons) => Health::Failed {
            time,
            reason: reasons.join("; "),
        },
    };
    let marked = desk.lock().map(|locked| locked.mark(generation, &health));
    match marked {
        Ok(Ok(())) => End::Well,
        Ok(Err(error)) => desk.fail(&error),
        Err(end) => end,
    }
}
