//! Diagnostics with the files that they point into.

use cleat_diag::{Diagnostic, Severity, Sources};

/// What was found, to render with `cleat_diag::render`.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// The files that the diagnostics point into.
    pub sources: Sources,
    /// What was found, in order.
    pub diagnostics: Vec<Diagnostic>,
}

impl Findings {
    /// One finding that points nowhere.
    pub fn one(diagnostic: Diagnostic) -> Self {
        Self {
            sources: Sources::new(),
            diagnostics: vec![diagnostic],
        }
    }

    /// Whether any is an error that stops: one that only leaves something out does not.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::stops)
    }

    /// Whether an error leaves something out, which the exit code is to say.
    pub fn leaves_out(&self) -> bool {
        let mut errors = self
            .diagnostics
            .iter()
            .filter(|found| found.severity == Severity::Error);
        errors.any(|found| found.leaves_out)
    }
}
