//! Text of others, such as names of interfaces and files, as it may be shown.

use std::borrow::Cow;

/// A text on one line that does nothing to a terminal: control characters, those that turn the writing direction, and
/// those that are not seen are written as in JSON, `\n` or `\u001b`. Anything else stays as it is.
///
/// *Source*: Unicode Standard Annex 9 for the direction; the kernel lets a link's name hold any byte but blanks, `/` and
/// `:` (`dev_valid_name` in net/core/dev.c).
pub fn escaped(text: &str) -> Cow<'_, str> {
    escape(text, |char| is_odd(char) || char == '\n')
}

/// The same for a text of many lines, whose ends stay. JSON stays the same document.
pub fn escaped_lines(text: &str) -> Cow<'_, str> {
    escape(text, is_odd)
}

fn escape(text: &str, is_odd: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_odd) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        match char {
            '\n' if is_odd(char) => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            odd if is_odd(odd) => out.push_str(&format!("\\u{:04x}", u32::from(odd))),
            plain => out.push(plain),
        }
    }
    Cow::Owned(out)
}

/// Whether a character is not to reach a terminal; a line end and a tab may.
pub(crate) fn is_odd(char: char) -> bool {
    let unseen = matches!(
        char,
        '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    );
    unseen || (char.is_control() && !matches!(char, '\n' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_or_turns_the_text_is_written_out_and_the_rest_stays() {
        assert_eq!(escaped("lan0 ä → 日本"), "lan0 ä → 日本");
        assert_eq!(escaped("a\u{1b}[2Jb"), r"a\u001b[2Jb");
        assert_eq!(escaped("en\u{202e}0pm"), r"en\u202e0pm");
        assert_eq!(escaped("a\u{7f}\u{85}\u{feff}\u{200b}"), r"a\u007f\u0085\ufeff\u200b");
        assert_eq!(escaped("a\nb\tc\r"), "a\\nb\tc\\r");
        assert_eq!(escaped_lines("a\nb\u{7}\n"), "a\nb\\u0007\n");
    }

    /// Second witness: RFC 8259, section 7: `\uXXXX` in a string is that character.
    #[test]
    fn a_json_document_stays_the_same() {
        let text = "{\n  \"name\": \"en\u{202e}0\u{9b}x\"\n}\n";
        let shown = escaped_lines(text);
        assert_eq!(shown, "{\n  \"name\": \"en\\u202e0\\u009bx\"\n}\n");
    }
}
