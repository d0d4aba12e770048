//! Unified diffs.

use crate::Files;
use cleat_diag::Diagnostic;
use similar::TextDiff;
use std::collections::BTreeSet;
use std::path::Path;

impl Files {
    /// What changes from these files to others, as `diff -u` shows it, files in the order of their paths; empty where
    /// nothing does. Bytes that are no UTF-8 are shown as U+FFFD.
    pub fn diff(&self, to: &Files) -> String {
        let paths: BTreeSet<_> = self.0.keys().chain(to.0.keys()).collect();
        let mut text = String::new();
        for path in paths {
            let bytes = |files: &Files| files.0.get(path).map(|content| content.bytes.clone());
            text += &unified(path, bytes(self).as_deref(), path, bytes(to).as_deref());
        }
        text
    }
}

/// What changes from one file to another, as `diff -u` shows it; empty where nothing does. None stands for a file
/// that is not there, and is named `/dev/null`.
pub fn unified(old_name: &Path, old: Option<&[u8]>, new_name: &Path, new: Option<&[u8]>) -> String {
    if old == new {
        return String::new();
    }
    let name = |path: &Path, bytes: Option<&[u8]>| match bytes {
        Some(_) => path.to_string_lossy().replace(char::is_control, "?"),
        None => "/dev/null".to_owned(),
    };
    let text = |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
    let (before, after) = (text(old), text(new));
    TextDiff::from_lines(&before, &after)
        .unified_diff()
        .context_radius(3)
        .header(&name(old_name, old), &name(new_name, new))
        .to_string()
}

/// A finding with a note for each line of a unified diff that changes, under the words for the two sides.
pub(crate) fn with_lines(found: Diagnostic, diff: &str, [from, to]: [&str; 2]) -> Diagnostic {
    let lines = diff
        .lines()
        .filter(|line| !line.starts_with("---") && !line.starts_with("+++"));
    lines.fold(found, |found, line| match line.split_at_checked(1) {
        Some(("-", text)) => found.note(format!("{from}: `{}`", text.trim())),
        Some(("+", text)) => found.note(format!("{to}: `{}`", text.trim())),
        _ => found,
    })
}
