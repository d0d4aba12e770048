//! Second witness: interfaces(5) of classic ifupdown (`hwaddress address`: "may be random"), IEEE 802 on the U/L bit.

use super::LOCAL;
use crate::attr::Value;
use crate::fake::defaults;
use crate::name::{IfName, Mac};
use crate::resolve::resolve;
use crate::snapshot::{IFLA_ADDRESS, Snapshot};
use crate::testing::{machine, read};
use crate::types::Kind;

/// The hardware address that the stanza asks for on that machine.
fn asked(text: &str, facts: Option<&Snapshot>, draw: u64) -> Option<Mac> {
    let mut read = read(text);
    assert_eq!(read.found, []);
    read.decls.draw = draw;
    let (desired, found) = resolve(&read.decls, facts);
    assert_eq!(found, []);
    let name = read.decls.iter().next().expect("a stanza").name;
    let knob = desired.get(name)?.knob("hwaddress")?;
    match knob.value {
        Value::Mac(mac) => Some(mac),
        ref other => panic!("{other:?}"),
    }
}

fn with(facts: &Snapshot, link: &str, mac: Mac) -> Snapshot {
    let mut facts = facts.clone();
    let index = facts.get(IfName::new(link).unwrap()).expect("the link").index;
    facts
        .by_index_mut(index)
        .expect("the link")
        .attrs
        .set(IFLA_ADDRESS, mac.bytes());
    facts
}

#[test]
fn a_random_address_is_local_and_unicast_and_kept_by_the_link_that_has_it() {
    let text = "iface eno1\n\thwaddress random\n";
    let facts = machine(&["eno1", "eno2"]);
    let mac = asked(text, Some(&facts), 1).expect("an address");
    assert!(mac.is_unicast_ether() && mac.bytes()[0] & 3 == LOCAL, "{mac}");
    assert_eq!(asked(text, Some(&facts), 1), Some(mac), "the same until it has it");
    assert_ne!(asked(text, Some(&facts), 2), Some(mac), "another at another boot");
    let other = machine(&["eno1"]);
    assert_ne!(asked(text, Some(&other), 1), Some(mac), "another on another machine");
    for draw in 1..100 {
        let second = with(&facts, "eno1", asked(text, Some(&facts), draw).expect("an address"));
        assert_eq!(
            asked(text, Some(&second), 1000),
            second
                .get(IfName::new("eno1").unwrap())
                .and_then(crate::snapshot::Link::mac)
        );
    }
    // Nothing is known without a machine.
    assert_eq!(asked(text, None, 1), None);
}

#[test]
fn an_address_of_its_maker_its_parent_or_a_port_was_not_drawn() {
    let mut facts = machine(&["eno1"]);
    let own = facts
        .get(IfName::new("eno1").unwrap())
        .and_then(crate::snapshot::Link::mac)
        .expect("it has one");
    assert_ne!(own.bytes()[0] & LOCAL, 0, "that of a virtual machine is local, too");
    assert_ne!(asked("iface eno1\n\thwaddress random\n", Some(&facts), 1), Some(own));
    let mut insert = |index: u32, name: &str, kind: Kind| {
        let mut link = defaults::link(index, IfName::new(name).unwrap(), kind, own);
        link.parent = Some(2);
        link.perm_mac = None;
        facts.insert(link);
    };
    insert(10, "eno1.5", Kind::Vlan);
    insert(11, "vmbr0", Kind::Bridge);
    insert(12, "veth0", Kind::Veth);
    facts.by_index_mut(2).expect("the NIC").master = Some(11);
    for text in [
        "iface eno1.5\n\thwaddress random\n",
        "iface vmbr0\n\tbridge-ports eno1\n\thwaddress random\n",
        "iface veth0\n\thwaddress random\n",
    ] {
        let mac = asked(text, Some(&facts), 1).expect("an address");
        assert_ne!(mac, own, "{text}");
        let name = text.split([' ', '\n']).nth(1).expect("a name");
        assert_eq!(asked(text, Some(&with(&facts, name, mac)), 2), Some(mac), "{text}");
    }
}

#[test]
fn what_the_kernel_drew_as_it_made_a_link_is_as_good() {
    let mut facts = machine(&["eno1"]);
    let chosen: Mac = "06:11:22:33:44:55".parse().unwrap();
    let mut dummy = defaults::link(10, IfName::new("dum").unwrap(), Kind::Dummy, chosen);
    dummy.perm_mac = None;
    facts.insert(dummy);
    assert_eq!(
        asked("iface dum\n\tlink-type dummy\n\thwaddress random\n", Some(&facts), 1),
        Some(chosen)
    );
}
