//! Second witness: a host whose root lies on iSCSI stands still once the address or the way to the server is gone.

use crate::desired::Desired;
use crate::plan::{Storage, Verb};
use crate::trial::*;
use crate::types::Kind;

fn bridge(address: &str) -> Desired {
    Desired::new(vec![
        link("eno1", Kind::Physical).in_master("vmbr0"),
        link("vmbr0", Kind::Bridge)
            .with_ports(&["eno1"])
            .addr(address)
            .via("192.0.2.1"),
    ])
}

fn iscsi(servers: &[&str]) -> Storage {
    Storage {
        service: "iSCSI",
        servers: servers.iter().map(|ip| ip.parse().expect("an address")).collect(),
    }
}

/// What a reload says and does on a host whose disks are at 192.0.2.99 and, behind its gateway, at 10.9.9.9.
fn with_disks(desired: &Desired, force: bool) -> (Vec<String>, bool) {
    let mut host = Host::new(&["eno1", "eno2"]);
    host.up(&bridge("192.0.2.10/24"));
    let mut request = all(Verb::Reload, desired);
    let address = "192.0.2.10".parse().expect("an address");
    request.storage.insert(address, iscsi(&["192.0.2.99", "10.9.9.9"]));
    request.force = force;
    let planned = host.plan(desired, &request);
    assert_eq!(planned.refused, planned.plan.is_empty(), "{}", planned.plan);
    let told = said(&planned)
        .into_iter()
        .filter(|told| told.contains("storage-by-address"));
    (told.collect(), planned.refused)
}

#[test]
fn a_reload_at_whose_end_the_hosts_disks_are_cut_off_is_not_begun() {
    let none = Desired::new(vec![link("eno1", Kind::Physical)]);
    let nothing_on = Desired::new(vec![
        link("eno1", Kind::Physical),
        link("vmbr0", Kind::Bridge).addr("192.0.2.10/24").via("192.0.2.1"),
    ]);
    let mut down = bridge("192.0.2.10/24").links().to_vec();
    down.iter_mut().for_each(|link| {
        link.up = link.name.as_str() != "vmbr0";
        link.routes.clear();
    });
    let mut no_gateway = bridge("192.0.2.10/24").links().to_vec();
    no_gateway.iter_mut().for_each(|link| link.routes.clear());
    let gone = "192.0.2.10 would be on no link, and iSCSI goes over it now";
    let cuts = [
        (bridge("192.0.2.20/24"), gone),
        (none, gone),
        (
            nothing_on,
            "vmbr0 with 192.0.2.10 would lead nowhere, and iSCSI goes over it now",
        ),
        (
            Desired::new(down),
            "vmbr0 with 192.0.2.10 would be down, and iSCSI goes over it now",
        ),
        (
            Desired::new(no_gateway),
            "no route would lead to 10.9.9.9, and iSCSI goes there from 192.0.2.10 now",
        ),
    ];
    for (desired, why) in cuts {
        let told = format!("error[storage-by-address]: {why}");
        assert_eq!(with_disks(&desired, false), (vec![told], true));
        assert_eq!(with_disks(&desired, true), (vec![], false));
    }
}

#[test]
fn an_address_that_the_hosts_disks_are_behind_may_move_to_where_it_leads_to_them() {
    let nic = link("eno1", Kind::Physical).addr("192.0.2.10/24").via("192.0.2.1");
    assert_eq!(with_disks(&Desired::new(vec![nic]), false), (vec![], false));
    let other = Desired::new(vec![
        link("eno1", Kind::Physical).in_master("vmbr0"),
        link("eno2", Kind::Physical).addr("198.51.100.1/24"),
        link("vmbr0", Kind::Bridge)
            .with_ports(&["eno1"])
            .addr("192.0.2.10/24")
            .via("192.0.2.254"),
    ]);
    assert_eq!(with_disks(&other, false), (vec![], false));
}
