//! Shell globs, as `source` lines use them.

use crate::{Root, RootError, expand_braces};
use std::io;
use std::path::{Path, PathBuf};

impl Root {
    /// The paths that a pattern matches, sorted by their bytes; a path without pattern signs matches itself where it
    /// exists. A pattern without a leading `/` is taken from the directory `relative_to`.
    ///
    /// Signs: `*`, `?`, `[a-z]`, `[!a]`, `{a,b}`, `\` before a sign that is meant as it is. As in a shell, no sign
    /// matches a leading dot or a `/`, and directories that cannot be read match nothing; nor does a pattern whose
    /// braces go over the bounds of [`expand_braces`].
    ///
    /// *Source*: glob(7).
    pub fn glob(&self, pattern: &str, relative_to: impl AsRef<Path>) -> Vec<PathBuf> {
        self.expand(pattern, relative_to.as_ref(), &mut |_| {})
    }

    /// As [`Root::glob`], where it matters that nothing is missing.
    ///
    /// *Errors*: a directory that is there and cannot be read, as GLOB_ERR of glob(3); braces that go over the bounds of
    /// [`expand_braces`].
    pub fn try_glob(&self, pattern: &str, relative_to: impl AsRef<Path>) -> Result<Vec<PathBuf>, RootError> {
        let mut first = None;
        let found = self.expand(pattern, relative_to.as_ref(), &mut |error| {
            first.get_or_insert(error);
        });
        first.map_or(Ok(found), Err)
    }

    fn expand(&self, pattern: &str, relative_to: &Path, fail: &mut dyn FnMut(RootError)) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let words = expand_braces(pattern).unwrap_or_else(|error| {
            let error = io::Error::new(io::ErrorKind::InvalidInput, error.to_string());
            fail(RootError::new("expand", Path::new("a pattern"), error));
            Vec::new()
        });
        for word in words {
            let absolute = word.starts_with('/');
            let mut paths = vec![if absolute {
                PathBuf::from("/")
            } else {
                relative_to.to_owned()
            }];
            for part in word.split('/').filter(|part| !part.is_empty() && *part != ".") {
                paths = paths.iter().flat_map(|path| self.step(path, part, fail)).collect();
            }
            found.extend(paths);
        }
        found.sort();
        found.dedup();
        found
    }

    /// The paths below `path` that one part of a pattern matches.
    fn step(&self, path: &Path, part: &str, fail: &mut dyn FnMut(RootError)) -> Vec<PathBuf> {
        let mut given = |error: RootError| {
            if !error.is_missing() && !error.is_no_directory() {
                fail(error);
            }
        };
        if !is_pattern(part) {
            let next = path.join(unescape(part));
            let found = self.metadata(&next).map_err(&mut given);
            return found.map_or(Vec::new(), |_| vec![next]);
        }
        let names = self.read_dir(path).map_err(given).unwrap_or_default();
        let fits = |name: &str| matches(part, name) && (part.starts_with('.') || !name.starts_with('.'));
        names
            .iter()
            .filter(|name| fits(&name.to_string_lossy()))
            .map(|name| path.join(name))
            .collect()
    }
}

/// Whether a word holds a sign that can match more than itself.
pub fn is_pattern(word: &str) -> bool {
    let mut chars = word.chars();
    while let Some(char) = chars.next() {
        match char {
            '*' | '?' | '[' | '{' => return true,
            '\\' => drop(chars.next()),
            _ => {}
        }
    }
    false
}

/// Whether a pattern of `*`, `?`, `[...]` and `\` matches a whole name.
///
/// *Source*: glob(7); a `[` without its `]` stands for itself.
pub fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut at, mut seen) = (0, 0);
    // Where to go on when what follows the last star did not match: one character further.
    let mut retry: Option<(usize, usize)> = None;
    while seen < name.len() {
        if pattern.get(at) == Some(&'*') {
            at += 1;
            retry = Some((at, seen));
        } else if let Some(next) = one(&pattern, at, name[seen]) {
            (at, seen) = (next, seen + 1);
        } else if let Some((after_star, from)) = retry {
            (at, seen) = (after_star, from + 1);
            retry = Some((at, seen));
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|char| *char == '*')
}

/// If the pattern at `at` matches `char`, where the pattern goes on.
fn one(pattern: &[char], at: usize, char: char) -> Option<usize> {
    match *pattern.get(at)? {
        '?' => Some(at + 1),
        '\\' if at + 1 < pattern.len() => (pattern[at + 1] == char).then_some(at + 2),
        '[' => match class(pattern, at, char) {
            Some((inside, next)) => inside.then_some(next),
            None => (char == '[').then_some(at + 1),
        },
        plain => (plain == char).then_some(at + 1),
    }
}

/// Reads the bracket at `at`: whether it takes `char`, and where the pattern goes on. `None` without a closing `]`.
fn class(pattern: &[char], at: usize, char: char) -> Option<(bool, usize)> {
    let mut at = at + 1;
    let not = matches!(pattern.get(at), Some('!' | '^'));
    at += usize::from(not);
    let first = at;
    let mut inside = false;
    loop {
        let low = *pattern.get(at)?;
        if low == ']' && at > first {
            return Some((inside != not, at + 1));
        }
        match (pattern.get(at + 1), pattern.get(at + 2)) {
            (Some('-'), Some(high)) if *high != ']' => {
                inside |= (low..=*high).contains(&char);
                at += 3;
            }
            _ => {
                inside |= low == char;
                at += 1;
            }
        }
    }
}

/// A part without the backslashes that protect signs.
fn unescape(part: &str) -> String {
    let mut chars = part.chars();
    let mut plain = String::new();
    while let Some(char) = chars.next() {
        plain.push(if char == '\\' {
            chars.next().unwrap_or('\\')
        } else {
            char
        });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::{is_pattern, matches};

    /// Source: glob(7); each line was tried with bash's `[[ name == pattern ]]`.
    #[test]
    fn patterns_match_as_in_a_shell() {
        let yes = [
            ("*", ""),
            ("*", "eno1"),
            ("e*1", "eno1"),
            ("e*1", "e11"),
            ("en?1", "eno1"),
            ("en[a-o]1", "eno1"),
            ("en[!a]1", "eno1"),
            ("[]x]", "]"),
            ("[a-]", "-"),
            ("a[b", "a[b"),
            ("\\*", "*"),
            ("*.conf", "a.b.conf"),
            ("a*b*c", "aXbYbZc"),
            ("swp[1-4]", "swp3"),
        ];
        for (pattern, name) in yes {
            assert!(matches(pattern, name), "{pattern} should match {name}");
        }
        let no = [
            ("", "a"),
            ("?", ""),
            ("e*1", "eno12"),
            ("en[a-o]1", "enp1"),
            ("en[!o]1", "eno1"),
            ("\\*", "a"),
            ("a", "ab"),
            ("a*b*c", "aXcYb"),
            ("swp[1-4]", "swp5"),
        ];
        for (pattern, name) in no {
            assert!(!matches(pattern, name), "{pattern} should not match {name}");
        }
    }

    #[test]
    fn a_protected_sign_is_no_pattern() {
        assert!(is_pattern("a*") && is_pattern("a[b]") && is_pattern("{a,b}"));
        assert!(!is_pattern("a\\*") && !is_pattern("/etc/network/interfaces"));
    }
}
