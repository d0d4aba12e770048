//! Look-up over all rows.

use crate::attr::Attr;
use crate::attrs;
use crate::ethtool::{Field, Group};
use crate::hash::Map;
pub use cleat_eni::distance;
use std::sync::OnceLock;

/// All rows, in the order of the manual.
pub fn all() -> impl Iterator<Item = &'static Attr> {
    attrs::FILES.iter().flat_map(|rows| rows.iter())
}

/// The row of a key, by its name or an alias; `_` counts as `-`.
pub fn find(key: &str) -> Option<&'static Attr> {
    static INDEX: OnceLock<Map<&'static str, &'static Attr>> = OnceLock::new();
    let index = INDEX.get_or_init(|| {
        let names = all().flat_map(|attr| {
            let aliases = attr.aliases.iter().map(|alias| alias.name);
            std::iter::once(attr.name).chain(aliases).map(move |name| (name, attr))
        });
        names.collect()
    });
    match key.contains('_') {
        true => index.get(key.replace('_', "-").as_str()),
        false => index.get(key),
    }
    .copied()
}

/// The attributes of a group of ethtool netlink that options set.
pub fn fields(group: Group) -> impl Iterator<Item = &'static Field> {
    all().filter_map(Attr::field).filter(move |field| field.group == group)
}

/// The attribute of that number.
pub fn field(group: Group, number: u16) -> Option<&'static Field> {
    fields(group).find(|field| field.number == number)
}

/// Whether the value of the key names interfaces, so that renaming one must look there.
pub fn names_interfaces(key: &str) -> bool {
    let structural = [
        "bridge-ports",
        "bridge-port-vids",
        "bridge-port-pvids",
        "bridge-hw",
        "bridge-waitport",
        "bond-slaves",
        "bond-master",
        "bond-primary",
        "vlan-raw-device",
        "vxlan-physdev",
        "macvlan-raw-device",
        "veth-peer-name",
        "vrf",
    ];
    match find(key) {
        Some(attr) => structural.contains(&attr.name) || attr.spread != crate::attr::Spread::No,
        None => matches!(
            key.replace('_', "-").as_str(),
            "ovs-ports"
                | "ovs-bonds"
                | "ovs-bridge"
                | "tunnel-dev"
                | "tunnel-physdev"
                | "xfrm-physdev"
                | "batman-ifaces"
        ),
    }
}

/// The name that was likely meant by an unknown key: the nearest by single-letter edits, where that is near enough to
/// be a slip (one edit in five letters, at most three).
pub fn nearest(key: &str) -> Option<&'static str> {
    let key = key.replace('_', "-").to_ascii_lowercase();
    let length = key.chars().count();
    let limit = (length / 5).clamp(1, 3);
    all()
        .flat_map(|attr| std::iter::once(attr.name).chain(attr.aliases.iter().map(|alias| alias.name)))
        // Each edit changes the length by one at most, and most names are left out by that. They are ASCII.
        .filter(|name| name.len().abs_diff(length) <= limit)
        .map(|name| (distance(&key, name), name))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_for_a_slip_and_for_nothing_else() {
        assert_eq!(nearest("bridge_prots"), Some("bridge-ports"));
        assert_eq!(nearest("Address"), Some("address"));
        assert_eq!(nearest("bond-xmit-hash-polcy"), Some("bond-xmit-hash-policy"));
        assert_eq!(nearest("bond-slave"), Some("bond-slaves"));
        assert_eq!(nearest("colour"), None);
        assert_eq!(nearest("x"), None);
    }

    #[test]
    fn both_spellings_and_all_aliases_lead_to_one_row() {
        assert_eq!(find("bridge_ports").map(|attr| attr.name), Some("bridge-ports"));
        assert_eq!(
            find("bond_num_unsol_na").map(|attr| attr.name),
            Some("bond-num-grat-arp")
        );
        assert_eq!(find("slaves").map(|attr| attr.name), Some("bond-slaves"));
        assert_eq!(find("Mtu").map(|attr| attr.name), None);
    }
}
