//! Every row of the attribute table that lives in the kernel, on a real one: the values of its trials are set by the row's
//! bytes and read back by the row. Second witness: `ip -d -j link`, with its own names and units, and /proc/sys.
//!
//! A kernel that is older than the release that a row names knows nothing of the attribute, and shows none; an older `ip`
//! cannot witness it.

use cleat_kernel::Host;
use cleat_model::attr::{Attr, Need, On, Shown, Trial, Wire};
use cleat_model::kernel::{Kernel, Query};
use cleat_model::kernel_attr::{Nest, OLD, Release, Word};
use cleat_model::name::IfName;
use cleat_model::nla::Attrs;
use cleat_model::op::Op;
use cleat_model::table;
use cleat_model::types::Kind;
use cleat_netns as netns;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// `EACCES`, `EINVAL` and `ERANGE` of asm-generic/errno-base.h.
const EACCES: i32 = 13;
const EINVAL: i32 = 22;
const ERANGE: i32 = 34;

fn row(name: &str) -> &'static Attr {
    table::find(name).unwrap_or_else(|| panic!("{name} is not a row"))
}

fn name(text: &str) -> IfName {
    text.parse().expect("tests use names that the kernel takes")
}

fn put(attrs: &mut Attrs, kind: &Kind, option: &str, text: &str) {
    let row = row(option);
    let value = row
        .parse(text)
        .unwrap_or_else(|accepts| panic!("{option} takes {accepts}"));
    assert!(
        row.put(kind, &value, attrs),
        "{option} is not an attribute of a {kind} link"
    );
}

fn perform(kernel: &mut Host, op: Op) {
    for answer in kernel.perform(std::slice::from_ref(&op)) {
        answer.unwrap_or_else(|error| panic!("{op}: {error}"));
    }
}

/// The rows of one carrier that live in a netlink attribute, with each of their trials.
fn trials(on: On) -> impl Iterator<Item = (&'static Attr, &'static Trial)> {
    let rows = table::all().filter(move |row| row.on == on && !row.wire.attrs().is_empty());
    rows.flat_map(|row| row.trials.iter().map(move |trial| (row, trial)))
}

/// What only a bridge that looks at VLAN tags has.
fn is_of_aware_bridge(row: &Attr) -> bool {
    const AWARE: &str = "bridge-vlan-aware";
    row.name == AWARE || row.needs.contains(&Need::Set(AWARE))
}

/// The option with that value, and what it needs.
fn with_needs(row: &Attr, text: &str, kind: &Kind) -> Attrs {
    let mut data = Attrs::new();
    for need in row.needs {
        match need {
            Need::OneOf { attr, values, .. } => {
                let value = cleat_model::attr::Value::Number(values[0]);
                assert!(self::row(attr).put(kind, &value, &mut data), "{attr}");
            }
            Need::Set(other) => {
                let other = self::row(other);
                for (number, payload) in with_needs(other, other.example, kind).iter() {
                    data.set(number, payload);
                }
            }
            Need::Excludes(_) => {}
        }
    }
    put(&mut data, kind, row.name, text);
    data
}

/// The release of the running kernel, and that of `ip`.
fn releases() -> [Release; 2] {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").expect("/proc is mounted");
    let version = netns::run("ip -V");
    let ip = version.split_once("iproute2-").expect("ip says its version").1;
    [kernel.as_str(), ip].map(|text| Release::of(text).expect("a release begins with two numbers"))
}

/// What the kernel has of a link `t0`, by the row and by `ip`; `part` leads to it in the answer of `ip`.
fn holds(kernel: &mut Host, row: &Attr, trial: &Trial, part: &[&str]) {
    let [running, ip] = releases();
    let snapshot = kernel.snapshot(Query::default()).expect("links can be dumped");
    let link = snapshot.get(name("t0")).expect("t0 is there");
    let wanted = row.parse(trial.text).expect("the text was parsed before");
    let since = row.wire.attrs().iter().map(|attr| attr.since).max();
    let since = since.unwrap_or(OLD);
    let what = format!("{} {}", row.name, trial.text);
    match row.read(link) {
        None => assert!(running < since, "{what}: Linux {running} does not show it"),
        found => assert_eq!(found, Some(wanted), "{what}: read back"),
    }
    if running < since || ip < since {
        println!("{what}: came with Linux {since}; this is Linux {running} with `ip` of {ip}");
        return;
    }
    let of_bridge = row
        .wire
        .attrs()
        .iter()
        .any(|attr| matches!(attr.word(), Word::Bridge(_)));
    let shown = match of_bridge {
        true => netns::bridge_json(&["-d", "link", "show", "dev", "t0"])[0].clone(),
        false => {
            let shown = netns::ip_json(&["-d", "link", "show", "t0"]);
            part.iter().fold(&shown[0], |value, key| &value[*key]).clone()
        }
    };
    let found = &shown[trial.key];
    let texts = |value: &Value| -> BTreeSet<String> {
        let texts = value.as_array().into_iter().flatten();
        texts.filter_map(|text| text.as_str().map(str::to_owned)).collect()
    };
    let is_so = match trial.shown {
        Shown::Nothing => found.is_null(),
        Shown::Bool(is) => found.as_bool() == Some(is),
        Shown::Number(number) => found.as_u64() == Some(number),
        Shown::Text(text) => found.as_str() == Some(text),
        // Sets of flags have no order.
        Shown::List(all) => found.is_array() && texts(found) == all.iter().map(|text| (*text).to_owned()).collect(),
    };
    assert!(
        is_so,
        "{what}: `ip` shows {found} as `{}`, not {:?}",
        trial.key, trial.shown
    );
}

