//! Names that a pin had better not have.

/// What to do about them. *Source*: Proxmox VE's administration guide, "Overriding network device names".
pub const ADVICE: &str = "choose a name that no pattern makes, such as `enwan0` or `ennic0`; Proxmox VE takes what begins with `en` for a NIC";

/// Letters that systemd's names begin with. *Source*: systemd.net-naming-scheme(7).
const PREFIXES: &[&str] = &["en", "wl", "ww", "ib", "sl", "mc"];
/// What comes behind them: with a digit, or a hexadecimal one where the second says so.
const TYPES: &[(char, bool)] = &[
    ('o', false),
    ('d', false),
    ('s', false),
    ('p', false),
    ('P', false),
    ('v', false),
    ('u', false),
    ('X', false),
    ('b', false),
    ('x', true),
    ('c', true),
    ('a', true),
    ('i', true),
];
/// Names that drivers of the kernel give, before a number. *Source*: `alloc_netdev` and its like in drivers/net.
const KERNEL: &[&str] = &[
    "eth", "wlan", "usb", "wwan", "ib", "tun", "tap", "dummy", "bond", "br", "veth", "vlan", "vxlan", "macvlan",
    "macvtap", "sit", "gre", "ifb", "wpan", "can", "vcan", "slip", "sl", "ppp", "nlmon", "team", "rmnet", "wg",
    "ip6tnl", "tunl", "vmbr",
];

/// The answer of [`pattern`] for the kernel.
pub const OF_KERNEL: &str = "the kernel's drivers";

/// Who else makes names like this one, where anybody does: `systemd's own policies`, `the kernel's drivers`.
pub fn pattern(name: &str) -> Option<&'static str> {
    if is_of_kernel(name) {
        Some(OF_KERNEL)
    } else if is_of_systemd(name) {
        Some("systemd's own policies")
    } else {
        None
    }
}

fn is_of_kernel(name: &str) -> bool {
    let stem = name.trim_end_matches(|char: char| char.is_ascii_digit());
    stem.len() < name.len() && KERNEL.contains(&stem)
}

fn is_of_systemd(name: &str) -> bool {
    PREFIXES
        .iter()
        .filter_map(|prefix| name.strip_prefix(prefix))
        .any(|rest| {
            let mut chars = rest.chars();
            let (Some(kind), Some(next)) = (chars.next(), chars.next()) else {
                return false;
            };
            let known = TYPES.iter().find(|(letter, _)| *letter == kind);
            known.is_some_and(|(_, hex)| next.is_ascii_digit() || (*hex && is_lower_hex(rest)))
        })
}

/// Whether what follows the letter is a long run of hexadecimal digits, as an address or a model is.
fn is_lower_hex(rest: &str) -> bool {
    let digits = rest[1..].chars().take_while(|char| char.is_ascii_hexdigit()).count();
    digits >= 4 || (digits > 0 && digits == rest.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: the examples of systemd.net-naming-scheme(7), the guide's own advice, and Linux's names.
    #[test]
    fn patterns_are_told_from_names_of_ones_own() {
        for name in [
            "enp5s0",
            "ens1",
            "enx78e7d1ea46da",
            "wlp3s0",
            "ibp21s0f0",
            "encf5f0",
            "enP1s0",
            "eno1",
            "enX0",
            "end0",
            "enu4u2",
        ] {
            assert_eq!(pattern(name), Some("systemd's own policies"), "{name}");
        }
        for name in ["eth0", "wlan1", "usb0", "bond0", "vmbr0"] {
            assert_eq!(pattern(name), Some("the kernel's drivers"), "{name}");
        }
        for name in [
            "enwan0", "ennic0", "lan0", "nic0", "enlan0", "ethernet", "storage", "dmz0", "eth",
        ] {
            assert_eq!(pattern(name), None, "{name}");
        }
    }
}
