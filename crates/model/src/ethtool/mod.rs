//! What ethtool(8) sets of a NIC: groups of attributes as ethtool netlink has them, what a driver has of them, and one step.

mod features;
pub(crate) mod show;

use crate::name::IfName;
pub use features::{matches, short};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

/// Stands for the largest number that the driver takes (`ring-rx max`).
pub const MAX: u32 = u32::MAX;
/// `SPEED_UNKNOWN` of linux/ethtool.h: the link has no carrier.
const SPEED_UNKNOWN: u32 = u32::MAX;
/// `DUPLEX_UNKNOWN`.
const DUPLEX_UNKNOWN: u32 = 0xff;
/// `DUPLEX_FULL`.
const DUPLEX_FULL: u32 = 1;

/// `ETHTOOL_A_LINKMODES_AUTONEG`, `_SPEED` and `_DUPLEX` of linux/ethtool_netlink.h.
pub const AUTONEG: u16 = 2;
/// See [`AUTONEG`].
pub const SPEED: u16 = 5;
/// See [`AUTONEG`].
pub const DUPLEX: u16 = 6;
/// `ETHTOOL_A_LINKMODES_LANES`.
const LANES: u16 = 9;
/// `ETHTOOL_A_FEATURES_HW`: what the driver can change.
pub const HW: u16 = 2;
/// `ETHTOOL_A_FEATURES_WANTED`: what was asked for.
pub const WANTED: u16 = 3;
/// `ETHTOOL_A_FEATURES_ACTIVE`: what is on.
pub const ACTIVE: u16 = 4;

/// Settings that are read and set by one message each, in the order in which they are set: what makes the PHY negotiate
/// again, what makes the driver open the device again, the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// The port.
    LinkInfo,
    /// Speed, duplex, autonegotiation, lanes.
    LinkModes,
    /// Forward error correction.
    Fec,
    /// Energy-efficient Ethernet.
    Eee,
    /// Pause frames.
    Pause,
    /// Sizes of rings.
    Rings,
    /// Numbers of queues.
    Channels,
    /// Interrupt coalescing.
    Coalesce,
    /// Offloads.
    Features,
    /// Wake on LAN.
    Wol,
    /// What the driver logs.
    Debug,
}

impl Group {
    /// The message that asks for it, `ETHTOOL_MSG_*_GET` of linux/ethtool_netlink.h; the one that sets it is the next.
    pub fn get(self) -> u8 {
        match self {
            Group::LinkInfo => 2,
            Group::LinkModes => 4,
            Group::Debug => 7,
            Group::Wol => 9,
            Group::Features => 11,
            Group::Rings => 15,
            Group::Channels => 17,
            Group::Coalesce => 19,
            Group::Pause => 21,
            Group::Eee => 23,
            Group::Fec => 29,
        }
    }

    /// Whether an attribute is a set of bits with names.
    pub fn is_bits(self, number: u16) -> bool {
        match self {
            Group::LinkModes => matches!(number, 3 | 4),
            Group::Features => (HW..=5).contains(&number),
            Group::Wol | Group::Fec | Group::Debug => number == 2,
            Group::Eee => matches!(number, 3 | 4),
            Group::LinkInfo | Group::Pause | Group::Rings | Group::Channels | Group::Coalesce => false,
        }
    }

    /// Whether the driver names all bits that it can set, and not only those that are on.
    pub fn names_all_bits(self) -> bool {
        !matches!(self, Group::Fec | Group::Debug)
    }

    /// Whether an attribute is a number of one byte; the others have four.
    pub fn is_byte(self, number: u16) -> bool {
        match self {
            Group::LinkInfo | Group::Pause => true,
            Group::LinkModes => matches!(number, 2 | 6 | 7 | 8 | 10),
            Group::Fec => number == 3,
            Group::Eee => matches!(number, 5 | 6),
            Group::Rings => matches!(number, 11 | 13),
            Group::Coalesce => matches!(number, 11 | 12 | 24 | 25),
            Group::Channels | Group::Features | Group::Wol | Group::Debug => false,
        }
    }

    /// Whether an attribute moves by itself, so that it says nothing of what was set: what the other end can, what came of a
    /// negotiation.
    pub fn moves(self, number: u16) -> bool {
        match self {
            Group::LinkInfo => matches!(number, 4 | 6),
            Group::LinkModes => matches!(number, 4 | 8 | 10),
            Group::Fec | Group::Eee => number == 4,
            _ => false,
        }
    }

