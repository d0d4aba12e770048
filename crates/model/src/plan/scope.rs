//! What is planned for: what was asked, and what that cannot do without.

use super::builder::Builder;
use super::{knobs, link};
use crate::desired::WantLink;
use crate::hash::Set;
use crate::name::IfName;
use crate::types::Kind;

impl<'a> Builder<'a> {
    /// The links to bring up, lower ones first: those asked for, what must be made for them, and what goes down with a
    /// link that is made again.
    pub(super) fn to_bring_up(&self) -> Vec<&'a WantLink> {
        let mut names: Set<IfName> = self.request.scope.iter().copied().collect();
        let mut left: Vec<IfName> = names.iter().copied().collect();
        while let Some(name) = left.pop() {
            let Some(want) = self.want(name) else { continue };
            let vrf = want.vrf();
            let below = want.lower().chain(&want.peer).chain(&vrf).map(|lower| lower.name);
            let needed = below.filter(|lower| self.must_be_made(*lower));
            for lower in needed {
                if names.insert(lower) {
                    left.push(lower);
                }
            }
        }
        // What stands on a link that is made again goes with it: it is made again too.
        for want in self.desired.links() {
            let on_new =
                |lower: IfName| names.contains(&lower) && self.start.get(want.name).is_some() && self.made_anew(lower);
            if [want.parent, want.vrf()]
                .iter()
                .flatten()
                .any(|lower| on_new(lower.name))
            {
                names.insert(want.name);
            }
        }
        let links = self.desired.links().iter();
        links.filter(|want| names.contains(&want.name)).collect()
    }

    /// Whether a lower link is not asked for but has to be planned all the same: it has no stanza, or it is not there.
    fn must_be_made(&self, name: IfName) -> bool {
        self.want(name)
            .is_some_and(|want| want.kind != Kind::Physical && (!want.declared || self.start.get(name).is_none()))
    }

    fn made_anew(&self, name: IfName) -> bool {
        let (Some(want), Some(found)) = (self.want(name), self.start.get(name)) else {
            return false;
        };
        let parent = want.parent.is_some_and(|parent| self.made_anew(parent.name));
        parent || link::differs_in_kind(self, want, found) || !knobs::differing(self, want, found).recreate.is_empty()
    }
}
