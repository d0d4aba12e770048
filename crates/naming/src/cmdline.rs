//! The kernel command line: its words, and the one that pins the naming scheme.

use std::ops::Range;

/// The word that pins the naming scheme. systemd takes `_` and `-` in it for the same.
pub const SCHEME_KEY: &str = "net.naming-scheme";
/// The word that turns policies for names off.
pub const NAMES_KEY: &str = "net.ifnames";

/// One word of a command line.
///
/// *Source*: systemd's reading of /proc/cmdline: blanks separate words, single and double quotes keep them together,
/// a backslash is a sign like any other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word without its quotes.
    pub text: String,
    /// Which bytes of the line it stands in, with its quotes.
    pub range: Range<usize>,
}

impl Word {
    /// What stands before the first `=`, or the whole word.
    pub fn key(&self) -> &str {
        self.text.split_once('=').map_or(&self.text, |(key, _)| key)
    }

    /// What stands behind the first `=`; `None` where there is none.
    pub fn value(&self) -> Option<&str> {
        self.text.split_once('=').map(|(_, value)| value)
    }

    /// Whether it has this key; `-` and `_` are the same sign.
    pub fn is(&self, key: &str) -> bool {
        let plain = |byte: u8| if byte == b'_' { b'-' } else { byte };
        self.key().bytes().map(plain).eq(key.bytes().map(plain))
    }
}

/// The words of a command line in their order.
pub fn words(line: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut open: Option<Word> = None;
    let mut quote = None;
    for (at, sign) in line.char_indices() {
        if quote.is_none() && sign.is_ascii_whitespace() {
            words.extend(open.take());
            continue;
        }
        let word = open.get_or_insert_with(|| Word {
            text: String::new(),
            range: at..at,
        });
        word.range.end = at + sign.len_utf8();
        match quote {
            Some(end) if sign == end => quote = None,
            None if sign == '"' || sign == '\'' => quote = Some(sign),
            _ => word.text.push(sign),
        }
    }
    words.extend(open);
    words
}

/// The value of a key; of the last word that has one, where it stands more than once.
pub fn value(line: &str, key: &str) -> Option<String> {
    let words = words(line);
    let mut said = words.iter().filter(|word| word.is(key)).filter_map(Word::value);
    said.next_back().map(str::to_owned)
}

/// What the line says of the naming scheme.
///
/// *Source*: systemd.net-naming-scheme(7); a word without `=` says nothing.
pub fn naming_scheme(line: &str) -> Option<String> {
    value(line, SCHEME_KEY)
}

/// The line with this naming scheme and no other, or with none; all other bytes stay.
///
/// *Shape*: one line, or more of them as in /etc/kernel/cmdline, where lines that begin with `#` are left alone. The
/// word comes at the end of the first line with words, before a `--`, behind which the words are for init.
pub fn with_naming_scheme(line: &str, scheme: Option<&str>) -> String {
    if naming_words(line) == scheme.map(str::to_owned).into_iter().collect::<Vec<_>>() {
        return line.to_owned();
    }
    let mut scheme = scheme;
    let mut text = String::with_capacity(line.len() + 32);
    for line in line.split_inclusive('\n') {
        if line.starts_with('#') {
            text += line;
            continue;
        }
        let plain = without(line);
        match scheme.filter(|_| !words(&plain).is_empty()) {
            Some(name) => {
                text += &insert(&plain, name);
                scheme = None;
            }
            None => text += &plain,
        }
    }
    let Some(name) = scheme else { return text };
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    format!("{text}{SCHEME_KEY}={name}\n")
}

/// The values of all words that name a scheme; of a word without `=` the empty one.
fn naming_words(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let said = lines.flat_map(words).filter(|word| word.is(SCHEME_KEY));
    said.map(|word| word.value().unwrap_or_default().to_owned()).collect()
}

/// A line without the words that name a scheme, and without the blanks before them.
fn without(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut kept = 0;
    for word in words(line).iter().filter(|word| word.is(SCHEME_KEY)) {
        text += line[kept..word.range.start].trim_end_matches([' ', '\t']);
        kept = word.range.end;
    }
    let rest = &line[kept..];
    let trimmed = rest.trim_start_matches([' ', '\t']);
    // A word that begins with `#` must not come to begin the line: it would become a comment.
    let first = text.is_empty() && kept > 0 && !trimmed.starts_with('#');
    text += if first { trimmed } else { rest };
    text
}

