//! What people call the state of a link, who a foreign port belongs to, and the few words on it that fit in a box.

use cleat_model::attr::Value;
use cleat_model::desired::{Desired, WantLink};
use cleat_model::name::IfName;
use cleat_model::snapshot::{Link, Snapshot};
use cleat_model::table;
use cleat_model::types::{Kind, VlanRange};

/// The MTU that is not worth a line.
const USUAL_MTU: u32 = 1500;

/// How the kernel has a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkState {
    /// Nobody looked.
    Unknown,
    /// Up, with carrier.
    Up,
    /// Up, without carrier.
    NoCarrier,
    /// Administratively down.
    Down,
    /// Not there.
    Missing,
}

impl LinkState {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            LinkState::Unknown => "unknown",
            LinkState::Up => "up",
            LinkState::NoCarrier => "no carrier",
            LinkState::Down => "down",
            LinkState::Missing => "missing",
        }
    }

    /// The mark before a name, in Unicode or ASCII; empty where nobody looked.
    pub fn mark(self, ascii: bool) -> &'static str {
        match (self, ascii) {
            (LinkState::Unknown, _) => "",
            (LinkState::Up, false) => "●",
            (LinkState::NoCarrier, false) => "◐",
            (LinkState::Down, false) => "○",
            (LinkState::Missing, false) => "✗",
            (LinkState::Up, true) => "*",
            (LinkState::NoCarrier, true) => "~",
            (LinkState::Down, true) => "o",
            (LinkState::Missing, true) => "x",
        }
    }
}

/// The state of a link that is there.
pub fn state(link: &Link) -> LinkState {
    match (link.is_up(), link.has_carrier()) {
        (false, _) => LinkState::Down,
        (true, false) => LinkState::NoCarrier,
        (true, true) => LinkState::Up,
    }
}

/// A port that Proxmox VE made for a guest.
///
/// *Source*: PVE::QemuServer and PVE::LXC name them `tapIDiN`, `vethIDiN`, with a firewall `fwprIDpN` (in the bridge)
/// and `fwlnIDiN`, `fwbrIDiN`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Guest {
    /// The number of the guest.
    pub id: u32,
    /// The number of its network card.
    pub card: u32,
    /// The word for it: `VM`, `CT`, or `guest` where a firewall bridge hides which.
    pub word: &'static str,
}

/// The guest that a port belongs to, by its name.
pub fn guest(name: IfName) -> Option<Guest> {
    const FORMS: [(&str, char, &str); 4] = [
        ("tap", 'i', "VM"),
        ("veth", 'i', "CT"),
        ("fwpr", 'p', "guest"),
        ("fwln", 'i', "guest"),
    ];
    FORMS.iter().find_map(|(prefix, between, word)| {
        let (id, card) = name.as_str().strip_prefix(prefix)?.split_once(*between)?;
        Some(Guest {
            id: id.parse().ok()?,
            card: card.parse().ok()?,
            word,
        })
    })
}

/// The ports of a bridge that nobody declared: guests, and what people added by hand.
pub fn foreign_ports<'a>(bridge: IfName, desired: &Desired, snapshot: &'a Snapshot) -> Vec<&'a Link> {
    let Some(bridge) = snapshot.get(bridge) else {
        return Vec::new();
    };
    let mut ports: Vec<&Link> = snapshot
        .ports(bridge.index)
        .filter(|port| desired.get(port.name).is_none())
        .collect();
    ports.sort_by_key(|port| (guest(port.name), port.name));
    ports
}

/// `tap100i0  VM 100  vlan 5`: a foreign port, whose it is, and its VLAN where it is not the default.
pub fn port_text(port: &Link, snapshot: &Snapshot) -> String {
    let mut text = port.name.to_string();
    if let Some(guest) = guest(port.name) {
        text += &format!("  {} {}", guest.word, guest.id);
    }
    let vlans = snapshot.vlans(port.index);
    if let Some(pvid) = vlans.iter().find(|range| range.pvid && range.first != 1) {
        text += &format!("  vlan {}", pvid.first);
    }
    let tagged = vlans.iter().filter(|range| !range.untagged);
    let trunk = ranges_text(tagged);
    if !trunk.is_empty() {
        text += &format!("  trunk {trunk}");
    }
    text
}

