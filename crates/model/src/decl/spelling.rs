//! Slips of the pen that leave a link without what decides it: `bridge-port eno1`, `adress 192.0.2.1/24`.

use super::{Decl, Said};
use crate::hash::Map;
use crate::table;
use cleat_diag::Diagnostic;

/// Makes an error of each unknown option whose nearest name decides what the link is or how it is reached, where the link
/// is left without that option: a reload would take it away.
pub(super) fn slips<'a>(decls: impl Iterator<Item = &'a Decl>, found: &mut [Diagnostic]) {
    let unknown = found
        .iter()
        .enumerate()
        .filter(|(_, fault)| fault.code == "unknown-option");
    let at: Map<(u32, u32), usize> = unknown
        .filter_map(|(at, fault)| Some((start(fault.label.as_ref()?.place), at)))
        .collect();
    if at.is_empty() {
        return;
    }
    for decl in decls {
        for said in decl
            .options
            .iter()
            .filter(|said| said.attr.is_none() && !said.inherited)
        {
            let Some(fault) = at.get(&start(said.key.place)) else {
                continue;
            };
            if let (Some(meant), Some(fault)) = (meant(decl, said), found.get_mut(*fault)) {
                *fault = slip(decl, fault, said, meant);
            }
        }
    }
}

fn start(place: cleat_diag::Place) -> (u32, u32) {
    (place.file.0, place.span.start)
}

/// The deciding option that was meant, where the link has none of it.
fn meant(decl: &Decl, said: &Said) -> Option<&'static str> {
    let row = table::find(table::nearest(&said.key.value)?)?;
    let has = match row.name {
        // Each stanza has addresses of its own.
        "address" | "gateway" | "pointopoint" => decl.all(row.name).any(|other| other.stanza == said.stanza),
        // An address with its length needs none.
        "netmask" => decl
            .options
            .iter()
            .filter(|other| other.stanza == said.stanza)
            .any(|other| other.name() == "netmask" || (other.name() == "address" && other.value.text.contains('/'))),
        name => decl.last(name).is_some(),
    };
    (table::decides(row.name) && !has).then_some(row.name)
}

fn slip(decl: &Decl, unknown: &Diagnostic, said: &Said, meant: &str) -> Diagnostic {
    let message = format!("{}, and `{}` has no `{meant}`", unknown.message, decl.logical);
    Diagnostic::error("misspelt-option", message)
        .at(said.key.place, "without effect")
        .on(&decl.logical)
        .help(format!("write `{meant}`, or remove this line"))
}
