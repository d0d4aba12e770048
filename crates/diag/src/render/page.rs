//! A diagnostic as a compiler shows it: the line, a caret, what to do.

use crate::escape::is_odd;
use crate::{Diagnostic, Label, Place, Severity, Source, Sources};
use std::borrow::Cow;
use std::ops::Range;

/// A tab goes to the next multiple of this many columns.
const TAB: usize = 4;
/// Bytes of a source line that are looked at, before the label and from its start on: enough for what is shown. Of a line
/// with 100,000 faults each would show all of it otherwise.
const NEAR: usize = 4 * WIDEST;
/// Columns of a source line that are shown.
const WIDEST: usize = 160;
/// Columns that are shown before the caret where a line is wider than that.
const BEFORE: usize = 40;
/// Characters of a sentence that are shown.
const LONGEST: usize = 4096;
/// What stands for the part of a line that is not shown.
const CUT: &str = "...";
/// Bytes that can follow the first one of a character, and more than that.
const STRAY: usize = 8;

/// Renders for people: several lines, without a line end behind the last.
///
/// *Shape*:
/// ```text
/// error[bond-needs-lacp]: `bond-lacp-rate` has no effect in mode active-backup
///   --> /etc/network/interfaces:14:5
///    |
/// 14 |     bond-lacp-rate fast
///    |     ^^^^^^^^^^^^^^ needs bond-mode 802.3ad
///    = note: bond-mode is set at /etc/network/interfaces:12:15
///    = help: remove this line, or write `bond-mode 802.3ad`
/// ```
/// A label over several lines is cut to the first, a line of more than 160 columns to the part around the label. The
/// interface is named in front of the message where there is no place to show.
///
/// Control characters, as a file may hold them to trick a terminal, are shown as U+FFFD.
pub fn terminal(diagnostic: &Diagnostic, sources: &Sources, color: bool) -> String {
    let Diagnostic {
        severity,
        code,
        message,
        iface,
        label,
        notes,
        help,
        // For exit codes.
        leaves_out: _,
    } = diagnostic;
    let paint = Paint { color };
    let shown = label
        .as_ref()
        .and_then(|label| Some((label, sources.get(label.place.file)?)));
    let on = match iface {
        Some(iface) if shown.is_none() => format!("{iface}: "),
        _ => String::new(),
    };
    let head = format!("{}[{code}]", severity.word());
    let mut lines = vec![format!(
        "{}: {}",
        paint.severity(*severity, &head),
        paint.bold(&plain(&format!("{on}{message}")))
    )];
    let mut gutter = 1;
    if let Some((label, source)) = shown {
        let number = source.position(label.place.span.start).line.to_string();
        gutter = number.len();
        lines.extend(excerpt(label, source, &number, *severity, &paint));
    }
    let bar = paint.frame(&format!("{:gutter$} =", ""));
    for note in notes {
        let place = note
            .place
            .and_then(|place| at(place, sources))
            .map_or(String::new(), |at| format!(" at {at}"));
        lines.push(format!(
            "{bar} {}: {}",
            paint.bold("note"),
            plain(&format!("{}{place}", note.text))
        ));
    }
    for help in help {
        lines.push(format!("{bar} {}: {}", paint.bold("help"), plain(help)));
    }
    lines.join("\n")
}

/// `path:line:column` of a place.
pub(super) fn at(place: Place, sources: &Sources) -> Option<String> {
    let (path, position) = sources.locate(place)?;
    Some(format!("{}:{}:{}", path.display(), position.line, position.column))
}

/// Arrow, source line and caret.
fn excerpt(label: &Label, source: &Source, number: &str, severity: Severity, paint: &Paint) -> [String; 4] {
    let Label { place, text } = label;
    let gutter = number.len();
    let position = source.position(place.span.start);
    let line = source.line_span(position.line).range();
    let near = near(source.bytes(), line.clone(), place.span.range());
    let carets = caret_columns(source.bytes(), near.clone(), place.span.range());
    let cut = (near.start > line.start, near.end < line.end);
    let (shown, carets) = window(&expand(&source.bytes()[near]), carets, cut);
    let mut marks = "^".repeat(carets.len());
    if !text.is_empty() {
        marks = format!("{marks} {}", plain(text));
    }
    let path = plain(&format!(
        "{}:{}:{}",
        source.path.display(),
        position.line,
        position.column
    ));
    [
        format!("{}{path}", paint.frame(&format!("{:gutter$}--> ", ""))),
        paint.frame(&format!("{:gutter$} |", "")),
        format!("{} {shown}", paint.frame(&format!("{number} |")))
            .trim_end()
            .to_owned(),
        format!(
            "{} {}{}",
            paint.frame(&format!("{:gutter$} |", "")),
            " ".repeat(carets.start),
            paint.severity(severity, &marks)
        ),
    ]
}

