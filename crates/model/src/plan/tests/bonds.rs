//! What a bond keeps as its options change. Second witness: `ip -d -j link` on Linux 6.1 over the same changes.

use super::*;

fn bond(options: &[(&'static str, &str)]) -> Desired {
    let bond = options.iter().fold(link("bond0", Kind::Bond), |bond, (option, value)| {
        bond.set(option, value)
    });
    Desired::new(vec![
        link("eno1", Kind::Physical).in_master("bond0"),
        link("eno2", Kind::Physical).in_master("bond0"),
        bond.with_ports(&["eno1", "eno2"]),
    ])
}

fn mac(host: &Host) -> Option<crate::name::Mac> {
    host.kernel.now().get(name("bond0")).expect("the bond").mac()
}

// `bond_set_mac_address` answers yes and does nothing in mode active-backup with `fail_over_mac`.
#[test]
fn a_bond_that_no_longer_follows_its_active_port_keeps_its_mac() {
    let follows = bond(&[("bond-mode", "active-backup"), ("bond-fail-over-mac", "active")]);
    for left in [&[("bond-mode", "active-backup")], &[("bond-mode", "balance-alb")]] {
        let mut host = Host::new(&["eno1", "eno2"]);
        host.up(&follows);
        let before = mac(&host);
        let steps = host.reload(&bond(left));
        assert_eq!(mac(&host), before, "{steps:?}");
        assert_eq!(host.reload(&bond(left)), [""; 0]);
    }
}
