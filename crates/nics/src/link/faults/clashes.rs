//! Names that two links would have at one boot.

use super::super::boots::{Coming, NEXT_BOOT, REBUILT};
use super::super::configuration::Configuration;
use super::super::host::{Host, Next};
use super::super::nic::Nic;
use cleat_diag::Diagnostic;
use std::collections::{BTreeMap, BTreeSet};

/// NICs with the names that they have at one boot.
type Names<'a> = Vec<(&'a Nic, &'a str)>;

/// A name that cannot be had. When stands between the two parts of its sentence.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Clash {
    subject: String,
    rest: String,
    help: &'static str,
}

/// The clashes at the next boot, and those at the first one with a rebuilt initramfs where that gives other names.
pub fn at_boots(host: &Host, configuration: Option<&Configuration>, found: &mut Vec<Diagnostic>) {
    let coming: Vec<Coming> = host.nics.iter().map(|nic| host.coming(nic)).collect();
    let names = |pick: fn(&Coming) -> &Next| -> Names<'_> {
        let pairs = host.nics.iter().zip(&coming);
        pairs
            .filter_map(|(nic, coming)| Some((nic, pick(coming).name()?)))
            .collect()
    };
    let mut boots = vec![(NEXT_BOOT, names(|coming| &coming.next))];
    if !coming.iter().all(Coming::is_one) {
        boots.push((REBUILT, names(|coming| &coming.rebuilt)));
    }
    // What is so at both boots is said of the first one.
    let mut told: BTreeSet<Clash> = BTreeSet::new();
    for (when, names) in &boots {
        let mut clashes = same(host, names);
        clashes.extend(taken(host, names, configuration));
        if *when == NEXT_BOOT {
            clashes.extend(swapped(names, &coming, host));
        }
        for clash in clashes {
            if !told.contains(&clash) {
                let text = format!("{} {when}{}", clash.subject, clash.rest);
                found.push(Diagnostic::error("link-name-clash", text).help(clash.help));
                told.insert(clash);
            }
        }
    }
}

/// NICs that would get one name.
fn same(host: &Host, names: &Names<'_>) -> Vec<Clash> {
    let mut by_name: BTreeMap<&str, Vec<&Nic>> = BTreeMap::new();
    for (nic, name) in names {
        by_name.entry(name).or_default().push(nic);
    }
    // One address for two NICs, or one name for two addresses, is reported as a fault of the pin.
    by_name.retain(|name, nics| {
        let pinned = host.pins.named(name).is_some() && nics.iter().all(|nic| host.pin_of(nic).is_some());
        nics.len() > 1 && !pinned
    });
    let clash = |(name, nics): (&str, Vec<&Nic>)| {
        let list: Vec<&str> = nics.iter().map(|nic| nic.name.as_str()).collect();
        Clash {
            subject: format!("{} would all be called `{name}`", list.join(" and ")),
            rest: String::new(),
            help: "the first gets the name, the others keep the kernel's: pin them to names of their own",
        }
    };
    by_name.into_iter().map(clash).collect()
}

/// NICs whose name another one still has from the initramfs when the udev of the root comes to them.
///
/// *Source*: `rename_netif` in src/udev/udev-event.c of systemd 252 and 257 gives up where the kernel says EEXIST.
fn swapped(names: &Names<'_>, coming: &[Coming], host: &Host) -> Vec<Clash> {
    let clash = |(nic, name): &(&Nic, &str)| {
        let mut others = host.nics.iter().zip(coming).filter(|(other, _)| other.name != nic.name);
        let (other, _) = others.find(|(_, other)| other.first.contains(*name) && other.next.name() != Some(name))?;
        Some(Clash {
            subject: format!("{} would be called `{name}`", nic.name),
            rest: format!(", which {} has from the initramfs then", other.name),
            help: "run `cleat-link refresh`: the initramfs gives both their names",
        })
    };
    names.iter().filter_map(clash).collect()
}

/// NICs whose name is another name of another NIC, or that of a link which the configuration makes.
///
/// *Source*: the kernel refuses a name that is an alternative name of another link (`netdev_name_in_use`).
fn taken(host: &Host, names: &Names<'_>, configuration: Option<&Configuration>) -> Vec<Clash> {
    let made = configuration.map(Configuration::makes).unwrap_or_default();
    let clash = |(nic, name): &(&Nic, &str)| {
        let mut others = host.nics.iter().filter(|other| other.name != nic.name);
        let of_another = others.find(|other| host.next_altnames(other).iter().any(|alt| alt == name));
        let (rest, help) = match of_another {
            Some(other) => (
                format!(", which is an alternative name of {} then", other.name),
                "whichever comes second keeps the kernel's name: choose a name that no other has",
            ),
            None if made.iter().any(|link| link == name) => (
                ", and the configuration makes a link of that name".to_owned(),
                "the link cannot be made then: choose another name for one of them",
            ),
            None => return None,
        };
        let subject = format!("{} would be called `{name}`", nic.name);
        Some(Clash { subject, rest, help })
    };
    let mut clashes: Vec<Clash> = names.iter().filter_map(clash).collect();
    for nic in &host.nics {
        let others = host.next_altnames(nic).into_iter().filter(|name| made.contains(name));
        clashes.extend(others.map(|name| Clash {
            subject: format!("{} would have the alternative name `{name}`", nic.name),
            rest: ", and the configuration makes a link of that name".to_owned(),
            help: "the link cannot be made then: choose another name for one of them",
        }));
    }
    clashes
}

/// Alternative names that two NICs would have.
pub fn of_alternatives(host: &Host, found: &mut Vec<Diagnostic>) {
    let mut by_name: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for nic in &host.nics {
        let names: BTreeSet<String> = host.next_altnames(nic).into_iter().collect();
        for name in names {
            by_name.entry(name).or_default().push(&nic.name);
        }
    }
    let twice = by_name.into_iter().filter(|(_, nics)| nics.len() > 1);
    found.extend(twice.map(|(name, nics)| {
        let text = format!("`{name}` would be an alternative name of {}", nics.join(" and of "));
        let fault = Diagnostic::warning("link-altname-twice", text);
        fault.help("whichever comes second does not get it: write another for one of them")
    }));
}
