//! What is wrong with .link files, pins, and the names at the next boot.

mod clashes;

use super::boots::Coming;
use super::carry_out::{Recovered, configuration, cut_short};
use super::configuration::Configuration;
use super::host::{Host, Next};
use super::{names, stacked};
use crate::initramfs;
use cleat_diag::Diagnostic;
use cleat_naming::carried::Verdict;
use cleat_naming::link_file::{Fit, Match};
use cleat_naming::pins::{Author, Pin, PinClash};
use cleat_root::{Root, paths};
use cleat_store::{Store, Timestamp};
use std::collections::BTreeSet;

/// All faults of a host, those of the files first.
pub fn faults(host: &Host) -> Vec<Diagnostic> {
    let mut found = host.files.diagnostics.clone();
    let help = match cut_short(&host.root) {
        Recovered::Nothing => None,
        Recovered::TakenBack => {
            Some("the next one takes back what it had done: run it again, or `cleat-link unpin --all`")
        }
        Recovered::Finished => Some("its configuration is the live one, so the next one finishes it: run it again"),
    };
    found.extend(help.map(|help| {
        Diagnostic::error("pin-cut-short", "a run of `cleat-link pin` or `unpin` was cut short").help(help)
    }));
    let store = Store::new(&host.root, Timestamp::now());
    let configuration = configuration(&store, &host.root);
    let read = configuration.as_ref().ok();
    clashes(host, &mut found);
    shadowed(host, &mut found);
    absent(host, &mut found);
    shared_addresses(host, &mut found);
    clashes::at_boots(host, read, &mut found);
    clashes::of_alternatives(host, &mut found);
    odd_names(host, &mut found);
    stacked::for_more_than_nics(host, read, &mut found);
    match configuration {
        Ok(configuration) => behind(host, &configuration, &mut found),
        Err(mut told) => found.append(&mut told),
    }
    found
}

/// What the images of the kernels carry, and what this boot's did; `state` and `found` as [`initramfs::look`] answered.
pub fn faults_of_initramfs(root: &Root, state: &initramfs::State, mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let rebuilt = found.is_empty() && !state.images.is_empty() && state.stale().next().is_none();
    for image in state.stale() {
        let path = image.path.display();
        let told = |text: String| Diagnostic::error("initramfs-behind", text).help("run `cleat-link refresh`");
        let differences = image.differences.iter();
        found.extend(differences.map(|difference| told(format!("{path} {difference}"))));
        if image.differences.is_empty() {
            found.push(told(format!("{path} lacks {}", paths::EARLY)));
        }
    }
    let of_boot = match Verdict::of_boot(root) {
        Ok(verdict) => verdict.map(|verdict| verdict.diagnostics()).unwrap_or_default(),
        Err(error) => vec![Diagnostic::warning("initramfs-unreadable", error.to_string())],
    };
    found.extend(of_boot.into_iter().map(|mut told| {
        if rebuilt && told.code == "initramfs-stale" {
            told.help = vec!["reboot: the initramfs was rebuilt since".to_owned()];
        }
        told
    }));
    found
}

/// NICs that the configuration of the next boot calls by names which they do not have then.
fn behind(host: &Host, configuration: &Configuration, found: &mut Vec<Diagnostic>) {
    for nic in &host.nics {
        let Coming { next, rebuilt, .. } = host.coming(nic);
        // A file that may be for it, after all, may keep the name.
        let verdict = host.verdict(nic);
        let kept: Vec<&str> = verdict
            .open()
            .filter_map(|(file, _)| file.naming.fixed_name())
            .collect();
        let names = std::iter::once(&nic.name).chain(&nic.altnames).map(String::as_str);
        let told_of = names.chain([next.name(), rebuilt.name()].into_iter().flatten());
        let told_of = told_of.filter(|name| !kept.contains(name) && configuration.mentions(name));
        for name in told_of.collect::<BTreeSet<_>>() {
            let is_other = |then: &Next| match then {
                Next::Name(then) => then != name,
                Next::Kernel => !nic.device.kernel.may_be(name),
                Next::Unknown(_) => false,
            };
            let (then, when) = match (is_other(&next), is_other(&rebuilt)) {
                (true, _) => (&next, "from the next boot on"),
                (false, true) => (&rebuilt, "once the initramfs is rebuilt and booted"),
                (false, false) => continue,
            };
            let then = then.name();
            let called = match then {
                Some(then) => format!("it is called `{then}`"),
                None => "it has a name of the kernel's".to_owned(),
            };
            let text = format!("the configuration calls it `{name}`; {when} {called}");
            let fault = Diagnostic::warning("link-name-behind", text).on(&nic.name);
            found.push(match then {
                _ if rebuilt.name() == Some(name) => {
                    fault.help("run `cleat-link refresh`: with the initramfs rebuilt it has that name")
                }
                Some(then) => fault.help(format!(
                    "write `{then}` there; until then it is found by its other names and its address, see ifup(8)"
                )),
                None => fault.help(format!(
                    "write `Name={name}` or `NamePolicy=` into the .link file that it gets, or pin it: cleat-link pin"
                )),
            });
        }
    }
}

