//! Shell patterns over interface names.

/// Whether a shell pattern matches the whole name: `*`, `?`, `[abc]`, `[a-c]`, `[!a]`.
///
/// *Source*: glob(7); a `/` is not a special character here.
pub fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    // Where to go back to when a later character does not fit: behind the last star, one name character further.
    let mut retry: Option<(usize, usize)> = None;
    let (mut p, mut n) = (0, 0);
    loop {
        if p < pattern.len() && pattern[p] == '*' {
            retry = Some((p + 1, n));
            p += 1;
            continue;
        }
        if n == name.len() {
            return p == pattern.len();
        }
        match pattern.get(p).and_then(|_| step(&pattern[p..], name[n])) {
            Some(used) => (p, n) = (p + used, n + 1),
            None => match retry {
                Some((star, at)) => {
                    retry = Some((star, at + 1));
                    (p, n) = (star, at + 1);
                }
                None => return false,
            },
        }
    }
}

/// The glob of a pattern of interface names, and which of the matches is meant: `/eth*`, `/eth*/2` or `eth*`. `None` for a
/// plain name, and for classic ifupdown's patterns of other things than names (`mac/...`).
pub fn of_names(word: &str) -> Option<(&str, Option<usize>)> {
    match word.strip_prefix('/') {
        Some(rest) => Some(match rest.split_once('/') {
            Some((glob, number)) => (glob, number.parse().ok()),
            None => (rest, None),
        }),
        None => is_pattern(word).then_some((word, None)),
    }
}

/// How many pattern characters the first element takes where it matches `c`.
fn step(pattern: &[char], c: char) -> Option<usize> {
    match pattern[0] {
        '?' => Some(1),
        '[' => {
            let Some(end) = pattern.iter().skip(2).position(|c| *c == ']').map(|at| at + 2) else {
                return (c == '[').then_some(1);
            };
            let negated = matches!(pattern[1], '!' | '^');
            let set = &pattern[if negated { 2 } else { 1 }..end];
            (in_set(set, c) != negated).then_some(end + 1)
        }
        literal => (literal == c).then_some(1),
    }
}

fn in_set(mut set: &[char], c: char) -> bool {
    while let Some((first, rest)) = set.split_first() {
        if let ['-', last, ..] = rest {
            if (*first..=*last).contains(&c) {
                return true;
            }
            set = &rest[2..];
        } else {
            if *first == c {
                return true;
            }
            set = rest;
        }
    }
    false
}

/// Whether a word has a pattern character in it.
pub fn is_pattern(word: &str) -> bool {
    word.contains(['*', '?', '['])
}

#[cfg(test)]
mod tests {
    use super::*;

    // Second witness: `case NAME in PATTERN) ;; esac` of a POSIX shell gives the same answers.
    #[test]
    fn patterns_match_as_in_a_shell() {
        for (pattern, name, expected) in [
            ("eth*", "eth0", true),
            ("eth*", "xeth0", false),
            ("*", "", true),
            ("e*o*1", "eno1", true),
            ("e*o*1", "eno12", false),
            ("en?1", "eno1", true),
            ("eno[1-4]", "eno3", true),
            ("eno[1-4]", "eno5", false),
            ("eno[!1-4]", "eno5", true),
            ("eno[12]", "eno2", true),
            ("*.5", "bond0.5", true),
            ("tap*i*", "tap100i0", true),
            ("eno[", "eno[", true),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} against {name}");
        }
    }
}
