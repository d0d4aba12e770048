//! `cleat-link pin`: NICs get names that stay.

mod choose;
mod drop_ins;
#[cfg(test)]
mod tests;

pub use choose::{Choice, Wish, choose};

use super::ask::with_consent;
use super::host::{Host, property_of};
use super::names;
use super::work::Work;
use cleat_cli::logging::Reporter;
use cleat_cli::{Call, End, Hint, JSON, Opt, Verb, Words, YES, complain, flag};
use cleat_diag::{Severity, Sources};
use cleat_naming::link_file::{KeyChange, changed};
use cleat_naming::pins::{NewPin, default_alternatives};
use cleat_root::Root;
use cleat_settings::Settings;
use cleat_store::StoreError;

/// What names begin with where nothing else is said: of an Ethernet NIC to Proxmox VE, and in no pattern of systemd's.
const PREFIX: &str = "ennic";
/// The number that files begin with where nothing else is said: that of the guide's example.
const PRIORITY: u8 = 10;

/// The verb.
pub(super) const VERB: Verb = Verb {
    name: "pin",
    usage: "cleat-link pin NIC... | --all [--name NAME | --prefix PREFIX] [--priority N] [-n] [-y]",
    short: "gives NICs names that stay, by their hardware addresses",
    doc: "Gives NICs names that stay, by their hardware addresses. What changes is shown first: a .link file for each NIC, in \
          /etc/systemd/network or where cleat.toml(5) says; \
          the configuration, renamed and staged for the next boot; sysctl snippets that name the NIC; and the initramfs. \
          On a terminal it is then asked whether to do it; elsewhere nothing is done without --yes. Where a step fails, \
          all of it is taken back. The names are others from the next boot on, and the old ones go on as alternative \
          names. Refused are names that are illegal, too long, in use, pinned, or that systemd or the kernel could give \
          to another NIC; virtual functions; NICs with a random or a shared address; and a pin that another .link \
          file or a udev rule would come before.",
    words: Words {
        name: "NIC",
        doc: "a NIC, by its name, an alternative name, or its hardware address",
        least: 0,
        most: usize::MAX,
        hint: Hint::Interface,
    },
    options: &[
        flag(
            "--all",
            "all NICs; those that cannot be pinned are left out, with the reason",
        ),
        flag("--name NAME", "the name, for one NIC"),
        flag(
            "--prefix PREFIX",
            "what the names begin with, before a number that is free (default: ennic)",
        ),
        flag(
            "--priority N",
            "the number that the files begin with, 0 to 98 (default: 10); the file that sorts first counts",
        ),
        DRY_RUN,
        YES,
        JSON,
    ],
    run,
};

/// `--dry-run`.
pub(super) const DRY_RUN: Opt = flag("-n, --dry-run", "only show what would be done");

fn run(call: &Call) -> End {
    match wish(call) {
        Ok(wish) => with_consent(call, &|host, work| pins(host, work, &wish)),
        Err(text) => {
            complain(&text);
            End::Usage
        }
    }
}

/// What the command line and the settings ask for.
fn wish(call: &Call) -> Result<Wish, String> {
    let nics: Vec<String> = call
        .words
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    if nics.is_empty() != call.has("all") {
        return Err("name the NICs, or say --all".to_owned());
    }
    let text = |option: &str| call.value(option).map(|value| value.to_string_lossy().into_owned());
    let name = text("name");
    if name.is_some() && nics.len() != 1 {
        return Err("`--name` is for one NIC; `--prefix` is for more".to_owned());
    }
    if name.is_some() && call.has("prefix") {
        return Err("`--name` and `--prefix` exclude each other".to_owned());
    }
    let takes = "a number from 0 to 98";
    let priority = call.parsed::<u8>("priority", takes)?.unwrap_or(PRIORITY);
    if priority > 98 {
        return Err(format!(
            "`--priority` takes {takes}, not `{priority}`: 99-default.link would come first"
        ));
    }
    let mut sources = Sources::new();
    let (settings, told) = Settings::load(&Root::real(), &mut sources);
    Reporter::new(call.verbosity).print(&told, &sources);
    Ok(Wish {
        nics,
        prefix: text("prefix").unwrap_or_else(|| PREFIX.to_owned()),
        name,
        priority,
        directory: settings.pin_directory,
    })
}

/// Adds all that pinning does to the work.
///
/// # Errors
/// A file cannot be read.
pub fn pins(host: &Host, work: &mut Work, wish: &Wish) -> Result<(), StoreError> {
    let configuration = work.configuration.clone();
    let (choices, mut found) = choose(host, wish, &|name| configuration.mentions(name));
    let refused = found.iter().any(|one| one.severity == Severity::Error);
    work.told.append(&mut found);
    if refused {
        return Ok(());
    }
    for choice in &choices {
        one(host, work, choice, wish)?;
    }
    Ok(())
}

fn one(host: &Host, work: &mut Work, choice: &Choice<'_>, wish: &Wish) -> Result<(), StoreError> {
    let path = wish.file(&choice.name);
    let text = match choice.instead_of {
        Some(pin) => {
            let old = host.root.read(&pin.path)?;
            let new = KeyChange {
                section: "Link",
                key: "Name",
                value: Some(&choice.name),
            };
            if pin.path != path {
                work.put(host, pin.path.clone(), None)?;
                drop_ins::take_along(host, work, &pin.path, &path)?;
            }
            changed(&old, &new)
        }
        None => fresh(host, choice).into_bytes(),
    };
    work.put(host, path, Some(text))?;
    let pinned = choice.instead_of.map(|pin| pin.name.as_str());
    let altnames = choice.nic.altnames.iter().map(String::as_str);
    let mut from: Vec<&str> = std::iter::once(choice.nic.name.as_str())
        .chain(altnames)
        .chain(pinned)
        .collect();
    from.dedup();
    work.rename(host, &from, &choice.name)
}

/// The file of a NIC that has no pin of ours yet.
fn fresh(host: &Host, choice: &Choice<'_>) -> String {
    let alternatives = default_alternatives(&host.files);
    let properties = choice.nic.device.properties.as_ref();
    let mut given = alternatives
        .iter()
        .filter_map(|policy| properties?.get(property_of(*policy)?));
    let before = choice.nic.name.as_str();
    // A name that the policies do not give would be lost; one of the kernel's is not a NIC's own.
    let lost =
        before != choice.name && names::pattern(before) != Some(names::OF_KERNEL) && !given.any(|name| name == before);
    let pin = NewPin {
        name: &choice.name,
        address: choice.address,
        key: choice.key,
        before,
        alternatives: &alternatives,
        also: lost.then_some(before),
    };
    pin.text()
}