    /// Why a change of it may cost a link its carrier, as the end of a sentence; `None` where it does not.
    ///
    /// *Source*: a PHY negotiates again after `ethtool -s`, `--set-fec` and `--set-eee`; most drivers open the device again
    /// for other rings or queues.
    pub fn drops_carrier(self) -> Option<&'static str> {
        match self {
            Group::LinkInfo => Some("another port is chosen"),
            Group::LinkModes => Some("the speed is negotiated again"),
            Group::Fec => Some("the error correction changes"),
            Group::Eee => Some("energy-efficient Ethernet is negotiated again"),
            Group::Pause => Some("pause frames are negotiated again"),
            Group::Rings => Some("the driver makes its rings again"),
            Group::Channels => Some("the driver makes its queues again"),
            Group::Coalesce | Group::Features | Group::Wol | Group::Debug => None,
        }
    }
}

/// Named bits, each on or off.
pub type Bits = BTreeMap<String, bool>;

/// What a driver has of one group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Seen {
    /// Attributes that are numbers.
    pub numbers: BTreeMap<u16, u32>,
    /// Attributes that are sets of bits.
    pub bits: BTreeMap<u16, Bits>,
}

impl Seen {
    /// Whether the bit of that attribute is on.
    pub fn has(&self, number: u16, bit: &str) -> bool {
        self.bits.get(&number).and_then(|bits| bits.get(bit)) == Some(&true)
    }

    /// The speed and duplex of a link without carrier say nothing.
    fn number(&self, group: Group, number: u16) -> Option<u32> {
        let found = self.numbers.get(&number).copied()?;
        let unknown = group == Group::LinkModes
            && (number == SPEED && matches!(found, 0 | SPEED_UNKNOWN) || number == DUPLEX && found == DUPLEX_UNKNOWN);
        (!unknown).then_some(found)
    }
}

/// What was read of one NIC.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ethtool {
    /// The name of the driver, for messages; empty where the link has none.
    pub driver: String,
    /// What was asked for; `None`: the driver has nothing of it.
    pub groups: BTreeMap<Group, Option<Seen>>,
}

impl Ethtool {
    /// What the driver has of a group; `None` also where it was not read.
    pub fn seen(&self, group: Group) -> Option<&Seen> {
        self.groups.get(&group)?.as_ref()
    }
}

impl Ethtool {
    /// Takes in all that was set; what a speed was negotiated to comes and goes with the carrier.
    pub fn hash_settings(&self, hasher: &mut impl Hasher) {
        for (group, seen) in &self.groups {
            group.hash(hasher);
            let Some(seen) = seen else { continue };
            let negotiates = seen.numbers.get(&AUTONEG) == Some(&1);
            let moves =
                |number: u16| *group == Group::LinkModes && negotiates && matches!(number, SPEED | DUPLEX | LANES);
            for number in seen.numbers.iter().filter(|(number, _)| !moves(**number)) {
                number.hash(hasher);
            }
            seen.bits.hash(hasher);
        }
    }

    /// The steps that lead back from `is` to this, group by group.
    pub fn back(&self, name: IfName, is: &Self) -> Vec<Set> {
        let both = |(group, was): (&Group, &Option<Seen>)| Set::back(name, *group, was.as_ref()?, is.seen(*group)?);
        self.groups.iter().filter_map(both).collect()
    }
}

/// How an option is an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A number.
    Number,
    /// A number up to that of another attribute.
    UpTo(u16),
    /// One bit for each bit of the number, in this order.
    Flags(&'static [&'static str]),
    /// Features whose names match one of these patterns, all on or all off.
    Features(&'static [&'static str]),
    /// Forward error correction: the words of [`FEC`], and a flag beside them.
    Fec,
}

/// The attribute of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The message that it is in.
    pub group: Group,
    /// Its number.
    pub number: u16,
    /// Its name in linux/ethtool_netlink.h.
    pub header: &'static str,
    /// The word of ethtool(8).
    pub word: &'static str,
    /// What it looks like.
    pub form: Form,
}

/// The modes of forward error correction, by the numbers of `link-fec`; 0 is `auto`.
pub const FEC: [&str; 5] = ["", "None", "RS", "BASER", "LLRS"];
/// `ETHTOOL_A_FEC_AUTO`.
const FEC_AUTO: u16 = 3;

