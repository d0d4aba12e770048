//! The topology as an SVG picture: one file, no script, no font of its own, readable on light and dark pages.

use super::layout::{self, Item, Layout, Measure};
use super::topology::{Class, Node, Row, Topology};
use super::tracks::{self, Net};
use crate::links::LinkState;
use cleat_diag::escaped;
use cleat_model::kinds::Drawn;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Width of one character of the monospace face at 13 px; generous, since faces differ.
const GLYPH: f64 = 8.1;
const LINE: i64 = 19;
const HEAD: i64 = 34;
const PAD: i64 = 12;
const GUTTER: i64 = 84;
const MARGIN: i64 = 28;
const LEGEND: i64 = 44;
/// A line that climbs more than this runs upright.
const STEEP: i64 = 130;
/// Radius of its corners.
const BEND: i64 = 10;

/// Where a box or a passing line ended up. *Units*: pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Left edge.
    pub x: i64,
    /// Upper edge.
    pub y: i64,
    /// Width.
    pub width: i64,
    /// Height.
    pub height: i64,
}

/// Colours of one class: frame on light, fill on light, frame on dark, fill on dark.
fn colours(class: Class) -> [&'static str; 4] {
    match class {
        Class::Link(Drawn::Nic) => ["#4a5a6a", "#eef2f6", "#9fb0c0", "#232b33"],
        Class::Link(Drawn::Bond) => ["#9a5b00", "#fff3df", "#e0a44a", "#33270f"],
        Class::Link(Drawn::Vlan) => ["#6b3fa0", "#f3ecfb", "#b894e6", "#2a1f38"],
        Class::Link(Drawn::Tunnel) => ["#a0365f", "#fdebf2", "#e68cb0", "#381c28"],
        Class::Link(Drawn::Bridge) => ["#12609e", "#e6f2fc", "#6db3ec", "#12293b"],
        Class::Link(Drawn::Vrf) => ["#6a6200", "#f8f6d8", "#cfc452", "#2c2a0d"],
        Class::Guests => ["#1f7a4d", "#e7f7ee", "#63c795", "#122e20"],
    }
}

fn class_name(class: Class) -> &'static str {
    match class {
        Class::Link(Drawn::Nic) => "nic",
        Class::Link(Drawn::Bond) => "bond",
        Class::Link(Drawn::Vlan) => "vlan",
        Class::Link(Drawn::Tunnel) => "tunnel",
        Class::Link(Drawn::Bridge) => "bridge",
        Class::Link(Drawn::Vrf) => "vrf",
        Class::Guests => "guests",
    }
}

fn state_name(state: LinkState) -> &'static str {
    match state {
        LinkState::Unknown => "unknown",
        LinkState::Up => "up",
        LinkState::NoCarrier => "idle",
        LinkState::Down => "down",
        LinkState::Missing => "missing",
    }
}

const CLASSES: [Class; 7] = [
    Class::Link(Drawn::Nic),
    Class::Link(Drawn::Bond),
    Class::Link(Drawn::Vlan),
    Class::Link(Drawn::Tunnel),
    Class::Link(Drawn::Bridge),
    Class::Link(Drawn::Vrf),
    Class::Guests,
];

/// The picture as the text of an SVG file, with `title` as its name.
pub fn draw(topology: &Topology, title: &str) -> String {
    let (layout, lefts, widths) = arrange(topology);
    let nets = tracks::nets(&layout).unwrap_or_default();
    let right = match (lefts.last(), widths.last()) {
        (Some(left), Some(width)) => left + width,
        _ => MARGIN,
    };
    let classes: BTreeSet<Class> = topology.nodes.iter().map(|node| node.class).collect();
    let states: BTreeSet<LinkState> = topology
        .nodes
        .iter()
        .map(|node| node.state)
        .filter(|state| *state != LinkState::Unknown)
        .collect();
    let (legend, legend_width) = legend(&classes, &states, MARGIN + layout.height + MARGIN + 14);
    let width = (right + MARGIN).max(legend_width + MARGIN);
    let height = MARGIN + layout.height + MARGIN + LEGEND;

    let mut out = String::new();
    let title = escape(title);
    // Writing into a String cannot fail.
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>{title}</title>\n<style>\n{}</style>\n\
         <rect class=\"page\" width=\"{width}\" height=\"{height}\" rx=\"10\"/>\n",
        style(&classes)
    );
    for (index, edge) in topology.edges.iter().enumerate() {
        let class = if edge.broken { "edge broken" } else { "edge" };
        let _ = writeln!(
            out,
            "<path class=\"{class}\" d=\"{}\"/>",
            line(&layout, &nets, index, &lefts, &widths)
        );
    }
    for cell in &layout.cells {
        if let Some(item) = cell.item {
            let place = Placed {
                x: lefts[cell.layer],
                y: MARGIN + cell.top,
                width: widths[cell.layer],
                height: cell.height,
            };
            out += &node(&topology.nodes[item], place);
        }
    }
    out += &legend;
    out += "</svg>\n";
    out
}

