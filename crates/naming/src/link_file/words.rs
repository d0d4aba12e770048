//! Values as words, the way systemd splits them.

use super::lines::BLANKS;

/// What quotes and backslashes do.
///
/// *Source*: systemd.syntax(7) and the keys' entries in systemd.link(5); the differences between keys were asked of
/// `udevadm test-builtin net_setup_link`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Quotes are plain; a backslash protects the next character and goes (addresses, names, policies).
    Plain,
    /// Quotes group words and go; backslashes stay (patterns).
    Quoted,
    /// Quotes group words and go; backslashes make C escapes (properties).
    Escaped,
}

/// Splits a value. With a quote left open or a bad escape the words before it are returned, and `false`.
pub fn split(value: &str, style: Style) -> (Vec<String>, bool) {
    let mut words = Vec::new();
    let mut rest = value.chars().peekable();
    loop {
        while rest.next_if(|char| BLANKS.contains(char)).is_some() {}
        if rest.peek().is_none() {
            return (words, true);
        }
        match word(&mut rest, style) {
            Some(word) => words.push(word),
            None => return (words, false),
        }
    }
}

type Rest<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn word(rest: &mut Rest<'_>, style: Style) -> Option<String> {
    let mut word = String::new();
    let mut quote = None;
    loop {
        let char = match rest.next() {
            Some(char) => char,
            None => return quote.is_none().then_some(word),
        };
        match (char, quote) {
            ('\\', _) if style == Style::Plain => word.push(rest.next()?),
            ('\\', _) if style == Style::Escaped => word.push(escape(rest)?),
            ('"' | '\'', None) if style != Style::Plain => quote = Some(char),
            (end, Some(open)) if end == open => quote = None,
            (blank, None) if BLANKS.contains(&blank) => return Some(word),
            _ => word.push(char),
        }
    }
}

/// One C escape behind its backslash. *Source*: systemd.syntax(7), "Supported escapes".
fn escape(rest: &mut Rest<'_>) -> Option<char> {
    Some(match rest.next()? {
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        '\\' => '\\',
        '"' => '"',
        '\'' => '\'',
        's' => ' ',
        'x' => number(rest, 2, 16, None)?,
        'u' => number(rest, 4, 16, None)?,
        'U' => number(rest, 8, 16, None)?,
        digit @ '0'..='7' => number(rest, 2, 8, Some(digit))?,
        _ => return None,
    })
}

fn number(rest: &mut Rest<'_>, digits: usize, base: u32, first: Option<char>) -> Option<char> {
    let mut number = first.map_or(Some(0), |digit| digit.to_digit(base))?;
    for _ in 0..digits {
        number = number.checked_mul(base)? + rest.next()?.to_digit(base)?;
    }
    // A NUL cannot stand in a value.
    char::from_u32(number).filter(|char| *char != '\0')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: systemd.syntax(7), section QUOTING.
    #[test]
    fn each_style_takes_quotes_and_backslashes_its_own_way() {
        let value = r#"a "b c" d\x20e"#;
        let words = |style| split(value, style);
        let owned = |words: &[&str]| (words.iter().map(|word| word.to_string()).collect::<Vec<_>>(), true);
        assert_eq!(words(Style::Plain), owned(&["a", "\"b", "c\"", "dx20e"]));
        assert_eq!(words(Style::Quoted), owned(&["a", "b c", r"d\x20e"]));
        assert_eq!(words(Style::Escaped), owned(&["a", "b c", "d e"]));
    }

    #[test]
    fn what_stands_before_an_open_quote_is_kept() {
        assert_eq!(split("a 'b", Style::Quoted), (vec!["a".to_owned()], false));
        assert_eq!(split(r"a b\", Style::Plain), (vec!["a".to_owned()], false));
    }
}
