//! After a run that was undone: is the kernel as it was before? What is not is put right where steps can do that, and named
//! where not.

use super::{Ending, Outcome, piecemeal};
use crate::differs::{Difference, Fate, differences, rebuilt, sentence};
use crate::hash::Set;
use crate::kernel::{Kernel, KernelError, Query};
use crate::name::IfName;
use crate::op::{Op, Plan};
use crate::plan::{back, is_ours, lost_neighbours};
use crate::snapshot::Snapshot;
use cleat_diag::Diagnostic;

/// How often the way back is looked for: what a link that is made again has of itself is known only once it is there.
const PASSES: usize = 2;

/// Leads the kernel to how it was before the run, as far as steps can do that. Answers how it is then.
///
/// *Shape*: `did` is shown each step with its answer.
///
/// # Errors
/// The kernel could not be read: nothing is known of how it is.
pub fn put_right(
    ours: &dyn Fn(&Difference) -> bool,
    before: &Snapshot,
    kernel: &mut dyn Kernel,
    did: &mut dyn FnMut(&Op, &Result<(), KernelError>),
) -> Result<Snapshot, KernelError> {
    let mut now = kernel.snapshot(Query::all_of(before))?;
    for _ in 0..PASSES {
        if !differences(before, &now).iter().any(ours) {
            break;
        }
        for op in back(ours, before, &now) {
            let Some(mut answer) = kernel.perform(std::slice::from_ref(&op)).pop() else {
                continue;
            };
            // A link with all but one of its attributes is better than none; that one is found by the next look.
            if answer.is_err() && piecemeal::perform(kernel, &op).is_some() {
                answer = Ok(());
            }
            did(&op, &answer);
        }
        now = kernel.snapshot(Query::all_of(before))?;
        let neighbours = lost_neighbours(before, &now);
        if !neighbours.is_empty() {
            // What is refused is found by the look that follows.
            let _ = kernel.restore_neighbours(&neighbours);
            now = kernel.snapshot(Query::all_of(before))?;
        }
    }
    Ok(now)
}

/// Whether all that is missing is what the kernel or a router makes again by itself: worth a moment.
pub fn is_on_its_way(before: &Snapshot, now: &Snapshot) -> bool {
    let all = differences(before, now);
    !all.is_empty() && all.iter().all(|found| found.change == Fate::Late)
}

/// What a run that was undone has to lead back: all that is lost, and what is new by a step of its plan.
pub fn of_plan(plan: &Plan) -> impl Fn(&Difference) -> bool {
    |found| found.change == Fate::Lost || is_ours(plan, found)
}

/// What a change that was live for a while has to lead back: all that is lost, but for what others changed between
/// `live`, when it had just been made, and `then`, when it began to be taken back.
pub fn of_change(live: &Snapshot, then: &Snapshot) -> impl Fn(&Difference) -> bool + use<> {
    let others = differences(live, then).into_iter();
    let others: Set<(IfName, String)> = others.map(|found| (found.link, found.text)).collect();
    move |found| found.change == Fate::Lost && !others.contains(&(found.link, found.text.clone()))
}

/// How a kernel is after it was led back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// How many things are not as before that should be.
    pub left: usize,
    /// Links that were deleted and made again on the way.
    pub rebuilt: Vec<IfName>,
    /// All that there is to say.
    pub diagnostics: Vec<Diagnostic>,
}

impl Verdict {
    /// Enters it into what came of a run.
    pub fn enter(self, outcome: &mut Outcome) {
        outcome.ending = match self.left {
            0 => Ending::PutBack,
            count => Ending::Stuck(count),
        };
        outcome.rebuilt = self.rebuilt;
        outcome.diagnostics.extend(self.diagnostics);
    }
}

/// Says how the kernel is after it was led back, by comparing it with how it was before. `stuck` are the steps that
/// could not be undone, and `between` how it was on the way.
pub fn judge(
    ours: &dyn Fn(&Difference) -> bool,
    (before, between): (&Snapshot, &[&Snapshot]),
    now: &Snapshot,
    stuck: &[String],
) -> Verdict {
    let all = differences(before, now);
    let (left, others): (Vec<&Difference>, Vec<&Difference>) = all.iter().partition(|found| ours(found));
    let (late, new): (Vec<&Difference>, Vec<&Difference>) =
        others.into_iter().partition(|found| found.change == Fate::Late);
    let rebuilt = rebuilt(before, between, now);
    let mut told = not_put_back(&left, stuck);
    if !rebuilt.is_empty() {
        let names: Vec<String> = rebuilt.iter().map(ToString::to_string).collect();
        let text = format!("rebuilt on the way back: {}", names.join(", "));
        told.push(Diagnostic::warning("links-rebuilt", text).help(
            "set again what cleat does not read of a link, and others had set: queueing disciplines, filters, multicast groups",
        ));
    }
    if !new.is_empty() {
        let text = format!("changed by others meanwhile, and left so: {}", sentence(&new));
        told.push(Diagnostic::warning("changed-meanwhile", text));
    }
    let verdict = |diagnostics| Verdict {
        left: left.len(),
        rebuilt: rebuilt.clone(),
        diagnostics,
    };
    if !left.is_empty() {
        return verdict(told);
    }
    let text = match (late.as_slice(), rebuilt.is_empty() && new.is_empty()) {
        ([], true) => "everything was put back: the host is as it was before".to_owned(),
        ([], false) => "everything else was put back".to_owned(),
        (late, _) => format!(
            "everything was put back, but for what the kernel or a router makes again: {}",
            sentence(late)
        ),
    };
    told.push(Diagnostic::info("put-back", text));
    verdict(told)
}

/// Says that nobody knows how the kernel is.
pub fn cannot_judge(error: &KernelError) -> Verdict {
    let text = format!("what was begun was undone, but whether the host is as before cannot be read: {error}");
    let fault = Diagnostic::error("not-put-back", text).help("`ip -d address` shows the links");
    Verdict {
        left: 1,
        diagnostics: vec![fault],
        ..Verdict::default()
    }
}

/// One error for each link.
fn not_put_back(left: &[&Difference], stuck: &[String]) -> Vec<Diagnostic> {
    let mut links: Vec<IfName> = Vec::new();
    for found in left {
        if !links.contains(&found.link) {
            links.push(found.link);
        }
    }
    let of = |link: IfName| {
        let all: Vec<&Difference> = left.iter().copied().filter(|found| found.link == link).collect();
        let text = format!("not all was put back: {}", sentence(&all));
        Diagnostic::error("not-put-back", text).on(link)
    };
    let mut all: Vec<Diagnostic> = links.into_iter().map(of).collect();
    if let Some(last) = all.pop() {
        let last = stuck
            .iter()
            .fold(last, |last, fault| last.note(format!("could not be undone: {fault}")));
        all.push(last.help("all else is as it was before"));
    }
    all
}