/// The part of a line around the start of a label from which [`window`] takes what is shown; it begins and ends with whole
/// characters.
fn near(bytes: &[u8], line: Range<usize>, span: Range<usize>) -> Range<usize> {
    let at = span.start.clamp(line.start, line.end);
    let whole = |from: usize, to: usize| {
        let within = |at: &usize| bytes[*at] & 0b1100_0000 == 0b1000_0000;
        (from..to).find(|at| !within(at)).unwrap_or(to)
    };
    let start = match at - line.start > NEAR {
        true => whole(at - NEAR, at),
        false => line.start,
    };
    let end = match line.end - at > NEAR {
        true => whole(at + NEAR, line.end.min(at + NEAR + STRAY)),
        false => line.end,
    };
    start..end
}

/// The columns of `span` in the line `line` as [`expand`] shows it; at least one.
fn caret_columns(bytes: &[u8], line: Range<usize>, span: Range<usize>) -> Range<usize> {
    let columns = |to: usize| width(&expand(&bytes[line.start..to.clamp(line.start, line.end)]));
    let start = columns(span.start);
    start..columns(span.end).max(start + 1)
}

/// Cuts a wide line to the part around the carets; `missing` says whether the line goes on before and behind the text.
fn window(text: &str, carets: Range<usize>, missing: (bool, bool)) -> (String, Range<usize>) {
    if width(text) <= WIDEST && missing == (false, false) {
        return (text.to_owned(), carets);
    }
    let from = if carets.start > WIDEST / 2 {
        carets.start - BEFORE
    } else {
        0
    };
    let (mut shown, mut column, mut first, mut cut) = (String::new(), 0, None, missing.1);
    for char in text.chars() {
        let next = column + width_of(char);
        if column >= from && next - from <= WIDEST {
            first.get_or_insert(column);
            shown.push(char);
        } else if column >= from {
            cut = true;
            break;
        }
        column = next;
    }
    let first = first.unwrap_or(from);
    let before = if first > 0 || missing.0 { CUT } else { "" };
    let shift = |column: usize| column.clamp(first, column.max(first)).min(first + WIDEST) - first + before.len();
    let (start, end) = (shift(carets.start), shift(carets.end));
    (
        format!("{before}{shown}{}", if cut { CUT } else { "" }),
        start..end.max(start + 1),
    )
}

/// Bytes of one line as they are shown: tabs as spaces, other control characters and bytes that are no UTF-8 as U+FFFD.
fn expand(bytes: &[u8]) -> String {
    let mut text = String::new();
    let mut column = 0;
    for char in String::from_utf8_lossy(bytes).chars() {
        if char == '\t' {
            let spaces = TAB - column % TAB;
            text.extend(std::iter::repeat_n(' ', spaces));
            column += spaces;
        } else {
            let char = visible(char);
            text.push(char);
            column += width_of(char);
        }
    }
    text
}

/// A sentence as it is shown: on one line, without control characters.
pub(super) fn plain(text: &str) -> String {
    visible_line(&cut(text.trim_end()))
}

/// The same of a text whose parts were cut.
pub(super) fn visible_line(text: &str) -> String {
    text.trim_end()
        .chars()
        .map(|char| {
            if matches!(char, '\n' | '\t') {
                ' '
            } else {
                visible(char)
            }
        })
        .collect()
}

/// The beginning of a text that nobody could read: a bad value may have the size of a file.
fn cut(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(LONGEST) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}{CUT}", &text[..end])),
    }
}

fn visible(char: char) -> char {
    if char.is_control() || is_odd(char) {
        '\u{fffd}'
    } else {
        char
    }
}

/// Columns that a text takes.
fn width(text: &str) -> usize {
    text.chars().map(width_of).sum()
}

/// Columns that a character takes on a terminal.
///
/// *Source*: Unicode Standard Annex 11 (East Asian Width W and F, the blocks as a whole) for 2; the combining blocks
/// and zero-width signs for 0.
fn width_of(char: char) -> usize {
    match u32::from(char) {
        0x300..=0x36f | 0x483..=0x489 | 0x591..=0x5bd | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20ff => 0,
        0x200b..=0x200f | 0xfe00..=0xfe0f | 0xfe20..=0xfe2f | 0xfeff => 0,
        0x1100..=0x115f | 0x2e80..=0x303e | 0x3041..=0xa4cf | 0xa960..=0xa97f | 0xac00..=0xd7a3 => 2,
        0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 => 2,
        0x1f300..=0x1f64f | 0x1f680..=0x1f6ff | 0x1f900..=0x1faff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// Colours, or none.
struct Paint {
    color: bool,
}

impl Paint {
    fn wrap(&self, code: &str, text: &str) -> String {
        if self.color {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    fn severity(&self, severity: Severity, text: &str) -> String {
        let code = match severity {
            Severity::Error => "1;31",
            Severity::Warning => "1;33",
            Severity::Info => "1;36",
        };
        self.wrap(code, text)
    }

    fn bold(&self, text: &str) -> String {
        self.wrap("1", text)
    }

    /// Gutter, bars and arrow.
    fn frame(&self, text: &str) -> String {
        self.wrap("1;34", text)
    }
}
