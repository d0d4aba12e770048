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
    let (mut old, mut new) = (0, 0);
    lines.fold(found, |found, line| match line.split_at_checked(1) {
        Some(("@", _)) => {
            (old, new) = first_lines(line);
            found
        }
        Some(("-", text)) => {
            old += 1;
            noted(found, from, text, old - 1)
        }
        Some(("+", text)) => {
            new += 1;
            noted(found, to, text, new - 1)
        }
        _ => {
            (old, new) = (old + 1, new + 1);
            found
        }
    })
}

fn noted(found: Diagnostic, word: &str, text: &str, number: u32) -> Diagnostic {
    found
        .note(format!("{word}: `{}`", text.trim()))
        .bare(format!("{word}: line {number}"))
}

/// The numbers that `@@ -1,7 +1,8 @@` says of the lines below it.
fn first_lines(header: &str) -> (u32, u32) {
    let mut numbers = header.split(' ').skip(1).map(|word| {
        let digits = word.trim_start_matches(['-', '+']).split(',').next();
        digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
    });
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Second witness: `diff -U0` of the same two texts says `@@ -3 +3,2 @@` and `@@ -15 +15,0 @@`.
    #[test]
    fn a_changed_line_has_its_number_beside_its_text() {
        let old: String = (1..=15).map(|line| format!("line {line}\n")).collect();
        let new = old.replace("line 3\n", "three\nand more\n").replace("line 15\n", "");
        let name = Path::new("f");
        let diff = unified(name, Some(old.as_bytes()), name, Some(new.as_bytes()));
        let found = with_lines(Diagnostic::warning("test", "a test"), &diff, ["gone", "back"]);
        let notes: Vec<_> = found
            .notes
            .iter()
            .map(|note| (note.text.as_str(), note.bare.as_deref().unwrap()))
            .collect();
        assert_eq!(
            notes,
            [
                ("gone: `line 3`", "gone: line 3"),
                ("back: `three`", "back: line 3"),
                ("back: `and more`", "back: line 4"),
                ("gone: `line 15`", "gone: line 15"),
            ]
        );
    }
}
