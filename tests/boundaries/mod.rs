//! Every row at the ends of what it takes, on a real kernel: whatever the value, the host has its link and its address
//! after a boot; a second run has nothing to do; and where that is not so, `cleat check` had said something.
//!
//! Second witness: the kernel, which takes a value, refuses it, or keeps another.

mod gone;
mod mtu;
mod situations;

use cleat_kernel::Host as Machine;
use cleat_model::apply::{NoHooks, OnError, apply};
use cleat_model::attr::{Attr, Grammar, Need, On, Wire};
use cleat_model::decl::{Decls, declare};
use cleat_model::desired::Desired;
use cleat_model::journal::NoJournal;
use cleat_model::kernel::{Kernel, Query};
use cleat_model::name::IfName;
use cleat_model::nla::Attrs;
use cleat_model::op::Op;
use cleat_model::owned::Owned;
use cleat_model::plan::{Request, Verb, plan};
use cleat_model::resolve::resolve;
use cleat_model::snapshot::Snapshot;
use cleat_model::table;
use cleat_model::types::Kind;
use cleat_model::verify::verify;
use cleat_netns as netns;

const NICS_AND_WIRES: [(&str, &str); 2] = [("eno1", "eno1-wire"), ("eno2", "eno2-wire")];

/// The kernel of a room, with what is ours there.
struct Host {
    kernel: Machine,
    owned: Owned,
}

/// What came of one text.
#[derive(Debug)]
struct Result {
    /// What was said of the text before anything was done.
    said: Vec<String>,
    /// What went wrong when it was brought up.
    failed: Vec<String>,
    /// What a second run would do, and what it would find to be otherwise.
    again: Vec<String>,
    /// Whether a link has 10.0.0.1/24.
    reached: bool,
}

impl Host {
    fn new() -> Self {
        Self {
            kernel: Machine::open().expect("a room has rtnetlink"),
            owned: Owned::default(),
        }
    }

    fn now(&mut self) -> Snapshot {
        self.kernel.snapshot(Query::ALL).expect("the kernel can be read")
    }

    /// Two fresh NICs, and nothing that is ours.
    fn plug(&mut self) {
        self.owned = Owned::default();
        let nics = NICS_AND_WIRES.map(|(nic, wire)| Op::CreateLink {
            name: name(nic),
            kind: Kind::Veth,
            parent: None,
            peer: Some(name(wire)),
            link: Attrs::new(),
            data: Attrs::new(),
            up: false,
        });
        let up = NICS_AND_WIRES.map(|(_, wire)| Op::SetUp {
            name: name(wire),
            up: true,
        });
        self.must(&nics);
        self.must(&up);
    }

    /// A host with two fresh NICs boots with that text; all is taken away again.
    fn boots(&mut self, text: &str) -> Result {
        self.plug();
        let decls = declared(text);
        let now = self.now();
        let (desired, found) = resolve(&decls, Some(&now));
        let failed = self.up(&desired, &now);
        let now = self.now();
        let (again, _) = resolve(&decls, Some(&now));
        let request = all(Verb::Reload, &again);
        let second = plan(&again, &now, &self.owned, &request).plan.to_string();
        let differs = verify(&again, &now, &request.scope);
        let mut left: Vec<String> = second.lines().map(str::to_owned).collect();
        left.extend(differs.iter().map(|found| found.message.clone()));
        let reached = now
            .addresses
            .values()
            .flatten()
            .any(|address| address.to_string() == "10.0.0.1/24");
        self.clear();
        Result {
            said: found
                .into_iter()
                .map(|found| format!("{}: {}", found.code, found.message))
                .collect(),
            failed,
            again: left,
            reached,
        }
    }

    fn up(&mut self, desired: &Desired, now: &Snapshot) -> Vec<String> {
        let request = all(Verb::Up, desired);
        let planned = plan(desired, now, &self.owned, &request);
        let outcome = apply(
            &planned.plan,
            &mut self.kernel,
            &mut NoHooks,
            &mut NoJournal,
            OnError::KeepGoing,
        );
        let settled = self.now();
        let owned = self.owned.settle(desired, &settled, &request.scope, &[]);
        self.owned = Owned::remembering(owned, &self.owned, now).into_owned();
        outcome.diagnostics.into_iter().map(|found| found.message).collect()
    }

    /// Takes all links away but `lo`: those that stand on others first, which would go with them.
    fn clear(&mut self) {
        let now = self.now();
        let wires = NICS_AND_WIRES.map(|(nic, wire)| [nic, wire]).concat();
        let names = now.links().iter().map(|link| link.name);
        let made = names.filter(|name| name.as_str() != "lo" && !wires.contains(&name.as_str()));
        let made: Vec<Op> = made.map(|name| Op::DeleteLink { name }).collect();
        // The other end of a pair is gone by then.
        let _ = self.kernel.perform(&made);
        self.must(&NICS_AND_WIRES.map(|(nic, _)| Op::DeleteLink { name: name(nic) }));
    }

