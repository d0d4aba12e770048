//! What a reload says before it begins: who would notice it.

use crate::conversations;
use crate::logging::Reporter;
use crate::pipeline::Basis;
use crate::session::Session;
use cleat_diag::Diagnostic;
use cleat_model::impact::{Impact, Interruption};
use cleat_model::op::Plan;

/// Lines at most: what a reload says must still be read.
const SHOWN: usize = 20;

/// Who would notice the plan, those with whom the host talks among them.
///
/// Sockets are looked for only where the plan touches what they go over.
pub(crate) fn impact(session: &Session, plan: &Plan, basis: Basis<'_>) -> Impact {
    let mut impact = Impact::of(basis.desired, basis.owned, basis.snapshot, plan);
    if impact.may_cut_conversations() {
        impact.talk(&conversations::now(&session.root));
    }
    impact
}

/// Prints a warning for each interruption, before the first step.
pub(crate) fn tell(session: &Session, plan: &Plan, basis: Basis<'_>, reporter: Reporter) {
    if plan.is_empty() {
        return;
    }
    let impact = impact(session, plan, basis);
    let mut told: Vec<Diagnostic> = impact.all().take(SHOWN).map(diagnostic).collect();
    let more = impact.all().count() - told.len();
    if more > 0 {
        let text = format!("{more} more interruptions");
        told.push(Diagnostic::warning("interrupts", text).help("`cleat plan` lists all"));
    }
    reporter.print(&told, session.sources());
}

fn diagnostic(found: &Interruption) -> Diagnostic {
    let told = Diagnostic::warning("interrupts", found.text.clone());
    match found.link {
        Some(link) => told.on(link),
        None => told,
    }
}
