//! Hooks at a reload, by what they left in the kernel: `ip route` and `ip rule` are the witness. The lines are those of the
//! providers' guides for additional addresses on a Proxmox VE host, which have no `down` lines.

use super::bed::{addresses, call, host, write_interfaces};
use cleat_netns::{self as netns, ip_json, run};
use std::os::unix::fs::PermissionsExt;

const VMBR0: &str =
    "auto vmbr0\niface vmbr0 inet static\n\taddress 192.0.2.10/24\n\tbridge-ports none\n\tbridge-fd 0\n";

/// vmbr0 with these further lines.
fn vmbr0(lines: &[&str]) -> String {
    let lines = lines.iter().map(|line| format!("\t{line}\n"));
    VMBR0.to_owned() + &lines.collect::<String>()
}

/// The routes to 203.0.113.0/24 and what is in it.
fn routes() -> Vec<String> {
    let all = ip_json(&["route", "show", "root", "203.0.113.0/24"]);
    let routes = all.as_array().unwrap().iter();
    routes.map(|route| route["dst"].as_str().unwrap().to_owned()).collect()
}

/// How many rules lead to table 77.
fn rules() -> usize {
    let all = ip_json(&["rule"]);
    let rules = all.as_array().unwrap().iter();
    rules.filter(|rule| rule["table"] == "77").count()
}

const GUIDE: [&str; 3] = [
    "up ip route add 203.0.113.7/32 dev vmbr0",
    "up ip route add 203.0.113.8/30 dev $IFACE",
    "post-up ip rule add from 203.0.113.7 table 77",
];

#[test]
fn lines_without_down_lines_outlast_every_change_of_the_interface() {
    let room = netns::enter!();
    host(&room, &["eno1"], &vmbr0(&GUIDE));
    call("ifup -a").quietly();
    for more in [
        "address 198.51.100.1/24",
        "mtu 1400",
        "bridge-ageing 100",
        "dns-search example.org",
    ] {
        write_interfaces(&vmbr0(&[&GUIDE[..], &[more]].concat()));
        call("ifreload -a").quietly();
        assert_eq!(
            (routes(), rules()),
            (vec!["203.0.113.7".into(), "203.0.113.8/30".into()], 1),
            "{more}"
        );
    }
    assert_eq!(call("ifreload -n -a").out, "nothing to do\n");
}

#[test]
fn a_line_that_is_added_changed_or_removed_takes_effect_at_the_next_reload() {
    let room = netns::enter!();
    let pair = |address: &str| {
        let [up, down] = ["add", "del"].map(|verb| format!("ip route {verb} {address} dev vmbr0"));
        [format!("up {up}"), format!("down {down}")]
    };
    let file = |addresses: &[&str]| {
        let lines: Vec<String> = addresses.iter().flat_map(|address| pair(address)).collect();
        vmbr0(&lines.iter().map(String::as_str).collect::<Vec<_>>())
    };
    host(&room, &["eno1"], &file(&["203.0.113.7"]));
    call("ifup -a").quietly();
    for addresses in [
        &["203.0.113.7", "203.0.113.9"][..],
        &["203.0.113.7", "203.0.113.10"],
        &["203.0.113.10"],
        &[],
    ] {
        write_interfaces(&file(addresses));
        call("ifreload -a").quietly();
        assert_eq!(routes(), addresses);
        assert_eq!(call("ifreload -n -a").out, "nothing to do\n");
    }
}

#[test]
fn the_plan_lists_the_lines_that_run_and_why() {
    let room = netns::enter!();
    host(&room, &["eno1"], &vmbr0(&["up echo one", "down echo no longer one"]));
    call("ifup -a");
    let directory = "/etc/network/if-up.d";
    std::fs::create_dir_all(directory).unwrap();
    std::fs::write(
        format!("{directory}/tell"),
        "#!/bin/sh\necho $IF_DNS_NAMESERVERS > /run/told\n",
    )
    .unwrap();
    std::fs::set_permissions(format!("{directory}/tell"), std::fs::Permissions::from_mode(0o755)).unwrap();
    write_interfaces(&vmbr0(&["up echo two", "dns-nameservers 192.0.2.53"]));
    assert_eq!(
        call("ifreload -n -a").out,
        "# down of vmbr0: echo no longer one (undoes a line that is gone from the file)\n\
         # up of vmbr0: echo two (new or changed in the file); scripts of if-up.d (dns-nameservers changed)\n"
    );
    let reload = call("ifreload -a");
    assert_eq!(
        (reload.code, reload.err.as_str()),
        (0, "vmbr0: down: no longer one\nvmbr0: up: two\n")
    );
    assert_eq!(std::fs::read_to_string("/run/told").unwrap(), "192.0.2.53\n");
    assert_eq!(call("ifreload -n -a").out, "nothing to do\n");
}

/// The kernel has dropped the routes, and kept the rule.
#[test]
fn a_link_that_somebody_set_down_or_flushed_gets_its_routes_again_and_no_rule_twice() {
    let room = netns::enter!();
    let rule = "post-down ip rule del from 203.0.113.7 table 77";
    host(&room, &["eno1"], &vmbr0(&[&GUIDE[..], &[rule]].concat()));
    call("ifup -a").quietly();
    for harm in ["ip link set vmbr0 down", "ip addr flush dev vmbr0", "ip link del vmbr0"] {
        run(harm);
        call("ifreload -a").quietly();
        assert_eq!((routes().len(), rules()), (2, 1), "{harm}");
    }
    assert_eq!(addresses("vmbr0"), ["192.0.2.10/24"]);
}

/// The kernel refuses the address of eno2, whose `pre-up` makes it wait for the hooks of vmbr0.
#[test]
fn a_reload_that_is_put_back_takes_its_hooks_back_too() {
    let room = netns::enter!();
    let pair = [
        "up ip route add 203.0.113.7 dev vmbr0",
        "down ip route del 203.0.113.7 dev vmbr0",
    ];
    host(&room, &["eno1", "eno2"], &vmbr0(&pair));
    call("ifup -a").quietly();
    std::fs::write("/proc/sys/net/ipv6/conf/eno2/disable_ipv6", "1").unwrap();
    let rule = [
        "up ip rule add from 203.0.113.9 table 77",
        "down ip rule del from 203.0.113.9 table 77",
    ];
    let refused = "\nauto eno2\niface eno2 inet6 static\n\taddress 2001:db8::2/64\n\tpre-up true\n";
    write_interfaces(&(vmbr0(&rule) + refused));
    for _ in 0..2 {
        let reload = call("ifreload -a");
        assert_eq!(reload.code, 1, "{reload:?}");
        assert!(reload.err.ends_with("what was begun was put back\n"), "{reload:?}");
        assert_eq!((routes(), rules()), (vec!["203.0.113.7".to_owned()], 0));
    }
    write_interfaces(&vmbr0(&rule));
    call("ifreload -a").quietly();
    assert_eq!((routes(), rules()), (vec![], 1));
}
