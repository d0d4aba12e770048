//! A file with which the host would have no network at all: truncated by a full disk, or without its `auto` lines.
//!
//! `cleat-commit` judges a staged file so by the file that it replaces; here what was brought up is the witness.

use cleat_diag::Diagnostic;
use cleat_eni::ConfigSet;
use cleat_model::decl::Decls;
use cleat_model::name::IfName;
use cleat_model::owned::{Owned, OwnedLink};

/// An error where nothing comes up by itself any more and something did.
pub fn emptied(config: &ConfigSet, decls: &Decls, owned: &Owned) -> Option<Diagnostic> {
    let ours = owned
        .links
        .iter()
        .filter(|(name, link)| link.up && name.as_str() != "lo");
    let ours: Vec<(&IfName, &OwnedLink)> = ours.collect();
    let (first, _) = ours.first()?;
    let mut late = decls.iter().filter(|decl| decl.is_in("hotplug"));
    if cleat_store::comes_up(config) || late.next().is_some() {
        return None;
    }
    // What was brought up by name may stay so, as long as it is written down.
    let by_itself = ours.iter().find(|(_, link)| link.auto).map(|(name, _)| name);
    let all_gone = ours.iter().all(|(name, _)| decls.get(**name).is_none());
    if by_itself.is_none() && !all_gone {
        return None;
    }
    let name = by_itself.unwrap_or(first);
    let others = match ours.len() - 1 {
        0 => String::new(),
        1 => " and 1 other".to_owned(),
        more => format!(" and {more} others"),
    };
    let message = format!("no interface comes up by itself any more: the host would lose `{name}`{others}");
    let found = Diagnostic::error("emptied", message);
    Some(found.help("write its `auto` line and its stanza; `ifreload --force -a` does what the file says all the same"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cleat_root::Root;
    use std::path::Path;

    const ONE: &str = "auto lo\niface lo inet loopback\nauto eno1\niface eno1\n\taddress 192.0.2.1/24\n";

    /// What is said of a file on a host where these are up, each with whether it was marked `auto`.
    fn told(text: &str, up: &[(&str, bool)]) -> Option<String> {
        let path = Path::new("/etc/network/interfaces");
        let (config, _) = ConfigSet::from_bytes(path, text.as_bytes().to_vec(), &Root::at("/nonexistent"));
        let (decls, _) = cleat_model::decl::declare(config.items());
        let mut owned = Owned::default();
        for (name, auto) in up {
            let link = OwnedLink {
                up: true,
                auto: *auto,
                ..OwnedLink::default()
            };
            owned.links.insert(IfName::new(name).unwrap(), link);
        }
        emptied(&config, &decls, &owned).map(|found| found.message)
    }

    #[test]
    fn a_file_without_what_comes_up_is_an_error_where_something_came_up() {
        let lost = |more: &str| {
            Some(format!(
                "no interface comes up by itself any more: the host would lose `eno1`{more}"
            ))
        };
        let was = [("eno1", true), ("lo", true)];
        for text in [
            "",
            "# nothing\n",
            "auto lo\niface lo inet loopback\n",
            "iface eno1\n\taddress 192.0.2.1/24\n",
            "auto eno1\n",
        ] {
            assert_eq!(told(text, &was), lost(""), "{text}");
        }
        assert_eq!(told("", &[("eno1", true), ("vmbr0", true)]), lost(" and 1 other"));
        // A record of a version that did not note what was `auto`.
        assert_eq!(told("", &[("eno1", false)]), lost(""));
    }

    #[test]
    fn where_something_comes_up_or_nothing_did_there_is_nothing_to_say() {
        assert_eq!(told(ONE, &[("eno1", true), ("vmbr0", true)]), None);
        assert_eq!(told("allow-hotplug eno1\niface eno1\n", &[("eno1", true)]), None);
        assert_eq!(told("", &[]), None);
        assert_eq!(told("", &[("lo", true)]), None);
        // Brought up by name, and written still.
        assert_eq!(told("iface eno1\n", &[("eno1", false)]), None);
    }
}
