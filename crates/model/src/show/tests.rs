//! Second witness: the words and their order are those of ip-link(8), ip-address(8), ip-route(8), bridge(8), sysctl(8).

use super::*;
use crate::name::{IfName, Mac};
use crate::op::{Step, StepId, Sysctl};
use crate::types::{Origin, VlanRange};

fn name(text: &str) -> IfName {
    IfName::new(text).expect("test names are good")
}

fn attrs(list: &[(u16, &[u8])]) -> Attrs {
    list.iter().map(|(kind, payload)| (*kind, payload.to_vec())).collect()
}

fn create(text: &str, kind: Kind) -> Op {
    Op::CreateLink {
        name: name(text),
        kind,
        parent: None,
        peer: None,
        link: Attrs::new(),
        data: Attrs::new(),
        up: false,
    }
}

#[test]
fn a_bridge_is_shown_with_the_words_of_ip_link() {
    let mut op = create("vmbr0", Kind::Bridge);
    if let Op::CreateLink { link, data, .. } = &mut op {
        *link = attrs(&[(1, &[2, 0, 0, 0, 0, 1])]);
        *data = attrs(&[
            (5, &0u32.to_ne_bytes()),
            (1, &0u32.to_ne_bytes()),
            (7, &[1]),
            (46, &[1u32.to_ne_bytes(), 1u32.to_ne_bytes()].concat()),
        ]);
    }
    assert_eq!(
        op.to_string(),
        "ip link add vmbr0 address 02:00:00:00:00:01 type bridge stp_state 0 forward_delay 0 vlan_filtering 1 \
         no_linklocal_learn 1"
    );
}

#[test]
fn a_bond_is_shown_with_words_for_numbers() {
    let mut op = create("bond0", Kind::Bond);
    if let Op::CreateLink { data, .. } = &mut op {
        *data = attrs(&[
            (1, &[4]),
            (3, &100u32.to_ne_bytes()),
            (14, &[2]),
            (21, &[1]),
            (8, attrs(&[(0, &[10, 0, 0, 1]), (1, &[10, 0, 0, 2])]).as_bytes()),
        ]);
    }
    assert_eq!(
        op.to_string(),
        "ip link add bond0 type bond mode 802.3ad miimon 100 xmit_hash_policy layer2+3 lacp_rate fast \
         arp_ip_target 10.0.0.1,10.0.0.2"
    );
    let primary = Op::SetData {
        name: name("bond0"),
        kind: Kind::Bond,
        data: Attrs::new(),
        links: vec![(11, Some(name("eno1")))],
    };
    assert_eq!(primary.to_string(), "ip link set bond0 type bond primary eno1");
}

#[test]
fn a_vlan_names_its_parent_and_its_flags() {
    let op = Op::CreateLink {
        name: name("eno1.5"),
        kind: Kind::Vlan,
        parent: Some(name("eno1")),
        peer: None,
        link: attrs(&[(4, &1496u32.to_ne_bytes())]),
        data: attrs(&[
            (5, &0x88a8u16.to_be_bytes()),
            (1, &5u16.to_ne_bytes()),
            (2, &[2u32.to_ne_bytes(), 3u32.to_ne_bytes()].concat()),
        ]),
        up: true,
    };
    assert_eq!(
        op.to_string(),
        "ip link add eno1.5 link eno1 mtu 1496 up type vlan protocol 802.1ad id 5 reorder_hdr off gvrp on"
    );
}

#[test]
fn a_vxlan_names_its_device_behind_the_kind() {
    let op = Op::CreateLink {
        name: name("vxlan7"),
        kind: Kind::Vxlan,
        parent: Some(name("eno1")),
        peer: None,
        link: Attrs::new(),
        data: attrs(&[
            (1, &7u32.to_ne_bytes()),
            (4, &[10, 0, 0, 1]),
            (15, &4789u16.to_be_bytes()),
            (7, &[0]),
        ]),
        up: true,
    };
    assert_eq!(
        op.to_string(),
        "ip link add vxlan7 up type vxlan id 7 local 10.0.0.1 dstport 4789 nolearning dev eno1"
    );
}

