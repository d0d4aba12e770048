//! Names of kernel settings, in the one spelling that all are compared in.

use cleat_root::{is_pattern, paths};
use std::fmt;
use std::path::{Path, PathBuf};

/// The name of a setting, or a pattern of names: its path below /proc/sys, `net/ipv4/conf/eno1.50/forwarding`.
///
/// *Source*: sysctl.d(5), "key names".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

impl Key {
    /// Reads either spelling. Where the first separator is a `.`, each `.` and `/` stands for the other; where it is a
    /// `/`, both are meant as they are. Doubled separators, `.` parts and those at both ends fall away.
    ///
    /// *Example*: `net.ipv4.conf.eno1/50.forwarding`, `net/ipv4/conf/eno1.50/forwarding` and
    /// `/net/ipv4//conf/eno1.50/forwarding` are one key.
    pub fn new(text: &str) -> Self {
        let dots = text.find(['.', '/']).is_some_and(|at| text.as_bytes()[at] == b'.');
        let swapped: String = match dots {
            true => text.chars().map(exchange).collect(),
            false => text.to_owned(),
        };
        let parts: Vec<&str> = swapped
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".")
            .collect();
        // systemd-sysctl keeps a lone `/` as it is: it names /proc/sys itself, as the empty key does.
        Self(match (parts.is_empty(), swapped.starts_with('/')) {
            (true, true) => "/".to_owned(),
            _ => parts.join("/"),
        })
    }

    /// A path below /proc/sys as it is: no `.` in it stands for a `/`.
    pub(crate) fn literal(path: &str) -> Self {
        Self(path.to_owned())
    }

    /// The path below /proc/sys, without a leading `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The parts of the path.
    pub fn parts(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/').filter(|part| !part.is_empty())
    }

    /// Whether it holds a sign of a pattern: `*`, `?` or `[`. Braces alone make none.
    pub fn is_pattern(&self) -> bool {
        self.0.contains(['*', '?', '['])
    }

    /// Whether a part of it is `..`, which would lead out of /proc/sys.
    pub fn leads_out(&self) -> bool {
        self.parts().any(|part| part == "..")
    }

    /// Whether it is `other` or lies below it, part by part: `net/ipv4` is not below `net/ip`.
    pub fn is_below(&self, other: &Key) -> bool {
        let mut parts = self.parts();
        other.parts().all(|part| parts.next() == Some(part))
    }

    /// Where the setting is.
    pub fn path(&self) -> PathBuf {
        Path::new(paths::PROC_SYS).join(self.0.trim_start_matches('/'))
    }

    /// The key of a path below /proc/sys.
    pub(crate) fn of_path(path: &Path) -> Option<Self> {
        let below = path.strip_prefix(paths::PROC_SYS).ok()?;
        Some(Self(below.to_string_lossy().into_owned()))
    }

    /// Whether the pattern, or the key, matches a key as the names of directories do: no sign matches a `/`. Braces over
    /// the bounds match nothing.
    pub fn matches(&self, key: &Key) -> bool {
        let words = cleat_root::expand_braces(&self.0).unwrap_or_default();
        words.iter().any(|word| fits(word, &key.0))
    }
}

fn fits(pattern: &str, key: &str) -> bool {
    let (patterns, parts): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), key.split('/').collect());
    let fit = |(pattern, part): (&&str, &&str)| match is_pattern(pattern) {
        true => cleat_root::matches(pattern, part) && (pattern.starts_with('.') || !part.starts_with('.')),
        false => pattern == part,
    };
    patterns.len() == parts.len() && patterns.iter().zip(&parts).all(fit)
}

fn exchange(char: char) -> char {
    match char {
        '.' => '/',
        '/' => '.',
        other => other,
    }
}

impl fmt::Display for Key {
    /// As sysctl(8) writes it: with dots, or with slashes where a part holds a dot (`net/ipv4/conf/eno1.50/forwarding`).
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.contains('.') {
            true => out.pad(&self.0),
            false => out.pad(&self.0.replace('/', ".")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Key;

    /// Source: sysctl.d(5); each line was tried with systemd-sysctl 252 and its log at debug level.
    #[test]
    fn both_spellings_are_one_key() {
        let vectors = [
            ("a.b.c", "a/b/c"),
            ("a/b/c", "a/b/c"),
            ("a.b/c.d", "a/b.c/d"),
            ("a/b.c/d", "a/b.c/d"),
            (
                "net.ipv4.conf.enp3s0/200.forwarding",
                "net/ipv4/conf/enp3s0.200/forwarding",
            ),
            ("a...b...c", "a/b/c"),
            ("/a///b///c", "a/b/c"),
            ("./a/b", ".a.b"),
            ("a/./b/", "a/b"),
            ("x", "x"),
            ("", ""),
            ("/", "/"),
            (".", "/"),
        ];
        for (text, key) in vectors {
            assert_eq!(Key::new(text).as_str(), key, "{text}");
        }
    }

    #[test]
    fn a_prefix_ends_where_a_part_ends() {
        let below = |key: &str, prefix: &str| Key::new(key).is_below(&Key::new(prefix));
        assert!(below("net/ipv4/conf/eth0/forwarding", "net.ipv4.conf.eth0"));
        assert!(below("net/ipv4", "net/ipv4/"));
        assert!(!below("net/ipv4/conf/eth01/forwarding", "net.ipv4.conf.eth0"));
        assert!(!below("net", "net/ipv4"));
    }

    #[test]
    fn a_vlans_key_is_shown_with_slashes() {
        assert_eq!(Key::new("net/ipv4/ip_forward").to_string(), "net.ipv4.ip_forward");
        assert_eq!(
            Key::new("net.ipv4.conf.eno1/50.forwarding").to_string(),
            "net/ipv4/conf/eno1.50/forwarding"
        );
    }

    #[test]
    fn patterns_match_part_by_part() {
        let matches = |pattern: &str, key: &str| Key::new(pattern).matches(&Key::new(key));
        assert!(matches("net.ipv4.conf.*.rp_filter", "net/ipv4/conf/eno1.5/rp_filter"));
        assert!(matches(
            "net.ipv4.conf.{vmbr,tap}*.rp_filter",
            "net/ipv4/conf/vmbr0/rp_filter"
        ));
        assert!(!matches("net.*.rp_filter", "net/ipv4/conf/eno1/rp_filter"));
        assert!(!matches(
            "net.ipv4.conf.{vmbr,tap}*.rp_filter",
            "net/ipv4/conf/eno1/rp_filter"
        ));
    }
}
