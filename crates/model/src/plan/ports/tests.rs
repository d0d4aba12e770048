//! What a change of ports and VLANs leaves when it is changed back.

use crate::apply::OnError;
use crate::desired::Desired;
use crate::plan::{Request, Verb};
use crate::trial::*;
use crate::types::Kind;

fn reload(host: &mut Host, desired: &Desired, scope: &[&str]) -> Vec<String> {
    let request = Request {
        all: true,
        ..Request::new(Verb::Reload, scope.iter().copied().map(name).collect())
    };
    let (planned, outcome) = host.run(desired, &request, OnError::RollBack);
    assert_eq!(outcome.diagnostics, []);
    let again = host.plan(desired, &request);
    assert_eq!(lines(&again), [""; 0]);
    lines(&planned)
}

/// As a trial that nobody confirms: eno2 was down, and no `auto` line names it.
#[test]
fn a_nic_that_was_down_goes_down_again_when_its_bond_goes() {
    let mut host = Host::new(&["eno1", "eno2", "eno3"]);
    let nics = || ["eno1", "eno2", "eno3"].map(|nic| link(nic, Kind::Physical));
    let before = Desired::new(nics().into());
    reload(&mut host, &before, &["eno1"]);
    let mut links: Vec<_> = nics().map(|nic| nic.in_master("bond0")).into();
    links.push(link("bond0", Kind::Bond).with_ports(&["eno1", "eno2", "eno3"]));
    let after = Desired::new(links);
    reload(&mut host, &after, &["bond0", "eno1"]);
    reload(&mut host, &before, &["eno1", "eno3"]);
    let now = host.kernel.now();
    let up = ["eno1", "eno2", "eno3"].map(|nic| now.get(name(nic)).is_some_and(crate::snapshot::Link::is_up));
    assert_eq!(up, [true, false, true]);
}

/// `bridge-vlan-aware` is gone from the file: what it had added to the bridge itself goes, VLAN 1 stays as it came.
#[test]
fn a_bridge_without_vlans_keeps_none_that_we_gave_it() {
    let mut host = Host::new(&["eno1"]);
    let bridge = || link("vmbr0", Kind::Bridge);
    let plain = Desired::new(vec![bridge()]);
    host.reload(&plain);
    let aware = bridge().with_vlans(&[range(1, 1, true, true), range(5, 5, false, false)]);
    host.reload(&Desired::new(vec![aware]));
    let vlans = |host: &Host| {
        let now = host.kernel.now();
        let index = now.get(name("vmbr0")).expect("the bridge").index;
        now.vlans(index).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(vlans(&host), ["1 pvid untagged", "5"]);
    assert_eq!(host.reload(&plain), ["bridge vlan del dev vmbr0 vid 5 self"]);
    assert_eq!(vlans(&host), ["1 pvid untagged"]);
}
