//! `boot` and `check-boot`: what the units run.

use super::desk::Desk;
use super::judge::Judge;
use super::live::{keep, mark_live, put_back, settle_history};
use super::notes::{FirstBoot, Refused};
use super::outside::at_desk;
use super::recover::{Recovered, recover};
use super::trial::Outcome as Ended;
use cleat_cli::{Call, End};
use cleat_diag::Diagnostic;
use cleat_root::{Root, paths};
use cleat_settings::Check;
use cleat_store::{
    CommitOptions, Committed, Found, Health, Locked, Occasion, Outcome, Refusal, Store, StoreError, Timestamp, Watch,
    What,
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
    let earlier = Refused::read(&desk.root);
    note_refusal(desk, &Refused::unfinished(desk.now));
    let locked = desk.hold().map_err(|error| failed(desk, &error, None))?;
    let recovered = recover(desk, &locked);
    let because = match &recovered {
        Recovered::Failed { reason } => Some(reason.as_str()),
        Recovered::Changed {
            generation: Some(generation),
        } => {
            note_first_boot(desk, *generation);
            None
        }
        Recovered::Nothing | Recovered::Changed { generation: None } => None,
    };
    // What is staged is committed even where the leftovers of another run are in the way of its own record. What this
    // boot has taken back itself is staged again, and waits for somebody to look at it.
    let committed = match recovered.is_change() && is_taken_back(&locked) {
        true => Committing::Nothing,
        false => commit(desk, &locked, because)?,
    };
    match (committed, because, earlier.filter(|earlier| earlier.kept_as.is_some())) {
        (Committing::Nothing, Some(reason), _) => note_refusal(desk, &Refused::because(reason.to_owned(), desk.now)),
        // Another run of this boot has set a file aside.
        (Committing::Nothing, None, Some(earlier)) => note_refusal(desk, &earlier),
        _ => Refused::forget(&desk.root),
    }
    Ok(match (recovered, committed) {
        (Recovered::Failed { .. }, _) => End::Fault,
        (_, Committing::Done(end)) => end,
        (_, Committing::Nothing) => End::Well,
    })
}

/// Whether what is staged was live before and was taken back.
fn is_taken_back(locked: &Locked<'_>) -> bool {
    let Ok(Found::Fit(staged)) = locked.staged() else {
        return false;
    };
    staged.record.is_some_and(|record| record.taken_back.is_some())
}

/// What a boot's commit came to, where it was not refused and did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Committing {
    /// Nothing is staged.
    Nothing,
    /// What was staged is live, and was told.
    Done(End),
}

/// Notes why a staged file stays: `cleat status` tells it, and Proxmox VE's own unit does not move the file.
fn note_refusal(desk: &Desk, note: &Refused) {
    if let Err(error) = note.write(&desk.root) {
        desk.say(Diagnostic::warning("refusal-unnoted", error.to_string()));
    }
}

fn note_first_boot(desk: &Desk, generation: u32) {
    if let Err(error) = (FirstBoot { generation }).write(&desk.root) {
        desk.say(Diagnostic::warning("first-boot-unnoted", error.to_string()));
    }
}

/// The store failed: that is reported and noted, with what failed before it.
fn failed(desk: &Desk, error: &StoreError, before: Option<&str>) -> End {
    let mut note = Refused::because(error.to_string(), desk.now);
    note.reasons.splice(0..0, before.map(str::to_owned));
    note_refusal(desk, &note);
    desk.fail(error)
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

fn commit(desk: &Desk, locked: &Locked<'_>, because: Option<&str>) -> Result<Committing, End> {
    let check = wanted_check(desk, locked);
    let options = CommitOptions {
        origin: Occasion::Boot,
        by: "another program".to_owned(),
        watch: check.map(|check| Watch::FirstBoot {
            check: check.to_string(),
        }),
        keep_refused: desk.settings.keep_refused,
    };
    let judge = Judge::of_files();
    let outcome = locked.commit(What::Staged, &options, &|config| judge.judge(config));
    Ok(match outcome.map_err(|error| failed(desk, &error, because))? {
        Outcome::Nothing => Committing::Nothing,
        Outcome::Unchanged(findings) => {
            desk.tell(&findings);
            Committing::Done(desk.print("the staged configuration is the live one already\n"))
        }
        Outcome::Refused(refusal) => return Err(refused(desk, &refusal)),
        Outcome::Committed(committed) => Committing::Done(accepted(desk, &committed)),
    })
}

fn refused(desk: &Desk, refusal: &Refusal) -> End {
    desk.tell_places(&refusal.findings);
    let outcome = match &refusal.kept_as {
        Some(path) => format!(
            "{} is refused and set aside as {}",
            paths::INTERFACES_NEW,
            path.display()
        ),
        None => format!("{} is refused and stays where it is", paths::INTERFACES_NEW),
    };
    desk.close(&refusal.findings, &format!("{outcome}; the network comes up as before"));
    note_refusal(desk, &Refused::of(refusal, desk.now));
    End::Fault
}

fn accepted(desk: &Desk, committed: &Committed) -> End {
    // What a file of others undoes is in its notes.
    desk.tell_places(&committed.findings);
    let others = committed.findings.diagnostics.iter();
    for found in others.filter(|found| found.code == "staged-by-others") {
        desk.print(&format!("{}\n", found.message));
    }
    note_first_boot(desk, committed.number);
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
    // It speaks of this run alone: what is decided now is decided.
    let first = FirstBoot::take(&desk.root);
    let end = match pending.map(|pending| (pending.number, pending.watch)) {
        Some((number, Watch::FirstBoot { check })) => pass_or_go_back(desk, number, &check)?,
        Some((_, Watch::Live { .. })) => End::Well,
        None => first.map_or(End::Well, |first| note_health(desk, first)),
    };
    settle_history(desk, &desk.lock()?);
    Ok(end)
}

/// The check that was asked for decides.
fn pass_or_go_back(desk: &Desk, number: u32, check: &str) -> Result<End, End> {
    let parsed: Result<Check, String> = check.parse();
    let judged = match parsed {
        Ok(parsed) => desk.outside.check(&parsed, &desk.root, desk.settings.confirm_limit),
        Err(takes) => Err(vec![format!("`{check}` is not a check: it takes {takes}")]),
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
fn note_health(desk: &Desk, FirstBoot { generation }: FirstBoot) -> End {
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
    match mark_live(desk, generation, &health) {
        Ok(()) => End::Well,
        Err(error) => desk.fail(&error),
    }
}
