//! What of the names that schemes would give cannot come true: one name for two NICs, or one that another has already.
//!
//! *Source*: the kernel refuses a name that is the name or an alternative name of another link (`netdev_name_in_use` in
//! net/core/dev.c).

use super::names::{Names, line};
use crate::link::carry_out::configuration;
use crate::link::configuration::Configuration;
use cleat_naming::policy::ChosenName;
use cleat_naming::udev::{DEBIAN_12, DEBIAN_13};
use cleat_naming::{SCHEMES, Scheme};
use cleat_store::{Store, Timestamp};
use serde_json::{Value, json};

/// Something that goes wrong under some schemes; NICs by their names now.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Clash {
    /// Two NICs would get one name.
    Both { one: String, other: String, name: String },
    /// A NIC would get a name that is an alternative one of another.
    Alternative { nic: String, name: String, other: String },
    /// A NIC would get the name of a link that the configuration makes.
    Made { nic: String, name: String },
    /// A NIC would get a name that another has now.
    Moves { nic: String, name: String, from: String },
}

/// A clash with the schemes that it is so under.
pub(super) struct Found {
    clash: Clash,
    schemes: Vec<&'static Scheme>,
}

/// All clashes, those of the scheme of the next boot first.
pub(super) fn all(names: &Names) -> Vec<Found> {
    let store = Store::new(&names.host.root, Timestamp::now());
    let made = configuration(&store, &names.host.root).map_or_else(|_| Vec::new(), |read| Configuration::makes(&read));
    let next = names.host.next_boot.scheme_or_newest();
    let mut found: Vec<Found> = Vec::new();
    for scheme in std::iter::once(next).chain(SCHEMES.iter().filter(|scheme| *scheme != next)) {
        for clash in under(names, scheme, &made) {
            match found.iter_mut().find(|known| known.clash == clash) {
                Some(known) => known.schemes.push(scheme),
                None => found.push(Found {
                    clash,
                    schemes: vec![scheme],
                }),
            }
        }
    }
    found
}

/// What clashes under one scheme.
fn under(names: &Names, scheme: &'static Scheme, made: &[String]) -> Vec<Clash> {
    let udev = match names.host.next_boot.scheme_or_newest() == scheme {
        true => names.host.next_boot.udev_for(scheme),
        false => names.udev_of(scheme),
    };
    let choices = names.choices(scheme, udev);
    let others: Vec<Vec<String>> = names
        .nics
        .iter()
        .zip(&choices)
        .map(|(nic, choice)| names.host.altnames_under(nic, choice, scheme, udev))
        .collect();
    let name_of = |at: usize| names.nics[at].name().to_owned();
    let mut clashes = Vec::new();
    for (at, ChosenName { name, .. }) in choices.iter().enumerate() {
        let Some(name) = name else { continue };
        let nic = name_of(at);
        if let Some(first) = choices[..at].iter().position(|other| other.name.as_ref() == Some(name)) {
            clashes.push(Clash::Both {
                one: name_of(first),
                other: nic.clone(),
                name: name.clone(),
            });
        }
        let with_altname = others.iter().enumerate();
        let with_altname = with_altname.filter(|(other, list)| *other != at && list.contains(name));
        clashes.extend(with_altname.map(|(other, _)| Clash::Alternative {
            nic: nic.clone(),
            name: name.clone(),
            other: name_of(other),
        }));
        if made.contains(name) {
            clashes.push(Clash::Made {
                nic: nic.clone(),
                name: name.clone(),
            });
        }
        let of_another = names
            .nics
            .iter()
            .position(|other| other.name() == name)
            .filter(|other| *other != at);
        if let Some(from) = of_another.filter(|from| choices[*from].name.as_ref() != Some(name)) {
            clashes.push(Clash::Moves {
                nic,
                name: name.clone(),
                from: name_of(from),
            });
        }
    }
    clashes
}

impl Found {
    /// One line; `next` is the scheme of the next boot.
    pub(super) fn line(&self, next: &Scheme) -> String {
        let under = self.under(next);
        let text = match &self.clash {
            Clash::Both { one, other, name } => {
                format!("note: {one} and {other} would both be called {name} under {under}: one stays as it is")
            }
            Clash::Alternative { nic, name, other } => format!(
                "note: {nic} would be called {name} under {under}, which is an alternative name of {other} then: \
                 whichever comes second does not get it"
            ),
            Clash::Made { nic, name } => {
                format!(
                    "note: {nic} would be called {name} under {under}, and the configuration makes a link of that name"
                )
            }
            Clash::Moves { nic, name, from } => {
                format!("note: {nic} would be called {name} under {under}, which is {from}'s name now")
            }
        };
        line(&text)
    }

    /// `v252 (v251-v254)` with the scheme of the next boot in front, `v257-v261 (Debian 13)` without it.
    fn under(&self, next: &Scheme) -> String {
        let ranges = ranges(&self.schemes);
        if self.schemes.contains(&next) {
            return match self.schemes.len() {
                1 => next.to_string(),
                _ => format!("{next} ({ranges})"),
            };
        }
        let releases = [(DEBIAN_12, "Debian 12"), (DEBIAN_13, "Debian 13")];
        let here = releases.iter().filter(|(udev, _)| {
            let scheme = udev.default_scheme();
            scheme.is_some_and(|scheme| self.schemes.contains(&scheme))
        });
        let here: Vec<&str> = here.map(|(_, name)| *name).collect();
        match here.is_empty() {
            true => ranges,
            false => format!("{ranges} ({})", here.join(", ")),
        }
    }

    /// *Shape*: `{"nics", "name", "schemes"}`; of the NICs the first would get the name.
    pub(super) fn document(&self) -> Value {
        let (nics, name) = match &self.clash {
            Clash::Both { one, other, name } => (vec![one, other], name),
            Clash::Alternative { nic, name, other } => (vec![nic, other], name),
            Clash::Made { nic, name } => (vec![nic], name),
            Clash::Moves { nic, name, from } => (vec![nic, from], name),
        };
        let schemes: Vec<&str> = self.schemes.iter().map(|scheme| scheme.name).collect();
        json!({ "nics": nics, "name": name, "schemes": schemes })
    }
}

/// `v239, v251-v254`.
fn ranges(schemes: &[&'static Scheme]) -> String {
    let mut text = String::new();
    let mut run: Option<(&Scheme, &Scheme)> = None;
    let mut close = |run: Option<(&Scheme, &Scheme)>| {
        if let Some((first, last)) = run {
            let comma = if text.is_empty() { "" } else { ", " };
            text += &match first == last {
                true => format!("{comma}{first}"),
                false => format!("{comma}{first}-{last}"),
            };
        }
    };
    for scheme in SCHEMES {
        run = match (run, schemes.contains(&scheme)) {
            (Some((first, _)), true) => Some((first, scheme)),
            (None, true) => Some((scheme, scheme)),
            (ended, false) => {
                close(ended);
                None
            }
        };
    }
    close(run);
    text
}
