//! Default routes of `gateway` lines.

use super::{Build, bad_value};
use crate::decl::{Decl, Said};
use crate::desired::{WantLink, Wanted};
use crate::name::IfName;
use crate::types::{Address, Kind, Origin, Route, ScopeId};
use cleat_diag::{Diagnostic, Place, Spanned};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// `RT_TABLE_MAIN` of linux/rtnetlink.h.
const MAIN: u32 = 254;
/// `RTPROT_BOOT`: set by a script at boot, what ip-route(8) writes too.
const BOOT: u8 = 3;

impl Build<'_> {
    pub(super) fn routes(&mut self) {
        let mut taken: HashMap<(bool, u32, u32), (IfName, Place)> = HashMap::new();
        for (name, decl) in self.written() {
            let mut metrics: Option<(usize, u32)> = None;
            for said in decl.all("gateway") {
                let metric = match metrics.filter(|(stanza, _)| *stanza == said.stanza) {
                    Some((_, metric)) => metric,
                    None => self.metric(name, decl, said.stanza),
                };
                metrics = Some((said.stanza, metric));
                for word in said.value.words() {
                    let Some((out_of, route)) = self.route(name, said, &word, metric) else {
                        continue;
                    };
                    let key = (route.to.0.is_ipv4(), route.table, route.metric);
                    if let Some((other, first)) = taken.get(&key).copied() {
                        self.found.push(two(name, &word, other, first, &route));
                        continue;
                    }
                    taken.insert(key, (name, word.place));
                    let origin = Origin::Said(word.place);
                    if let Some(link) = self.link_mut(out_of) {
                        link.routes.push(Wanted { value: route, origin });
                    }
                }
                if said.value.text.is_empty() {
                    self.found
                        .push(bad_value(said, said.key.place, "an IP address").on(name));
                }
            }
        }
    }

    /// The link that a route to a gateway leaves by. A VRF sends nothing itself: a gateway that is written under it is
    /// behind the member whose subnet holds it, as the kernel has it too (`fib_check_nh` in net/ipv4/fib_semantics.c).
    fn leaves_by(&self, name: IfName, via: IpAddr) -> IfName {
        if !self.is_kind(name, &Kind::Vrf) {
            return name;
        }
        let mut members = self
            .links
            .iter()
            .filter(|link| link.vrf().is_some_and(|vrf| vrf.name == name));
        let near = |link: &&WantLink| link.addresses.iter().any(|wanted| covers(&wanted.value, via));
        members.find(near).map_or(name, |member| member.name)
    }

    /// `metric` of the stanza that the gateway is in.
    fn metric(&mut self, name: IfName, decl: &Decl, stanza: usize) -> u32 {
        let mut lines = decl.lines_of(stanza).iter();
        let Some(said) = lines.rfind(|said| said.name() == "metric") else {
            return 0;
        };
        match said.value.text.parse() {
            Ok(metric) => metric,
            Err(_) => {
                let place = if said.value.text.is_empty() {
                    said.key.place
                } else {
                    said.value.place
                };
                let accepts = "a whole number from 0 to 4294967295";
                self.found.push(bad_value(said, place, accepts).on(name));
                0
            }
        }
    }

    /// The table of the VRF that a link is, or is a member of.
    fn routing_table(&self, name: IfName) -> Option<u32> {
        let link = self.link(name)?;
        let vrf = match link.kind == Kind::Vrf {
            true => link,
            false => self.link(link.vrf()?.name)?,
        };
        u32::try_from(vrf.number("vrf-table")?).ok()
    }

    fn route(&mut self, name: IfName, said: &Said, word: &Spanned<String>, metric: u32) -> Option<(IfName, Route)> {
        let Ok(via) = word.value.parse::<IpAddr>() else {
            let fault = crate::decl::bad_value(&said.key.value, &word.value, word.place, "an IP address");
            self.found.push(fault.on(name));
            return None;
        };
        let out_of = self.leaves_by(name, via);
        let link = self.link(out_of)?;
        if let Some(why) = no_router(link, via) {
            let fault = Diagnostic::error("bad-value", format!("the gateway of `{name}` cannot be `{via}`"));
            self.found.push(fault.at(word.place, why).on(name));
            return None;
        }
        if let Some(own) = link.addresses.iter().find(|wanted| wanted.value.ip == via) {
            let place = own.origin.place();
            let fault = Diagnostic::error(
                "gateway-is-self",
                format!("the gateway `{via}` is an address of `{out_of}` itself"),
            )
            .at(word.place, "left out")
            .on(name)
            .help("write the address of the router");
            self.found.push(match place {
                Some(place) => fault.note_at(place, "the address is set"),
                None => fault,
            });
            return None;
        }
        let table = self.routing_table(name);
        let nothing = match via {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        let route = Route {
            to: (nothing, 0),
            via: Some(via),
            onlink: !reaches(link, via),
            metric,
            table: table.unwrap_or(MAIN),
            protocol: BOOT,
            source: None,
            scope: ScopeId(0),
            more: crate::nla::Attrs::new(),
            legs: Vec::new(),
        };
        Some((out_of, route))
    }
}

