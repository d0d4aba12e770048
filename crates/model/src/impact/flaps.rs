//! Links that go down or away on the way.

use super::film::Film;
use super::is_public;
use crate::name::IfName;
use std::collections::BTreeMap;

/// How a link that is up now is interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flap {
    /// Down, and up again.
    DownAndUp,
    /// Deleted, and rebuilt.
    Recreated,
    /// Down, with another name at the end.
    Renamed,
    /// Down, to stay so.
    Down,
    /// Deleted.
    Deleted,
}

impl Flap {
    /// What happens, as the end of a sentence that starts with the link's name.
    pub fn text(self) -> &'static str {
        match self {
            Flap::DownAndUp => "goes down and comes up again",
            Flap::Recreated => "is deleted and rebuilt",
            Flap::Renamed => "is renamed, and down meanwhile",
            Flap::Down => "goes down",
            Flap::Deleted => "is deleted",
        }
    }
}

/// All links that were up at the start and down or gone at a moment.
pub(super) fn flaps(film: &Film<'_>) -> BTreeMap<IfName, Flap> {
    let of = |index: &u32| {
        let before = film.start.by_index(*index)?;
        let flap = match film.end.by_index(*index) {
            Some(after) if after.name != before.name => Flap::Renamed,
            Some(after) if after.is_up() => Flap::DownAndUp,
            Some(_) => Flap::Down,
            None if film.end.get(before.name).is_some() => Flap::Recreated,
            None => Flap::Deleted,
        };
        Some((before.name, flap))
    };
    film.down.iter().filter_map(of).collect()
}

/// Whether anybody can notice it: the link has carrier or an address now.
pub(super) fn is_noticed(film: &Film<'_>, name: IfName) -> bool {
    film.start.get(name).is_some_and(|link| {
        let mut addresses = film.start.addresses(link.index).iter();
        link.has_carrier() || addresses.any(|address| is_public(address.ip))
    })
}