/// Makes t0 again with the options of each trial; `base` is what no link of that kind is without.
fn created(on: On, kind: &Kind, base: &[(&str, &str)], parent: Option<&str>) {
    let mut kernel = Host::open().expect("a room has rtnetlink");
    for (row, trial) in trials(on) {
        let mut data = with_needs(row, trial.text, kind);
        for (option, text) in base.iter().filter(|(option, _)| *option != row.name) {
            put(&mut data, kind, option, text);
        }
        perform(
            &mut kernel,
            Op::CreateLink {
                name: name("t0"),
                kind: kind.clone(),
                parent: parent.map(name),
                peer: None,
                link: Attrs::new(),
                data,
                up: false,
            },
        );
        holds(&mut kernel, row, trial, &["linkinfo", "info_data"]);
        perform(&mut kernel, Op::DeleteLink { name: name("t0") });
    }
}

/// Makes a bridge t0 once and sets each option on it, one after the other.
fn of_bridge(aware: bool) {
    let mut kernel = Host::open().expect("a room has rtnetlink");
    netns::run("ip link add t0 type bridge");
    let mut all: Vec<_> = trials(On::Bridge)
        .filter(|(row, _)| is_of_aware_bridge(row) == aware)
        .collect();
    // With the spanning tree the kernel refuses some forward delays.
    all.sort_by_key(|(row, _)| row.name == "bridge-stp");
    for (row, trial) in all {
        perform(
            &mut kernel,
            Op::SetData {
                name: name("t0"),
                kind: Kind::Bridge,
                data: with_needs(row, trial.text, &Kind::Bridge),
                links: Vec::new(),
            },
        );
        holds(&mut kernel, row, trial, &["linkinfo", "info_data"]);
    }
}

fn of_port(on: On, kind: &Kind) {
    let mut kernel = Host::open().expect("a room has rtnetlink");
    for (row, trial) in trials(on) {
        perform(
            &mut kernel,
            Op::SetPort {
                name: name("t0"),
                kind: kind.clone(),
                data: with_needs(row, trial.text, kind),
            },
        );
        holds(&mut kernel, row, trial, &["linkinfo", "info_slave_data"]);
    }
}

#[test]
fn options_of_links_hold_on_a_real_kernel() {
    let _room = netns::enter!(Veth, Inet6);
    netns::run("ip link add t0 type veth peer name t1");
    let mut kernel = Host::open().expect("a room has rtnetlink");
    for (row, trial) in trials(On::Link) {
        let link = with_needs(row, trial.text, &Kind::Veth);
        perform(&mut kernel, Op::SetLink { name: name("t0"), link });
        holds(&mut kernel, row, trial, &[]);
    }
    let row = row("ipv6-addrgen");
    for trial in row.trials {
        let value = row.parse(trial.text).expect("a mode");
        let cleat_model::attr::Value::Number(mode) = value else {
            panic!("no number")
        };
        let mode = mode as u8;
        perform(&mut kernel, Op::SetAddrGenMode { name: name("t0"), mode });
        holds(&mut kernel, row, trial, &[]);
    }
}

