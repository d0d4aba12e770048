//! What changes in the kernel, as it happens: links that come, change and go, addresses, routes.
//!
//! For hot-plugged NICs and `cleat status --watch` only; nothing that is applied goes this way. A plain interface over
//! a private runtime: no other part of the program is asynchronous.

use crate::decode::link::index_and_name;
use crate::decode::{AF_BRIDGE, AF_INET, AF_INET6, address, route};
use crate::socket::from_io;
use cleat_model::kernel::KernelError;
use cleat_model::name::IfName;
use netlink_packet_core::{NetlinkDeserializable, NetlinkHeader, NetlinkPayload, NetlinkSerializable};
use nix::sys::socket::{setsockopt, sockopt};
use rtnetlink::MulticastGroup;
use rtnetlink::sys::protocols::NETLINK_ROUTE;
use rtnetlink::sys::{AsyncSocket, SocketAddr, TokioSocket};
use std::convert::Infallible;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Room in the socket: a thousand links that change at once are about 2 MB of messages.
const SOCKET_ROOM: usize = 8 << 20;

// enum RTM_* of linux/rtnetlink.h.
const RTM_NEWLINK: u16 = 16;
const RTM_DELLINK: u16 = 17;
const RTM_NEWADDR: u16 = 20;
const RTM_DELADDR: u16 = 21;
const RTM_NEWROUTE: u16 = 24;
const RTM_DELROUTE: u16 = 25;

/// One change. Which exactly it was is for a snapshot to say; this tells that one is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A link is there: new, renamed, or changed in its flags, settings, master or VLANs.
    Link {
        /// Its index.
        index: u32,
        /// Its name; `None` where the message had none that can be read.
        name: Option<IfName>,
        /// `IFF_*`.
        flags: u32,
    },
    /// A link is gone.
    LinkGone {
        /// Its index.
        index: u32,
        /// Its last name.
        name: Option<IfName>,
    },
    /// An address came, changed or went.
    Address {
        /// The index of its link.
        index: u32,
    },
    /// A route out of a link came, changed or went.
    Route {
        /// The index of its link.
        index: u32,
    },
    /// Some changes were missed: what is known must be read again.
    Lost,
}

/// The stream of changes in the network namespace of the thread that opened it.
#[derive(Debug)]
pub struct Events {
    runtime: Runtime,
    incoming: UnboundedReceiver<Event>,
}

impl Events {
    /// Begins to listen: what happens after this call will be told.
    ///
    /// # Errors
    /// The kernel has no socket for us, or the system no event loop.
    pub fn open() -> Result<Self, KernelError> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(from_io)?;
        let (outgoing, incoming) = unbounded_channel();
        {
            let _inside = runtime.enter();
            listen(outgoing)?;
        }
        Ok(Self { runtime, incoming })
    }

    /// Waits for the next change, for `limit` at the longest (`None`: for ever); `None` when the time is over.
    ///
    /// # Errors
    /// The connection to the kernel broke.
    pub fn next(&mut self, limit: Option<Duration>) -> Result<Option<Event>, KernelError> {
        let incoming = &mut self.incoming;
        let event = self.runtime.block_on(async {
            match limit {
                Some(limit) => tokio::time::timeout(limit, incoming.recv()).await,
                None => Ok(incoming.recv().await),
            }
        });
        match event {
            Ok(Some(event)) => Ok(Some(event)),
            Ok(None) => Err(KernelError::text("the kernel's stream of events ended")),
            Err(_elapsed) => Ok(None),
        }
    }
}

/// Connects, and hands on what comes for as long as somebody takes it.
fn listen(outgoing: UnboundedSender<Event>) -> Result<(), KernelError> {
    let (mut connection, handle, mut messages) =
        rtnetlink::proto::new_connection_with_socket::<Raw, TokioSocket>(NETLINK_ROUTE).map_err(from_io)?;
    let socket = connection.socket_mut().socket_mut();
    if let Err(errno) = setsockopt(&*socket, sockopt::RcvBufForce, &SOCKET_ROOM) {
        log::debug!("the event socket keeps its size: {errno}");
    }
    socket.bind(&SocketAddr::new(0, 0)).map_err(from_io)?;
    for group in [
        MulticastGroup::Link,
        MulticastGroup::Ipv4Ifaddr,
        MulticastGroup::Ipv6Ifaddr,
        MulticastGroup::Ipv4Route,
        MulticastGroup::Ipv6Route,
    ] {
        socket.add_membership(group as u32).map_err(from_io)?;
    }
    tokio::spawn(connection);
    tokio::spawn(async move {
        // The connection ends when its last handle is dropped.
        let _handle = handle;
        while let Ok((message, _)) = messages.recv().await {
            let event = match &message.payload {
                NetlinkPayload::InnerMessage(raw) => event(raw),
                NetlinkPayload::Overrun(_) => Some(Event::Lost),
                _ => None,
            };
            if event.is_some_and(|event| outgoing.send(event).is_err()) {
                break;
            }
        }
    });
    Ok(())
}

fn event(raw: &Raw) -> Option<Event> {
    let body = raw.body.as_slice();
    let family = *body.first()?;
    match raw.kind {
        RTM_NEWLINK | RTM_DELLINK => {
            let (index, name) = index_and_name(body)?;
            // A port that leaves its bridge is reported as deleted, in the bridge's family.
            if raw.kind == RTM_DELLINK && family != AF_BRIDGE {
                return Some(Event::LinkGone { index, name });
            }
            let flags = u32::from_ne_bytes(body.get(8..12)?.try_into().ok()?);
            Some(Event::Link { index, name, flags })
        }
        RTM_NEWADDR | RTM_DELADDR => address::address(body).map(|(index, _)| Event::Address { index }),
        RTM_NEWROUTE | RTM_DELROUTE if matches!(family, AF_INET | AF_INET6) => match route::route(body) {
            Some(route::Found::One(index, _)) => Some(Event::Route { index }),
            Some(route::Found::Several(_)) | None => None,
        },
        _ => None,
    }
}

/// A message as it came: the crate's own types drop one whole where an attribute in it cannot be decoded.
#[derive(Clone, Debug)]
struct Raw {
    kind: u16,
    body: Vec<u8>,
}

impl NetlinkDeserializable for Raw {
    type Error = Infallible;

    fn deserialize(header: &NetlinkHeader, payload: &[u8]) -> Result<Self, Infallible> {
        Ok(Self {
            kind: header.message_type,
            body: payload.to_vec(),
        })
    }
}

impl NetlinkSerializable for Raw {
    fn message_type(&self) -> u16 {
        self.kind
    }

    fn buffer_len(&self) -> usize {
        self.body.len()
    }

    fn serialize(&self, buffer: &mut [u8]) {
        buffer.copy_from_slice(&self.body);
    }
}
