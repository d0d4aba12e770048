//! One row per attribute of a link: everything the program knows of it, whether an option sets it or not. The rows stand
//! in [`crate::attrs`], beside the options that point at them.

use crate::attrs;
use crate::hash::Map;
use crate::nla::Attrs;
use crate::table;
use crate::types::Kind;
use std::fmt;
use std::sync::OnceLock;

/// Which nest an attribute stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Nest {
    /// `RTM_NEWLINK` itself.
    Link,
    /// `IFLA_INFO_DATA`.
    Data,
    /// `IFLA_INFO_SLAVE_DATA`.
    Port,
}

/// Where an attribute stands: in which nest, and of which kinds of link (of the master, for a port). One number means
/// different things to different kinds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    nest: Nest,
    /// Empty: of links of any kind.
    kinds: &'static [Kind],
}

/// How the value is written on a command line, and what it stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Form {
    /// A number.
    Number,
    /// One of these words, by number from 0.
    Word(&'static [&'static str]),
    /// One of these words, by the number beside it.
    Named(&'static [(u64, &'static str)]),
    /// A hardware address.
    Mac,
    /// An IPv4 address.
    Ip4,
    /// An IPv6 address.
    Ip6,
    /// An address of either family.
    Ip,
    /// Addresses, numbered from 0, in a nest of their own.
    Ips,
    /// A text.
    Text,
    /// Value and mask: bits with a word each ([`Word::Bits`]), off and on.
    Bits([&'static str; 2]),
    /// The word alone where set, with `no` before it where not.
    Switch,
    /// The index of a link, which is written as its name: nothing that could be set back by the number.
    LinkIndex,
    /// What the kernel finds out itself: it is never set.
    State,
}

/// `off` and `on`.
pub const ON_OFF: Form = Form::Word(&["off", "on"]);

/// The word that stands before the value on a command line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Word {
    /// Of `ip link`.
    Ip(&'static str),
    /// Of `bridge link` alone.
    Bridge(&'static str),
    /// Of neither: the file below /sys/class/net/PORT/brport.
    Sysfs(&'static str),
    /// One word of `ip link` per bit.
    Bits(&'static [(u32, &'static str)]),
}

impl Word {
    const fn is_one(self) -> bool {
        match self {
            Word::Ip(word) | Word::Bridge(word) | Word::Sysfs(word) => is_word(word),
            Word::Bits(bits) => {
                let mut at = 0;
                while at < bits.len() {
                    if !is_word(bits[at].1) {
                        return false;
                    }
                    at += 1;
                }
                !bits.is_empty()
            }
        }
    }
}

const fn is_word(word: &str) -> bool {
    let bytes = word.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !(bytes[at].is_ascii_lowercase() || bytes[at].is_ascii_digit() || bytes[at] == b'_') {
            return false;
        }
        at += 1;
    }
    !bytes.is_empty()
}

/// How wide it is in the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// One byte.
    U8,
    /// Two bytes, host order.
    U16,
    /// Two bytes, network order.
    U16Be,
    /// Four bytes, host order.
    U32,
    /// Eight bytes, host order.
    U64,
    /// Raw bytes: a MAC, an IP address, a text with its final NUL as the value needs, a nest.
    Bytes,
    /// Two u32: values of bits, and the mask of those that are meant (`struct ifla_vlan_flags`, `struct br_boolopt_multi`).
    Masked,
}

impl Width {
    /// The bytes of a number; empty where the attribute is not a number.
    pub fn bytes(self, number: u64) -> Vec<u8> {
        match self {
            Width::U8 => vec![number as u8],
            Width::U16 => (number as u16).to_ne_bytes().to_vec(),
            Width::U16Be => (number as u16).to_be_bytes().to_vec(),
            Width::U32 => (number as u32).to_ne_bytes().to_vec(),
            Width::U64 => number.to_ne_bytes().to_vec(),
            Width::Bytes | Width::Masked => Vec::new(),
        }
    }

    /// The number in the bytes; `None` where they are too few, or no number.
    pub fn number(self, payload: &[u8]) -> Option<u64> {
        Some(match self {
            Width::U8 => u64::from(*payload.first()?),
            Width::U16 => u64::from(u16::from_ne_bytes(*payload.first_chunk()?)),
            Width::U16Be => u64::from(u16::from_be_bytes(*payload.first_chunk()?)),
            Width::U32 => u64::from(u32::from_ne_bytes(*payload.first_chunk()?)),
            Width::U64 => u64::from_ne_bytes(*payload.first_chunk()?),
            Width::Bytes | Width::Masked => return None,
        })
    }
}

