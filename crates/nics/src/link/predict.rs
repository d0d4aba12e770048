//! `cleat-link predict`.

mod names;
mod notes;

use super::list::in_columns;
use crate::scheme::next::{NextBoot, Pinned};
use cleat_cli::{Call, End, Hint, JSON, Opt, Verb, Words, complain, print};
use cleat_diag::{escaped, escaped_lines};
use cleat_naming::policy::ChosenName;
use cleat_naming::udev::{DEBIAN_12, DEBIAN_13};
use cleat_naming::{NEWEST, NicFacts, SCHEMES, Scheme, Udev, legal, predict};
use cleat_root::Root;
use names::{Names, line};
use serde_json::{Value, json};

/// The verb.
pub(super) const VERB: Verb = Verb {
    name: "predict",
    usage: "cleat-link predict [--scheme VERSION] [--root DIR] [--json]",
    short: "shows what every NIC would be called under every naming scheme",
    doc: "Shows for every NIC the name that it has, and the one that it would get at a boot with the systemd of each naming \
          scheme: from what sysfs says of it, the .link file that it gets, udev's rules and the kernel command line. \
          Schemes that give the same names share a column, a name that is not the one of now has a star, and what changes \
          from Debian 12 to 13 is listed with its reason. The column of the scheme of the next boot is marked, as pinned \
          where something pins it; a pinned scheme goes along from Debian 12 to 13. A NIC whose address was changed, as a \
          bond does, is taken by its own. Notes tell what cannot come true, \
          under which schemes: one name for two NICs, the alternative name of another, a link of the configuration. With \
          `--scheme` every name on offer under that one scheme is shown with its reason.",
    words: Words::NONE,
    options: &[
        Opt {
            form: "--scheme VERSION",
            doc: "only this scheme (`v252`, or `latest`: the newest of the installed udev), with every name on offer",
            hint: Hint::Free,
        },
        Opt {
            form: "--root DIR",
            doc: "a tree that `cleat-link capture` wrote, or the root of another system, in place of this machine",
            hint: Hint::Directory,
        },
        JSON,
    ],
    run,
};

/// Stands for the name that the kernel gives.
const KERNELS: &str = "(kernel's)";

fn run(call: &Call) -> End {
    let shown = scheme(call).and_then(|scheme| {
        let root = call.path("root").map_or_else(Root::real, Root::at);
        let names = Names::read(root)?;
        Ok(match (call.has("json"), scheme) {
            (true, only) => escaped_lines(&format!("{:#}\n", names.document(only))).into_owned(),
            (false, Some(scheme)) => names.candidates(scheme),
            (false, None) => names.table(),
        })
    });
    match shown {
        Ok(text) => print(&text),
        Err(text) => {
            complain(&text);
            End::Fault
        }
    }
}

/// `--scheme`.
fn scheme(call: &Call) -> Result<Option<&'static Scheme>, String> {
    let Some(word) = call.value("scheme").map(|word| word.to_string_lossy()) else {
        return Ok(None);
    };
    let installed = || Udev::installed(&call.path("root").map_or_else(Root::real, Root::at));
    let found = match &*word {
        Scheme::LATEST => Some(installed().and_then(Udev::default_scheme).unwrap_or(NEWEST)),
        name => Scheme::named(name),
    };
    let newest = SCHEMES.last().map_or("", |scheme| scheme.name);
    found
        .map(Some)
        .ok_or_else(|| format!("there is no naming scheme `{word}`; known are v238 to {newest} (`cleat-scheme list`)"))
}

/// Schemes that give every NIC the same name.
struct Column {
    first: &'static Scheme,
    last: &'static Scheme,
    choices: Vec<ChosenName>,
}

impl Names {
    fn columns(&self) -> Vec<Column> {
        let mut columns: Vec<Column> = Vec::new();
        for scheme in SCHEMES {
            let choices = self.choices(scheme, self.udev_of(scheme));
            let names = |choices: &[ChosenName]| -> Vec<Option<String>> {
                choices.iter().map(|choice| choice.name.clone()).collect()
            };
            match columns.last_mut() {
                Some(column) if names(&column.choices) == names(&choices) => column.last = scheme,
                _ => columns.push(Column {
                    first: scheme,
                    last: scheme,
                    choices,
                }),
            }
        }
        columns
    }

