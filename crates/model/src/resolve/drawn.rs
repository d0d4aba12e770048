//! `hwaddress random`: an address that is drawn once, and kept by the link that has it.

use super::Build;
use crate::attr::Value;
use crate::hash::Fold;
use crate::name::{IfName, Mac};
use crate::snapshot::{Link, Snapshot};
use crate::types::Kind;
use std::hash::{Hash, Hasher};

/// The bit of the first byte that says that no manufacturer gave the address (IEEE 802, U/L).
const LOCAL: u8 = 2;

impl Build<'_> {
    /// Gives links with `hwaddress random` the address that they have, where it was drawn, or a new one. Without a machine
    /// the option is left out: nothing can be said of it.
    pub(super) fn drawn(&mut self) {
        let is_drawn = |value: &Value| *value == Value::Drawn;
        for at in 0..self.links.len() {
            let name = self.links[at].name;
            if !self.links[at].knobs.iter().any(|knob| is_drawn(&knob.value)) {
                continue;
            }
            let mac = self.facts.map(|facts| {
                let kept = facts.get(name).and_then(|link| kept(link, facts));
                kept.unwrap_or_else(|| draw(self.decls.draw, name, facts))
            });
            let knobs = &mut self.links[at].knobs;
            match mac {
                Some(mac) => knobs
                    .iter_mut()
                    .filter(|knob| is_drawn(&knob.value))
                    .for_each(|knob| knob.value = Value::Mac(mac)),
                None => knobs.retain(|knob| !is_drawn(&knob.value)),
            }
        }
    }
}

/// The address that a link has, where it was drawn: by us, or by the kernel as it made the link. One that it has from its
/// maker, its parent or a port was not.
fn kept(link: &Link, facts: &Snapshot) -> Option<Mac> {
    let mac = link.bond_port_mac().or(link.mac())?;
    let [first, b, c, d, e, last] = *mac.bytes() else {
        return None;
    };
    let is_local = mac.is_unicast_ether() && first & LOCAL != 0;
    let ports = || {
        facts
            .ports(link.index)
            .filter_map(|port| port.bond_port_mac().or(port.mac()))
    };
    let is_drawn = match link.kind {
        Kind::Bridge | Kind::Bond => !ports().any(|port| port == mac),
        Kind::Vlan => link.parent.and_then(|index| facts.by_index(index)).and_then(Link::mac) != Some(mac),
        // A pair's end may be a container's NIC: whoever made it chose its address.
        Kind::Physical | Kind::Veth | Kind::Other(_) => match link.perm_mac {
            Some(own) => own != mac,
            None => last == check([first, b, c, d, e]),
        },
        Kind::Vxlan | Kind::Dummy | Kind::Macvlan | Kind::Vrf | Kind::Row(_) => true,
    };
    (is_local && is_drawn).then_some(mac)
}

/// A locally administered address for one link: by chance, and the same each time that it is asked for before the link
/// has it. Containers share the boot of their host, and not their hardware addresses.
fn draw(from: u64, name: IfName, facts: &Snapshot) -> Mac {
    let mut hash = Fold::default();
    (from, name).hash(&mut hash);
    for link in facts.links() {
        (link.name, link.perm_mac.or(link.mac())).hash(&mut hash);
    }
    let [a, b, c, d, e, ..] = hash.finish().to_ne_bytes();
    let head = [a & 0xfc | LOCAL, b, c, d, e];
    // Six bytes are an address.
    Mac::new(&[head[0], head[1], head[2], head[3], head[4], check(head)]).unwrap_or_else(|| unreachable!("six bytes"))
}

/// The last byte of an address that we drew: by it we know it again on a link of which the kernel tells no other.
fn check(head: [u8; 5]) -> u8 {
    let mut hash = Fold::default();
    head.hash(&mut hash);
    hash.finish().to_ne_bytes()[0]
}

#[cfg(test)]
mod tests;
