use crate::apply::{Ending, OnError};
use crate::desired::{Desired, WantLink};
use crate::ethtool::{ACTIVE, Bits, Ethtool, Field, Form, Group, HW, Seen, WANTED};
use crate::fake::refuse;
use crate::impact::Impact;
use crate::plan::Verb;
use crate::snapshot::{IFF_LOWER_UP, IFF_UP, Snapshot};
use crate::table;
use crate::trial::{Host, Say, all, link, name, said};
use crate::types::Kind;
use crate::verify::{check, verify};
use std::collections::BTreeMap;

/// Features as veth has them on Linux 6.18 (`ethtool -k`), and two that it does not let anybody change.
const FREE: &[&str] = &[
    "rx-checksum",
    "rx-gro",
    "rx-hashing",
    "rx-vlan-filter",
    "tx-checksum-ip-generic",
    "tx-checksum-sctp",
    "tx-generic-segmentation",
    "tx-scatter-gather",
    "tx-scatter-gather-fraglist",
    "tx-tcp-accecn-segmentation",
    "tx-tcp-mangleid-segmentation",
    "tx-tcp-segmentation",
    "tx-tcp6-segmentation",
];

/// A driver that has everything: each number is 64 of at most 512, each bit that an option names can be set.
fn driver() -> Ethtool {
    let mut groups: BTreeMap<Group, Option<Seen>> = BTreeMap::new();
    for field in table::all().filter_map(crate::attr::Attr::field) {
        let seen = groups.entry(field.group).or_default().get_or_insert_default();
        has(field, seen);
    }
    if let Some(Some(modes)) = groups.get_mut(&Group::LinkModes) {
        modes.numbers.extend([(2, 1), (5, 1000), (6, 1)]);
    }
    Ethtool {
        driver: "e1000e".to_owned(),
        groups,
    }
}

fn has(field: &Field, seen: &mut Seen) {
    let bits = |on: bool, names: &[&str]| names.iter().map(|name| ((*name).to_owned(), on)).collect::<Bits>();
    match field.form {
        Form::Number => {
            seen.numbers
                .insert(field.number, if field.group.is_byte(field.number) { 0 } else { 64 });
        }
        Form::UpTo(most) => {
            seen.numbers.insert(field.number, 64);
            seen.numbers.insert(most, 512);
        }
        // Only what is on is named.
        Form::Flags(names) if field.group == Group::Debug => {
            seen.bits.insert(field.number, bits(true, &names[2..3]));
        }
        Form::Flags(names) => {
            seen.bits.insert(field.number, bits(false, names));
        }
        Form::Fec => {
            seen.bits.insert(field.number, Bits::new());
            seen.numbers.insert(3, 1);
        }
        Form::Features(patterns) => {
            let plain = patterns.iter().copied().filter(|pattern| !pattern.contains('*'));
            let names: Vec<&str> = FREE.iter().copied().chain(plain).collect();
            for number in [HW, WANTED, ACTIVE] {
                seen.bits.entry(number).or_default().extend(bits(true, &names));
            }
        }
    }
}

fn with(ethtool: Ethtool) -> Host {
    let mut host = Host::new(&["eno1"]);
    let now = host.kernel.now_mut();
    let index = now.get(name("eno1")).expect("a NIC").index;
    now.by_index_mut(index).expect("a NIC").ethtool = Some(Box::new(ethtool));
    host
}

fn nic() -> WantLink {
    link("eno1", Kind::Physical)
}

fn one(link: WantLink) -> Desired {
    Desired::new(vec![link])
}

fn settings(host: &Host) -> Ethtool {
    let nic = host.kernel.now().get(name("eno1")).expect("a NIC");
    nic.ethtool.as_deref().expect("its settings").clone()
}

/// The steps but that the NIC is set up.
fn steps(host: &mut Host, desired: &Desired) -> Vec<String> {
    let mut steps = host.reload(desired);
    steps.retain(|step| step.starts_with("ethtool"));
    steps
}

/// A value that the driver does not have now, as written.
fn other(row: &'static crate::attr::Attr, field: &Field, seen: &Seen) -> String {
    let tried = [
        row.example,
        "off",
        "on",
        "full",
        "half",
        "rs",
        "aui",
        "0",
        "77",
        "g",
        "0x3",
    ];
    let is_other = |text: &&&str| match row.parse(text) {
        Ok(crate::attr::Value::Number(number)) => {
            let number = field.meant(seen, number);
            number <= 512 && field.read(seen) != Some(number)
        }
        _ => false,
    };
    let found = tried.iter().find(is_other);
    (*found.unwrap_or_else(|| panic!("no other value for {}", row.name))).to_owned()
}

