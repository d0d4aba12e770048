//! `RTM_NEWLINK` of family `AF_UNSPEC`.

use super::{AF_INET, AF_INET6, number, number_at, padded, text};
use cleat_model::name::{IfName, Mac};
use cleat_model::nla::{self, Attrs};
use cleat_model::snapshot::{IFLA_LINK, KEPT_LINK_ATTRS, Link};
use cleat_model::types::Kind;

/// Bytes of `struct ifinfomsg`.
pub(crate) const HEADER: usize = 16;

// enum IFLA_* of linux/if_link.h.
pub(crate) const IFLA_IFNAME: u16 = 3;
pub(crate) const IFLA_MASTER: u16 = 10;
const IFLA_OPERSTATE: u16 = 16;
pub(crate) const IFLA_LINKINFO: u16 = 18;
pub(crate) const IFLA_AF_SPEC: u16 = 26;
pub(crate) const IFLA_LINK_NETNSID: u16 = 37;
pub(crate) const IFLA_PROP_LIST: u16 = 52;
const IFLA_ALT_IFNAME: u16 = 53;
pub(crate) const IFLA_PERM_ADDRESS: u16 = 54;

pub(crate) const IFLA_INFO_KIND: u16 = 1;
pub(crate) const IFLA_INFO_DATA: u16 = 2;
pub(crate) const IFLA_INFO_SLAVE_KIND: u16 = 4;
pub(crate) const IFLA_INFO_SLAVE_DATA: u16 = 5;

pub(crate) const IFLA_INET_CONF: u16 = 1;
pub(crate) const IFLA_INET6_CONF: u16 = 2;
pub(crate) const IFLA_INET6_ADDR_GEN_MODE: u16 = 8;

/// The index and name alone, for the table of names.
pub(crate) fn index_and_name(body: &[u8]) -> Option<(u32, Option<IfName>)> {
    let index = number_at(body, 4)?;
    let name = nla::iter(body.get(HEADER..)?).find(|(kind, _)| *kind == IFLA_IFNAME);
    Some((index, name.and_then(|(_, bytes)| name_of(bytes))))
}

/// One link. Only a message without a whole header is none; anything else gives a link, `partial` where it is not all.
pub(crate) fn link(body: &[u8]) -> Option<Link> {
    let (index, name) = index_and_name(body)?;
    let attrs = body.get(HEADER..)?;
    let mut link = Link {
        index,
        name: name.unwrap_or_else(|| stand_in(index)),
        altnames: Vec::new(),
        kind: Kind::Physical,
        device_type: u16::from_ne_bytes([body[2], body[3]]),
        flags: number_at(body, 8)?,
        operstate: 0,
        perm_mac: None,
        master: None,
        parent: None,
        parent_netns: None,
        // What is kept of most links: MAC, MTU, queue length and group.
        attrs: Attrs::with_room(40),
        data: Attrs::new(),
        port_kind: None,
        port: Attrs::new(),
        conf4: Vec::new(),
        conf6: Vec::new(),
        addr_gen_mode: None,
        ethtool: None,
        partial: false,
    };
    let whole = walk(attrs, |kind, bytes| match kind {
        kind if KEPT_LINK_ATTRS.contains(&kind) => link.attrs.push(kind, bytes),
        IFLA_LINK => set(&mut link.parent, number(bytes)),
        IFLA_MASTER => set(&mut link.master, number(bytes)),
        IFLA_OPERSTATE => match bytes {
            [state] => {
                link.operstate = *state;
                true
            }
            _ => false,
        },
        IFLA_LINK_NETNSID => set(&mut link.parent_netns, number(bytes).map(u32::cast_signed)),
        IFLA_PERM_ADDRESS => set(&mut link.perm_mac, Mac::new(bytes)),
        IFLA_PROP_LIST => walk(bytes, |kind, bytes| {
            if kind == IFLA_ALT_IFNAME {
                link.altnames.push(String::from_utf8_lossy(text(bytes)).into_owned());
            }
            true
        }),
        IFLA_LINKINFO => info(&mut link, bytes),
        IFLA_AF_SPEC => families(&mut link, bytes),
        _ => true,
    });
    link.partial = !whole || name.is_none();
    Some(link)
}

fn info(link: &mut Link, bytes: &[u8]) -> bool {
    walk(bytes, |kind, bytes| match kind {
        IFLA_INFO_KIND => word(bytes).map(|word| link.kind = Kind::from_word(word)).is_some(),
        IFLA_INFO_DATA => kept(&mut link.data, bytes),
        IFLA_INFO_SLAVE_KIND => word(bytes)
            .map(|word| link.port_kind = Some(Kind::from_word(word)))
            .is_some(),
        IFLA_INFO_SLAVE_DATA => kept(&mut link.port, bytes),
        _ => true,
    })
}

fn families(link: &mut Link, bytes: &[u8]) -> bool {
    walk(bytes, |family, bytes| match u8::try_from(family) {
        Ok(AF_INET) => walk(bytes, |kind, bytes| match kind {
            IFLA_INET_CONF => numbers(&mut link.conf4, bytes),
            _ => true,
        }),
        Ok(AF_INET6) => walk(bytes, |kind, bytes| match (kind, bytes) {
            (IFLA_INET6_CONF, _) => numbers(&mut link.conf6, bytes),
            (IFLA_INET6_ADDR_GEN_MODE, [mode]) => {
                link.addr_gen_mode = Some(*mode);
                true
            }
            (IFLA_INET6_ADDR_GEN_MODE, _) => false,
            _ => true,
        }),
        _ => true,
    })
}

