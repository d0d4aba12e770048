use crate::decl::NOT_DONE;
use crate::desired::Phase;
use crate::name::IfName;
use crate::testing::{Read, read, told};

fn fault(text: &str) -> String {
    let Read { sources, found, .. } = read(text);
    told(&found, &sources)
}

// Second witness: ifupdown2 3.0.0 calls such a line "invalid syntax" and passes it over.
#[test]
fn a_list_that_lost_its_value_is_named() {
    for (option, takes) in [
        ("bridge-ports", "names of links, or `none`"),
        ("bond-slaves", "names of links, or `none`"),
        ("bridge-vids", "VLANs such as `2-100 200`"),
        ("vxlan-remoteip", "IP addresses"),
    ] {
        let text = format!("iface t0\n  {option}\n");
        assert_eq!(
            fault(&text),
            format!("error[bad-value] t0: `{option}` has no value\n  2:3 «{option}» takes {takes}\n")
        );
    }
}

#[test]
fn stanzas_of_one_name_merge_and_keep_their_order() {
    let Read { decls, found, .. } = read(
        "auto vmbr0\niface vmbr0 inet static\n address 192.0.2.1/24\n bridge_ports eno1\n up echo a\n\
         iface eno1\niface vmbr0 inet6 static\n address 2001:db8::1/64\n up echo b\nallow-hotplug vmbr0\n",
    );
    assert_eq!(found, []);
    let names: Vec<_> = decls.iter().map(|decl| decl.name.to_string()).collect();
    assert_eq!(names, ["vmbr0", "eno1"]);
    let vmbr0 = decls.find("vmbr0").unwrap();
    let addresses: Vec<_> = vmbr0
        .all("address")
        .map(|said| (said.value.text.as_str(), said.stanza))
        .collect();
    assert_eq!(addresses, [("192.0.2.1/24", 0), ("2001:db8::1/64", 1)]);
    assert_eq!(vmbr0.last("bridge-ports").unwrap().value.text, "eno1");
    assert!(vmbr0.is_in("auto") && vmbr0.is_in("hotplug") && !vmbr0.is_in("ovs"));
    let commands: Vec<_> = vmbr0
        .hooks
        .iter()
        .map(|hook| (hook.phase, hook.command.value.as_str()))
        .collect();
    assert_eq!(commands, [(Phase::Up, "echo a"), (Phase::Up, "echo b")]);
    assert_eq!(
        vmbr0.vars().stanzas().collect::<Vec<_>>(),
        [("inet", "static"), ("inet6", "static")]
    );
    let vars = vmbr0.vars();
    let addresses = vars.options().filter(|(key, _)| *key == "address");
    let values: Vec<&str> = addresses.map(|(_, value)| value).collect();
    assert_eq!(values, ["192.0.2.1/24", "2001:db8::1/64"]);
}

// Second witness: interfaces(5) of ifupdown 0.8.41 on `inherits` and on patterns; ifupdown2's ranges and `auto all`.
#[test]
fn classes_take_all_ranges_patterns_and_labels() {
    let Read { decls, found, .. } = read(
        "auto swp[1-2] /eno* vmbr0:1\nno-auto-down eno*\nno-scripts vmbr0\n\
         iface swp[1-3]\niface eno1\niface eno2\niface vmbr0\n",
    );
    assert_eq!(found, []);
    let auto: Vec<_> = decls
        .iter()
        .filter(|decl| decl.is_in("auto"))
        .map(|decl| decl.name.to_string())
        .collect();
    assert_eq!(auto, ["swp1", "swp2", "eno1", "eno2", "vmbr0"]);
    assert!(decls.find("eno2").unwrap().no_auto_down && !decls.find("swp1").unwrap().no_auto_down);
    assert!(decls.find("vmbr0").unwrap().no_scripts);
    let Read { decls, .. } = read("auto all\niface a\niface b\n");
    assert!(decls.iter().all(|decl| decl.is_in("auto")));
}

#[test]
fn inherited_options_come_first_and_templates_are_no_interfaces() {
    let Read { decls, found, .. } =
        read("template base\n mtu 9000\n up echo base\niface eno1 inet static inherits base\n mtu 1400\n");
    assert_eq!(found, []);
    assert!(decls.find("base").is_none() && decls.has_logical("base"));
    let eno1 = decls.find("eno1").unwrap();
    let mtu: Vec<_> = eno1
        .all("mtu")
        .map(|said| (said.value.text.as_str(), said.inherited))
        .collect();
    assert_eq!(mtu, [("9000", true), ("1400", false)]);
    assert_eq!(eno1.hooks.len(), 1);
}

