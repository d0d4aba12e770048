//! From stanzas to interfaces.

use super::classes::{self, Mark};
use super::heritage::{Gathered, Heritage};
use super::{Decl, Decls, Method, Row, Said, Stanza, options, spelling};
use crate::attr::{On, Spread, Times};
use crate::desired::{Hook, Phase};
use crate::hash::{Map, Set};
use crate::name::{IfName, NameError};
use cleat_diag::{Diagnostic, Place, Span, Spanned};
use cleat_eni::{Family, Iface, Item};

/// Merges all stanzas of each name, finds the row of each option and types its value. Never fails: what is wrong is
/// reported and left out.
///
/// *Shape*: `items` in reading order, included files at the place of their `source` line.
pub fn declare<'a>(items: impl IntoIterator<Item = &'a Item>) -> (Decls, Vec<Diagnostic>) {
    let items: Vec<&Item> = items.into_iter().collect();
    let mut found = Vec::new();
    let mut decls = Decls::default();
    let stanzas: Vec<&Iface> = items
        .iter()
        .filter_map(|item| match item {
            Item::Iface(iface) => Some(iface),
            _ => None,
        })
        .collect();
    let mut heritage = Heritage::of(&stanzas);
    let inherited: Set<&str> = stanzas
        .iter()
        .flat_map(|stanza| stanza.inherits.iter().map(|word| word.value.as_str()))
        .collect();
    let mapped: Set<&str> = items.iter().flat_map(|item| logical_names(item)).collect();
    decls.reserve(stanzas.len());
    for stanza in &stanzas {
        let name = stanza.name.value.as_str();
        let only_logical =
            stanza.template || (IfName::new(name).is_err() && (inherited.contains(name) || mapped.contains(name)));
        let options = heritage.gather(stanza, &mut found);
        match cleat_eni::expand_range(name) {
            Some(names) => names
                .iter()
                .for_each(|name| add(name, stanza, &options, only_logical, &mut decls, &mut found)),
            None => add(name, stanza, &options, only_logical, &mut decls, &mut found),
        }
    }
    for item in &items {
        match item {
            Item::Mapping(mapping) => decls.mappings.push(mapping.clone()),
            Item::Rename(pairs) => decls.renames.extend(pairs.iter().cloned()),
            _ => {}
        }
    }
    for item in items {
        match item {
            Item::Auto(class) => classes::apply(class, Mark::Class, &mut decls, &mut found),
            Item::NoAutoDown(class) => classes::apply(class, Mark::NoAutoDown, &mut decls, &mut found),
            Item::NoScripts(class) => classes::apply(class, Mark::NoScripts, &mut decls, &mut found),
            Item::Iface(_) | Item::Mapping(_) | Item::Rename(_) | Item::Source(_) | Item::SourceDirectory(_) => {}
        }
    }
    spelling::classes(&decls, &mut found);
    spelling::slips(decls.decls.iter().chain(decls.logical.values()), &mut found);
    for decl in decls.decls.iter_mut().chain(decls.logical.values_mut()) {
        found.extend(repeated(decl));
    }
    (decls, found)
}

/// Logical names that class lines and mappings point at.
fn logical_names(item: &Item) -> Vec<&str> {
    match item {
        Item::Auto(class) => {
            let pairs = class.names.iter().filter_map(|word| word.value.split_once('='));
            pairs.map(|(_, logical)| logical).collect()
        }
        Item::Mapping(mapping) => {
            let last = |map: &'_ cleat_eni::Value| map.text.rfind(char::is_whitespace).map_or(0, |at| at + 1);
            mapping.maps.iter().map(|map| &map.text[last(map)..]).collect()
        }
        _ => Vec::new(),
    }
}

fn add(
    full: &str,
    stanza: &Iface,
    options: &Gathered,
    only_logical: bool,
    decls: &mut Decls,
    found: &mut Vec<Diagnostic>,
) {
    let Some(method) = method(stanza, full, found) else {
        return;
    };
    let (name, label) = match full.split_once(':') {
        Some((base, _)) => (base, Some(full.to_owned())),
        None => (full, None),
    };
    let new = |name: IfName| Decl::new(name, full, stanza.place, stanza.name.place);
    let checked = IfName::new(name);
    if let (Err(error), false) = (&checked, only_logical) {
        found.push(bad_name(full, error, stanza));
        return;
    }
    // A logical name alone need not be one that the kernel takes; it is never used as one.
    let Ok(name) = checked.or_else(|_| IfName::new("logical")) else {
        return;
    };
    let decl = match only_logical {
        true => decls.logical.entry(full.to_owned()).or_insert_with(|| new(name)),
        false => {
            if decls.get(name).is_none() {
                decls.insert(new(name));
            }
            match decls.by_name.get(&name).copied() {
                Some(at) => &mut decls.decls[at],
                None => return,
            }
        }
    };
    extend(decl, full, stanza, method, label, options, found);
}