// Second witness: bridge(8) of iproute2 6.15, `ip link help bridge_slave` without these, and /sys/class/net/PORT/brport.
#[test]
fn an_option_of_a_port_is_shown_with_the_tool_that_has_a_word_for_it() {
    let op = |numbers: &[(u16, &[u8])]| Op::SetPort {
        name: name("eno1"),
        kind: Kind::Bridge,
        data: attrs(numbers),
    };
    let (isolated, hosts): ((u16, &[u8]), _) = ((33, &[1]), 5u32.to_ne_bytes());
    assert_eq!(
        op(&[(42, &hosts), isolated]).to_string(),
        "ip link set eno1 type bridge_slave isolated on && bridge link set dev eno1 mcast_max_groups 5"
    );
    assert_eq!(
        op(&[isolated, (37, &hosts)]).to_string(),
        "ip link set eno1 type bridge_slave isolated on && echo 5 > /sys/class/net/eno1/brport/multicast_eht_hosts_limit"
    );
    assert_eq!(
        op(&[(37, &hosts)]).to_string(),
        "echo 5 > /sys/class/net/eno1/brport/multicast_eht_hosts_limit"
    );
}

#[test]
fn an_attribute_of_another_release_is_shown_as_number_and_hex() {
    let op = Op::SetPort {
        name: name("eno1"),
        kind: Kind::Bridge,
        data: attrs(&[(33, &[1]), (200, &[0xab, 0xcd])]),
    };
    assert_eq!(
        op.to_string(),
        "ip link set eno1 type bridge_slave isolated on attr 200 abcd"
    );
}

#[test]
fn addresses_and_routes_are_shown_as_ip_takes_them() {
    let mut address = Address::plain("10.0.0.1".parse().expect("ip"), 24);
    address.broadcast = Some("10.0.0.255".parse().expect("ip"));
    address.label = Some("vmbr0:1".to_owned());
    address.preferred = Some(0);
    let add = Op::AddAddress {
        name: name("vmbr0"),
        address,
        replace: false,
    };
    assert_eq!(
        add.to_string(),
        "ip addr add 10.0.0.1/24 brd 10.0.0.255 label vmbr0:1 dev vmbr0 preferred_lft 0"
    );
    let route = Route {
        to: ("::".parse().expect("ip"), 0),
        via: Some("fe80::1".parse().expect("ip")),
        onlink: true,
        metric: 5,
        table: 254,
        protocol: 3,
        source: None,
        scope: ScopeId(0),
        more: Attrs::new(),
        legs: Vec::new(),
    };
    let add = Op::AddRoute {
        name: name("vmbr0"),
        route,
        replace: true,
    };
    assert_eq!(
        add.to_string(),
        "ip -6 route replace default via fe80::1 metric 5 onlink dev vmbr0"
    );
}

#[test]
fn vlans_forwarding_entries_and_settings_have_their_own_commands() {
    let range = |first, last, pvid| VlanRange {
        first,
        last,
        pvid,
        untagged: pvid,
    };
    let add = Op::AddVlans {
        name: name("vmbr0"),
        on_self: true,
        ranges: vec![range(2, 4094, false), range(1, 1, true)],
    };
    assert_eq!(
        add.to_string(),
        "bridge vlan add dev vmbr0 vid 2-4094 self; bridge vlan add dev vmbr0 vid 1 pvid untagged self"
    );
    let del = Op::DelVlans {
        name: name("eno1"),
        on_self: false,
        ranges: vec![range(1, 1, true)],
    };
    assert_eq!(del.to_string(), "bridge vlan del dev eno1 vid 1");
    let fdb = Op::AddFdb {
        name: name("vxlan7"),
        fdb: Fdb {
            mac: Mac::new(&[0; 6]).expect("six bytes"),
            dst: Some("10.0.0.2".parse().expect("ip")),
            vlan: None,
            on_self: true,
            fixed: true,
        },
    };
    assert_eq!(
        fdb.to_string(),
        "bridge fdb append 00:00:00:00:00:00 dev vxlan7 dst 10.0.0.2 self permanent"
    );
    let conf = |text: &str| Op::SetConf {
        name: name(text),
        v6: true,
        key: "disable_ipv6".to_owned(),
        value: 1,
    };
    let sysctl = |key: &str, value: &str| Op::SetSysctl {
        name: name("eno1"),
        setting: Sysctl {
            key: key.to_owned(),
            value: value.to_owned(),
            may_fail: false,
        },
    };
    assert_eq!(
        sysctl("net/ipv4/neigh/eno1/gc_stale_time", "60").to_string(),
        "sysctl -w net.ipv4.neigh.eno1.gc_stale_time=60"
    );
    assert_eq!(
        sysctl("net/ipv4/conf/eno1.5/x", "1 2").to_string(),
        "sysctl -w net/ipv4/conf/eno1.5/x='1 2'"
    );
    assert_eq!(conf("eno1").to_string(), "sysctl -w net.ipv6.conf.eno1.disable_ipv6=1");
    assert_eq!(
        conf("eno1.5").to_string(),
        "sysctl -w net/ipv6/conf/eno1.5/disable_ipv6=1"
    );
}

