//! The lines of a unit file, cut and joined as systemd's own reader does it.
//!
//! *Source*: systemd.syntax(7); what it leaves open (line ends, the byte order mark, what makes a whole file void) was
//! asked of `udevadm test-builtin net_setup_link` of systemd 252, see `tests/link_files.rs`.

use cleat_diag::{Diagnostic, FileId, Place, Span};

/// `Key=value` below a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The section, without its brackets.
    pub section: String,
    /// The key, trimmed.
    pub key: String,
    /// The value, trimmed; continuation lines joined by a blank.
    pub value: String,
    /// All lines that it is written on.
    pub place: Place,
}

/// What a file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// Its assignments, in order.
    pub assignments: Vec<Assignment>,
    /// Where each `[Section]` line ends: behind it another assignment can be put.
    pub sections: Vec<(String, usize)>,
    /// Why systemd takes nothing from this file.
    pub refused: Option<Diagnostic>,
    /// Lines that are ignored.
    pub found: Vec<Diagnostic>,
}

/// White space of systemd's `WHITESPACE`.
pub(super) const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Cuts a file into assignments. `sections` are the known ones; what stands below others is left out.
pub fn read(file: FileId, bytes: &[u8], sections: &[&str]) -> Lines {
    let mut reader = Reader {
        file,
        sections,
        section: None,
        seen_unknown: false,
        lines: Lines::default(),
    };
    for (text, span) in joined(bytes) {
        if !reader.line(&text, Place { file, span }) {
            break;
        }
    }
    reader.lines
}

struct Reader<'a> {
    file: FileId,
    sections: &'a [&'a str],
    section: Option<String>,
    /// An unknown section began before any known one.
    seen_unknown: bool,
    lines: Lines,
}

impl Reader<'_> {
    /// Takes one line; false where the file is void from here on.
    fn line(&mut self, text: &[u8], place: Place) -> bool {
        let Ok(text) = std::str::from_utf8(text) else {
            self.lines.refused = Some(refused(place, "not UTF-8"));
            return false;
        };
        let text = text.trim_matches(BLANKS);
        if text.is_empty() {
            return true;
        }
        if let Some(rest) = text.strip_prefix('[') {
            return self.header(rest, place);
        }
        let Some(section) = &self.section else {
            if !self.seen_unknown {
                self.ignore(place, "stands before any section");
            }
            return true;
        };
        match text.split_once('=') {
            None => self.ignore(place, "has no `=`"),
            Some(("", _)) => self.ignore(place, "has no key before its `=`"),
            Some((key, value)) => self.lines.assignments.push(Assignment {
                section: section.clone(),
                key: key.trim_matches(BLANKS).to_owned(),
                value: value.trim_matches(BLANKS).to_owned(),
                place,
            }),
        }
        true
    }

    fn header(&mut self, rest: &str, place: Place) -> bool {
        let Some(name) = rest.strip_suffix(']') else {
            self.lines.refused = Some(refused(place, "a section header without its `]`"));
            return false;
        };
        let unsafe_char = |char: char| char < ' ' || matches!(char, '"' | '\'' | '\\' | '\x7f');
        if name.contains(unsafe_char) {
            self.lines.refused = Some(refused(place, "a section header with a sign that no section may have"));
            return false;
        }
        self.lines.sections.push((name.to_owned(), place.span.range().end));
        let known = self.sections.contains(&name);
        if !known && !name.starts_with("X-") {
            let text = format!("systemd knows no section [{name}] in a .link file");
            let found = Diagnostic::warning("link-section-unknown", text);
            self.lines.found.push(found.at(place, "all below it is ignored"));
        }
        self.seen_unknown |= !known;
        self.section = known.then(|| name.to_owned());
        true
    }

    fn ignore(&mut self, place: Place, why: &str) {
        debug_assert_eq!(self.file, place.file);
        let found = Diagnostic::warning("link-line", format!("systemd ignores this line: it {why}"));
        self.lines.found.push(found.at(place, ""));
    }
}

fn refused(place: Place, why: &str) -> Diagnostic {
    Diagnostic::error("link-refused", "systemd takes nothing from this file").at(place, why)
}

/// Lines with their continuations joined, comments left out, each with the bytes that it came from.
fn joined(bytes: &[u8]) -> Vec<(Vec<u8>, Span)> {
    let mut out = Vec::new();
    let mut open: Option<(Vec<u8>, usize)> = None;
    let mut mark_may_come = true;
    for range in physical(bytes) {
        let raw = &bytes[range.clone()];
        // Comments are dropped within a continued line too.
        if is_comment(raw) {
            continue;
        }
        let mut line = raw;
        if mark_may_come && let Some(rest) = raw.strip_prefix(BYTE_ORDER_MARK) {
            line = rest;
            mark_may_come = false;
        }
        let (mut text, start) = match open.take() {
            Some((mut text, start)) => {
                text.extend_from_slice(line);
                (text, start)
            }
            None => (line.to_vec(), range.start),
        };
        if ends_escaped(&text) {
            let last = text.len() - 1;
            text[last] = b' ';
            open = Some((text, start));
        } else {
            out.push((text, Span::new(start, range.end)));
        }
    }
    if let Some((text, start)) = open {
        out.push((text, Span::new(start, bytes.len())));
    }
    out
}

