//! VLANs on a link that is kept down.

use super::Build;
use crate::types::Kind;
use cleat_diag::Diagnostic;

impl Build<'_> {
    /// A VLAN cannot be up while the link below is down: it is made and stays down with it. Stands behind the order, so
    /// that a VLAN on a VLAN follows.
    ///
    /// *Source*: `vlan_dev_open` in net/8021q/vlan_dev.c answers ENETDOWN, but for `vlan-loose-binding`.
    pub(super) fn parents_down(&mut self) {
        for at in 0..self.links.len() {
            let link = &self.links[at];
            let loose = link.number("vlan-loose-binding") == Some(1);
            let down = |parent: &crate::desired::LinkRef| self.link(parent.name).is_some_and(|link| !link.up);
            let parent = link
                .parent
                .filter(|parent| link.kind == Kind::Vlan && !loose && down(parent));
            let Some(parent) = parent.filter(|_| link.up) else {
                continue;
            };
            let (name, origin) = (link.name, link.origin);
            let message = format!("`{name}` stays down: `{}` below it is kept down", parent.name);
            let mut told = Diagnostic::warning("parent-down", message).on(name);
            if let Some(place) = parent.origin.place().or(origin.place()) {
                told = told.at(place, "made, and not set up");
            }
            let line = self.decls.get(parent.name).and_then(|decl| decl.last("link-down"));
            if let Some(line) = line {
                told = told.note_at(line.place, "`link-down` stands");
            }
            self.links[at].up = false;
            self.found
                .push(told.help(format!("remove `link-down` of `{}`, or write it here too", parent.name)));
        }
    }
}
