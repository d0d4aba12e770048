//! What a configuration must not do to a host, whatever it says.

use cleat_diag::Diagnostic;
use cleat_eni::{ConfigSet, Item};
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
        let message = format!("no interface is `auto` any more ({name} was): none would come up at boot");
        let error = Diagnostic::error("staged-no-auto", message);
        errors.push(error.help("add `auto` lines for the interfaces that the host is to come up with"));
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

/// The names that `auto` lines bring up, the loopback left out.
fn brought_up(set: &ConfigSet) -> impl Iterator<Item = &str> {
    set.items()
        .filter_map(|item| match item {
            Item::Auto(class) if class.class.value == "auto" => Some(&class.names),
            _ => None,
        })
        .flatten()
        .map(|name| name.value.as_str())
        .filter(|name| *name != "lo")
}