/// Where every box of the topology is drawn, in the order of its nodes, and then every passing line.
pub fn places(topology: &Topology) -> Vec<Placed> {
    let (layout, lefts, widths) = arrange(topology);
    let place = |cell: &layout::Cell| Placed {
        x: lefts[cell.layer],
        y: MARGIN + cell.top,
        width: widths[cell.layer],
        height: cell.height,
    };
    layout.cells.iter().map(place).collect()
}

fn arrange(topology: &Topology) -> (Layout, Vec<i64>, Vec<i64>) {
    let items: Vec<Item> = topology
        .nodes
        .iter()
        .map(|node| Item {
            layer: node.layer,
            height: height(node),
            anchor: HEAD / 2,
        })
        .collect();
    let edges: Vec<(usize, usize)> = topology.edges.iter().map(|edge| (edge.lower, edge.upper)).collect();
    let measure = Measure {
        gap: 16,
        wire: 8,
        staggered: false,
    };
    let layout = layout::place(&items, &edges, measure);
    let mut widths = vec![0; layout.layers.len()];
    for node in &topology.nodes {
        widths[node.layer] = widths[node.layer].max(box_width(node));
    }
    let mut x = MARGIN;
    let mut lefts = Vec::with_capacity(widths.len());
    for width in &widths {
        lefts.push(x);
        x += width + GUTTER;
    }
    (layout, lefts, widths)
}

fn height(node: &Node) -> i64 {
    match node.rows.len() as i64 {
        0 => HEAD,
        rows => HEAD + rows * LINE + 8,
    }
}

fn text_width(text: &str) -> i64 {
    (text.chars().count() as f64 * GLYPH).ceil() as i64
}

fn box_width(node: &Node) -> i64 {
    // Mark, name, room, label in the headline; rows below it, those of ports with a mark.
    let headline = 16 + text_width(&node.name) + 18 + text_width(&node.label);
    let rows = node.rows.iter().map(|row| match row {
        Row::Port(text, _) => 16 + text_width(text),
        other => text_width(other.text()),
    });
    2 * PAD + rows.chain([headline]).max().unwrap_or(0)
}

/// One line from box to box, through the cells it passes: level through layers; in a gutter an S, or, where it climbs
/// far, upright in the track of its group, so that a wide fan looks like a bus and not like a cone.
fn line(layout: &Layout, nets: &[Net], edge: usize, lefts: &[i64], widths: &[i64]) -> String {
    let mut path = String::new();
    for piece in layout.pieces.iter().filter(|piece| piece.edge == edge) {
        let (from, to) = (&layout.cells[piece.left], &layout.cells[piece.right]);
        let (x1, y1) = (lefts[from.layer] + widths[from.layer], MARGIN + from.row());
        let (x2, y2) = (lefts[to.layer], MARGIN + to.row());
        let start = if path.is_empty() { "M" } else { " L" };
        let net = nets
            .iter()
            .find(|net| net.lefts.contains(&piece.left) && net.rights.contains(&piece.right));
        match net {
            Some(net) if y1 != y2 && is_steep(layout, net) => {
                let beside = nets.iter().filter(|other| other.gutter == net.gutter);
                let tracks = beside.map(|other| other.track + 1).max().unwrap_or(1) as i64;
                let x = x1 + GUTTER * (net.track as i64 + 1) / (tracks + 1);
                let round = BEND.min((x - x1).abs()).min((x2 - x).abs()).min((y2 - y1).abs() / 2);
                let toward = round * (y2 - y1).signum();
                let _ = write!(
                    path,
                    "{start}{x1} {y1} H{} Q{x} {y1} {x} {} V{} Q{x} {y2} {} {y2} H{x2}",
                    x - round,
                    y1 + toward,
                    y2 - toward,
                    x + round
                );
            }
            _ => {
                let bend = (x2 - x1) / 2;
                let _ = write!(
                    path,
                    "{start}{x1} {y1} C{} {y1} {} {y2} {x2} {y2}",
                    x1 + bend,
                    x2 - bend
                );
            }
        }
    }
    path
}

/// Whether any line of the group climbs far; then all of it runs upright.
fn is_steep(layout: &Layout, net: &Net) -> bool {
    let row = |cell: &usize| layout.cells[*cell].row();
    net.lefts
        .iter()
        .any(|left| net.rights.iter().any(|right| (row(left) - row(right)).abs() > STEEP))
}

