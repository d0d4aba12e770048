//! Which interfaces a run is about: those named, and those that follow from them.

use crate::args::Args;
use crate::command::Command;
use crate::read::pick::pick;
use cleat_diag::Diagnostic;
use cleat_model::decl::Decls;
use cleat_model::desired::Desired;
use cleat_model::hash::Set;
use cleat_model::name::IfName;
use cleat_model::owned::Owned;
use cleat_model::select::{Selection, select};
use cleat_model::snapshot::Snapshot;
use regex_lite::Regex;

/// What is known when the scope is chosen.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The interfaces as written.
    pub decls: &'a Decls,
    /// The wanted network.
    pub desired: &'a Desired,
    /// The kernel.
    pub snapshot: &'a Snapshot,
    /// What is ours.
    pub owned: &'a Owned,
}

impl Known<'_> {
    fn is_up(&self, name: IfName) -> bool {
        self.owned.get(name).is_some_and(|link| link.up)
    }

    fn is_in(&self, name: IfName, class: &str) -> bool {
        self.decls.get(name).is_some_and(|decl| decl.is_in(class))
    }

    /// All links that name one of these as parent or port, and those above them, as far as `follow` says.
    fn above(&self, names: &[IfName], follow: impl Fn(IfName) -> bool) -> Vec<IfName> {
        let mut all = names.to_vec();
        let mut at = 0;
        while let Some(name) = all.get(at).copied() {
            at += 1;
            let master = self
                .desired
                .get(name)
                .and_then(|link| link.master)
                .map(|master| master.name);
            let uppers = self.desired.uppers(name).map(|upper| upper.name).chain(master);
            for upper in uppers {
                if !all.contains(&upper) && follow(upper) {
                    all.push(upper);
                }
            }
        }
        all.split_off(names.len())
    }
}

/// The interfaces of a run of `ifup`, `ifdown` or `ifreload`, with what they cannot be without.
///
/// - `ifup`: those picked and what [`select`] adds. With `--hotplug` only what is marked auto or hotplug, or was up, and
///   needs the NICs named.
/// - `ifdown`: those picked, declared or not; with `-a` all that is recorded as up, too.
/// - `ifreload`: as `ifup`; with `-a` also what is recorded as up and still declared, with `-c` only that; with `--adopt
///   -a` also what is marked hotplug.
pub fn scope(args: &Args, known: Known<'_>) -> (Vec<IfName>, Vec<Diagnostic>) {
    let there = |name: IfName| known.owned.get(name).is_some() || known.snapshot.get(name).is_some();
    let undeclared_too = |name: IfName| args.command == Command::Ifdown && there(name);
    let (picked, diagnostics) = pick(args, known.decls, &undeclared_too);
    let mut selection = Selection {
        all: args.all,
        classes: args.classes.clone(),
        // Those of a class are chosen by `select`, where no names are given.
        names: match args.names.is_empty() {
            true => Vec::new(),
            false => picked.iter().map(ToString::to_string).collect(),
        },
        exclude: args.exclude.iter().filter_map(|word| Regex::new(word).ok()).collect(),
        with_depends: args.with_depends,
        down: args.command == Command::Ifdown,
        skip_uppers: args.skip_uppers || args.command == Command::Ifreload,
    };
    let mut recorded: Vec<IfName> = Vec::new();
    if args.command != Command::Ifup && (args.all || args.currently_up) {
        let ours = known.owned.links.keys().copied().filter(|name| known.is_up(*name));
        recorded.extend(ours.filter(|name| !selection.exclude.iter().any(|regex| regex.is_match(name.as_str()))));
    }
    if args.hotplug {
        selection.names = hotplug(&picked, args, known).iter().map(ToString::to_string).collect();
        selection.classes.clear();
        selection.skip_uppers = true;
        if selection.names.is_empty() {
            return (Vec::new(), diagnostics);
        }
    }
    if args.command == Command::Ifreload {
        recorded.retain(|name| known.desired.get(*name).is_some() && !known.owned.lets_go(known.desired, *name));
    }
    let chosen = !args.names.is_empty() || args.all || !args.classes.is_empty();
    let mut names = match chosen {
        true => select(known.desired, Some(known.snapshot), &selection),
        false => Vec::new(),
    };
    if args.adopt && args.all {
        // A network that runs has what udev brought up, too.
        let plugged_in = Selection {
            all: false,
            classes: vec!["hotplug".to_owned()],
            ..selection
        };
        let more = select(known.desired, Some(known.snapshot), &plugged_in);
        let more: Vec<IfName> = more.into_iter().filter(|name| !names.contains(name)).collect();
        names.extend(more);
    }
    if args.names.is_empty() || args.command == Command::Ifdown {
        let named = if args.names.is_empty() { Vec::new() } else { picked };
        let mut seen: Set<IfName> = names.iter().copied().collect();
        let more = named.into_iter().chain(recorded);
        names.extend(more.filter(|name| seen.insert(*name)));
    }
    (names, diagnostics)
}