/// One trip for each option: set, planned again, verified, gone.
#[test]
fn every_option_is_set_once_and_goes_back_when_it_is_no_longer_written() {
    let mut tried = 0;
    for row in table::all() {
        let Some(field) = row.field() else { continue };
        let mut host = with(driver());
        host.up(&one(nic()));
        let before = settings(&host);
        let text = other(row, field, before.seen(field.group).expect("the driver has it"));
        let want = match row.name {
            // As `resolve` has it.
            "link-speed" | "link-duplex" => nic().set("link-autoneg", "off"),
            _ => nic(),
        };
        let wanted = one(want.set(row.name, &text));
        let done = steps(&mut host, &wanted);
        assert_eq!(done.len(), 1, "{} {text}: {done:?}", row.name);
        let faults = verify(&wanted, host.kernel.now(), &[name("eno1")]);
        // Without checksums or scatter-gather there is no segmentation, whatever is asked for.
        assert_eq!(faults, [], "{} {text}", row.name);
        let items = check(wanted.get(name("eno1")).expect("wanted"), host.kernel.now());
        assert!(
            items.iter().any(|item| item.name == row.name && item.ok),
            "{}",
            row.name
        );
        assert_ne!(settings(&host), before, "{} {text}", row.name);
        steps(&mut host, &one(nic()));
        let mut after = settings(&host);
        let mut before = before;
        // What a speed is negotiated to comes with the carrier.
        for ethtool in [&mut before, &mut after] {
            if let Some(Some(modes)) = ethtool.groups.get_mut(&Group::LinkModes) {
                modes.numbers.retain(|number, _| ![5, 6].contains(number));
            }
        }
        assert_eq!(after, before, "{} {text}", row.name);
        tried += 1;
    }
    assert!(tried > 90, "{tried} options");
}

#[test]
fn what_is_so_already_is_not_sent() {
    let mut host = with(driver());
    let same = nic()
        .set("ring-rx", "64")
        .set("tso-offload", "on")
        .set("link-autoneg", "on");
    assert_eq!(steps(&mut host, &one(same)), [""; 0]);
}

// Second witness: ethtool(8), whose options each step is written with.
#[test]
fn steps_are_one_for_each_group_in_the_order_of_what_they_disturb() {
    let mut host = with(driver());
    let want = nic()
        .set("tso-offload", "off")
        .set("gro-offload", "off")
        .set("ring-tx", "max")
        .set("ring-rx", "256")
        .set("ethernet-wol", "ug")
        .set("link-fec", "rs")
        .set("eee", "on")
        .set("driver-message-level", "0x7")
        .set("hardware-irq-coalesce-adaptive-rx", "on")
        .set("link-speed", "100")
        .set("link-autoneg", "off");
    let expected = [
        "ethtool -s eno1 speed 100 duplex full autoneg off",
        "ethtool --set-fec eno1 encoding rs",
        "ethtool --set-eee eno1 eee on",
        "ethtool -G eno1 rx 256 tx 512",
        "ethtool -C eno1 adaptive-rx on",
        "ethtool -K eno1 rx-gro off tx-tcp-accecn-segmentation off tx-tcp-mangleid-segmentation off tx-tcp-segmentation off \
         tx-tcp6-segmentation off tx-tcp-ecn-segmentation off",
        "ethtool -s eno1 wol ug",
        "ethtool -s eno1 msglvl 7",
    ];
    let mut found = steps(&mut host, &one(want));
    let sorted = |text: &str| {
        let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        words.sort();
        words
    };
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    assert_eq!(sorted(&found.remove(5)), sorted(expected[5]));
    let others: Vec<&str> = expected
        .iter()
        .enumerate()
        .filter(|(at, _)| *at != 5)
        .map(|(_, text)| *text)
        .collect();
    assert_eq!(found, others);
}

