//! The configurations of the specification, brought up by our `ifup -a` on a real kernel and compared with what real
//! ifupdown2 made of them (tests/fixtures/golden, see why.md there). What may differ stands in `cleat-witness`, with its reason.

// Tests read fixtures and run programs directly.
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cleat_netns as netns;
use cleat_witness as normal;
use cleat_witness::{Links, Routes};
use serde_json::Value;

/// The NICs of the machine that the golden states were taken on: name and last byte of 52:54:00:00:10:xx.
const NICS: [(&str, u8); 5] = [("eno0", 0), ("eno1", 1), ("eno2", 2), ("eno3", 3), ("ens18", 4)];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/golden")
}

fn fixture(example: &str, file: &str) -> String {
    let path = fixtures().join(example).join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn json(example: &str, file: &str) -> Value {
    serde_json::from_str(&fixture(example, file)).unwrap_or_else(|error| panic!("{example}/{file}: {error}"))
}

/// Stand-ins for the machine's NICs: veth ends with their names and MACs, their other ends up (so that there is carrier).
fn plug_nics() {
    for (name, last) in NICS {
        netns::run(&format!(
            "ip link add {name} address 52:54:00:00:10:{last:02x} type veth peer name {}{name}",
            normal::PEER
        ));
        netns::run(&format!("ip link set {}{name} up", normal::PEER));
    }
}

/// Runs one of the four commands in the room.
fn command(name: &str, args: &[&str]) -> Output {
    Command::new(crate::programs::path("ifupdown"))
        .arg(name)
        .args(args)
        .output()
        .unwrap_or_else(|error| panic!("cannot run {name}: {error}"))
}

#[track_caller]
fn succeeds(name: &str, args: &[&str]) -> String {
    let output = command(name, args);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} {args:?}: {}\n{said}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Rules of a target that the kernel lacks, as the stand-in of [`choose_packet_filter`] wrote them down.
const RECORD: &str = "/run/rules";

/// A packet filter that keeps rules with the target CT in a file, as iptables-save would print them, and hands all
/// others on: user-mode Linux and many small kernels have no conntrack zones (the virtual machines have).
const STAND_IN: &str = r#"#!/bin/sh
case "$*" in
*" CT "*) ;;
*) exec /run/real/iptables "$@" ;;
esac
rule=$(printf '%s' "$*" | sed 's/^-t [a-z]* //; s/^-[ID] /-A /')
case "$*" in
*" -D "*) grep -vxF -e "$rule" /run/rules >/run/rules.new; mv /run/rules.new /run/rules ;;
*) printf '%s\n' "$rule" >>/run/rules ;;
esac
"#;

/// Lets hooks, which search the standard folders only, find the packet filter that this kernel has: user-mode Linux has
/// the old one, and Debian's alternatives choose the new one.
fn choose_packet_filter() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    std::fs::write(RECORD, "").expect("the room's /run is writable");
    let zones = "-t raw -A PREROUTING -i probe0 -j CT --zone 1";
    let has_zones = netns::try_run(&format!("iptables {zones}")).is_ok();
    if has_zones {
        netns::run("iptables -t raw -F");
    }
    let nft = netns::try_run("/usr/sbin/iptables -t nat -N probe").is_ok();
    if nft {
        netns::run("/usr/sbin/iptables -t nat -X probe");
    }
    let real = if nft {
        "/usr/sbin/xtables-nft-multi"
    } else {
        "/usr/sbin/xtables-legacy-multi"
    };
    let place = |path: &str| symlink(real, path).unwrap_or_else(|error| panic!("{path}: {error}"));
    std::fs::create_dir("/run/real").expect("the room's /run is writable");
    place("/run/real/iptables");
    std::fs::remove_file("/etc/alternatives").expect("the room's /etc is links");
    std::fs::create_dir("/etc/alternatives").expect("the room's /etc is writable");
    if has_zones {
        return place("/etc/alternatives/iptables");
    }
    let path = "/etc/alternatives/iptables";
    std::fs::write(path, STAND_IN).expect("the room's /etc is writable");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("a mode can be set");
}

/// What iptables-save prints, behind what the stand-in recorded.
fn saved_rules() -> String {
    let recorded = std::fs::read_to_string(RECORD).expect("the stand-in's record");
    recorded + &netns::run("iptables-save")
}

/// What iptables-save prints, without comments, counters and tables that hold no rule.
fn rules(saved: &str) -> Vec<&str> {
    saved.lines().filter(|line| line.starts_with("-A ")).collect()
}

