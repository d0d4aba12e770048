//! The engine against a real kernel, each test in a room of its own. Second witness throughout: iproute2.

// Functions beside the tests are tests too; clippy only sees the `#[test]` ones as such.
#![allow(clippy::expect_used)]

#[path = "netlink/bridges.rs"]
mod bridges;
#[path = "netlink/digest.rs"]
mod digest;
#[path = "netlink/errors.rs"]
mod errors;
#[path = "netlink/events.rs"]
mod events;
#[path = "netlink/links.rs"]
mod links;
#[path = "netlink/neighbours.rs"]
mod neighbours;
#[path = "netlink/networks.rs"]
mod networks;
#[path = "netlink/scale.rs"]
mod scale;

use cleat_kernel::Host;
use cleat_model::kernel::{Kernel, KernelError, Query};
use cleat_model::name::IfName;
use cleat_model::nla::Attrs;
use cleat_model::op::Op;
use cleat_model::snapshot::{Link, Snapshot};
use cleat_model::types::Kind;
use serde_json::Value;

fn open() -> Host {
    Host::open().expect("a room has rtnetlink")
}

fn name(text: &str) -> IfName {
    IfName::new(text).expect("tests use names that the kernel takes")
}

fn attrs(parts: &[(u16, &[u8])]) -> Attrs {
    parts.iter().map(|(kind, bytes)| (*kind, bytes.to_vec())).collect()
}

/// A link with nothing said but its kind.
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

fn veth(text: &str, peer: &str) -> Op {
    Op::CreateLink {
        name: name(text),
        kind: Kind::Veth,
        parent: None,
        peer: Some(name(peer)),
        link: Attrs::new(),
        data: Attrs::new(),
        up: false,
    }
}

fn up(text: &str) -> Op {
    Op::SetUp {
        name: name(text),
        up: true,
    }
}

#[track_caller]
fn done(kernel: &mut impl Kernel, ops: &[Op]) {
    for (op, answer) in ops.iter().zip(kernel.perform(ops)) {
        assert_eq!(answer, Ok(()), "{op:?}");
    }
}

#[track_caller]
fn refused(kernel: &mut impl Kernel, op: &Op) -> KernelError {
    let answer = kernel.perform(std::slice::from_ref(op)).pop();
    answer
        .expect("one step, one answer")
        .expect_err("the kernel refuses this")
}

/// All that the kernel has.
fn read(kernel: &mut impl Kernel) -> Snapshot {
    kernel.snapshot(Query::ALL).expect("the kernel can be read")
}

#[track_caller]
fn link(snapshot: &Snapshot, text: &str) -> Link {
    snapshot
        .get(name(text))
        .unwrap_or_else(|| panic!("no link {text}"))
        .clone()
}

/// What `ip -d -j link show NAME` says.
#[track_caller]
fn ip_link(text: &str) -> Value {
    cleat_netns::ip_json(&["-d", "link", "show", "dev", text])[0].take()
}
