//! Settings of NICs: what a driver takes, what it refuses, and what goes along with what.

use super::{Answer, EINVAL, EOPNOTSUPP, FakeKernel, refuse};
use crate::ethtool::{ACTIVE, Bits, Form, Group, HW, Seen, Set, WANTED};
use crate::kernel::KernelError;
use crate::table;

impl FakeKernel {
    /// `ethtool -K NAME ...` and the like. Of a link of which nothing was read it is not known what would come of it.
    pub(super) fn set_ethtool(&mut self, set: &Set) -> Answer {
        let index = self.index(set.name)?;
        let link = self.link(index)?;
        let Some(found) = link.ethtool.as_ref().and_then(|ethtool| ethtool.groups.get(&set.group)) else {
            return Ok(());
        };
        let Some(seen) = found else {
            return Err(KernelError::errno(EOPNOTSUPP));
        };
        let bound = set.bound(seen);
        let mut new = seen.clone();
        let answer = take(&mut new, &bound).and_then(|()| kept(&new, set));
        let group = set.group;
        self.change(index, |link| {
            if let Some(ethtool) = &mut link.ethtool {
                ethtool.groups.insert(group, Some(new));
            }
        });
        answer
    }
}

/// Takes numbers and bits, or nothing of them.
fn take(seen: &mut Seen, set: &Set) -> Answer {
    for (number, value) in &set.numbers {
        let Some(field) = table::field(set.group, *number) else {
            continue;
        };
        let known = seen.numbers.contains_key(number);
        match field.form {
            _ if !known => return Err(refuse(EINVAL, "cannot modify an unsupported parameter")),
            Form::UpTo(most) if seen.numbers.get(&most).is_some_and(|most| value > most) => {
                let text = match set.group {
                    Group::Channels => "requested channel count exceeds maximum",
                    _ => "requested ring size exceeds maximum",
                };
                return Err(refuse(EINVAL, text));
            }
            _ => {}
        }
    }
    for (number, bits) in set.bits.iter().filter(|_| set.group == Group::Wol) {
        let known = seen.bits.get(number);
        if bits
            .keys()
            .any(|name| !known.is_some_and(|known| known.contains_key(name)))
        {
            return Err(refuse(EINVAL, "cannot modify bits not supported by kernel"));
        }
    }
    seen.numbers.extend(&set.numbers);
    for (number, bits) in &set.bits {
        let all = seen.bits.entry(*number).or_default();
        all.extend(bits.clone());
        if !set.group.names_all_bits() {
            all.retain(|_, on| *on);
        }
    }
    if set.group == Group::Features {
        settle(seen);
    }
    Ok(())
}

/// What is on of what is asked for.
///
/// *Source*: `netdev_fix_features` in net/core/dev.c: no segmentation without checksums and scatter-gather.
fn settle(seen: &mut Seen) {
    let free: Vec<String> = seen
        .bits
        .get(&HW)
        .into_iter()
        .flatten()
        .filter(|(_, free)| **free)
        .map(|(name, _)| name.clone())
        .collect();
    for name in &free {
        let on = seen.has(WANTED, name);
        let active: &mut Bits = seen.bits.entry(ACTIVE).or_default();
        active.insert(name.clone(), on);
    }
    let is_on = |seen: &Seen, start: &str| {
        let all = seen.bits.get(&ACTIVE).into_iter().flatten();
        all.into_iter().any(|(name, on)| *on && name.starts_with(start))
    };
    let segments = is_on(seen, "tx-checksum-") && is_on(seen, "tx-scatter-gather");
    let gathers = is_on(seen, "tx-scatter-gather");
    for name in free {
        let tcp = name.starts_with("tx-tcp") && !segments;
        if tcp || name == "tx-generic-segmentation" && !gathers {
            seen.bits.entry(ACTIVE).or_default().insert(name, false);
        }
    }
}

/// Whether the driver did as asked: the kernel takes a request for features that it cannot fulfil.
fn kept(seen: &Seen, set: &Set) -> Answer {
    if set.group != Group::Features {
        return Ok(());
    }
    let asked = set.bits.get(&WANTED).into_iter().flatten();
    let other: Vec<&str> = asked
        .filter(|(name, on)| !name.contains('*') && seen.has(ACTIVE, name) != **on)
        .map(|(name, _)| name.as_str())
        .collect();
    match other.is_empty() {
        true => Ok(()),
        false => Err(KernelError::text(crate::ethtool::kept_text(&other))),
    }
}
