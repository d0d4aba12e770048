//! A clash as it is told: both sides, each with its place.

use super::Conflict;
use crate::{Findings, StageRecord};
use cleat_diag::{Diagnostic, FileId, Place, Sources, Span};
use cleat_root::paths;

/// Errors that show, for each stanza that clashes, what the live and the staged file say there.
pub(crate) fn report(clashes: &[Conflict], live: &[u8], staged: &[u8], record: &StageRecord) -> Findings {
    let mut sources = Sources::new();
    let ours = sources.add(paths::INTERFACES, live.to_vec());
    let theirs = sources.add(paths::INTERFACES_NEW, staged.to_vec());
    let base = record.base.as_ref().map_or(&[][..], |base| &base.bytes);
    let diagnostics = clashes
        .iter()
        .map(|clash| {
            let Some(stanza) = &clash.stanza else {
                let message = "the changes of the live and of the staged file cannot be put together";
                return helped(Diagnostic::error("staged-clash", message));
            };
            let message = format!(
                "`{stanza}` was changed in {} and in {}, both made from the file of {}",
                paths::INTERFACES,
                paths::INTERFACES_NEW,
                record.time
            );
            let error = Diagnostic::error("staged-clash", message);
            let place = |file, bytes, span: Option<Span>| span.and_then(|span| changed_line(file, bytes, span, base));
            let (ours, theirs) = (place(ours, live, clash.live), place(theirs, staged, clash.staged));
            helped(match (ours, theirs) {
                (Some((live, says)), Some((staged, _))) => error
                    .at(staged, "staged")
                    .note_at(live, format!("the live file says `{says}`"))
                    .bare("the live file says otherwise"),
                (None, Some((staged, _))) => error
                    .at(staged, "staged")
                    .note(format!("it is not in {} any more", paths::INTERFACES)),
                (Some((live, _)), None) => error
                    .at(live, "live")
                    .note(format!("it is not in {}", paths::INTERFACES_NEW)),
                (None, None) => error,
            })
        })
        .collect();
    Findings { sources, diagnostics }
}

fn helped(error: Diagnostic) -> Diagnostic {
    error.help("stage the change again, on top of the live file; `cleat-commit revert` takes the staged one away")
}

/// The first line of a stanza that the base does not have (else its first line), and what it says.
fn changed_line(file: FileId, bytes: &[u8], span: Span, base: &[u8]) -> Option<(Place, String)> {
    let mut start = span.start as usize;
    let mut lines = Vec::new();
    for line in bytes.get(span.range())?.split_inclusive(|byte| *byte == b'\n') {
        let text = line.trim_ascii();
        let indent = line.len() - line.trim_ascii_start().len();
        lines.push((text, Span::new(start + indent, start + indent + text.len())));
        start += line.len();
    }
    let is_new = |text: &[u8]| !base.split(|byte| *byte == b'\n').any(|line| line.trim_ascii() == text);
    let new = lines.iter().find(|(text, _)| !text.is_empty() && is_new(text));
    let (text, span) = new.or(lines.first())?;
    Some((Place { file, span: *span }, String::from_utf8_lossy(text).into_owned()))
}
