//! Rules between options of one link: `needs` of the rows, and the few that need more than a row.

use super::Build;
use crate::attr::{Attr, Need, Value};
use crate::desired::{Knob, LinkRef, WantLink};
use crate::name::IfName;
use crate::table;
use crate::types::{Kind, Origin};
use cleat_diag::{Diagnostic, Place};

impl Build<'_> {
    pub(super) fn rules(&mut self) {
        for at in 0..self.links.len() {
            let faults = needs(&self.links[at]);
            let out: Vec<&str> = faults.iter().map(|(name, _)| *name).collect();
            let link = &mut self.links[at];
            link.knobs.retain(|knob| !out.contains(&knob.attr.name));
            let name = link.name;
            let told = faults.into_iter().filter_map(|(_, fault)| fault);
            self.found.extend(told.map(|fault| fault.on(name)));
            self.spanning_tree(at);
            fixed_speed(&mut self.links[at]);
        }
        for (name, decl) in self.written() {
            if let Some(said) = decl.last("bond-primary").filter(|_| self.is_kind(name, &Kind::Bond)) {
                self.primary(name, said);
            }
        }
    }

    /// `bond-primary`: the first of its names that is a port.
    fn primary(&mut self, bond: IfName, said: &crate::decl::Said) {
        let Some(attr) = table::find("bond-primary") else {
            return;
        };
        if let Some(fault) = self.link(bond).and_then(|link| unmet(link, attr, said.key.place)) {
            self.found.push(fault.on(bond));
            return;
        }
        let ports: Vec<IfName> = match self.link(bond) {
            Some(link) => link.ports.iter().map(|port| port.name).collect(),
            None => return,
        };
        let words = said.value.words();
        let chosen = words.iter().find_map(|word| {
            let name = ports.iter().find(|port| port.as_str() == word.value)?;
            Some((*name, word.place))
        });
        match (chosen, words.first()) {
            (Some((name, place)), _) => {
                let origin = Origin::Said(place);
                if let Some(link) = self.link_mut(bond) {
                    let number = crate::attrs::bond::PRIMARY.number;
                    link.data_links.push((number, LinkRef { name, origin }));
                }
            }
            (None, Some(word)) => {
                let diagnostic =
                    Diagnostic::error("primary-no-port", format!("`{}` is not a port of `{bond}`", word.value))
                        .at(word.place, "cannot be the primary port")
                        .on(bond);
                let ports: Vec<String> = ports.iter().map(|port| format!("`{port}`")).collect();
                self.found.push(match ports.is_empty() {
                    true => diagnostic.help("give the bond its ports in `bond-slaves`"),
                    false => diagnostic.help(format!("choose one of {}", ports.join(", "))),
                });
            }
            (None, None) => self
                .found
                .push(super::bad_value(said, said.key.place, "the name of a port of the bond").on(bond)),
        }
    }

    /// The kernel takes a forward delay of 2 to 30 seconds while it speaks the spanning tree protocol.
    ///
    /// *Source*: `br_set_forward_delay` in net/bridge/br_stp.c.
    fn spanning_tree(&mut self, at: usize) {
        let link = &mut self.links[at];
        if link.number("bridge-stp") != Some(1) {
            return;
        }
        let Some(delay) = link.knob("bridge-fd") else { return };
        let Value::Number(hundredths) = delay.value else { return };
        if (200..=3000).contains(&hundredths) {
            return;
        }
        let shown = delay.attr.show(&delay.value);
        let Some(place) = delay.origin.place() else { return };
        let diagnostic = Diagnostic::error(
            "forward-delay",
            format!("`bridge-fd {shown}` cannot be had with `bridge-stp on`"),
        )
        .at(place, "the kernel takes 2 to 30 seconds then")
        .on(link.name)
        .help("write a value from 2 to 30, or `bridge-stp off`");
        let stp = link.knob("bridge-stp").and_then(|knob| knob.origin.place());
        self.found.push(match stp {
            Some(place) => diagnostic.note_at(place, "`bridge-stp` is set"),
            None => diagnostic,
        });
        link.knobs.retain(|knob| knob.attr.name != "bridge-fd");
    }
}

