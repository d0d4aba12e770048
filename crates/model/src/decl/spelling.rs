//! Slips of the pen that leave a link without what decides it: `bridge-port eno1`, `adress 192.0.2.1/24`.

use super::{Decl, Decls, Said};
use crate::attr::On;
use crate::hash::{Map, Set};
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
        let mut has = None;
        for said in decl
            .options
            .iter()
            .filter(|said| said.attr.is_none() && !said.inherited)
        {
            let Some(fault) = at.get(&start(said.key.place)) else {
                continue;
            };
            let has = has.get_or_insert_with(|| Has::of(decl));
            if let (Some(meant), Some(fault)) = (meant(has, said), found.get_mut(*fault)) {
                *fault = slip(decl, fault, said, meant);
            }
        }
    }
}

/// Makes an error of each unknown option that was to be the line of a class, such as `aut eno1`: an interface with a stanza
/// would not come up.
pub(super) fn classes(decls: &Decls, found: &mut [Diagnostic]) {
    let unknown = found.iter_mut().filter(|fault| fault.code == "unknown-option");
    let mut at: Map<(u32, u32), &mut Diagnostic> = unknown
        .filter_map(|fault| Some((start(fault.label.as_ref()?.place), fault)))
        .collect();
    if at.is_empty() {
        return;
    }
    for said in decls
        .iter()
        .flat_map(|decl| &decl.options)
        .filter(|said| said.attr.is_none())
    {
        let Some(meant) = cleat_eni::class_meant(&said.key.value) else {
            continue;
        };
        let mut words = said.value.text.split_whitespace().peekable();
        let names_some = words.peek().is_some() && words.all(|word| decls.has_logical(word));
        let Some(fault) = at.get_mut(&start(said.key.place)).filter(|_| names_some) else {
            continue;
        };
        **fault = Diagnostic::error(
            "misspelt-stanza",
            format!("`{}` does not begin a stanza", said.key.value),
        )
        .at(said.key.place, "left out")
        .help(format!("did you mean `{meant}`?"));
    }
}

fn start(place: cleat_diag::Place) -> (u32, u32) {
    (place.file.0, place.span.start)
}

/// The deciding options that a link has: by the name of the row, and for those of addresses by the stanza as well, since
/// each stanza has addresses of its own.
#[derive(Default)]
struct Has<'a> {
    of_link: Set<&'a str>,
    of_stanza: Set<(usize, &'a str)>,
}

impl<'a> Has<'a> {
    fn of(decl: &'a Decl) -> Self {
        let mut has = Self::default();
        for said in decl.options.iter().filter(|said| said.attr.is_some()) {
            has.of_link.insert(said.name());
            has.of_stanza.insert((said.stanza, said.name()));
            // An address with its length needs no mask.
            if said.name() == "address" && said.value.text.contains('/') {
                has.of_stanza.insert((said.stanza, "netmask"));
            }
        }
        has
    }
}

/// The deciding option that was meant, where the link has none of it.
fn meant(has: &Has, said: &Said) -> Option<&'static str> {
    let row = table::find(table::nearest(&said.key.value)?)?;
    let has = match row.on {
        On::Address => has.of_stanza.contains(&(said.stanza, row.name)),
        _ => has.of_link.contains(row.name),
    };
    (row.decides && !has).then_some(row.name)
}

fn slip(decl: &Decl, unknown: &Diagnostic, said: &Said, meant: &str) -> Diagnostic {
    let message = format!("{}, and `{}` has no `{meant}`", unknown.message, decl.logical);
    Diagnostic::error("misspelt-option", message)
        .at(said.key.place, "without effect")
        .on(&decl.logical)
        .help(format!("write `{meant}`, or remove this line"))
}
