//! The topology as a picture of characters.

use super::canvas::{Canvas, Ink};
use super::layout::{self, Item, Layout, Measure};
use super::style::{Style, state_ink};
use super::topology::{Class, Node, Row, Topology};
use super::tracks::{Net, nets};
use crate::links::LinkState;
use cleat_diag::escaped;
use std::collections::BTreeSet;

/// Least room between two layers.
const GUTTER: i64 = 3;

/// Draws boxes from left (NICs) to right (guests); as an outline where that is wider than the terminal.
pub fn draw(topology: &Topology, style: Style) -> String {
    if topology.nodes.is_empty() {
        return "nothing to draw: no interface but lo\n".to_owned();
    }
    let topology = &shown(topology);
    let mut text = picture(topology, style, 1)
        .or_else(|| picture(topology, style, 0))
        .unwrap_or_else(|| super::outline::draw(topology, style));
    if let Some(legend) = legend(topology, style) {
        text += &format!("\n{legend}\n");
    }
    text
}

/// The same with its texts as they are written, so that boxes have the width of what is in them.
fn shown(topology: &Topology) -> Topology {
    let mut shown = topology.clone();
    for node in &mut shown.nodes {
        node.name = escaped(&node.name).into_owned();
        for row in &mut node.rows {
            let (Row::Address(text) | Row::Gateway(text) | Row::Detail(text) | Row::Port(text, _)) = row;
            *text = escaped(text).into_owned();
        }
    }
    shown
}

/// `* up  x missing`: the marks that are in the picture; nothing where none is.
fn legend(topology: &Topology, style: Style) -> Option<String> {
    let states = topology.nodes.iter().flat_map(|node| {
        let ports = node.rows.iter().filter_map(|row| match row {
            Row::Port(_, state) => Some(*state),
            _ => None,
        });
        ports.chain([node.state])
    });
    let states: BTreeSet<LinkState> = states.filter(|state| *state != LinkState::Unknown).collect();
    let words: Vec<String> = states
        .iter()
        .map(|state| format!("{} {}", state.mark(style.ascii), state.word()))
        .collect();
    (!words.is_empty()).then(|| words.join("   "))
}

/// Mark and name, as printed in a box.
fn headline(node: &Node, style: Style) -> String {
    match node.state.mark(style.ascii) {
        "" => node.name.clone(),
        mark => format!("{mark} {}", node.name),
    }
}

fn row_text(row: &Row, style: Style) -> String {
    match row {
        Row::Port(text, state) => format!("{} {text}", state.mark(style.ascii)),
        other => other.text().to_owned(),
    }
}

fn box_width(node: &Node, style: Style, pad: usize) -> usize {
    let texts = node.rows.iter().map(|row| row_text(row, style).chars().count());
    let text = texts.chain([headline(node, style).chars().count()]).max().unwrap_or(0);
    // The label in the upper edge has a corner, a line and a blank on its left, a blank and a corner on its right.
    (text + 2 + 2 * pad).max(node.label.chars().count() + 5 + pad)
}

/// The rows inside the frame: a guest box needs no headline, its ports say all.
fn box_height(node: &Node) -> i64 {
    let headline = usize::from(node.class != Class::Guests);
    (node.rows.len() + headline + 2) as i64
}

