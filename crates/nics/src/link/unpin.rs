//! `cleat-link unpin`: a NIC gets its name from udev's policies again.

use super::ask::with_consent;
use super::host::{Host, Next};
use super::pin::DRY_RUN;
use super::work::Work;
use cleat_cli::{Call, End, Hint, JSON, Verb, Words, YES, complain, flag};
use cleat_diag::Diagnostic;
use cleat_naming::pins::{Author, Pin};
use cleat_store::StoreError;

/// The verb.
pub(super) const VERB: Verb = Verb {
    name: "unpin",
    usage: "cleat-link unpin NAME... | --all [-n] [-y]",
    short: "takes pins back",
    doc: "Takes pins back: the .link file goes, the configuration and the sysctl snippets get the name that the NIC will \
          have without it, and the initramfs is rebuilt. Only pins of cleat-link are taken back, with --foreign those \
          of others too.",
    words: Words {
        name: "NAME",
        doc: "a pinned name, or the NIC's name now",
        least: 0,
        most: usize::MAX,
        hint: Hint::Interface,
    },
    options: &[
        flag("--all", "all pins of cleat-link"),
        flag("--foreign", "pins that others made too, Proxmox VE's among them"),
        DRY_RUN,
        YES,
        JSON,
    ],
    run,
};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Pinned names, or names of NICs; empty for all.
    pub names: Vec<String>,
    /// Whether pins of others may go.
    pub foreign: bool,
}

fn run(call: &Call) -> End {
    let names: Vec<String> = call
        .words
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    if names.is_empty() != call.has("all") {
        complain("name the pins, or say --all");
        return End::Usage;
    }
    let wish = Wish {
        names,
        foreign: call.has("foreign"),
    };
    with_consent(call, &|host, work| unpins(host, work, &wish))
}

/// Adds all that taking pins back does to the work.
///
/// # Errors
/// A file cannot be read.
pub fn unpins(host: &Host, work: &mut Work, wish: &Wish) -> Result<(), StoreError> {
    for pin in one_of_each_file(host, wanted(host, work, wish)) {
        work.put(host, pin.path.clone(), None)?;
        match next_name(host, pin) {
            Ok(Some(name)) if name == pin.name => {}
            Ok(Some(name)) => work.rename(host, &[pin.name.as_str()], &name)?,
            Ok(None) if work.configuration.mentions(&pin.name) => {
                let text = format!("its NIC is not here: `{}` stays in the configuration", pin.name);
                work.told
                    .push(Diagnostic::warning("unpin-name-stays", text).on(&pin.name));
            }
            Ok(None) => {}
            Err(reason) => {
                let text =
                    format!("its name without the pin is not known ({reason}): the configuration stays as it is");
                let found = Diagnostic::warning("unpin-name-stays", text).on(&pin.name);
                work.told.push(found.help("after the boot, write its new name there"));
            }
        }
    }
    Ok(())
}

/// Of the pins of one file, which lists spare cards too, the one whose NIC is here.
fn one_of_each_file<'a>(host: &Host, pins: Vec<&'a Pin>) -> Vec<&'a Pin> {
    let mut kept: Vec<&Pin> = Vec::new();
    for pin in pins {
        match kept.iter_mut().find(|before| before.path == pin.path) {
            None => kept.push(pin),
            Some(before) if host.nic_of(before).is_none() => *before = pin,
            Some(_) => {}
        }
    }
    kept
}

fn wanted<'a>(host: &'a Host, work: &mut Work, wish: &Wish) -> Vec<&'a Pin> {
    let is_ours = |pin: &Pin| pin.origin == Author::Ours || wish.foreign;
    if wish.names.is_empty() {
        let all: Vec<&Pin> = host.pins.list.iter().filter(|pin| is_ours(pin)).collect();
        if all.is_empty() {
            work.told
                .push(Diagnostic::info("unpin-nothing", "there is no pin of cleat-link"));
        }
        return all;
    }
    let mut pins = Vec::new();
    for name in &wish.names {
        let pin = host.pins.named(name).or_else(|| host.pin_of(host.nic(name)?));
        match pin {
            Some(pin) if is_ours(pin) => pins.extend(host.pins.list.iter().filter(|other| other.path == pin.path)),
            Some(pin) => {
                let text = format!("it is pinned by {}, which is not of cleat-link", pin.path.display());
                work.told.push(
                    Diagnostic::error("pin-foreign", text)
                        .on(name)
                        .help("say --foreign to take it back all the same"),
                );
            }
            None => {
                let all: Vec<&str> = host.pins.list.iter().map(|pin| pin.name.as_str()).collect();
                let found = Diagnostic::error("unpin-no-pin", format!("there is no pin `{name}`"));
                work.told.push(match all.is_empty() {
                    true => found,
                    false => found.help(format!("pins of this machine: {}", all.join(", "))),
                });
            }
        }
    }
    pins
}

/// The name that the NIC of a pin has without it; none where the NIC is not here.
fn next_name(host: &Host, pin: &Pin) -> Result<Option<String>, String> {
    let Some(nic) = host.nic_of(pin) else { return Ok(None) };
    if nic.name != pin.name {
        // The pin is not in force yet.
        return Ok(Some(nic.name.clone()));
    }
    let mut files = host.files.clone();
    files.files.retain(|file| file.path != pin.path);
    let verdict = files.verdict(&host.device_at_boot(nic), &host.machine);
    match host.next_name(nic, verdict.winner) {
        Next::Name(name) => Ok(Some(name)),
        Next::Kernel => Err("the kernel gives it".to_owned()),
        Next::Unknown(reason) => Err(reason),
    }
}
