//! Numbers as the C library and systemd read them, which is how udev reads attributes.
//!
//! *Source*: strtoul(3), sscanf(3); what systemd puts in front of them tried with udevadm: blanks may stand before a
//! number and nothing behind it, `0b` and `0o` work beside `0x` and `0`, a negative number is refused unless it is 0.

/// The digits of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    /// As the number's first signs say: `0x1f`, `037`, `0o37`, `0b11111`, `31`.
    Written,
    /// As given.
    Fixed(u32),
}

/// A whole text as an unsigned number of up to `most`.
pub(crate) fn unsigned(text: &str, base: Base, most: u64) -> Option<u64> {
    let value = signed(text, base)?;
    u64::try_from(value).ok().filter(|value| *value <= most)
}

/// A whole text as a number.
pub(crate) fn signed(text: &str, base: Base) -> Option<i128> {
    let text = text.trim_start_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
    let (base, text) = match base {
        Base::Fixed(base) => (Some(base), text),
        Base::Written => match text.get(..2) {
            Some("0b" | "0B") => (Some(2), &text[2..]),
            Some("0o" | "0O") => (Some(8), &text[2..]),
            _ => (None, text),
        },
    };
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let hex = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    let (base, digits) = match (base, hex) {
        (None | Some(16), Some(rest)) => (16, rest),
        (None, None) if digits.len() > 1 && digits.starts_with('0') => (8, digits),
        (base, _) => (base.unwrap_or(10), digits),
    };
    // from_str_radix would take a second sign.
    if !digits.starts_with(|first: char| first.is_digit(base)) {
        return None;
    }
    let value = u64::from_str_radix(digits, base).ok()?;
    Some(if negative {
        -i128::from(value)
    } else {
        i128::from(value)
    })
}

/// Digits of `base` at the start of a text, as `%x` and `%u` read them, and what follows.
pub(crate) fn leading(text: &str, base: u32) -> Option<(u32, &str)> {
    let end = text.find(|char: char| !char.is_digit(base)).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    if digits.is_empty() {
        return None;
    }
    // Too many digits are the largest number, of which the lower half is kept.
    let value = u64::from_str_radix(digits, base).unwrap_or(u64::MAX);
    Some((value as u32, rest))
}

/// What systemd takes for yes and no.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "yes" | "y" | "true" | "t" | "on" => Some(true),
        "0" | "no" | "n" | "false" | "f" | "off" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Second witness: `udevadm test-builtin net_id` of systemd 257 with each text as acpi_index.
    #[test]
    fn numbers_read_as_in_c() {
        let read = |text| unsigned(text, Base::Written, u64::from(u32::MAX));
        for (text, value) in [
            ("5", Some(5)),
            ("0x1f", Some(31)),
            ("037", Some(31)),
            ("0o37", Some(31)),
            ("0b11", Some(3)),
            (" 7", Some(7)),
            ("+7", Some(7)),
            ("-0", Some(0)),
            ("-7", None),
            ("7 ", None),
            ("08", None),
            ("0x", None),
            ("", None),
            ("+-7", None),
            ("4294967296", None),
            ("0", Some(0)),
        ] {
            assert_eq!(read(text), value, "{text:?}");
        }
        assert_eq!(unsigned("010", Base::Fixed(10), 100), Some(10));
        assert_eq!(unsigned("0x1", Base::Fixed(10), 100), None);
        assert_eq!(leading("1f:00", 16), Some((31, ":00")));
    }
}
