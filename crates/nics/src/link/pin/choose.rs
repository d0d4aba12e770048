//! Which NICs get which names, and every reason why not.

use super::super::host::Host;
use super::super::names;
use super::super::nic::{Nic, Own};
use cleat_diag::Diagnostic;
use cleat_naming::link_file::{DIRECTORIES, FileState, Fit, HardwareAddress, LONGEST_NAME, is_name};
use cleat_naming::pins::{AddressKey, Author, Pin, file_name};
use cleat_naming::predict::predict;
use cleat_naming::scheme::SCHEMES;
use cleat_naming::udev::{DEBIAN_12, DEBIAN_13, Udev};
use cleat_settings::PinDirectory;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// NICs by name, other name or address; empty for all.
    pub nics: Vec<String>,
    /// What names begin with, before a number.
    pub prefix: String,
    /// The name, where one NIC is pinned.
    pub name: Option<String>,
    /// The number that the files begin with.
    pub priority: u8,
    /// Where the files go.
    pub directory: PinDirectory,
}

impl Wish {
    /// The file of a pin.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        Path::new(self.directory.path()).join(file_name(name, self.priority))
    }
}

/// A NIC and the name that it is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice<'a> {
    /// The NIC.
    pub nic: &'a Nic,
    /// Its address.
    pub address: &'a HardwareAddress,
    /// The key for it.
    pub key: AddressKey,
    /// The name.
    pub name: String,
    /// The pin of ours that it has already.
    pub instead_of: Option<&'a Pin>,
}

/// Chooses, and says why something cannot be. With an error among what is said nothing may be done. Of "all" NICs those
/// that cannot be pinned are left out, with a warning each.
///
/// `declared` says whether the configuration has an interface of that name.
pub fn choose<'a>(host: &'a Host, wish: &Wish, declared: &dyn Fn(&str) -> bool) -> (Vec<Choice<'a>>, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let nics = wanted(host, wish, &mut found);
    let mut chosen: Vec<Choice> = Vec::new();
    let mut number = 0;
    for nic in nics {
        let (address, key) = match fit_for_a_pin(host, nic) {
            Ok(known) => known,
            Err(reason) if wish.nics.is_empty() => {
                found.push(left_out(*reason));
                continue;
            }
            Err(reason) => {
                found.push(*reason);
                continue;
            }
        };
        let pinned = host.pin_of(nic);
        if let Some(pin) = pinned.filter(|pin| keeps(pin, wish)) {
            let text = format!("it is pinned as `{}` already, by {}", pin.name, pin.path.display());
            found.push(Diagnostic::info("pin-kept", text).on(&nic.name));
            continue;
        }
        if let Some(pin) = pinned.filter(|pin| pin.origin != Author::Ours) {
            found.push(foreign(nic, pin));
            continue;
        }
        let taken = |name: &str| {
            let in_use = host
                .snapshot
                .find(name)
                .is_some_and(|link| link.name.as_str() != nic.name);
            let pinned = host.pins.named(name).is_some_and(|pin| pin.address != *address);
            in_use || pinned || declared(name) || chosen.iter().any(|choice| choice.name == name)
        };
        let name = match &wish.name {
            Some(name) => name.clone(),
            None => next_free(&wish.prefix, &mut number, &taken),
        };
        let choice = Choice {
            nic,
            address,
            key,
            name,
            instead_of: pinned,
        };
        let mut to_no_effect = outranked(host, &choice, wish.priority);
        to_no_effect.extend(ruled(host, &choice));
        if wish.nics.is_empty() && !to_no_effect.is_empty() {
            found.extend(to_no_effect.into_iter().map(left_out));
            continue;
        }
        found.append(&mut to_no_effect);
        number += 1;
        judge_name(host, &choice, declared, &mut found);
        file_taken(host, &choice, &wish.file(&choice.name), &mut found);
        chosen.push(choice);
    }
    (chosen, found)
}

/// Why one of all NICs is not pinned: a warning with the words of the refusal.
fn left_out(reason: Diagnostic) -> Diagnostic {
    Diagnostic {
        iface: reason.iface,
        help: reason.help,
        ..Diagnostic::warning("pin-left-out", reason.message)
    }
}

fn wanted<'a>(host: &'a Host, wish: &Wish, found: &mut Vec<Diagnostic>) -> Vec<&'a Nic> {
    if wish.nics.is_empty() {
        return host.nics.iter().collect();
    }
    let mut nics: Vec<&Nic> = Vec::new();
    for word in &wish.nics {
        match host.nic(word) {
            Some(nic) if nics.contains(&nic) => {}
            Some(nic) => nics.push(nic),
            None => found.push(no_such_nic(host, word)),
        }
    }
    nics
}

