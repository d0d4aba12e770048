//! Who would notice a reload, as `cleat plan` and `ifreload` say it. Second witness: a peer in a network namespace of its
//! own, who pings and keeps a connection open over the change.

use super::bed::{Ran, cleat, cleat_with};
use crate::commands::bed::{Called, call, host, write_interfaces};
use cleat_netns::{self as netns, Room};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

/// A peer on the wire of eno1, 192.0.2.1 there; `more` NICs have a wire that nobody is on.
fn host_with_peer(room: &Room, more: &[&str], interfaces: &str) {
    let nics: Vec<&str> = [&["eno1"], more].concat();
    host(room, &nics, interfaces);
    for command in [
        "ip netns add peer",
        "ip link set eno1-wire netns peer",
        "ip -n peer addr add 192.0.2.1/24 dev eno1-wire",
        "ip -n peer link set eno1-wire up",
    ] {
        netns::run(command);
    }
    call("ifup -a").quietly();
}

const NIC: &str = "auto eno1\niface eno1 inet static\n  address 192.0.2.10/24\n  gateway 192.0.2.1\n";

fn bridge(uplink: &str, more: &str) -> String {
    format!(
        "iface {uplink} inet manual\nauto vmbr0\niface vmbr0 inet static\n  address 192.0.2.10/24\n  gateway 192.0.2.1\n  \
         bridge-ports {uplink}\n  bridge-stp off\n  bridge-fd 0\n{more}"
    )
}

/// The texts of the interruptions in `cleat plan --json`.
fn interruptions(environment: &[(&str, &str)]) -> Vec<String> {
    let plan = cleat_with("plan --json", environment);
    let document: serde_json::Value = serde_json::from_str(&plan.out).unwrap_or_else(|_| panic!("{plan:?}"));
    let all = document["interruptions"].as_array().unwrap();
    all.iter()
        .map(|found| found["text"].as_str().unwrap().to_owned())
        .collect()
}

/// Pings 192.0.2.10 fifty times in 2.5 s while `during` runs; answers what came back.
fn pinged(during: impl FnOnce()) -> u32 {
    let ping = Command::new("ip")
        .args("netns exec peer ping -q -i 0.05 -c 50 -W 1 192.0.2.10".split(' '))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(500));
    during();
    let output = ping.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let received = text.split(" received").next().and_then(|head| head.rsplit(' ').next());
    received
        .and_then(|count| count.parse().ok())
        .unwrap_or_else(|| panic!("{text}"))
}

/// A connection from the peer, which stays open until it is dropped.
fn connected() -> (Child, TcpStream) {
    let listener = TcpListener::bind("192.0.2.10:2222").unwrap();
    let child = Command::new("ip")
        .args([
            "netns",
            "exec",
            "peer",
            "bash",
            "-c",
            "exec 3<>/dev/tcp/192.0.2.10/2222; exec sleep 60",
        ])
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let (stream, _) = listener.accept().unwrap();
    (child, stream)
}

