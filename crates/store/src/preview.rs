//! What would become of a staged file.

use crate::candidate::Candidate;
use crate::judge::standing;
use crate::trust::unfit_sources;
use crate::{Companion, Content, Findings, Judge, Staged, Store, StoreError, What, unified};
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

    /// What the commit of a staged file would change of the live files, as `diff -u` shows it: with what was changed
    /// since merged in. Where both changes touch the same stanza nothing would be committed, and the two files are shown as
    /// they are.
    pub fn staged_diff(&self, staged: &Staged) -> Result<String, StoreError> {
        let path = Path::new(paths::INTERFACES);
        let (name, new, companions) = match self.of_staged(staged.clone())? {
            Ok(candidate) => (candidate.name, candidate.interfaces, candidate.companions),
            Err(_) => {
                let companions = staged.record.iter().flat_map(|record| record.companions.clone());
                (paths::INTERFACES_NEW.into(), staged.bytes.clone(), companions.collect())
            }
        };
        let bytes = |path: &Path| Content::read(&self.root, path).map(|found| found.map(|content| content.bytes));
        let mut text = unified(path, bytes(path)?.as_deref(), &name, Some(&new));
        for Companion { path, new, .. } in &companions {
            let new = new.as_ref().map(|content| content.bytes.as_slice());
            text += &unified(path, bytes(path)?.as_deref(), path, new);
        }
        Ok(text)
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
        if candidate.staged.is_some() {
            diagnostics.extend(unfit_sources(&self.root, &set));
        }
        diagnostics.extend(judge(&set));
        let sources = set.sources.clone();
        (set, Findings { sources, diagnostics })
    }
}