fn node(node: &Node, at: Placed) -> String {
    let mut out = String::new();
    let missing = if node.state == LinkState::Missing { " gone" } else { "" };
    let (left, top) = (at.x + PAD, at.y + HEAD / 2 + 5);
    let _ = write!(
        out,
        "<g class=\"{}{missing}\">\n<title>{}</title>\n<rect class=\"box\" x=\"{}\" y=\"{}\" width=\"{}\" \
         height=\"{}\" rx=\"7\"/>\n",
        class_name(node.class),
        escape(&summary(node)),
        at.x,
        at.y,
        at.width,
        at.height
    );
    let name_at = match node.state {
        LinkState::Unknown => left,
        state => {
            out += &dot(left + 4, top - 5, state);
            left + 16
        }
    };
    let _ = write!(
        out,
        "<text class=\"name\" x=\"{name_at}\" y=\"{top}\">{}</text>\n\
         <text class=\"label\" x=\"{}\" y=\"{top}\" text-anchor=\"end\">{}</text>\n",
        escape(&node.name),
        at.x + at.width - PAD,
        escape(&node.label)
    );
    let mut line = at.y + HEAD + 11;
    for row in &node.rows {
        let (class, x) = match row {
            Row::Address(_) => ("address", left),
            Row::Gateway(_) | Row::Detail(_) => ("detail", left),
            Row::Port(_, state) => {
                out += &dot(left + 4, line - 4, *state);
                ("port", left + 16)
            }
        };
        let _ = writeln!(
            out,
            "<text class=\"{class}\" x=\"{x}\" y=\"{line}\">{}</text>",
            escape(row.text())
        );
        line += LINE;
    }
    out += "</g>\n";
    out
}

/// What a pointer that rests on the box is told.
fn summary(node: &Node) -> String {
    let state = match node.state {
        LinkState::Unknown => String::new(),
        state => format!(", {}", state.word()),
    };
    let rows: Vec<&str> = node.rows.iter().map(Row::text).collect();
    let rows = if rows.is_empty() {
        String::new()
    } else {
        format!(": {}", rows.join(", "))
    };
    format!("{} ({}{state}){rows}", node.name, node.label)
}

fn dot(x: i64, y: i64, state: LinkState) -> String {
    format!(
        "<circle class=\"{}\" cx=\"{x}\" cy=\"{y}\" r=\"4.5\"/>\n",
        state_name(state)
    )
}

fn legend(classes: &BTreeSet<Class>, states: &BTreeSet<LinkState>, y: i64) -> (String, i64) {
    let mut out = String::from("<g>\n");
    let mut x = MARGIN;
    for class in classes {
        let _ = write!(
            out,
            "<g class=\"{}\"><rect class=\"box\" x=\"{x}\" y=\"{y}\" width=\"22\" height=\"14\" rx=\"4\"/></g>\n\
             <text class=\"key\" x=\"{}\" y=\"{}\">{}</text>\n",
            class_name(*class),
            x + 29,
            y + 11,
            class.legend()
        );
        x += 29 + text_width(class.legend()) + 18;
    }
    for state in states {
        out += &dot(x + 5, y + 7, *state);
        let _ = writeln!(
            out,
            "<text class=\"key\" x=\"{}\" y=\"{}\">{}</text>",
            x + 15,
            y + 11,
            state.word()
        );
        x += 15 + text_width(state.word()) + 18;
    }
    out += "</g>\n";
    (out, x)
}

fn style(classes: &BTreeSet<Class>) -> String {
    let mut out = String::from(
        ".page{fill:#ffffff}\n\
         text{font:13px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:#1c242c}\n\
         .name{font-weight:bold}\n.label,.key{font-size:12px;fill:#5b6670}\n.address{fill:#0b5a8f}\n\
         .detail{fill:#46525d}\n.port{fill:#1c242c}\n.box{stroke-width:1.5}\n\
         .gone .box{stroke:#c0392b;stroke-dasharray:6 4;fill:#fdf3f2}\n\
         .edge{fill:none;stroke:#8896a3;stroke-width:2}\n.broken{stroke:#c0392b;stroke-dasharray:6 5}\n\
         .up{fill:#2e9e5b}\n.idle{fill:#e0a100}\n.down{fill:none;stroke:#7c8894;stroke-width:1.6}\n.missing{fill:#c0392b}\n",
    );
    let mut dark = String::from(
        ".page{fill:#14181d}text{fill:#e4eaf0}.label,.key{fill:#9aa6b2}.address{fill:#7cc4f5}.detail{fill:#b3bec8}\
         .port{fill:#e4eaf0}.edge{stroke:#66737f}.broken{stroke:#e0695c}",
    );
    for class in CLASSES.iter().filter(|class| classes.contains(class)) {
        let [frame, fill, dark_frame, dark_fill] = colours(*class);
        let name = class_name(*class);
        let _ = writeln!(out, ".{name} .box{{stroke:{frame};fill:{fill}}}");
        let _ = write!(dark, ".{name} .box{{stroke:{dark_frame};fill:{dark_fill}}}");
    }
    // Last, so that it wins over the class.
    out += ".gone .box{stroke:#c0392b;fill:#fdf3f2}\n";
    dark += ".gone .box{stroke:#e0695c;fill:#2e1a18}";
    let _ = writeln!(out, "@media (prefers-color-scheme:dark){{{dark}}}");
    out
}

/// A text as XML takes it; characters that XML 1.0 does not allow become U+FFFD.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            // SVG runs blanks together; columns of a port's text are meant.
            ' ' if out.ends_with([' ', '\u{a0}']) => out.push('\u{a0}'),
            '\t' | '\n' | '\r' => out.push(' '),
            c if (c as u32) < 0x20 || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            // What turns the direction of writing would show another name.
            c => out += &escaped(c.encode_utf8(&mut [0; 4])),
        }
    }
    out
}
