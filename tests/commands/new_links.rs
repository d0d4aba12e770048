//! What sysctl.d says of links that are made. Second witness: the kernel's own values, read while `pre-up` runs, when the
//! link is there and not yet up.

use super::bed::{call, host, is_up};
use cleat_netns as netns;
use std::path::Path;

/// A bridge whose hooks note a setting before and after it is up.
const FILE: &str = "auto vmbr0\niface vmbr0 inet static\n\taddress 192.0.2.2/24\n\tbridge-ports none\n\tbridge-fd 0\n\
    \tproxy-arp on\n\
    \tpre-up cat /proc/sys/net/ipv4/conf/vmbr0/rp_filter >> /run/seen\n\
    \tpost-up cat /proc/sys/net/ipv4/conf/vmbr0/rp_filter >> /run/seen\n";

fn sysctl_d(text: &str) {
    // As `host` left it: a link to the machine's own, or nothing.
    let _ = std::fs::remove_file("/etc/sysctl.d");
    std::fs::create_dir_all("/etc/sysctl.d").unwrap();
    std::fs::write("/etc/sysctl.d/50-test.conf", text).unwrap();
}

fn read(key: &str) -> String {
    let path = Path::new("/proc/sys").join(key);
    std::fs::read_to_string(path).unwrap().trim_end().to_owned()
}

#[test]
fn a_new_link_has_its_settings_before_it_is_up_and_its_own_options_win() {
    let room = netns::enter!(Bridge);
    host(&room, &[], FILE);
    sysctl_d(
        "net.ipv4.conf.*.rp_filter = 2\nnet.ipv4.conf.vmbr0.proxy_arp = 0\nnet.ipv4.neigh.vmbr0.ucast_solicit = 7\n",
    );
    let plan = call("ifup -n -a").out;
    let steps: Vec<&str> = plan.lines().filter(|line| line.contains("vmbr0")).collect();
    assert_eq!(
        steps,
        [
            "ip link add vmbr0 type bridge forward_delay 0",
            "sysctl -w net.ipv4.conf.vmbr0.rp_filter=2",
            "sysctl -w net.ipv4.neigh.vmbr0.ucast_solicit=7",
            "# pre-up of vmbr0: cat /proc/sys/net/ipv4/conf/vmbr0/rp_filter >> /run/seen (the interface is brought up)",
            "sysctl -w net.ipv4.conf.vmbr0.proxy_arp=1",
            "ip link set vmbr0 up",
            "ip addr add 192.0.2.2/24 dev vmbr0",
            "# post-up of vmbr0: cat /proc/sys/net/ipv4/conf/vmbr0/rp_filter >> /run/seen (the interface is brought up)",
        ]
    );
    call("ifup -a").quietly();
    assert!(is_up("vmbr0"));
    assert_eq!(std::fs::read_to_string("/run/seen").unwrap(), "2\n2\n");
    assert_eq!(read("net/ipv4/neigh/vmbr0/ucast_solicit"), "7");
    assert_eq!(read("net/ipv4/conf/vmbr0/proxy_arp"), "1", "the stanza says so");
    assert_eq!(call("ifreload -n -a").out, "nothing to do\n");
}

/// The names of VLANs hold the sign that separates the parts of a key.
#[test]
fn the_settings_of_a_vlan_are_found_in_each_spelling() {
    let room = netns::enter!(Vlan);
    host(&room, &["eno1"], "auto eno1.5\niface eno1.5\n\tvlan-raw-device eno1\n");
    sysctl_d("net.ipv4.conf.eno1/5.rp_filter = 2\nnet/ipv4/conf/eno1.5/arp_ignore = 1\n");
    call("ifup -a").quietly();
    assert_eq!(read("net/ipv4/conf/eno1.5/rp_filter"), "2");
    assert_eq!(read("net/ipv4/conf/eno1.5/arp_ignore"), "1");
}

/// IPv6 that is off for a link is off from the start: it never gets a link-local address, not for a moment.
#[test]
fn a_link_without_ipv6_never_has_a_link_local_address() {
    let room = netns::enter!(Bridge, Inet6);
    host(
        &room,
        &[],
        "auto vmbr0\niface vmbr0\n\tbridge-ports none\n\nauto vmbr1\niface vmbr1\n\tbridge-ports none\n",
    );
    sysctl_d("net.ipv6.conf.vmbr0.disable_ipv6 = 1\n");
    let mut monitor = std::process::Command::new("ip")
        .args(["-6", "monitor", "address"])
        .stdout(std::fs::File::create("/run/heard").unwrap())
        .spawn()
        .unwrap();
    let heard = || std::fs::read_to_string("/run/heard").unwrap();
    let until = |what: &str| {
        for _ in 0..3_000 {
            if heard().contains(what) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        panic!("nothing of {what} was heard: {}", heard());
    };
    // What is heard of lo shows that the monitor listens.
    while !heard().contains("lo") {
        netns::run("ip address add 2001:db8::1/128 dev lo");
        netns::run("ip address del 2001:db8::1/128 dev lo");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    call("ifup -a").quietly();
    until("vmbr1");
    netns::run("ip address add 2001:db8::2/128 dev lo");
    until("2001:db8::2");
    monitor.kill().unwrap();
    monitor.wait().unwrap();
    assert!(!heard().contains("vmbr0"), "{}", heard());
}

/// A value that the kernel refuses is reported with its line; the link is brought up all the same, by a reload as well.
#[test]
fn a_refused_setting_is_a_warning_and_the_link_comes_up() {
    let room = netns::enter!(Bridge);
    host(&room, &[], "auto vmbr0\niface vmbr0\n\tbridge-ports none\n");
    sysctl_d("# ours\nnet.ipv4.conf.vmbr0.rp_filter = many\n-net.ipv4.conf.vmbr0.arp_ignore = many\nno line\n");
    let called = call("ifreload -a");
    assert_eq!(
        (called.code, called.err.as_str()),
        (
            0,
            "warning: vmbr0: cannot set net.ipv4.conf.vmbr0.rp_filter (sysctl -w \
             net.ipv4.conf.vmbr0.rp_filter=many): Invalid argument: cannot write \
             /proc/sys/net/ipv4/conf/vmbr0/rp_filter (/etc/sysctl.d/50-test.conf:2:1) [sysctl-refused]\n"
        )
    );
    assert!(is_up("vmbr0"));
}

/// Second witness: systemd-sysctl 252, which writes the patterns in turn (crates/sysctl/tests/kernel.rs).
#[test]
fn where_the_last_of_several_patterns_is_refused_a_new_link_has_the_value_before_it() {
    let room = netns::enter!(Bridge);
    host(&room, &[], FILE);
    sysctl_d("net.ipv4.conf.vm*.rp_filter = 2\nnet.ipv4.conf.?mbr0.rp_filter = x\n");
    let ran = call("ifup -a");
    assert!(is_up("vmbr0"));
    assert_eq!(read("net/ipv4/conf/vmbr0/rp_filter"), "2");
    assert!(
        ran.err.contains("(/etc/sysctl.d/50-test.conf:2:1) [sysctl-refused]"),
        "{}",
        ran.err
    );
}
