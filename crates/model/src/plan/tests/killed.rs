//! What the next run takes for ours after a run that was killed. Second witness: a reload that was killed once its hook
//! ran, on Linux 6.18: the next one deleted the route of a daemon, which it had moved.

use super::moves::{bridge, nic, others, route};
use super::*;
use crate::journal::{JournalSink, Record, recover};
use crate::op::Step;
use crate::owned::Owned;

/// The record of the host after all steps of a plan were done, and nothing was written down but the journal.
fn after_a_kill(host: &Host, planned: &Planned) -> Owned {
    let steps: Vec<&Step> = planned.plan.steps.iter().collect();
    let ids = steps.iter().map(|step| step.id).collect();
    let records = [
        Record::Begin { steps: steps.len() },
        Record::wave(&steps),
        Record::Done { ids, open: Vec::new() },
    ];
    let mut journal = Vec::new();
    for record in records {
        journal.put(&record.line()).expect("memory takes all");
    }
    let mut owned = host.owned.clone();
    recover(&journal).expect("an unfinished run").adopt(&mut owned);
    owned
}

#[test]
fn a_route_of_others_that_a_killed_run_moved_is_not_ours_afterwards() {
    let mut host = Host::new(&["eno1"]);
    host.up(&nic());
    others(&mut host, vec![route("eno1", "198.51.100.0/24", |_| {})]);
    let desired = bridge("192.0.2.10/24");
    let planned = host.plan(&desired, &all(Verb::Reload, &desired));
    assert!(
        lines(&planned).contains(&"ip route replace 198.51.100.0/24 via 192.0.2.9 dev vmbr0".to_owned()),
        "{}",
        planned.plan
    );
    let owned = after_a_kill(&host, &planned);
    let routes: Vec<String> = owned.links[&name("vmbr0")]
        .routes
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(routes, ["default via 192.0.2.1"]);
}

#[test]
fn a_guest_that_a_killed_run_moved_with_its_bridge_is_not_ours_afterwards() {
    let named = |bridge: &'static str| {
        Desired::new(vec![
            link("eno1", Kind::Physical).in_master(bridge),
            link(bridge, Kind::Bridge).with_ports(&["eno1"]),
        ])
    };
    let mut host = Host::new(&["eno1"]);
    host.up(&named("vmbr0"));
    plug(&mut host, "tap100i0", "vmbr0");
    let mut request = all(Verb::Reload, &named("vmbr1"));
    request.force = true;
    let planned = host.plan(&named("vmbr1"), &request);
    assert!(
        lines(&planned).contains(&"ip link set tap100i0 master vmbr1".to_owned()),
        "{}",
        planned.plan
    );
    assert_eq!(after_a_kill(&host, &planned).get(name("tap100i0")), None);
}