fn no_such_nic(host: &Host, word: &str) -> Diagnostic {
    let text = match host.snapshot.find(word) {
        Some(link) => format!("`{}` stands for no hardware: there is no NIC to pin", link.name),
        None => format!("there is no NIC `{word}` on this machine"),
    };
    let all: Vec<&str> = host.nics.iter().map(|nic| nic.name.as_str()).collect();
    Diagnostic::error("pin-no-nic", text).help(match all.is_empty() {
        true => "this machine has no NICs".to_owned(),
        false => format!("NICs of this machine: {}", all.join(", ")),
    })
}

/// A number on from which names are free, with the prefix.
fn next_free(prefix: &str, number: &mut u32, taken: &dyn Fn(&str) -> bool) -> String {
    loop {
        let name = format!("{prefix}{number}");
        // Names get longer: in the end one is too long, which is reported it.
        if !taken(&name) || name.len() > LONGEST_NAME {
            return name;
        }
        *number += 1;
    }
}

/// The address by which a NIC can be pinned, or why it cannot.
fn fit_for_a_pin<'a>(host: &Host, nic: &'a Nic) -> Result<(&'a HardwareAddress, AddressKey), Box<Diagnostic>> {
    if let Some(of) = &nic.function_of {
        let text = format!(
            "it is a virtual function of {of}: its address is given to it anew at each boot, and its name follows {of}'s"
        );
        return Err(Box::new(Diagnostic::error("pin-virtual-function", text).on(&nic.name)));
    }
    let kind = nic.device.device_type.as_deref().unwrap_or("unknown");
    if kind != "ether" {
        let text = format!("its type is {kind}: only Ethernet NICs are pinned here");
        return Err(Box::new(Diagnostic::error("pin-type", text).on(&nic.name)));
    }
    match &nic.own {
        Own::Unknown(reason) => {
            let text = format!("it cannot be pinned: {reason}");
            Err(Box::new(Diagnostic::error("pin-address-unknown", text).on(&nic.name)))
        }
        Own::Known(address, key) => {
            let mut others = host.nics.iter().filter(|other| other.name != nic.name);
            match others.find(|other| other.address() == Some(address)) {
                None => Ok((address, *key)),
                Some(other) => {
                    let text = format!("{} has the same address {address}", other.name);
                    Err(Box::new(Diagnostic::error("pin-address-shared", text).on(&nic.name)))
                }
            }
        }
    }
}

/// Whether nothing is to be done about a pin: it says what is wished.
fn keeps(pin: &Pin, wish: &Wish) -> bool {
    match &wish.name {
        Some(name) => pin.name == *name,
        None => wish.nics.is_empty() || pin.name.starts_with(&wish.prefix),
    }
}

fn foreign(nic: &Nic, pin: &Pin) -> Diagnostic {
    let text = format!("it is pinned as `{}` by {}", pin.name, pin.path.display());
    let found = Diagnostic::error("pin-foreign", text).on(&nic.name);
    match pin.origin {
        Author::Proxmox => found.help("that is Proxmox VE's own pin, which it expects to find: keep its name"),
        _ => found.help("change that file, or remove it first"),
    }
}

fn judge_name(host: &Host, choice: &Choice<'_>, declared: &dyn Fn(&str) -> bool, found: &mut Vec<Diagnostic>) {
    if let Some(fault) = illegal(&choice.name).or_else(|| in_use(host, choice, declared)) {
        found.push(fault.on(&choice.nic.name));
    } else if let Some(fault) = could_be_anothers(host, choice) {
        found.push(fault.on(&choice.nic.name).help(names::ADVICE));
    }
}

fn illegal(name: &str) -> Option<Diagnostic> {
    if name.len() > LONGEST_NAME {
        let text = format!("`{name}` is longer than {LONGEST_NAME} bytes");
        return Some(Diagnostic::error("name-too-long", text));
    }
    if is_name(name) {
        return None;
    }
    let fault = Diagnostic::error("bad-name", format!("`{name}` cannot be the name of an interface"));
    Some(fault.help("printable ASCII without blanks, `:`, `/` and `%`; no number, not `.`, `..`, `all`, `default`"))
}

fn in_use(host: &Host, choice: &Choice<'_>, declared: &dyn Fn(&str) -> bool) -> Option<Diagnostic> {
    let Choice { nic, name, address, .. } = choice;
    if let Some(link) = host.snapshot.find(name).filter(|link| link.name.as_str() != nic.name) {
        let text = format!("`{name}` is a name of the link {}", link.name);
        return Some(Diagnostic::error("name-taken", text));
    }
    if let Some(pin) = host.pins.named(name).filter(|pin| pin.address != **address) {
        let text = format!("`{name}` is pinned for {} by {}", pin.address, pin.path.display());
        return Some(Diagnostic::error("pin-name-twice", text));
    }
    if nic.is_called(name) || !declared(name) {
        return None;
    }
    let text = format!("`{name}` stands in the configuration already");
    Some(Diagnostic::error("name-taken", text).help("choose a name that stands nowhere in it"))
}

