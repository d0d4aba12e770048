//! `cleat wait-online`: until the declared network carries traffic, or the limit has passed.

use super::options::Options;
use super::{End, complain, input};
use cleat_ifupdown::args::{Input, environment};
use cleat_ifupdown::look::devices::is_handled;
use cleat_ifupdown::look::lacking::{Ask, lacking, unnamed};
use cleat_ifupdown::read::last_good;
use cleat_ifupdown::read::session::Session;
use cleat_kernel::Events;
use cleat_model::desired::{Desired, WantLink};
use cleat_model::kernel::{Kernel, KernelError, Query};
use cleat_root::Root;
use log::{info, warn};
use regex_lite::Regex;
use std::time::{Duration, Instant};

/// How long is waited where nobody says. *Source*: ours; a switch port with spanning tree forwards after 30 s.
pub const LIMIT: Duration = Duration::from_secs(60);

/// At least so often the kernel is read, whatever it tells of itself.
const LOOK: Duration = Duration::from_secs(1);

/// Waits; says what is lacking where the limit passes. What /etc/default/networking keeps from being brought up at boot is
/// not waited for: the unit hands that on.
pub fn run(options: &Options) -> End {
    let variable = |name: &str| std::env::var(name).ok();
    if !environment::is_on(&variable) {
        return End::Well;
    }
    let patterns = environment::excluded(&variable);
    let excluded: Vec<Regex> = patterns.iter().filter_map(|pattern| Regex::new(pattern).ok()).collect();
    // What the boot brought up is what is waited for.
    let mut session = match &options.file {
        None => {
            let (config, found) = Session::read(&Root::real(), &Input::Standard);
            Session::at_boot(Root::real(), config, found)
        }
        Some(_) => input::session(options),
    };
    if session.instead.is_none()
        && let Some(lost) = last_good::lost(&session.config).filter(|_| session.has_errors())
    {
        complain(&format!("what is to be waited for is not known: {lost}"));
        return End::Fault;
    }
    let limit = options.timeout.unwrap_or(LIMIT);
    match wait(&mut session, &excluded, limit) {
        Ok(lacks) if lacks.is_empty() => End::Well,
        Ok(lacks) => {
            for lack in lacks {
                warn!("{lack}");
            }
            complain(&format!("not online after {} s", limit.as_secs()));
            End::Fault
        }
        Err(error) => {
            complain(&format!("cannot read the kernel's links (ip link): {error}"));
            End::Fault
        }
    }
}

fn wait(session: &mut Session, excluded: &[Regex], limit: Duration) -> Result<Vec<String>, KernelError> {
    let begun = Instant::now();
    // Listening begins before the first look, so that no change falls between the two.
    let mut events = Events::open()?;
    let mut kernel = cleat_kernel::Host::open()?;
    let mut told = Vec::new();
    loop {
        let now = kernel.snapshot(Query::default())?;
        let (mut desired, _) = session.resolve(Some(&now));
        if !excluded.is_empty() {
            let is_in = |want: &&WantLink| !excluded.iter().any(|regex| regex.is_match(want.name.as_str()));
            desired = Desired::new(desired.links().iter().filter(is_in).cloned().collect());
        }
        let mut lacks = lacking(&desired, &now, Ask::Online);
        lacks.extend(unnamed(&desired, &now, &|name| is_handled(&session.root, name, None)));
        if lacks.is_empty() {
            return Ok(lacks);
        }
        if lacks != told {
            info!("waiting: {}", lacks.join("; "));
            told.clone_from(&lacks);
        }
        let left = limit.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return Ok(lacks);
        }
        events.next(Some(left.min(LOOK)))?;
    }
}