impl Field {
    /// What the driver has, as the number of the option. Of features: whether any of them is on that can be, which is what
    /// `ethtool -k` shows. `None`: it has no such thing, or does not say.
    pub fn read(&self, seen: &Seen) -> Option<u64> {
        self.read_as(seen, ACTIVE)
    }

    /// The same, of features by what was asked for: what the driver does not let be on, or keeps on, is not asked for again.
    pub fn asked(&self, seen: &Seen) -> Option<u64> {
        self.read_as(seen, WANTED)
    }

    fn read_as(&self, seen: &Seen, features: u16) -> Option<u64> {
        match self.form {
            Form::Number | Form::UpTo(_) => seen.number(self.group, self.number).map(u64::from),
            Form::Flags(names) => {
                let all = seen.bits.get(&self.number)?;
                let on = |name: &&str| all.get(*name) == Some(&true);
                Some(
                    (0..)
                        .zip(names)
                        .filter(|(_, name)| on(name))
                        .fold(0, |flags, (at, _)| flags | 1 << at),
                )
            }
            Form::Features(patterns) => {
                let all = seen.bits.get(&HW)?;
                let mut known = all.iter().filter(|(name, _)| matches(patterns, name)).peekable();
                known.peek()?;
                let (free, fixed): (Vec<_>, Vec<_>) = known.partition(|(_, free)| **free);
                let on = |number: u16, of: &[(&String, &bool)]| of.iter().any(|(name, _)| seen.has(number, name));
                Some(u64::from(match free.is_empty() {
                    true => on(ACTIVE, &fixed),
                    false => on(features, &free),
                }))
            }
            Form::Fec => {
                if seen.numbers.get(&FEC_AUTO) == Some(&1) {
                    return Some(0);
                }
                let all = seen.bits.get(&self.number)?;
                let is_on = |name: &str| all.get(name) == Some(&true);
                (1..)
                    .zip(&FEC[1..])
                    .find(|(_, name)| is_on(name))
                    .map(|(number, _)| number)
            }
        }
    }

    /// Whether the driver can have that: it knows the attribute, and of features one can be changed, or is so for good.
    pub fn can(&self, seen: &Seen, value: u64) -> bool {
        match self.form {
            Form::Number | Form::UpTo(_) => seen.numbers.contains_key(&self.number),
            Form::Flags(names) => {
                let known = seen.bits.get(&self.number);
                let mut wished = (0..).zip(names).filter(|(at, _)| value & (1 << at) != 0);
                let is_free = !self.group.names_all_bits() && known.is_some();
                is_free || wished.all(|(_, name)| known.is_some_and(|known| known.contains_key(*name)))
            }
            Form::Features(patterns) => {
                let free = |(name, free): (&String, &bool)| *free && matches(patterns, name);
                let can_change = seen.bits.get(&HW).is_some_and(|all| all.iter().any(free));
                can_change || self.read(seen).unwrap_or(0) == value
            }
            Form::Fec => seen.bits.contains_key(&self.number),
        }
    }

    /// The number that is meant: `max` is the largest that the driver takes.
    pub fn meant(&self, seen: &Seen, value: u64) -> u64 {
        let most = match self.form {
            Form::UpTo(most) if value == u64::from(MAX) => seen.numbers.get(&most),
            _ => None,
        };
        most.map_or(value, |most| u64::from(*most))
    }

    /// Puts the option into the step that sets its group: features by the names of those that the driver can change, or by
    /// pattern where these are not known.
    pub fn put(&self, value: u64, seen: Option<&Seen>, set: &mut Set) {
        match self.form {
            Form::Number | Form::UpTo(_) => {
                set.numbers.insert(self.number, u32::try_from(value).unwrap_or(MAX));
            }
            Form::Flags(names) => {
                let bits = set.bits.entry(self.number).or_default();
                bits.extend(
                    (0..)
                        .zip(names)
                        .map(|(at, name)| ((*name).to_owned(), value & (1 << at) != 0)),
                );
            }
            Form::Features(patterns) => {
                let bits = set.bits.entry(self.number).or_default();
                match seen {
                    Some(seen) => bits.extend(self.free(seen).map(|name| (name.clone(), value != 0))),
                    None => bits.extend(patterns.iter().map(|pattern| ((*pattern).to_owned(), value != 0))),
                }
            }
            Form::Fec => {
                let bits = set.bits.entry(self.number).or_default();
                let modes = (1..).zip(&FEC[1..]);
                bits.extend(modes.map(|(number, name)| ((*name).to_owned(), number == value)));
                set.numbers.insert(FEC_AUTO, u32::from(value == 0));
            }
        }
    }

