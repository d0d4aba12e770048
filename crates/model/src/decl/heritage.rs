//! `inherits`: the options of other stanzas, before a stanza's own.

use crate::hash::Map;
use cleat_diag::{Diagnostic, Spanned};
use cleat_eni::{Iface, Opt};

/// How many stanzas may inherit from each other in a row, as with files that source each other.
const DEEPEST: usize = 32;
/// How many lines all stanzas together may inherit. Each step of a row may double them: 27 short lines asked for 20 GB.
const MOST_LINES: usize = 200_000;

/// How many unknown words are compared with the names of all stanzas.
const MOST_GUESSES: usize = 100;

/// An option and whether it came by `inherits`.
pub(super) type Gathered<'a> = Vec<(&'a Opt, bool)>;

/// The stanzas by name, where any inherits, and how many lines may still be inherited.
pub(super) struct Heritage<'a> {
    by_name: Map<&'a str, Vec<&'a Iface>>,
    left: usize,
    /// For how many words the nearest name may still be looked for among all.
    guesses: usize,
    /// Whether it was told that there are too many lines, or stanzas in a row: once, as every further one would say it again.
    told: [bool; 2],
}

impl<'a> Heritage<'a> {
    pub(super) fn of(stanzas: &[&'a Iface]) -> Self {
        let mut by_name: Map<&str, Vec<&Iface>> = Map::default();
        if stanzas.iter().any(|stanza| !stanza.inherits.is_empty()) {
            for stanza in stanzas {
                by_name.entry(&stanza.name.value).or_default().push(stanza);
            }
        }
        Self {
            by_name,
            left: MOST_LINES,
            guesses: MOST_GUESSES,
            told: [false; 2],
        }
    }

    /// The stanza's options, those of the stanzas that it inherits from before them.
    pub(super) fn gather(&mut self, stanza: &'a Iface, found: &mut Vec<Diagnostic>) -> Gathered<'a> {
        let mut gathered = Vec::with_capacity(stanza.options.len());
        let mut path = vec![stanza.name.value.as_str()];
        self.inherit(stanza, &mut path, &mut gathered, found);
        gathered.extend(stanza.options.iter().map(|option| (option, false)));
        gathered
    }

    fn inherit(
        &mut self,
        stanza: &'a Iface,
        path: &mut Vec<&'a str>,
        gathered: &mut Gathered<'a>,
        found: &mut Vec<Diagnostic>,
    ) {
        for word in &stanza.inherits {
            let Some(parents) = self.parents(stanza, word, path, found) else {
                continue;
            };
            path.push(&word.value);
            for parent in parents {
                // A stanza counts as a line, too: one without options costs time as well.
                let lines = parent.options.len() + 1;
                let Some(left) = self.left.checked_sub(lines) else {
                    let text = format!("more than {MOST_LINES} lines are inherited");
                    found.extend(self.too_much(0, text, word, stanza));
                    break;
                };
                self.left = left;
                self.inherit(parent, path, gathered, found);
                gathered.extend(parent.options.iter().map(|option| (option, true)));
            }
            path.pop();
        }
    }

    /// The stanzas that a word of `inherits` means; `None`, and why, where it is left out. Without a family all stanzas of
    /// the name are inherited, with one only those of that family.
    fn parents(
        &mut self,
        stanza: &Iface,
        word: &Spanned<String>,
        path: &[&str],
        found: &mut Vec<Diagnostic>,
    ) -> Option<Vec<&'a Iface>> {
        let name = word.value.as_str();
        if path.contains(&name) {
            let around = path.join(" → ");
            found.push(
                Diagnostic::error(
                    "inherits-cycle",
                    format!("`{name}` inherits from itself: {around} → {name}"),
                )
                .at(word.place, "left out")
                .on(&stanza.name.value),
            );
            return None;
        }
        if path.len() > DEEPEST {
            let text = format!("more than {DEEPEST} stanzas inherit from each other in a row");
            found.extend(self.too_much(1, text, word, stanza));
            return None;
        }
        let Some(parents) = self.by_name.get(name) else {
            // After so many words that nobody wrote a stanza for, none of them is a slip.
            self.guesses = self.guesses.saturating_sub(1);
            let known = self.by_name.keys().filter(|_| self.guesses > 0);
            let known = known.map(|known| (crate::table::distance(name, known), *known));
            let nearest = known.filter(|(distance, _)| *distance <= 2).min();
            let diagnostic = Diagnostic::error(
                "inherits-unknown",
                format!("there is no stanza `{name}` to inherit from"),
            )
            .at(word.place, "left out")
            .on(&stanza.name.value);
            found.push(match nearest {
                Some((_, nearest)) => diagnostic.help(format!("did you mean `{nearest}`?")),
                None => diagnostic,
            });
            return None;
        };
        let family = stanza.family.as_ref().map(|family| &family.value);
        let same = |parent: &&&Iface| match (&parent.family, family) {
            (Some(parent), Some(family)) => parent.value == *family,
            _ => true,
        };
        Some(parents.iter().filter(same).copied().collect())
    }

    fn too_much(&mut self, what: usize, text: String, word: &Spanned<String>, stanza: &Iface) -> Option<Diagnostic> {
        let told = std::mem::replace(&mut self.told[what], true);
        let diagnostic = Diagnostic::error("inherits-too-much", text);
        (!told).then(|| diagnostic.at(word.place, "left out").on(&stanza.name.value))
    }
}
