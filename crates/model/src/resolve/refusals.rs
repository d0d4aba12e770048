//! Values that are written well and that the kernel refuses, or keeps as another value: told with their line, and left
//! out or taken as the kernel takes them.
//!
//! *Source*: the setters in drivers/net/bonding, drivers/net/vxlan, drivers/net/macvlan.c, net/ipv6/addrconf.c; each is
//! tried on real kernels by `tests/commands/boundaries.rs`.

use super::Build;
use crate::attr::Value;
use crate::desired::{Knob, WantLink};
use crate::name::{IfName, Mac};
use crate::types::{Kind, Origin};
use cleat_diag::{Diagnostic, Place};
use std::net::IpAddr;

/// Most transmit queues of a bond: its module takes up to 255, and makes 16 where nothing is said.
const USUAL_QUEUES: u64 = 16;
/// Bytes of a label without its NUL: `IFNAMSIZ` of linux/if.h.
const LABEL_BYTES: usize = 15;

impl Build<'_> {
    pub(super) fn refusals(&mut self) {
        for at in 0..self.links.len() {
            self.hardware_address(at);
            self.sizes(at);
            self.loopback_address(at);
            self.without_ipv6(at);
            self.tunnel_ends(at);
            self.macvlan_below(at);
            self.bond_values(at);
            self.delays(at);
            self.secret(at);
        }
        self.queues();
        self.labels();
    }

    /// Leaves the option out, and says why.
    fn refuse(&mut self, at: usize, option: &str, diagnostic: Diagnostic) {
        let link = &mut self.links[at];
        link.knobs.retain(|knob| knob.attr.name != option);
        let name = link.name;
        self.found.push(diagnostic.on(name));
    }

    fn hardware_address(&mut self, at: usize) {
        let link = &self.links[at];
        let Some((Value::Mac(mac), place)) = said(link, "hwaddress") else {
            return;
        };
        if link.name.as_str() == "lo" {
            let told = Diagnostic::warning("no-effect", "`hwaddress` has no effect on `lo`");
            let told = told.at(
                place,
                "left out: nothing is sent by it, and it could not go back to none",
            );
            self.refuse(at, "hwaddress", told);
            return;
        }
        // Addresses of InfiniBand are longer, and have no bit for groups.
        let ether = mac.bytes().len() == 6 || link.kind != Kind::Physical;
        if ether && !mac.is_unicast_ether() {
            let fault = Diagnostic::error("bad-value", format!("`hwaddress` cannot be `{mac}`"))
                .at(place, why_not_unicast(&mac))
                .help("choose one whose first byte is even, such as `02:00:00:00:00:01`");
            self.refuse(at, "hwaddress", fault);
        }
    }

    /// Sizes that no link of that kind can have.
    fn sizes(&mut self, at: usize) {
        let link = &self.links[at];
        let Some((Value::Number(mtu), place)) = said(link, "mtu") else {
            return;
        };
        let real = self.facts.and_then(|facts| facts.get(link.name));
        let driver = real.and_then(|real| real.mtu_limits());
        let (min, max) = match link.kind == Kind::Physical {
            true => driver.unwrap_or((0, u64::MAX)),
            false => link.kind.row().sizes,
        };
        if (min..=max).contains(&mtu) {
            return;
        }
        let carrier = match link.kind == Kind::Physical {
            true => format!("the driver of `{}`", link.name),
            false => format!("a {} link", link.kind),
        };
        let fault = Diagnostic::error("bad-value", format!("`mtu` cannot be `{mtu}` on `{}`", link.name))
            .at(place, format!("{carrier} takes {min} to {max}"));
        self.refuse(at, "mtu", fault);
    }

    /// `::1` is for `lo` and VRFs alone (`ipv6_add_addr`).
    fn loopback_address(&mut self, at: usize) {
        let link = &mut self.links[at];
        if link.name.as_str() == "lo" || link.kind == Kind::Vrf {
            return;
        }
        let (name, found) = (link.name, &mut self.found);
        link.addresses.retain(|wanted| {
            let IpAddr::V6(ip) = wanted.value.ip else { return true };
            if !ip.is_loopback() {
                return true;
            }
            let fault = Diagnostic::error("bad-value", format!("`{name}` cannot have the address `{ip}`"));
            found.extend(
                wanted
                    .origin
                    .place()
                    .map(|place| fault.at(place, "left out: only `lo` can have it").on(name)),
            );
            false
        });
    }

    /// Addresses and gateways of IPv6 where the link is to be without it.
    fn without_ipv6(&mut self, at: usize) {
        let link = &mut self.links[at];
        let Some((Value::Number(1), off)) = said(link, "disable-ipv6") else {
            return;
        };
        let (name, found) = (link.name, &mut self.found);
        let mut tell = |what: &str, origin: Origin| {
            let fault = Diagnostic::error("ipv6-off", format!("`{name}` has no IPv6, and so not this {what}"));
            found.extend(origin.place().map(|place| {
                fault
                    .at(place, "left out")
                    .note_at(off, "IPv6 is switched off")
                    .on(name)
                    .help("remove one of the two lines")
            }));
        };
        link.addresses.retain(|wanted| {
            let keeps = wanted.value.ip.is_ipv4();
            if !keeps {
                tell("address", wanted.origin);
            }
            keeps
        });
        link.routes.retain(|wanted| {
            let keeps = wanted.value.to.0.is_ipv4();
            if !keeps {
                tell("gateway", wanted.origin);
            }
            keeps
        });
    }

    /// Addresses of the outer packets of a VXLAN link (`vxlan_config_validate`).
    fn tunnel_ends(&mut self, at: usize) {
        let link = &self.links[at];
        if link.kind != Kind::Vxlan {
            return;
        }
        let ip = |option| match said(link, option) {
            Some((Value::Ip(ip), place)) => Some((ip, place)),
            _ => None,
        };
        let local = ip("vxlan-local-tunnelip");
        let options = ["vxlan-svcnodeip", "vxlan-mcastgrp"];
        let remote = options.into_iter().find_map(|option| Some((option, ip(option)?)));
        let physdev = link.parent.is_some();
        let own = local.or(remote.map(|(_, remote)| remote));
        self.flood_list(at, own.map(|(ip, _)| ip));
        if let Some((option, (remote, place))) = remote {
            self.remote_end(at, option, remote, place, local, physdev);
        }
        self.local_end(at, local);
    }

    fn remote_end(
        &mut self,
        at: usize,
        option: &'static str,
        remote: IpAddr,
        place: Place,
        local: Option<(IpAddr, Place)>,
        physdev: bool,
    ) {
        if remote.is_unspecified() {
            let fault = Diagnostic::error("bad-value", format!("`{option}` cannot be `{remote}`"))
                .at(place, "takes the address of a host or a group");
            self.refuse(at, option, fault);
        } else if remote.is_multicast() && !physdev {
            let fault = Diagnostic::error(
                "vxlan-without-device",
                format!("`{option} {remote}` needs `vxlan-physdev`"),
            )
            .at(place, "a multicast group is reached by one link")
            .help("name the link in `vxlan-physdev`");
            self.refuse(at, option, fault);
        } else if let Some((ip, line)) = local.filter(|(ip, _)| ip.is_ipv4() != remote.is_ipv4()) {
            let fault = Diagnostic::error(
                "two-families",
                format!("`{option} {remote}` cannot be reached from `{ip}`"),
            )
            .at(place, "of the other family")
            .note_at(line, "`vxlan-local-tunnelip` is set")
            .help("write both as IPv4 or both as IPv6 addresses");
            self.refuse(at, option, fault);
        }
    }

    /// Remotes of the family that the link does not send by: its own address says which; without one it is IPv4.
    fn flood_list(&mut self, at: usize, own: Option<IpAddr>) {
        let v4 = own.is_none_or(|ip| ip.is_ipv4());
        let link = &mut self.links[at];
        let (name, found) = (link.name, &mut self.found);
        link.fdb.retain(|wanted| {
            let Some(dst) = wanted.value.dst.filter(|dst| dst.is_ipv4() != v4) else {
                return true;
            };
            let family = if v4 { "IPv4" } else { "IPv6" };
            let fault = Diagnostic::error("two-families", format!("`{name}` cannot send to `{dst}`"));
            found.extend(wanted.origin.place().map(|place| {
                fault
                    .at(place, format!("left out: its outer packets are {family}"))
                    .on(name)
                    .help("write an address of that family in `vxlan-local-tunnelip`")
            }));
            false
        });
    }

    fn local_end(&mut self, at: usize, local: Option<(IpAddr, Place)>) {
        let Some((ip, place)) = local.filter(|(ip, _)| ip.is_multicast() || ip.is_unspecified()) else {
            return;
        };
        let fault = Diagnostic::error("bad-value", format!("`vxlan-local-tunnelip` cannot be `{ip}`"))
            .at(place, "takes an address of this host");
        self.refuse(at, "vxlan-local-tunnelip", fault);
    }

    /// A link that is a port of a bridge or bond, or carries a macvlan in mode passthru, has no room for another user.
    fn macvlan_below(&mut self, at: usize) {
        let link = &self.links[at];
        let (Kind::Macvlan, Some(parent)) = (&link.kind, link.parent) else {
            return;
        };
        let master = [Kind::Bridge, Kind::Bond]
            .iter()
            .find_map(|kind| self.master_of_kind(parent.name, kind));
        let Some(master) = master else { return };
        let Some(place) = parent.origin.place() else { return };
        let fault = Diagnostic::error(
            "parent-is-port",
            format!(
                "`{}` cannot stand on `{}`, a port of `{master}`",
                link.name, parent.name
            ),
        )
        .at(place, "the kernel gives its packets to the master")
        .on(link.name)
        .help(format!("put it on `{master}`"));
        self.found.push(fault);
    }

    fn bond_values(&mut self, at: usize) {
        let link = &self.links[at];
        if link.kind != Kind::Bond {
            return;
        }
        if let Some((Value::Mac(mac), place)) = said(link, "bond-ad-actor-system")
            && (mac.bytes().len() != 6 || mac.bytes()[0] & 1 == 1)
        {
            let fault = Diagnostic::error("bad-value", format!("`bond-ad-actor-system` cannot be `{mac}`"))
                .at(place, why_not_unicast(&mac))
                .help("choose one whose first byte is even, such as `02:00:00:00:00:01`");
            self.refuse(at, "bond-ad-actor-system", fault);
        }
        let link = &self.links[at];
        if let Some((Value::Number(0), place)) = said(link, "bond-use-carrier") {
            let warning = Diagnostic::warning("carrier-only", "kernels since 6.17 refuse `bond-use-carrier no`")
                .at(place, "they know only `yes`")
                .on(link.name)
                .help("remove this line");
            self.found.push(warning);
        }
        self.targets(at);
    }

    /// ARP targets: each once, and none that no host can have (`bond_option_arp_ip_target_add`).
    fn targets(&mut self, at: usize) {
        let (name, found) = (self.links[at].name, &mut self.found);
        let knobs = &mut self.links[at].knobs;
        let Some(knob) = knobs.iter_mut().find(|knob| knob.attr.name == "bond-arp-ip-target") else {
            return;
        };
        let (Value::Ips(all), Some(place)) = (&mut knob.value, knob.origin.place()) else {
            return;
        };
        let mut kept: Vec<IpAddr> = Vec::new();
        for ip in all.iter() {
            let zero = matches!(ip, IpAddr::V4(ip) if ip.octets()[0] == 0 || ip.is_broadcast());
            let why = match (zero, kept.contains(ip)) {
                (true, _) => "not the address of a host: left out",
                (_, true) => "written twice: once is taken",
                _ => {
                    kept.push(*ip);
                    continue;
                }
            };
            let severity = if zero { Diagnostic::error } else { Diagnostic::warning };
            let fault = severity("bad-value", format!("`bond-arp-ip-target` cannot have `{ip}`"));
            found.push(fault.at(place, why).on(name));
        }
        *all = kept;
        let none = all.is_empty();
        if none {
            knobs.retain(|knob| knob.attr.name != "bond-arp-ip-target");
        }
    }

    /// Delays that the kernel rounds down to a multiple of `bond-miimon`: the multiple is what is wanted.
    fn delays(&mut self, at: usize) {
        let link = &mut self.links[at];
        let Some(miimon) = link.number("bond-miimon").filter(|miimon| *miimon > 0) else {
            return;
        };
        let name = link.name;
        for knob in &mut link.knobs {
            let Knob { attr, value, origin } = knob;
            let is_delay = matches!(attr.name, "bond-updelay" | "bond-downdelay" | "bond-peer-notif-delay");
            let (true, Value::Number(delay)) = (is_delay, value) else {
                continue;
            };
            let rounded = *delay / miimon * miimon;
            if rounded == *delay {
                continue;
            }
            let warning = Diagnostic::warning(
                "delay-rounded",
                format!("`{} {delay}` is {rounded} with `bond-miimon {miimon}`", attr.name),
            );
            *delay = rounded;
            let Some(place) = origin.place() else { continue };
            let warning = warning
                .at(place, "the kernel rounds it down to a multiple")
                .on(name)
                .help(format!("write a multiple of {miimon}"));
            self.found.push(warning);
        }
    }

    /// `ipv6-addrgen stable-privacy` is refused where there is no secret (`inet6_validate_link_af`).
    fn secret(&mut self, at: usize) {
        const STABLE_PRIVACY: u64 = 2;
        let link = &self.links[at];
        let name = link.name;
        if let Some((Value::Number(STABLE_PRIVACY), place)) = said(link, "ipv6-addrgen") {
            let warning = Diagnostic::warning("needs-secret", "`ipv6-addrgen stable-privacy` needs a secret")
                .at(place, "the kernel refuses it without one")
                .on(name)
                .help("set net.ipv6.conf.default.stable_secret in sysctl.d, or write `random`");
            self.found.push(warning);
        }
    }

    /// `bond-queue-id`: each once among the ports of a bond, and none beyond its queues.
    fn queues(&mut self) {
        let mut taken: Vec<(IfName, u64, IfName, Place)> = Vec::new();
        for at in 0..self.links.len() {
            let link = &self.links[at];
            let (Some((Value::Number(id), place)), Some(bond)) = (said(link, "bond-queue-id"), link.master) else {
                continue;
            };
            let before = taken
                .iter()
                .find(|(other, number, ..)| *other == bond.name && *number == id && id > 0);
            if let Some((_, _, other, first)) = before {
                let fault = Diagnostic::error(
                    "queue-taken",
                    format!("queue {id} of `{}` is that of `{other}`", bond.name),
                )
                .at(place, "left out")
                .note_at(*first, "it is set");
                self.refuse(at, "bond-queue-id", fault.help("give each port a queue of its own"));
                continue;
            }
            taken.push((bond.name, id, link.name, place));
            if id > USUAL_QUEUES {
                let warning = Diagnostic::warning("queue-beyond", format!("`{}` may have no queue {id}", bond.name))
                    .at(
                        place,
                        format!("a bond has {USUAL_QUEUES} where its module is not told otherwise"),
                    )
                    .on(link.name)
                    .help("see `tx_queues` of the module bonding");
                self.found.push(warning);
            }
        }
    }

    /// Labels of addresses that are longer than the kernel takes: the address stays, without its label.
    fn labels(&mut self) {
        for (name, decl) in self.written() {
            for stanza in &decl.stanzas {
                let Some(label) = stanza.label.as_ref().filter(|label| label.len() > LABEL_BYTES) else {
                    continue;
                };
                let fault = Diagnostic::error("label-too-long", format!("`{label}` cannot be a label"))
                    .at(
                        stanza.place,
                        format!("{} bytes, a label has at most {LABEL_BYTES}", label.len()),
                    )
                    .on(name)
                    .help("choose a shorter one: the addresses get none");
                self.found.push(fault);
                if let Some(link) = self.link_mut(name) {
                    let labelled = link.addresses.iter_mut();
                    labelled
                        .filter(|wanted| wanted.value.label.as_ref() == Some(label))
                        .for_each(|wanted| wanted.value.label = None);
                }
            }
        }
    }
}

/// The value that is written for an option, and its line.
fn said(link: &WantLink, option: &str) -> Option<(Value, Place)> {
    let knob = link.knob(option)?;
    match knob.origin {
        Origin::Said(place) => Some((knob.value.clone(), place)),
        _ => None,
    }
}

fn why_not_unicast(mac: &Mac) -> &'static str {
    match mac.bytes() {
        bytes if bytes.len() != 6 => "takes six bytes",
        bytes if bytes.iter().all(|byte| *byte == 0) => "the kernel refuses an address of zeros",
        _ => "the address of a group, not of a link",
    }
}