/// The lack is reported once, and nothing is sent.
#[test]
fn what_the_driver_does_not_have_is_a_warning_that_names_it() {
    let mut lean = driver();
    lean.groups.insert(Group::Rings, None);
    if let Some(Some(features)) = lean.groups.get_mut(&Group::Features) {
        features.bits.entry(HW).or_default().insert("rx-lro".to_owned(), false);
        features
            .bits
            .entry(ACTIVE)
            .or_default()
            .insert("rx-lro".to_owned(), false);
        for number in [HW, WANTED, ACTIVE] {
            features.bits.entry(number).or_default().remove("tx-udp-fragmentation");
        }
    }
    if let Some(Some(coalesce)) = lean.groups.get_mut(&Group::Coalesce) {
        coalesce.numbers.remove(&2);
    }
    let mut host = with(lean);
    let want = nic()
        .set("ring-rx", "max")
        .set("lro-offload", "on")
        .set("ufo-offload", "on")
        .set("hardware-irq-coalesce-rx-usecs", "9");
    let want = one(want);
    let planned = host.plan(&want, &all(Verb::Reload, &want));
    assert_eq!(
        said(&planned),
        [
            "warning[no-nic-support]: `ring-rx max` of eno1 cannot be set: its driver e1000e does not have it",
            "warning[no-nic-support]: `lro-offload on` of eno1 cannot be set: its driver e1000e does not have it",
            "info[no-nic-support]: `ufo-offload on` of eno1 has no effect: this kernel has no such feature",
            "warning[no-nic-support]: `hardware-irq-coalesce-rx-usecs 9` of eno1 cannot be set: its driver e1000e does not \
             have it",
        ]
    );
    assert_eq!(steps(&mut host, &want), [""; 0]);
    let differs = verify(&want, host.kernel.now(), &[name("eno1")]);
    let differs: Vec<&str> = differs.iter().map(|found| found.message.as_str()).collect();
    assert_eq!(differs, ["eno1 has `lro-offload off`, wanted is `on`"]);
    // What it never has on may be asked to be off.
    let off = one(nic().set("lro-offload", "off").set("ufo-offload", "off"));
    let planned = host.plan(&off, &all(Verb::Reload, &off));
    assert!(planned.plan.is_empty());
}

fn with_carrier(host: &mut Host) {
    let now = host.kernel.now_mut();
    let index = now.get(name("eno1")).expect("a NIC").index;
    now.by_index_mut(index).expect("a NIC").flags |= IFF_UP | IFF_LOWER_UP;
}

