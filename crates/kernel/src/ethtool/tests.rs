//! On the running kernel; second witness: ethtool(8).

use crate::host::Host;
use cleat_model::ethtool::{ACTIVE, Group, HW, Set, WANTED};
use cleat_model::kernel::{Kernel, KernelError, Query};
use cleat_model::name::IfName;
use cleat_model::op::Op;
use cleat_model::{ethtool as model, table};
use std::collections::BTreeMap;

fn name(text: &str) -> IfName {
    IfName::new(text).expect("a name")
}

fn read(host: &mut Host, link: &str, groups: &[Group]) -> model::Ethtool {
    let query = Query {
        ethtool: BTreeMap::from([(name(link), groups.iter().copied().collect())]),
        ..Query::default()
    };
    let snapshot = host.snapshot(query).expect("a room can be read");
    let found = snapshot.get(name(link)).expect("the link is there");
    *found.ethtool.clone().expect("it was asked for")
}

/// The step that sets this option alone, by pattern.
fn set(link: &str, option: &str, value: &str) -> Set {
    let row = table::find(option).expect("a row");
    let field = row.field().expect("an option of a NIC");
    let mut set = Set::new(name(link), field.group);
    let Ok(cleat_model::attr::Value::Number(number)) = row.parse(value) else {
        panic!("{option} {value}");
    };
    field.put(number, None, &mut set);
    set
}

fn perform(host: &mut Host, set: Set) -> Result<(), KernelError> {
    host.perform(&[Op::Ethtool(set)]).pop().expect("one answer")
}

/// `name: on|off`, as `ethtool -k` shows what is active.
fn shown(link: &str) -> BTreeMap<String, bool> {
    let text = cleat_netns::run(&format!("ethtool -k {link}"));
    let lines = text.lines().skip(1).filter_map(|line| line.trim().split_once(": "));
    // Short names first, and what belongs to them further in; those have no names of the kernel.
    let short = ["checksumming", "scatter-gather", "offload", "receive-offload"];
    lines
        .map(|(name, value)| (name.to_owned(), value.starts_with("on")))
        .filter(|(name, _)| !short.iter().any(|short| name.ends_with(short)) || name.starts_with("tx-scatter"))
        .collect()
}

#[test]
fn features_are_read_as_ethtool_shows_them() {
    let _room = cleat_netns::enter!(Veth);
    cleat_netns::run("ip link add left type veth peer name right");
    let mut host = Host::open().expect("a room has netlink");
    let found = read(&mut host, "left", &[Group::Features]);
    let seen = found.seen(Group::Features).expect("a veth has features");
    let mut compared = 0;
    for (feature, on) in shown("left") {
        if seen.bits[&HW].contains_key(&feature) {
            assert_eq!(seen.has(ACTIVE, &feature), on, "{feature}");
            compared += 1;
        }
    }
    assert!(compared > 30, "{compared} features");
}

#[test]
fn a_short_name_stands_for_all_features_of_its_pattern_and_goes_back() {
    let _room = cleat_netns::enter!(Veth);
    cleat_netns::run("ip link add left type veth peer name right");
    let mut host = Host::open().expect("a room has netlink");
    let before = shown("left");
    assert!(before["tx-tcp-segmentation"] && before["tx-tcp6-segmentation"]);
    assert_eq!(perform(&mut host, set("left", "tso-offload", "off")), Ok(()));
    let off = shown("left");
    assert!(
        off.iter().all(|(feature, on)| !feature.starts_with("tx-tcp") || !on),
        "{off:?}"
    );
    assert_eq!(perform(&mut host, set("left", "tso-offload", "on")), Ok(()));
    assert_eq!(shown("left"), before);
    // ethtool's own short name does the same.
    cleat_netns::run("ethtool -K left tso off");
    assert_eq!(shown("left"), off);
    let seen = read(&mut host, "left", &[Group::Features]);
    let seen = seen.seen(Group::Features).expect("features");
    assert!(!seen.has(WANTED, "tx-tcp-segmentation"));
}