#[test]
fn a_logical_name_may_be_one_that_the_kernel_would_not_take() {
    let Read { mut decls, found, .. } =
        read("auto eth0=work-in-the-office\niface work-in-the-office inet static\n address 192.0.2.1/24\n");
    assert_eq!(found, []);
    let eth0 = decls.find("eth0").unwrap();
    assert_eq!(
        (eth0.logical.as_str(), eth0.is_in("auto")),
        ("work-in-the-office", true)
    );
    assert!(decls.map("eth1".parse().unwrap(), "work-in-the-office"));
    assert_eq!(decls.find("eth1").unwrap().all("address").count(), 1);
    assert!(!decls.map("eth1".parse().unwrap(), "home"));
}

#[test]
fn an_alias_label_belongs_to_its_interface() {
    let Read { decls, found, .. } = read("iface eno1:1 inet static\n address 192.0.2.1/24\n");
    assert_eq!(found, []);
    assert_eq!(decls.find("eno1").unwrap().stanzas[0].label.as_deref(), Some("eno1:1"));
}

#[test]
fn the_name_is_put_in_for_iface_as_ifupdown2_does() {
    let Read { decls, .. } = read("iface eno1\n alias nic $IFACE/${IFACE}\n up echo $IFACE\n");
    let eno1 = decls.find("eno1").unwrap();
    assert_eq!(eno1.last("alias").unwrap().value.text, "nic eno1/eno1");
    assert_eq!(eno1.hooks[0].command.value, "echo $IFACE");
}

#[test]
fn an_unknown_key_is_a_warning_with_the_nearest_name() {
    assert_eq!(
        fault("iface vmbr0\n  bridge_prots eno1\n  colour red\n  dns-nameservers 192.0.2.53\n  ovs_ports eno1\n"),
        "error[misspelt-option] vmbr0: unknown option `bridge_prots`, and `vmbr0` has no `bridge-ports`\n  \
         2:3 «bridge_prots» without effect\n  help: write `bridge-ports`, or remove this line\n\
         warning[unknown-option] vmbr0: unknown option `colour`\n  3:3 «colour» handed to hook scripts only\n\
         \x20 help: see interfaces(5) for the options that there are\n\
         warning[not-handled] vmbr0: `ovs-ports` is known but not acted on yet\n  5:3 «ovs_ports» handed to hook scripts only\n"
    );
}

#[test]
fn a_wrong_value_is_an_error_with_what_is_taken_and_the_unit() {
    assert_eq!(
        fault("iface bond0\n  bond-slaves eno1\n  bond-mode lacp\n  bond-miimon -1\n  mtu\n"),
        "error[bad-value] bond0: `bond-mode` cannot be `lacp`\n  3:13 «lacp» takes one of `balance-rr`, `active-backup`, \
         `balance-xor`, `broadcast`, `802.3ad`, `balance-tlb`, `balance-alb`\n\
         error[bad-value] bond0: `bond-miimon` cannot be `-1`\n  4:15 «-1» takes a whole number from 0 to 2147483647 (milliseconds)\n\
         error[bad-value] bond0: `mtu` has no value\n  5:3 «mtu» takes a whole number from 68 to 65536 (bytes)\n"
    );
}

/// A reload would take the link, its ports or its address away. Second witness: H1 of the reports, where `bridge-port`
/// deleted the bridge of a host that ran.
#[test]
fn a_slip_that_leaves_a_link_without_what_decides_it_is_an_error() {
    for (text, wrong, meant) in [
        (
            "iface vmbr0\n  address 192.0.2.1/24\n  bridge-port eno1\n",
            "bridge-port",
            "bridge-ports",
        ),
        ("iface vmbr0\n  Bridge-Ports eno1\n", "Bridge-Ports", "bridge-ports"),
        ("iface eno1 inet static\n  adress 192.0.2.1/24\n", "adress", "address"),
        (
            "iface eno1 inet static\n  address 192.0.2.1/24\n  gatway 192.0.2.254\n",
            "gatway",
            "gateway",
        ),
        (
            "iface eno1 inet static\n  address 192.0.2.1\n  netmsk 255.255.255.0\n",
            "netmsk",
            "netmask",
        ),
        (
            "iface bond0\n  bond-slave eno1 eno2\n  bond-mode 4\n",
            "bond-slave",
            "bond-slaves",
        ),
        (
            "iface bond0\n  bond-slaves eno1\n  bond_mod 4\n",
            "bond_mod",
            "bond-mode",
        ),
        (
            "iface lan5\n  vlan-raw-devices eno1\n  vlan-id 5\n",
            "vlan-raw-devices",
            "vlan-raw-device",
        ),
        ("iface vx5\n  vxlanid 5\n", "vxlanid", "vxlan-id"),
        // The other stanza has an address of its own family, this one has lost its.
        (
            "iface eno1 inet static\n  addres 192.0.2.1/24\niface eno1 inet6 static\n  address 2001:db8::1/64\n",
            "addres",
            "address",
        ),
    ] {
        let found = fault(text);
        let name = text.split([' ', '\n']).nth(1).unwrap();
        let expected =
            format!("error[misspelt-option] {name}: unknown option `{wrong}`, and `{name}` has no `{meant}`\n  ");
        assert!(found.starts_with(&expected), "{text}{found}");
        assert!(
            found.ends_with(&format!("  help: write `{meant}`, or remove this line\n")),
            "{found}"
        );
    }
}

