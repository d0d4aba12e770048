//! A blocking rtnetlink socket: dumps, single questions, and many requests in one datagram.

use crate::ahead::{Ahead, Question};
use crate::answer::{Answer, Messages};
use cleat_model::kernel::KernelError;
use netlink_packet_core::{NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_sys::protocols::NETLINK_ROUTE;
use nix::libc;
use nix::sys::socket::{setsockopt, sockopt};
use std::io;
use std::time::Duration;

/// Room for one datagram from the kernel: it sends 32 KiB at most, or one message that is larger than that (a link with
/// many virtual functions).
const ANSWER_ROOM: usize = 1 << 20;
/// Room asked for in the socket: every answer costs a whole kernel buffer of about 800 bytes beside its text.
const SOCKET_ROOM: usize = 8 << 20;
/// A datagram is sent when it has grown to this many bytes: well below the 208 KiB of `net.core.wmem_default`, past
/// which the kernel refuses it.
const DATAGRAM_BYTES: usize = 64 << 10;
/// And this many requests, so that the answers fit into the socket even where it could not be enlarged.
const DATAGRAM_REQUESTS: usize = 192;
/// How often a dump is begun again when the kernel says that it changed meanwhile; the pauses in between double from 1 ms.
const DUMP_TRIES: u32 = 9;

/// One request: the message and its flags beside `NLM_F_REQUEST` and `NLM_F_ACK`.
pub(crate) struct Request {
    pub(crate) message: RouteNetlinkMessage,
    pub(crate) flags: u16,
}

/// The socket, its counter of sequence numbers and its buffers.
pub(crate) struct Socket {
    inner: netlink_sys::Socket,
    /// Dumps that were asked for already, through sockets of their own.
    ahead: Option<Ahead>,
    sequence: u32,
    outgoing: Vec<u8>,
    incoming: Vec<u8>,
    requests: u64,
}

/// What a dump gave.
pub(crate) struct Dumped<T> {
    /// What tries found under which the kernel changed; empty where the last try was a quiet one.
    pub(crate) earlier: Vec<T>,
    /// What the last try found.
    pub(crate) last: Vec<T>,
    /// Whether the first try was a quiet one.
    pub(crate) at_once: bool,
}

/// Why a dump is not to be trusted.
enum DumpFault {
    /// The kernel changed meanwhile.
    Changed,
    /// A part of the answer is gone, and the socket with it: the kernel refuses a second dump on a half-read one.
    Lost(&'static str),
    /// What the kernel said.
    Refused(KernelError),
}

impl Socket {
    /// Opens a socket in the network namespace of the calling thread.
    pub(crate) fn open() -> Result<Self, KernelError> {
        Ok(Self {
            inner: connect().map_err(from_io)?,
            ahead: None,
            sequence: 0,
            outgoing: Vec::with_capacity(DATAGRAM_BYTES + 4096),
            incoming: Vec::with_capacity(ANSWER_ROOM),
            requests: 0,
        })
    }

    /// How many netlink messages were sent so far.
    pub(crate) fn requests(&self) -> u64 {
        self.requests
    }

    /// Begins to ask for these dumps in a thread; [`Socket::dump`] finds their answers, if asked in the same order.
    ///
    /// *Errors*: the system has no socket or thread for us.
    pub(crate) fn ask_ahead(&mut self, messages: Vec<RouteNetlinkMessage>) -> io::Result<()> {
        let questions = messages.into_iter().map(|message| self.question(message)).collect();
        self.ahead = Some(Ahead::begin(connect()?, questions)?);
        Ok(())
    }

    /// Sets aside what is asked ahead, but for its first dump to be asked here meanwhile; none where the thread has come
    /// further than that one.
    pub(crate) fn set_first_aside(&mut self) -> Option<Ahead> {
        let begun = self.ahead.as_mut().is_some_and(Ahead::keep_first);
        self.ahead.take_if(|_| begun)
    }

    /// Takes up again what was set aside: its dump is the next to be asked for.
    pub(crate) fn take_up(&mut self, ahead: Ahead) {
        self.ahead = Some(ahead);
    }

    fn question(&mut self, message: RouteNetlinkMessage) -> Question {
        self.outgoing.clear();
        let sequence = self.append(&message, NLM_F_DUMP);
        Question {
            message,
            sequence,
            bytes: self.outgoing.clone(),
        }
    }

    /// Asks for all objects of a kind; `read` gets the type and body of each message, and what it gives is collected.
    ///
    /// The kernel says when it changed under a dump, which may then lack objects that were there all the time. It is
    /// begun again, a few times; where the kernel never rests, what was found is given all the same.
    ///
    /// *Errors*: the kernel refused.
    pub(crate) fn dump<T>(
        &mut self,
        question: &RouteNetlinkMessage,
        mut read: impl FnMut(u16, &[u8]) -> Option<T>,
    ) -> Result<Dumped<T>, KernelError> {
        let mut found = Dumped {
            earlier: Vec::new(),
            last: Vec::new(),
            at_once: true,
        };
        for attempt in 0..DUMP_TRIES {
            if attempt > 0 {
                found.at_once = false;
                std::thread::sleep(Duration::from_millis(1 << (attempt - 1)));
            }
            found.earlier.append(&mut found.last);
            match self.dump_once(question, &mut |kind, body| found.last.extend(read(kind, body))) {
                Ok(()) => {
                    found.earlier.clear();
                    return Ok(found);
                }
                Err(DumpFault::Changed) => log::debug!("reading the kernel again: it changed meanwhile"),
                Err(DumpFault::Lost(why)) => {
                    log::debug!("reading the kernel again: {why}");
                    self.inner = connect().map_err(from_io)?;
                    if attempt + 1 == DUMP_TRIES {
                        return Err(KernelError::text(format!("{why}, {DUMP_TRIES} times in a row")));
                    }
                }
                Err(DumpFault::Refused(error)) => return Err(error),
            }
        }
        log::warn!("the kernel changed each of the {DUMP_TRIES} times that it was read");
        Ok(found)
    }

    fn dump_once(
        &mut self,
        question: &RouteNetlinkMessage,
        read: &mut impl FnMut(u16, &[u8]),
    ) -> Result<(), DumpFault> {
        let sequence = match self.ahead.as_mut().and_then(|ahead| ahead.take(question)) {
            Some(sequence) => sequence,
            None => {
                self.outgoing.clear();
                let sequence = self.append(question, NLM_F_DUMP);
                self.send().map_err(fault)?;
                sequence
            }
        };
        let mut changed = false;
        loop {
            match self.receive(false) {
                Ok(true) => {}
                Ok(false) => return Err(DumpFault::Lost("a message was larger than the buffer")),
                Err(error) => return Err(fault(error)),
            }
            for message in Messages::new(&self.incoming).filter(|message| message.sequence == sequence) {
                changed |= message.is_interrupted();
                match message.answer() {
                    Answer::Object => read(message.kind, message.body),
                    Answer::Done(Ok(())) if changed => return Err(DumpFault::Changed),
                    Answer::Done(outcome) | Answer::Acked(outcome) => return outcome.map_err(fault),
                    Answer::Overrun => return Err(DumpFault::Lost("the kernel lost a part of the answer")),
                    Answer::Nothing => {}
                }
            }
        }
    }

    /// Asks for one object and hands the body of the answer to `read`.
    pub(crate) fn ask<T>(
        &mut self,
        question: &RouteNetlinkMessage,
        read: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Option<T>, KernelError> {
        for attempt in 1..DUMP_TRIES {
            match self.ask_once(question, &read) {
                Err(error) if is_of_the_moment(&error) => self.renew(attempt)?,
                answered => return answered,
            }
        }
        self.ask_once(question, &read)
    }

    /// Begins again after an error of the moment, with a socket that nothing is left in; the pauses double from 1 ms.
    pub(crate) fn renew(&mut self, attempt: u32) -> Result<(), KernelError> {
        std::thread::sleep(Duration::from_millis(1 << (attempt - 1)));
        self.leave_ahead();
        self.inner = connect().map_err(from_io)?;
        Ok(())
    }

    fn ask_once<T>(
        &mut self,
        question: &RouteNetlinkMessage,
        read: &impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Option<T>, KernelError> {
        self.outgoing.clear();
        let sequence = self.append(question, 0);
        self.send()?;
        loop {
            self.receive(false)?;
            for message in Messages::new(&self.incoming).filter(|message| message.sequence == sequence) {
                match message.answer() {
                    Answer::Object => return Ok(read(message.body)),
                    Answer::Done(outcome) | Answer::Acked(outcome) => return outcome.map(|()| None),
                    Answer::Overrun => return Err(KernelError::unanswered(libc::ENOBUFS)),
                    Answer::Nothing => {}
                }
            }
        }
    }

    /// Sends requests, as many in one datagram as fit, and gives the answer to each.
    ///
    /// Only the last of a datagram asks for an acknowledgement: the kernel works through a datagram in order, goes on
    /// after a request that failed and reports each failure unasked, so that what was not reported when the last one
    /// is answered has succeeded.
    pub(crate) fn transact(&mut self, requests: &[Request]) -> Vec<Result<(), KernelError>> {
        let mut answers = Vec::with_capacity(requests.len());
        let mut rest = requests;
        while !rest.is_empty() {
            let (first, taken) = self.fill(rest);
            let (now, later) = rest.split_at(taken);
            rest = later;
            let mut part = vec![Ok(()); now.len()];
            if let Err(error) = self.send().and_then(|()| self.collect(first, &mut part)) {
                // The datagram as a whole: nothing is known of any of its requests.
                part.fill(Err(error));
            }
            answers.append(&mut part);
        }
        answers
    }

    /// Fills the outgoing buffer; gives the sequence number of the first request and how many went in.
    fn fill(&mut self, requests: &[Request]) -> (u32, usize) {
        self.outgoing.clear();
        let first = self.sequence.wrapping_add(1);
        let mut last = 0;
        let mut taken = 0;
        for request in requests.iter().take(DATAGRAM_REQUESTS) {
            if self.outgoing.len() >= DATAGRAM_BYTES {
                break;
            }
            last = self.outgoing.len();
            self.append(&request.message, request.flags);
            taken += 1;
        }
        // nlmsg_flags of the last message: two bytes at offset 6 of its header.
        if let Some([low, high]) = self.outgoing.get_mut(last + 6..last + 8) {
            [*low, *high] = (u16::from_ne_bytes([*low, *high]) | NLM_F_ACK).to_ne_bytes();
        }
        (first, taken)
    }

    /// Reads until the last of `answers` is known.
    fn collect(&mut self, first: u32, answers: &mut [Result<(), KernelError>]) -> Result<(), KernelError> {
        let mut lost = false;
        loop {
            match self.receive(lost) {
                Ok(_) => {}
                // Answers were dropped; take what is still there, then give up on the rest.
                Err(error) if error.errno == libc::ENOBUFS && !lost => {
                    lost = true;
                    continue;
                }
                Err(error) if error.errno == libc::EAGAIN && lost => {
                    return Err(KernelError::unanswered(libc::ENOBUFS));
                }
                Err(error) => return Err(error),
            }
            for message in Messages::new(&self.incoming) {
                let at = message.sequence.wrapping_sub(first) as usize;
                let Answer::Acked(outcome) = message.answer() else {
                    continue;
                };
                let last = at + 1 == answers.len();
                if let Some(answer) = answers.get_mut(at) {
                    *answer = outcome;
                }
                if last && !lost {
                    return Ok(());
                }
            }
        }
    }

    /// Serialises one message behind those that are there; gives its sequence number.
    fn append(&mut self, message: &RouteNetlinkMessage, flags: u16) -> u32 {
        self.sequence = self.sequence.wrapping_add(1);
        self.requests += 1;
        let mut header = NetlinkHeader::default();
        header.flags = NLM_F_REQUEST | flags;
        header.sequence_number = self.sequence;
        let mut message = NetlinkMessage::new(header, NetlinkPayload::InnerMessage(Borrowed(message)));
        message.finalize();
        let at = self.outgoing.len();
        let end = at + message.buffer_len();
        self.outgoing.resize(end.next_multiple_of(4), 0);
        if let Some(room) = self.outgoing.get_mut(at..end) {
            message.serialize(room);
        }
        self.sequence
    }

    fn send(&mut self) -> Result<(), KernelError> {
        self.leave_ahead();
        self.inner.send(&self.outgoing, 0).map(drop).map_err(from_io)
    }

    /// Gives up what was asked ahead and nobody has taken: it is of another time, or of other dumps.
    fn leave_ahead(&mut self) {
        if self.ahead.take().is_some() {
            self.incoming = Vec::with_capacity(ANSWER_ROOM);
        }
    }

    /// Reads one datagram into `incoming`; false where it did not fit (the buffer is larger then, the datagram gone).
    fn receive(&mut self, without_waiting: bool) -> Result<bool, KernelError> {
        if let Some(ahead) = &self.ahead {
            let datagram = ahead.receive(std::mem::take(&mut self.incoming))?;
            let fits = datagram.is_some();
            self.incoming = datagram.unwrap_or_default();
            return Ok(fits);
        }
        let wait = if without_waiting { libc::MSG_DONTWAIT } else { 0 };
        receive(&self.inner, &mut self.incoming, wait).map_err(from_io)
    }
}

/// What becomes of a dump that met an error: one of the moment is not an answer.
fn fault(error: KernelError) -> DumpFault {
    match error.errno {
        libc::ENOBUFS => DumpFault::Lost("the socket was too small for the answer"),
        libc::ENOMEM => DumpFault::Lost("the kernel had no memory for the answer"),
        libc::EAGAIN | libc::EINTR | libc::EBUSY => DumpFault::Lost("the kernel was busy"),
        _ => DumpFault::Refused(error),
    }
}

/// Whether an error is one of the moment: the same request may be answered a little later.
pub(crate) fn is_of_the_moment(error: &KernelError) -> bool {
    error.is_unanswered() && matches!(error.errno, libc::ENOBUFS | libc::ENOMEM | libc::EAGAIN | libc::EINTR)
}

/// Reads one datagram; false where it did not fit (the buffer is larger then, the datagram gone).
pub(crate) fn receive(socket: &netlink_sys::Socket, into: &mut Vec<u8>, flags: libc::c_int) -> io::Result<bool> {
    loop {
        into.clear();
        match socket.recv(into, libc::MSG_TRUNC | flags) {
            Ok(length) if length > into.len() => {
                into.clear();
                into.reserve(length.next_power_of_two());
                return Ok(false);
            }
            Ok(_) => return Ok(true),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Lets a message be serialised without a copy of it.
struct Borrowed<'a>(&'a RouteNetlinkMessage);

impl netlink_packet_core::NetlinkSerializable for Borrowed<'_> {
    fn message_type(&self) -> u16 {
        self.0.message_type()
    }

    fn buffer_len(&self) -> usize {
        netlink_packet_core::NetlinkSerializable::buffer_len(self.0)
    }

    fn serialize(&self, buffer: &mut [u8]) {
        self.0.serialize(buffer);
    }
}

fn connect() -> io::Result<netlink_sys::Socket> {
    connect_to(NETLINK_ROUTE)
}

/// A socket of that protocol, connected to the kernel.
pub(crate) fn connect_to(protocol: isize) -> io::Result<netlink_sys::Socket> {
    let socket = netlink_sys::Socket::new(protocol)?;
    // SO_RCVBUFFORCE needs CAP_NET_ADMIN; without it the kernel caps the size at net.core.rmem_max, which only costs time.
    if setsockopt(&socket, sockopt::RcvBufForce, &SOCKET_ROOM).is_err() {
        socket.set_rx_buf_sz(SOCKET_ROOM as libc::c_int)?;
    }
    // Room for a whole datagram even where net.core.wmem_default was made small.
    if let Err(errno) = setsockopt(&socket, sockopt::SndBufForce, &(4 * DATAGRAM_BYTES)) {
        log::debug!("the netlink socket keeps its size: {errno}");
    }
    socket.set_ext_ack(true)?;
    socket.set_cap_ack(true)?;
    // Linux 4.20; an older kernel ignores what it does not know in a dump, which we then filter ourselves.
    if let Err(error) = socket.set_netlink_get_strict_chk(true) {
        log::debug!("the kernel does not check dumps strictly: {error}");
    }
    socket.connect(&netlink_sys::SocketAddr::new(0, 0))?;
    Ok(socket)
}

/// An error of a socket.
pub(crate) fn from_io(error: io::Error) -> KernelError {
    let text = format!("netlink socket: {error}");
    match error.raw_os_error() {
        Some(errno) => KernelError::unanswered(errno),
        None => KernelError::text(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::link::index_and_name;
    use crate::names::all_links;

    #[test]
    fn a_buffer_that_is_too_small_grows_until_the_answer_fits() {
        let _room = cleat_netns::enter!(Veth);
        for at in 0..20 {
            cleat_netns::run(&format!("ip link add left{at} type veth peer name right{at}"));
        }
        let mut socket = Socket::open().expect("a room has rtnetlink");
        socket.incoming = Vec::with_capacity(64);
        let found = socket.dump(&all_links(), |_, body| index_and_name(body));
        let found = found.expect("the kernel answers");
        let shown = cleat_netns::ip_json(&["link"]);
        assert_eq!(Some(found.last.len()), shown.as_array().map(Vec::len));
        assert!(socket.incoming.capacity() > 64);
    }
}