#[test]
fn settings_of_links_hold_on_a_real_kernel() {
    let _room = netns::enter!(Veth, Inet6);
    netns::run("ip link add t0 type veth peer name t1");
    let mut kernel = Host::open().expect("a room has rtnetlink");
    for row in table::all() {
        let (v6, key) = match row.wire {
            Wire::Conf4(_, key) => (false, key),
            Wire::Conf6(_, key) => (true, key),
            Wire::None | Wire::Link(_) | Wire::Data(_) | Wire::Bit(..) | Wire::Port(_) => continue,
            Wire::AddrGenMode | Wire::Ethtool(_) => continue,
        };
        let option = row.name;
        for trial in row.trials {
            let cleat_model::attr::Value::Number(number) = row.parse(trial.text).expect("a value") else {
                panic!("no number")
            };
            let path = format!("/proc/sys/net/ipv{}/conf/t0/{key}", if v6 { 6 } else { 4 });
            let before = std::fs::read_to_string(&path).unwrap();
            assert_ne!(before.trim(), number.to_string(), "{option}: it would change nothing");
            perform(
                &mut kernel,
                Op::SetConf {
                    name: name("t0"),
                    v6,
                    key: key.to_owned(),
                    value: number as i64,
                },
            );
            let snapshot = kernel.snapshot(Query::default()).expect("links can be dumped");
            let link = snapshot.get(name("t0")).expect("t0 is there");
            assert_eq!(row.read(link), row.parse(trial.text).ok(), "{option}: read back");
            let after = std::fs::read_to_string(&path).unwrap();
            assert_eq!(after.trim(), number.to_string(), "{option}: in /proc/sys");
        }
    }
}

#[test]
fn options_of_bridges_hold_on_a_real_kernel() {
    let _room = netns::enter!(Bridge);
    of_bridge(false);
}

#[test]
fn options_of_vlan_aware_bridges_hold_on_a_real_kernel() {
    let _room = netns::enter!(VlanFiltering);
    of_bridge(true);
}

#[test]
fn options_of_bridge_ports_hold_on_a_real_kernel() {
    let _room = netns::enter!(Bridge, Veth);
    netns::run("ip link add b0 type bridge");
    netns::run("ip link add t0 type veth peer name t1");
    netns::run("ip link set t0 master b0");
    of_port(On::BridgePort, &Kind::Bridge);
}

#[test]
fn options_of_bonds_hold_on_a_real_kernel() {
    let _room = netns::enter!(Bond);
    created(On::Bond, &Kind::Bond, &[], None);
}

#[test]
fn options_of_bond_ports_hold_on_a_real_kernel() {
    let _room = netns::enter!(Bond, Dummy);
    netns::run("ip link add b0 type bond mode active-backup");
    netns::run("ip link add t0 type dummy");
    netns::run("ip link set t0 master b0");
    of_port(On::BondPort, &Kind::Bond);
}

#[test]
fn options_of_vlans_hold_on_a_real_kernel() {
    let _room = netns::enter!(Vlan, VlanAd, Bridge);
    // A bridge below: only there the kernel has bridge_binding.
    netns::run("ip link add p0 type bridge");
    created(On::Vlan, &Kind::Vlan, &[("vlan-id", "7")], Some("p0"));
}

#[test]
fn options_of_vxlans_hold_on_a_real_kernel() {
    let _room = netns::enter!(Vxlan, Veth);
    // A device: a multicast group needs one.
    netns::run("ip link add p0 type veth peer name p1");
    created(On::Vxlan, &Kind::Vxlan, &[("vxlan-id", "7")], Some("p0"));
}

#[test]
fn options_of_macvlans_hold_on_a_real_kernel() {
    let _room = netns::enter!(Macvlan, Veth);
    netns::run("ip link add p0 type veth peer name p1");
    created(On::Macvlan, &Kind::Macvlan, &[], Some("p0"));
}

#[test]
fn options_of_vrfs_hold_on_a_real_kernel() {
    let _room = netns::enter!(Vrf);
    created(On::Vrf, &Kind::Vrf, &[], None);
}

/// Words that `ip` of Debian 12 (6.1) does not know, though its kernel has what they are for.
const NOT_IN_DEBIAN_12: [&str; 1] = ["mst_enabled"];

// Second witness: what `ip link help KIND` and `bridge link help` say.
#[test]
fn every_word_is_one_that_ip_or_bridge_takes() {
    let [_, ip] = releases();
    let help = |command: &str| {
        let shown = std::process::Command::new("sh").args(["-c", command]).output();
        let shown = shown.expect("there is a shell");
        let text = String::from_utf8_lossy(&[shown.stdout, shown.stderr].concat()).into_owned();
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let words = text.split(|c| !is_word(c)).map(str::to_owned);
        words.collect::<BTreeSet<String>>()
    };
    let kinds = ["bridge", "bond", "vlan", "vxlan", "macvlan", "vrf"].map(Kind::from_word);
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut tried = 0;
    for attr in cleat_model::kernel_attr::all().filter(|attr| attr.since <= ip) {
        let of_kinds = kinds.iter().filter(|kind| attr.place.is_of(kind));
        for kind in of_kinds {
            let command = match (attr.place.nest(), attr.word()) {
                (_, Word::Sysfs(_)) => continue,
                (_, Word::Bridge(_)) => "bridge link help".to_owned(),
                (Nest::Link, _) => "ip link help".to_owned(),
                (Nest::Data, _) => format!("ip link help {kind}"),
                (Nest::Port, _) => format!("ip link help {kind}_slave"),
            };
            let known = known.entry(command.clone()).or_insert_with(|| help(&command));
            let words = match attr.word() {
                Word::Bits(bits) => bits.iter().map(|(_, word)| *word).collect(),
                _ => vec![attr.name()],
            };
            for word in words.into_iter().filter(|word| !NOT_IN_DEBIAN_12.contains(word)) {
                // `[no]learning` is in brackets.
                assert!(known.contains(word), "`{command}` does not have `{word}`");
                tried += 1;
            }
        }
    }
    assert!(tried > 100, "{tried} words were looked for");
}

