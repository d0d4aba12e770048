//! Versions in conditions: `KernelVersion=>=6.1`.

use super::words::{Style, split};
use cleat_root::matches;
use std::cmp::Ordering;

/// Whether a version is as the words of a condition say, all of them; `None` where systemd cannot read them, so that the
/// condition holds neither way.
///
/// *Source*: systemd.unit(5), `ConditionKernelVersion=`; `condition_test_kernel_version` in src/shared/condition.c of systemd
/// 252 and 257: a blank behind the first operator is allowed, and a word without one is a pattern.
pub(super) fn holds(expression: &str, version: &str) -> Option<bool> {
    let (words, whole) = split(expression, Style::Quoted);
    let mut words = words.iter().map(|word| word.trim());
    let mut is_first = true;
    while let Some(word) = words.next() {
        let (operator, mut value) = operator(word);
        value = value.trim_start();
        if value.is_empty() {
            value = words.next().filter(|_| is_first)?;
        }
        is_first = false;
        if !is_so(operator, version, value) {
            return Some(false);
        }
    }
    whole.then_some(true)
}

/// What stands before a value, the longer one first where one begins as the other.
const OPERATORS: &[&str] = &["$=", "!$=", "<>", "<=", ">=", "<", ">", "==", "=", "!="];

fn operator(word: &str) -> (&'static str, &str) {
    let found = OPERATORS
        .iter()
        .find_map(|operator| Some((*operator, word.strip_prefix(operator)?)));
    found.unwrap_or(("$=", word))
}

fn is_so(operator: &str, version: &str, value: &str) -> bool {
    let order = || compare(version.as_bytes(), value.as_bytes());
    match operator {
        "$=" => matches(value, version),
        "!$=" => !matches(value, version),
        "=" => version == value,
        "!=" => version != value,
        "==" => order().is_eq(),
        "<>" => order().is_ne(),
        "<" => order().is_lt(),
        "<=" => order().is_le(),
        ">" => order().is_gt(),
        _ => order().is_ge(),
    }
}

/// Which of two versions is older.
///
/// *Source*: "Version Format Specification" of the UAPI Group, which `strverscmp_improved` of systemd 252 and 257 follows.
fn compare<'a>(mut one: &'a [u8], mut other: &'a [u8]) -> Ordering {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"~-^.".contains(byte);
    let begins = |text: &[u8], byte: u8| text.first() == Some(&byte);
    loop {
        for text in [&mut one, &mut other] {
            let odd = text.iter().take_while(|byte| !is_part(byte)).count();
            *text = &text[odd..];
        }
        for separator in *b"~\0-^." {
            if separator == 0 {
                // Behind a `~`, which is before the end: what goes on is newer.
                if one.is_empty() || other.is_empty() {
                    return one.len().min(1).cmp(&other.len().min(1));
                }
                continue;
            }
            match (begins(one, separator), begins(other, separator)) {
                (true, true) => (one, other) = (&one[1..], &other[1..]),
                (true, false) => return Ordering::Less,
                (false, true) => return Ordering::Greater,
                (false, false) => {}
            }
        }
        let is_number = |text: &[u8]| text.first().is_some_and(u8::is_ascii_digit);
        let kind: fn(&u8) -> bool = match is_number(one) || is_number(other) {
            true => u8::is_ascii_digit,
            false => u8::is_ascii_alphabetic,
        };
        let (segment, rest) = one.split_at(one.iter().take_while(|byte| kind(byte)).count());
        let (against, left) = other.split_at(other.iter().take_while(|byte| kind(byte)).count());
        (one, other) = (rest, left);
        let order = match is_number(segment) || is_number(against) {
            // A number is newer than none; of two numbers the longer one is, without zeros in front.
            true => (!segment.is_empty())
                .cmp(&!against.is_empty())
                .then_with(|| number(segment).cmp(&number(against))),
            false => segment.cmp(against),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Digits so that they sort as the number that they are.
fn number(digits: &[u8]) -> (usize, &[u8]) {
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    (digits.len() - zeros, &digits[zeros..])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: the list in the comment of `strverscmp_improved`, oldest first.
    #[test]
    fn versions_are_ordered_as_systemd_orders_them() {
        let sorted = [
            "122.1",
            "123~rc1-1",
            "123",
            "123-a",
            "123-a.1",
            "123-1",
            "123-1.1",
            "123^post1",
            "123.a-1",
            "123.1-1",
            "123a-1",
            "124-1",
        ];
        for (at, one) in sorted.iter().enumerate() {
            for (against, other) in sorted.iter().enumerate() {
                let order = compare(one.as_bytes(), other.as_bytes());
                assert_eq!(order, at.cmp(&against), "{one} and {other}");
            }
        }
        assert_eq!(compare(b"6.1.0_37", b"6.001.0_37"), Ordering::Equal);
    }

    /// Second witness: systemd's own, over these and more: tests/link_files.rs.
    #[test]
    fn all_words_of_a_condition_have_to_hold() {
        let release = "6.1.0-37-amd64";
        for (expression, expected) in [
            ("6.*", Some(true)),
            (">=6.1 <6.2", Some(true)),
            (">= 6.1", Some(true)),
            (">=6.2", Some(false)),
            ("=6.1", Some(false)),
            ("==6.1.0-37-amd64", Some(true)),
            ("!$=5.*", Some(true)),
            ("'>= 6.1' !=6.1", Some(true)),
            (">=6.1 <", None),
            ("", Some(true)),
        ] {
            assert_eq!(holds(expression, release), expected, "{expression}");
        }
    }
}
