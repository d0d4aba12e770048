//! What is wrong with .link files, pins, and the names at the next boot.

use super::carry_out::{Recovered, configuration, cut_short};
use super::configuration::Configuration;
use super::host::{Host, Next};
use super::names;
use super::nic::Nic;
use crate::initramfs;
use crate::programs::Programs;
use cleat_diag::Diagnostic;
use cleat_naming::carried::Verdict;
use cleat_naming::pins::Clash;
use cleat_root::{Root, paths};
use cleat_store::{Store, Timestamp};
use std::collections::BTreeMap;

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
    clashes(host, &mut found);
    shadowed(host, &mut found);
    absent(host, &mut found);
    shared_addresses(host, &mut found);
    clashing_names(host, &mut found);
    taken_names(host, &mut found);
    odd_names(host, &mut found);
    behind(host, &mut found);
    found
}

/// What the images of the kernels carry, and what this boot's did.
pub fn faults_of_initramfs(root: &Root, programs: &dyn Programs) -> Vec<Diagnostic> {
    let (state, mut found) = initramfs::look(root, programs);
    for image in state.stale() {
        let path = image.path.display();
        let told = |text: String| Diagnostic::error("initramfs-behind", text).help("run `cleat-link refresh`");
        let differences = image.differences.iter();
        found.extend(differences.map(|difference| told(format!("{path} {difference}"))));
        if image.differences.is_empty() {
            found.push(told(format!("{path} lacks {}", paths::EARLY)));
        }
    }
    match Verdict::of_boot(root) {
        Ok(verdict) => found.extend(verdict.into_iter().flat_map(|verdict| verdict.diagnostics())),
        Err(error) => found.push(Diagnostic::warning("initramfs-unreadable", error.to_string())),
    }
    found
}

/// NICs that the configuration of the next boot calls by names which they do not have then.
fn behind(host: &Host, found: &mut Vec<Diagnostic>) {
    let store = Store::new(&host.root, Timestamp::now());
    let configuration = match configuration(&store, &host.root) {
        Ok(configuration) => configuration,
        Err(mut told) => return found.append(&mut told),
    };
    for nic in &host.nics {
        let Next::Name(next) = host.next_name(nic, host.verdict(nic).winner) else {
            continue;
        };
        let names = std::iter::once(&nic.name).chain(&nic.altnames);
        for name in names.filter(|name| **name != next && configuration.mentions(name)) {
            let text = format!("the configuration calls it `{name}`; from the next boot on it is called `{next}`");
            let fault = Diagnostic::warning("link-name-behind", text).on(&nic.name);
            found.push(fault.help(format!(
                "write `{next}` there; until then it is found by its other names and its address, see ifup(8)"
            )));
        }
    }
}