#[test]
fn a_step_that_may_cost_the_carrier_is_named_where_there_is_one_to_lose() {
    let desired = one(nic().set("ring-rx", "max").set("gro-offload", "off"));
    let request = all(Verb::Reload, &desired);
    let mut host = with(driver());
    let quiet = host.plan(&desired, &request);
    assert_eq!(said(&quiet), [""; 0]);
    with_carrier(&mut host);
    let planned = host.plan(&desired, &request);
    assert_eq!(
        said(&planned),
        ["warning[interrupts]: may drop the carrier of eno1 for seconds: the driver makes its rings again"]
    );
    let of = |now: &Snapshot| {
        let impact = Impact::of(&desired, &host.owned, now, &planned.plan);
        impact.all().map(|found| found.text.clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        of(host.kernel.now()),
        ["eno1 may lose its carrier for seconds: the driver makes its rings again"]
    );
    // An offload alone is not noticed.
    let desired = one(nic().set("gro-offload", "off"));
    let planned = host.plan(&desired, &all(Verb::Reload, &desired));
    let impact = Impact::of(&desired, &host.owned, host.kernel.now(), &planned.plan);
    assert!(!planned.plan.is_empty() && !impact.interrupts());
}

#[test]
fn settings_come_before_the_nic_is_up_and_before_it_is_a_port() {
    let mut host = with(driver());
    let desired = Desired::new(vec![
        nic().in_master("vmbr0").set("ring-rx", "max"),
        link("vmbr0", Kind::Bridge).with_ports(&["eno1"]),
    ]);
    let steps = host.up(&desired);
    let at = |text: &str| {
        steps
            .iter()
            .position(|step| step == text)
            .unwrap_or_else(|| panic!("{text}: {steps:#?}"))
    };
    assert!(at("ethtool -G eno1 rx 512") < at("ip link set eno1 master vmbr0"));
    assert!(at("ethtool -G eno1 rx 512") < at("ip link set eno1 up"));
}

/// The second step fails for good: the driver's settings are as before, also what went along (no checksums, no
/// segmentation).
#[test]
fn a_reload_that_fails_puts_the_settings_back() {
    let mut host = with(driver());
    host.up(&one(nic()));
    let before = host.kernel.now().clone();
    let desired = one(nic().set("tx-offload", "off").set("ring-rx", "128").addr("10.0.0.1/24"));
    let request = all(Verb::Reload, &desired);
    let last = host.plan(&desired, &request).plan.steps.len() - 1;
    host.kernel.fail_at(last, refuse(22, "no"));
    let (planned, outcome) = host.run(&desired, &request, OnError::RollBack);
    assert_eq!(outcome.ending, Ending::PutBack, "{}", planned.plan);
    assert_eq!(host.kernel.now(), &before);
}

/// Second witness: tests/ on a veth: the kernel takes the request, and says in its reply what did not come of it.
#[test]
fn a_refused_setting_is_a_warning_and_the_rest_is_done() {
    let mut host = with(driver());
    let desired = one(nic().set("ring-rx", "4096").addr("10.0.0.1/24"));
    let (_, outcome) = host.run(&desired, &all(Verb::Reload, &desired), OnError::RollBack);
    let told: Vec<String> = outcome.diagnostics.iter().map(|found| found.message.clone()).collect();
    assert_eq!(
        told,
        [
            "cannot set the NIC options of eno1 (ethtool -G eno1 rx 4096): Invalid argument: requested ring size exceeds maximum"
        ]
    );
    assert_eq!(outcome.ending, Ending::Done);
    let index = host.kernel.now().get(name("eno1")).expect("a NIC").index;
    assert_eq!(host.kernel.now().addresses(index).len(), 1);
}

/// What such a link has is known once it is there: patterns go along, and the engine puts in what they stand for.
#[test]
fn a_link_that_is_made_gets_its_settings_by_pattern() {
    let mut host = Host::new(&[]);
    let desired = one(link("vmbr0", Kind::Bridge)
        .set("tso-offload", "off")
        .set("offload-tx-gso-partial", "off"));
    let planned = host.plan(&desired, &all(Verb::Up, &desired));
    let steps: Vec<String> = planned.plan.ops().map(ToString::to_string).collect();
    assert!(
        steps.contains(&"ethtool -K vmbr0 tx-gso-partial off tso off".to_owned()),
        "{steps:#?}"
    );
    let (_, outcome) = host.run(&desired, &all(Verb::Up, &desired), OnError::RollBack);
    assert_eq!(outcome.diagnostics, []);
}

/// A cable is out: the driver does not tell its speed, and the fixed one that it has is not set again.
#[test]
fn a_fixed_speed_is_not_sent_again_for_want_of_a_carrier() {
    let mut host = with(driver());
    let desired = one(nic().set("link-speed", "100").set("link-autoneg", "off"));
    assert_eq!(steps(&mut host, &desired).len(), 1);
    let now = host.kernel.now_mut();
    let index = now.get(name("eno1")).expect("a NIC").index;
    let ethtool = now
        .by_index_mut(index)
        .and_then(|link| link.ethtool.as_mut())
        .expect("settings");
    let modes = ethtool
        .groups
        .get_mut(&Group::LinkModes)
        .and_then(Option::as_mut)
        .expect("modes");
    modes.numbers.extend([(5, u32::MAX), (6, 255)]);
    assert_eq!(steps(&mut host, &desired), [""; 0]);
    assert_eq!(verify(&desired, host.kernel.now(), &[name("eno1")]), []);
}

/// Of features of one option that stood differently each goes back to how it was.
#[test]
fn features_of_one_option_go_back_one_by_one() {
    let mut mixed = driver();
    let features = mixed
        .groups
        .get_mut(&Group::Features)
        .and_then(Option::as_mut)
        .expect("features");
    for number in [WANTED, ACTIVE] {
        features
            .bits
            .entry(number)
            .or_default()
            .insert("tx-tcp-mangleid-segmentation".to_owned(), false);
    }
    let mut host = with(mixed);
    host.up(&one(nic()));
    let before = settings(&host);
    steps(&mut host, &one(nic().set("tso-offload", "off")));
    assert_ne!(settings(&host), before);
    steps(&mut host, &one(nic()));
    assert_eq!(settings(&host), before);
}