/// Value and mask of a [`Width::Masked`] attribute.
pub fn masked(payload: &[u8]) -> Option<(u32, u32)> {
    let value = u32::from_ne_bytes(*payload.first_chunk()?);
    let mask = u32::from_ne_bytes(*payload.get(4..)?.first_chunk()?);
    Some((value, mask))
}

/// What a new link or port has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fresh {
    /// The kernel does not show it, or has what the link was made with.
    Unset,
    /// A number.
    Number(u64),
    /// Values and mask of bits.
    Masked(u32, u32),
}

/// A release of the kernel, as `uname -r` begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Release(pub u16, pub u16);

impl Release {
    /// The release that a text such as `6.1.0-37-amd64` begins with.
    pub fn of(text: &str) -> Option<Self> {
        let mut numbers = text.split(|c: char| !c.is_ascii_digit());
        Some(Self(numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
    }
}

impl fmt::Display for Release {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}", self.0, self.1)
    }
}

/// Older than any kernel that Debian or Proxmox VE still cares for (5.10).
pub const OLD: Release = Release(0, 0);

/// One attribute of a link. Made by [`Place::attr`] alone, so that none is without the word that ip(8) or bridge(8) uses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KernelAttr {
    /// Where it stands.
    pub place: Place,
    /// Its number.
    pub number: u16,
    /// The constant of linux/if_link.h that is this number.
    pub header: &'static str,
    /// Private, so that nobody makes a row but [`Place::attr`].
    word: Word,
    /// How its value is written.
    pub form: Form,
    /// How wide it is.
    pub width: Width,
    /// What a new link or port has.
    pub fresh: Fresh,
    /// The first release that knows it.
    pub since: Release,
}

impl Place {
    /// Of any link.
    pub const LINK: Self = Self {
        nest: Nest::Link,
        kinds: &[],
    };

    /// In the data of links of these kinds.
    pub const fn data(kinds: &'static [Kind]) -> Self {
        Self {
            nest: Nest::Data,
            kinds,
        }
    }

    /// In the port data of links whose master is of these kinds.
    pub const fn port(kinds: &'static [Kind]) -> Self {
        Self {
            nest: Nest::Port,
            kinds,
        }
    }

    /// The nest.
    pub const fn nest(self) -> Nest {
        self.nest
    }

    /// Whether links of that kind have it, or ports of such a link.
    pub fn is_of(self, kind: &Kind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(kind)
    }

    /// A row.
    ///
    /// ```
    /// use cleat_model::kernel_attr::{KernelAttr, Place, Width};
    /// const GROUP: KernelAttr = Place::LINK.number(27, "IFLA_GROUP", "group", Width::U32, 0);
    /// assert_eq!(GROUP.name(), "group");
    /// ```
    ///
    /// A row without the word that ip(8) or bridge(8) uses does not compile:
    ///
    /// ```compile_fail
    /// use cleat_model::kernel_attr::{KernelAttr, Place, Width};
    /// const GROUP: KernelAttr = Place::LINK.number(27, "IFLA_GROUP", "", Width::U32, 0);
    /// assert_eq!(GROUP.name(), "group");
    /// ```
    pub const fn attr(
        self,
        number: u16,
        header: &'static str,
        word: Word,
        form: Form,
        width: Width,
        fresh: Fresh,
    ) -> KernelAttr {
        assert!(
            word.is_one(),
            "an attribute needs the word that ip(8) or bridge(8) uses"
        );
        assert!(
            matches!(word, Word::Bits(_)) == matches!(form, Form::Bits(_)),
            "bits have a word each"
        );
        assert!(
            matches!(width, Width::Masked) == matches!(form, Form::Bits(_)),
            "bits are a value and a mask"
        );
        KernelAttr {
            place: self,
            number,
            header,
            word,
            form,
            width,
            fresh,
            since: OLD,
        }
    }

    /// A number, and the one that a new link has.
    pub const fn number(
        self,
        number: u16,
        header: &'static str,
        word: &'static str,
        width: Width,
        fresh: u64,
    ) -> KernelAttr {
        self.attr(
            number,
            header,
            Word::Ip(word),
            Form::Number,
            width,
            Fresh::Number(fresh),
        )
    }

