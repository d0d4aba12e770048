//! Three files into one: what two sides changed in a common base, stanza by stanza.
//!
//! A stanza that one side changed is taken from that side; one that both changed differently is a clash. Comments and
//! blank lines never clash: what either side added stays, what either removed goes. All other bytes are kept.

mod align;
mod elements;
mod report;

use align::align;
use cleat_diag::{FileId, Source, Span};
use cleat_eni::{Document, parse};
use elements::{Element, StanzaKey, elements};
pub(crate) use report::report;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A stanza that both sides changed, with where it stands in each file that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// What it is called: `iface eno1 inet`; none where the two changes as a whole do not fit together.
    pub stanza: Option<String>,
    /// In the live file.
    pub live: Option<Span>,
    /// In the staged file.
    pub staged: Option<Span>,
}

/// Puts what `live` and `staged` changed in `base` together.
///
/// The result is the same with the two sides exchanged. It is read again, and is refused unless it is made of the very
/// stanzas that were put together.
///
/// *Errors*: the stanzas that both changed, in the order of the base.
pub fn merge(base: &[u8], live: &[u8], staged: &[u8]) -> Result<Vec<u8>, Vec<Conflict>> {
    for (one, other) in [(live, staged), (staged, live)] {
        if one == base || one == other {
            return Ok(other.to_vec());
        }
    }
    let all = [base, live, staged].map(|bytes| elements(&document(bytes)));
    let [old, ours, theirs] = &all;
    let mut merger = Merger {
        base: old,
        sides: [Side::of(old, ours), Side::of(old, theirs)],
        taken: Vec::new(),
        clashes: BTreeSet::new(),
    };
    merger.groups();
    merger.inserted_twice();
    for index in 0..=old.len() {
        merger.insertions(index);
        if index < old.len() {
            merger.element(index);
        }
    }
    let Merger { taken, clashes, .. } = merger;
    if !clashes.is_empty() {
        return Err(clashes.into_iter().map(|key| clash(&key, ours, theirs)).collect());
    }
    let mut merged: Vec<u8> = taken.iter().flat_map(|element| &element.bytes).copied().collect();
    let again = elements(&document(&merged));
    let shape = |element: &Element| (element.key.as_ref().map(|key| key.name.clone()), element.bytes.clone());
    if !again.iter().map(shape).eq(taken.iter().map(|element| shape(element))) {
        return Err(vec![Conflict {
            stanza: None,
            live: None,
            staged: None,
        }]);
    }
    if !ends_whole([base, live, staged]) {
        merged.pop();
    }
    Ok(merged)
}

fn document(bytes: &[u8]) -> Document {
    parse(FileId(0), &Arc::new(Source::new("", bytes.to_vec()))).0
}

/// Whether the result ends with a line end: as the side that changed that, else as the base.
fn ends_whole([base, live, staged]: [&[u8]; 3]) -> bool {
    let whole = |bytes: &[u8]| bytes.is_empty() || bytes.ends_with(b"\n");
    if whole(live) == whole(base) {
        whole(staged)
    } else {
        whole(live)
    }
}

fn clash(key: &StanzaKey, live: &[Element], staged: &[Element]) -> Conflict {
    let find = |all: &[Element]| {
        all.iter()
            .find(|element| element.key.as_ref() == Some(key))
            .map(|found| found.span)
    };
    Conflict {
        stanza: Some(key.name.clone()),
        live: find(live),
        staged: find(staged),
    }
}

/// One side, seen from the base.
struct Side<'a> {
    all: &'a [Element],
    /// Per element of the base: which of this side's it is.
    same: Vec<Option<usize>>,
    /// Per element of the base, and at its end: what this side has new in front of it.
    new: Vec<Vec<&'a Element>>,
    by_key: BTreeMap<&'a StanzaKey, &'a Element>,
}

/// What a side did with a stanza of the base.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Done<'a> {
    Kept,
    Changed(&'a Element),
    Moved(&'a Element),
    Removed,
}

impl<'a> Side<'a> {
    fn of(base: &[Element], all: &'a [Element]) -> Self {
        let same = align(base, all);
        let places: BTreeMap<usize, usize> = same
            .iter()
            .enumerate()
            .filter_map(|(index, place)| Some(((*place)?, index)))
            .collect();
        let mut new = vec![Vec::new(); base.len() + 1];
        let mut next = 0;
        for (at, element) in all.iter().enumerate() {
            match places.get(&at) {
                Some(index) => next = index + 1,
                None => new[next].push(element),
            }
        }
        let by_key = all
            .iter()
            .filter_map(|element| Some((element.key.as_ref()?, element)))
            .collect();
        Self { all, same, new, by_key }
    }

    fn done(&self, base: &[Element], index: usize) -> Done<'a> {
        let element = &base[index];
        match self.same[index] {
            Some(at) if self.all[at].bytes == element.bytes => Done::Kept,
            Some(at) => Done::Changed(&self.all[at]),
            None => match element.key.as_ref().and_then(|key| self.by_key.get(key)) {
                Some(moved) => Done::Moved(moved),
                None => Done::Removed,
            },
        }
    }

    /// The bytes of all stanzas of a name, in order.
    fn group(&self, name: &str) -> Vec<&'a [u8]> {
        group(self.all, name)
    }

    /// The stanzas that this side has and the base has not, by key, with the place they are put at.
    fn inserted(&self, base: &BTreeSet<&StanzaKey>) -> BTreeMap<&'a StanzaKey, (usize, &'a Element)> {
        let mut inserted = BTreeMap::new();
        for (place, run) in self.new.iter().enumerate() {
            for element in run {
                if let Some(key) = element.key.as_ref().filter(|key| !base.contains(key)) {
                    inserted.insert(key, (place, *element));
                }
            }
        }
        inserted
    }
}

