//! Number ranges in names, as ifupdown2 writes them.

/// Most names one range may stand for.
const MOST: usize = 10_000;

/// The names a range stands for: `swp[1-3].100` gives `swp1.100`, `swp2.100`, `swp3.100`; several brackets
/// give all combinations, the last running fastest.
///
/// `None` for a name without brackets and for brackets that do not hold a range of numbers: reversed, not decimal,
/// or of more than 10,000 names. Leading zeros are not kept (ifupdown2 drops them too).
pub fn expand_range(name: &str) -> Option<Vec<String>> {
    if !name.contains('[') {
        return None;
    }
    let mut names = vec![String::new()];
    let mut rest = name;
    let mut any = false;
    while let Some(open) = rest.find('[') {
        let (head, tail) = (&rest[..open], &rest[open + 1..]);
        let (inside, after) = tail.split_once(']')?;
        let (first, last) = inside.split_once('-')?;
        let (first, last) = (number(first)?, number(last)?);
        let count = (last.checked_sub(first)? as usize).checked_add(1)?;
        if head.contains(']') || names.len().checked_mul(count)? > MOST {
            return None;
        }
        names = names
            .iter()
            .flat_map(|name| (first..=last).map(move |number| format!("{name}{head}{number}")))
            .collect();
        rest = after;
        any = true;
    }
    if !any || rest.contains(']') {
        return None;
    }
    names.iter_mut().for_each(|name| name.push_str(rest));
    Some(names)
}

fn number(text: &str) -> Option<u32> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::expand_range;

    /// Source: the examples in ifupdown2's range documentation, peers.md section 1.2.
    #[test]
    fn ranges_expand_in_name_order() {
        assert_eq!(expand_range("swp[1-3]").unwrap(), ["swp1", "swp2", "swp3"]);
        assert_eq!(expand_range("swp1.[9-11]").unwrap(), ["swp1.9", "swp1.10", "swp1.11"]);
        assert_eq!(expand_range("swp[1-2].100").unwrap(), ["swp1.100", "swp2.100"]);
        assert_eq!(expand_range("p[0-1]s[2-3]").unwrap(), ["p0s2", "p0s3", "p1s2", "p1s3"]);
        assert_eq!(expand_range("swp[5-5]").unwrap(), ["swp5"]);
    }

    #[test]
    fn what_is_no_range_stays_a_name() {
        for name in [
            "eth0",
            "eth[0",
            "eth0]",
            "eth[ab]",
            "eth[3-1]",
            "eth[1-2]]",
            "eth[1-100000]",
            "eth[-2]",
            "a]b[1-2]",
        ] {
            assert_eq!(expand_range(name), None, "{name}");
        }
    }
}