    fn must(&mut self, ops: &[Op]) {
        for (op, answer) in ops.iter().zip(self.kernel.perform(ops)) {
            assert_eq!(answer, Ok(()), "{op}");
        }
    }
}

fn name(text: &str) -> IfName {
    IfName::new(text).expect("a name")
}

/// A request for all that is declared.
fn all(verb: Verb, desired: &Desired) -> Request {
    let declared = desired.links().iter().filter(|link| link.declared);
    Request::new(verb, declared.map(|link| link.name).collect())
}

fn declared(text: &str) -> Decls {
    let mut sources = cleat_diag::Sources::new();
    let file = sources.add("interfaces", text.as_bytes().to_vec());
    let (document, _) = cleat_eni::parse(file, sources.get(file).expect("it was added"));
    declare(document.items()).0
}

/// Values at the ends of what a row takes, as they are written in a file.
fn ends(row: &Attr) -> Vec<String> {
    // Of several words for one value the first.
    let words = |words: &[(&str, u64)]| {
        let first = |at: &usize| words[..*at].iter().all(|(_, number)| *number != words[*at].1);
        let first = (0..words.len()).filter(first);
        first.map(|at| words[at].0.to_owned()).collect::<Vec<_>>()
    };
    let list = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
    match row.value {
        Grammar::Range { min, max } => vec![min.to_string(), max.to_string()],
        Grammar::Decimal { min, max } => vec![min.to_string(), format!("{min}.01"), max.to_string()],
        Grammar::Bool => list(&["yes", "no"]),
        Grammar::Choice(choice) => words(choice),
        Grammar::WordsOrRange {
            words: choice,
            min,
            max,
        } => {
            let mut all = words(choice);
            all.extend([min.to_string(), max.to_string()]);
            all
        }
        Grammar::Mac | Grammar::MacOrRandom => list(&[
            "02:00:00:00:00:07",
            "01:00:00:00:00:01",
            "ff:ff:ff:ff:ff:ff",
            "00:00:00:00:00:00",
        ]),
        Grammar::Ip4 | Grammar::Ip6 | Grammar::Ip => list(&[
            "192.0.2.9",
            "2001:db8::9",
            "239.0.0.1",
            "ff02::5",
            "0.0.0.0",
            "255.255.255.255",
        ]),
        Grammar::Ip4List { .. } => list(&["192.0.2.9", "192.0.2.9 192.0.2.9", "0.0.0.0", "255.255.255.255"]),
        Grammar::Letters(letters) => list(&["d", &letters[..1], letters]),
        Grammar::Mask { max } => vec!["0".to_owned(), format!("{max:#x}")],
        Grammar::Text { max } => vec!["x".to_owned(), "x".repeat(max)],
        Grammar::Structure => Vec::new(),
    }
}

/// Boots with each text; answers what is not as it must be.
#[track_caller]
fn all_boot(texts: impl IntoIterator<Item = String>) {
    let mut host = Host::new();
    let mut wrong = String::new();
    let mut count = 0;
    for text in texts {
        let result = host.boots(&text);
        count += 1;
        let unsaid = result.said.is_empty() && !(result.failed.is_empty() && result.again.is_empty());
        if unsaid || !result.reached {
            wrong += &format!("{text}{result:#?}\n");
        }
    }
    assert!(count > 0, "nothing was tried");
    assert_eq!(wrong, "");
}

fn rows(on: On) -> impl Iterator<Item = &'static Attr> {
    table::all().filter(move |row| row.on == on && row.wire != Wire::None)
}

/// The text with the option in place of the same option.
fn with(base: &str, option: &str, value: &str) -> String {
    let lines = base
        .lines()
        .filter(|line| !line.trim().starts_with(&format!("{option} ")));
    let kept: Vec<&str> = lines.collect();
    format!("{}\n  {option} {value}\n", kept.join("\n"))
}

const NICS: &str = "auto eno1\niface eno1\nauto eno2\niface eno2\n";
const BRIDGE: &str = "auto t0\niface t0\n  address 10.0.0.1/24\n  bridge-ports eno1\n";
const VLAN: &str = "auto eno1.5\niface eno1.5\n  address 10.0.0.1/24\n";
const VXLAN: &str = "auto t0\niface t0\n  address 10.0.0.1/24\n  vxlan-id 5\n";
const MULTICAST: &str = "auto t0\niface t0\n  address 10.0.0.1/24\n  vxlan-id 5\n  vxlan-physdev eno1\n";
const MACVLAN: &str = "auto t0\niface t0\n  address 10.0.0.1/24\n  macvlan-raw-device eno1\n";
const DUMMY: &str = "auto t0\niface t0\n  link-type dummy\n  address 10.0.0.1/24\n";
const VRF: &str = "auto t0\niface t0\n  vrf-table 1001\n  address 10.0.0.1/24\n";

