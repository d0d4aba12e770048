//! Hardware addresses, in every way that systemd.link(5) lets them be written.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A hardware address of 4 (IPv4 tunnel), 6 (Ethernet), 16 (IPv6 tunnel) or 20 bytes (InfiniBand).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct HardwareAddress(Vec<u8>);

/// A word that is not a hardware address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoAddress;

impl HardwareAddress {
    /// From its bytes; `None` where no link has an address of that length.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        matches!(bytes.len(), 4 | 6 | 16 | 20).then(|| Self(bytes.to_vec()))
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether it says of itself that no manufacturer gave it: the second bit of its first byte.
    ///
    /// *Source*: IEEE 802, 8.4, universally or locally administered addresses.
    pub fn is_locally_administered(&self) -> bool {
        self.0.first().is_some_and(|byte| byte & 2 != 0)
    }

    /// Whether one NIC can have it as its own: Ethernet, not multicast, not all zeros.
    pub fn is_unicast_ether(&self) -> bool {
        self.0.len() == 6 && self.0[0] & 1 == 0 && self.0.iter().any(|byte| *byte != 0)
    }
}

/// As `ip link` prints it: `bc:24:11:ab:cd:ef`.
impl fmt::Display for HardwareAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            let colon = if at == 0 { "" } else { ":" };
            write!(out, "{colon}{byte:02x}")?;
        }
        Ok(())
    }
}

/// *Source*: systemd.link(5), `MACAddress=`: colons or hyphens between bytes, dots between pairs of them, or an IP address.
impl FromStr for HardwareAddress {
    type Err = NoAddress;

    fn from_str(word: &str) -> Result<Self, NoAddress> {
        if let Ok(ip) = word.parse::<Ipv4Addr>() {
            return Ok(Self(ip.octets().to_vec()));
        }
        if let Ok(ip) = word.parse::<Ipv6Addr>() {
            return Ok(Self(ip.octets().to_vec()));
        }
        let separator = word.chars().find(|char| !char.is_ascii_hexdigit()).ok_or(NoAddress)?;
        let width = match separator {
            ':' | '-' => 1,
            '.' => 2,
            _ => return Err(NoAddress),
        };
        let mut bytes = Vec::new();
        for field in word.split(separator) {
            let fits = (1..=2 * width).contains(&field.len()) && field.bytes().all(|byte| byte.is_ascii_hexdigit());
            let number = u16::from_str_radix(field, 16).ok().filter(|_| fits).ok_or(NoAddress)?;
            bytes.extend_from_slice(&number.to_be_bytes()[2 - width..]);
        }
        Self::new(&bytes).ok_or(NoAddress)
    }
}

impl From<HardwareAddress> for String {
    fn from(address: HardwareAddress) -> Self {
        address.to_string()
    }
}

impl TryFrom<String> for HardwareAddress {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        word.parse()
            .map_err(|NoAddress| format!("`{word}` is not a hardware address"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: the examples of systemd.link(5), `MACAddress=`.
    #[test]
    fn all_ways_of_the_man_page_are_read() {
        let read = |word: &str| word.parse::<HardwareAddress>().map(|address| address.to_string());
        for word in ["12:34:56:78:90:ab", "12-34-56-78-90-AB", "1234.5678.90ab"] {
            assert_eq!(read(word).unwrap(), "12:34:56:78:90:ab");
        }
        assert_eq!(read("127.0.0.1").unwrap(), "7f:00:00:01");
        assert_eq!(read("::1").unwrap(), format!("{}01", "00:".repeat(15)));
        assert_eq!(read("1:2:3:4:5:6").unwrap(), "01:02:03:04:05:06");
        for word in [
            "",
            "12:34:56:78:90",
            "12:34:56:78:90:abc",
            "12:34:56:78:90:",
            "x",
            "123456",
            "12:34-56:78:90:ab",
        ] {
            assert_eq!(read(word), Err(NoAddress), "{word}");
        }
    }
}
