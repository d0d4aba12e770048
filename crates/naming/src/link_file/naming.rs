//! `[Link]`: the keys that give names.

use super::address::HardwareAddress;
use super::lines::Assignment;
use super::matching::bad;
use super::words::{Style, split};
use cleat_diag::Diagnostic;

/// Longest name of a link in bytes: `IFNAMSIZ` of linux/if.h, less its NUL.
pub const LONGEST_NAME: usize = 15;
/// Longest alternative name in bytes: `ALTIFNAMSIZ` of linux/if.h, less its NUL.
const LONGEST_ALTERNATIVE: usize = 127;

/// A word of `NamePolicy=` or `AlternativeNamesPolicy=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Keep the name that the kernel says is predictable.
    Kernel,
    /// Keep a name that userspace gave before.
    Keep,
    /// `ID_NET_NAME_FROM_DATABASE`.
    Database,
    /// `ID_NET_NAME_ONBOARD`.
    Onboard,
    /// `ID_NET_NAME_SLOT`.
    Slot,
    /// `ID_NET_NAME_PATH`.
    Path,
    /// `ID_NET_NAME_MAC`.
    Mac,
}

/// All policies, by word. *Source*: systemd.link(5), `NamePolicy=`.
const POLICIES: &[(&str, Policy)] = &[
    ("kernel", Policy::Kernel),
    ("keep", Policy::Keep),
    ("database", Policy::Database),
    ("onboard", Policy::Onboard),
    ("slot", Policy::Slot),
    ("path", Policy::Path),
    ("mac", Policy::Mac),
];

impl Policy {
    /// As written in a file.
    pub fn word(self) -> &'static str {
        let row = POLICIES.iter().find(|(_, policy)| *policy == self);
        row.map_or("", |(word, _)| word)
    }
}

/// What a file does to the names of its devices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Naming {
    /// `NamePolicy=`; stronger than [`Naming::name`].
    pub policy: Vec<Policy>,
    /// `Name=`.
    pub name: Option<String>,
    /// `AlternativeNamesPolicy=`.
    pub alternative_policy: Vec<Policy>,
    /// `AlternativeName=`.
    pub alternative: Vec<String>,
    /// `MACAddressPolicy=`, as written.
    pub address_policy: Option<String>,
    /// `MACAddress=`: the address that the device gets.
    pub address: Option<HardwareAddress>,
}

impl Naming {
    /// Takes one assignment of `[Link]`.
    pub(super) fn take(&mut self, said: &Assignment, found: &mut Vec<Diagnostic>) {
        match said.key.as_str() {
            "Name" if said.value.is_empty() => self.name = None,
            "Name" if is_name(&said.value) => self.name = Some(said.value.clone()),
            "Name" => found.push(bad(
                said,
                format!("`{}` cannot be the name of an interface", said.value),
            )),
            "NamePolicy" => policies(&mut self.policy, said, found),
            "AlternativeNamesPolicy" => policies(&mut self.alternative_policy, said, found),
            "AlternativeName" => self.alternative_name(said, found),
            "MACAddressPolicy" => self.address_policy = (!said.value.is_empty()).then(|| said.value.clone()),
            "MACAddress" => match said.value.parse() {
                Ok(address) => self.address = Some(address),
                Err(_) if said.value.is_empty() => self.address = None,
                Err(_) => found.push(bad(said, format!("`{}` is not a hardware address", said.value))),
            },
            _ => {}
        }
    }

    /// The name that its devices get whatever they are, where it gives one: `Name=` without a policy beside it.
    pub fn fixed_name(&self) -> Option<&str> {
        self.name.as_deref().filter(|_| self.policy.is_empty())
    }

    fn alternative_name(&mut self, said: &Assignment, found: &mut Vec<Diagnostic>) {
        if said.value.is_empty() {
            self.alternative.clear();
            return;
        }
        let (words, _) = split(&said.value, Style::Plain);
        for word in words {
            if !is_long_name(&word, LONGEST_ALTERNATIVE) {
                found.push(bad(said, format!("`{word}` cannot be an alternative name")));
            } else if !self.alternative.contains(&word) {
                self.alternative.push(word);
            }
        }
    }
}

fn policies(list: &mut Vec<Policy>, said: &Assignment, found: &mut Vec<Diagnostic>) {
    let (words, whole) = split(&said.value, Style::Plain);
    if !whole {
        found.push(bad(said, "a backslash is left open".to_owned()));
        return;
    }
    list.clear();
    let alternative = said.key != "NamePolicy";
    for word in words {
        let row = POLICIES.iter().find(|(one, _)| *one == word);
        match row.map(|(_, policy)| *policy) {
            Some(Policy::Kernel | Policy::Keep) if alternative => {
                found.push(bad(said, format!("`{word}` gives no alternative name")));
            }
            Some(policy) if !list.contains(&policy) => list.push(policy),
            Some(_) => {}
            None => found.push(bad(said, format!("`{word}` is not a policy"))),
        }
    }
}

/// Whether udev gives a link this name.
///
/// *Source*: systemd.link(5), `Name=`: 1 to 15 characters of printable 7-bit ASCII without blanks, `:`, `/` and `%`; no
/// number, not `.`, `..`, `all` and `default`.
pub fn is_name(name: &str) -> bool {
    is_long_name(name, LONGEST_NAME)
}

fn is_long_name(name: &str, longest: usize) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b':' | b'/' | b'%');
    (1..=longest).contains(&name.len())
        && name.bytes().all(plain)
        && !name.bytes().all(|byte| byte.is_ascii_digit())
        && !matches!(name, "." | ".." | "all" | "default")
}