/// Pins that are not unique both ways.
fn clashes(host: &Host, found: &mut Vec<Diagnostic>) {
    for clash in host.pins.clashes() {
        found.push(match clash {
            // A card that is kept as a spare one may have the other's name.
            PinClash::Name(one, two) if host.nic_of(&one).is_none() || host.nic_of(&two).is_none() => continue,
            PinClash::Name(one, two) => {
                let text = format!("`{}` is pinned for {} and for {}", two.name, one.address, two.address);
                Diagnostic::error("pin-name-twice", text)
                    .note(format!("in {} and {}", one.path.display(), two.path.display()))
                    .help("udev gives it to whichever NIC comes first, the other keeps the kernel's name: change one")
            }
            PinClash::Address(one, two) if !are_for_one(host, &one, &two) => continue,
            PinClash::Address(one, two) => {
                let text = format!(
                    "{} is pinned twice: as `{}` and as `{}`",
                    two.address, one.name, two.name
                );
                let why = format!("{} comes later and does nothing", two.path.display());
                Diagnostic::warning("pin-address-twice", text)
                    .note(why)
                    .help("remove the one that is not meant")
            }
        });
    }
}

/// Whether two pins of one address are for one NIC: `Driver=` or `Path=` may tell two NICs apart that share it. Of an
/// address that no NIC here has their files alone can say it.
fn are_for_one(host: &Host, one: &Pin, two: &Pin) -> bool {
    if host.nics_with_address(two).next().is_some() {
        return host
            .nics
            .iter()
            .any(|nic| host.is_for(one, nic) && host.is_for(two, nic));
    }
    let keys = |pin: &Pin| {
        let file = host.files.files.iter().find(|file| file.path == pin.path)?;
        let Match {
            patterns, properties, ..
        } = &file.matching;
        let patterns = patterns.iter().filter(|(key, list)| *key != "Type" && !list.is_empty());
        Some((patterns.collect::<Vec<_>>(), properties))
    };
    keys(one) == keys(two)
}

/// Pins whose NIC gets another file, or is named by a rule.
fn shadowed(host: &Host, found: &mut Vec<Diagnostic>) {
    for pin in &host.pins.list {
        let Some(nic) = host.nic_of(pin) else { continue };
        if let Some(rule) = host.rule_of(nic).filter(|rule| rule.name != pin.name) {
            let text = format!("`{}` is pinned as `{}` to no effect", nic.name, pin.name);
            let why = format!(
                "the udev rule at {} names it `{}`, which is stronger than {}",
                rule.place(),
                rule.name,
                pin.path.display()
            );
            found.push(Diagnostic::error("pin-shadowed", text).note(why).on(&nic.name));
            continue;
        }
        let verdict = host.verdict(nic);
        let twice = host.pin_of(nic).is_some_and(|first| first.path != pin.path);
        let file = verdict.shadowed().find(|file| file.path == pin.path);
        if let (Some(winner), Some(file), false) = (verdict.winner, file, twice) {
            let text = format!("`{}` is pinned as `{}` to no effect", nic.name, pin.name);
            let why = format!(
                "{} is for it too, and sorts before {}",
                winner.path.display(),
                file.path.display()
            );
            found.push(Diagnostic::error("pin-shadowed", text).note(why).on(&nic.name));
        }
    }
}