/// Hands each attribute to `read`; false where one was not understood, or where the tail is damaged.
fn walk(bytes: &[u8], mut read: impl FnMut(u16, &[u8]) -> bool) -> bool {
    let mut whole = true;
    let mut seen = 0;
    for (kind, payload) in nla::iter(bytes) {
        seen += padded(payload);
        whole &= read(kind, payload);
    }
    whole && seen >= bytes.len()
}

fn set<T>(place: &mut Option<T>, value: Option<T>) -> bool {
    let understood = value.is_some();
    *place = value.or(place.take());
    understood
}

fn kept(place: &mut Attrs, bytes: &[u8]) -> bool {
    *place = Attrs::from_bytes(bytes);
    walk(bytes, |_, _| true)
}

fn numbers(place: &mut Vec<i32>, bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<4>();
    place.extend(words.iter().map(|word| i32::from_ne_bytes(*word)));
    rest.is_empty()
}

fn word(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(text(bytes)).ok()
}

/// A name of the kernel's. It allows bytes that are no UTF-8, which no file can mean either: those become `?`.
fn name_of(bytes: &[u8]) -> Option<IfName> {
    let bytes = text(bytes);
    if let Some(name) = std::str::from_utf8(bytes).ok().and_then(|name| IfName::new(name).ok()) {
        return Some(name);
    }
    let shown: String = bytes
        .iter()
        .map(|byte| {
            if byte.is_ascii_graphic() {
                char::from(*byte)
            } else {
                '?'
            }
        })
        .collect();
    IfName::new(&shown).ok()
}

/// What a link without a readable name is called: no kernel name has a `?` unless somebody chose one.
fn stand_in(index: u32) -> IfName {
    // `?` and at most ten digits: eleven bytes.
    #[allow(clippy::expect_used)]
    IfName::new(&format!("?{index}")).expect("a question mark and ten digits are a name")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(index: u32) -> Vec<u8> {
        let mut body = vec![0, 0, 1, 0];
        body.extend(index.to_ne_bytes());
        body.extend(0x1003u32.to_ne_bytes());
        body.extend([0; 4]);
        body
    }

    fn attrs(parts: &[(u16, &[u8])]) -> Vec<u8> {
        let mut all = Attrs::new();
        for (kind, bytes) in parts {
            assert!(all.push(*kind, bytes));
        }
        all.as_bytes().to_vec()
    }

    // Second witness for all layouts: linux/if_link.h and struct ifinfomsg in linux/rtnetlink.h.
    #[test]
    fn an_attribute_of_the_wrong_size_leaves_the_rest_of_the_link_in_place() {
        let mut body = header(9);
        let kind = attrs(&[(1, b"bridge\0"), (2, &attrs(&[(1, &1500u32.to_ne_bytes())]))]);
        body.extend(attrs(&[
            (10, &[1, 2]), // IFLA_MASTER of two bytes
            (3, b"vmbr0\0"),
            (4, &1500u32.to_ne_bytes()),
            (18, &kind),
        ]));
        let link = link(&body).expect("a link");
        assert_eq!(link.name.as_str(), "vmbr0");
        assert_eq!((link.index, link.mtu(), link.kind.clone()), (9, 1500, Kind::Bridge));
        assert_eq!(link.data.get(1), Some(&1500u32.to_ne_bytes()[..]));
        assert_eq!((link.master, link.partial, link.is_up()), (None, true, true));
    }

    #[test]
    fn a_damaged_tail_is_told_and_what_stands_before_it_is_kept() {
        let mut body = header(9);
        body.extend(attrs(&[(3, b"eno1\0"), (10, &4u32.to_ne_bytes())]));
        assert!(!link(&body).expect("a link").partial);
        body.extend([200, 0, 4, 0, 1]);
        let link = link(&body).expect("a link");
        assert_eq!((link.name.as_str(), link.master, link.partial), ("eno1", Some(4), true));
    }

    #[test]
    fn a_link_whose_name_is_missing_or_no_text_is_still_there() {
        let bare = link(&header(7)).expect("a link");
        assert_eq!((bare.name.as_str(), bare.index, bare.partial), ("?7", 7, true));
        let mut body = header(8);
        body.extend(attrs(&[(3, b"caf\xe9\0")]));
        assert_eq!(link(&body).expect("a link").name.as_str(), "caf?");
    }

    #[test]
    fn per_interface_settings_and_alternative_names_are_found_in_their_nests() {
        let mut body = header(2);
        let four = attrs(&[(1, &[1, 0, 0, 0, 2, 0, 0, 0])]);
        let six = attrs(&[(2, &(-1i32).to_ne_bytes()), (8, &[1])]);
        body.extend(attrs(&[
            (3, b"eno1\0"),
            (26 | 0x8000, &attrs(&[(2, &four), (10, &six)])),
            (52 | 0x8000, &attrs(&[(53, b"enp0s31f6-with-a-long-name\0")])),
        ]));
        let link = link(&body).expect("a link");
        assert_eq!((link.conf4, link.conf6), (vec![1, 2], vec![-1]));
        assert_eq!(link.addr_gen_mode, Some(1));
        assert_eq!(link.altnames, ["enp0s31f6-with-a-long-name"]);
        assert!(!link.partial);
    }
}
