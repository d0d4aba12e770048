//! `auto`, `allow-CLASS`, `no-auto-down` and `no-scripts` lines: which interfaces they name.

use super::{Decl, Decls};
use crate::name::IfName;
use crate::pattern;
use cleat_diag::{Diagnostic, Spanned};
use cleat_eni::{Class, Word};

/// What a class line does to an interface.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// Puts it into the class.
    Class,
    /// `no-auto-down`.
    NoAutoDown,
    /// `no-scripts`.
    NoScripts,
}

/// Applies one line. Names of `auto` lines without a stanza are reported; one that a `mapping` may find a stanza for is
/// kept as an interface of which nothing is written yet, for [`Decls::map`].
///
/// *Shape* of a name: plain; `all`; a range (`swp[1-4]`); a shell pattern, also behind a `/` as classic ifupdown
/// writes it; `physical=logical`.
pub(super) fn apply(class: &Class, mark: Mark, decls: &mut Decls, found: &mut Vec<Diagnostic>) {
    for word in &class.names {
        let (physical, logical) = match word.value.split_once('=') {
            Some((physical, logical)) => (physical, Some(logical)),
            None => (word.value.as_str(), None),
        };
        let names = names(physical, decls);
        if let (Some(logical), Ok(name)) = (logical, IfName::new(physical)) {
            decls.map(name, logical);
        }
        let mut any = false;
        for name in names {
            if mark == Mark::Class {
                wait_for_mapping(&name, word, decls);
            }
            any |= set(&name, class, word, mark, decls);
        }
        if !any && mark == Mark::Class && !is_open(physical) {
            found.push(without_stanza(class, word));
        }
    }
}

/// Whether the word may name nothing without being wrong.
fn is_open(word: &str) -> bool {
    word == "all" || pattern::of_names(word).is_some()
}

fn names(word: &str, decls: &Decls) -> Vec<String> {
    let texts = |names: Vec<IfName>| names.iter().map(IfName::to_string).collect();
    if word == "all" {
        return texts(decls.iter().map(|decl| decl.name).collect());
    }
    if let Some(names) = cleat_eni::expand_range(word) {
        return names;
    }
    match decls.matching(word) {
        Some(names) => texts(names),
        None => vec![word.to_owned()],
    }
}

fn wait_for_mapping(name: &str, word: &Word, decls: &mut Decls) {
    let mapped = |decls: &Decls| {
        let mut patterns = decls.mappings.iter().flat_map(|mapping| &mapping.patterns);
        patterns.any(|glob| pattern::matches(&glob.value, name))
    };
    match IfName::new(name) {
        Ok(known) if decls.get(known).is_none() && mapped(decls) => {
            decls.insert(Decl::new(known, name, word.place, word.place));
        }
        _ => {}
    }
}

fn set(name: &str, class: &Class, word: &Word, mark: Mark, decls: &mut Decls) -> bool {
    // `auto eno1:1` means the interface that the label is on.
    let name = name.split(':').next().unwrap_or(name);
    let Some(decl) = IfName::new(name)
        .ok()
        .and_then(|name| decls.by_name.get(&name).copied())
        .map(|at| &mut decls.decls[at])
    else {
        return false;
    };
    match mark {
        Mark::NoAutoDown => decl.no_auto_down = true,
        Mark::NoScripts => decl.no_scripts = true,
        Mark::Class if decl.is_in(&class.class.value) => {}
        Mark::Class => {
            // Most links are in one class: a list grows by four at a time otherwise.
            decl.classes.reserve_exact(1);
            decl.classes.push(Spanned::new(class.class.value.clone(), word.place));
        }
    }
    true
}

fn without_stanza(class: &Class, word: &Word) -> Diagnostic {
    let keyword = match class.class.value.as_str() {
        "auto" => "auto".to_owned(),
        class => format!("allow-{class}"),
    };
    let name = &word.value;
    Diagnostic::warning(
        "class-without-stanza",
        format!("`{keyword}` names `{name}`, which has no `iface` stanza"),
    )
    .at(word.place, "nothing is done for it")
    .on(name)
    .help(format!("add `iface {name} inet manual`, or take the name away here"))
}