    /// Whether the feature of that name is meant.
    pub fn has_feature(&self, name: &str) -> bool {
        matches!(self.form, Form::Features(patterns) if matches(patterns, name))
    }

    /// The features that are meant and that the driver can change.
    fn free<'a>(&self, seen: &'a Seen) -> impl Iterator<Item = &'a String> + use<'a> {
        let patterns = match self.form {
            Form::Features(patterns) => patterns,
            Form::Number | Form::UpTo(_) | Form::Flags(_) | Form::Fec => &[],
        };
        let all = seen.bits.get(&HW).into_iter().flatten();
        all.filter(move |(name, free)| **free && matches(patterns, name))
            .map(|(name, _)| name)
    }

    /// What the driver has, to be put back one day: by the name of the option, or of each feature.
    pub fn before(&self, option: &str, seen: &Seen) -> Vec<(String, u64)> {
        match self.form {
            Form::Features(_) => {
                let is = |name: &String| (name.clone(), u64::from(seen.has(WANTED, name)));
                self.free(seen).map(is).collect()
            }
            Form::Number | Form::UpTo(_) | Form::Flags(_) | Form::Fec => self
                .read(seen)
                .map(|value| (option.to_owned(), value))
                .into_iter()
                .collect(),
        }
    }

    /// Puts back what was there before, as [`Field::before`] wrote it down.
    pub fn put_back(&self, option: &str, before: &BTreeMap<String, u64>, seen: &Seen, set: &mut Set) {
        match self.form {
            Form::Features(_) => {
                let was = self
                    .free(seen)
                    .filter_map(|name| Some((name.clone(), *before.get(name)? != 0)));
                set.bits.entry(self.number).or_default().extend(was);
            }
            Form::Number | Form::UpTo(_) | Form::Flags(_) | Form::Fec => {
                if let Some(value) = before.get(option) {
                    self.put(*value, Some(seen), set);
                }
            }
        }
    }

    /// Whether a step sets the option.
    pub fn is_in(&self, set: &Set) -> bool {
        if self.group != set.group {
            return false;
        }
        match self.form {
            Form::Number | Form::UpTo(_) => set.numbers.contains_key(&self.number),
            Form::Flags(_) | Form::Fec => set.bits.contains_key(&self.number),
            Form::Features(patterns) => {
                let bits = set.bits.get(&self.number).into_iter().flatten();
                bits.into_iter()
                    .any(|(name, _)| patterns.contains(&name.as_str()) || matches(patterns, name))
            }
        }
    }
}

/// One step: attributes of one group of one NIC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Set {
    /// The NIC.
    pub name: IfName,
    /// The message.
    pub group: Group,
    /// Attributes that are numbers; [`MAX`]: the largest that the driver takes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub numbers: BTreeMap<u16, u32>,
    /// Attributes that are sets of bits, with those that change. Of features a name may be a pattern: then those are meant
    /// that the driver can change.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub bits: BTreeMap<u16, Bits>,
}

impl Set {
    /// One that sets nothing yet.
    pub fn new(name: IfName, group: Group) -> Self {
        Self {
            name,
            group,
            numbers: BTreeMap::new(),
            bits: BTreeMap::new(),
        }
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty() && self.bits.values().all(Bits::is_empty)
    }

    /// Whether it can be sent only once it is known what the driver has.
    pub fn is_open(&self) -> bool {
        let patterns = || self.bits.get(&WANTED).into_iter().flatten().next().is_some();
        self.group == Group::Features && patterns() || self.largest().next().is_some()
    }

    fn largest(&self) -> impl Iterator<Item = u16> {
        let of_sizes = matches!(self.group, Group::Rings | Group::Channels);
        let max = self.numbers.iter().filter(move |(_, value)| of_sizes && **value == MAX);
        max.map(|(number, _)| *number)
    }

