//! Sets of VLAN ids with their flags, and the difference between two of them.

use crate::types::VlanRange;

const IDS: usize = 4095;

/// VLANs of one port or bridge, by id.
///
/// *Invariant*: at most one id is the PVID, as in the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VlanMap {
    /// `None`: not there; else whether untagged.
    ids: Vec<Option<bool>>,
    pvid: Option<u16>,
}

impl VlanMap {
    /// The set of these ranges; of two PVIDs the last holds.
    pub fn of(ranges: &[VlanRange]) -> Self {
        let mut map = Self {
            ids: vec![None; IDS],
            pvid: None,
        };
        for range in ranges {
            map.add(*range);
        }
        map
    }

    /// Adds a range, or changes the flags of what is there, as `bridge vlan add` does: a new PVID takes the place of
    /// the old one; an id added again without `pvid` is none any longer.
    ///
    /// *Source*: `__vlan_add_flags` in net/bridge/br_vlan.c.
    pub fn add(&mut self, range: VlanRange) {
        for id in range.first..=range.last {
            if let Some(slot) = self.ids.get_mut(usize::from(id)) {
                *slot = Some(range.untagged);
            }
            if range.pvid {
                self.pvid = Some(id);
            } else if self.pvid == Some(id) {
                self.pvid = None;
            }
        }
    }

    /// Takes a range away, whatever its flags.
    pub fn remove(&mut self, range: VlanRange) {
        for id in range.first..=range.last {
            if let Some(slot) = self.ids.get_mut(usize::from(id)) {
                *slot = None;
            }
            if self.pvid == Some(id) {
                self.pvid = None;
            }
        }
    }

    fn at(&self, id: u16) -> Option<(bool, bool)> {
        let untagged = (*self.ids.get(usize::from(id))?)?;
        Some((self.pvid == Some(id), untagged))
    }

    /// As ranges: sorted, none overlap, the PVID alone in its own.
    pub fn ranges(&self) -> Vec<VlanRange> {
        self.collect(|id| self.at(id))
    }

    /// What must be added to `have` so that all of `self` is in it with its flags.
    ///
    /// *Shape*: sorted, the PVID last: it is set when the other ids are there.
    pub fn missing_in(&self, have: &Self) -> Vec<VlanRange> {
        let mut missing = self.collect(|id| self.at(id).filter(|flags| have.at(id) != Some(*flags)));
        missing.sort_by_key(|range| range.pvid);
        missing
    }

    /// The ids that are in `self` and not in `other`, with their flags here.
    pub fn beyond(&self, other: &Self) -> Vec<VlanRange> {
        self.collect(|id| self.at(id).filter(|_| other.at(id).is_none()))
    }

    /// The ids that are in both, with the flags that they have in `self`.
    pub fn both(&self, other: &Self) -> Self {
        Self::of(&self.collect(|id| self.at(id).filter(|_| other.at(id).is_some())))
    }

    fn collect(&self, at: impl Fn(u16) -> Option<(bool, bool)>) -> Vec<VlanRange> {
        let mut all: Vec<VlanRange> = Vec::new();
        for id in 1..4095 {
            let Some((pvid, untagged)) = at(id) else { continue };
            match all.last_mut() {
                Some(last) if last.last + 1 == id && last.untagged == untagged && !last.pvid && !pvid => last.last = id,
                _ => all.push(VlanRange {
                    first: id,
                    last: id,
                    pvid,
                    untagged,
                }),
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(first: u16, last: u16, pvid: bool, untagged: bool) -> VlanRange {
        VlanRange {
            first,
            last,
            pvid,
            untagged,
        }
    }

    // Second witness: golden 07-vlan-aware, where vid 1 is PVID untagged and 2-4094 tagged.
    #[test]
    fn two_to_4094_is_one_range_beside_the_default_vlan() {
        let have = VlanMap::of(&[range(1, 1, true, true)]);
        let want = VlanMap::of(&[range(1, 1, true, true), range(2, 4094, false, false)]);
        assert_eq!(want.missing_in(&have), vec![range(2, 4094, false, false)]);
        assert_eq!(have.beyond(&want), vec![]);
        assert_eq!(want.missing_in(&want), vec![]);
    }

    // Second witness: `__vlan_add_flags` in net/bridge/br_vlan.c, by `bridge vlan add dev X vid 5 pvid untagged` on a
    // port that has `1 PVID Egress Untagged`.
    #[test]
    fn a_new_pvid_takes_the_place_of_the_old_one() {
        let mut map = VlanMap::of(&[range(1, 1, true, true)]);
        map.add(range(5, 5, true, true));
        assert_eq!(map.ranges(), vec![range(1, 1, false, true), range(5, 5, true, true)]);
        map.add(range(5, 5, false, false));
        assert_eq!(map.ranges(), vec![range(1, 1, false, true), range(5, 5, false, false)]);
    }

    #[test]
    fn the_pvid_is_added_last_and_a_changed_flag_is_a_difference() {
        let have = VlanMap::of(&[range(1, 1, true, true), range(10, 12, false, false)]);
        let want = VlanMap::of(&[
            range(3, 3, true, true),
            range(10, 11, false, false),
            range(12, 12, false, true),
        ]);
        assert_eq!(
            want.missing_in(&have),
            vec![range(12, 12, false, true), range(3, 3, true, true)]
        );
        assert_eq!(have.beyond(&want), vec![range(1, 1, true, true)]);
    }
}