/// Bond options that a mode does not have: the row's rule says so, and the kernel refuses.
#[test]
fn the_kernel_refuses_bond_options_that_the_rules_leave_out() {
    let _room = netns::enter!(Bond);
    let mut kernel = Host::open().expect("a room has rtnetlink");
    for (option, text, mode) in [
        ("bond-lacp-rate", "fast", "1"),
        ("bond-arp-interval", "250", "4"),
        ("bond-arp-interval", "250", "6"),
        ("bond-packets-per-slave", "9", "1"),
        ("bond-ad-actor-sys-prio", "100", "0"),
        ("bond-ad-user-port-key", "5", "2"),
        ("bond-tlb-dynamic-lb", "no", "4"),
    ] {
        let text_of_file = format!("iface t0\n bond-slaves none\n bond-mode {mode}\n {option} {text}\n");
        let mut sources = cleat_diag::Sources::new();
        let file = sources.add("interfaces", text_of_file.into_bytes());
        let (document, _) = cleat_eni::parse(file, sources.get(file).expect("it was added"));
        let (decls, _) = cleat_model::decl::declare(document.items());
        let (desired, found) = cleat_model::resolve::resolve(&decls, None);
        assert_eq!(
            found.iter().map(|found| found.code).collect::<Vec<_>>(),
            ["no-effect"],
            "{option}"
        );
        assert!(desired.get(name("t0")).is_some_and(|bond| bond.knob(option).is_none()));
        let mut data = Attrs::new();
        put(&mut data, &Kind::Bond, "bond-mode", mode);
        put(&mut data, &Kind::Bond, option, text);
        let op = Op::CreateLink {
            name: name("t0"),
            kind: Kind::Bond,
            parent: None,
            peer: None,
            link: Attrs::new(),
            data,
            up: false,
        };
        let answer = kernel.perform(&[op]).remove(0);
        let errno = answer.map_err(|error| error.errno);
        assert!(
            matches!(errno, Err(EACCES | EINVAL)),
            "{option} in mode {mode}: {errno:?}"
        );
    }
}

// Witness of the rule `forward-delay`: the kernel answers ERANGE.
#[test]
fn the_kernel_refuses_a_forward_delay_that_the_spanning_tree_cannot_have() {
    let _room = netns::enter!(Bridge);
    let mut kernel = Host::open().expect("a room has rtnetlink");
    netns::run("ip link add t0 type bridge stp_state 1");
    for (text, allowed) in [("1.99", false), ("2", true), ("30", true), ("30.01", false)] {
        let mut data = Attrs::new();
        put(&mut data, &Kind::Bridge, "bridge-fd", text);
        let op = Op::SetData {
            name: name("t0"),
            kind: Kind::Bridge,
            data,
            links: Vec::new(),
        };
        let answer = kernel.perform(&[op]).remove(0);
        assert_eq!(
            answer.map_err(|error| error.errno),
            if allowed { Ok(()) } else { Err(ERANGE) },
            "{text}"
        );
    }
}

/// A carrier that has rows of the kernel has a test above. Settings of NICs are tried where a driver has them: in
/// crates/kernel/src/ethtool, tests/commands/ethtool.rs and vm-tests/scenarios/nic-settings.
#[test]
fn every_row_of_the_kernel_is_tried() {
    for row in table::all().filter(|row| row.wire != Wire::None && row.on != On::Nic) {
        let has_a_test = match row.on {
            On::Link | On::Bridge | On::BridgePort | On::Bond | On::BondPort => true,
            On::Vlan | On::Vxlan | On::Macvlan | On::Vrf => true,
            On::Veth | On::Address | On::Nic => false,
        };
        assert!(has_a_test, "{}: no test above sets options of that carrier", row.name);
        assert!(!row.trials.is_empty(), "{} has no trial", row.name);
    }
}
