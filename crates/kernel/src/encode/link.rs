//! `RTM_NEWLINK` and `RTM_DELLINK` of family `AF_UNSPEC`.

use crate::names::Resolver;
use cleat_model::kernel::KernelError;
use cleat_model::kinds::Below;
use cleat_model::name::IfName;
use cleat_model::nla::Attrs;
use cleat_model::types::Kind;
use netlink_packet_core::{DefaultNla, Emitable};
use netlink_packet_route::link::{
    AfSpecInet6, AfSpecUnspec, InfoData, InfoKind, InfoPortData, InfoPortKind, LinkAttribute, LinkMessage,
};
use rtnetlink::{LinkMessageBuilder, LinkUnspec};

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
        let index = links.choose(self.name)?;
        let mut message = with_info(index, self.kind).name(self.name.as_str());
        if self.up {
            message = message.up();
        }
        message = plain(message, self.link);
        match (self.kind.row().below, parent) {
            (Below::Data(number, _), Some(parent)) => {
                data.push(number, &parent.to_ne_bytes());
            }
            (Below::Nothing | Below::Link(_) | Below::Peer(_), Some(parent)) => message = message.link(parent),
            (_, None) => {}
        }
        if let Some(peer) = self.peer {
            let other = at(links.choose(peer)?).name(peer.as_str()).build();
            let mut bytes = vec![0; other.buffer_len()];
            other.emit(&mut bytes);
            data.push(VETH_INFO_PEER, &bytes);
        }
        if !data.is_empty() {
            message = message.set_info_data(InfoData::Other(data.as_bytes().to_vec()));
        }
        Ok(message.build())
    }
}

/// A message about the link of that index.
fn at(index: u32) -> LinkMessageBuilder<LinkUnspec> {
    LinkUnspec::new_with_index(index)
}

fn with_info(index: u32, kind: &Kind) -> LinkMessageBuilder<LinkUnspec> {
    LinkMessageBuilder::new_with_info_kind(InfoKind::from(kind.word())).index(index)
}

/// `ip link del ..`
pub(super) fn deleted(index: u32) -> LinkMessage {
    at(index).build()
}

/// `ip link set .. name TO`
pub(super) fn renamed(index: u32, to: IfName) -> LinkMessage {
    at(index).name(to.as_str()).build()
}

/// `ip link set .. mtu ..` and the like.
pub(super) fn with_attrs(index: u32, attrs: &Attrs) -> LinkMessage {
    plain(at(index), attrs).build()
}

/// `ip link set .. type KIND ..`
pub(super) fn with_data(index: u32, kind: &Kind, data: &Attrs) -> LinkMessage {
    let data = InfoData::Other(data.as_bytes().to_vec());
    with_info(index, kind).set_info_data(data).build()
}

/// `ip link set .. type KIND_slave ..`
pub(super) fn with_port(index: u32, kind: &Kind, data: &Attrs) -> LinkMessage {
    at(index)
        .set_port_kind(InfoPortKind::Other(kind.word().to_owned()))
        .set_port_data(InfoPortData::Other(data.as_bytes().to_vec()))
        .build()
}

/// `ip link set .. master ..`; 0 is none.
pub(super) fn with_master(index: u32, master: u32) -> LinkMessage {
    at(index).controller(master).build()
}

/// `ip link set .. up|down`
pub(super) fn with_up(index: u32, up: bool) -> LinkMessage {
    match up {
        true => at(index).up().build(),
        false => at(index).down().build(),
    }
}

/// `ip link set .. addrgenmode ..`
pub(super) fn with_addr_gen_mode(index: u32, mode: u8) -> LinkMessage {
    let inet6 = AfSpecUnspec::Inet6(vec![AfSpecInet6::AddrGenMode(mode.into())]);
    let spec = LinkAttribute::AfSpecUnspec(vec![inet6]);
    at(index).append_extra_attribute(spec).build()
}

/// Attributes that the table knows by number go in as they are.
fn plain(message: LinkMessageBuilder<LinkUnspec>, attrs: &Attrs) -> LinkMessageBuilder<LinkUnspec> {
    attrs.iter().fold(message, |message, (kind, bytes)| {
        let attr = LinkAttribute::Other(DefaultNla::new(kind, bytes.to_vec()));
        message.append_extra_attribute(attr)
    })
}
