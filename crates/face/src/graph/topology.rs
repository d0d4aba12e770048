//! The network as boxes and lines: what the terminal picture and the SVG are both drawn from.

use crate::links::{self, LinkState};
use cleat_model::desired::{Desired, WantLink};
use cleat_model::kinds::Drawn;
use cleat_model::name::IfName;
use cleat_model::snapshot::{Link, Snapshot};
use cleat_model::types::Kind;
use std::collections::BTreeMap;

/// What a box stands for; it chooses layer and colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A link, as its kind is drawn.
    Link(Drawn),
    /// All guest ports of one bridge.
    Guests,
}

impl Class {
    /// The word of the legend.
    pub fn legend(self) -> &'static str {
        match self {
            Class::Link(Drawn::Nic) => "NIC",
            Class::Link(Drawn::Bond) => "bond",
            Class::Link(Drawn::Vlan) => "VLAN",
            Class::Link(Drawn::Tunnel) => "tunnel",
            Class::Link(Drawn::Bridge) => "bridge",
            Class::Link(Drawn::Vrf) => "VRF",
            Class::Guests => "guests",
        }
    }

    /// The lowest layer that a box of it stands in.
    fn floor(self) -> usize {
        match self {
            Class::Link(Drawn::Nic) => 0,
            Class::Link(Drawn::Bond) => 1,
            Class::Link(Drawn::Vlan) | Class::Link(Drawn::Tunnel) => 2,
            Class::Link(Drawn::Bridge) => 3,
            Class::Guests | Class::Link(Drawn::Vrf) => 4,
        }
    }
}

/// What a line in a box says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// An address.
    Address(String),
    /// A gateway.
    Gateway(String),
    /// Anything else: bond mode, VLAN id, MTU.
    Detail(String),
    /// A guest's port and what is known of it.
    Port(String, LinkState),
}

impl Row {
    /// The text without marks.
    pub fn text(&self) -> &str {
        match self {
            Row::Address(text) | Row::Gateway(text) | Row::Detail(text) | Row::Port(text, _) => text,
        }
    }
}

/// One box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Name of the link; of a guest box its headline.
    pub name: String,
    /// What it stands for.
    pub class: Class,
    /// The word printed on it (`bridge`, `veth`).
    pub label: String,
    /// How the kernel has it.
    pub state: LinkState,
    /// Further lines.
    pub rows: Vec<Row>,
    /// Layer from the left, without gaps.
    pub layer: usize,
}

/// One line between two boxes; the lower one stands further left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Index of the lower box (the port, the parent, or the bridge of guests).
    pub lower: usize,
    /// Index of the upper box.
    pub upper: usize,
    /// Drawn dashed: an end is missing, or the kernel does not have the connection.
    pub broken: bool,
}

/// All boxes and lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topology {
    /// Boxes, in the order of the file.
    pub nodes: Vec<Node>,
    /// Lines.
    pub edges: Vec<Edge>,
}

impl Topology {
    /// What is declared, with the state the kernel has it in, and the guests on its bridges; without a snapshot the
    /// file alone.
    pub fn declared(desired: &Desired, snapshot: Option<&Snapshot>) -> Self {
        let mut all = Self::default();
        let mut at = BTreeMap::new();
        for want in desired.links().iter().filter(|want| worth_drawing(want)) {
            at.insert(want.name, all.nodes.len());
            all.nodes.push(declared_node(want, snapshot));
        }
        for want in desired.links() {
            for lower in want.lower() {
                all.connect(at.get(&lower.name), at.get(&want.name));
            }
            if let Some(master) = &want.master {
                all.connect(at.get(&want.name), at.get(&master.name));
            }
        }
        if let Some(snapshot) = snapshot {
            all.mark_broken(snapshot);
            for want in desired.links().iter().filter(|want| want.kind == Kind::Bridge) {
                let ports = links::foreign_ports(want.name, desired, snapshot);
                all.add_guests(at.get(&want.name), &ports, snapshot);
            }
        }
        all.layer();
        all
    }

    /// What the kernel has, whoever made it.
    pub fn live(snapshot: &Snapshot) -> Self {
        let mut all = Self::default();
        let mut at = BTreeMap::new();
        let is_guest = |link: &Link| {
            let in_bridge = link.master.and_then(|master| snapshot.by_index(master));
            in_bridge.is_some_and(|master| master.kind == Kind::Bridge) && links::guest(link.name).is_some()
        };
        let drawn = |link: &&Link| !link.is_loopback() && !is_guest(link);
        for link in snapshot.links().iter().filter(drawn) {
            at.insert(link.index, all.nodes.len());
            all.nodes.push(live_node(link, snapshot));
        }
        for link in snapshot.links().iter().filter(drawn) {
            if let Some(parent) = links::parent(link) {
                all.connect(at.get(&parent), at.get(&link.index));
            }
            if let Some(master) = link.master {
                all.connect(at.get(&link.index), at.get(&master));
            }
            let guests: Vec<&Link> = snapshot.ports(link.index).filter(|port| is_guest(port)).collect();
            all.add_guests(at.get(&link.index), &guests, snapshot);
        }
        all.layer();
        all
    }