#[test]
fn a_slip_beside_the_option_that_is_meant_or_of_a_lesser_one_is_a_warning() {
    for text in [
        "iface vmbr0\n  bridge-ports eno1\n  bridge-port eno2\n",
        "iface vmbr0 inet static\n  bridge-ports eno1\niface vmbr0 inet6 static\n  bridge-port eno2\n",
        "iface eno1\n  address 192.0.2.1/24\n  adress 192.0.2.2/24\n",
        "iface eno1\n  address 192.0.2.1/24\n  netmsk 255.255.255.0\n",
        "iface vmbr0\n  bridge-ports none\n  brigde-ageing 30\n",
    ] {
        let found = fault(text);
        assert!(found.starts_with("warning[unknown-option] "), "{text}{found}");
        assert_eq!(found.lines().filter(|line| line.contains('[')).count(), 1, "{found}");
    }
    // Of other packages' scripts, and of what is known and not done.
    assert_eq!(fault("iface eno1\n  dns-nameserver 192.0.2.53\n  wpa-ssid x\n"), "");
    assert!(fault("iface tun0\n  tunnel-mode gre\n").starts_with("warning[not-handled] "));
}

/// Second witness: ifupdown2 3.0.0-1.1, run with these lines: MTU 1400, for two families, too.
#[test]
fn an_option_that_is_set_twice_is_a_warning_and_the_first_one_holds() {
    let text = "iface eno1\n  mtu 1400\n  mtu 1500\n  mtu 1450\niface eno2\n  mtu 1400\niface eno2 inet6\n  mtu 1400\n";
    assert_eq!(
        fault(text),
        "warning[repeated-option] eno1: `mtu` is set twice\n  3:3 «mtu 1500» left out: the first one holds\n\
         \x20 note: it is set to another value at 2:3\n  help: remove one of the lines\n\
         warning[repeated-option] eno1: `mtu` is set twice\n  4:3 «mtu 1450» left out: the first one holds\n\
         \x20 note: it is set to another value at 2:3\n  help: remove one of the lines\n"
    );
    let holds = |text: &str| {
        let decls = read(text).decls;
        let eno1 = decls.find("eno1").unwrap().last("mtu").unwrap().value.text.clone();
        let (desired, _) = crate::resolve::resolve(&decls, None);
        let knob = desired.get(IfName::new("eno1").unwrap()).unwrap().number("mtu");
        (eno1, knob)
    };
    assert_eq!(holds(text), ("1400".to_owned(), Some(1400)));
    assert_eq!(
        holds("iface eno1 inet static\n  mtu 1500\niface eno1 inet6 static\n  mtu 1400\n"),
        ("1500".to_owned(), Some(1500))
    );
    // Its own line holds against what it inherits.
    assert_eq!(
        holds("iface common\n  mtu 9000\niface eno1 inherits common\n  mtu 1400\n"),
        ("1400".to_owned(), Some(1400))
    );
}

#[test]
fn names_that_the_kernel_refuses_are_errors() {
    assert_eq!(
        fault("iface averylonginterface inet manual\n mtu 1500\niface a/b\n"),
        "error[bad-name] averylonginterface: `averylonginterface` cannot be an interface name\n  \
         1:7 «averylonginterface» 18 bytes long, the kernel allows 15\n  note: the stanza is left out\n  \
         help: choose a shorter name; a VLAN may have any name with `vlan-raw-device` and `vlan-id`\n\
         error[bad-name] a/b: `a/b` cannot be an interface name\n  \
         3:7 «a/b» the kernel does not allow '/' in an interface name\n  note: the stanza is left out\n"
    );
}