/// Pins that are not unique both ways.
fn clashes(host: &Host, found: &mut Vec<Diagnostic>) {
    for clash in host.pins.clashes() {
        found.push(match clash {
            Clash::Name(one, two) => {
                let text = format!("`{}` is pinned for {} and for {}", two.name, one.address, two.address);
                Diagnostic::error("pin-name-twice", text)
                    .note(format!("in {} and {}", one.path.display(), two.path.display()))
                    .help("udev gives it to whichever NIC comes first, the other keeps the kernel's name: change one")
            }
            Clash::Address(one, two) => {
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
        let twice = host
            .pins
            .of_address(&pin.address)
            .is_some_and(|first| first.path != pin.path);
        match verdict.winner {
            Some(winner) if winner.path != pin.path && !twice => {
                let text = format!("`{}` is pinned as `{}` to no effect", nic.name, pin.name);
                let why = format!(
                    "{} is for it too, and sorts before {}",
                    winner.path.display(),
                    pin.path.display()
                );
                found.push(Diagnostic::error("pin-shadowed", text).note(why).on(&nic.name));
            }
            _ => {}
        }
    }
}

fn absent(host: &Host, found: &mut Vec<Diagnostic>) {
    for pin in host.pins.list.iter().filter(|pin| host.nic_of(pin).is_none()) {
        let text = format!("no NIC here has the address {} of the pin `{}`", pin.address, pin.name);
        let fault = Diagnostic::warning("pin-gone", text).note(format!("in {}", pin.path.display()));
        found.push(fault.help(format!(
            "where the NIC was taken out for good: cleat-link unpin {}",
            pin.name
        )));
    }
}

/// Two NICs with one address: a pin for it would be for both.
fn shared_addresses(host: &Host, found: &mut Vec<Diagnostic>) {
    for pin in &host.pins.list {
        let sharing: Vec<&str> = host
            .nics
            .iter()
            .filter(|nic| nic.address() == Some(&pin.address))
            .map(|nic| nic.name.as_str())
            .collect();
        if sharing.len() > 1 {
            let text = format!("{} have the address of the pin `{}`", sharing.join(" and "), pin.name);
            let fault = Diagnostic::error("pin-address-shared", text).note(format!("in {}", pin.path.display()));
            found.push(fault.help("udev gives the name to whichever comes first: remove the pin"));
        }
    }
}

/// NICs that would get one name at the next boot.
fn clashing_names(host: &Host, found: &mut Vec<Diagnostic>) {
    let mut by_name: BTreeMap<String, Vec<&Nic>> = BTreeMap::new();
    for nic in &host.nics {
        if let Next::Name(name) = host.next_name(nic, host.verdict(nic).winner) {
            by_name.entry(name).or_default().push(nic);
        }
    }
    for (name, nics) in by_name.iter().filter(|(_, nics)| nics.len() > 1) {
        // One address for two NICs, or one name for two addresses, is told as a fault of the pin.
        if host.pins.named(name).is_some() && nics.iter().all(|nic| host.pin_of(nic).is_some()) {
            continue;
        }
        let list: Vec<&str> = nics.iter().map(|nic| nic.name.as_str()).collect();
        let text = format!("{} would all be called `{name}` at the next boot", list.join(" and "));
        let fault = Diagnostic::error("link-name-clash", text);
        found.push(fault.help("the first gets the name, the others keep the kernel's: pin them to names of their own"));
    }
}

/// NICs whose name at the next boot is another name of another NIC, or that of a link which the configuration makes.
///
/// *Source*: the kernel refuses a name that is an alternative name of another link (`netdev_name_in_use`).
fn taken_names(host: &Host, found: &mut Vec<Diagnostic>) {
    let store = Store::new(&host.root, Timestamp::now());
    // What is wrong with it is told where its names are compared.
    let made = configuration(&store, &host.root).map_or_else(|_| Vec::new(), |read| Configuration::makes(&read));
    for nic in &host.nics {
        let Next::Name(name) = host.next_name(nic, host.verdict(nic).winner) else {
            continue;
        };
        let text = format!("{} would be called `{name}` at the next boot", nic.name);
        let mut others = host.nics.iter().filter(|other| other.name != nic.name);
        if let Some(other) = others.find(|other| host.next_altnames(other).contains(&name)) {
            let text = format!("{text}, which is an alternative name of {} then", other.name);
            let fault = Diagnostic::error("link-name-clash", text);
            found.push(fault.help("whichever comes second keeps the kernel's name: choose a name that no other has"));
        } else if made.contains(&name) {
            let text = format!("{text}, and the configuration makes a link of that name");
            let fault = Diagnostic::error("link-name-clash", text);
            found.push(fault.help("the link cannot be made then: choose another name for one of them"));
        }
    }
}

/// Pinned names that others could get too.
fn odd_names(host: &Host, found: &mut Vec<Diagnostic>) {
    for pin in &host.pins.list {
        if let Some(pattern) = names::pattern(&pin.name) {
            let text = format!("`{}` is pinned, and {pattern} make such names too", pin.name);
            let fault = Diagnostic::warning("pin-name-pattern", text).note(format!("in {}", pin.path.display()));
            found.push(fault.help(names::ADVICE));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Bed;
    use super::*;
    use crate::programs::testing::Stand;

    fn told(bed: &Bed) -> Vec<String> {
        let host = bed.host();
        let found = faults(&host);
        found
            .iter()
            .map(|fault| format!("{}: {}", fault.code, fault.message))
            .collect()
    }

    #[test]
    fn a_host_without_pins_has_no_fault() {
        let bed = Bed::new();
        bed.nic("enp1s0", "bc:24:11:00:00:01", "enp1s0");
        bed.nic("enp2s0", "bc:24:11:00:00:02", "enp2s0");
        assert_eq!(told(&bed), [""; 0]);
    }

    /// *Source*: systemd.link(5), `AlternativeNamesPolicy=`; what a stanza makes is told by the model, as for a boot.
    #[test]
    fn a_name_that_another_has_as_its_other_name_or_that_the_configuration_makes_clashes() {
        let bed = Bed::new();
        bed.nic("lan0", "bc:24:11:00:00:01", "enp1s0");
        bed.nic("enp2s0", "bc:24:11:00:00:02", "enp2s0");
        bed.nic("enp3s0", "bc:24:11:00:00:03", "enp3s0");
        bed.pin("/etc/systemd/network/20-a.link", "bc:24:11:00:00:02", "enp1s0");
        bed.pin("/etc/systemd/network/20-c.link", "bc:24:11:00:00:03", "uplink");
        let lan0 = "[Match]\nMACAddress=bc:24:11:00:00:01\n[Link]\nName=lan0\nAlternativeNamesPolicy=path\n";
        bed.write("/etc/systemd/network/20-b.link", lan0);
        bed.write(
            "/etc/network/interfaces",
            "auto uplink\niface uplink\n\tbond-slaves lan0\n\tbond-mode active-backup\n",
        );
        let clashes: Vec<String> = told(&bed)
            .into_iter()
            .filter(|told| told.starts_with("link-"))
            .collect();
        assert_eq!(
            clashes,
            [
                "link-name-clash: enp2s0 would be called `enp1s0` at the next boot, which is an alternative name of lan0 then",
                "link-name-clash: enp3s0 would be called `uplink` at the next boot, and the configuration makes a link of that name",
            ]
        );
        // Without the policy the NIC has no other name, and a plain stanza is the NIC's own.
        bed.write(
            "/etc/systemd/network/20-b.link",
            &lan0.replace("AlternativeNamesPolicy=path\n", ""),
        );
        bed.write("/etc/network/interfaces", "auto uplink\niface uplink inet dhcp\n");
        let clashes: Vec<String> = told(&bed)
            .into_iter()
            .filter(|told| told.starts_with("link-"))
            .collect();
        assert_eq!(clashes, [""; 0]);
    }

    /// As after "Revert" in Proxmox VE's web interface, which takes the staged file away and leaves the .link files.
    #[test]
    fn a_pin_that_the_configuration_does_not_follow_is_a_fault() {
        let bed = Bed::new();
        bed.nic("enp1s0", "bc:24:11:00:00:01", "enp1s0");
        bed.pin("/etc/systemd/network/10-cleat-lan0.link", "bc:24:11:00:00:01", "lan0");
        bed.write("/etc/network/interfaces", "auto enp1s0\niface enp1s0 inet dhcp\n");
        assert_eq!(
            told(&bed),
            ["link-name-behind: the configuration calls it `enp1s0`; from the next boot on it is called `lan0`"]
        );
        bed.write("/etc/network/interfaces.new", "auto lan0\niface lan0 inet dhcp\n");
        assert_eq!(told(&bed), [""; 0]);
    }

    #[test]
    fn what_this_boots_initramfs_lacked_is_a_fault() {
        let bed = Bed::new();
        bed.write(
            "/run/cleat/initramfs",
            "kernel 6.1\ncarried 1\nlacks 10-cleat-lan0.link\n",
        );
        let found = faults_of_initramfs(&bed.root, &Stand::new(|call| panic!("not asked for: {call}")));
        let short: Vec<String> = found
            .iter()
            .map(|fault| format!("{}: {}", fault.code, fault.message))
            .collect();
        assert_eq!(
            short,
            ["initramfs-stale: the initramfs of this boot lacks 10-cleat-lan0.link"]
        );
    }

    #[test]
    fn pins_that_cannot_come_true_are_faults() {
        let bed = Bed::new();
        for (name, mac) in [("enp1s0", "01"), ("enp2s0", "02"), ("enp3s0", "03"), ("enp4s0", "04")] {
            bed.nic(name, &format!("bc:24:11:00:00:{mac}"), name);
        }
        bed.pin("/etc/systemd/network/20-a.link", "bc:24:11:00:00:01", "lan0");
        bed.pin("/etc/systemd/network/20-b.link", "bc:24:11:00:00:02", "lan0");
        bed.pin("/etc/systemd/network/20-c.link", "bc:24:11:00:00:03", "enp4s0");
        bed.pin("/etc/systemd/network/20-d.link", "bc:24:11:00:00:01", "lan1");
        bed.pin("/etc/systemd/network/20-e.link", "bc:24:11:00:00:99", "lan9");
        bed.write(
            "/etc/systemd/network/10-all.link",
            "[Match]\nOriginalName=enp2*\n[Link]\nName=wan0\n",
        );
        assert_eq!(
            told(&bed),
            [
                "pin-name-twice: `lan0` is pinned for bc:24:11:00:00:01 and for bc:24:11:00:00:02",
                "pin-address-twice: bc:24:11:00:00:01 is pinned twice: as `lan0` and as `lan1`",
                "pin-shadowed: `enp2s0` is pinned as `lan0` to no effect",
                "pin-gone: no NIC here has the address bc:24:11:00:00:99 of the pin `lan9`",
                "link-name-clash: enp3s0 and enp4s0 would all be called `enp4s0` at the next boot",
                "pin-name-pattern: `enp4s0` is pinned, and systemd's own policies make such names too",
            ]
        );
    }
}
