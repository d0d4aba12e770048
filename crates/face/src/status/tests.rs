use super::overview::Overview;
use cleat_diag::{Diagnostic, FileId, Place, Sources, Span};
use cleat_networks::{bridge_with_guests, name};

fn overview() -> Overview {
    let (desired, now) = bridge_with_guests();
    let mut sources = Sources::new();
    sources.add("/etc/network/interfaces", b"auto vmbr0\n".to_vec());
    let place = Place {
        file: FileId(0),
        span: Span::new(5, 10),
    };
    let found = [Diagnostic::warning("differs", "`mtu` is 1500, 9000 is declared")
        .at(place, "")
        .on("vmbr0")];
    Overview::new(&desired, &now, &found, &sources)
}

// Looked at by eye; the network is the one of `bridge_with_guests`.
#[test]
fn the_page_shows_what_is_there_what_is_missing_and_what_differs() {
    assert_eq!(
        super::draw(&overview(), 100, false, false),
        "\
interface  kind    state      ports / master           mtu   addresses
eno1       NIC     ● up       in vmbr0                 1500
eno2       NIC     ✗ missing
vmbr0      bridge  ● up       eno1 +2 guests +1 other  1500  192.168.10.2/24
  ! `mtu` is 1500, 9000 is declared (/etc/network/interfaces:1:6)

3 interfaces, 2 as declared, 1 not
not declared, left alone: docker0
"
    );
}

/// A VRF has no list of its members, each of which names it; the default route of a table that a rule leads to is not one of
/// the host's gateways. The table: `ip -d -j link show type vrf`, IFLA_VRF_TABLE of linux/if_link.h.
#[test]
fn a_vrf_lists_its_members_and_a_gateway_is_one_of_its_table() {
    use cleat_model::desired::{Desired, LinkRef, WantLink};
    use cleat_model::snapshot::Snapshot;
    use cleat_model::types::{Kind, Route, ScopeId};
    use cleat_networks::{link, said};
    let mut want: Vec<WantLink> = ["eno1", "eno2", "blue"]
        .iter()
        .map(|text| WantLink::new(name(text), said(4)))
        .collect();
    want[2].kind = Kind::Vrf;
    want[1].master = Some(LinkRef {
        name: name("blue"),
        origin: said(4),
    });
    let mut now = Snapshot::new();
    let mut vrf = link(3, "blue", Kind::Vrf, None);
    vrf.data.push(1, &1001_u32.to_ne_bytes());
    now.insert(link(1, "eno1", Kind::Physical, None));
    now.insert(link(2, "eno2", Kind::Physical, Some(3)));
    now.insert(vrf);
    let default = |table: u32, last: u8| Route {
        to: ("0.0.0.0".parse().unwrap(), 0),
        via: Some([192, 0, 2, last].into()),
        onlink: false,
        metric: 0,
        table,
        protocol: 3,
        source: None,
        scope: ScopeId(0),
        more: cleat_model::nla::Attrs::new(),
        legs: Vec::new(),
    };
    now.routes.insert(1, vec![default(254, 1), default(100, 2)]);
    now.routes.insert(2, vec![default(1001, 3), default(254, 4)]);
    let overview = Overview::new(&Desired::new(want), &now, &[], &Sources::new());
    let entry = |text: &str| overview.entries.iter().find(|entry| entry.name == name(text)).unwrap();
    assert_eq!(entry("blue").ports, [name("eno2")]);
    assert_eq!(entry("eno1").gateways, ["192.0.2.1"]);
    assert_eq!(entry("eno2").gateways, ["192.0.2.3"]);
}

#[test]
fn a_narrow_terminal_loses_the_less_needed_columns() {
    let text = super::draw(&overview(), 60, false, false);
    let title = text.lines().next().unwrap();
    assert_eq!(title, "interface  kind    state      mtu   addresses");
    let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > 60).collect();
    assert_eq!(wide, Vec::<&str>::new());
}

#[test]
fn the_document_has_the_same_facts() {
    let document = overview().document();
    let bridge = &document["interfaces"][2];
    assert_eq!(bridge["name"], "vmbr0");
    assert_eq!(bridge["ports"], serde_json::json!(["eno1"]));
    assert_eq!(
        bridge["foreign_ports"],
        serde_json::json!([
            {"name": "spare", "guest": null},
            {"name": "tap100i0", "guest": 100},
            {"name": "veth101i0", "guest": 101},
        ])
    );
    assert_eq!(bridge["differences"][0]["place"], "/etc/network/interfaces:1:6");
    assert_eq!(document["interfaces"][1]["state"], "missing");
    assert_eq!(document["undeclared"], serde_json::json!(["docker0"]));
    assert_eq!(document["differing"], 1);
    assert!(overview().entries.iter().all(|entry| entry.name != name("tap100i0")));
}
