//! The topology as an indented list, for terminals that are too narrow for the picture.

use super::canvas::{Canvas, Ink};
use super::style::{Style, state_ink};
use super::topology::{Class, Row, Topology};
use std::collections::BTreeSet;

/// Every box that nothing rests on, and below it what it rests on; guests stand under their bridge.
pub fn draw(topology: &Topology, style: Style) -> String {
    let mut canvas = Canvas::new(style.ascii);
    let mut list = List {
        topology,
        style,
        row: 0,
        told: BTreeSet::new(),
    };
    let rested_on = |node: usize| {
        let on_it = topology.edges.iter().filter(|edge| edge.lower == node);
        on_it.map(|edge| edge.upper).any(|upper| !is_guests(topology, upper))
    };
    for node in 0..topology.nodes.len() {
        if !is_guests(topology, node) && !rested_on(node) {
            list.node(&mut canvas, node, "", "");
        }
    }
    canvas.print(style.color)
}

fn is_guests(topology: &Topology, node: usize) -> bool {
    topology.nodes[node].class == Class::Guests
}

struct List<'a> {
    topology: &'a Topology,
    style: Style,
    row: i64,
    told: BTreeSet<usize>,
}

impl List<'_> {
    fn node(&mut self, canvas: &mut Canvas, at: usize, lead: &str, follow: &str) {
        let node = &self.topology.nodes[at];
        let mut column = 0;
        let mut write = |text: &str, ink: Ink, row: i64| {
            canvas.text(row, column, text, ink);
            column += text.chars().count() as i64;
        };
        write(lead, Ink::Faint, self.row);
        let mark = node.state.mark(self.style.ascii);
        let guests = node.class == Class::Guests;
        if !mark.is_empty() && !guests {
            write(mark, state_ink(node.state), self.row);
            write(" ", Ink::Plain, self.row);
        }
        write(&node.name, if guests { Ink::Faint } else { Ink::Bold }, self.row);
        if !guests {
            write(&format!(" {}", node.label), Ink::Faint, self.row);
        }
        if !self.told.insert(at) {
            write(" (see above)", Ink::Faint, self.row);
            self.row += 1;
            return;
        }
        let mut ports = Vec::new();
        for row in &node.rows {
            let (text, ink) = match row {
                Row::Address(text) | Row::Gateway(text) => (text, Ink::Cyan),
                Row::Detail(text) => (text, Ink::Plain),
                Row::Port(text, state) => {
                    ports.push((text, *state));
                    continue;
                }
            };
            write("  ", Ink::Plain, self.row);
            write(text, ink, self.row);
        }
        self.row += 1;
        let lowers = self.topology.edges.iter().filter(|edge| edge.upper == at && !guests);
        let uppers = self.topology.edges.iter().filter(|edge| edge.lower == at);
        let ports_of = uppers
            .map(|edge| edge.upper)
            .filter(|upper| is_guests(self.topology, *upper));
        let below: Vec<usize> = lowers.map(|edge| edge.lower).chain(ports_of).collect();
        let (tee, last, bar) = match self.style.ascii {
            true => ("|- ", "`- ", "|  "),
            false => ("├─ ", "╰─ ", "│  "),
        };
        for (index, (text, state)) in ports.iter().enumerate() {
            let branch = if index + 1 == ports.len() { last } else { tee };
            let lead = format!("{follow}{branch}");
            canvas.text(self.row, 0, &lead, Ink::Faint);
            let column = lead.chars().count() as i64;
            canvas.text(self.row, column, state.mark(self.style.ascii), state_ink(*state));
            canvas.text(self.row, column + 2, text, Ink::Magenta);
            self.row += 1;
        }
        for (index, child) in below.iter().enumerate() {
            let (branch, pad) = match index + 1 == below.len() {
                true => (last, "   "),
                false => (tee, bar),
            };
            self.node(canvas, *child, &format!("{follow}{branch}"), &format!("{follow}{pad}"));
        }
    }
}
