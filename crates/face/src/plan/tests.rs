use super::outlook::Outlook;
use cleat_diag::Sources;
use cleat_model::desired::Desired;
use cleat_model::impact::{Flap, Impact};
use cleat_model::nla::Attrs;
use cleat_model::op::{Action, Op, Plan, Step, StepId};
use cleat_model::owned::Owned;
use cleat_model::snapshot::Snapshot;
use cleat_model::types::Kind;
use cleat_networks::{address, bridge_with_guests, name, said};

fn outlook(ops: Vec<Op>) -> Outlook {
    outlook_from(bridge_with_guests(), ops)
}

fn outlook_from((desired, now): (Desired, Snapshot), ops: Vec<Op>) -> Outlook {
    let steps = ops.into_iter().enumerate().map(|(at, op)| Step {
        id: StepId(at as u32),
        iface: op.name(),
        action: Action::Kernel(op),
        undo: Vec::new(),
        theirs: Vec::new(),
        after: Vec::new(),
        needs: Vec::new(),
        origin: said(4),
    });
    let plan = Plan {
        steps: steps.collect(),
        ..Plan::default()
    };
    let mut sources = Sources::new();
    sources.add("/etc/network/interfaces", b"auto vmbr0\n".to_vec());
    let impact = Impact::of(&desired, &Owned::default(), &now, &plan);
    Outlook::new(&plan, impact, &desired, &now, &sources)
}

/// What the guests of the first bridge notice.
fn notice(outlook: &Outlook) -> Vec<&str> {
    let notice = outlook.impact.guests[0].notice.iter();
    notice.map(|found| found.text.as_str()).collect()
}

fn up(text: &str, up: bool) -> Op {
    Op::SetUp { name: name(text), up }
}

#[test]
fn an_address_on_a_bridge_is_no_matter_for_its_guests() {
    let outlook = outlook(vec![Op::AddAddress {
        name: name("vmbr0"),
        address: address("192.168.20.2/24"),
        replace: false,
    }]);
    assert_eq!(
        super::draw(&outlook, false),
        "\
vmbr0 changes
  + ip addr add 192.168.20.2/24 dev vmbr0

interruptions: none
guests on vmbr0 (spare, tap100i0, veth101i0): would notice nothing
stays as it is: eno1, eno2
"
    );
}

#[test]
fn an_uplink_that_flaps_is_told_and_guests_of_its_bridge_notice() {
    let outlook = outlook(vec![up("eno1", false), up("eno1", true)]);
    assert_eq!(outlook.impact.flaps, [(name("eno1"), Flap::DownAndUp)].into());
    assert_eq!(
        super::draw(&outlook, false),
        "\
eno1 goes down and comes up again
  ~ ip link set eno1 down
  ~ ip link set eno1 up

interruptions:
  eno1 goes down and comes up again
  192.168.10.2/24 cannot be reached meanwhile: eno1 goes down and comes up again
guests on vmbr0 (spare, tap100i0, veth101i0): would notice
  eno1 goes down and comes up again: they lose the way out meanwhile
stays as it is: eno2, vmbr0
"
    );
}

#[test]
fn a_port_that_leaves_and_a_bridge_that_goes_are_told() {
    let left = outlook(vec![Op::SetMaster {
        name: name("eno1"),
        master: None,
    }]);
    assert_eq!(notice(&left), ["eno1 leaves vmbr0: they lose the way out"]);
    let gone = outlook(vec![Op::DeleteLink { name: name("vmbr0") }]);
    assert_eq!(notice(&gone), ["vmbr0 is deleted: they are cut off"]);
    assert_eq!(gone.groups[0].flap, Some(Flap::Deleted));
}

// Second witness of the attribute's number: IFLA_BR_VLAN_FILTERING in linux/if_link.h.
#[test]
fn filtering_by_vlan_is_told_with_its_direction() {
    let switch = |on: u8| {
        let (desired, mut now) = bridge_with_guests();
        now.by_index_mut(3).unwrap().data.set(7, &[1 - on]);
        let op = Op::SetData {
            name: name("vmbr0"),
            kind: Kind::Bridge,
            data: Attrs::from_iter([(7, vec![on])]),
            links: Vec::new(),
        };
        outlook_from((desired, now), vec![op])
    };
    assert_eq!(notice(&switch(1)), ["vmbr0 begins to filter by VLAN"]);
    assert_eq!(notice(&switch(0)), ["vmbr0 ceases to filter by VLAN"]);
}

#[test]
fn a_port_that_the_plan_takes_out_itself_is_no_guest() {
    let outlook = outlook(vec![
        Op::DeleteLink { name: name("spare") },
        Op::AddAddress {
            name: name("vmbr0"),
            address: address("10.0.0.1/24"),
            replace: false,
        },
    ]);
    assert_eq!(outlook.impact.guests[0].ports, [name("tap100i0"), name("veth101i0")]);
}

#[test]
fn a_link_that_comes_up_for_the_first_time_is_no_interruption() {
    let outlook = outlook(vec![up("eno2", true)]);
    assert!(!outlook.impact.interrupts());
    assert_eq!(outlook.impact.guests, []);
}

#[test]
fn the_document_names_mark_command_and_place_of_every_step() {
    let document = outlook(vec![up("eno1", false)]).document();
    assert_eq!(
        document["interfaces"][0],
        serde_json::json!({
            "name": "eno1",
            "exists": true,
            "flap": "goes down",
            "steps": [{"mark": "~", "command": "ip link set eno1 down", "place": "/etc/network/interfaces:1:1"}],
        })
    );
    assert_eq!(document["untouched"], serde_json::json!(["eno2", "vmbr0"]));
}

#[test]
fn no_step_means_nothing_to_do() {
    assert_eq!(
        super::draw(&outlook(Vec::new()), false),
        "nothing to do: the network is as declared\n"
    );
}
