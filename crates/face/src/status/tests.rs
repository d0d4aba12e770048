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