/// A speed or duplex without a word on negotiation is meant as it is written: fixed.
fn fixed_speed(link: &mut WantLink) {
    let said = ["link-speed", "link-duplex"]
        .iter()
        .find_map(|option| link.knob(option));
    let Some(place) = said.and_then(|knob| knob.origin.place()) else {
        return;
    };
    if link.knob("link-autoneg").is_none() {
        super::set_number(link, "link-autoneg", 0, Origin::Implied(place, "fixed-speed"));
    }
}

/// Names of the options to leave out, each with what to say of it. What only fails since another option was left out
/// goes without a word.
fn needs(link: &WantLink) -> Vec<(&'static str, Option<Diagnostic>)> {
    let mut faults: Vec<(&'static str, Option<Diagnostic>)> = Vec::new();
    for knob in &link.knobs {
        let Some(place) = knob.origin.place() else { continue };
        let lost = knob.attr.needs.iter().any(|need| match need {
            Need::Set(other) | Need::OneOf { attr: other, .. } => faults.iter().any(|(name, _)| name == other),
            Need::Excludes(_) => false,
        });
        if lost {
            faults.push((knob.attr.name, None));
            continue;
        }
        if let Some(fault) = unmet(link, knob.attr, place) {
            faults.push((knob.attr.name, Some(fault)));
        }
    }
    faults
}

/// What is wrong with an option on that link by its row's rules.
fn unmet(link: &WantLink, attr: &Attr, place: Place) -> Option<Diagnostic> {
    attr.needs.iter().find_map(|need| match need {
        Need::OneOf {
            attr: other, values, ..
        } => {
            let row = table::find(other)?;
            let now = link
                .knob(other)
                .map(|knob| knob.value.clone())
                .or_else(|| row.default_value())?;
            let Value::Number(number) = now else { return None };
            if values.contains(&number) {
                return None;
            }
            let wanted: Vec<String> = values.iter().map(|value| row.show(&Value::Number(*value))).collect();
            let shown = row.show(&now);
            let message = format!("`{}` has no effect with `{other} {shown}`", attr.name);
            let diagnostic =
                Diagnostic::warning("no-effect", message).at(place, format!("needs `{other}` {}", either(&wanted)));
            let diagnostic = where_set(diagnostic, link, row);
            Some(diagnostic.help(format!("remove this line, or write `{other} {}`", wanted[0])))
        }
        Need::Set(other) => {
            let row = table::find(other)?;
            if is_set(link.knob(other)) {
                return None;
            }
            let diagnostic =
                Diagnostic::warning("no-effect", format!("`{}` has no effect without `{other}`", attr.name))
                    .at(place, format!("needs `{other}`"));
            let diagnostic = match link.knob(other) {
                Some(_) => where_set(diagnostic, link, row),
                None => diagnostic,
            };
            Some(diagnostic.help(format!("remove this line, or write `{other} {}`", row.example)))
        }
        Need::Excludes(other) => {
            let knob = link.knob(other).filter(|knob| is_set(Some(knob)))?;
            if !is_set(link.knob(attr.name)) {
                return None;
            }
            let row = table::find(other)?;
            let diagnostic = Diagnostic::error("excluded", format!("`{}` cannot stand beside `{other}`", attr.name))
                .at(place, "left out");
            let diagnostic = where_set(diagnostic, link, row);
            Some(diagnostic.help(format!("remove this line, or `{other} {}`", row.show(&knob.value))))
        }
    })
}

fn is_set(knob: Option<&Knob>) -> bool {
    knob.is_some_and(|knob| knob.value != Value::Number(0))
}

/// Adds where the other option is set, or that it is not.
fn where_set(diagnostic: Diagnostic, link: &WantLink, row: &Attr) -> Diagnostic {
    let name = row.name;
    match link.knob(name).and_then(|knob| knob.origin.place()) {
        Some(place) => diagnostic.note_at(place, format!("`{name}` is set")),
        None => match row.default {
            Some(default) => diagnostic.note(format!("`{name}` is {default} where it is not written")),
            None => diagnostic,
        },
    }
}

/// `a`; `a` or `b`; `a`, `b` or `c`.
fn either(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}
