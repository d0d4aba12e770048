//! Options that came with a newer kernel than the one that runs. Second witness: linux/if_link.h of Debian 12 (6.1) has no
//! constant for any of these, that of Debian 13 (6.12) has all; the tests run on 6.1 in user-mode Linux.

use super::bed::cleat;
use crate::commands::bed::{addresses, call, host, master};
use cleat_kernel::Host;
use cleat_model::kernel::{Kernel, Query};
use cleat_model::kernel_attr::Release;
use cleat_model::table;
use cleat_netns as netns;

const INTERFACES: &str = "\
auto vmbr0
iface vmbr0
\taddress 192.0.2.1/24
\tbridge-ports eno1
\tbridge-fdb-max-learned 500
\tbridge-mcast-max-groups eno1=64
\tbridge-neigh-vlan-suppress on

auto vx7
iface vx7
\tvxlan-id 7
\tvxlan-local-tunnelip 192.0.2.1
\tvxlan-localbypass no
";

/// Option, its release, its line, and the link that has it with this value.
const OPTIONS: [(&str, Release, usize, &str, &str); 4] = [
    ("bridge-fdb-max-learned", Release(6, 7), 5, "vmbr0", "500"),
    ("bridge-mcast-max-groups", Release(6, 3), 6, "eno1", "64"),
    ("bridge-neigh-vlan-suppress", Release(6, 4), 7, "eno1", "on"),
    ("vxlan-localbypass", Release(6, 5), 13, "vx7", "no"),
];

/// Those that the kernel is too old for are named, once each and at their line; no other is.
fn names_what_is_newer(said: &str, running: Release) {
    for (option, since, line, ..) in OPTIONS {
        let told = format!("this kernel ({running}) does not have `{option}`: it came with Linux {since}");
        let times = said.matches(&told).count();
        assert_eq!(
            times,
            usize::from(running < since),
            "{option} on Linux {running}: {said}"
        );
        assert_eq!(
            said.contains(&format!("/interfaces:{line}:")),
            running < since,
            "{option}: {said}"
        );
    }
}

#[test]
fn an_option_that_the_kernel_is_too_old_for_costs_nothing_and_is_named_at_its_line() {
    let room = netns::enter!(Bridge, Veth, Vxlan);
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let running = Release::of(&release).expect("a release begins with two numbers");
    host(&room, &["eno1"], INTERFACES);
    let checked = cleat("check --online");
    assert_eq!(checked.code, Some(0), "{}", checked.out);
    names_what_is_newer(&checked.out, running);

    let boot = call("ifup -a");
    assert_eq!(boot.code, 0, "{boot:?}");
    names_what_is_newer(&boot.err, running);
    assert_eq!(master("eno1").as_deref(), Some("vmbr0"));
    assert_eq!(addresses("vmbr0"), ["192.0.2.1/24"]);

    let again = call("ifreload -a -n");
    assert_eq!((again.code, again.out.as_str()), (0, "nothing to do\n"), "{again:?}");
    let again = call("ifreload -a");
    assert_eq!(again.code, 0, "{again:?}");
    let judged = call("ifquery -a -c");
    assert_eq!(judged.code, 0, "{judged:?}");

    let mut kernel = Host::open().expect("a room has rtnetlink");
    let now = kernel.snapshot(Query::default()).expect("links can be dumped");
    for (option, since, _, link, text) in OPTIONS.into_iter().filter(|(_, since, ..)| *since <= running) {
        let row = table::find(option).expect("a row");
        let found = now.find(link).and_then(|link| row.read(link));
        assert_eq!(found, row.parse(text).ok(), "{option}, since Linux {since}");
    }
}