#[test]
fn a_plan_has_one_step_a_line() {
    let step = |at, action| Step {
        id: StepId(at),
        iface: name("vmbr0"),
        action,
        undo: Vec::new(),
        theirs: Vec::new(),
        after: Vec::new(),
        needs: Vec::new(),
        origin: Origin::Own("test"),
    };
    let plan = Plan {
        steps: vec![
            step(0, Action::Kernel(create("vmbr0", Kind::Bridge))),
            step(
                1,
                Action::Hook(
                    name("vmbr0"),
                    Phase::PreUp,
                    HookRun {
                        lines: vec!["echo before".to_owned()],
                        scripts: true,
                        recorded: false,
                        why: Why::Changed {
                            options: vec!["mtu".to_owned(), "dns-search".to_owned()],
                        },
                    },
                ),
            ),
            step(
                2,
                Action::Kernel(Op::SetUp {
                    name: name("vmbr0"),
                    up: true,
                }),
            ),
        ],
        ..Plan::default()
    };
    assert_eq!(
        plan.to_string(),
        "ip link add vmbr0 type bridge\n\
         # pre-up of vmbr0: echo before (new or changed in the file); scripts of if-pre-up.d (mtu, dns-search changed)\n\
         ip link set vmbr0 up\n"
    );
}

/// Second witness: `bash -c "printf %s WORD"` prints the name again.
#[test]
fn a_name_is_one_word_of_a_shell() {
    let shown = |name: &str| {
        let name = name.parse().unwrap();
        Op::SetUp { name, up: true }.to_string()
    };
    assert_eq!(shown("vmbr0.5"), "ip link set vmbr0.5 up");
    assert_eq!(shown("a;b$(id)"), "ip link set 'a;b$(id)' up");
    assert_eq!(shown("'q`id`"), r"ip link set ''\''q`id`' up");
    assert_eq!(shown("e\u{1b}[31m"), r"ip link set $'e\u001b[31m' up");
    assert_eq!(shown("\u{202e}'\\"), r"ip link set $'\u202e\'\\' up");
}

/// Second witness: ip(8) of iproute2 6.1, which answers `ip link set up up` with `"dev" argument is required` and `ip link
/// set h up` with its usage.
#[test]
fn a_name_that_ip_takes_for_a_word_of_its_own_has_the_word_before_it_that_says_what_it_is() {
    for (name, word) in [("up", "up"), ("h", "h"), ("-a", "-a"), ("dev", "dev"), ("type", "type")] {
        let name = name.parse().unwrap();
        assert_eq!(
            Op::SetUp { name, up: true }.to_string(),
            format!("ip link set dev {word} up")
        );
        assert_eq!(Op::DeleteLink { name }.to_string(), format!("ip link del dev {word}"));
        let create = Op::CreateLink {
            name,
            kind: Kind::Bridge,
            parent: None,
            peer: None,
            link: Attrs::default(),
            data: Attrs::default(),
            up: false,
        };
        assert_eq!(create.to_string(), format!("ip link add name {word} type bridge"));
    }
    let name = "upper".parse().unwrap();
    assert_eq!(Op::SetUp { name, up: false }.to_string(), "ip link set upper down");
}
