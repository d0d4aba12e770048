//! `RTM_NEWLINK` and `RTM_DELLINK` of family `AF_UNSPEC`.

use crate::names::Resolver;
use cleat_model::kernel::KernelError;
use cleat_model::name::IfName;
use cleat_model::nla::Attrs;
use cleat_model::types::Kind;
use netlink_packet_core::{DefaultNla, Emitable};
use netlink_packet_route::link::{
    AfSpecInet6, AfSpecUnspec, InfoData, InfoKind, InfoPortData, InfoPortKind, LinkAttribute, LinkFlags, LinkInfo,
    LinkMessage,
};

/// `IFLA_VXLAN_LINK` of linux/if_link.h: VXLAN keeps the link below in its own data.
const IFLA_VXLAN_LINK: u16 = 3;
/// `VETH_INFO_PEER` of linux/veth.h: `struct ifinfomsg` and attributes of the other end.
const VETH_INFO_PEER: u16 = 1;

/// A link to be made; the fields of [`Op::CreateLink`](cleat_model::op::Op::CreateLink).
pub(super) struct New<'a> {
    pub(super) name: IfName,
    pub(super) kind: &'a Kind,
    pub(super) parent: Option<IfName>,
    pub(super) peer: Option<IfName>,
    pub(super) link: &'a Attrs,
    pub(super) data: &'a Attrs,
    pub(super) up: bool,
}

impl New<'_> {
    /// The message, with indexes that we choose for the link and its peer.
    pub(super) fn message(self, links: &mut Resolver<'_>) -> Result<LinkMessage, KernelError> {
        let parent = self.parent.map(|parent| links.index(parent)).transpose()?;
        let mut data = self.data.clone();
        let mut message = at(links.choose(self.name)?);
        if self.up {
            message.header.flags = LinkFlags::Up;
            message.header.change_mask = LinkFlags::Up;
        }
        message
            .attributes
            .push(LinkAttribute::IfName(self.name.as_str().to_owned()));
        message.attributes.extend(plain(self.link));
        match (self.kind, parent) {
            (Kind::Vxlan, Some(parent)) => {
                data.push(IFLA_VXLAN_LINK, &parent.to_ne_bytes());
            }
            (_, Some(parent)) => message.attributes.push(LinkAttribute::Link(parent)),
            (_, None) => {}
        }
        if let Some(peer) = self.peer {
            let mut other = at(links.choose(peer)?);
            other.attributes.push(LinkAttribute::IfName(peer.as_str().to_owned()));
            let mut bytes = vec![0; other.buffer_len()];
            other.emit(&mut bytes);
            data.push(VETH_INFO_PEER, &bytes);
        }
        message.attributes.push(info(self.kind, &data));
        Ok(message)
    }
}

/// A message about the link of that index, with nothing in it.
pub(super) fn at(index: u32) -> LinkMessage {
    let mut message = LinkMessage::default();
    message.header.index = index;
    message
}

fn one(index: u32, attribute: LinkAttribute) -> LinkMessage {
    let mut message = at(index);
    message.attributes.push(attribute);
    message
}

/// `ip link set .. name TO`
pub(super) fn renamed(index: u32, to: IfName) -> LinkMessage {
    one(index, LinkAttribute::IfName(to.as_str().to_owned()))
}

/// `ip link set .. mtu ..` and the like.
pub(super) fn with_attrs(index: u32, attrs: &Attrs) -> LinkMessage {
    let mut message = at(index);
    message.attributes.extend(plain(attrs));
    message
}

/// `ip link set .. type KIND ..`
pub(super) fn with_data(index: u32, kind: &Kind, data: &Attrs) -> LinkMessage {
    one(index, info(kind, data))
}

/// `ip link set .. type KIND_slave ..`
pub(super) fn with_port(index: u32, kind: &Kind, data: &Attrs) -> LinkMessage {
    let info = vec![
        LinkInfo::PortKind(InfoPortKind::Other(kind.word().to_owned())),
        LinkInfo::PortData(InfoPortData::Other(data.as_bytes().to_vec())),
    ];
    one(index, LinkAttribute::LinkInfo(info))
}

/// `ip link set .. master ..`; 0 is none.
pub(super) fn with_master(index: u32, master: u32) -> LinkMessage {
    one(index, LinkAttribute::Controller(master))
}

/// `ip link set .. up|down`
pub(super) fn with_up(index: u32, up: bool) -> LinkMessage {
    let mut message = at(index);
    message.header.change_mask = LinkFlags::Up;
    if up {
        message.header.flags = LinkFlags::Up;
    }
    message
}

/// `ip link set .. addrgenmode ..`
pub(super) fn with_addr_gen_mode(index: u32, mode: u8) -> LinkMessage {
    let inet6 = AfSpecUnspec::Inet6(vec![AfSpecInet6::AddrGenMode(mode.into())]);
    one(index, LinkAttribute::AfSpecUnspec(vec![inet6]))
}

fn info(kind: &Kind, data: &Attrs) -> LinkAttribute {
    let mut info = vec![LinkInfo::Kind(InfoKind::from(kind.word()))];
    if !data.is_empty() {
        info.push(LinkInfo::Data(InfoData::Other(data.as_bytes().to_vec())));
    }
    LinkAttribute::LinkInfo(info)
}

fn plain(attrs: &Attrs) -> impl Iterator<Item = LinkAttribute> {
    attrs
        .iter()
        .map(|(kind, bytes)| LinkAttribute::Other(DefaultNla::new(kind, bytes.to_vec())))
}
