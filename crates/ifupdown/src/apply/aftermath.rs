//! How the host is after a change that was undone, by the kernel's own word.

use crate::apply::account::Account;
use cleat_model::apply::{self, Verdict};
use cleat_model::differs::Difference;
use cleat_model::kernel::{Kernel, Query};
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

/// Puts right what the undoing left of what is `ours` to lead back, and says what the host is like. `between` is how it was
/// on the way, where that was read.
pub fn settle(
    ours: &dyn Fn(&Difference) -> bool,
    (before, between): (&Snapshot, &[&Snapshot]),
    kernel: &mut dyn Kernel,
    stuck: &[String],
    account: &mut Account,
) -> Verdict {
    let begun = Instant::now();
    let mut now = apply::put_right(ours, before, kernel, &mut |op, answer| account.did(op, answer));
    while let Ok(seen) = &now
        && apply::is_on_its_way(before, seen)
        && begun.elapsed() < MOMENT
    {
        std::thread::sleep(POLL);
        now = kernel.snapshot(Query::all_of(before));
    }
    match now {
        Ok(now) => apply::judge(ours, (before, between), &now, stuck),
        Err(error) => apply::cannot_judge(&error),
    }
}
