//! NICs that the file names in the place of one that works today, and that are not there: mostly a slip of the pen, such as
//! `bridge-ports eno11` for `eno1`. To leave them out, as other absent NICs, would take away what carries the host.

use cleat_diag::{Diagnostic, Place};
use cleat_model::desired::{Desired, WantLink};
use cleat_model::hash::Set;
use cleat_model::name::IfName;
use cleat_model::owned::Owned;
use cleat_model::snapshot::Snapshot;
use cleat_model::types::Kind;

/// What a reload would take away from the host with nothing in its place, since a link that the file names is absent: an
/// error each.
pub fn in_place(desired: &Desired, now: &Snapshot, owned: &Owned) -> Vec<Diagnostic> {
    let today = Today { desired, now, owned };
    let links = desired.links().iter();
    let absent = links.filter(|want| want.kind == Kind::Physical && now.get(want.name).is_none());
    let unmatched = desired.links().iter().filter_map(|want| Some((want, unmatched(want)?)));
    let unmatched = unmatched.filter_map(|(want, option)| today.lost_by_pattern(want, &option));
    absent.filter_map(|want| today.lost(want)).chain(unmatched).collect()
}

/// The line of a bridge or bond whose pattern for ports matches no link on this machine.
fn unmatched(want: &WantLink) -> Option<String> {
    let mut options = want.vars.options().filter(|_| want.ports.is_empty());
    options.find_map(|(key, value)| {
        let is_list = matches!(key, "bridge-ports" | "bond-slaves");
        (is_list && !matches!(value.trim(), "" | "none")).then(|| format!("{key} {}", value.trim()))
    })
}

/// NICs that are told to be absent, and what cannot be made without them: that it is not there need not be told again.
#[derive(Debug)]
pub struct LeftOut {
    names: Set<IfName>,
    /// Where others name them.
    places: Vec<Place>,
}

impl LeftOut {
    /// `told` are the names of the NICs.
    pub fn of(desired: &Desired, now: &Snapshot, told: &[String]) -> Self {
        let names = told.iter().filter_map(|name| IfName::new(name).ok());
        let mut names: Set<IfName> = names.filter(|name| now.get(*name).is_none()).collect();
        // Lower links stand before upper ones.
        for want in desired.links() {
            let is_out = want.parent.is_some_and(|parent| names.contains(&parent.name));
            if is_out && now.get(want.name).is_none() {
                names.insert(want.name);
            }
        }
        let refs = desired.links().iter().flat_map(|want| {
            let chosen = want.data_links.iter().map(|(_, named)| named);
            want.lower().chain(&want.master).chain(chosen)
        });
        let refs = refs.filter(|named| names.contains(&named.name));
        Self {
            places: refs.filter_map(|named| named.origin.place()).collect(),
            names,
        }
    }

    /// Whether a fault is that one of them is not there.
    pub fn has(&self, found: &Diagnostic) -> bool {
        let mut names = self.names.iter();
        let place = found.label.as_ref().map(|label| label.place);
        names.any(|name| found.iface.as_deref() == Some(name.as_str()))
            || place.is_some_and(|place| self.places.contains(&place))
    }
}

struct Today<'a> {
    desired: &'a Desired,
    now: &'a Snapshot,
    owned: &'a Owned,
}