    /// The step with what the driver has in place of patterns and of `max`, and without what is so already.
    #[must_use]
    pub fn bound(&self, seen: &Seen) -> Self {
        let mut bound = Self::new(self.name, self.group);
        for (number, value) in &self.numbers {
            let most = crate::table::field(self.group, *number).and_then(|field| match field.form {
                Form::UpTo(most) if *value == MAX => seen.numbers.get(&most).copied(),
                _ => None,
            });
            let value = most.unwrap_or(*value);
            let is = seen.number(self.group, *number);
            if is != Some(value) && !(is.is_none() && self.is_told_with_carrier(seen, *number)) {
                bound.numbers.insert(*number, value);
            }
        }
        for (number, bits) in &self.bits {
            let mut differing = Bits::new();
            for (name, on) in bits {
                match self.group {
                    Group::Features => {
                        let known = seen.bits.get(&HW).into_iter().flatten();
                        let free = known.filter(|(known, free)| **free && matches(&[name.as_str()], known));
                        let other = free.filter(|(known, _)| seen.has(WANTED, known) != *on);
                        differing.extend(other.map(|(known, _)| (known.clone(), *on)));
                    }
                    _ => {
                        // A bit that the driver does not know cannot be off any more than it is.
                        let is = seen.bits.get(number).and_then(|bits| bits.get(name));
                        if is.map_or(*on, |is| is != on) {
                            differing.insert(name.clone(), *on);
                        }
                    }
                }
            }
            if !differing.is_empty() {
                // Features are set one by one; flags are shown as one number, and so are said as a whole.
                let all = if self.group == Group::Features {
                    differing
                } else {
                    bits.clone()
                };
                bound.bits.insert(*number, all);
            }
        }
        bound.with_what_goes_along(self, seen)
    }

    /// Whether the kernel shows an attribute only of a link with carrier, and the link has none: a speed that was set before
    /// is not set again at each run.
    fn is_told_with_carrier(&self, seen: &Seen, number: u16) -> bool {
        let negotiation = self.numbers.get(&AUTONEG);
        self.group == Group::LinkModes
            && matches!(number, SPEED | DUPLEX)
            && negotiation.is_some()
            && seen.numbers.get(&AUTONEG) == negotiation
    }

    /// A driver takes a fixed speed only together with the duplex, and with autonegotiation off.
    fn with_what_goes_along(mut self, asked: &Self, seen: &Seen) -> Self {
        let fixed = asked.numbers.get(&AUTONEG) == Some(&0);
        if self.group != Group::LinkModes || self.is_empty() || !fixed {
            return self;
        }
        let of = |number: u16| {
            let said = asked.numbers.get(&number).copied();
            said.or_else(|| seen.number(Group::LinkModes, number))
        };
        self.numbers.extend(of(SPEED).map(|speed| (SPEED, speed)));
        self.numbers.insert(DUPLEX, of(DUPLEX).unwrap_or(DUPLEX_FULL));
        self.numbers.insert(AUTONEG, 0);
        self
    }

    /// The step that leads from `is` back to `was`, where anything of the group differs that can be set.
    pub fn back(name: IfName, group: Group, was: &Seen, is: &Seen) -> Option<Self> {
        let mut set = Self::new(name, group);
        let is_settable = |number: u16| match group {
            Group::Features => number == WANTED,
            Group::Fec if number == FEC_AUTO => true,
            _ => crate::table::fields(group).any(|field| field.number == number),
        };
        for (number, value) in was.numbers.iter().filter(|(number, _)| is_settable(**number)) {
            if is.numbers.get(number) != Some(value) {
                set.numbers.insert(*number, *value);
            }
        }
        let none = Bits::new();
        for (number, bits) in was.bits.iter().filter(|(number, _)| is_settable(**number)) {
            let now = is.bits.get(number).unwrap_or(&none);
            // Of what was asked for, only what is on has a name.
            let on = |of: &Bits, name: &String| of.get(name) == Some(&true);
            let differing: Bits = (bits.keys().chain(now.keys()))
                .filter(|name| on(bits, name) != on(now, name))
                .map(|name| (name.clone(), on(bits, name)))
                .collect();
            if !differing.is_empty() {
                let all = bits.keys().chain(now.keys());
                let whole = || all.map(|name| (name.clone(), on(bits, name))).collect();
                let is_features = group == Group::Features;
                set.bits.insert(*number, if is_features { differing } else { whole() });
            }
        }
        if group == Group::LinkModes {
            // What a negotiation came to comes again by itself.
            let negotiates = was.numbers.get(&AUTONEG) == Some(&1);
            set.numbers.retain(|number, value| match *number {
                SPEED => !negotiates && *value != SPEED_UNKNOWN,
                DUPLEX => !negotiates && *value != DUPLEX_UNKNOWN,
                _ => true,
            });
        }
        (!set.is_empty()).then_some(set)
    }
}

/// What is said of features that a driver did not change although the kernel took the request.
pub fn kept_text(features: &[&str]) -> String {
    format!("the driver keeps {} as it was", features.join(", "))
}
