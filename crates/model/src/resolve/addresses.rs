//! Addresses with the options that belong to each, and forwarding entries of VXLAN links.

use super::{Build, bad_value};
use crate::decl::{Decl, Method, Said};
use crate::desired::Wanted;
use crate::name::{IfName, Mac};
use crate::types::{Address, Fdb, Kind, Origin, ScopeId};
use cleat_diag::{Diagnostic, Place};
use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr};

/// `RT_SCOPE_*` of linux/rtnetlink.h.
const SCOPES: [(&str, u8); 5] = [
    ("global", 0),
    ("universe", 0),
    ("site", 200),
    ("link", 253),
    ("host", 254),
];

/// An address line and whether its length is still to be said.
struct Open {
    address: Address,
    place: Place,
    length_said: bool,
    /// The length that is written with the peer.
    peer_length: Option<u8>,
}

/// The addresses of a link so far, and where each is said first.
#[derive(Default)]
struct Kept {
    addresses: Vec<Wanted<Address>>,
    first: HashMap<(IpAddr, u8, Option<IpAddr>), Place>,
}

impl Build<'_> {
    pub(super) fn addresses(&mut self) {
        for (name, decl) in self.written() {
            let mut all = Kept::default();
            for stanza in 0..decl.stanzas.len() {
                for open in self.stanza(name, decl, stanza) {
                    self.keep(name, open, &mut all);
                }
            }
            let all = all.addresses;
            self.on_port(name, &all);
            let fdb = self.remotes(name, decl);
            if let Some(link) = self.link_mut(name) {
                link.addresses = all;
                link.fdb = fdb;
            }
        }
        self.duplicates();
    }

    /// The addresses of one stanza. An option holds for the address before it; before the first one, for that.
    fn stanza(&mut self, name: IfName, decl: &Decl, stanza: usize) -> Vec<Open> {
        let lines = decl.lines_of(stanza);
        let mut open: Vec<Open> = Vec::new();
        for said in lines.iter().filter(|said| said.name() == "address") {
            let label = decl.stanzas[stanza].label.clone();
            open.extend(self.address(name, said, label));
        }
        if open.is_empty() {
            return open;
        }
        // The addresses are in the order of their lines, some of which gave none.
        let (mut current, mut next) = (0, 0);
        for said in lines {
            match said.name() {
                "address" if open.get(next).is_some_and(|open| open.place == said.place) => {
                    (current, next) = (next, next + 1);
                }
                "netmask" | "broadcast" | "pointopoint" | "scope" | "preferred-lifetime" => {
                    if let Err(accepts) = modify(&mut open[current], said) {
                        let place = if said.value.text.is_empty() {
                            said.key.place
                        } else {
                            said.value.place
                        };
                        self.found.push(bad_value(said, place, accepts).on(name));
                    }
                }
                _ => {}
            }
        }
        if decl.stanzas[stanza].method == Method::Dhcp {
            self.found.extend(open.drain(..).map(|open| {
                Diagnostic::warning("no-effect", "`address` has no effect with method dhcp")
                    .at(open.place, "needs method static")
                    .on(name)
                    .help("add a second stanza with method static for it")
            }));
        }
        open
    }

    fn address(&mut self, name: IfName, said: &Said, label: Option<String>) -> Option<Open> {
        let accepts = "an address such as `192.0.2.10/24` or `2001:db8::10/64`";
        let text = said.value.text.as_str();
        let (ip, length) = match text.split_once('/') {
            Some((ip, length)) => (ip, Some(length)),
            None => (text, None),
        };
        let parsed: Option<(IpAddr, Option<u8>)> = ip.parse().ok().and_then(|ip: IpAddr| match length {
            Some(length) => Some((ip, Some(prefix(length, ip)?))),
            None => Some((ip, None)),
        });
        let place = if text.is_empty() {
            said.key.place
        } else {
            said.value.place
        };
        let Some((ip, length)) = parsed else {
            self.found.push(bad_value(said, place, accepts).on(name));
            return None;
        };
        // The kernel takes it without setting anything: an old way to say that there is none.
        if ip == IpAddr::V4(Ipv4Addr::UNSPECIFIED) {
            return None;
        }
        if ip.is_unspecified() || ip.is_multicast() || ip == IpAddr::V4(Ipv4Addr::BROADCAST) {
            let diagnostic = bad_value(said, place, "the address of a host").on(name);
            self.found.push(diagnostic);
            return None;
        }
        let mut address = Address::plain(ip, length.unwrap_or(full(ip)));
        address.scope = natural_scope(ip);
        address.label = label.filter(|_| ip.is_ipv4());
        Some(Open {
            address,
            place: said.place,
            length_said: length.is_some(),
            peer_length: None,
        })
    }

    /// Takes an address into the list of its link.
    fn keep(&mut self, name: IfName, open: Open, all: &mut Kept) {
        let Open {
            mut address,
            place,
            length_said,
            peer_length,
        } = open;
        // The kernel has one length, that of the peer: with the subnet's, all of it would be taken to be on the link.
        if address.peer.is_some() {
            address.prefix = peer_length.unwrap_or(full(address.ip));
        }
        if !length_said && address.peer.is_none() {
            let (ip, length) = (address.ip, address.prefix);
            self.found.push(
                Diagnostic::warning("no-prefix-length", format!("`address {ip}` has no prefix length"))
                    .at(place, format!("/{length} is taken: the address alone"))
                    .on(name)
                    .help(format!(
                        "write `address {ip}/{length}` if that is meant, or the length of the subnet"
                    )),
            );
        }
        let first = *all.first.entry(address.key()).or_insert(place);
        if first != place {
            let diagnostic = Diagnostic::warning(
                "duplicate-address",
                format!("`{}` is set twice on `{name}`", address.ip),
            )
            .at(place, "left out")
            .on(name);
            self.found.push(diagnostic.note_at(first, "it is set"));
            return;
        }
        all.addresses.push(Wanted {
            value: address,
            origin: Origin::Said(place),
        });
    }

    /// A port of a bridge or bond gets no packets of its own.
    fn on_port(&mut self, name: IfName, addresses: &[Wanted<Address>]) {
        let master = [Kind::Bridge, Kind::Bond]
            .iter()
            .find_map(|kind| self.master_of_kind(name, kind));
        let (Some(master), Some(first)) = (master, addresses.first()) else {
            return;
        };
        let Some(place) = first.origin.place() else { return };
        self.found.push(
            Diagnostic::warning(
                "address-on-port",
                format!("`{name}` has an address and is a port of `{master}`"),
            )
            .at(place, "packets to it reach the host by the master")
            .on(name)
            .help(format!("move the address to `{master}`")),
        );
    }

    /// One address on two links: the kernel takes it, and each has it. Host routes (/32, /128) may repeat without a word:
    /// routers on unnumbered links do so; so may link-local addresses, and addresses in different VRFs.
    fn duplicates(&mut self) {
        let mut seen: HashMap<(IpAddr, Option<IfName>), (IfName, u8, Place)> = HashMap::new();
        for link in &self.links {
            let name = link.name;
            let vrf = self.master_of_kind(name, &Kind::Vrf);
            for wanted in &link.addresses {
                let Address { ip, prefix, scope, .. } = wanted.value;
                let Some(place) = wanted.origin.place().filter(|_| scope.0 != 253) else {
                    continue;
                };
                let Some((other, length, first)) = seen.get(&(ip, vrf)).copied() else {
                    seen.insert((ip, vrf), (name, prefix, place));
                    continue;
                };
                if other == name || (prefix == full(ip) && length == full(ip)) {
                    continue;
                }
                self.found.push(
                    Diagnostic::warning(
                        "duplicate-address",
                        format!("`{ip}` is set on `{other}` and on `{name}`"),
                    )
                    .at(place, "both links have it")
                    .note_at(first, format!("it is set on `{other}`"))
                    .on(name)
                    .help("right where hosts are reached by routes of their own; else give each link an address of its own"),
                );
            }
        }
    }

    /// The flood list of a VXLAN link.
    fn remotes(&mut self, name: IfName, decl: &Decl) -> Vec<Wanted<Fdb>> {
        let mut all: Vec<Wanted<Fdb>> = Vec::new();
        let mut seen: HashSet<IpAddr> = HashSet::new();
        if !self.is_kind(name, &Kind::Vxlan) {
            return all;
        }
        for said in decl.all("vxlan-remoteip") {
            for word in said.value.words() {
                let Ok(ip) = word.value.parse::<IpAddr>() else {
                    let diagnostic = crate::decl::bad_value(&said.key.value, &word.value, word.place, "IP addresses");
                    self.found.push(diagnostic.on(name));
                    continue;
                };
                let Some(mac) = Mac::new(&[0; 6]) else { continue };
                let value = Fdb {
                    mac,
                    dst: Some(ip),
                    vlan: None,
                    on_self: true,
                    fixed: true,
                };
                if seen.insert(ip) {
                    let origin = Origin::Said(word.place);
                    all.push(Wanted { value, origin });
                }
            }
        }
        all
    }
}