    fn connect(&mut self, lower: Option<&usize>, upper: Option<&usize>) {
        let (Some(lower), Some(upper)) = (lower, upper) else {
            return;
        };
        let known = |edge: &Edge| edge.lower == *lower && edge.upper == *upper;
        if lower != upper && !self.edges.iter().any(known) {
            let missing = |node: usize| self.nodes[node].state == LinkState::Missing;
            self.edges.push(Edge {
                lower: *lower,
                upper: *upper,
                broken: missing(*lower) || missing(*upper),
            });
        }
    }

    /// Marks the lines that the kernel does not have though it has both ends.
    fn mark_broken(&mut self, snapshot: &Snapshot) {
        let nodes = &self.nodes;
        let link = |node: usize| IfName::new(&nodes[node].name).ok().and_then(|name| snapshot.get(name));
        for edge in &mut self.edges {
            if let (Some(lower), Some(upper)) = (link(edge.lower), link(edge.upper)) {
                let held = lower.master == Some(upper.index) || links::parent(upper) == Some(lower.index);
                edge.broken = !held;
            }
        }
    }

    fn add_guests(&mut self, bridge: Option<&usize>, ports: &[&Link], snapshot: &Snapshot) {
        let Some(bridge) = bridge else { return };
        if ports.is_empty() {
            return;
        }
        let guests = ports.iter().filter(|port| links::guest(port.name).is_some()).count();
        let label = if guests == ports.len() {
            "guests"
        } else {
            "others' ports"
        };
        let rows = ports
            .iter()
            .map(|port| Row::Port(links::port_text(port, snapshot), links::state(port)))
            .collect();
        let node = self.nodes.len();
        let noun = if guests == ports.len() { "guest port" } else { "port" };
        self.nodes.push(Node {
            name: format!("{} {noun}{}", ports.len(), if ports.len() == 1 { "" } else { "s" }),
            class: Class::Guests,
            label: label.to_owned(),
            state: LinkState::Unknown,
            rows,
            layer: 0,
        });
        self.edges.push(Edge {
            lower: *bridge,
            upper: node,
            broken: false,
        });
    }

    /// Puts every box right of all that it rests on, in the layer of its class or beyond, and closes empty layers.
    pub(super) fn layer(&mut self) {
        for node in &mut self.nodes {
            node.layer = node.class.floor();
        }
        // Every round settles at least one more box, unless there is a ring (which the kernel refuses to make).
        for _ in 0..self.nodes.len() {
            let mut moved = false;
            for edge in &self.edges {
                let least = self.nodes[edge.lower].layer + 1;
                if self.nodes[edge.upper].layer < least {
                    self.nodes[edge.upper].layer = least;
                    moved = true;
                }
            }
            if !moved {
                break;
            }
        }
        let mut used: Vec<usize> = self.nodes.iter().map(|node| node.layer).collect();
        used.sort_unstable();
        used.dedup();
        for node in &mut self.nodes {
            node.layer = used.partition_point(|layer| *layer < node.layer);
        }
        self.edges
            .retain(|edge| self.nodes[edge.lower].layer < self.nodes[edge.upper].layer);
    }
}

/// `lo` is drawn only when it carries addresses of its own.
fn worth_drawing(want: &WantLink) -> bool {
    want.name.as_str() != "lo" || want.addresses.iter().any(|address| !address.value.ip.is_loopback())
}

fn label(kind: &Kind, name: &str) -> String {
    if *kind == Kind::Physical && name == "lo" {
        return "loopback".to_owned();
    }
    match kind.row().label {
        "" => kind.to_string(),
        label => label.to_owned(),
    }
}

fn declared_node(want: &WantLink, snapshot: Option<&Snapshot>) -> Node {
    let found = snapshot.map(|snapshot| snapshot.get(want.name));
    let state = match found {
        None => LinkState::Unknown,
        Some(None) => LinkState::Missing,
        Some(Some(link)) => links::state(link),
    };
    // A stand-in under a NIC's name is drawn by what it is, so that nobody takes a veth for hardware.
    let kind = match (&want.kind, found.flatten()) {
        (Kind::Physical, Some(link)) => &link.kind,
        (kind, _) => kind,
    };
    let mut rows: Vec<Row> = links::declared_details(want).into_iter().map(Row::Detail).collect();
    rows.extend(
        want.addresses
            .iter()
            .map(|address| Row::Address(address.value.to_string())),
    );
    rows.extend(want.routes.iter().filter_map(|route| {
        let via = route.value.via.filter(|_| route.value.is_default())?;
        Some(Row::Gateway(format!("gateway {via}")))
    }));
    Node {
        name: want.name.to_string(),
        class: Class::Link(kind.row().drawn),
        label: label(kind, want.name.as_str()),
        state,
        rows,
        layer: 0,
    }
}

fn live_node(link: &Link, snapshot: &Snapshot) -> Node {
    let mut rows: Vec<Row> = links::live_details(link).into_iter().map(Row::Detail).collect();
    let shown = snapshot.addresses(link.index).iter();
    rows.extend(
        shown
            .filter(|address| address.scope.0 != 253)
            .map(|address| Row::Address(address.to_string())),
    );
    rows.extend(snapshot.routes(link.index).iter().filter_map(|route| {
        let via = route.via.filter(|_| route.is_default())?;
        Some(Row::Gateway(format!("gateway {via}")))
    }));
    Node {
        name: link.name.to_string(),
        class: Class::Link(link.kind.row().drawn),
        label: label(&link.kind, link.name.as_str()),
        state: links::state(link),
        rows,
        layer: 0,
    }
}
