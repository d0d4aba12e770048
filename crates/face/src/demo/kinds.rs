//! What the running kernel can make, found out by making it.

use cleat_model::kernel::{Kernel, KernelError};
use cleat_model::name::IfName;
use cleat_model::nla::Attrs;
use cleat_model::op::Op;
use cleat_model::table;
use cleat_model::types::Kind;

/// One ability of the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ability {
    /// What it is called.
    pub name: &'static str,
    /// Why it is not there; `None` where it is.
    pub lacking: Option<KernelError>,
}

/// Tries every kind of link that a configuration may ask for, on links named `probe0`, `probe1` that are taken away
/// again. To be called in a network namespace of one's own.
pub fn probe(kernel: &mut dyn Kernel) -> Vec<Ability> {
    let number = |row: &str, value: &str| {
        let mut attrs = Attrs::new();
        if let Some((row, value)) = table::find(row).and_then(|row| Some((row, row.parse(value).ok()?))) {
            let kind = row.on.kind().unwrap_or(Kind::Physical);
            row.put(&kind, &value, &mut attrs);
        }
        attrs
    };
    let tries = [
        ("bridge", Kind::Bridge, Attrs::new(), false),
        (
            "VLAN filtering",
            Kind::Bridge,
            number("bridge-vlan-aware", "yes"),
            false,
        ),
        ("bond", Kind::Bond, Attrs::new(), false),
        ("VLAN (8021q)", Kind::Vlan, number("vlan-id", "7"), true),
        ("veth", Kind::Veth, Attrs::new(), false),
        ("vxlan", Kind::Vxlan, number("vxlan-id", "7"), false),
        ("macvlan", Kind::Macvlan, Attrs::new(), true),
        ("dummy", Kind::Dummy, Attrs::new(), false),
        ("vrf", Kind::Vrf, number("vrf-table", "7"), false),
    ];
    let mut abilities = Vec::new();
    for (name, kind, data, needs_parent) in tries {
        let lacking = attempt(kernel, kind, data, needs_parent).err();
        abilities.push(Ability { name, lacking });
    }
    abilities
}

fn attempt(kernel: &mut dyn Kernel, kind: Kind, data: Attrs, needs_parent: bool) -> Result<(), KernelError> {
    let name = |text: &str| IfName::new(text).map_err(|error| KernelError::text(error.to_string()));
    let (link, parent, peer) = (name("probe0")?, name("probe1")?, name("probe2")?);
    let create = |name, kind, parent, peer, data| Op::CreateLink {
        name,
        kind,
        parent,
        peer,
        link: Attrs::new(),
        data,
        up: false,
    };
    if needs_parent {
        perform(kernel, create(parent, Kind::Veth, None, Some(peer), Attrs::new()))?;
    }
    let is_veth = kind == Kind::Veth;
    let below = needs_parent.then_some(parent);
    let made = perform(kernel, create(link, kind, below, is_veth.then_some(peer), data));
    if made.is_ok() {
        perform(kernel, Op::DeleteLink { name: link })?;
    }
    if needs_parent {
        perform(kernel, Op::DeleteLink { name: parent })?;
    }
    made
}

fn perform(kernel: &mut dyn Kernel, op: Op) -> Result<(), KernelError> {
    let answer = kernel.perform(&[op]).pop();
    answer.unwrap_or_else(|| Err(KernelError::text("no answer")))
}
