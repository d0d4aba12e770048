//! Which name has which index: learned from dumps and from the links we make, asked of the kernel where unknown.

use crate::decode::link::index_and_name;
use crate::socket::Socket;
use cleat_model::hash::Map;
use cleat_model::kernel::KernelError;
use cleat_model::name::IfName;
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::{LinkAttribute, LinkExtentMask, LinkMessage};
use nix::libc;

/// The largest index: the kernel keeps it in a signed number.
const LARGEST: u32 = i32::MAX as u32;
/// The first index that we choose. Far from those that the kernel hands out by counting up, so that a link which
/// somebody deletes and makes again never gets an index that we still know as another's; and within 16 bits, which is
/// all that NetFlow version 5 has for one.
const FIRST: u32 = 0x4000;

/// The table.
#[derive(Debug, Default)]
pub(crate) struct Names {
    by_name: Map<IfName, u32>,
    /// The next index for a new link: above all that were ever seen, so that none is used a second time; 0 while the
    /// kernel's indexes are not known.
    next: u32,
}

impl Names {
    /// Takes over what a dump showed.
    pub(crate) fn replace(&mut self, links: impl ExactSizeIterator<Item = (IfName, u32)>) {
        self.by_name.clear();
        self.next = self.next.max(FIRST);
        self.by_name.reserve(links.len());
        links.for_each(|(name, index)| self.learn(name, index));
    }

    /// Notes one link.
    pub(crate) fn learn(&mut self, name: IfName, index: u32) {
        self.see(index);
        self.by_name.insert(name, index);
    }

    /// Notes that an index is taken.
    fn see(&mut self, index: u32) {
        self.next = self.next.max(index.saturating_add(1));
    }

    /// Drops one name.
    pub(crate) fn forget(&mut self, name: IfName) {
        self.by_name.remove(&name);
    }

    /// Moves one name.
    pub(crate) fn rename(&mut self, from: IfName, to: IfName) {
        if let Some(index) = self.by_name.remove(&from) {
            self.by_name.insert(to, index);
        }
    }

    /// An index that no link has, for a new link of that name; 0 (the kernel chooses) where there is none left.
    fn choose(&mut self, name: IfName) -> u32 {
        let index = self.next;
        if index == 0 || index > LARGEST {
            self.by_name.remove(&name);
            return 0;
        }
        self.learn(name, index);
        index
    }
}

/// The table with the socket to ask through.
pub(crate) struct Resolver<'a> {
    pub(crate) names: &'a mut Names,
    pub(crate) socket: &'a mut Socket,
    /// Let the kernel choose indexes: what we chose was taken meanwhile.
    pub(crate) kernel_chooses: bool,
}

impl Resolver<'_> {
    /// The index of a link.
    ///
    /// *Errors*: there is none of that name, or the kernel did not answer.
    pub(crate) fn index(&mut self, name: IfName) -> Result<u32, KernelError> {
        if let Some(index) = self.names.by_name.get(&name) {
            return Ok(*index);
        }
        let mut question = LinkMessage::default();
        question.attributes = vec![
            LinkAttribute::IfName(name.as_str().to_owned()),
            LinkAttribute::ExtMask(vec![LinkExtentMask::SkipStats]),
        ];
        let question = RouteNetlinkMessage::GetLink(question);
        let found = self
            .socket
            .ask(&question, |body| index_and_name(body).map(|(index, _)| index));
        match found {
            Ok(Some(index)) => {
                self.names.by_name.insert(name, index);
                Ok(index)
            }
            Ok(None) => Err(no_link(name)),
            Err(error) if error.errno == libc::ENODEV => Err(no_link(name)),
            Err(error) => Err(error),
        }
    }

    /// The index for a link about to be made, noted under its name; 0 lets the kernel choose.
    pub(crate) fn choose(&mut self, name: IfName) -> Result<u32, KernelError> {
        if self.kernel_chooses {
            self.names.forget(name);
            return Ok(0);
        }
        if self.names.next == 0 {
            let links = self.socket.dump(&all_links(), |_, body| index_and_name(body))?;
            self.names.next = FIRST;
            for (index, name) in links.last {
                self.names.see(index);
                if let Some(name) = name {
                    self.names.learn(name, index);
                }
            }
        }
        Ok(self.names.choose(name))
    }
}

/// The question for all links, without counters.
pub(crate) fn all_links() -> RouteNetlinkMessage {
    let mut question = LinkMessage::default();
    question.attributes = vec![LinkAttribute::ExtMask(vec![LinkExtentMask::SkipStats])];
    RouteNetlinkMessage::GetLink(question)
}

/// The question for the link of that index, without counters.
pub(crate) fn one_link(index: u32) -> RouteNetlinkMessage {
    let mut question = LinkMessage::default();
    question.header.index = index;
    question.attributes = vec![LinkAttribute::ExtMask(vec![LinkExtentMask::SkipStats])];
    RouteNetlinkMessage::GetLink(question)
}

fn no_link(name: IfName) -> KernelError {
    KernelError {
        errno: libc::ENODEV,
        text: Some(format!("there is no link `{name}`")),
    }
}
