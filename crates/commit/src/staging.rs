//! `stage`, `edit` and `revert`.

use super::desk::Desk;
use super::edit::{Copy, ask};
use super::notes::Refused;
use super::outside::at_desk;
use cleat_cli::{Call, End, complain, who};
use cleat_diag::Diagnostic;
use cleat_eni::{ConfigSet, Replaced};
use cleat_root::paths;
use cleat_settings::Check;
use cleat_store::{Digest, Findings, Found, Locked, STAGED_LIMIT, Staged, Staging};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What `--confirm-boot` says: the check in words, or nothing.
fn confirm_boot(call: &Call) -> Result<Option<Check>, End> {
    if !call.has("confirm-boot") {
        return Ok(None);
    }
    let takes = "links, gateway, or a command that begins with /";
    match call.parsed::<Check>("confirm-boot", takes) {
        Ok(check) => Ok(Some(check.unwrap_or(Check::Links))),
        Err(text) => {
            complain(&text);
            Err(End::Usage)
        }
    }
}

/// `stage FILE`.
pub fn stage(call: &Call) -> End {
    let confirm = match confirm_boot(call) {
        Ok(confirm) => confirm,
        Err(end) => return end,
    };
    let word = call.words.first().map(|word| word.as_os_str()).unwrap_or_default();
    at_desk(call, |desk| {
        if word == "-" {
            return stage_bytes(desk, read_stdin(desk)?, confirm);
        }
        let path = std::path::absolute(word).unwrap_or_else(|_| Path::new(word).to_owned());
        if is_staged_file(desk, &path) {
            return stage_anew(desk, confirm);
        }
        let read = desk.root.read_up_to(&path, STAGED_LIMIT);
        let bytes = read.map_err(|error| desk.refuse(Diagnostic::error("unreadable", error.to_string())))?;
        stage_bytes(desk, bytes, confirm)
    })
}

/// Stages bytes that were made from the live file, where they have no errors.
pub(super) fn stage_bytes(desk: &Desk, bytes: Vec<u8>, confirm: Option<Check>) -> Result<End, End> {
    let base = desk.live_file()?;
    let staging = Staging {
        bytes,
        base,
        ..Staging::default()
    };
    stage_judged(desk, staging, confirm, |_| Ok(()))
}

/// What is staged is staged once more: it stays what it was made from.
fn stage_anew(desk: &Desk, confirm: Option<Check>) -> Result<End, End> {
    match staged(desk)? {
        Some(staged) => {
            let is_other = |locked: &Locked<'_>| refuse_other(desk, locked, Some(&staged.digest));
            stage_judged(desk, Staging::over(&staged), confirm, is_other)
        }
        None => Ok(desk.print("nothing is staged\n")),
    }
}

fn stage_judged(
    desk: &Desk,
    staging: Staging,
    confirm: Option<Check>,
    may: impl FnOnce(&Locked<'_>) -> Result<(), End>,
) -> Result<End, End> {
    let findings = judge(desk, &staging)?;
    desk.tell(&findings);
    if findings.has_errors() {
        desk.close(&findings, "nothing was staged");
        return Err(End::Fault);
    }
    let locked = desk.lock()?;
    may(&locked)?;
    let ended = put(desk, &locked, staging, confirm)?;
    Ok(if findings.leaves_out() { End::Fault } else { ended })
}

fn read_stdin(desk: &Desk) -> Result<Vec<u8>, End> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(STAGED_LIMIT + 1).read_to_end(&mut bytes);
    let reason = match read {
        Ok(_) if bytes.len() as u64 <= STAGED_LIMIT => return Ok(bytes),
        Ok(_) => format!("it is larger than {} MiB", STAGED_LIMIT >> 20),
        Err(error) => error.to_string(),
    };
    let text = format!("cannot read standard input: {reason}");
    Err(desk.refuse(Diagnostic::error("unreadable", text)))
}

/// Whether a path leads to the staged file, by whatever name.
fn is_staged_file(desk: &Desk, path: &Path) -> bool {
    let file = |path: &Path| desk.root.metadata(path).map(|found| (found.dev(), found.ino()));
    let (one, staged) = (file(path), file(Path::new(paths::INTERFACES_NEW)));
    matches!((one, staged), (Ok(one), Ok(staged)) if one == staged)
}

/// What is staged; what is not fit to be is reported.
fn staged(desk: &Desk) -> Result<Option<Staged>, End> {
    match desk.store.staged().map_err(|error| desk.fail(&error))? {
        Found::Unfit(unfit) => Err(desk.refuse(*unfit)),
        Found::Fit(staged) => Ok(Some(*staged)),
        Found::Nothing => Ok(None),
    }
}

/// Between the look at what is staged and the lock another program may have staged something else.
fn refuse_other(desk: &Desk, locked: &Locked<'_>, before: Option<&Digest>) -> Result<(), End> {
    let now = match locked.staged().map_err(|error| desk.fail(&error))? {
        Found::Fit(staged) => Some(staged.digest),
        Found::Nothing => None,
        Found::Unfit(unfit) => return Err(desk.refuse(*unfit)),
    };
    if now.as_ref() == before {
        return Ok(());
    }
    let text = match now {
        Some(_) => "another configuration was staged meanwhile",
        None => "what was staged is gone meanwhile",
    };
    let found = Diagnostic::error("staged-meanwhile", text).note("nothing was staged");
    Err(desk.refuse(found.help("`cleat-commit status` tells what is staged now")))
}

