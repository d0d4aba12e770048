//! Netlink attribute streams as plain bytes, so that the table, the plan and the simulator speak the kernel's shapes
//! without touching a socket.

use serde::{Deserialize, Serialize};

/// The bits of `nla_type` that are flags and not the number: `NLA_F_NESTED` and `NLA_F_NET_BYTEORDER` (linux/netlink.h).
const FLAG_BITS: u16 = 0xc000;
const HEADER: usize = 4;

/// A run of netlink attributes: header (length, type), payload, padding to four bytes, again and again.
///
/// *Shape*: exactly the payload of a nest such as `IFLA_INFO_DATA`. *Source*: netlink(7), `struct nlattr`.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Attrs(Vec<u8>);

impl Attrs {
    /// No attributes.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// No attributes yet, with room for so many bytes.
    pub fn with_room(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// Takes the payload of a nest as the kernel sent it. Damaged tails are ignored when read.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// The stream, to be put into a nest.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether there is no attribute.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends one attribute. A payload of 64 KiB or more cannot be said in netlink and is refused by `false`.
    pub fn push(&mut self, kind: u16, payload: &[u8]) -> bool {
        let Ok(len) = u16::try_from(payload.len() + HEADER) else {
            return false;
        };
        self.0.reserve(usize::from(len).next_multiple_of(4));
        self.0.extend_from_slice(&len.to_ne_bytes());
        self.0.extend_from_slice(&kind.to_ne_bytes());
        self.0.extend_from_slice(payload);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        true
    }

    /// Sets one attribute, replacing what had that number.
    pub fn set(&mut self, kind: u16, payload: &[u8]) {
        let mut next = Self::new();
        for (old, bytes) in self.iter().filter(|(old, _)| *old != kind) {
            next.push(old, bytes);
        }
        next.push(kind, payload);
        *self = next;
    }

    /// The payload of the first attribute with that number.
    pub fn get(&self, kind: u16) -> Option<&[u8]> {
        self.iter()
            .find(|(found, _)| *found == kind)
            .map(|(_, payload)| payload)
    }

    /// All attributes: number (without the flag bits) and payload.
    pub fn iter(&self) -> Iter<'_> {
        iter(&self.0)
    }
}

impl std::fmt::Debug for Attrs {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_map().entries(self.iter()).finish()
    }
}

impl FromIterator<(u16, Vec<u8>)> for Attrs {
    fn from_iter<T: IntoIterator<Item = (u16, Vec<u8>)>>(attrs: T) -> Self {
        attrs.into_iter().fold(Self::new(), |mut all, (kind, payload)| {
            all.push(kind, &payload);
            all
        })
    }
}

/// Walks raw bytes as attributes; stops at the first header that does not fit (a damaged tail is never read).
pub fn iter(bytes: &[u8]) -> Iter<'_> {
    Iter { rest: bytes }
}

/// See [`iter`].
pub struct Iter<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Iter<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let [l0, l1, k0, k1, ..] = *self.rest else { return None };
        let len = usize::from(u16::from_ne_bytes([l0, l1]));
        let kind = u16::from_ne_bytes([k0, k1]) & !FLAG_BITS;
        let payload = self.rest.get(HEADER..len)?;
        self.rest = self.rest.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, payload))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Second witness: struct nlattr and NLA_ALIGN in linux/netlink.h (header 4 bytes, padded to 4).
    #[test]
    fn attributes_are_laid_out_as_the_header_file_says() {
        let mut attrs = Attrs::new();
        assert!(attrs.push(4, &1500u32.to_ne_bytes()));
        assert!(attrs.push(3 | 0x8000, b"lo\0"));
        let mut expected = vec![8, 0, 4, 0];
        expected.extend(1500u32.to_ne_bytes());
        expected.extend([7, 0, 3, 0x80, b'l', b'o', 0, 0]);
        assert_eq!(attrs.as_bytes(), expected);
        assert_eq!(attrs.get(3), Some(&b"lo\0"[..]));
        attrs.set(4, &9000u32.to_ne_bytes());
        assert_eq!(attrs.get(4), Some(&9000u32.to_ne_bytes()[..]));
        assert_eq!(attrs.iter().count(), 2);
    }

    #[test]
    fn a_damaged_tail_is_never_read() {
        assert_eq!(iter(&[200, 0, 1, 0, 9]).count(), 0);
        assert_eq!(iter(&[2, 0, 1, 0, 9, 9, 9, 9]).count(), 0);
    }
}