fn group<'a>(all: &'a [Element], name: &str) -> Vec<&'a [u8]> {
    all.iter()
        .filter(|element| element.key.as_ref().is_some_and(|key| key.name == name))
        .map(|element| element.bytes.as_slice())
        .collect()
}

struct Merger<'a> {
    base: &'a [Element],
    sides: [Side<'a>; 2],
    taken: Vec<&'a Element>,
    clashes: BTreeSet<StanzaKey>,
}

impl<'a> Merger<'a> {
    /// Several stanzas of one name are told apart by their order only: two sides that both change them clash.
    fn groups(&mut self) {
        let [live, staged] = &self.sides;
        let several = |key: &&StanzaKey| key.nth > 0;
        let keys = self.base.iter().filter_map(|element| element.key.as_ref());
        let names: BTreeSet<&str> = keys
            .filter(several)
            .chain(live.by_key.keys().copied().filter(several))
            .chain(staged.by_key.keys().copied().filter(several))
            .map(|key| key.name.as_str())
            .collect();
        for name in names {
            let (base, live, staged) = (group(self.base, name), live.group(name), staged.group(name));
            if live != base && staged != base && live != staged {
                let name = name.to_owned();
                self.clashes.insert(StanzaKey { name, nth: 0 });
            }
        }
    }

    /// A stanza that both sides added is taken once where it is the same at the same place, and is a clash elsewhere.
    fn inserted_twice(&mut self) {
        let base: BTreeSet<&StanzaKey> = self.base.iter().filter_map(|element| element.key.as_ref()).collect();
        let [live, staged] = &self.sides;
        let (ours, theirs) = (live.inserted(&base), staged.inserted(&base));
        for (key, (place, element)) in &ours {
            match theirs.get(key) {
                None => {}
                Some((other, same)) if other == place && same.bytes == element.bytes => {}
                Some(_) => drop(self.clashes.insert((*key).clone())),
            }
        }
    }

    /// What is new in front of an element of the base.
    fn insertions(&mut self, index: usize) {
        let [live, staged] = &self.sides;
        let bytes = |run: &[&Element]| {
            run.iter()
                .flat_map(|element| element.bytes.clone())
                .collect::<Vec<u8>>()
        };
        // In an order that does not depend on which side is which.
        let mut runs = [&live.new[index], &staged.new[index]];
        runs.sort_by_cached_key(|run| bytes(run));
        let [first, second] = runs;
        if bytes(first) == bytes(second) {
            self.taken.extend(first);
            return;
        }
        let there: BTreeSet<&StanzaKey> = first.iter().filter_map(|element| element.key.as_ref()).collect();
        let twice = |element: &&Element| element.key.as_ref().is_some_and(|key| there.contains(key));
        let rest = second.iter().filter(|element| !twice(element));
        let all: Vec<&Element> = first.iter().chain(rest).copied().collect();
        self.taken.extend(all);
    }

    /// An element of the base.
    fn element(&mut self, index: usize) {
        let element = &self.base[index];
        let [live, staged] = &self.sides;
        let done = [live.done(self.base, index), staged.done(self.base, index)];
        let taken = match done {
            [Done::Kept, Done::Kept] => Some(element),
            [Done::Changed(changed), Done::Kept] | [Done::Kept, Done::Changed(changed)] => Some(changed),
            [Done::Changed(one), Done::Changed(other)] if one.bytes == other.bytes => Some(one),
            // Where it went to, it is new.
            [Done::Moved(_) | Done::Removed, Done::Kept] | [Done::Kept, Done::Moved(_) | Done::Removed] => None,
            [Done::Removed, Done::Removed] => None,
            [Done::Moved(one), Done::Moved(other)] if one.bytes == other.bytes && self.moved_alike(element) => None,
            _ => {
                self.clashes.extend(element.key.clone());
                None
            }
        };
        self.taken.extend(taken);
    }

    /// Whether both sides put a stanza at the same place.
    fn moved_alike(&self, element: &Element) -> bool {
        let place = |side: &Side<'_>| {
            side.new
                .iter()
                .position(|run| run.iter().any(|new| new.key == element.key))
        };
        let [live, staged] = &self.sides;
        place(live) == place(staged)
    }
}