/// Judges it as the staged file with the files that go with it, against this machine as it will boot.
fn judge(desk: &Desk, staging: &Staging) -> Result<Findings, End> {
    let judge = desk.judge()?;
    let replaced: Replaced = staging
        .companions
        .iter()
        .map(|one| (one.path.clone(), one.new.as_ref().map(|new| new.bytes.clone())))
        .collect();
    let path = Path::new(paths::INTERFACES_NEW);
    let (config, mut found) = ConfigSet::with_replaced(path, staging.bytes.clone(), &desk.root, &replaced);
    let (live, _) = ConfigSet::load(&desk.root, Path::new(paths::INTERFACES));
    found.extend(cleat_store::standing(&config, &live));
    found.extend(cleat_store::unfit_sources(&desk.root, &config));
    found.extend(judge.judge(&config));
    Ok(Findings {
        sources: config.sources,
        diagnostics: found,
    })
}

/// Stages what was judged. A check that is asked for takes the place of the one that it had.
fn put(desk: &Desk, locked: &Locked<'_>, staging: Staging, confirm: Option<Check>) -> Result<End, End> {
    let replaces = locked.staged().is_ok_and(|found| !matches!(found, Found::Nothing));
    let by = match staging.foreign {
        Some(_) => format!("{}, over what another program staged", who()),
        None => who(),
    };
    let confirm = confirm.map(|check| check.to_string()).or(staging.confirm);
    let is_foreign = staging.foreign.is_some();
    let staging = Staging {
        by,
        confirm: confirm.clone(),
        replace: true,
        ..staging
    };
    locked.stage(staging).map_err(|error| desk.fail(&error))?;
    Refused::forget(&desk.root);
    let instead = if replaces {
        ", in place of what was staged before"
    } else {
        ""
    };
    let mut text = format!("staged as {}{instead}\n", paths::INTERFACES_NEW);
    text += "the next boot makes it the live one; `cleat-commit apply` or `try` does so now\n";
    if let Some(check) = confirm {
        text += &format!("the first boot with it has to pass: {check}\n");
    }
    if is_foreign {
        text += "nothing says what the file of the other program was made from: `cleat-commit status` tells what it undoes\n";
    }
    Ok(desk.print(&text))
}

/// `edit`.
pub fn edit(call: &Call) -> End {
    match confirm_boot(call) {
        Ok(confirm) => at_desk(call, |desk| edit_copy(desk, confirm)),
        Err(end) => end,
    }
}

fn edit_copy(desk: &Desk, confirm: Option<Check>) -> Result<End, End> {
    let staged = staged(desk)?;
    // What it is made from is noted with the copy: an editor may be open for days.
    let begun = match &staged {
        Some(staged) => Staging::over(staged),
        None => {
            let live = desk.live_file()?;
            Staging {
                bytes: live.as_ref().map(|live| live.bytes.clone()).unwrap_or_default(),
                base: live,
                ..Staging::default()
            }
        }
    };
    let copy = Copy::new(&desk.root, &begun.bytes);
    let copy = copy.map_err(|error| desk.refuse(Diagnostic::error("edit-failed", error.to_string())))?;
    loop {
        let failed = |text: String| desk.refuse(Diagnostic::error("edit-failed", text));
        copy.open().map_err(failed)?;
        let bytes = match copy.read() {
            Ok(bytes) => bytes,
            Err(error) => return Err(kept_aside(failed(error.to_string()), copy.keep())),
        };
        if bytes == begun.bytes {
            return Ok(desk.print("nothing was changed, and nothing is staged anew\n"));
        }
        let edited = Staging { bytes, ..begun.clone() };
        let findings = judge(desk, &edited)?;
        desk.tell(&findings);
        match decide(&findings) {
            Next::Stage => {
                let stage = || {
                    let locked = desk.lock()?;
                    refuse_other(desk, &locked, staged.as_ref().map(|staged| &staged.digest))?;
                    put(desk, &locked, edited, confirm)
                };
                return stage().map_err(|end| kept_aside(end, copy.keep()));
            }
            Next::Edit => {}
            Next::GiveUp => {
                desk.close(&findings, "nothing was staged");
                return Err(kept_aside(End::Fault, copy.keep()));
            }
        }
    }
}

/// The work is not lost with the run.
fn kept_aside(end: End, path: PathBuf) -> End {
    complain(&format!("the edited copy is kept as {}", path.display()));
    end
}

/// What to do with an edited copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Stage,
    Edit,
    GiveUp,
}

/// Asks where there is something to ask about; where nobody can be asked, errors give up and warnings do not.
fn decide(findings: &Findings) -> Next {
    if findings.has_errors() {
        return match ask("edit again? [Y/n]", 'y') {
            Some('y' | 'e') => Next::Edit,
            _ => Next::GiveUp,
        };
    }
    if findings.diagnostics.is_empty() {
        return Next::Stage;
    }
    match ask("stage it all the same, edit again, or quit? [s/E/q]", 'e') {
        None | Some('s' | 'y') => Next::Stage,
        Some('q' | 'n') => Next::GiveUp,
        Some(_) => Next::Edit,
    }
}

/// `revert`.
pub fn revert(call: &Call) -> End {
    at_desk(call, revert_at)
}

pub(super) fn revert_at(desk: &Desk) -> Result<End, End> {
    let locked = desk.lock()?;
    let gone = locked.revert().map_err(|error| desk.fail(&error))?;
    Refused::forget(&desk.root);
    Ok(match gone {
        true => desk.print(&format!("{} is gone\n", paths::INTERFACES_NEW)),
        false => desk.print("nothing is staged\n"),
    })
}
