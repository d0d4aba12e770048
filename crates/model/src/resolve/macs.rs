//! Hardware addresses of bonds and bridges: chosen once, before they are first up, and never changed.

use super::{Build, set};
use crate::attr::Value;
use crate::desired::Knob;
use crate::kinds::MacFrom;
use crate::name::{IfName, Mac};
use crate::table;
use crate::types::{Kind, Origin};

impl Build<'_> {
    /// A bond or bridge that is not there yet gets the address of its first port that is there. One that is there keeps
    /// its address: a reload never changes it. Stands behind [`Build::order`]: a bridge asks its bond.
    pub(super) fn macs(&mut self) {
        let (Some(facts), Some(attr)) = (self.facts, table::find("hwaddress")) else {
            return;
        };
        for at in 0..self.links.len() {
            let link = &self.links[at];
            if link.kind.row().mac != MacFrom::Ports || link.knob("hwaddress").is_some() {
                continue;
            }
            if facts.get(link.name).is_some_and(|real| real.kind == link.kind) {
                continue;
            }
            let first = link
                .ports
                .iter()
                .find_map(|port| Some((self.mac(port.name)?, port.origin.place()?)));
            if let Some((mac, place)) = first {
                let (value, origin) = (Value::Mac(mac), Origin::Implied(place, "first-port"));
                set(&mut self.links[at], Knob { attr, value, origin });
            }
        }
    }

    /// The address that a link will have, where it is known.
    fn mac(&self, name: IfName) -> Option<Mac> {
        let link = self.link(name)?;
        if let Some(Value::Mac(mac)) = link.knob("hwaddress").map(|knob| &knob.value) {
            return Some(*mac);
        }
        let real = self.facts.and_then(|facts| facts.get(name));
        let mac = match (real, link.kind.row().mac == MacFrom::Below) {
            // A port of a bond shows the bond's address; its own is the permanent one.
            (Some(real), _) if real.port_kind == Some(Kind::Bond) => real.perm_mac.or(real.mac()),
            (Some(real), _) => real.mac(),
            (None, true) => self.mac(link.parent?.name),
            (None, false) => None,
        };
        mac.filter(Mac::is_unicast_ether)
    }
}
