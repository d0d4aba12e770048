//! The lines of one file.

use crate::key::Key;
use crate::value::Value;
use cleat_diag::{Diagnostic, FileId, Place, Source, Span};

/// Most bytes of one line; systemd-sysctl gives up a file at a longer one.
const LONGEST: usize = 1 << 20;

/// One line that says something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingLine {
    /// The setting, or a pattern of settings.
    pub key: Key,
    /// Its value; `None` in a line `-KEY`, which takes settings out of patterns.
    pub value: Option<Value>,
    /// `-KEY = VALUE`: nothing is said where it cannot be written.
    pub may_fail: bool,
    /// The line, blanks at its ends left out.
    pub place: Place,
}

/// Reads the lines of a file.
///
/// *Source*: sysctl.d(5), "configuration format". Comments begin with `#` or `;`, and only at the start of a line. A
/// line ends at a line feed, a carriage return or a NUL.
pub fn read(file: FileId, source: &Source) -> (Vec<SettingLine>, Vec<Diagnostic>) {
    let (mut lines, mut found) = (Vec::new(), Vec::new());
    let mut start = 0;
    for raw in source.bytes().split(|byte| matches!(byte, b'\n' | b'\r' | 0)) {
        let text = raw.trim_ascii();
        let begin = start + (raw.len() - raw.trim_ascii_start().len());
        let place = Place {
            file,
            span: Span::new(begin, begin + text.len()),
        };
        start += raw.len() + 1;
        if raw.len() > LONGEST {
            let fault = Diagnostic::error(
                "sysctl-line",
                "the line is longer than 1 MiB; the rest of the file is left out",
            );
            found.push(fault.at(place, ""));
            break;
        }
        match text.first() {
            None | Some(b'#' | b';') => {}
            Some(_) => match line(text, place) {
                Some(line) => lines.push(line),
                None => {
                    let message = format!("`{}` sets nothing", String::from_utf8_lossy(text));
                    found.push(Diagnostic::error("sysctl-line", message).at(place, "takes `KEY = VALUE`"));
                }
            },
        }
    }
    (lines, found)
}

/// What a line says; `None` where it has neither `-` nor `=`.
fn line(text: &[u8], place: Place) -> Option<SettingLine> {
    let (dash, rest) = match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (key, value) = match rest.iter().position(|byte| *byte == b'=') {
        Some(at) => (&rest[..at], Some(Value::new(rest[at + 1..].trim_ascii()))),
        None if dash => (rest, None),
        None => return None,
    };
    Some(SettingLine {
        key: Key::new(&String::from_utf8_lossy(key.trim_ascii())),
        may_fail: dash && value.is_some(),
        value,
        place,
    })
}
