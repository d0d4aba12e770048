//! Words that begin a stanza, with a slip of the pen in them: `ifcae eno1 inet static`.
//!
//! Such a line is an option by its form, and the lines below it would be those of the stanza above: `address` of a NIC
//! would be one of the loopback's.

use crate::head::Head;

/// Stanzas whose loss takes an interface away, together with what is said of it.
const HEADS: [&str; 5] = ["iface", "template", "mapping", "source", "source-directory"];
/// Lines that name interfaces which have a stanza elsewhere.
const CLASSES: [&str; 5] = ["auto", "allow-auto", "allow-hotplug", "no-auto-down", "no-scripts"];

/// The stanza that was likely meant by a line that begins none: by its first word, and by the form of what stands behind it.
pub(crate) fn stanza_meant(word: &str, rest: &str) -> Option<(&'static str, Head)> {
    let meant = nearest(word, &HEADS)?;
    let mut words = rest.split_whitespace();
    let (first, second) = (words.next()?, words.next());
    let fits = match meant {
        "source" | "source-directory" => first.contains(['/', '*']),
        "mapping" => true,
        _ => second.is_none_or(|second| ["inet", "inet6", "inherits"].contains(&second)),
    };
    fits.then_some((meant, Head::Misspelt(meant)))
}

/// The line of a class (`auto`, `allow-hotplug`) that was likely meant by the key of an option.
pub fn class_meant(key: &str) -> Option<&'static str> {
    nearest(key, &CLASSES)
}

/// The word that was likely meant by the first one of a line that belongs to no stanza.
pub(crate) fn any_meant(word: &str) -> Option<&'static str> {
    nearest(word, &HEADS).or_else(|| nearest(word, &CLASSES))
}

/// The nearest of these words, where it is near enough to be a slip: one edit in ten letters, at least one.
fn nearest(word: &str, all: &[&'static str]) -> Option<&'static str> {
    let limit = |known: &str| (known.len() / 5).clamp(1, 2);
    let mut near = all
        .iter()
        .filter(|known| may_be_near(word, known, limit(known)))
        .peekable();
    near.peek()?;
    let word = crate::normalise_key(word).to_ascii_lowercase();
    let near = near.map(|known| (distance(&word, known), *known));
    let near = near.filter(|(edits, known)| *edits <= limit(known));
    near.min().map(|(_, known)| known)
}

/// What most lines of a file are told by, at no cost: each edit changes the length by one at most, and one or two leave a
/// beginning of three letters a letter in common with the other.
fn may_be_near(word: &str, known: &str, limit: usize) -> bool {
    let beginning = known.as_bytes().get(..3).unwrap_or_default();
    word.len().abs_diff(known.len()) <= limit
        && word
            .bytes()
            .take(3)
            .any(|byte| beginning.contains(&byte.to_ascii_lowercase()))
}

/// How many insertions, deletions, replacements and swaps of neighbours lead from one word to the other.
///
/// *Source*: optimal string alignment, the restricted form of Damerau and Levenshtein's distance.
pub fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    // Second witness: worked by hand, one edit each.
    #[test]
    fn a_swap_counts_as_one_edit_like_any_other() {
        assert_eq!(distance("bridge-prots", "bridge-ports"), 1);
        assert_eq!(distance("adress", "address"), 1);
        assert_eq!(distance("gatewayy", "gateway"), 1);
        assert_eq!(distance("", "mtu"), 3);
    }

    #[test]
    fn a_stanza_is_meant_where_word_and_form_say_so() {
        let meant = |word: &str, rest: &str| stanza_meant(word, rest).map(|(meant, _)| meant);
        assert_eq!(meant("ifcae", "eno1 inet static"), Some("iface"));
        assert_eq!(meant("Iface", "eno1"), Some("iface"));
        assert_eq!(meant("iface:", "eno1 inherits common"), Some("iface"));
        assert_eq!(meant("ifaces", "eno1 eno2"), None);
        assert_eq!(meant("ifcae", ""), None);
        assert_eq!(meant("souce", "interfaces.d/*"), Some("source"));
        assert_eq!(
            meant("source_directry", "/etc/network/interfaces.d"),
            Some("source-directory")
        );
        assert_eq!(meant("souce", "eno1"), None);
        assert_eq!(meant("face", "eno1 inet static"), Some("iface"));
        assert_eq!(meant("address", "192.0.2.1/24"), None);
    }

    #[test]
    fn a_class_is_meant_by_one_or_two_edits() {
        assert_eq!(class_meant("aut"), Some("auto"));
        assert_eq!(class_meant("alow-hotplug"), Some("allow-hotplug"));
        assert_eq!(class_meant("alow-hotplg"), Some("allow-hotplug"));
        assert_eq!(class_meant("mtu"), None);
        assert_eq!(class_meant("autoconf"), None);
    }
}
