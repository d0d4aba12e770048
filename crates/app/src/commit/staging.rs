//! `stage`, `edit` and `revert`.

use super::desk::{Desk, at_desk, who};
use super::edit::{Copy, ask};
use super::notes::Refused;
use crate::cli::{Call, End, complain};
use crate::settings::Check;
use cleat_diag::Diagnostic;
use cleat_eni::ConfigSet;
use cleat_root::paths;
use cleat_store::{Findings, Found, STAGED_LIMIT, Staging};
use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;

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
    at_desk(call, |desk| stage_bytes(desk, read_input(desk, word)?, confirm))
}

/// Stages bytes where they have no errors.
pub(super) fn stage_bytes(desk: &Desk, bytes: Vec<u8>, confirm: Option<Check>) -> Result<End, End> {
    let findings = judge(desk, &bytes)?;
    desk.tell(&findings);
    if findings.has_errors() {
        desk.close(&findings, "nothing was staged");
        return Err(End::Fault);
    }
    put(desk, bytes, confirm)
}

fn read_input(desk: &Desk, word: &OsStr) -> Result<Vec<u8>, End> {
    if word == "-" {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().take(STAGED_LIMIT + 1).read_to_end(&mut bytes);
        return match read {
            Ok(_) => Ok(bytes),
            Err(error) => {
                let text = format!("cannot read standard input: {error}");
                Err(desk.refuse(Diagnostic::error("unreadable", text)))
            }
        };
    }
    let path = std::path::absolute(word).unwrap_or_else(|_| Path::new(word).to_owned());
    let read = desk.root.read_up_to(&path, STAGED_LIMIT);
    read.map_err(|error| desk.refuse(Diagnostic::error("unreadable", error.to_string())))
}

/// Judges bytes as the staged file, against this machine as it will boot.
fn judge(desk: &Desk, bytes: &[u8]) -> Result<Findings, End> {
    let judge = desk.judge()?;
    let (config, mut found) = ConfigSet::from_bytes(Path::new(paths::INTERFACES_NEW), bytes.to_vec(), &desk.root);
    let (live, _) = ConfigSet::load(&desk.root, Path::new(paths::INTERFACES));
    found.extend(cleat_store::standing(&config, &live));
    found.extend(judge.judge(&config));
    Ok(Findings {
        sources: config.sources,
        diagnostics: found,
    })
}

/// Stages bytes that were judged.
fn put(desk: &Desk, bytes: Vec<u8>, confirm: Option<Check>) -> Result<End, End> {
    let base = desk.live_file()?;
    let locked = desk.lock()?;
    let replaces = locked.staged().is_ok_and(|found| !matches!(found, Found::Nothing));
    let staging = Staging {
        bytes,
        base,
        by: who(),
        confirm: confirm.as_ref().map(ToString::to_string),
        replace: true,
        ..Staging::default()
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
    let staged = match desk.store.staged().map_err(|error| desk.fail(&error))? {
        Found::Unfit(unfit) => return Err(desk.refuse(*unfit)),
        Found::Fit(staged) => Some(staged.bytes),
        Found::Nothing => None,
    };
    let before = match staged {
        Some(bytes) => bytes,
        None => desk.live_file()?.map(|live| live.bytes).unwrap_or_default(),
    };
    let copy = Copy::new(&desk.root, &before);
    let copy = copy.map_err(|error| desk.refuse(Diagnostic::error("edit-failed", error.to_string())))?;
    loop {
        let edited = copy
            .open()
            .and_then(|()| copy.read().map_err(|error| error.to_string()));
        let bytes = edited.map_err(|text| desk.refuse(Diagnostic::error("edit-failed", text)))?;
        if bytes == before {
            return Ok(desk.print("nothing was changed, and nothing is staged anew\n"));
        }
        let findings = judge(desk, &bytes)?;
        desk.tell(&findings);
        match decide(&findings) {
            Next::Stage => return put(desk, bytes, confirm),
            Next::Edit => {}
            Next::GiveUp => {
                desk.close(&findings, "nothing was staged");
                complain(&format!("the edited copy is kept as {}", copy.keep().display()));
                return Err(End::Fault);
            }
        }
    }
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
