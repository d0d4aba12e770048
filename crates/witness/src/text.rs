//! Where two texts differ, line by line.

use similar::{ChangeTag, TextDiff};

/// Most lines that are shown: more of them say no more.
const MOST: usize = 60;

/// The lines in which a text is other than the one that was committed, those of the latter with their number; `None` where
/// there are none.
///
/// *Shape*: `-12 as committed` and `+as it is now`, at most sixty of them.
pub fn text_difference(committed: &str, now: &str) -> Option<String> {
    if committed == now {
        return None;
    }
    let diff = TextDiff::from_lines(committed, now);
    let changed = diff.iter_all_changes().filter_map(|change| {
        let line = change.value().trim_end_matches('\n');
        match change.tag() {
            ChangeTag::Delete => Some(format!("  -{} {line}", change.old_index().unwrap_or_default() + 1)),
            ChangeTag::Insert => Some(format!("  +{line}")),
            ChangeTag::Equal => None,
        }
    });
    let lines: Vec<String> = changed.collect();
    let shown = lines.len().min(MOST);
    let more = match lines.len() - shown {
        0 => String::new(),
        more => format!("\n  and {more} lines more"),
    };
    Some(lines[..shown].join("\n") + &more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_that_differ_are_shown_with_their_number_and_no_others() {
        let text = |middle: &str| format!("one\ntwo\n{middle}four\n");
        assert_eq!(text_difference(&text("three\n"), &text("three\n")), None);
        assert_eq!(
            text_difference(&text("three\n"), &text("3\n")).as_deref(),
            Some("  -3 three\n  +3")
        );
        let long: String = (0..100).map(|line| format!("{line}\n")).collect();
        let shown = text_difference("", &long).expect("they differ");
        assert_eq!(shown.lines().count(), 61);
        assert!(shown.ends_with("\n  +59\n  and 40 lines more"), "{shown}");
    }

    #[test]
    fn a_line_end_that_only_one_has_is_a_difference() {
        assert_eq!(text_difference("one", "one\n").as_deref(), Some("  -1 one\n  +one"));
    }
}