/// Bits of an address of that family.
fn full(ip: IpAddr) -> u8 {
    if ip.is_ipv4() { 32 } else { 128 }
}

/// A prefix length, or an IPv4 mask with all ones before all zeros.
fn prefix(text: &str, ip: IpAddr) -> Option<u8> {
    if let (Ok(mask), true) = (text.parse::<Ipv4Addr>(), ip.is_ipv4()) {
        let bits = u32::from(mask);
        return (bits.leading_ones() + bits.trailing_zeros() == 32).then_some(bits.leading_ones() as u8);
    }
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits
        .then(|| text.parse().ok())
        .flatten()
        .filter(|length| *length <= full(ip))
}

/// The scope that ip-address(8) and the kernel give an address by its range.
fn natural_scope(ip: IpAddr) -> ScopeId {
    ScopeId(match ip {
        IpAddr::V4(ip) if ip.is_loopback() => 254,
        IpAddr::V6(ip) if ip.is_loopback() => 254,
        IpAddr::V6(ip) if ip.segments()[0] & 0xffc0 == 0xfe80 => 253,
        IpAddr::V6(ip) if ip.segments()[0] & 0xffc0 == 0xfec0 => 200,
        _ => 0,
    })
}

/// Applies an option to the address that it belongs to; what is accepted otherwise.
fn modify(open: &mut Open, said: &Said) -> Result<(), &'static str> {
    let text = said.value.text.as_str();
    let address = &mut open.address;
    match said.name() {
        "netmask" => {
            let length = prefix(text, address.ip).ok_or("a mask such as `255.255.255.0`, or a prefix length")?;
            // A length in the address itself holds.
            if !open.length_said {
                address.prefix = length;
                open.length_said = true;
            }
        }
        "broadcast" => {
            let accepts = "an IPv4 address, `+` or `-`, behind an IPv4 address";
            let IpAddr::V4(ip) = address.ip else {
                return Err(accepts);
            };
            let host = u32::MAX.checked_shr(u32::from(address.prefix)).unwrap_or(0);
            address.broadcast = match text {
                "+" => Some(IpAddr::V4(Ipv4Addr::from(u32::from(ip) | host))),
                "-" => Some(IpAddr::V4(Ipv4Addr::from(u32::from(ip) & !host))),
                _ => Some(IpAddr::V4(text.parse().map_err(|_| accepts)?)),
            }
            // 0.0.0.0 is none: so the kernel takes it, too.
            .filter(|broadcast| !broadcast.is_unspecified());
        }
        "pointopoint" => {
            let accepts = "an address of the same family";
            let (peer, length) = match text.split_once('/') {
                Some((peer, length)) => (peer, Some(length)),
                None => (text, None),
            };
            let peer: IpAddr = peer.parse().map_err(|_| accepts)?;
            if peer.is_ipv4() != address.ip.is_ipv4() {
                return Err(accepts);
            }
            open.peer_length = match length {
                Some(length) => Some(prefix(length, peer).ok_or(accepts)?),
                None => None,
            };
            address.peer = Some(peer).filter(|peer| *peer != address.ip);
        }
        "scope" => {
            let named = SCOPES.iter().find(|(word, _)| *word == text).map(|(_, number)| *number);
            // The kernel refuses `nowhere` (255): `inet_validate_rtm`.
            let accepts = "`global`, `site`, `link`, `host` or a number from 0 to 254";
            let number = named.or_else(|| text.parse().ok()).filter(|number| *number < 255);
            address.scope = ScopeId(number.ok_or(accepts)?);
        }
        _ => {
            let accepts = "a whole number of seconds, or `forever`";
            address.preferred = match text {
                "forever" => None,
                _ => Some(text.parse().map_err(|_| accepts)?).filter(|seconds| *seconds != u32::MAX),
            };
        }
    }
    Ok(())
}