/// Boxes and lines, with `pad` blanks between frame and text; nothing where that is too wide.
fn picture(topology: &Topology, style: Style, pad: usize) -> Option<String> {
    let items: Vec<Item> = topology
        .nodes
        .iter()
        .map(|node| Item {
            layer: node.layer,
            height: box_height(node),
            anchor: 1,
        })
        .collect();
    let edges: Vec<(usize, usize)> = topology.edges.iter().map(|edge| (edge.lower, edge.upper)).collect();
    let measure = |staggered| Measure {
        gap: 0,
        wire: 1,
        staggered,
    };
    let straight = layout::place(&items, &edges, measure(false));
    let (layout, nets) = match nets(&straight) {
        Some(nets) => (straight, nets),
        None => {
            let staggered = layout::place(&items, &edges, measure(true));
            let nets = nets(&staggered)?;
            (staggered, nets)
        }
    };
    let mut widths = vec![0i64; layout.layers.len()];
    for node in &topology.nodes {
        widths[node.layer] = widths[node.layer].max(box_width(node, style, pad) as i64);
    }
    let mut lefts = Vec::with_capacity(widths.len());
    let mut x = 0;
    for (layer, width) in widths.iter().enumerate() {
        lefts.push(x);
        let tracks = nets.iter().filter(|net| net.gutter == layer).map(|net| net.track + 1);
        x += width + GUTTER.max(tracks.max().unwrap_or(0) as i64 + 2);
    }
    let total = lefts.last()? + widths.last()?;
    if total > style.width as i64 {
        return None;
    }
    let mut canvas = Canvas::new(style.ascii);
    for cell in &layout.cells {
        let (left, width) = (lefts[cell.layer], widths[cell.layer]);
        match cell.item {
            Some(item) => draw_box(
                &mut canvas,
                &topology.nodes[item],
                (cell.top, left),
                (width, pad),
                style,
            ),
            None => canvas.level(passing_net(&layout, &nets, cell), cell.row(), left - 1, left + width),
        }
    }
    for (id, net) in nets.iter().enumerate() {
        draw_net(&mut canvas, &layout, id, net, (&lefts, &widths));
    }
    Some(canvas.print(style.color))
}

fn draw_box(canvas: &mut Canvas, node: &Node, (top, left): (i64, i64), (width, pad): (i64, usize), style: Style) {
    let missing = node.state == LinkState::Missing;
    canvas.frame((top, left), (box_height(node), width), &node.label, missing);
    let (mut row, text_at) = (top + 1, left + 1 + pad as i64);
    if node.class != Class::Guests {
        let mark = node.state.mark(style.ascii);
        canvas.text(row, text_at, mark, state_ink(node.state));
        let shift = if mark.is_empty() { 0 } else { 2 };
        canvas.text(row, text_at + shift, &node.name, Ink::Bold);
        row += 1;
    }
    for line in &node.rows {
        match line {
            Row::Port(text, state) => {
                canvas.text(row, text_at, state.mark(style.ascii), state_ink(*state));
                canvas.text(row, text_at + 2, text, Ink::Magenta);
            }
            Row::Address(text) | Row::Gateway(text) => canvas.text(row, text_at, text, Ink::Cyan),
            Row::Detail(text) => canvas.text(row, text_at, text, Ink::Plain),
        }
        row += 1;
    }
}

/// A passing line belongs to the group that brings it, so that it joins that one.
fn passing_net(layout: &Layout, nets: &[Net], cell: &layout::Cell) -> usize {
    let is_it = |at: &usize| layout.cells[*at] == *cell;
    let brings = nets.iter().position(|net| net.rights.iter().any(is_it));
    brings.unwrap_or(usize::MAX)
}

fn draw_net(canvas: &mut Canvas, layout: &Layout, id: usize, net: &Net, (lefts, widths): (&[i64], &[i64])) {
    let from = lefts[net.gutter] + widths[net.gutter];
    let to = lefts[net.gutter + 1] - 1;
    let track = from + 1 + net.track as i64;
    for left in &net.lefts {
        let cell = &layout.cells[*left];
        canvas.level(id, cell.row(), from - 1, track);
        if cell.item.is_some() {
            canvas.joint(cell.row(), from - 1, true);
        }
    }
    for right in &net.rights {
        let cell = &layout.cells[*right];
        canvas.level(id, cell.row(), track, to + 1);
        if cell.item.is_some() {
            canvas.joint(cell.row(), to + 1, false);
        }
    }
    let (top, bottom) = net.span(layout);
    canvas.upright(id, track, top, bottom);
}
