//! Which interfaces a command means: `-a`, `--allow CLASS`, names, `-X`, with or without what they depend on.

use crate::desired::{Desired, WantLink};
use crate::hash::Set;
use crate::name::IfName;
use crate::snapshot::Snapshot;
use crate::types::Kind;
use regex_lite::Regex;

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// `-a`: all of class auto, and `lo`.
    pub all: bool,
    /// `--allow CLASS`: only members of one of these. With names: those of the names that are members.
    pub classes: Vec<String>,
    /// Names given. Names that are not in the file are left to the caller (see [`unknown`]).
    pub names: Vec<String>,
    /// `-X`: what matches one of these anywhere in its name is left out.
    ///
    /// *Source*: ifup(8) of ifupdown2: a search, not a match of the whole name.
    pub exclude: Vec<Regex>,
    /// `-w`: also all lower interfaces.
    pub with_depends: bool,
    /// For taking down: `no-auto-down` holds with `-a`.
    pub down: bool,
    /// `-k`: upper interfaces that are there are not looked at again.
    pub skip_uppers: bool,
}

/// The interfaces meant, lower ones first (the order of [`Desired`]).
///
/// *Shape*: for bringing up, what an interface cannot be without comes with it, however it was chosen: the ports of a
/// bridge or bond, the link below a VLAN, the other end of a veth pair, the VRF that it is in; and where it was named, so
/// do upper interfaces that are there already, so that a NIC joins its bridge again. For taking down
/// ([`Selection::down`]) only lower interfaces without a stanza of their own come along, unless `-a` or `-w` is given.
pub fn select(desired: &Desired, facts: Option<&Snapshot>, selection: &Selection) -> Vec<IfName> {
    let excluded = |name: IfName| selection.exclude.iter().any(|regex| regex.is_match(name.as_str()));
    let links = desired.links();
    let mut chosen: Set<IfName> = Set::default();
    for link in links.iter().filter(|link| !excluded(link.name)) {
        let asked = is_asked(link, selection);
        let upper = !selection.down && !selection.skip_uppers && !selection.names.is_empty();
        // Lower links stand first: one walk meets the uppers of uppers.
        let joined = || {
            let there = facts.is_some_and(|facts| facts.get(link.name).is_some());
            there && link.lower().any(|lower| chosen.contains(&lower.name))
        };
        if asked || upper && joined() {
            chosen.insert(link.name);
        }
    }
    let deep = selection.all || selection.with_depends;
    // Whatever a chosen link needs, and what that needs. A peer may stand on either side, hence no single walk.
    let mut open: Vec<IfName> = chosen.iter().copied().collect();
    while let Some(link) = open.pop().and_then(|name| desired.get(name)) {
        for name in needed(desired, link) {
            let Some(lower) = desired.get(name).filter(|lower| !excluded(lower.name)) else {
                continue;
            };
            let along = !selection.down || !lower.declared || deep && !kept(lower, selection);
            if along && chosen.insert(name) {
                open.push(name);
            }
        }
    }
    let order = links.iter().map(|link| link.name);
    order.filter(|name| chosen.contains(name)).collect()
}

/// What the link cannot be without.
fn needed<'a>(desired: &'a Desired, link: &'a WantLink) -> impl Iterator<Item = IfName> + 'a {
    let is_vrf = |name: IfName| desired.get(name).is_some_and(|link| link.kind == Kind::Vrf);
    let vrf = link.master.iter().filter(move |master| is_vrf(master.name));
    link.lower().chain(&link.peer).chain(vrf).map(|lower| lower.name)
}

fn is_asked(link: &WantLink, selection: &Selection) -> bool {
    if kept(link, selection) {
        return false;
    }
    let in_class = |class: &str| link.classes.iter().any(|found| found == class);
    let allowed = selection.classes.is_empty() || selection.classes.iter().any(|class| in_class(class));
    let named = selection.names.iter().any(|name| name == link.name.as_str());
    if !selection.names.is_empty() {
        return named && allowed;
    }
    if selection.all {
        return in_class("auto") || link.name.as_str() == "lo" && link.declared;
    }
    !selection.classes.is_empty() && allowed
}

