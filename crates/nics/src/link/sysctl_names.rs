//! Interfaces in the keys of sysctl.d(5) snippets.

/// A snippet with an interface renamed in its keys; `None` where no key names it. VLANs and aliases follow.
///
/// *Source*: sysctl.d(5): a key is parted by dots or by slashes, whichever comes first in it; the other one is then a
/// sign like any other, so that `net.ipv4.conf.eno1/5.forwarding` is about `eno1.5`.
pub fn renamed(bytes: &[u8], from: &str, to: &str) -> Option<Vec<u8>> {
    let mut changed = false;
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').map(|line| {
        let new = line_renamed(line, from, to);
        changed |= new.is_some();
        new.unwrap_or_else(|| line.to_vec())
    });
    let text: Vec<u8> = lines.collect::<Vec<_>>().concat();
    changed.then_some(text)
}

fn line_renamed(line: &[u8], from: &str, to: &str) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(line).ok()?;
    let start = text.find(|char: char| !char.is_whitespace())?;
    if text[start..].starts_with(['#', ';']) {
        return None;
    }
    let end = text.find('=').unwrap_or(text.len());
    let key = text.get(start..end)?;
    let parting = key.find(['.', '/']).map(|at| &key[at..=at])?;
    let (dot, other) = if parting == "." { (".", "/") } else { ("/", ".") };
    let mut any = false;
    let parts = key.split(dot).map(|part| {
        let trimmed = part.trim_end();
        let new = part_renamed(trimmed, from, to, other);
        any |= new.is_some();
        new.map_or_else(|| part.to_owned(), |new| new + &part[trimmed.len()..])
    });
    let key = parts.collect::<Vec<_>>().join(dot);
    any.then(|| format!("{}{key}{}", &text[..start], &text[end..]).into_bytes())
}

/// One part of a key; `dot` is how a dot of the name is written in it.
fn part_renamed(part: &str, from: &str, to: &str, dot: &str) -> Option<String> {
    let written = |name: &str| match dot {
        "/" => name.replace('.', "/"),
        _ => name.to_owned(),
    };
    let rest = part.strip_prefix(&written(from))?;
    (rest.is_empty() || rest.starts_with(dot) || rest.starts_with(':')).then(|| written(to) + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: the examples of sysctl.d(5) for interfaces with a dot in their names.
    #[test]
    fn keys_change_and_all_else_stays() {
        let text = "# eno1\nnet.ipv4.conf.eno1.rp_filter = 2\n -net/ipv6/conf/eno1/accept_ra=0\nnet.ipv4.conf.eno1/5.forwarding=1\n\
                    net/ipv4/conf/eno1.5/forwarding = 1\nnet.ipv4.conf.eno10.rp_filter=1\nnet.ipv4.conf.all.rp_filter = eno1\n\
                    -net.ipv4.conf.eno1.log_martians\nkernel.x=net.ipv4.conf.eno1";
        let expected = "# eno1\nnet.ipv4.conf.lan0.rp_filter = 2\n -net/ipv6/conf/lan0/accept_ra=0\nnet.ipv4.conf.lan0/5.forwarding=1\n\
                        net/ipv4/conf/lan0.5/forwarding = 1\nnet.ipv4.conf.eno10.rp_filter=1\nnet.ipv4.conf.all.rp_filter = eno1\n\
                        -net.ipv4.conf.lan0.log_martians\nkernel.x=net.ipv4.conf.eno1";
        let new = renamed(text.as_bytes(), "eno1", "lan0").unwrap();
        assert_eq!(String::from_utf8(new).unwrap(), expected);
        let back = renamed(expected.as_bytes(), "lan0", "eno1").unwrap();
        assert_eq!(String::from_utf8(back).unwrap(), text);
        assert_eq!(renamed(b"net.ipv4.conf.eno2.rp_filter=1\n", "eno1", "lan0"), None);
    }
}
