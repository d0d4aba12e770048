//! Which interface depends on which, as text and for Graphviz.

use crate::read::session::with_lowers;
use cleat_diag::escaped;
use cleat_model::desired::Desired;
use cleat_model::name::IfName;
use std::fmt::Write;

/// One line for each interface: itself and what must be there before it.
///
/// *Shape*: `vmbr0 : ['eno1']`, as ifupdown2 prints it.
pub fn list(desired: &Desired, names: &[IfName]) -> String {
    let mut text = String::new();
    for (name, lowers) in edges(desired, names) {
        let quoted: Vec<String> = lowers
            .iter()
            .map(|lower| format!("'{}'", lower.as_str().replace('\'', "\\'")))
            .collect();
        let _ = writeln!(text, "{name} : [{}]", quoted.join(", "));
    }
    text
}

/// The same for Graphviz: an arrow from each interface to what must be there before it.
pub fn dot(desired: &Desired, names: &[IfName]) -> String {
    let mut text = "digraph interfaces {\n\trankdir=BT;\n\tnode [shape=box];\n".to_owned();
    for (name, lowers) in edges(desired, names) {
        let name = id(name);
        let _ = writeln!(text, "\t{name};");
        for lower in lowers {
            let _ = writeln!(text, "\t{name} -> {};", id(lower));
        }
    }
    text.push_str("}\n");
    text
}

/// A name as a quoted identifier, which is the label, too.
///
/// *Source*: the DOT language of Graphviz, "escString": a backslash in a label stands for itself where it is doubled.
fn id(name: IfName) -> String {
    let name = escaped(name.as_str()).replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{name}\"")
}

/// The interfaces named and all that they depend on, lower ones first.
fn edges(desired: &Desired, names: &[IfName]) -> Vec<(IfName, Vec<IfName>)> {
    let wanted = with_lowers(desired, names);
    let links = desired.links().iter().filter(|link| wanted.contains(&link.name));
    links
        .map(|link| (link.name, link.lower().map(|lower| lower.name).collect()))
        .collect()
}