    fn table(&self) -> String {
        if self.nics.is_empty() {
            return "there are no NICs here\n".to_owned();
        }
        let columns = self.columns();
        let mut rows: Vec<Vec<String>> = vec![
            std::iter::once("now".to_owned())
                .chain(columns.iter().map(Column::title))
                .collect(),
            std::iter::once(String::new())
                .chain(columns.iter().map(|column| column.release(&self.host.next_boot)))
                .collect(),
        ];
        for (at, nic) in self.nics.iter().enumerate() {
            let names = columns.iter().map(|column| cell(nic, &column.choices[at]));
            rows.push(std::iter::once(nic.name().to_owned()).chain(names).collect());
        }
        let mut text = in_columns(&rows);
        text += "\n* another name than now\n";
        text += &self.upgrade();
        text + &self.notes()
    }

    /// What changes from Debian 12 to 13. A scheme that is pinned goes along, where both know it.
    fn upgrade(&self) -> String {
        let (Some(from), Some(to)) = (DEBIAN_12.default_scheme(), DEBIAN_13.default_scheme()) else {
            return String::new();
        };
        let known = |udev: Udev| self.pinned().filter(|pinned| pinned.scheme.version <= udev.version);
        let Some(Pinned { scheme, by }) = known(DEBIAN_12).or_else(|| known(DEBIAN_13)) else {
            let lines = self.changed(&self.choices(from, DEBIAN_12), &self.choices(to, DEBIAN_13));
            if lines.is_empty() {
                return format!("\nfrom Debian 12 ({from}) to Debian 13 ({to}): no name changes\n");
            }
            return format!(
                "\nfrom Debian 12 ({from}) to Debian 13 ({to}):\n{lines}\
                 keep them: cleat-link pin, or cleat-scheme pin {from}\n"
            );
        };
        // Debian 12 takes its default for a scheme that it does not know.
        let before = if known(DEBIAN_12).is_some() { *scheme } else { from };
        let (before, after) = (self.choices(before, DEBIAN_12), self.choices(scheme, DEBIAN_13));
        let by = escaped(by);
        let head = format!("\nfrom Debian 12 to Debian 13 with {scheme}, which is pinned by {by}:");
        let mut text = match self.changed(&before, &after) {
            lines if lines.is_empty() => format!("{head} no name changes\n"),
            lines => format!("{head}\n{lines}keep them: cleat-link pin\n"),
        };
        let kept = self.changed(&after, &self.choices(to, DEBIAN_13));
        if !kept.is_empty() {
            text += &format!("without the pin, from {scheme} to {to}:\n{kept}");
        }
        text
    }

    /// A line for each NIC that two boots call differently, with the reason of the second; the NIC is named where it has
    /// neither name now.
    fn changed(&self, before: &[ChosenName], after: &[ChosenName]) -> String {
        let shown = |name: &Option<String>| name.clone().unwrap_or_else(|| KERNELS.to_owned());
        let pairs = self.nics.iter().zip(before.iter().zip(after));
        let changed = pairs.filter(|(_, (before, after))| before.name != after.name);
        let shown_pair = |(nic, (before, after)): (&NicFacts, (&ChosenName, &ChosenName))| {
            let nic = match before.name.as_deref() == Some(nic.name()) {
                true => String::new(),
                false => format!("{}: ", nic.name()),
            };
            let (from, to) = (shown(&before.name), shown(&after.name));
            line(&format!("  {nic}{from} -> {to}  ({})", after.reason))
        };
        changed.map(shown_pair).collect()
    }

    /// Doubts of the next boot, and what clashes under each scheme.
    fn notes(&self) -> String {
        let scheme = self.host.next_boot.scheme_or_newest();
        let choices = self.choices(scheme, self.host.next_boot.udev_for(scheme));
        let mut notes = String::new();
        for (nic, choice) in self.nics.iter().zip(&choices) {
            for doubt in &choice.doubts {
                notes += &line(&format!("note: {}: {doubt}", nic.name()));
            }
        }
        for (nic, coming) in self.host.nics.iter().map(|nic| (nic, self.host.coming(nic))) {
            if !coming.is_one() {
                notes += &line(&format!(
                    "note: an initramfs carries other .link files than the root: {} {}; see `cleat-link refresh`",
                    nic.name,
                    coming.clause(&nic.name)
                ));
            }
        }
        let clashes = notes::all(self);
        notes + &clashes.iter().map(|found| found.line(scheme)).collect::<String>()
    }