/// The NICs that appeared, where anything wants them, and what stands on them.
fn hotplug(names: &[IfName], args: &Args, known: Known<'_>) -> Vec<IfName> {
    let wants = |name: IfName| {
        let classes: &[String] = &args.classes;
        match classes {
            [] => known.is_in(name, "auto") || known.is_in(name, "hotplug") || known.is_up(name),
            classes => classes.iter().any(|class| known.is_in(name, class)),
        }
    };
    let mut scope = Vec::new();
    // A NIC without a stanza is none that `pick` finds, but a bridge may name it.
    let appeared = args.names.iter().filter_map(|named| IfName::new(&named.name).ok());
    for name in names.iter().copied().chain(appeared) {
        let uppers = known.above(&[name], |_| true);
        let wanted: Vec<IfName> = std::iter::once(name)
            .chain(uppers)
            .filter(|name| wants(*name))
            .collect();
        if !wanted.is_empty() {
            scope.push(name);
            scope.extend(wanted);
        }
    }
    let mut distinct = Vec::new();
    for name in scope {
        if known.desired.get(name).is_some() && !distinct.contains(&name) {
            distinct.push(name);
        }
    }
    distinct
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{self, Asked};
    use cleat_diag::Sources;
    use cleat_model::owned::OwnedLink;
    use cleat_model::types::Kind;

    const FILE: &str = "auto lo\niface lo inet loopback\n\niface eno1\niface eno2\nallow-hotplug eno3\niface eno3\n\n\
        auto vmbr0\niface vmbr0\n\tbridge-ports eno1\n\nauto vmbr0.5\niface vmbr0.5\n\niface vmbr1\n\tbridge-ports eno2\n\n\
        auto bond0\niface bond0\n\tbond-slaves eno4 eno5\n";

    /// The scope of a command line, with these links recorded as up, and all wanted links there.
    fn of(line: &str, up: &[&str]) -> String {
        let mut sources = Sources::new();
        let file = sources.add("interfaces", FILE.as_bytes().to_vec());
        let (document, _) = cleat_eni::parse(file, sources.get(file).unwrap());
        let (decls, found) = cleat_model::decl::declare(document.items());
        assert_eq!(found, []);
        let (desired, _) = cleat_model::resolve::resolve(&decls, None);
        let mut snapshot = Snapshot::new();
        for (at, want) in desired.links().iter().enumerate() {
            snapshot.insert(link(at as u32 + 1, want.name));
        }
        let mut owned = Owned::default();
        for name in up {
            let record = OwnedLink {
                up: true,
                ..OwnedLink::default()
            };
            owned.links.insert(IfName::new(name).unwrap(), record);
        }
        let mut words = line.split(' ');
        let command = Command::of_program(words.next().unwrap()).unwrap();
        let Ok(Asked::Run(args)) = args::parse(command, words.map(Into::into)) else {
            panic!("{line}");
        };
        let known = Known {
            decls: &decls,
            desired: &desired,
            snapshot: &snapshot,
            owned: &owned,
        };
        let (names, found) = scope(&args, known);
        let faults = found.iter().map(|fault| format!("!{}", fault.code));
        names
            .iter()
            .map(ToString::to_string)
            .chain(faults)
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn link(index: u32, name: IfName) -> cleat_model::snapshot::Link {
        cleat_model::snapshot::Link {
            index,
            name,
            altnames: Vec::new(),
            kind: Kind::Physical,
            device_type: 1,
            flags: 0,
            operstate: 0,
            perm_mac: None,
            master: None,
            parent: None,
            parent_netns: None,
            attrs: cleat_model::nla::Attrs::new(),
            data: cleat_model::nla::Attrs::new(),
            port_kind: None,
            port: cleat_model::nla::Attrs::new(),
            conf4: Vec::new(),
            conf6: Vec::new(),
            addr_gen_mode: None,
            ethtool: None,
            partial: false,
        }
    }

    #[test]
    fn all_is_class_auto_with_what_it_needs() {
        assert_eq!(of("ifup -a", &[]), "lo eno1 vmbr0 vmbr0.5 eno4 eno5 bond0");
        assert_eq!(of("ifup -a -X ^vmbr", &[]), "lo eno4 eno5 bond0");
        assert_eq!(of("ifup --allow hotplug", &[]), "eno3");
    }

    #[test]
    fn a_named_port_brings_its_uppers_along_unless_told_not_to() {
        assert_eq!(of("ifup eno1", &[]), "eno1 vmbr0 vmbr0.5");
        assert_eq!(of("ifup -k eno1", &[]), "eno1");
    }

    #[test]
    fn a_nic_that_appears_brings_up_only_what_is_marked_or_was_up() {
        assert_eq!(of("ifup --hotplug eno1", &[]), "eno1 vmbr0 vmbr0.5");
        assert_eq!(of("ifup --hotplug eno3", &[]), "eno3");
        assert_eq!(of("ifup --hotplug eno2", &[]), "");
        assert_eq!(of("ifup --hotplug eno2", &["vmbr1"]), "eno2 vmbr1");
        assert_eq!(of("ifup --hotplug eno9", &[]), "");
    }

    /// A port without a stanza of its own is found by the bond that names it.
    #[test]
    fn a_nic_without_a_stanza_goes_into_its_bond() {
        assert_eq!(of("ifup --hotplug eno5", &[]), "eno4 eno5 bond0");
    }

    #[test]
    fn taking_all_down_takes_down_what_was_brought_up_by_name_too() {
        let down = of("ifdown -a", &["vmbr1", "gone7"]);
        assert_eq!(down, "lo eno1 vmbr0 vmbr0.5 eno4 eno5 bond0 gone7 vmbr1");
        assert_eq!(of("ifdown gone7", &["gone7"]), "gone7");
        assert_eq!(of("ifdown gone7", &[]), "!interface-unknown");
    }

    #[test]
    fn a_reload_is_of_all_that_is_auto_or_up_and_still_declared() {
        let reload = of("ifreload -a", &["eno3", "gone7"]);
        assert_eq!(reload, "lo eno1 vmbr0 vmbr0.5 eno4 eno5 bond0 eno3");
        assert_eq!(of("ifreload -c", &["eno3", "gone7"]), "eno3");
        assert_eq!(of("ifreload vmbr1", &[]), "eno2 vmbr1");
        // A network that is taken over has what udev brought up, too.
        let adopted = of("ifreload --adopt -a", &[]);
        assert_eq!(adopted, "lo eno1 vmbr0 vmbr0.5 eno4 eno5 bond0 eno3");
        assert_eq!(of("ifreload --adopt -a -X ^vmbr", &[]), "lo eno4 eno5 bond0 eno3");
        assert_eq!(of("ifreload --adopt vmbr1", &[]), "eno2 vmbr1");
    }
}