/// Index of the link below in this namespace; the other end of a veth pair is not below it.
pub fn parent(link: &Link) -> Option<u32> {
    link.below()
}

/// Whether the name of a VLAN says its id: `eno1.5`, `vlan5`.
fn says_id(kind: &Kind, name: IfName, id: &str) -> bool {
    let before = name.as_str().strip_suffix(id);
    *kind == Kind::Vlan && before.is_some_and(|before| before.ends_with('.') || before == "vlan")
}

/// A few words on a declared link: bond mode, VLAN id, VNI, VLANs of a bridge, an unusual MTU.
pub fn declared_details(want: &WantLink) -> Vec<String> {
    let mut details = Vec::new();
    if let Some((name, word)) = want.kind.row().detail
        && let Some(knob) = want.knob(name)
    {
        let value = knob.attr.show(&knob.value);
        if !says_id(&want.kind, want.name, &value) {
            details.push(format!("{word}{value}"));
        }
    }
    if let Some(mtu) = want.number("mtu").filter(|mtu| *mtu != u64::from(USUAL_MTU)) {
        details.push(format!("mtu {mtu}"));
    }
    if want.kind == Kind::Bridge && want.number("bridge-vlan-aware") == Some(1) {
        details.push("VLAN-aware".to_owned());
    }
    if let Some(peer) = &want.peer {
        details.push(format!("peer {}", peer.name));
    }
    details
}

/// The same of a link as the kernel has it.
pub fn live_details(link: &Link) -> Vec<String> {
    let mut details = Vec::new();
    let read = |name: &str| {
        let row = table::find(name)?;
        Some((row, row.read(link)?))
    };
    if let Some((name, word)) = link.kind.row().detail
        && let Some((row, value)) = read(name)
    {
        let value = row.show(&value);
        if !says_id(&link.kind, link.name, &value) {
            details.push(format!("{word}{value}"));
        }
    }
    if link.mtu() != USUAL_MTU {
        details.push(format!("mtu {}", link.mtu()));
    }
    if link.kind == Kind::Bridge && matches!(read("bridge-vlan-aware"), Some((_, Value::Number(1)))) {
        details.push("VLAN-aware".to_owned());
    }
    details
}

/// VLAN ranges as people write them: `2-4094`, `5 10-20`.
fn ranges_text<'a>(ranges: impl IntoIterator<Item = &'a VlanRange>) -> String {
    let mut joined: Vec<(u16, u16)> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some((_, last)) if *last + 1 == range.first => *last = range.last,
            _ => joined.push((range.first, range.last)),
        }
    }
    let words: Vec<String> = joined
        .iter()
        .map(|(first, last)| match first == last {
            true => first.to_string(),
            false => format!("{first}-{last}"),
        })
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    // Second witness: vlan(5)'s naming schemes DEV_PLUS_VID_NO_PAD and VLAN_PLUS_VID_NO_PAD.
    #[test]
    fn only_a_free_name_of_a_vlan_needs_its_id_beside_it() {
        let says = |name: &str, id: &str| says_id(&Kind::Vlan, IfName::new(name).unwrap(), id);
        assert!(says("eno1.5", "5"));
        assert!(says("eno1.5.10", "10"));
        assert!(says("vlan5", "5"));
        assert!(!says("eno1.15", "5"));
        assert!(!says("storage5", "5"));
        assert!(!says_id(&Kind::Vxlan, IfName::new("vx.5").unwrap(), "5"));
    }

    // Second witness: the names in proxmox.md's table of runtime links (tap100i0, veth101i1, fwpr100p0, fwln100i0).
    #[test]
    fn guest_ports_are_known_by_the_names_proxmox_gives_them() {
        let of = |name: &str| guest(IfName::new(name).unwrap()).map(|guest| (guest.word, guest.id, guest.card));
        assert_eq!(of("tap100i0"), Some(("VM", 100, 0)));
        assert_eq!(of("veth101i1"), Some(("CT", 101, 1)));
        assert_eq!(of("fwpr102p3"), Some(("guest", 102, 3)));
        assert_eq!(of("fwln102i3"), Some(("guest", 102, 3)));
        assert_eq!(of("tap"), None);
        assert_eq!(of("tapestry0"), None);
        assert_eq!(of("vethwe-bridge"), None);
        assert_eq!(of("eno1"), None);
    }
}
