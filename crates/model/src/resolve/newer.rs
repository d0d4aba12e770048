//! Options that came with a newer kernel than the one that runs: it would take them without a word, and show nothing.

use super::Build;
use crate::desired::Knob;
use crate::hash::Set;
use cleat_diag::Diagnostic;

impl Build<'_> {
    /// Leaves them out, with a warning at their line.
    pub(super) fn newer(&mut self) {
        let Some((facts, release)) = self.facts.and_then(|facts| Some((facts, facts.release?))) else {
            return;
        };
        let mut reported = Set::default();
        for link in &mut self.links {
            let (name, kind) = (link.name, link.kind.clone());
            link.knobs.retain(|Knob { attr, value, origin }| {
                let kept = attr.attr_of(&kind, value).filter(|kept| facts.lacks(kept));
                let Some(kept) = kept else { return true };
                // An option under a bridge goes to each of its ports.
                if let Some(place) = origin.place().filter(|place| reported.insert(*place)) {
                    let since = kept.since;
                    let message = format!(
                        "this kernel ({release}) does not have `{}`: it came with Linux {since}",
                        attr.name
                    );
                    self.found.push(
                        Diagnostic::warning("newer-kernel", message)
                            .at(place, "left out")
                            .on(name)
                            .help(format!(
                                "nothing is to be done: Linux {since} and newer will honour the line"
                            )),
                    );
                }
                false
            });
        }
    }
}

#[cfg(test)]
mod tests;
