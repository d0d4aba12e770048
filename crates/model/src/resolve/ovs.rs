//! Open vSwitch, as far as its own script does it: a port comes behind its bridge.
//!
//! *Source*: openvswitch-switch's if-pre-up.d/openvswitch of Debian 13: `ovs-vsctl --may-exist add-port BRIDGE PORT` fails
//! where the bridge is not there yet. Proxmox VE writes ports before their bridge.

use super::Build;
use crate::desired::LinkRef;
use crate::name::IfName;
use crate::types::Origin;
use cleat_diag::Spanned;

impl Build<'_> {
    /// Notes the bridge of each port, by the port's `ovs-bridge` or by the bridge's `ovs-ports`. A bridge that is not
    /// declared may be there by other means, and a name that cannot be one is the script's to refuse.
    pub(super) fn ovs(&mut self) {
        for (name, decl) in self.written() {
            let options = decl.options.iter();
            for said in options.filter(|said| matches!(said.name(), "ovs-bridge" | "ovs-ports")) {
                for word in said.value.words() {
                    match (said.name(), IfName::new(&word.value)) {
                        ("ovs-bridge", Ok(bridge)) => self.behind(name, bridge, &word),
                        (_, Ok(port)) => self.behind(port, name, &word),
                        (_, Err(_)) => {}
                    }
                }
            }
        }
    }

    fn behind(&mut self, port: IfName, bridge: IfName, word: &Spanned<String>) {
        if port == bridge || self.link(bridge).is_none() {
            return;
        }
        if let Some(link) = self.link_mut(port) {
            link.ovs_bridge.get_or_insert(LinkRef {
                name: bridge,
                origin: Origin::Said(word.place),
            });
        }
    }
}
