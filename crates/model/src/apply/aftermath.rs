//! After a run that was undone: is the kernel as it was before? What is not is put right where steps can do that, and named
//! where not.

use super::{Ending, Outcome, piecemeal};
use crate::differs::{Difference, Fate, differences, rebuilt, sentence};
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
    plan: &Plan,
    before: &Snapshot,
    kernel: &mut dyn Kernel,
    did: &mut dyn FnMut(&Op, &Result<(), KernelError>),
) -> Result<Snapshot, KernelError> {
    let mut now = kernel.snapshot(Query::all_of(before))?;
    for _ in 0..PASSES {
        let is_lost = |found: &Difference| found.change == Fate::Lost || is_ours(plan, found);
        if !differences(before, &now).iter().any(is_lost) {
            break;
        }
        for op in back(plan, before, &now) {
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

/// Says how the kernel is after a run that was undone, by comparing it with how it was before.
pub fn judge(plan: &Plan, before: &Snapshot, now: &Snapshot, outcome: &mut Outcome) {
    let all = differences(before, now);
    let (left, others): (Vec<&Difference>, Vec<&Difference>) = all
        .iter()
        .partition(|found| found.change == Fate::Lost || is_ours(plan, found));
    let (late, new): (Vec<&Difference>, Vec<&Difference>) =
        others.into_iter().partition(|found| found.change == Fate::Late);
    outcome.ending = match left.len() {
        0 => Ending::PutBack,
        count => Ending::Stuck(count),
    };
    let told = &mut outcome.diagnostics;
    told.extend(not_put_back(&left, &outcome.stuck));
    outcome.rebuilt = rebuilt(before, now);
    let rebuilt = &outcome.rebuilt;
    if !rebuilt.is_empty() {
        let names: Vec<String> = rebuilt.iter().map(ToString::to_string).collect();
        let text = format!("rebuilt on the way back: {}", names.join(", "));
        told.push(Diagnostic::warning("links-rebuilt", text).help(
            "set again what cleat does not read of a link, and others had set: queueing disciplines, filters, multicast groups",
        ));
    }
    if !new.is_empty() {
        let text = format!("changed by others during the run, and left so: {}", sentence(&new));
        told.push(Diagnostic::warning("changed-meanwhile", text));
    }
    if !left.is_empty() {
        return;
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
}

/// Says that nobody knows how the kernel is.
pub fn cannot_judge(error: &KernelError, outcome: &mut Outcome) {
    let text = format!("what was begun was undone, but whether the host is as before cannot be read: {error}");
    outcome.ending = Ending::Stuck(1);
    outcome
        .diagnostics
        .push(Diagnostic::error("not-put-back", text).help("`ip -d address` shows the links"));
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