fn end(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_plan_without_interruptions_costs_the_peer_no_packet() {
    let room = netns::enter!(Bridge, Veth);
    host_with_peer(&room, &["eno2"], &bridge("eno1", ""));
    let harmless = bridge(
        "eno1",
        "  address 198.51.100.1/24\n  bridge-ageing 60\nauto vmbr1\niface vmbr1\n  bridge-ports eno2\n",
    );
    write_interfaces(&harmless);
    let (child, _stream) = connected();
    let session = [("SSH_CONNECTION", "192.0.2.1 40000 192.0.2.10 22")];
    assert_eq!(interruptions(&session), [""; 0]);
    assert_eq!(cleat_with("plan --exit-code", &session).code, Some(2));
    let mut said = None;
    let received = pinged(|| said = Some(call("ifreload -a")));
    let said: Called = said.unwrap();
    said.quietly();
    assert_eq!((received, said.foretold), (50, Vec::new()));
    assert_eq!(cleat("plan --exit-code").code, Some(0));
    end(child);
}

#[test]
fn an_address_that_moves_names_the_session_and_the_process_that_talks_by_it() {
    let room = netns::enter!(Bridge, Veth);
    host_with_peer(&room, &[], NIC);
    write_interfaces(&bridge("eno1", ""));
    let (child, _stream) = connected();
    // The programs come from this process: its socket is theirs.
    let moves = "192.0.2.10/24 moves from eno1 to vmbr0";
    let session = format!("this session, from 192.0.2.1, comes in by 192.0.2.10: {moves}");
    let gateway = "the route `default via 192.0.2.1` moves from eno1 to vmbr0";
    assert_eq!(interruptions(&[]), [&session, moves, gateway]);
    // Where the socket is not to be seen, the variable names the session.
    let named = [("SSH_CONNECTION", "203.0.113.7 40000 192.0.2.10 22")];
    assert_eq!(
        interruptions(&named)[0],
        format!("this session, from 192.0.2.1 and 203.0.113.7, comes in by 192.0.2.10: {moves}")
    );
    assert_eq!(cleat("plan --exit-code").code, Some(3));
    let said = call("ifreload -a");
    said.quietly();
    assert_eq!(
        said.foretold,
        [
            format!("warning: {session} [interrupts]"),
            format!("warning: eno1: {moves} [interrupts]"),
            format!("warning: eno1: {gateway} [interrupts]"),
        ]
    );
    end(child);
}

#[test]
fn an_uplink_that_nobody_is_on_is_said_before_the_host_is_cut_off() {
    let room = netns::enter!(Bridge, Veth);
    host_with_peer(&room, &["eno2"], &bridge("eno1", ""));
    netns::run("ip link set eno2 up");
    netns::run("ip link set eno2-wire down");
    write_interfaces(&bridge("eno2", ""));
    let told = interruptions(&[]);
    let carrier = "vmbr0 has no port with carrier then (eno2)".to_owned();
    assert!(told.contains(&carrier), "{told:?}");
    assert_eq!(cleat("plan --exit-code").code, Some(3));
    let received = pinged(|| assert_eq!(call("ifreload -a").code, 0));
    assert!(received < 50, "the peer noticed: {received} of 50");
    // With a carrier on eno2 the plan back says that eno1 is another wire, and nothing of carriers.
    netns::run("ip link set eno2-wire up");
    netns::run("ip link set eno1 up");
    write_interfaces(&bridge("eno1", ""));
    let told = interruptions(&[]);
    assert!(!told.iter().any(|text| text.contains("carrier")), "{told:?}");
}

/// Whether the guest in that namespace reaches the peer.
fn reaches(guest: &str, peer: &str) -> bool {
    netns::try_run(&format!("ip netns exec {guest} ping -q -c 2 -i 0.2 -W 1 {peer}")).is_ok()
}

#[test]
fn a_vlan_that_leaves_the_uplink_is_told_for_the_guest_that_has_it_and_for_no_other() {
    let room = netns::enter!(Bridge, Veth, Vlan, VlanFiltering);
    let aware = |ids: &str| bridge("eno1", &format!("  bridge-vlan-aware yes\n  bridge-vids {ids}\n"));
    host_with_peer(&room, &[], &aware("20 30"));
    for (guest, id) in [("g20", 20), ("g30", 30)] {
        for command in [
            format!("ip netns add {guest}"),
            format!("ip link add tap{id} type veth peer name eth0 netns {guest}"),
            format!("ip -n {guest} addr add 10.0.{id}.2/24 dev eth0"),
            format!("ip -n {guest} link set eth0 up"),
            format!("ip link set tap{id} master vmbr0 up"),
            format!("bridge vlan del dev tap{id} vid 1"),
            format!("bridge vlan add dev tap{id} vid {id} pvid untagged"),
            format!("ip -n peer link add wire.{id} link eno1-wire type vlan id {id}"),
            format!("ip -n peer addr add 10.0.{id}.1/24 dev wire.{id}"),
            format!("ip -n peer link set wire.{id} up"),
        ] {
            netns::run(&command);
        }
    }
    assert!(reaches("g20", "10.0.20.1") && reaches("g30", "10.0.30.1"));
    write_interfaces(&aware("20 30 40"));
    assert_eq!(interruptions(&[]), [""; 0]);
    write_interfaces(&aware("30"));
    let plan: Ran = cleat("plan");
    assert!(
        plan.out.contains(
            "interruptions: for guests\nguests on vmbr0 (tap20, tap30): would notice\n  \
             tap20: VLAN 20 is no longer the same on eno1\n"
        ),
        "{}",
        plan.out
    );
    call("ifreload -a").quietly();
    assert!(!reaches("g20", "10.0.20.1"), "tap20 lost its VLAN");
    assert!(reaches("g30", "10.0.30.1"), "tap30 has its own");
}

/// Whether a run of `cleat` looks who talks over the host's addresses, as strace(1) sees it. Tables of TCP alone are read for
/// storage as well, by which both refuse.
fn reads_sockets(verb: &str) -> bool {
    let trace = "/run/trace";
    let mut strace = Command::new("strace");
    strace.args(["-f", "-o", trace, "-e", "trace=open,openat,openat2"]);
    strace.args([env!("CARGO_BIN_EXE_cleat"), verb]);
    let ended = strace.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(ended.status().expect("strace is installed").success(), "{verb}");
    let text = std::fs::read_to_string(trace).unwrap();
    assert!(text.contains("/etc/network/interfaces"), "{text}");
    text.contains("net/udp")
}

#[test]
fn a_check_does_not_look_who_talks_and_a_plan_does() {
    let room = netns::enter!(Veth);
    host_with_peer(&room, &[], NIC);
    write_interfaces(&NIC.replace("192.0.2.10", "192.0.2.11"));
    assert!(reads_sockets("plan"));
    assert!(!reads_sockets("check"));
}