/// Adds one stanza to an interface.
fn extend(
    decl: &mut Decl,
    full: &str,
    stanza: &Iface,
    (method, method_said): (Method, bool),
    label: Option<String>,
    options: &Gathered,
    found: &mut Vec<Diagnostic>,
) {
    let index = decl.stanzas.len();
    let end = stanza
        .options
        .last()
        .map_or(stanza.place.span.end, |last| last.place.span.end);
    decl.stanzas.push(Stanza {
        family: stanza.family.as_ref().map(|family| family.value.clone()),
        method,
        method_said,
        label,
        place: stanza.place,
        whole: Place {
            file: stanza.place.file,
            span: Span::new(stanza.place.span.start as usize, end as usize),
        },
    });
    decl.options.reserve_exact(options.len());
    for (option, inherited) in options {
        if let Some(phase) = phase(&option.key.value) {
            let command = Spanned::new(option.value.text.clone(), option.value.place);
            decl.hooks.push(Hook { phase, command });
            continue;
        }
        // What an inherited line gets wrong is said once, where it is written.
        let mut quiet = Vec::new();
        let told = if *inherited { &mut quiet } else { &mut *found };
        let mut said = options::read(option, full, index, told);
        said.inherited = *inherited;
        decl.options.push(said);
    }
}

fn phase(key: &str) -> Option<Phase> {
    Some(match key {
        "pre-up" => Phase::PreUp,
        "up" => Phase::Up,
        "post-up" => Phase::PostUp,
        "pre-down" => Phase::PreDown,
        "down" => Phase::Down,
        "post-down" => Phase::PostDown,
        _ => return None,
    })
}

/// The method, and whether it is written; `None` (reported) where the stanza is left out.
fn method(stanza: &Iface, name: &str, found: &mut Vec<Diagnostic>) -> Option<(Method, bool)> {
    let family = stanza.family.as_ref();
    if let Some(family) = family.filter(|family| !matches!(family.value, Family::Inet | Family::Inet6)) {
        found.push(
            Diagnostic::error(
                "unknown-family",
                format!("`{}` is not an address family of this program", family.value),
            )
            .at(family.place, "the stanza is left out")
            .on(name)
            .help("write `inet` or `inet6`, or nothing for both"),
        );
        return None;
    }
    let Some(word) = &stanza.method else {
        return Some((Method::Static, false));
    };
    let v6 = family.is_some_and(|family| family.value == Family::Inet6);
    let method = match (word.value.as_str(), v6) {
        ("static", _) => Method::Static,
        ("manual", _) => Method::Manual,
        ("loopback", _) => Method::Loopback,
        ("auto", true) => Method::Auto,
        ("dhcp", _) | ("dhcp6", true) => {
            found.push(
                Diagnostic::warning(
                    "dhcp-not-yet",
                    format!("addresses by `{}` are not asked for yet", word.value),
                )
                .at(word.place, "the link is brought up without an address")
                .on(name)
                .help("start a DHCP client in a `post-up` line"),
            );
            Method::Dhcp
        }
        _ => {
            let takes = match v6 {
                true => "takes `static`, `manual`, `auto`, `loopback` or `dhcp`",
                false => "takes `static`, `manual`, `loopback` or `dhcp`",
            };
            found.push(
                Diagnostic::error(
                    "unknown-method",
                    format!("`{}` is not a method of this program", word.value),
                )
                .at(word.place, takes)
                .on(name)
                .note("the stanza is left out"),
            );
            return None;
        }
    };
    Some((method, true))
}

fn bad_name(name: &str, error: &NameError, stanza: &Iface) -> Diagnostic {
    let shown = if name.is_empty() { "" } else { name };
    let diagnostic = Diagnostic::error("bad-name", format!("`{shown}` cannot be an interface name"))
        .at(stanza.name.place, error.to_string())
        .on(shown)
        .note("the stanza is left out");
    match error {
        NameError::TooLong(_) => {
            diagnostic.help("choose a shorter name; a VLAN may have any name with `vlan-raw-device` and `vlan-id`")
        }
        _ => diagnostic,
    }
}

/// Options that count once and are written more than once: the first line holds, over all stanzas of the name, as
/// ifupdown2 has it. Own lines hold against inherited ones; of a list by port each entry counts.
fn repeated(decl: &mut Decl) -> Vec<Diagnostic> {
    let counts_once = |said: &Said| {
        let row = said.attr.filter(|_| !said.inherited);
        let is_list = |row: Row| row.0.spread != Spread::No && said.value.text.contains('=');
        row.is_some_and(|row| row.0.times == Times::Once && row.0.on != On::Address && !is_list(row))
    };
    let mut firsts: Map<&'static str, (String, Place)> = Map::default();
    let mut found = Vec::new();
    for said in decl.options.iter_mut().filter(|said| counts_once(said)) {
        let Some(row) = said.attr else { continue };
        let Some((first, place)) = firsts.get(row.0.name) else {
            firsts.insert(row.0.name, (said.value.text.clone(), said.place));
            continue;
        };
        said.overruled = true;
        if *first != said.value.text {
            found.push(
                Diagnostic::warning("repeated-option", format!("`{}` is set twice", said.name()))
                    .at(said.place, "left out: the first one holds")
                    .note_at(*place, "it is set to another value")
                    .on(decl.name)
                    .help("remove one of the lines"),
            );
        }
    }
    found
}