/// Pins that no NIC here gets: their address is gone, or another key of the file leaves out the NIC that has it.
fn absent(host: &Host, found: &mut Vec<Diagnostic>) {
    let is_here = |pin: &Pin| host.nic_of(pin).is_some();
    // Of the cards that one file lists one is here, and the others are spare ones.
    let is_spare = |pin: &Pin| {
        host.pins
            .list
            .iter()
            .any(|other| other.path == pin.path && is_here(other))
    };
    for pin in host.pins.list.iter().filter(|pin| !is_here(pin) && !is_spare(pin)) {
        let note = format!("in {}", pin.path.display());
        let with_address = host.nics_with_address(pin).next();
        if let Some((nic, Some(Fit::No(reason)))) = with_address.map(|nic| (nic, host.fit(pin, nic))) {
            let text = format!(
                "the pin `{}` is not for {}, which has its address: {reason}",
                pin.name, nic.name
            );
            let fault = Diagnostic::warning("pin-unfit", text).note(note);
            found.push(fault.help("correct that key of its file where this NIC is meant"));
            continue;
        }
        let text = format!("no NIC here has the address {} of the pin `{}`", pin.address, pin.name);
        let foreign = match pin.origin {
            Author::Ours => "",
            Author::Proxmox | Author::Other => " --foreign",
        };
        found.push(Diagnostic::warning("pin-gone", text).note(note).help(format!(
            "where the NIC was taken out for good: cleat-link unpin {}{foreign}",
            pin.name
        )));
    }
}

/// Two NICs with one address: a pin for it would be for both, where no other key tells them apart.
fn shared_addresses(host: &Host, found: &mut Vec<Diagnostic>) {
    for pin in &host.pins.list {
        let sharing: Vec<&str> = host
            .nics
            .iter()
            .filter(|nic| host.is_for(pin, nic))
            .map(|nic| nic.name.as_str())
            .collect();
        if sharing.len() > 1 {
            let text = format!("{} have the address of the pin `{}`", sharing.join(" and "), pin.name);
            let fault = Diagnostic::error("pin-address-shared", text).note(format!("in {}", pin.path.display()));
            found.push(fault.help(
                "udev gives the name to whichever comes first: remove the pin, or tell them apart by `Driver=` or `Path=`",
            ));
        }
    }
}

/// Fixed names that others could get too: of pins, of other files that NICs here get, and of udev's rules for these.
fn odd_names(host: &Host, found: &mut Vec<Diagnostic>) {
    for pin in &host.pins.list {
        if let Some(pattern) = names::pattern(&pin.name) {
            let text = format!("`{}` is pinned, and {pattern} make such names too", pin.name);
            let fault = Diagnostic::warning("pin-name-pattern", text).note(format!("in {}", pin.path.display()));
            found.push(fault.help(names::ADVICE));
        }
    }
    let mut told: BTreeSet<(String, String)> = BTreeSet::new();
    for nic in &host.nics {
        let rules = host.naming_rules_of(nic).into_iter();
        let mut given: Vec<(String, String)> = rules.map(|rule| (rule.place(), rule.name.clone())).collect();
        let file = host.verdict(nic).winner.filter(|_| given.is_empty());
        if let Some((file, name)) = file.and_then(|file| Some((file, file.naming.fixed_name()?)))
            && !host.pins.list.iter().any(|pin| pin.path == file.path)
        {
            given.push((file.path.display().to_string(), name.to_owned()));
        }
        for (place, name) in given {
            let Some(pattern) = names::pattern(&name) else { continue };
            if !told.insert((place.clone(), name.clone())) {
                continue;
            }
            let text = format!(
                "{place} gives {} the name `{name}`, and {pattern} make such names too",
                nic.name
            );
            found.push(Diagnostic::warning("fixed-name-pattern", text).help(names::ADVICE));
        }
    }
}

#[cfg(test)]
mod tests;
