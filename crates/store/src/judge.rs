//! What a configuration must not do to a host, whatever it says.

use cleat_diag::Diagnostic;
use cleat_eni::{ConfigSet, Iface, Item, expand_range, matches_glob};
use cleat_root::paths;
use std::path::Path;

/// Errors of a configuration that takes the place of another: empty, without an interface to bring up at boot where
/// there was one, or sourcing the file whose place it takes.
pub fn standing(new: &ConfigSet, old: &ConfigSet) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    if new.ifaces().next().is_none() {
        let message = "the staged configuration has no `iface` stanza: the host would have no network";
        errors.push(Diagnostic::error("staged-empty", message));
    } else if let (None, Some(name)) = (brought_up(new).next(), brought_up(old).next()) {
        let message =
            format!("no interface that has a stanza is `auto` any more ({name} was): none would come up at boot");
        let error = Diagnostic::error("staged-no-auto", message);
        errors.push(
            error.help("add `auto` lines, and `iface` stanzas, for the interfaces that the host is to come up with"),
        );
    }
    if new
        .files()
        .skip(1)
        .any(|(_, path)| path == Path::new(paths::INTERFACES))
    {
        let message = format!(
            "the staged configuration sources {}, whose place it takes",
            paths::INTERFACES
        );
        errors.push(Diagnostic::error("staged-sources-live", message).help("remove that line"));
    }
    errors
}

/// Whether an `auto` line brings an interface up, the loopback left out.
pub fn comes_up(set: &ConfigSet) -> bool {
    brought_up(set).next().is_some()
}

/// The names that `auto` lines bring up: those of stanzas, the loopback left out. A name without a stanza brings up
/// nothing.
///
/// *Source*: interfaces(5) of ifupdown, "pattern matching interfaces", and of ifupdown2 for `all`, ranges and `eth*`.
fn brought_up(set: &ConfigSet) -> impl Iterator<Item = String> {
    let mut logical: Vec<String> = Vec::new();
    for iface in set.ifaces().filter(|iface| !iface.template) {
        let names = expand_range(&iface.name.value).unwrap_or_else(|| vec![iface.name.value.clone()]);
        // One stanza may give the loopback more addresses, and another name it.
        logical.extend(names.into_iter().filter(|name| name != "lo" && !is_loopback(iface)));
    }
    let patterns: Vec<&str> = set
        .items()
        .filter_map(|item| match item {
            Item::Mapping(mapping) => Some(&mapping.patterns),
            _ => None,
        })
        .flatten()
        .map(|word| word.value.as_str())
        .collect();
    let auto = set.items().filter_map(|item| match item {
        Item::Auto(class) if class.class.value == "auto" => Some(&class.names),
        _ => None,
    });
    // One after the other: mostly the first is all that is asked for, and each is compared with all stanzas.
    auto.flatten().flat_map(move |word| {
        let (physical, stanza) = word.value.split_once('=').unwrap_or((&word.value, &word.value));
        let mut names = meant(stanza, &logical);
        // A script says which of the stanzas it is; that there is one is all that can be known here.
        let is_mapped = physical != "lo" && patterns.iter().any(|pattern| matches_glob(pattern, physical));
        if names.is_empty() && is_mapped && !logical.is_empty() {
            names.push(physical.to_owned());
        }
        names
    })
}

fn is_loopback(iface: &Iface) -> bool {
    iface.method.as_ref().is_some_and(|method| method.value == "loopback")
}

/// The stanzas that a word of an `auto` line means.
fn meant(word: &str, logical: &[String]) -> Vec<String> {
    let (glob, nth) = match word.strip_prefix('/') {
        Some(rest) => rest
            .split_once('/')
            .map_or((rest, None), |(glob, nth)| (glob, Some(nth))),
        None => (word, None),
    };
    let ranged = expand_range(word).unwrap_or_default();
    // `auto eno1:1` means the interface that the label is on.
    let plain = word.split(':').next().unwrap_or(word);
    let is_meant = |name: &&String| {
        let base = name.split(':').next().unwrap_or(name);
        word == "all" || base == plain || ranged.contains(name) || matches_glob(glob, name)
    };
    let mut names = logical.iter().filter(is_meant).cloned();
    match nth.map(str::parse::<usize>) {
        Some(Ok(nth)) => nth
            .checked_sub(1)
            .and_then(|before| names.nth(before))
            .into_iter()
            .collect(),
        Some(Err(_)) | None => names.collect(),
    }
}
