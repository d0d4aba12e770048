//! What a reload says before it begins: who would notice it.

use crate::plan::conversations;
use crate::plan::pipeline::Basis;
use crate::read::session::Session;
use cleat_cli::logging::Reporter;
use cleat_diag::Diagnostic;
use cleat_model::impact::{Impact, Interruption, Sort};
use cleat_model::op::Plan;
use std::collections::BTreeSet;

/// Lines at most: what a reload says must still be read.
const SHOWN: usize = 20;

/// Who would notice the plan, those with whom the host talks among them.
///
/// Sockets are looked for only where the plan touches what they go over.
pub fn impact(session: &Session, plan: &Plan, basis: Basis<'_>) -> Impact {
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
    let said = said(&session.diagnostics);
    let is_said = |found: &&Interruption| {
        found.sort == Sort::Carrier && found.link.is_some_and(|link| said.contains(&link.to_string()))
    };
    let all: Vec<&Interruption> = impact.all().filter(|found| !is_said(found)).collect();
    let mut told: Vec<Diagnostic> = all.iter().take(SHOWN).map(|found| diagnostic(found)).collect();
    let more = all.len() - told.len();
    if more > 0 {
        let text = format!("{more} more interruptions");
        told.push(Diagnostic::warning("interrupts", text).help("`cleat plan` lists all"));
    }
    reporter.print(&told, session.sources());
}

/// The links that the plan itself says go down, with the line that is the reason: they are not told twice.
fn said(diagnostics: &[Diagnostic]) -> BTreeSet<String> {
    let told = diagnostics.iter().filter(|found| found.code == "interrupts");
    told.filter_map(|found| found.iface.clone()).collect()
}

fn diagnostic(found: &Interruption) -> Diagnostic {
    let told = Diagnostic::warning("interrupts", found.text.clone());
    match found.link {
        Some(link) => told.on(link),
        None => told,
    }
}