fn kept(link: &WantLink, selection: &Selection) -> bool {
    selection.down && selection.all && link.no_auto_down
}

/// Names given that no wanted link has.
pub fn unknown<'a>(desired: &Desired, selection: &'a Selection) -> Vec<&'a str> {
    let known = |name: &str| name.parse().is_ok_and(|name| desired.get(name).is_some());
    selection
        .names
        .iter()
        .map(String::as_str)
        .filter(|name| !known(name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{machine, read};

    const FILE: &str = "auto lo\niface lo inet loopback\niface eno1\niface eno2\nauto bond0\niface bond0\n bond-slaves eno1 eno2\n\
                        auto vmbr0\nno-auto-down vmbr0\niface vmbr0\n bridge-ports bond0.5\n\
                        allow-hotplug eno3\niface eno3\niface vmbr1\n bridge-ports eno3\n";

    fn chosen(facts: Option<&Snapshot>, selection: &Selection) -> Vec<String> {
        let desired = crate::resolve::resolve(&read(FILE).decls, facts).0;
        select(&desired, facts, selection)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    fn names(names: &[&str]) -> Selection {
        Selection {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            ..Selection::default()
        }
    }

    #[test]
    fn all_means_class_auto_and_what_it_needs() {
        let all = Selection {
            all: true,
            ..Selection::default()
        };
        assert_eq!(chosen(None, &all), ["lo", "eno1", "eno2", "bond0", "bond0.5", "vmbr0"]);
        let down = Selection { down: true, ..all };
        assert_eq!(chosen(None, &down), ["lo", "eno1", "eno2", "bond0"]);
    }

    #[test]
    fn a_class_means_its_members() {
        let hotplug = Selection {
            classes: vec!["hotplug".to_owned()],
            ..Selection::default()
        };
        assert_eq!(chosen(None, &hotplug), ["eno3"]);
        let named = Selection {
            classes: vec!["hotplug".to_owned()],
            ..names(&["eno3", "vmbr1"])
        };
        assert_eq!(chosen(None, &named), ["eno3"]);
    }

    #[test]
    fn a_name_brings_what_it_needs_up_and_takes_only_what_has_no_stanza_down() {
        assert_eq!(
            chosen(None, &names(&["vmbr0"])),
            ["eno1", "eno2", "bond0", "bond0.5", "vmbr0"]
        );
        let down = Selection {
            down: true,
            ..names(&["vmbr0"])
        };
        assert_eq!(chosen(None, &down), ["bond0.5", "vmbr0"]);
        let deep = Selection {
            with_depends: true,
            ..down
        };
        assert_eq!(chosen(None, &deep), ["eno1", "eno2", "bond0", "bond0.5", "vmbr0"]);
    }

    #[test]
    fn uppers_that_are_there_join_in_when_a_link_comes_late() {
        let facts = machine(&["eno1", "eno2", "eno3", "vmbr1"]);
        assert_eq!(chosen(Some(&facts), &names(&["eno3"])), ["eno3", "vmbr1"]);
        let alone = Selection {
            skip_uppers: true,
            ..names(&["eno3"])
        };
        assert_eq!(chosen(Some(&facts), &alone), ["eno3"]);
        assert_eq!(chosen(Some(&machine(&["eno3"])), &names(&["eno3"])), ["eno3"]);
    }

    // Second witness: ifup(8) of ifupdown2, `-X`: a regular expression that is searched for in the name.
    #[test]
    fn an_exclusion_is_searched_for_anywhere_in_the_name() {
        let all = Selection {
            all: true,
            exclude: vec![Regex::new("ond").unwrap()],
            ..Selection::default()
        };
        assert_eq!(chosen(None, &all), ["lo", "vmbr0"]);
    }

    #[test]
    fn names_that_are_not_in_the_file_are_told() {
        let desired = crate::resolve::resolve(&read(FILE).decls, None).0;
        assert_eq!(unknown(&desired, &names(&["eno1", "eno9", "a/b"])), ["eno9", "a/b"]);
    }
}
