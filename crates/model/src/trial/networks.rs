//! Random networks that make sense.

use super::*;

/// Raw material of a network: small numbers that choose among what fits.
#[derive(Clone, Debug, Default)]
pub struct Seed {
    pub(crate) bonds: Vec<u8>,
    pub(crate) vlans: Vec<(u8, u8)>,
    pub(crate) bridges: Vec<(u8, bool, u8)>,
    pub(crate) dummies: u8,
    pub(crate) veths: u8,
    pub(crate) vxlans: Vec<u8>,
    pub(crate) addresses: Vec<(u8, u8)>,
    pub(crate) gateway: Option<u8>,
    pub(crate) mtus: Vec<(u8, u8)>,
    pub(crate) knobs: Vec<(u8, u8)>,
    pub(crate) vrfs: Vec<(u8, u8)>,
}

impl Seed {
    /// The seed of that number: the same number gives the same network.
    pub fn of(number: u64) -> Self {
        // The generator of Knuth's MMIX: any will do, it only has to be the same each time.
        let mut state = number;
        let mut byte = move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        };
        let mut many = |most: u8| -> Vec<u8> {
            let count = byte() % (most + 1);
            (0..count).map(|_| byte()).collect()
        };
        let pairs = |bytes: Vec<u8>| bytes.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
        Self {
            bonds: many(2),
            vlans: pairs(many(6)),
            bridges: many(9)
                .chunks_exact(3)
                .map(|three| (three[0], three[1] % 2 == 0, three[2]))
                .collect(),
            dummies: many(2).len() as u8,
            veths: many(1).len() as u8,
            vxlans: many(2),
            addresses: pairs(many(10)),
            gateway: many(1).pop(),
            mtus: pairs(many(4)),
            knobs: pairs(many(6)),
            vrfs: pairs(many(4)),
        }
    }
}

/// NICs that the networks are made on.
pub const NICS: [&str; 5] = ["eno1", "eno2", "eno3", "eno4", "eno5"];

