//! The simulator against transcripts that a real kernel wrote.

use super::suite::{play, scenarios};
use super::*;

macro_rules! like_linux {
    ($($test:ident: $name:literal)*) => {
        $(
            #[test]
            fn $test() {
                let all = scenarios();
                let scenario = all.iter().find(|scenario| scenario.name == $name).expect("a scenario of that name");
                let mut kernel = FakeKernel::machine(&[]);
                let played = play(&mut kernel, &scenario.steps).expect("the simulator can be read");
                assert!(!scenario.witness.is_empty(), "no transcript of a real kernel");
                assert_eq!(differences(scenario.witness, &played), "");
            }
        )*

        #[test]
        fn every_scenario_is_played() {
            let named = [$($name),*];
            assert_eq!(scenarios().iter().map(|scenario| scenario.name).collect::<Vec<_>>(), named);
        }
    };
}

like_linux! {
    bridges_behave_as_in_linux: "bridges"
    addresses_behave_as_in_linux: "addresses"
    routes_behave_as_in_linux: "routes"
    ipv6_routes_behave_as_in_linux: "routes6"
    vxlans_behave_as_in_linux: "vxlans"
    macvlans_behave_as_in_linux: "macvlans"
    vlans_behave_as_in_linux: "vlans"
    filtering_bridges_behave_as_in_linux: "vlan-filtering"
    bonds_behave_as_in_linux: "bonds"
    bond_options_behave_as_in_linux: "bond-options"
    vrfs_behave_as_in_linux: "vrfs"
    members_of_vrfs_behave_as_in_linux: "vrf-members"
    members_of_a_vrf_that_is_deleted_behave_as_in_linux: "vrf-deleted"
    tables_of_vrfs_behave_as_in_linux: "vrf-tables"
    rules_behave_as_in_linux: "rules"
}

/// The steps whose answer or changes differ, with both.
fn differences(linux: &str, ours: &str) -> String {
    let steps = |text: &str| -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for line in text.lines() {
            match all.last_mut() {
                Some(last) if line.starts_with("  ") => {
                    last.push('\n');
                    last.push_str(line);
                }
                _ => all.push(line.to_owned()),
            }
        }
        all
    };
    let (linux, ours) = (steps(linux), steps(ours));
    let pairs = linux.iter().zip(&ours).filter(|(linux, ours)| linux != ours);
    let mut text: String = pairs
        .map(|(linux, ours)| format!("linux: {linux}\nours:  {ours}\n"))
        .collect();
    if linux.len() != ours.len() {
        text += &format!("linux took {} steps, we {}\n", linux.len(), ours.len());
    }
    text
}

#[test]
fn a_failure_can_be_put_at_any_step() {
    let mut kernel = FakeKernel::machine(&["eno1"]);
    kernel.fail_at(1, KernelError::errno(EBUSY));
    let name = IfName::new("eno1").expect("a name");
    let ops = [true, false, false].map(|up| Op::SetUp { name, up });
    assert_eq!(kernel.perform(&ops), [Ok(()), Err(KernelError::errno(EBUSY)), Ok(())]);
    assert_eq!(kernel.performed(), [ops[0].clone(), ops[2].clone()]);
}
