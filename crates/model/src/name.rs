//! Names and hardware addresses, checked once and then trusted.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A kernel interface name.
///
/// *Shape*: 1 to 15 bytes, no `/`, no white space, not `.` or `..`, no `:` (alias labels are not links).
/// *Source*: `dev_valid_name` in net/core/dev.c, `IFNAMSIZ` in linux/if.h.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IfName {
    bytes: [u8; 15],
    len: u8,
}

/// Why a name is not an interface name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameError {
    /// Nothing there.
    Empty,
    /// Longer than 15 bytes; the length is given.
    TooLong(usize),
    /// Holds this character.
    Character(char),
    /// `.` or `..`.
    Dots,
}

impl fmt::Display for NameError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameError::Empty => write!(out, "an interface name cannot be empty"),
            NameError::TooLong(len) => write!(out, "{len} bytes long, the kernel allows 15"),
            NameError::Character(c) => write!(out, "the kernel does not allow {c:?} in an interface name"),
            NameError::Dots => write!(out, "`.` and `..` are no interface names"),
        }
    }
}

impl IfName {
    /// Checks a name as the kernel does.
    ///
    /// # Errors
    /// [`NameError`] says what the kernel would refuse.
    pub fn new(name: &str) -> Result<Self, NameError> {
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        if name == "." || name == ".." {
            return Err(NameError::Dots);
        }
        if let Some(c) = name
            .chars()
            .find(|c| *c == '/' || *c == ':' || c.is_whitespace() || *c == '\0')
        {
            return Err(NameError::Character(c));
        }
        let mut bytes = [0; 15];
        let Some(room) = bytes.get_mut(..name.len()) else {
            return Err(NameError::TooLong(name.len()));
        };
        room.copy_from_slice(name.as_bytes());
        Ok(Self {
            bytes,
            len: name.len() as u8,
        })
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        // Made from a `str` in `new`, the only constructor.
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }

    /// All of it as one number, in the order of the text.
    fn number(&self) -> u128 {
        let mut all = [self.len; 16];
        all[..15].copy_from_slice(&self.bytes);
        u128::from_be_bytes(all)
    }
}

/// Names are looked up more than anything else: they are hashed and compared as one number.
impl std::hash::Hash for IfName {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        state.write_u128(self.number());
    }
}

impl Ord for IfName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.number().cmp(&other.number())
    }
}

impl PartialOrd for IfName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for IfName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}

impl fmt::Debug for IfName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?}", self.as_str())
    }
}

impl std::str::FromStr for IfName {
    type Err = NameError;
    fn from_str(name: &str) -> Result<Self, NameError> {
        Self::new(name)
    }
}

impl TryFrom<String> for IfName {
    type Error = NameError;
    fn try_from(name: String) -> Result<Self, NameError> {
        Self::new(&name)
    }
}

impl From<IfName> for String {
    fn from(name: IfName) -> Self {
        name.as_str().to_owned()
    }
}

/// A hardware address.
///
/// *Shape*: 1 to 20 bytes (Ethernet 6, InfiniBand 20), printed as lower-case hex with colons.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mac {
    bytes: [u8; 20],
    len: u8,
}

impl Mac {
    /// Takes the bytes; `None` for none or more than 20.
    pub fn new(from: &[u8]) -> Option<Self> {
        let mut bytes = [0; 20];
        bytes.get_mut(..from.len())?.copy_from_slice(from);
        (!from.is_empty()).then_some(Self {
            bytes,
            len: from.len() as u8,
        })
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// Whether it may be given to an Ethernet link: six bytes, not multicast, not zero.
    pub fn is_unicast_ether(&self) -> bool {
        self.len == 6 && self.bytes[0] & 1 == 0 && self.bytes().iter().any(|byte| *byte != 0)
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.bytes().iter().enumerate() {
            if at > 0 {
                out.write_str(":")?;
            }
            write!(out, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self}")
    }
}

impl std::str::FromStr for Mac {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let fault =
            || format!("{text:?} is not a hardware address: six pairs of hex digits with `:` or `-` between them");
        let separator = if text.contains('-') { '-' } else { ':' };
        let pairs: Option<Vec<u8>> = text
            .split(separator)
            .map(|pair| {
                (1..=2)
                    .contains(&pair.len())
                    .then(|| u8::from_str_radix(pair, 16).ok())
                    .flatten()
            })
            .collect();
        let bytes = pairs
            .filter(|bytes| matches!(bytes.len(), 6 | 8 | 20))
            .ok_or_else(fault)?;
        Self::new(&bytes).ok_or_else(fault)
    }
}

impl TryFrom<String> for Mac {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Mac> for String {
    fn from(mac: Mac) -> Self {
        mac.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Second witness: dev_valid_name() in net/core/dev.c and IFNAMSIZ (16, with the final NUL).
    #[test]
    fn names_are_judged_as_the_kernel_judges_them() {
        assert_eq!(IfName::new("vmbr0.4094").map(String::from), Ok("vmbr0.4094".to_owned()));
        assert_eq!(
            IfName::new("abcdefghijklmno").map(String::from),
            Ok("abcdefghijklmno".to_owned())
        );
        assert_eq!(IfName::new("abcdefghijklmnop"), Err(NameError::TooLong(16)));
        assert_eq!(IfName::new("a/b"), Err(NameError::Character('/')));
        assert_eq!(IfName::new("a b"), Err(NameError::Character(' ')));
        assert_eq!(IfName::new("eno1:1"), Err(NameError::Character(':')));
        assert_eq!(IfName::new(".."), Err(NameError::Dots));
        assert_eq!(IfName::new(""), Err(NameError::Empty));
    }

    #[test]
    fn names_are_ordered_as_texts_are() {
        let texts = ["eno1", "eno1.5", "eno10", "eno2", "lo", "vmbr0", "vmbr0v5", "é"];
        let mut names: Vec<IfName> = texts.iter().rev().map(|text| IfName::new(text).unwrap()).collect();
        names.sort();
        assert_eq!(names.iter().map(IfName::as_str).collect::<Vec<_>>(), texts);
    }

    #[test]
    fn a_hardware_address_reads_both_separators_and_prints_one() {
        let mac: Mac = "AA-bb-0-0d-EE-fF".parse().unwrap();
        assert_eq!(mac.to_string(), "aa:bb:00:0d:ee:ff");
        assert!(mac.is_unicast_ether());
        assert!(!"01:00:5e:00:00:01".parse::<Mac>().unwrap().is_unicast_ether());
        assert_eq!(
            "aa:bb".parse::<Mac>(),
            Err("\"aa:bb\" is not a hardware address: six pairs of hex digits with `:` or `-` between them".to_owned())
        );
    }
}
