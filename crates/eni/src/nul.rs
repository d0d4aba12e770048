//! NUL bytes in a file: what a power cut leaves of the end of a file, or another kind of file.

use crate::head::is_head;
use crate::lines::Lines;
use cleat_diag::{Diagnostic, FileId, Place, Span};

/// What is to be told of the NULs of a file, and whether it is another kind of file, of which nothing is used: one where
/// most lines hold them.
pub(crate) fn find(file: FileId, bytes: &[u8]) -> (Option<Diagnostic>, bool) {
    let Some(first) = bytes.iter().position(|byte| *byte == 0) else {
        return (None, false);
    };
    let lines = Lines::of(bytes).filter(|line| !line.text.trim_ascii().is_empty());
    let (with, without) = lines.fold((0, 0), |(with, without), line| match line.text.contains(&0) {
        true => (with + 1, without),
        false => (with, without + 1),
    });
    let is_binary = with > without;
    let (message, help) = match (is_binary, with) {
        (true, _) => (
            "this is not a text file: it holds a NUL byte".to_owned(),
            "restore the file from a backup; nothing of it was used",
        ),
        (false, 1) => ("a line that holds NUL bytes is left out".to_owned(), RESTORE),
        (false, with) => (format!("{with} lines that hold NUL bytes are left out"), RESTORE),
    };
    let place = Place {
        file,
        span: Span::new(first, first + 1),
    };
    let found = Diagnostic::error("binary-file", message).at(place, "NUL").help(help);
    (Some(found), is_binary)
}

const RESTORE: &str = "a power cut may have lost a part of the file: look what is missing, and save it again";

/// Whether a line with NULs may have begun a stanza, so that the options below it do not belong to the one above: a run of
/// NULs stands for bytes that were lost, line ends among them.
pub(crate) fn ends_stanza(line: &[u8]) -> bool {
    let is_run = line.windows(2).any(|two| two == [0, 0]);
    let good = line.split(|byte| *byte == 0).next().unwrap_or_default();
    let good = String::from_utf8_lossy(good);
    is_run || good.split_whitespace().next().is_none_or(is_head)
}
