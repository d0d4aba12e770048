//! Text as man(7) wants it.

use std::fmt::Write;

/// Plain text: no character of it is taken for a request, an escape or a typographic sign.
///
/// *Source*: groff_char(7), "straight quotes" and "hyphens".
pub fn plain(text: &str) -> String {
    escape(text, "-")
}

/// Text that is typed as it stands: its `-` is the one on the keyboard, and a line is not broken there.
pub fn typed(text: &str) -> String {
    escape(text, "\\-")
}

fn escape(text: &str, minus: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\e"),
            '\'' => out.push_str("\\(aq"),
            '`' => out.push_str("\\(ga"),
            '^' => out.push_str("\\(ha"),
            '~' => out.push_str("\\(ti"),
            '"' => out.push_str("\\(dq"),
            '…' => out.push_str("..."),
            '-' => out.push_str(minus),
            other => out.push(other),
        }
    }
    out
}

/// A text of the program, in which what is typed stands in backticks: that becomes bold.
pub fn sentence(text: &str) -> String {
    let mut out = String::new();
    for (at, part) in text.split('`').enumerate() {
        match at % 2 {
            0 => out.push_str(&plain(part)),
            _ => out.push_str(&bold(part)),
        }
    }
    // A line that begins with a dot would be a request.
    match out.starts_with('.') {
        true => format!("\\&{out}"),
        false => out,
    }
}

/// Typed text in bold.
pub fn bold(text: &str) -> String {
    format!("\\fB{}\\fR", typed(text))
}

/// A word that stands for a value.
pub fn italic(text: &str) -> String {
    format!("\\fI{}\\fR", typed(text))
}

/// Typed words with commas between, wrapped so that no line of the page's source is long.
pub fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let mut out = String::new();
    let mut width = 0;
    for word in words {
        let shown = bold(word);
        if width + shown.len() > 90 {
            out.push_str(",\n");
            width = 0;
        } else if !out.is_empty() {
            out.push_str(", ");
        }
        width += shown.len() + 2;
        let _ = write!(out, "{shown}");
    }
    out.push_str(".\n");
    out
}

// Second witness: groff_char(7) and man(7); `mandoc -T lint` on the pages.
#[test]
fn nothing_in_a_text_is_taken_for_a_request_or_an_escape() {
    assert_eq!(plain(r"a\b 'c' ~^ x-y…"), r"a\eb \(aqc\(aq \(ti\(ha x-y...");
    assert_eq!(sentence(".so `up-x` is x-y"), r"\&.so \fBup\-x\fR is x-y");
    assert_eq!(listed(["a-b", "c"]), "\\fBa\\-b\\fR, \\fBc\\fR.\n");
}
