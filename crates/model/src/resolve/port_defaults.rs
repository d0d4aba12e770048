//! What follows from being a port of a bridge, where the port's own stanza says nothing else.

use super::{Build, set};
use crate::attr::Value;
use crate::decl::Decl;
use crate::desired::{Knob, LinkRef};
use crate::name::IfName;
use crate::table;
use crate::types::{Kind, Origin};
use std::net::IpAddr;

/// `MDB_RTR_TYPE_PERM` of linux/if_bridge.h: a multicast router is always taken to be behind the port.
const ALWAYS: u64 = 2;

/// `IN6_ADDR_GEN_MODE_NONE` of linux/if_link.h: `ip link set DEV addrgenmode none`.
const IN6_ADDR_GEN_MODE_NONE: u8 = 1;

impl Build<'_> {
    /// Stands behind addresses: a port that asks for IPv6 of its own keeps it.
    pub(super) fn port_defaults(&mut self) {
        for at in 0..self.links.len() {
            let link = &self.links[at];
            let bridge = link.master.filter(|master| self.is_kind(master.name, &Kind::Bridge));
            let Some(bridge) = bridge else { continue };
            let (name, is_vxlan) = (link.name, link.kind == Kind::Vxlan);
            let origin = match bridge.origin {
                Origin::Said(place) => Origin::Implied(place, "bridge-port"),
                other => other,
            };
            if !self.asks_for_ipv6(at) && !self.makes_no_address(name, bridge.name) {
                self.imply_number(name, "disable-ipv6", 1, origin);
            }
            if is_vxlan {
                self.tunnel_port(name, bridge, origin);
            }
        }
    }

    /// Whether anything is written that needs IPv6 on the link itself, or that says how it is to be there.
    fn asks_for_ipv6(&self, at: usize) -> bool {
        let link = &self.links[at];
        let said = |decl: &Decl| {
            let own = [
                "disable-ipv6",
                "ipv6-addrgen",
                "accept-ra",
                "autoconf",
                "privext",
                "dad-transmits",
            ];
            let family = decl
                .stanzas
                .iter()
                .any(|stanza| stanza.family == Some(cleat_eni::Family::Inet6));
            family || own.iter().any(|option| decl.last(option).is_some())
        };
        let address = link.addresses.iter().any(|wanted| wanted.value.ip.is_ipv6());
        address || self.decls.get(link.name).is_some_and(said)
    }

    /// Whether it is a port of that bridge already, and was kept from making IPv6 addresses in the other way: a host that
    /// bridge-utils brought up is as it is to be.
    ///
    /// *Source*: bridge-utils 1.7.1, lib/bridge-utils/ifupdown.sh: `ip link set $port addrgenmode none`.
    fn makes_no_address(&self, port: IfName, bridge: IfName) -> bool {
        let Some((facts, real)) = self.facts.and_then(|facts| Some((facts, facts.get(port)?))) else {
            return false;
        };
        let is_port = facts
            .get(bridge)
            .is_some_and(|bridge| real.master == Some(bridge.index));
        let is_off = table::find("disable-ipv6").and_then(|attr| attr.read(real)) == Some(Value::Number(1));
        // A bond that was up before it became a port has kept its link-local address, which `drift` passes over, too.
        let addresses = facts
            .addresses(real.index)
            .iter()
            .any(|address| matches!(address.ip, IpAddr::V6(ip) if !ip.is_unicast_link_local()));
        is_port && !is_off && real.addr_gen_mode == Some(IN6_ADDR_GEN_MODE_NONE) && !addresses
    }

    /// A tunnel learns as its port does, and floods multicast to all its ends: the routers are behind them.
    ///
    /// *Source*: ifupdown2 3.0.0, `sync_bridge_learning_to_vxlan_brport` and the policy
    /// `vxlan_bridge_igmp_snooping_enable_port_mcrouter`, which is on.
    fn tunnel_port(&mut self, name: IfName, bridge: LinkRef, origin: Origin) {
        let learning = self.link(name).and_then(|link| link.number("bridge-learning"));
        if let Some(learning) = learning {
            let origin = self
                .link(name)
                .and_then(|link| Some(link.knob("bridge-learning")?.origin));
            if let Some(origin) = origin {
                self.imply_number(name, "vxlan-learning", learning, origin);
            }
        }
        let snoops = self.link(bridge.name).and_then(|link| link.number("bridge-mcsnoop")) != Some(0);
        if snoops {
            self.imply_number(name, "bridge-portmcrouter", ALWAYS, origin);
        }
    }

    /// Sets an option that nobody wrote.
    fn imply_number(&mut self, name: IfName, option: &str, number: u64, origin: Origin) {
        let Some(attr) = table::find(option) else { return };
        if let Some(link) = self.link_mut(name).filter(|link| link.knob(option).is_none()) {
            let value = Value::Number(number);
            set(link, Knob { attr, value, origin });
        }
    }
}