fn could_be_anothers(host: &Host, choice: &Choice<'_>) -> Option<Diagnostic> {
    let name = &choice.name;
    if let Some(other) = predicted_for_another(host, choice.nic, name) {
        let text = format!("systemd could give `{name}` to {other}");
        return Some(Diagnostic::error("pin-name-predicted", text));
    }
    match names::pattern(name)? {
        names::OF_KERNEL => {
            let text = format!("the kernel's drivers give names like `{name}`");
            Some(Diagnostic::error("pin-name-kernel", text))
        }
        pattern => {
            let text = format!("{pattern} make names like `{name}`: another NIC may get it one day");
            Some(Diagnostic::warning("pin-name-pattern", text))
        }
    }
}

/// Another NIC of this machine that could get this name: by what udev said, or under any scheme.
fn predicted_for_another(host: &Host, nic: &Nic, name: &str) -> Option<String> {
    let mut others = host.nics.iter().filter(|other| other.name != nic.name);
    others
        .find(|other| could_be(host, other, name))
        .map(|other| other.name.clone())
}

fn could_be(host: &Host, nic: &Nic, name: &str) -> bool {
    let said = nic.device.properties.iter().flatten();
    let mut said = said.filter(|(key, _)| key.starts_with("ID_NET_NAME"));
    if said.any(|(_, value)| value == name) {
        return true;
    }
    let Some(facts) = host.facts_at_boot(nic) else {
        return false;
    };
    let installed = Udev::installed(&host.root);
    let udevs: BTreeSet<Udev> = installed.into_iter().chain([DEBIAN_12, DEBIAN_13]).collect();
    SCHEMES.iter().any(|scheme| {
        let mut offered = udevs.iter().flat_map(|udev| predict(&facts, scheme, *udev).candidates);
        offered.any(|candidate| candidate.name == name)
    })
}

/// The .link files that sort before the pin and are for the same NIC.
fn outranked(host: &Host, choice: &Choice<'_>, priority: u8) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let ours = file_name(&choice.name, priority);
    let mut device = choice.nic.device.clone();
    device.address = Some(choice.address.clone());
    let before = host.files.files.iter().filter(|file| {
        let replaced = choice.instead_of.is_some_and(|pin| pin.path == file.path);
        file.state == FileState::Read && file.base_name() < ours.as_str() && !replaced
    });
    for file in before {
        let condition = match file.matching.fit(&device, &host.machine) {
            Fit::Yes => String::new(),
            Fit::Likely(condition) | Fit::Perhaps(condition) => format!(", if `{condition}` holds"),
            Fit::No(_) => continue,
        };
        let path = file.path.display();
        let text = format!("{path} is for it too{condition}, and sorts before {ours}: the pin would do nothing");
        let help = "remove that file, narrow its [Match], or give the pin a lower --priority";
        found.push(Diagnostic::error("pin-outranked", text).on(&choice.nic.name).help(help));
    }
    found
}

/// A rule of udev that names the same NIC.
fn ruled(host: &Host, choice: &Choice<'_>) -> Option<Diagnostic> {
    let rule = host.rule_of(choice.nic).filter(|rule| rule.name != choice.name)?;
    let text = format!(
        "the udev rule at {} names it `{}`, which is stronger than a .link file: the pin would do nothing",
        rule.place(),
        rule.name
    );
    let help = "take that rule out, and pin the NIC in its place";
    Some(Diagnostic::error("pin-ruled", text).on(&choice.nic.name).help(help))
}

/// A file of the pin's own name that is none of its NIC's: it would be lost, or take the pin's place.
fn file_taken(host: &Host, choice: &Choice<'_>, ours: &Path, found: &mut Vec<Diagnostic>) {
    let same = host
        .files
        .files
        .iter()
        .find(|file| file.path.file_name() == ours.file_name());
    let Some(file) = same.filter(|file| choice.instead_of.is_none_or(|pin| pin.path != file.path)) else {
        return;
    };
    let path = file.path.display();
    let rank = |path: &Path| DIRECTORIES.iter().position(|directory| path.starts_with(directory));
    let text = match rank(&file.path).cmp(&rank(ours)) {
        Ordering::Less => {
            format!("{path} has the name of the pin's file, and takes its place: the pin would do nothing")
        }
        Ordering::Equal => format!("{path} is there already, and is not a pin of this NIC"),
        // As an administrator's file takes the place of the distribution's.
        Ordering::Greater => return,
    };
    let help = "remove that file, or give the pin another --priority";
    found.push(
        Diagnostic::error("pin-file-taken", text)
            .on(&choice.nic.name)
            .help(help),
    );
}
