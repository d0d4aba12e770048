//! `cleat wait-online`: until the declared network carries traffic, or the limit has passed.

use super::args::Options;
use super::{End, complain, input};
use cleat_kernel::Events;
use cleat_model::desired::{Desired, WantLink};
use cleat_model::kernel::{Kernel, KernelError, Query};
use cleat_model::snapshot::Snapshot;
use cleat_model::types::{Address, Kind};
use log::{info, warn};
use std::time::{Duration, Instant};

/// `IFA_F_TENTATIVE` and `IFA_F_DADFAILED` of linux/if_addr.h.
const TENTATIVE: u32 = 0x40;
const DADFAILED: u32 = 0x08;

/// How long is waited where nobody says. *Source*: ours; a switch port with spanning tree forwards after 30 s.
pub const LIMIT: Duration = Duration::from_secs(60);

/// At least so often the kernel is read, whatever it tells of itself.
const LOOK: Duration = Duration::from_secs(1);

/// Waits; says what is lacking where the limit passes.
pub fn run(options: &Options) -> End {
    let mut session = input::session(options);
    let limit = options.timeout.unwrap_or(LIMIT);
    match wait(&mut session, limit) {
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

fn wait(session: &mut crate::session::Session, limit: Duration) -> Result<Vec<String>, KernelError> {
    let begun = Instant::now();
    // Listening begins before the first look, so that no change falls between the two.
    let mut events = Events::open()?;
    let mut kernel = cleat_kernel::Netlink::open()?;
    let mut told = Vec::new();
    loop {
        let now = kernel.snapshot(Query::default())?;
        let desired = session.resolve(Some(&now));
        let lacks = lacking(&desired, &now);
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

/// What the links that come up at boot lack to carry traffic, a sentence each: the link itself, its being up, carrier
/// where an address is declared on it, and the addresses, which must not be tentative any more.
pub fn lacking(desired: &Desired, now: &Snapshot) -> Vec<String> {
    let at_boot = desired.links().iter().filter(|want| desired.comes_up(want) && want.up);
    at_boot.flat_map(|want| lacks_of(want, desired, now)).collect()
}

fn lacks_of(want: &WantLink, desired: &Desired, now: &Snapshot) -> Vec<String> {
    let name = want.name;
    let Some(link) = now.get(name) else {
        return vec![format!("{name} is not there")];
    };
    if !link.is_up() {
        return vec![format!("{name} is down")];
    }
    if want.addresses.is_empty() {
        return Vec::new();
    }
    if !link.has_carrier() && has_wire(want, desired) {
        return vec![format!("{name} has no carrier")];
    }
    let there = now.addresses(link.index);
    let lack = |address: &Address| match there.iter().find(|is| is.same(address)) {
        // 127.0.0.1 and ::1 are lo's own and need not be declared to be there.
        None if link.is_loopback() => None,
        None => Some(format!("{name} lacks {}/{}", address.ip, address.prefix)),
        Some(is) if is.flags & DADFAILED != 0 => {
            Some(format!("{} of {name} is another host's too (duplicate)", address.ip))
        }
        // Duplicate address detection needs carrier, which a bridge without guests has not.
        Some(is) if is.flags & TENTATIVE != 0 && link.has_carrier() => {
            Some(format!("{} of {name} is still tentative", address.ip))
        }
        Some(_) => None,
    };
    want.addresses.iter().filter_map(|wanted| lack(&wanted.value)).collect()
}

/// Whether carrier is to be expected: a bridge that only guests plug into has none until the first one does, and what
/// stands on it neither.
fn has_wire(want: &WantLink, desired: &Desired) -> bool {
    let below = want.parent.and_then(|parent| desired.get(parent.name));
    match (&want.kind, below) {
        (Kind::Bridge | Kind::Bond, _) => !want.ports.is_empty(),
        (_, Some(below)) => has_wire(below, desired),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::testing::{address, bridge_with_guests};
    use cleat_model::snapshot::{IFF_LOWER_UP, IFF_UP};

    fn lacks(change: impl FnOnce(&mut Snapshot)) -> Vec<String> {
        let (desired, mut now) = bridge_with_guests();
        let mut eno2 = crate::face::testing::link(90, "eno2", Kind::Physical, None);
        eno2.master = now.find("vmbr0").map(|bridge| bridge.index);
        now.insert(eno2);
        change(&mut now);
        lacking(&desired, &now)
    }

    fn flags(now: &mut Snapshot, name: &str, flags: u32) {
        let index = now.find(name).unwrap().index;
        now.by_index_mut(index).unwrap().flags = flags;
    }

    /// Second witness: the flags of linux/if_addr.h, and RFC 4862 section 5.4 on what a tentative address is.
    #[test]
    fn a_link_without_carrier_and_an_address_that_is_tentative_are_not_online() {
        let none: [String; 0] = [];
        assert_eq!(lacks(|_| ()), none);
        assert_eq!(lacks(|now| flags(now, "vmbr0", IFF_UP)), ["vmbr0 has no carrier"]);
        assert_eq!(lacks(|now| flags(now, "vmbr0", 0)), ["vmbr0 is down"]);
        assert_eq!(lacks(|now| flags(now, "eno2", IFF_UP)), none, "a port without a cable");
        let set = |flags: u32| {
            lacks(|now| {
                let index = now.find("vmbr0").unwrap().index;
                let mut is = address("192.168.10.2/24");
                is.flags = flags;
                now.addresses.insert(index, vec![is]);
            })
        };
        assert_eq!(set(TENTATIVE), ["192.168.10.2 of vmbr0 is still tentative"]);
        assert_eq!(
            set(DADFAILED | TENTATIVE),
            ["192.168.10.2 of vmbr0 is another host's too (duplicate)"]
        );
        assert_eq!(
            lacks(|now| {
                let index = now.find("vmbr0").unwrap().index;
                now.addresses.remove(&index);
            }),
            ["vmbr0 lacks 192.168.10.2/24"]
        );
        assert_eq!(
            lacks(|now| {
                let index = now.find("eno1").unwrap().index;
                now.remove(index);
                flags(now, "vmbr0", IFF_UP | IFF_LOWER_UP);
            }),
            ["eno1 is not there"]
        );
    }
}