impl Today<'_> {
    /// What would be lost for one absent link.
    fn lost(&self, absent: &WantLink) -> Option<Diagnostic> {
        let uppers = self.desired.links().iter().filter(|upper| {
            let mut lowers = upper.lower();
            lowers.any(|lower| lower.name == absent.name)
        });
        for upper in uppers {
            let named = upper.lower().find(|lower| lower.name == absent.name);
            let place = named.and_then(|named| named.origin.place());
            if let Some(loses) = self.lower_of(upper, absent.name) {
                return Some(instead(
                    &is_absent(absent),
                    upper.name,
                    &format!("its `{loses}`"),
                    place,
                ));
            }
        }
        let place = absent.origin.place();
        let idle = self.idle(absent);
        let (ip, link) = self.address_of(&idle).or_else(|| self.replaced(absent, &idle))?;
        Some(instead(&is_absent(absent), link, &format!("its address `{ip}`"), place))
    }

    /// What would be lost for a pattern that matches no port.
    fn lost_by_pattern(&self, want: &WantLink, option: &str) -> Option<Diagnostic> {
        let why = format!("no link here matches `{option}`");
        let place = want.origin.place();
        if let Some(port) = self.port_of(want) {
            return Some(instead(&why, want.name, &format!("its `{port}`"), place));
        }
        let idle = self.idle(want);
        let (ip, link) = self.address_of(&idle).or_else(|| self.replaced(want, &idle))?;
        Some(instead(&why, link, &format!("its address `{ip}`"), place))
    }

    /// The port or parent that the link has today by our making, and would no longer have.
    fn lower_of(&self, upper: &WantLink, absent: IfName) -> Option<IfName> {
        let link = self.now.get(upper.name)?;
        let is_wanted = |name: IfName| upper.lower().any(|lower| lower.name == name);
        let parent = link.parent.and_then(|index| self.now.by_index(index));
        if upper.parent.is_some_and(|parent| parent.name == absent)
            && let Some(parent) = parent.filter(|parent| !is_wanted(parent.name))
        {
            return Some(parent.name);
        }
        self.port_of(upper)
    }

    /// A port of our making that the link would no longer have, where none stays.
    fn port_of(&self, upper: &WantLink) -> Option<IfName> {
        let link = self.now.get(upper.name)?;
        let is_wanted = |name: IfName| upper.lower().any(|lower| lower.name == name);
        let ports = self.now.ports(link.index).map(|port| port.name);
        let is_ours = |name: &IfName| {
            let owned = self.owned.get(*name);
            owned.is_some_and(|owned| owned.master == Some(upper.name))
        };
        // Others that stay carry the host on.
        let (stay, go): (Vec<IfName>, Vec<IfName>) = ports.filter(is_ours).partition(|name| is_wanted(*name));
        go.into_iter().next().filter(|_| stay.is_empty())
    }

    /// An address of the absent link, or of what leads nowhere without it, that another link would lose.
    fn address_of(&self, idle: &[&WantLink]) -> Option<(String, IfName)> {
        idle.iter().flat_map(|want| &want.addresses).find_map(|wanted| {
            let mut others = self.owned.links.iter();
            let (name, _) = others.find(|(name, link)| {
                let has = link.addresses.iter().any(|address| address.ip == wanted.value.ip);
                has && self.now.get(**name).is_some() && !self.wants_ip(**name, wanted.value.ip)
            })?;
            Some((wanted.value.ip.to_string(), *name))
        })
    }

    /// The absent link, and what cannot be made without it or leads nowhere: a VLAN on it, a bridge or bond that has no
    /// other port, and so on.
    fn idle(&self, absent: &WantLink) -> Vec<&WantLink> {
        let mut idle: Set<IfName> = Set::default();
        idle.insert(absent.name);
        // Lower links stand before upper ones.
        for want in self.desired.links() {
            let on_idle = want.parent.is_some_and(|parent| idle.contains(&parent.name));
            let leads_out = |port: IfName| {
                let is_made = self.desired.get(port).is_some_and(|want| want.kind != Kind::Physical);
                !idle.contains(&port) && (is_made || self.now.get(port).is_some())
            };
            let has_idle = want.ports.iter().any(|port| idle.contains(&port.name));
            if on_idle || has_idle && !want.ports.iter().any(|port| leads_out(port.name)) {
                idle.insert(want.name);
            }
        }
        let links = self.desired.links().iter();
        links.filter(|want| idle.contains(&want.name)).collect()
    }

    fn wants_ip(&self, name: IfName, ip: std::net::IpAddr) -> bool {
        let want = self.desired.get(name);
        want.is_some_and(|want| want.addresses.iter().any(|wanted| wanted.value.ip == ip))
    }

    /// An address of a NIC that left the file, where the absent one has come into it with addresses, its own or of what
    /// is idle without it.
    fn replaced(&self, absent: &WantLink, idle: &[&WantLink]) -> Option<(String, IfName)> {
        let is_new = |want: &&WantLink| self.owned.get(want.name).is_none();
        let has_addresses = idle
            .iter()
            .filter(|want| is_new(want))
            .any(|want| !want.addresses.is_empty());
        if !has_addresses || !is_new(&absent) {
            return None;
        }
        self.owned.links.iter().find_map(|(name, link)| {
            let is_left = link.up && link.created.is_none() && self.desired.get(*name).is_none();
            let address = link
                .addresses
                .first()
                .filter(|_| is_left && self.now.get(*name).is_some())?;
            Some((address.ip.to_string(), *name))
        })
    }
}

fn is_absent(absent: &WantLink) -> String {
    format!("`{}` is not there", absent.name)
}

fn instead(why: &str, link: IfName, loses: &str, place: Option<Place>) -> Diagnostic {
    let message = format!("{why}, and `{link}` would lose {loses} with nothing in its place");
    let found = Diagnostic::error("missing-instead", message).on(link);
    let found = match place {
        Some(place) => found.at(place, "no such link on this machine"),
        None => found,
    };
    found.help("correct the name; where the NIC is still to come, keep the line as it was until then")
}