#[test]
fn methods_and_families_that_are_not_ours_leave_the_stanza_out() {
    let text = "iface ppp0 inet ppp\n provider x\niface can0 can static\niface eno1 inet6 auto\niface eno2 inet dhcp\n";
    assert_eq!(
        fault(text),
        "error[unknown-method] ppp0: `ppp` is not a method of this program\n  \
         1:17 «ppp» takes `static`, `manual`, `loopback` or `dhcp`\n  note: the stanza is left out\n\
         error[unknown-family] can0: `can` is not an address family of this program\n  3:12 «can» the stanza is left out\n  \
         help: write `inet` or `inet6`, or nothing for both\n\
         warning[dhcp-not-yet] eno2: addresses by `dhcp` are not asked for yet\n  \
         5:17 «dhcp» the link is brought up without an address\n  help: start a DHCP client in a `post-up` line\n"
    );
    assert_eq!(read(text).decls.iter().count(), 2);
}

/// ifupdown's interfaces(5), "inet6 auto": `dhcp` (0 or 1), `request_prefix`, `ll-attempts`, done by ifup itself: its program
/// has `dhclient -6 -S` and `-P` in it, and no script of a package sees to these.
#[test]
fn what_ifupdown_does_itself_beside_router_advertisements_is_told() {
    let text = "iface eno1 inet6 auto\n dhcp 1\n request_prefix 1\n ll-attempts 9\niface eno2 inet6 auto\n dhcp 0\n";
    assert_eq!(
        fault(text),
        "warning[dhcp-not-yet] eno1: DHCPv6 beside router advertisements is not asked for yet\n  \
         2:2 «dhcp» the link has the addresses that routers announce\n  help: start a DHCP client in a `post-up` line\n\
         warning[not-handled] eno1: `request-prefix` is known but not acted on yet\n  \
         3:2 «request_prefix» handed to hook scripts only\n\
         warning[not-handled] eno1: `ll-attempts` is known but not acted on yet\n  \
         4:2 «ll-attempts» handed to hook scripts only\n"
    );
    let done = read(text).found.iter().all(|told| NOT_DONE.contains(&told.code));
    assert!(done, "cleat check --takeover refuses each");
}

#[test]
fn an_auto_line_without_a_stanza_is_a_warning() {
    assert_eq!(
        fault("auto lo eno9\nallow-hotplug eno8\niface lo inet loopback\n"),
        "warning[class-without-stanza] eno9: `auto` names `eno9`, which has no `iface` stanza\n  \
         1:9 «eno9» nothing is done for it\n  help: add `iface eno9 inet manual`, or take the name away here\n\
         warning[class-without-stanza] eno8: `allow-hotplug` names `eno8`, which has no `iface` stanza\n  \
         2:15 «eno8» nothing is done for it\n  help: add `iface eno8 inet manual`, or take the name away here\n"
    );
}

/// Each line doubles what the one above has: without a bound this asks for all memory, and the host does not boot.
#[test]
fn what_is_inherited_has_a_bound_in_lines_and_in_depth() {
    let doubling: String = (1..40)
        .map(|at| format!("iface a{at} inherits a{} a{}\n", at - 1, at - 1))
        .collect();
    let Read { decls, found, .. } = read(&format!("iface a0\n up echo x\n{doubling}iface eno1\n mtu 1400\n"));
    let codes: Vec<&str> = found.iter().map(|one| one.code).collect();
    assert_eq!(codes, ["inherits-too-much"]);
    assert!(decls.find("eno1").is_some(), "the rest is there");
    let row: String = (1..50_000)
        .map(|at| format!("iface a{} inherits a{at}\n", at - 1))
        .collect();
    let Read { decls, found, .. } = read(&format!("{row}iface a49999\n mtu 1400\n"));
    let messages: Vec<&str> = found.iter().map(|one| one.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "more than 32 stanzas inherit from each other in a row",
            "more than 200000 lines are inherited"
        ]
    );
    assert_eq!(decls.iter().count(), 50_000);
}

#[test]
fn inheriting_from_nothing_or_from_oneself_is_an_error() {
    assert_eq!(
        fault("iface a inherits b\niface b inherits a\n mtu 1400\niface c inherits ba\n"),
        "error[inherits-cycle] b: `a` inherits from itself: a → b → a\n  2:18 «a» left out\n\
         error[inherits-cycle] a: `b` inherits from itself: b → a → b\n  1:18 «b» left out\n\
         error[inherits-unknown] c: there is no stanza `ba` to inherit from\n  4:18 «ba» left out\n  help: did you mean `a`?\n"
    );
}