fn compare(example: &str) {
    std::fs::write("/etc/network/interfaces", fixture(example, "interfaces")).expect("the room's /etc is writable");
    plug_nics();
    if example.contains("masquerading") {
        choose_packet_filter();
    }
    succeeds("ifup", &["-a"]);

    let links = netns::ip_json(&["-d", "link"]);
    Links::of(&json(example, "link.json")).assert_same(&Links::of(&links), example);
    let addresses = netns::ip_json(&["addr"]);
    normal::assert_same(
        &format!("{example}: addresses"),
        &normal::addresses(&json(example, "addr.json")),
        &normal::addresses(&addresses),
    );
    let routes = netns::ip_json(&["-4", "route", "show", "table", "all"]);
    Routes::of(&json(example, "route4.json")).assert_same(&Routes::of(&routes), example);
    if netns::lacking(netns::Kind::VlanFiltering).is_none() {
        let vlans = netns::bridge_json(&["vlan"]);
        normal::assert_same(
            &format!("{example}: VLANs"),
            &normal::vlans(&json(example, "vlan.json")),
            &normal::vlans(&vlans),
        );
    }
    for (_, path, value) in normal::sysctls(&fixture(example, "sysctl.txt"), &fixture(example, "interfaces")) {
        let found = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(found.trim(), value, "{example}: {path}");
    }
    if example.contains("masquerading") {
        let saved = saved_rules();
        assert_eq!(
            rules(&saved),
            rules(&fixture(example, "iptables.txt")),
            "{example}: iptables"
        );
    }

    let again = succeeds("ifup", &["-a", "-n"]);
    assert_eq!(
        normal::steps(&again),
        Vec::<&str>::new(),
        "{example}: a second ifup has nothing to do"
    );
    let reload = succeeds("ifreload", &["-a", "-n"]);
    assert_eq!(
        normal::steps(&reload),
        Vec::<&str>::new(),
        "{example}: a reload has nothing to do"
    );
    let links_before = netns::ip_json(&["-d", "link"]);
    succeeds("ifreload", &["-a"]);
    Links::of(&links_before).assert_same(&Links::of(&netns::ip_json(&["-d", "link"])), "after a no-op reload");

    let check: Value = serde_json::from_str(&succeeds("ifquery", &["-a", "-c", "-o", "json"])).expect("JSON");
    normal::assert_same(
        &format!("{example}: ifquery -a -c"),
        &normal::statuses(&json(example, "ifquery-check.json")),
        &normal::statuses(&check),
    );

    succeeds("ifdown", &["-a"]);
    if example.contains("masquerading") {
        let saved = saved_rules();
        assert_eq!(
            rules(&saved),
            Vec::<&str>::new(),
            "{example}: post-down took the rules back"
        );
    }
    let down = netns::ip_json(&["-d", "link"]);
    Links::of(&json(example, "link-ifdown.json")).assert_same(&Links::of(&down), &format!("{example} after ifdown -a"));
}

macro_rules! golden {
    ($($test:ident: $example:literal needs $($kind:ident)*;)*) => {
        $(
            #[test]
            fn $test() {
                let room = netns::enter!($($kind),*);
                room.private_etc().expect("a private /etc");
                compare($example);
            }
        )*

        #[test]
        fn every_golden_folder_is_a_test() {
            let folders: BTreeSet<String> = std::fs::read_dir(fixtures())
                .expect("fixtures are there")
                .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
                .filter(|name| !name.ends_with(".md"))
                .collect();
            let tests = BTreeSet::from([$($example.to_owned()),*]);
            normal::assert_alike("golden examples", ["a folder", "a test"], &folders, &tests);
        }
    };
}

golden! {
    default_bridge: "01-default-bridge" needs Veth Bridge VlanFiltering;
    routed: "02-routed" needs Veth Bridge VlanFiltering;
    masquerading: "03-masquerading" needs Veth Bridge VlanFiltering Nat;
    masquerading_with_conntrack_zones: "03b-masquerading-ctzone" needs Veth Bridge VlanFiltering Nat;
    bond_for_storage: "04-bond-storage" needs Veth Bridge VlanFiltering Bond;
    bond_as_bridge_port: "05-bond-bridge-port" needs Veth Bridge VlanFiltering Bond;
    vlan_traditional: "06-vlan-traditional" needs Veth Bridge VlanFiltering Vlan;
    vlan_aware_bridge: "07-vlan-aware" needs Veth Bridge VlanFiltering Vlan;
    bond_with_vlans: "08-bond-vlan" needs Veth Bridge VlanFiltering Bond Vlan;
    mac_learning_off: "09-mac-learning-off" needs Veth Bridge VlanFiltering;
}
