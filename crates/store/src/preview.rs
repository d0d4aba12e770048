//! What would become of a staged file.

use crate::candidate::Candidate;
use crate::judge::standing;
use crate::{Findings, Judge, Store, StoreError, What};
use cleat_diag::Diagnostic;
use cleat_eni::ConfigSet;
use cleat_root::paths;
use std::path::Path;

impl Store {
    /// What the commit of the staged file at a boot would find now; an error among it means that it would be refused.
    /// None where nothing is staged. Nothing is changed.
    pub fn preview(&self, judge: &Judge<'_>) -> Result<Option<Findings>, StoreError> {
        let candidate = match self.candidate(What::Staged)? {
            None => return Ok(None),
            Some(Err(findings)) => return Ok(Some(findings)),
            Some(Ok(candidate)) => candidate,
        };
        let (_, mut findings) = self.judged(&candidate, judge);
        if let Err(error) = candidate.changes(&self.root)? {
            findings.diagnostics.push(error);
        }
        findings.diagnostics.extend(candidate.held);
        Ok(Some(findings))
    }

    /// The configuration with all that it sources, and everything that is found about it.
    pub(crate) fn judged(&self, candidate: &Candidate, judge: &Judge<'_>) -> (ConfigSet, Findings) {
        let bytes = candidate.interfaces.clone();
        let (set, read) = ConfigSet::with_replaced(&candidate.name, bytes, &self.root, &candidate.replaced());
        let (old, _) = ConfigSet::load(&self.root, Path::new(paths::INTERFACES));
        let mut diagnostics = candidate.notes.clone();
        diagnostics.extend(read);
        // Without it nobody can say what the new one would take away.
        let lost = old.lost.iter();
        diagnostics.extend(lost.map(|lost| Diagnostic::error("unreadable", lost.to_string())));
        diagnostics.extend(standing(&set, &old));
        diagnostics.extend(judge(&set));
        let sources = set.sources.clone();
        (set, Findings { sources, diagnostics })
    }
}