// Second witness: interfaces(5) of ifupdown 0.8.41, the mapping example.
#[test]
fn an_interface_that_a_mapping_finds_a_stanza_for_keeps_its_classes() {
    let Read { mut decls, found, .. } = read(
        "auto eth0\nmapping eth*\n script /usr/local/sbin/where-am-i\n map home\niface home inet static\n address 192.0.2.1/24\n",
    );
    assert_eq!(found, []);
    assert_eq!(decls.mappings.len(), 1);
    let eth0 = "eth0".parse().unwrap();
    assert!(decls.get(eth0).unwrap().is_in("auto"));
    assert!(decls.map(eth0, "home"));
    let decl = decls.get(eth0).unwrap();
    assert!(decl.is_in("auto") && decl.all("address").count() == 1 && decl.logical == "home");
}

/// Row by row: what takes a link, its ports, its VLANs, its address or its gateway away where its line does not count.
#[test]
fn these_rows_decide_what_a_link_is_and_how_it_is_reached() {
    let decides = crate::table::all().filter(|row| row.decides).map(|row| row.name);
    assert_eq!(
        decides.collect::<Vec<_>>().join(" "),
        "address netmask pointopoint gateway link-type bridge-ports bridge-vlan-aware bridge-vlan-protocol bridge-vids \
         bridge-pvid bridge-access bridge-port-vids bridge-port-pvids bond-slaves bond-mode bond-master vlan-raw-device \
         vlan-id vlan-protocol vxlan-id vxlan-local-tunnelip vxlan-svcnodeip vxlan-mcastgrp vxlan-remoteip vxlan-port \
         vxlan-physdev veth-peer-name macvlan-raw-device vrf vrf-table"
    );
}

/// From the table: the last letter written twice, which is one edit for every name.
#[test]
fn a_slip_in_each_row_is_an_error_where_the_row_decides_and_else_a_warning() {
    let mut seen = [0, 0];
    for row in crate::table::all() {
        let last = row.name.chars().last().unwrap();
        let key = format!("{}{last}", row.name);
        if crate::table::find(&key).is_some() || crate::attrs::known::is_not_yet(&key) {
            continue;
        }
        let text = format!("iface x5\n  {key} {}\n", row.example);
        let found = fault(&text);
        let expected = match row.decides {
            true => format!(
                "error[misspelt-option] x5: unknown option `{key}`, and `x5` has no `{}`\n",
                row.name
            ),
            false => format!("warning[unknown-option] x5: unknown option `{key}`\n"),
        };
        assert!(found.starts_with(&expected), "{text}{found}");
        seen[usize::from(row.decides)] += 1;
    }
    assert!(seen[0] > 60 && seen[1] > 25, "{seen:?}");
}

/// Second witness: ifupdown2 passes over the line and does not bring eno2 up.
#[test]
fn a_slip_in_the_line_of_a_class_is_an_error_where_an_interface_would_not_come_up() {
    let text = "iface eno1\n  address 192.0.2.1/24\naut eno2\niface eno2\n";
    assert_eq!(
        fault(text),
        "error[misspelt-stanza] `aut` does not begin a stanza\n  3:1 «aut» left out\n  help: did you mean `auto`?\n"
    );
    // Of a script, or of a name that has no stanza, nothing is lost.
    let found = fault("iface eno1\n  auth open\n");
    assert!(found.starts_with("warning[unknown-option] "), "{found}");
}

/// Each of these took minutes where one line, address or name was compared with all others.
#[test]
fn a_hundred_thousand_of_a_kind_are_declared_and_resolved() {
    let many = |line: &dyn Fn(usize) -> String| (1..100_000).map(line).collect::<String>();
    let ip = |at: usize| format!("10.{}.{}.{}", at >> 16, at >> 8 & 255, at & 255);
    for (text, addresses) in [
        (many(&|at| format!("iface eno1\n address {}/8\n", ip(at))), 99_999),
        (
            format!("iface eno1\n{}", many(&|at| format!(" address {}/8\n", ip(at)))),
            99_999,
        ),
        (many(&|_| "iface eno1\n address 10.0.0.1/8\n".to_owned()), 1),
        (
            format!(
                "iface eno1\n address 10.0.0.1/8\n{}",
                many(&|_| " adress 10.0.0.2/8\n".to_owned())
            ),
            1,
        ),
    ] {
        let Read { decls, .. } = read(&text);
        let (desired, _) = crate::resolve::resolve(&decls, None);
        assert_eq!(desired.links()[0].addresses.len(), addresses);
    }
}
