//! How the host is after a reload that was undone, by the kernel's own word.

use crate::apply::account::Account;
use cleat_model::apply::{self, Outcome};
use cleat_model::kernel::{Kernel, Query};
use cleat_model::op::Plan;
use cleat_model::snapshot::Snapshot;
use log::debug;
use std::time::{Duration, Instant};

/// How long is waited for what the kernel makes again by itself (link-local addresses come with the carrier).
const MOMENT: Duration = Duration::from_millis(1500);
/// How often it is looked at meanwhile.
const POLL: Duration = Duration::from_millis(100);

/// The kernel before a run, whole: `snapshot` was made for a plan, and leaves out what no plan is made from.
///
/// *Shape*: where that cannot be read, what was read already: the rest is found new, and not lost, after the run.
pub fn before(kernel: &mut dyn Kernel, snapshot: &Snapshot, query: &Query) -> Snapshot {
    kernel.complete(snapshot.clone(), query.rest()).unwrap_or_else(|error| {
        debug!("the kernel before the run is known in part: {error}");
        snapshot.clone()
    })
}

/// Puts right what the undoing left, and says what the host is like.
pub fn settle(plan: &Plan, before: &Snapshot, kernel: &mut dyn Kernel, outcome: &mut Outcome, account: &mut Account) {
    let begun = Instant::now();
    let mut now = apply::put_right(plan, before, kernel, &mut |op, answer| account.did(op, answer));
    while let Ok(seen) = &now
        && apply::is_on_its_way(before, seen)
        && begun.elapsed() < MOMENT
    {
        std::thread::sleep(POLL);
        now = kernel.snapshot(Query::all_of(before));
    }
    match now {
        Ok(now) => apply::judge(plan, before, &now, outcome),
        Err(error) => apply::cannot_judge(&error, outcome),
    }
}