/// A network that makes sense, from any seed.
pub fn network(seed: &Seed) -> Desired {
    let mut links: Vec<WantLink> = vec![link("lo", Kind::Physical)];
    links.extend(NICS.iter().map(|nic| link(nic, Kind::Physical)));
    for at in 0..seed.dummies {
        links.push(link(&format!("dummy{at}"), Kind::Dummy));
    }
    for at in 0..seed.veths {
        let (a, b) = (format!("va{at}"), format!("vb{at}"));
        let mut one = link(&a, Kind::Veth);
        one.peer = Some(link_ref(&b));
        let mut two = link(&b, Kind::Veth);
        two.peer = Some(link_ref(&a));
        links.push(one);
        links.push(two);
    }
    for (at, id) in seed.vxlans.iter().enumerate() {
        let vxlan = link(&format!("vx{at}"), Kind::Vxlan);
        links.push(vxlan.set("vxlan-id", &format!("{}", u32::from(*id) + 256 * at as u32 + 1)));
    }
    // Bonds take the NICs that their bits name and that are still free.
    for (at, bits) in seed.bonds.iter().enumerate() {
        let bond = format!("bond{at}");
        let free: Vec<usize> = (0..links.len())
            .filter(|i| links[*i].kind == Kind::Physical && links[*i].name.as_str() != "lo")
            .filter(|i| links[*i].master.is_none() && bits >> (i % 8) & 1 == 1)
            .take(2)
            .collect();
        let ports: Vec<String> = free.iter().map(|i| links[*i].name.to_string()).collect();
        for i in free {
            links[i].master = Some(link_ref(&bond));
        }
        let mode = ["active-backup", "802.3ad", "balance-rr"][usize::from(bits % 3)];
        let ports: Vec<&str> = ports.iter().map(String::as_str).collect();
        let bond = link(&bond, Kind::Bond).set("bond-mode", mode).set("bond-miimon", "100");
        links.push(bond.with_ports(&ports));
    }
    // VLANs stand on any link that is not a port.
    for (on, id) in &seed.vlans {
        let free: Vec<IfName> = links
            .iter()
            .filter(|link| matches!(link.kind, Kind::Physical | Kind::Bond | Kind::Dummy) && link.master.is_none())
            .filter(|link| link.name.as_str() != "lo")
            .map(|link| link.name)
            .collect();
        let Some(parent) = free.get(usize::from(*on) % free.len().max(1)) else {
            continue;
        };
        let id = id % 40 + 1;
        let vlan = format!("{parent}.{id}");
        if links.iter().all(|link| link.name.as_str() != vlan) {
            let vlan = link(&vlan, Kind::Vlan).on(parent.as_str());
            links.push(vlan.set("vlan-id", &id.to_string()));
        }
    }
    for (at, (bits, aware, vids)) in seed.bridges.iter().enumerate() {
        let bridge = format!("vmbr{at}");
        let free: Vec<usize> = (0..links.len())
            .filter(|i| links[*i].kind != Kind::Bridge && links[*i].name.as_str() != "lo")
            .filter(|i| links[*i].master.is_none() && (bits >> (i % 8)) & 1 == 1)
            .take(3)
            .collect();
        let vids = u16::from(*vids);
        let ranges = [range(1, 1, true, true), range(2, 2 + vids, false, false)];
        let mut ports = Vec::new();
        for i in free {
            links[i].master = Some(link_ref(&bridge));
            if *aware {
                links[i] = links[i].clone().with_vlans(&ranges);
            }
            ports.push(links[i].name.to_string());
        }
        let ports: Vec<&str> = ports.iter().map(String::as_str).collect();
        let mut want = link(&bridge, Kind::Bridge)
            .set("bridge-stp", "off")
            .set("bridge-fd", "0");
        if *aware {
            want = want
                .set("bridge-vlan-aware", "yes")
                .with_vlans(&[range(1, 1, true, true), range(5, 5, false, false)]);
        }
        links.push(want.with_ports(&ports));
    }
    // Members of VRFs may be of any kind, bridges and bonds too.
    for (at, (bits, table)) in seed.vrfs.iter().enumerate() {
        let vrf = format!("vrf{at}");
        let free = links.iter_mut().enumerate();
        let free = free.filter(|(i, link)| {
            link.kind != Kind::Vrf && link.name.as_str() != "lo" && link.master.is_none() && bits >> (i % 8) & 1 == 1
        });
        for (_, member) in free.take(3) {
            *member = member.clone().in_vrf(&vrf);
        }
        let table = 100 * (at + 1) + usize::from(table % 3);
        links.insert(1, link(&vrf, Kind::Vrf).set("vrf-table", &table.to_string()));
    }
    for (on, host) in &seed.addresses {
        let at = usize::from(*on) % links.len();
        if links[at].master.is_none() || links[at].in_vrf {
            let text = match host % 3 {
                0 => format!("fd00:{at:x}::{host:x}/64"),
                _ => format!("10.{at}.{}.{}/24", host % 2, host / 4 + 2),
            };
            if !links[at].addresses.iter().any(|old| old.value.same(&address(&text))) {
                links[at] = links[at].clone().addr(&text);
            }
        }
    }
    if let Some(on) = seed.gateway {
        let with: Vec<usize> = (0..links.len())
            .filter(|i| links[*i].addresses.iter().any(|wanted| wanted.value.ip.is_ipv4()))
            .filter(|i| links[*i].name.as_str() != "lo")
            .collect();
        if let Some(at) = with.get(usize::from(on) % with.len().max(1)) {
            let first = links[*at]
                .addresses
                .iter()
                .find(|wanted| wanted.value.ip.is_ipv4())
                .cloned();
            let ip = first.map(|wanted| wanted.value.ip.to_string()).unwrap_or_default();
            let net = ip.rsplit_once('.').map(|(net, _)| net.to_owned()).unwrap_or_default();
            let mut with_route = links[*at].clone().via(&format!("{net}.1"));
            let vrf = with_route.vrf().map_or(with_route.name, |vrf| vrf.name);
            let vrf = links.iter().find(|link| link.name == vrf);
            if let Some(table) = vrf.and_then(|vrf| vrf.number("vrf-table")) {
                with_route.routes[0].value.table = u32::try_from(table).unwrap_or_default();
            }
            links[*at] = with_route;
        }
    }
    for (on, mtu) in &seed.mtus {
        let at = usize::from(*on) % links.len();
        let free = links[at].master.is_none()
            && matches!(links[at].kind, Kind::Dummy | Kind::Vxlan)
            && links[at].knob("mtu").is_none();
        if free {
            links[at] = links[at].clone().set("mtu", &(1280 + u32::from(*mtu)).to_string());
        }
    }
    for (on, value) in &seed.knobs {
        let at = usize::from(*on) % links.len();
        let (key, text) = match (&links[at].kind, value % 4) {
            (Kind::Bridge, 0) => ("bridge-ageing", "100".to_owned()),
            (Kind::Bridge, _) => ("bridge-maxage", format!("{}", 6 + value % 30)),
            (Kind::Bond, 3) if links[at].number("bond-mode") == Some(4) => ("bond-lacp-rate", "fast".to_owned()),
            (Kind::Bond, 2) => ("bond-xmit-hash-policy", "layer3+4".to_owned()),
            (Kind::Bond, _) => ("bond-updelay", format!("{}", u32::from(value % 4) * 100)),
            (_, 0) => ("ip-forward", "on".to_owned()),
            (_, 1) => ("alias", format!("port {value}")),
            _ => continue,
        };
        if links[at].knob(key).is_none() {
            links[at] = links[at].clone().set(key, &text);
        }
    }
    Desired::new(links)
}
