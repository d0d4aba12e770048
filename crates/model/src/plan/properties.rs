//! Properties over random networks: what is planned and applied is reached, a second plan is empty, a failure anywhere
//! is put back, and what others made is never touched.

use super::world::*;
use super::*;
use crate::apply::{Ending, NoHooks, OnError, apply};
use crate::desired::WantLink;
use crate::fake::{FakeKernel, defaults};
use crate::journal::NoJournal;
use crate::kernel::KernelError;
use crate::types::{Address, Kind, Route};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Raw material of a network: small numbers that choose among what fits.
#[derive(Clone, Debug)]
struct Seed {
    bonds: Vec<u8>,
    vlans: Vec<(u8, u8)>,
    bridges: Vec<(u8, bool, u8)>,
    dummies: u8,
    veths: u8,
    vxlans: Vec<u8>,
    addresses: Vec<(u8, u8)>,
    gateway: Option<u8>,
    mtus: Vec<(u8, u8)>,
    knobs: Vec<(u8, u8)>,
}

fn seed() -> impl Strategy<Value = Seed> {
    let few = |n: usize| 0..n;
    (
        proptest::collection::vec(any::<u8>(), few(3)),
        proptest::collection::vec((any::<u8>(), any::<u8>()), few(4)),
        proptest::collection::vec((any::<u8>(), any::<bool>(), any::<u8>()), few(4)),
        0u8..3,
        0u8..2,
        proptest::collection::vec(any::<u8>(), few(3)),
        proptest::collection::vec((any::<u8>(), any::<u8>()), few(6)),
        proptest::option::of(any::<u8>()),
        proptest::collection::vec((any::<u8>(), any::<u8>()), few(3)),
        proptest::collection::vec((any::<u8>(), any::<u8>()), few(4)),
    )
        .prop_map(
            |(bonds, vlans, bridges, dummies, veths, vxlans, addresses, gateway, mtus, knobs)| Seed {
                bonds,
                vlans,
                bridges,
                dummies,
                veths,
                vxlans,
                addresses,
                gateway,
                mtus,
                knobs,
            },
        )
}

const NICS: [&str; 5] = ["eno1", "eno2", "eno3", "eno4", "eno5"];