/// The kernel takes the request, with 0; its reply has the truth.
#[test]
fn what_the_driver_keeps_is_an_error_though_the_kernel_takes_the_request() {
    let _room = cleat_netns::enter!(Veth);
    cleat_netns::run("ip link add left type veth peer name right");
    let mut host = Host::open().expect("a room has netlink");
    let mut lro = Set::new(name("left"), Group::Features);
    lro.bits.entry(WANTED).or_default().insert("rx-lro".to_owned(), true);
    // Not by pattern: that would leave out what cannot be changed.
    let request = super::message::request(&lro);
    let mut ethtool = super::Ethtool::open().expect("ethtool netlink");
    let answers = ethtool
        .socket
        .ask(Group::Features.get() + 1, &request)
        .expect("it is taken");
    let reply = super::message::seen(Group::Features, &answers[0]);
    assert!(reply.has(WANTED, "rx-lro"), "{reply:?}");
    assert!(!shown("left").get("rx-lro").copied().unwrap_or(false));
    // Segmentation cannot be had without checksums: the features that stay off are named.
    assert_eq!(perform(&mut host, set("left", "tx-offload", "off")), Ok(()));
    cleat_netns::run("ethtool -K left tso off");
    let error = perform(&mut host, set("left", "tso-offload", "on")).expect_err("there are no checksums");
    let text = error.text.expect("a text");
    assert!(
        text.starts_with("the driver keeps ") && text.contains("tx-tcp-segmentation"),
        "{text}"
    );
}

#[test]
fn a_driver_without_a_group_says_so_and_a_wrong_number_gives_the_kernels_words() {
    let _room = cleat_netns::enter!(Veth);
    cleat_netns::run("ip link add left type veth peer name right");
    let mut host = Host::open().expect("a room has netlink");
    let found = read(&mut host, "left", &[Group::Wol, Group::Eee, Group::Channels]);
    assert_eq!(found.groups[&Group::Wol], None);
    assert_eq!(found.groups[&Group::Eee], None);
    let channels = found.seen(Group::Channels).expect("a veth has queues");
    let most = channels.numbers[&2];
    let shown = cleat_netns::run("ethtool -l left");
    assert!(shown.contains(&format!("RX:\t\t{most}")), "{shown}");
    let error = perform(&mut host, set("left", "channels-rx", "4096")).expect_err("too many");
    assert_eq!(error.errno, 22);
    assert_eq!(error.text.as_deref(), Some("requested channel count exceeds maximum"));
    assert_eq!(perform(&mut host, set("left", "channels-rx", "max")), Ok(()));
    let gone = perform(&mut host, set("nobody", "channels-rx", "1")).expect_err("there is no such link");
    assert_eq!(gone.errno, 19);
}

#[test]
fn a_fixed_speed_and_coalescing_are_set_on_a_tap() {
    let _room = cleat_netns::enter!(Tap);
    cleat_netns::run("ip tuntap add tap0 mode tap");
    let mut host = Host::open().expect("a room has netlink");
    let mut modes = set("tap0", "link-speed", "1000");
    modes.numbers.extend(set("tap0", "link-duplex", "full").numbers);
    modes.numbers.extend(set("tap0", "link-autoneg", "off").numbers);
    assert_eq!(perform(&mut host, modes), Ok(()));
    let shown = cleat_netns::run("ethtool tap0");
    assert!(
        shown.contains("Speed: 1000Mb/s") && shown.contains("Duplex: Full"),
        "{shown}"
    );
    assert_eq!(
        perform(&mut host, set("tap0", "hardware-irq-coalesce-rx-frames", "5")),
        Ok(())
    );
    let shown = cleat_netns::run("ethtool -c tap0");
    assert!(
        shown.contains("rx-frames: 5") || shown.contains("rx-frames:\t5"),
        "{shown}"
    );
    let found = read(&mut host, "tap0", &[Group::LinkModes, Group::Coalesce]);
    let read = |option: &str| {
        let field = table::find(option).and_then(|row| row.field()).expect("a row");
        field.read(found.seen(field.group).expect("a tap has it"))
    };
    assert_eq!(read("link-speed"), Some(1000));
    assert_eq!(read("link-autoneg"), Some(0));
    assert_eq!(read("hardware-irq-coalesce-rx-frames"), Some(5));
    assert_eq!(read("hardware-irq-coalesce-rx-usecs"), None);
}

/// Nothing is asked, and no socket opened, where no option asks for it.
#[test]
fn a_host_without_such_options_opens_no_socket() {
    let _room = cleat_netns::enter!(Veth);
    cleat_netns::run("ip link add left type veth peer name right");
    let mut host = Host::open().expect("a room has netlink");
    host.keep_digest();
    host.snapshot(Query::ALL).expect("a room can be read");
    let shown = format!("{host:?}");
    assert!(shown.contains("ethtool: None"), "{shown}");
    // A setting that somebody else changes is noticed by who asks for it.
    let query = Query {
        ethtool: BTreeMap::from([(name("left"), [Group::Features].into())]),
        ..Query::ALL
    };
    host.snapshot(query.clone()).expect("a room can be read");
    let before = host.last_digest();
    assert!(before.is_some());
    assert_eq!(host.digest(&query).expect("a room can be read"), before);
    cleat_netns::run("ethtool -K left tso off");
    assert_ne!(host.digest(&query).expect("a room can be read"), before);
}