fn bond(lines: &[&str]) -> String {
    let lines: String = lines.iter().map(|line| format!("  {line}\n")).collect();
    format!("auto t0\niface t0\n  address 10.0.0.1/24\n  bond-slaves eno1 eno2\n{lines}")
}

fn each(on: On, base: &str) -> Vec<String> {
    let values = rows(on).flat_map(|row| ends(row).into_iter().map(move |value| (row, value)));
    values
        .map(|(row, value)| format!("{NICS}{}", with(base, row.name, &value)))
        .collect()
}

#[test]
fn a_nic_boots_with_whatever_value_an_option_has() {
    let _room = netns::enter!(Veth, Inet6);
    all_boot(each(On::Link, "auto eno1\niface eno1\n  address 10.0.0.1/24\n"));
}

#[test]
fn a_bridge_boots_with_whatever_value_an_option_has() {
    let _room = netns::enter!(Veth, Bridge, Inet6);
    let aware = |row: &Attr| row.name.starts_with("bridge-vlan");
    let texts = each(On::Link, BRIDGE).into_iter().chain(each(On::Bridge, BRIDGE));
    let names: Vec<&str> = rows(On::Bridge).filter(|row| aware(row)).map(|row| row.name).collect();
    all_boot(texts.filter(|text| !names.iter().any(|name| text.contains(name))));
    let stp = with(BRIDGE, "bridge-stp", "on");
    all_boot(
        each(On::Bridge, &stp)
            .into_iter()
            .filter(|text| text.contains("bridge-fd")),
    );
}

#[test]
fn a_vlan_aware_bridge_boots_with_whatever_value_an_option_has() {
    let _room = netns::enter!(Veth, VlanFiltering);
    let texts = each(On::Bridge, &with(BRIDGE, "bridge-vlan-aware", "yes"));
    all_boot(texts.into_iter().filter(|text| text.contains("bridge-vlan-")));
}

#[test]
fn a_bridge_boots_with_whatever_value_an_option_of_its_port_has() {
    let _room = netns::enter!(Veth, Bridge);
    all_boot(each(On::BridgePort, &format!("{BRIDGE}iface eno1\n")));
}

#[test]
fn a_bond_boots_with_whatever_value_an_option_has() {
    let _room = netns::enter!(Veth, Bond, Inet6);
    let miimon = bond(&["bond-mode active-backup", "bond-miimon 100"]);
    let arp = bond(&[
        "bond-mode active-backup",
        "bond-arp-interval 250",
        "bond-arp-ip-target 10.0.0.9",
    ]);
    let lacp = bond(&["bond-mode 802.3ad", "bond-miimon 100"]);
    for base in [&miimon, &arp, &lacp] {
        all_boot(each(On::Bond, base));
    }
    all_boot(each(On::Link, &miimon));
    all_boot(each(On::BondPort, &format!("{miimon}iface eno1\n")));
    // In a mode that each has an effect in.
    let own = rows(On::Bond).flat_map(|row| {
        let needs = row.needs.iter().filter_map(|need| match need {
            Need::OneOf { attr, values, .. } => Some(format!("{attr} {}", values[0])),
            Need::Set(attr) => Some(format!("{attr} {}", table::find(attr).expect("a row").example)),
            Need::Excludes(_) => None,
        });
        let needs: Vec<String> = needs.collect();
        let base = bond(&needs.iter().map(String::as_str).collect::<Vec<_>>());
        ends(row)
            .into_iter()
            .map(move |value| format!("{NICS}{}", with(&base, row.name, &value)))
    });
    all_boot(own);
}

#[test]
fn a_vlan_boots_with_whatever_value_an_option_has() {
    let _room = netns::enter!(Veth, Vlan, VlanAd, Inet6);
    let fixed = |text: &String| !text.contains("vlan-id");
    all_boot(
        each(On::Link, VLAN)
            .into_iter()
            .chain(each(On::Vlan, VLAN).into_iter().filter(fixed)),
    );
}

#[test]
fn a_vxlan_boots_with_whatever_value_an_option_has() {
    let _room = netns::enter!(Veth, Vxlan, Inet6);
    let texts = [
        each(On::Link, VXLAN),
        each(On::Vxlan, VXLAN),
        each(On::Vxlan, MULTICAST),
    ];
    all_boot(texts.into_iter().flatten());
    let local = with(VXLAN, "vxlan-local-tunnelip", "192.0.2.1");
    all_boot(each(On::Vxlan, &local));
}

#[test]
fn a_macvlan_boots_with_whatever_value_an_option_has() {
    let _room = netns::enter!(Veth, Macvlan, Inet6);
    all_boot(each(On::Link, MACVLAN).into_iter().chain(each(On::Macvlan, MACVLAN)));
}

#[test]
fn dummies_and_vrfs_boot_with_whatever_value_an_option_has() {
    let _room = netns::enter!(Veth, Dummy, Vrf, Inet6);
    all_boot(
        [each(On::Link, DUMMY), each(On::Link, VRF), each(On::Vrf, VRF)]
            .into_iter()
            .flatten(),
    );
}