/// A network that makes sense, from any seed.
fn network(seed: &Seed) -> Desired {
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
    // VLANs stand on any link that is no port.
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
    for (on, host) in &seed.addresses {
        let at = usize::from(*on) % links.len();
        if links[at].master.is_none() {
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
            links[*at] = links[*at].clone().via(&format!("{net}.1"));
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

/// What the kernel has, by name, without indexes and without what it makes itself.
fn essence(kernel: &FakeKernel) -> BTreeMap<String, String> {
    let now = kernel.now();
    let names = |index: Option<u32>| index.and_then(|index| now.by_index(index)).map(|link| link.name);
    let mut all = BTreeMap::new();
    for link in now.links() {
        let sorted = |mut list: Vec<String>| {
            list.sort();
            list
        };
        let attrs = |attrs: &crate::nla::Attrs| {
            sorted(
                attrs
                    .iter()
                    .filter(|(number, _)| *number != 11)
                    .map(|(number, bytes)| format!("{number}={bytes:?}"))
                    .collect(),
            )
        };
        let addresses = now.addresses(link.index).iter().map(Address::to_string).collect();
        let routes = now.routes(link.index).iter().map(Route::to_string).collect();
        let text = format!(
            "{:?} up={} master={:?} parent={:?} {:?} data={:?} port={:?} conf={:?}{:?} addr={:?} routes={:?} vlans={:?} fdb={:?}",
            link.kind,
            link.is_up(),
            names(link.master),
            names(link.parent),
            attrs(&link.attrs),
            attrs(&link.data),
            attrs(&link.port),
            link.conf4,
            link.conf6,
            sorted(addresses),
            sorted(routes),
            now.vlans(link.index),
            now.fdb(link.index),
        );
        all.insert(link.name.to_string(), text);
    }
    all
}

/// The words that differ, per link.
fn differing(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> String {
    let mut text = String::new();
    for name in before
        .keys()
        .chain(after.keys().filter(|name| !before.contains_key(*name)))
    {
        let words = |all: &BTreeMap<String, String>| -> Vec<String> {
            all.get(name)
                .map(|text| text.split(" ").map(str::to_owned).collect())
                .unwrap_or_default()
        };
        let (old, new) = (words(before), words(after));
        if old != new {
            let gone: Vec<&String> = old.iter().filter(|word| !new.contains(word)).collect();
            let come: Vec<&String> = new.iter().filter(|word| !old.contains(word)).collect();
            text += &format!("{name}: was {gone:?}, is {come:?}\n");
        }
    }
    text
}

/// What others have on the host: a guest on each bridge, an address and a route by hand.
fn strangers(host: &mut Host) {
    let now = host.kernel.now_mut();
    let bridges: Vec<u32> = now
        .links()
        .iter()
        .filter(|link| link.kind == Kind::Bridge)
        .map(|link| link.index)
        .collect();
    for (at, bridge) in (0u32..).zip(bridges) {
        let index = 9000 + at;
        let mut tap = defaults::link(
            index,
            name(&format!("tap{at}i0")),
            Kind::Other("tun".into()),
            defaults::mac(index),
        );
        tap.flags |= 1;
        tap.master = Some(bridge);
        tap.port_kind = Some(Kind::Bridge);
        tap.port = defaults::bridge_port();
        now.insert(tap);
        now.vlans.insert(index, vec![range(7, 7, true, true)]);
    }
    let hand = [
        crate::op::Op::AddAddress {
            name: name("eno5"),
            address: address("172.16.0.1/24"),
            replace: false,
        },
        crate::op::Op::SetUp {
            name: name("eno5"),
            up: true,
        },
        crate::op::Op::AddRoute {
            name: name("eno5"),
            route: Route {
                to: ("192.0.2.0".parse().expect("ip"), 24),
                via: Some("172.16.0.9".parse().expect("ip")),
                ..gateway("172.16.0.9")
            },
            replace: false,
        },
    ];
    for op in hand {
        // What is a port of a bond cannot have a route: then there is none by hand.
        let _ = host.kernel.step(&op);
    }
}

fn foreign(kernel: &FakeKernel) -> Vec<String> {
    let now = kernel.now();
    let mut all = Vec::new();
    for link in now.links().iter().filter(|link| link.name.as_str().starts_with("tap")) {
        let master = link
            .master
            .and_then(|index| now.by_index(index))
            .map(|master| master.name);
        all.push(format!(
            "{} {:?} {:?} {:?} {}",
            link.name,
            master,
            now.vlans(link.index),
            link.port,
            link.is_up()
        ));
    }
    let eno5 = now.get(name("eno5")).expect("the NIC").index;
    all.extend(
        now.addresses(eno5)
            .iter()
            .filter(|old| old.ip.to_string() == "172.16.0.1")
            .map(Address::to_string),
    );
    all.extend(
        now.routes(eno5)
            .iter()
            .filter(|old| old.to.1 == 24 && old.via.is_some())
            .map(Route::to_string),
    );
    all
}

fn put(planned: &Planned, kernel: &mut FakeKernel, on_error: OnError) -> crate::apply::Outcome {
    apply(&planned.plan, kernel, &mut NoHooks, &mut NoJournal, on_error)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn plan_then_apply_reaches_what_is_wanted_and_a_second_plan_is_empty(from in seed(), to in seed()) {
        let mut host = Host::new(&NICS);
        host.up(&network(&from));
        let wanted = network(&to);
        host.reload(&wanted);
        let faults = crate::verify::verify(&wanted, host.kernel.now(), &all(Verb::Up, &wanted).scope);
        prop_assert_eq!(faults, vec![]);
    }

    #[test]
    fn a_failure_at_any_step_of_a_reload_is_put_back(from in seed(), to in seed(), at in 0usize..60) {
        let mut host = Host::new(&NICS);
        host.up(&network(&from));
        let wanted = network(&to);
        let planned = host.plan(&wanted, &all(Verb::Reload, &wanted));
        let before = essence(&host.kernel);
        let steps = planned.plan.steps.len().max(1);
        host.kernel.fail_at(at % steps, KernelError::errno(12));
        let outcome = put(&planned, &mut host.kernel, OnError::RollBack);
        if outcome.ending != Ending::Done {
            prop_assert_eq!(outcome.ending, Ending::PutBack, "{:?}\n{}", outcome.diagnostics, planned.plan);
            prop_assert_eq!(differing(&before, &essence(&host.kernel)), "", "after undoing\n{}", planned.plan);
        }
    }

    #[test]
    fn what_others_made_is_not_touched_by_any_plan(from in seed(), to in seed(), down in any::<u16>()) {
        let mut host = Host::new(&NICS);
        let first = network(&from);
        host.up(&first);
        strangers(&mut host);
        let before = foreign(&host.kernel);
        let wanted = network(&to);
        let planned = host.plan(&wanted, &all(Verb::Reload, &wanted));
        let outcome = put(&planned, &mut host.kernel, OnError::KeepGoing);
        prop_assert_eq!(outcome.diagnostics, vec![], "{}", planned.plan);
        prop_assert_eq!(foreign(&host.kernel), before.clone(), "{}", planned.plan);
        let names: Vec<IfName> = first.links().iter().enumerate().filter(|(i, _)| down >> (i % 16) & 1 == 1)
            .map(|(_, link)| link.name).filter(|down| down.as_str() != "eno5").collect();
        host.owned = host.owned.settle(&wanted, host.kernel.now(), &all(Verb::Up, &wanted).scope, &[]);
        let planned = host.plan(&wanted, &Request::new(Verb::Down, names));
        put(&planned, &mut host.kernel, OnError::KeepGoing);
        prop_assert_eq!(foreign(&host.kernel), before, "{}", planned.plan);
    }

    #[test]
    fn what_was_brought_up_is_gone_after_it_is_taken_down(from in seed()) {
        let mut host = Host::new(&NICS);
        let before: Vec<String> = essence(&host.kernel).into_keys().collect();
        let wanted = network(&from);
        host.up(&wanted);
        let request = all(Verb::Down, &wanted);
        let (_, outcome) = host.run(&wanted, &request, OnError::KeepGoing);
        prop_assert_eq!(outcome.diagnostics, vec![]);
        prop_assert_eq!(essence(&host.kernel).into_keys().collect::<Vec<_>>(), before);
        let up: Vec<String> = host.kernel.now().links().iter().filter(|link| link.is_up() && !link.is_loopback())
            .map(|link| link.name.to_string()).collect();
        prop_assert_eq!(up, Vec::<String>::new());
        prop_assert_eq!(host.plan(&wanted, &request).plan.to_string(), "");
    }
}
