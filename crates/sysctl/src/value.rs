//! Values of kernel settings.

use std::fmt;

/// A value as written in a file, blanks at both ends taken away.
///
/// *Shape*: bytes, as the kernel takes any (`kernel.core_pattern`).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Value(Vec<u8>);

impl Value {
    /// Takes the bytes as they are.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes to write: the value and a line end.
    pub fn line(&self) -> Vec<u8> {
        [&self.0[..], b"\n"].concat()
    }

    /// Whether the kernel's text says the same: word for word (the kernel separates them by tabs), numbers by their
    /// value (`0x10` is 16).
    pub fn is(&self, found: &str) -> bool {
        let wanted = self.to_string();
        let same = |(wanted, found): (&str, &str)| match (number(wanted), number(found)) {
            (Some(wanted), Some(found)) => wanted == found,
            _ => wanted == found,
        };
        wanted.split_whitespace().count() == found.split_whitespace().count()
            && wanted.split_whitespace().zip(found.split_whitespace()).all(same)
    }
}

/// A number as the kernel reads it: with `0x` hexadecimal, with a leading 0 octal.
///
/// *Source*: `proc_get_long` in kernel/sysctl.c, which leaves the base to the text.
fn number(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (base, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (16, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if !digits.starts_with(|char: char| char.is_ascii_hexdigit()) {
        return None;
    }
    let number = i128::from_str_radix(digits, base).ok()?;
    Some(if negative { -number } else { number })
}

impl fmt::Display for Value {
    /// Bytes that are no UTF-8 as U+FFFD.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?}", String::from_utf8_lossy(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::Value;

    /// Second witness: what /proc/sys shows on Linux 6.1 after each of these was written.
    #[test]
    fn the_kernels_own_spelling_is_the_same_value() {
        let is = |wanted: &str, found: &str| Value::new(wanted).is(found);
        assert!(is("4096 131072 6291456", "4096\t131072\t6291456"));
        assert!(is("0x10", "16") && is("010", "8") && is("-1", "-1"));
        assert!(is("fq_codel", "fq_codel") && is("", ""));
        assert!(!is("1", "0") && !is("1", "1 2") && !is("fq", "fq_codel"));
        assert!(!is("+1", "1") && !is("-", "-0"));
    }
}