    /// `off` or `on` in one byte, and which of them a new link has.
    pub const fn on_off(self, number: u16, header: &'static str, word: &'static str, fresh: u64) -> KernelAttr {
        self.attr(number, header, Word::Ip(word), ON_OFF, Width::U8, Fresh::Number(fresh))
    }

    /// One of these words, the first for a new link.
    pub const fn words(
        self,
        number: u16,
        header: &'static str,
        word: &'static str,
        width: Width,
        words: &'static [&'static str],
    ) -> KernelAttr {
        self.attr(
            number,
            header,
            Word::Ip(word),
            Form::Word(words),
            width,
            Fresh::Number(0),
        )
    }

    /// The word alone or with `no` before it, in one byte, and which of them a new link has.
    pub const fn switch(self, number: u16, header: &'static str, word: &'static str, fresh: u64) -> KernelAttr {
        self.attr(
            number,
            header,
            Word::Ip(word),
            Form::Switch,
            Width::U8,
            Fresh::Number(fresh),
        )
    }

    /// Bytes that are not a number: addresses and texts. A new link has none, or what it was made with.
    pub const fn bytes(self, number: u16, header: &'static str, word: &'static str, form: Form) -> KernelAttr {
        self.attr(number, header, Word::Ip(word), form, Width::Bytes, Fresh::Unset)
    }

    /// The index of a link.
    pub const fn link(self, number: u16, header: &'static str, word: &'static str) -> KernelAttr {
        self.attr(
            number,
            header,
            Word::Ip(word),
            Form::LinkIndex,
            Width::U32,
            Fresh::Unset,
        )
    }
}

impl KernelAttr {
    /// The kernel knows it since that release.
    pub const fn since(self, major: u16, minor: u16) -> Self {
        let since = Release(major, minor);
        Self { since, ..self }
    }

    /// A new link does not show it, or has what it was made with.
    pub const fn unset(self) -> Self {
        let fresh = Fresh::Unset;
        Self { fresh, ..self }
    }

    /// Whether it can be set by its number: it is not the index of a link, and not found out by the kernel.
    pub fn is_settable(&self) -> bool {
        !matches!(self.form, Form::LinkIndex | Form::State)
    }

    /// The word that ip(8) or bridge(8) uses.
    pub const fn word(&self) -> Word {
        self.word
    }

    /// The word of the whole attribute, for messages; the header's constant where each bit has one of its own.
    pub fn name(&self) -> &'static str {
        match self.word {
            Word::Ip(word) | Word::Bridge(word) | Word::Sysfs(word) => word,
            Word::Bits(_) => self.header,
        }
    }

    fn fresh_bytes(&self) -> Option<Vec<u8>> {
        match self.fresh {
            Fresh::Unset => None,
            Fresh::Number(number) => Some(self.width.bytes(number)),
            Fresh::Masked(value, mask) => Some([value.to_ne_bytes(), mask.to_ne_bytes()].concat()),
        }
    }
}

/// All attributes: those that options set, then the others.
pub fn all() -> impl Iterator<Item = &'static KernelAttr> {
    let set = table::all().flat_map(|row| row.wire.attrs());
    set.chain(attrs::OTHERS.iter().flat_map(|attrs| attrs.iter()))
}

/// The attribute of that number, of a link of that kind; for a port the kind is its master's.
pub fn find(nest: Nest, kind: &Kind, number: u16) -> Option<&'static KernelAttr> {
    static INDEX: OnceLock<Map<(Nest, u16), Vec<&'static KernelAttr>>> = OnceLock::new();
    let index = INDEX.get_or_init(|| {
        let mut index: Map<(Nest, u16), Vec<&'static KernelAttr>> = Map::default();
        for attr in all() {
            index.entry((attr.place.nest, attr.number)).or_default().push(attr);
        }
        index
    });
    let found = index.get(&(nest, number))?;
    found.iter().find(|attr| attr.place.is_of(kind)).copied()
}

/// What a new link of that kind has, or a new port of such a link.
pub fn fresh(nest: Nest, kind: &Kind) -> Attrs {
    let mut fresh: Vec<(u16, Vec<u8>)> = all()
        .filter(|attr| attr.place.nest == nest && attr.place.is_of(kind))
        .filter_map(|attr| Some((attr.number, attr.fresh_bytes()?)))
        .collect();
    fresh.sort();
    fresh.dedup();
    fresh.into_iter().collect()
}

#[cfg(test)]
mod tests;
