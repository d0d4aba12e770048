//! Options: what is set, changed and taken out of the file again. Second witness: the simulator's refusals are played
//! again on real kernels (`fake/suite`), the values in tests/boundaries.

use crate::attr::Value;
use crate::desired::Desired;
use crate::table;
use crate::trial::{Host, Say, link, name};
use crate::types::Kind;

fn read(host: &Host, option: &str, of: &str) -> Option<Value> {
    let row = table::find(option).expect("a row");
    row.read(host.kernel.now().get(name(of)).expect("the link is there"))
}

#[test]
fn the_spanning_tree_goes_off_before_the_forward_delay_goes_to_zero() {
    let bridge = |stp, delay| {
        let bridge = link("vmbr0", Kind::Bridge);
        Desired::new(vec![bridge.set("bridge-stp", stp).set("bridge-fd", delay)])
    };
    let mut host = Host::new(&[]);
    host.up(&bridge("on", "15"));
    let steps = host.reload(&bridge("off", "0"));
    assert_eq!(
        steps,
        [
            "ip link set vmbr0 type bridge stp_state 0",
            "ip link set vmbr0 type bridge forward_delay 0"
        ]
    );
    let steps = host.reload(&bridge("on", "2"));
    assert_eq!(steps, ["ip link set vmbr0 type bridge stp_state 1 forward_delay 200"]);
    assert_eq!(read(&host, "bridge-fd", "vmbr0"), Some(Value::Number(200)));
    let steps = host.reload(&Desired::new(vec![link("vmbr0", Kind::Bridge).set("bridge-fd", "0")]));
    assert_eq!(
        steps,
        [
            "ip link set vmbr0 type bridge stp_state 0",
            "ip link set vmbr0 type bridge forward_delay 0"
        ]
    );
}