/// A file without the lines that hold a word, in whatever case; comments that hold it go too. What is one line is what
/// systemd joins.
pub fn without(bytes: &[u8], word: &str) -> Vec<u8> {
    let word = word.to_ascii_lowercase().into_bytes();
    let holds = |text: &[u8]| {
        let text = text.to_ascii_lowercase();
        text.windows(word.len()).any(|part| part == word)
    };
    let joined = joined(bytes).into_iter().filter(|(text, _)| holds(text));
    let comments = physical(bytes)
        .into_iter()
        .filter(|range| is_comment(&bytes[range.clone()]) && holds(&bytes[range.clone()]));
    let mut dropped: Vec<_> = joined.map(|(_, span)| span.range()).chain(comments).collect();
    dropped.sort_by_key(|range| range.start);
    let mut kept = Vec::with_capacity(bytes.len());
    let mut at = 0;
    for range in dropped {
        kept.extend_from_slice(&bytes[at..range.start.max(at)]);
        at = range.end.max(at);
    }
    kept.extend_from_slice(&bytes[at..]);
    kept
}

fn is_comment(line: &[u8]) -> bool {
    let first = line.iter().find(|byte| !BLANKS.contains(&char::from(**byte)));
    matches!(first, Some(b'#' | b';'))
}

/// Whether the last byte is a backslash that no other backslash protects.
fn ends_escaped(text: &[u8]) -> bool {
    let backslashes = text.iter().rev().take_while(|byte| **byte == b'\\').count();
    backslashes % 2 == 1
}

/// The lines of a file without their ends. A line ends with any of LF, CR and NUL; CR and LF together, in either order,
/// are one end, with a NUL behind them too.
fn physical(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut lines = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        while at < bytes.len() && !is_end(bytes[at]) {
            at += 1;
        }
        lines.push(start..at);
        let mut seen: Vec<u8> = Vec::new();
        while at < bytes.len() && is_end(bytes[at]) && !seen.contains(&0) && !seen.contains(&bytes[at]) {
            seen.push(bytes[at]);
            at += 1;
        }
    }
    lines
}

fn is_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r' | 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<(String, String, String)> {
        let lines = read(FileId(0), text.as_bytes(), &["Match", "Link"]);
        let triple = |one: Assignment| (one.section, one.key, one.value);
        lines.assignments.into_iter().map(triple).collect()
    }

    fn one(section: &str, key: &str, value: &str) -> (String, String, String) {
        (section.into(), key.into(), value.into())
    }

    /// Source: systemd.syntax(7): "lines ending in a backslash are concatenated with the following non-comment line
    /// [...] and the backslash is replaced by a space character".
    #[test]
    fn a_backslash_joins_lines_over_comments() {
        let text = "[Match]\nMACAddress = 1:2:3:4:5:6 \\\n# a comment\n  ; another\n 2:2:3:4:5:6\n";
        assert_eq!(said(text), [one("Match", "MACAddress", "1:2:3:4:5:6   2:2:3:4:5:6")]);
        assert_eq!(said("[Match]\nPath=a\\\\\nKind=b\n").len(), 2);
    }

    /// Second witness: the reader of the lines itself, whose idea of a line is compared with udev's in tests/link_files.rs.
    #[test]
    fn a_line_that_holds_a_word_goes_with_all_that_belongs_to_it() {
        for text in [
            "[Link]\nName=lan0\nWakeOnLanPassword=\\\n# half\n 00:11:22:33:44:55\nMTUBytes=9000\n",
            "[Link]\rName=lan0\rwakeonlanpassword = 00:11:22:33:44:55\rMTUBytes=9000\r",
            "[Link]\nName=lan0\n# WakeOnLanPassword=00:11:22:33:44:55\nMTUBytes=9000",
            "[Link]\0Name=lan0\0\tWakeOnLanPassword \\\0=00:11:22:33:44:55\0MTUBytes=9000",
            "[Link]\nName=lan0\nMTUBytes=9000\nWakeOnLanPassword=00:11:22:33:\\\n44:55",
        ] {
            let kept = String::from_utf8(without(text.as_bytes(), "WakeOnLanPassword")).unwrap();
            assert!(!kept.contains("44:55"), "{kept:?}");
            assert_eq!(
                said(&kept),
                [one("Link", "Name", "lan0"), one("Link", "MTUBytes", "9000")]
            );
        }
        let plain = "[Link]\r\nName=lan0 \\\r\n\r\n";
        assert_eq!(without(plain.as_bytes(), "WakeOnLanPassword"), plain.as_bytes());
    }

    #[test]
    fn carriage_returns_and_a_byte_order_mark_are_no_part_of_it() {
        let text = "\u{feff}[Match]\r\nType=ether\r\n\r\n[Link]\rName=lan0\r";
        assert_eq!(said(text), [one("Match", "Type", "ether"), one("Link", "Name", "lan0")]);
    }

    #[test]
    fn a_broken_header_voids_the_file_and_says_where() {
        let lines = read(FileId(0), b"[Match]\nType=ether\n[Link\nName=a\n", &["Match", "Link"]);
        let refused = lines.refused.unwrap();
        assert_eq!(refused.code, "link-refused");
        assert_eq!(refused.label.as_ref().unwrap().text, "a section header without its `]`");
        assert_eq!(refused.label.unwrap().place.span, Span::new(19, 24));
    }
}