/// A line with the word at its end, or before its `--`.
fn insert(line: &str, scheme: &str) -> String {
    let words = words(line);
    let behind = words.iter().find(|word| word.text == "--");
    match behind {
        Some(word) => {
            let (before, after) = line.split_at(word.range.start);
            format!("{before}{SCHEME_KEY}={scheme} {after}")
        }
        None => {
            let end = words.last().map_or(0, |word| word.range.end);
            let (before, after) = line.split_at(end);
            format!("{before} {SCHEME_KEY}={scheme}{after}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // Witness for the reading of words: src/basic/proc-cmdline.c's rules as bootparam(7) and kernel-command-line(7)
    // tell them, and `udevadm test-builtin net_id` of udev 252 for the repeated key.
    #[test]
    fn quotes_keep_words_together_and_the_last_scheme_wins() {
        let line = "BOOT_IMAGE=/vmlinuz dyndbg=\"file a.c +p\" net.naming-scheme=v240 net.naming_scheme=v247 quiet";
        let texts: Vec<String> = words(line).into_iter().map(|word| word.text).collect();
        assert_eq!(texts[1], "dyndbg=file a.c +p");
        assert_eq!(texts.len(), 5);
        assert_eq!(naming_scheme(line).as_deref(), Some("v247"));
        assert_eq!(naming_scheme("net.naming-scheme quiet"), None);
        assert_eq!(naming_scheme("rd.net.naming-scheme=v247"), None);
    }

    #[test]
    fn the_scheme_replaces_every_other_one_and_nothing_else() {
        let pinned = with_naming_scheme("root=/dev/sda1  ro net.naming_scheme=v240 quiet\n", Some("v252"));
        assert_eq!(pinned, "root=/dev/sda1  ro quiet net.naming-scheme=v252\n");
        assert_eq!(with_naming_scheme(&pinned, None), "root=/dev/sda1  ro quiet\n");
        assert_eq!(
            with_naming_scheme("net.naming-scheme=v240 ro", Some("v252")),
            "ro net.naming-scheme=v252"
        );
        assert_eq!(with_naming_scheme("", Some("v252")), "net.naming-scheme=v252\n");
        assert_eq!(
            with_naming_scheme("ro -- single", Some("v252")),
            "ro net.naming-scheme=v252 -- single"
        );
    }

    /// systemd 257 leaves comment lines of /etc/kernel/cmdline out and joins the others (kernel-install(8)).
    #[test]
    fn comment_lines_stay_as_they_are() {
        let text = "# net.naming-scheme=v240 was tried\nro\nquiet net.naming-scheme=v240\n";
        assert_eq!(
            with_naming_scheme(text, Some("v252")),
            "# net.naming-scheme=v240 was tried\nro net.naming-scheme=v252\nquiet\n"
        );
    }

    proptest! {
        // No open quotes: they swallow what is put behind them, for the kernel as well.
        #[test]
        fn pinning_says_the_scheme_and_a_second_time_changes_nothing(
            line in r#"((#?[a-z=_.-]{0,6}|"[a-z ]{0,4}"|net[.]naming[-_]scheme=?[a-z]?|--)[ \n]){0,8}#?"#
        ) {
            let once = with_naming_scheme(&line, Some("v252"));
            prop_assert_eq!(naming_words(&once), vec!["v252".to_owned()]);
            prop_assert_eq!(with_naming_scheme(&once, Some("v252")), once.clone());
            prop_assert_eq!(naming_words(&with_naming_scheme(&once, None)), Vec::<String>::new());
        }

        #[test]
        fn other_words_stay_in_their_order(line in "([a-z=.]{1,8} {1,2}){0,6}") {
            let texts = |line: &str| -> Vec<String> {
                words(line).into_iter().filter(|word| !word.is(SCHEME_KEY)).map(|word| word.text).collect()
            };
            prop_assert_eq!(texts(&with_naming_scheme(&line, Some("v252"))), texts(&line));
        }
    }
}