    /// Every name on offer under one scheme.
    fn candidates(&self, scheme: &'static Scheme) -> String {
        let udev = self.host.next_boot.udev_for(scheme);
        let mut text = format!("scheme {scheme} with systemd {}\n", udev.version);
        for nic in &self.nics {
            let prediction = predict(nic, scheme, udev);
            let choice = self.host.choice(nic, scheme, udev);
            let name = choice.name.as_deref().unwrap_or(KERNELS);
            text.push('\n');
            text += &line(&format!("{} -> {name}  ({})", nic.name(), choice.reason));
            if let Some(nameless) = prediction.nameless {
                text += &format!("  no names: {nameless}\n");
            }
            let rows = prediction.candidates.iter().map(|found| {
                let illegal = legal(&found.name).err().map(|why| format!("; {why}"));
                let reason = format!("{}{}", found.reason, illegal.unwrap_or_default());
                vec![format!("  {}", found.origin.word()), found.name.clone(), reason]
            });
            text += &in_columns(&rows.collect::<Vec<_>>());
            for doubt in &choice.doubts {
                text += &line(&format!("  note: {doubt}"));
            }
        }
        text
    }

    /// *Shape*: `{"systemd", "next_boot", "pinned_by", "nics": [{"now", "address", "schemes": [{"scheme", "systemd", "name", "reason", "changes",
    /// "candidates": [{"origin", "name", "reason", "illegal"}], "label", "doubts"}]}], "clashes": [{"nics", "name", "schemes"}]}`; what is not there is null. `address`
    /// is the NIC's own, `next_boot` the scheme of the next boot.
    fn document(&self, only: Option<&'static Scheme>) -> Value {
        let next = &self.host.next_boot;
        let schemes: Vec<(&'static Scheme, Udev)> = match only {
            Some(scheme) => vec![(scheme, next.udev_for(scheme))],
            None => SCHEMES.iter().map(|scheme| (scheme, self.udev_of(scheme))).collect(),
        };
        let nics = self.nics.iter().map(|nic| {
            let schemes = schemes.iter().map(|(scheme, udev)| {
                let prediction = predict(nic, scheme, *udev);
                let choice = self.host.choice(nic, scheme, *udev);
                json!({
                    "scheme": scheme.name,
                    "systemd": udev.version,
                    "changes": choice.changes(nic),
                    "name": choice.name,
                    "reason": choice.reason,
                    "doubts": choice.doubts,
                    "label": prediction.label,
                    "candidates": prediction.candidates.iter().map(|found| json!({
                        "origin": found.origin.word(),
                        "name": found.name,
                        "reason": found.reason,
                        "illegal": legal(&found.name).err().map(|why| why.to_string()),
                    })).collect::<Vec<_>>(),
                })
            });
            json!({ "now": nic.name(), "address": nic.mac(), "schemes": schemes.collect::<Vec<_>>() })
        });
        json!({
            "systemd": next.udev.map(|udev| udev.version),
            "next_boot": next.scheme().map(|scheme| scheme.name),
            "pinned_by": self.pinned().map(|pinned| &pinned.by),
            "nics": nics.collect::<Vec<_>>(),
            "clashes": notes::all(self).iter().map(notes::Found::document).collect::<Vec<_>>(),
        })
    }
}

impl Column {
    fn holds(&self, scheme: &Scheme) -> bool {
        (self.first.version..=self.last.version).contains(&scheme.version)
    }

    /// `v238`, `v239-v252`.
    fn title(&self) -> String {
        match self.first == self.last {
            true => self.first.name.to_owned(),
            false => format!("{}-{}", self.first, self.last),
        }
    }

    /// What people call these versions: `Debian 12`; and which one is that of the next boot.
    fn release(&self, next: &NextBoot) -> String {
        let of = |udev: Option<Udev>| udev.and_then(Udev::default_scheme);
        let next = match &next.pinned {
            Some(pinned) => (Some(pinned.scheme), "pinned"),
            None => (of(next.udev), "installed"),
        };
        let known = [
            (of(Some(DEBIAN_12)), "Debian 12"),
            (of(Some(DEBIAN_13)), "Debian 13"),
            next,
        ];
        let here = known
            .iter()
            .filter(|(scheme, _)| scheme.is_some_and(|scheme| self.holds(scheme)));
        here.map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
    }
}

/// A name with a star where it is another than now. Where the kernel's own stays, it is another if a program gave the one
/// of now.
fn cell(nic: &NicFacts, choice: &ChosenName) -> String {
    let name = choice.name.as_deref().unwrap_or(KERNELS);
    match choice.changes(nic) {
        Some(true) => format!("{name} *"),
        Some(false) | None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests;
