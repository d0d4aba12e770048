//! Tells neighbours of addresses that have another hardware address after a run.

use cleat_model::announce::{Moved, moved};
use cleat_model::kernel::{Kernel, Query};
use cleat_model::snapshot::Snapshot;
use log::debug;
use std::time::{Duration, Instant};

/// How long a link that had to come up is waited for: negotiation takes a NIC one to three seconds.
const FOR_CARRIER: Duration = Duration::from_secs(3);
/// Until they are told a second time: a bridge or switch that a port came up on may have dropped the first.
const AGAIN: Duration = Duration::from_secs(1);
const POLL: Duration = Duration::from_millis(100);

/// Tells neighbours. Returns at once where no address has another hardware address, or its link was up before; else it
/// waits until the link has carrier, within bounds, and tells them twice.
pub fn tell(kernel: &mut dyn Kernel, before: &Snapshot, now: &Snapshot) {
    let all = moved(before, now);
    let (fresh, known): (Vec<Moved>, Vec<Moved>) = all.into_iter().partition(|one| one.fresh);
    send(kernel, &known);
    if fresh.is_empty() {
        return;
    }
    let began = Instant::now();
    let heard = loop {
        let Ok(seen) = kernel.snapshot(Query::default()) else {
            return;
        };
        let still = moved(before, &seen).into_iter().filter(|one| one.fresh);
        let (up, waiting): (Vec<Moved>, Vec<Moved>) = still.partition(|one| one.heard);
        if waiting.is_empty() || began.elapsed() >= FOR_CARRIER {
            break up;
        }
        std::thread::sleep(POLL);
    };
    send(kernel, &heard);
    std::thread::sleep(AGAIN);
    send(kernel, &heard);
}

fn send(kernel: &mut dyn Kernel, moved: &[Moved]) {
    if let Err(error) = kernel.announce(moved) {
        debug!("neighbours learn of a moved address only when they ask: {error}");
    }
}