/// Why no router can have that address (`fib_check_nh`, `ip6_route_check_nh`).
fn no_router(link: &WantLink, via: IpAddr) -> Option<&'static str> {
    let broadcast = |address: &Address| match (address.ip, via) {
        (IpAddr::V4(ip), IpAddr::V4(via)) if address.prefix < 31 => {
            let host = u32::MAX.checked_shr(u32::from(address.prefix)).unwrap_or(0);
            u32::from(ip) | host == u32::from(via)
        }
        _ => false,
    };
    if via.is_unspecified() {
        Some("left out: no address of a router")
    } else if via.is_multicast() || via == IpAddr::V4(Ipv4Addr::BROADCAST) {
        Some("left out: the address of a group")
    } else if link.addresses.iter().any(|wanted| broadcast(&wanted.value)) {
        Some("left out: the subnet's broadcast address")
    } else {
        None
    }
}

/// Whether an address of the link covers the gateway at once. A link-local gateway is always on the link. The way to the
/// peer of an IPv6 address is there only after duplicate address detection (`__ipv6_ifa_notify`).
fn reaches(link: &WantLink, via: IpAddr) -> bool {
    let local = matches!(via, IpAddr::V6(ip) if ip.segments()[0] & 0xffc0 == 0xfe80);
    let mut addresses = link.addresses.iter().map(|wanted| &wanted.value);
    local || addresses.any(|address| covers(address, via) && (via.is_ipv4() || address.peer.is_none()))
}

fn covers(address: &Address, ip: IpAddr) -> bool {
    let base = address.peer.unwrap_or(address.ip);
    match (base, ip) {
        (IpAddr::V4(base), IpAddr::V4(ip)) => {
            let host = u32::MAX.checked_shr(u32::from(address.prefix)).unwrap_or(0);
            u32::from(base) | host == u32::from(ip) | host
        }
        (IpAddr::V6(base), IpAddr::V6(ip)) => {
            let host = u128::MAX.checked_shr(u32::from(address.prefix)).unwrap_or(0);
            u128::from(base) | host == u128::from(ip) | host
        }
        _ => false,
    }
}

fn two(name: IfName, word: &Spanned<String>, other: IfName, first: Place, route: &Route) -> Diagnostic {
    let family = if route.to.0.is_ipv4() { "IPv4" } else { "IPv6" };
    let table = match route.table {
        MAIN => String::new(),
        table => format!(" in table {table}"),
    };
    let metric = match route.metric {
        0 => String::new(),
        metric => format!(" of metric {metric}"),
    };
    Diagnostic::error(
        "two-gateways",
        format!("a second {family} gateway{metric}{table}: `{}`", word.value),
    )
    .at(word.place, format!("left out of `{name}`"))
    .note_at(first, format!("`{other}` has one"))
    .on(name)
    .help("keep one of them, or give them different metrics")
}
