//! A blocking generic netlink socket: one family, one question at a time.

use crate::answer::{Answer, Messages};
use crate::socket::{connect_to, from_io, is_of_the_moment, receive};
use cleat_model::kernel::KernelError;
use cleat_model::nla::{self, Attrs};
use netlink_packet_core::{NLM_F_ACK, NLM_F_REQUEST};
use netlink_sys::protocols::NETLINK_GENERIC;
use nix::libc;
use std::time::Duration;

/// `GENL_ID_CTRL` of linux/genetlink.h: the family of families.
const CONTROL: u16 = 0x10;
/// `CTRL_CMD_GETFAMILY`.
const GET_FAMILY: u8 = 3;
/// `CTRL_ATTR_FAMILY_ID`.
const FAMILY_ID: u16 = 1;
/// `CTRL_ATTR_FAMILY_NAME`.
const FAMILY_NAME: u16 = 2;
/// `struct nlmsghdr`, and `struct genlmsghdr` behind it: command, version, two bytes of nothing.
const HEADER: usize = 16;
const GENERIC_HEADER: usize = 4;
/// Room for one answer: the features of a NIC take 10 KiB.
const ANSWER_ROOM: usize = 64 << 10;
/// How often a question is asked whose answer is lost; the pauses double from 1 ms.
const TRIES: u32 = 8;

/// The socket.
pub(super) struct Generic {
    socket: netlink_sys::Socket,
    family: u16,
    version: u8,
    sequence: u32,
    incoming: Vec<u8>,
}

impl std::fmt::Debug for Generic {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Generic")
            .field("family", &self.family)
            .finish_non_exhaustive()
    }
}

impl Generic {
    /// Opens a socket in the network namespace of the calling thread, and looks for a family.
    ///
    /// *Errors*: the kernel does not have it.
    pub(super) fn open(name: &str, version: u8) -> Result<Self, KernelError> {
        let mut opened = Self {
            socket: connect_to(NETLINK_GENERIC).map_err(from_io)?,
            family: CONTROL,
            version,
            sequence: 0,
            incoming: Vec::with_capacity(ANSWER_ROOM),
        };
        let asked: Attrs = [(FAMILY_NAME, format!("{name}\0").into_bytes())].into_iter().collect();
        let answers = opened.ask(GET_FAMILY, &asked).map_err(|error| match error.errno {
            libc::ENOENT => KernelError {
                text: Some(format!("the running kernel has no {name} netlink")),
                ..error
            },
            _ => error,
        })?;
        let id = answers.iter().find_map(|answer| {
            let (_, id) = nla::iter(answer).find(|(number, _)| *number == FAMILY_ID)?;
            id.try_into().ok().map(u16::from_ne_bytes)
        });
        opened.family = id.ok_or_else(|| KernelError::text(format!("the kernel does not say where {name} is")))?;
        Ok(opened)
    }

    /// How many messages were sent so far.
    pub(super) fn requests(&self) -> u64 {
        u64::from(self.sequence)
    }

    /// Sends a command and gives the attributes of all that is answered.
    ///
    /// *Errors*: what the kernel said.
    pub(super) fn ask(&mut self, command: u8, attrs: &Attrs) -> Result<Vec<Vec<u8>>, KernelError> {
        for attempt in 1..TRIES {
            match self.ask_once(command, attrs) {
                Err(error) if is_of_the_moment(&error) => {
                    std::thread::sleep(Duration::from_millis(1 << (attempt - 1)));
                    self.socket = connect_to(NETLINK_GENERIC).map_err(from_io)?;
                }
                answered => return answered,
            }
        }
        self.ask_once(command, attrs)
    }

    fn ask_once(&mut self, command: u8, attrs: &Attrs) -> Result<Vec<Vec<u8>>, KernelError> {
        self.sequence = self.sequence.wrapping_add(1);
        let message = self.message(command, attrs);
        self.socket.send(&message, 0).map_err(from_io)?;
        let mut answers = Vec::new();
        loop {
            if !receive(&self.socket, &mut self.incoming, 0).map_err(from_io)? {
                // It is larger now, and the answer lost.
                return Err(KernelError::unanswered(libc::ENOBUFS));
            }
            for message in Messages::new(&self.incoming).filter(|message| message.sequence == self.sequence) {
                match message.answer() {
                    Answer::Object => answers.extend(message.body.get(GENERIC_HEADER..).map(<[u8]>::to_vec)),
                    Answer::Done(outcome) | Answer::Acked(outcome) => return outcome.map(|()| answers),
                    Answer::Overrun => return Err(KernelError::unanswered(libc::ENOBUFS)),
                    Answer::Nothing => {}
                }
            }
        }
    }

    fn message(&self, command: u8, attrs: &Attrs) -> Vec<u8> {
        let length = HEADER + GENERIC_HEADER + attrs.as_bytes().len();
        let mut message = Vec::with_capacity(length);
        // An attribute is below 64 KiB, and there are few.
        message.extend(u32::try_from(length).unwrap_or(u32::MAX).to_ne_bytes());
        message.extend(self.family.to_ne_bytes());
        message.extend((NLM_F_REQUEST | NLM_F_ACK).to_ne_bytes());
        message.extend(self.sequence.to_ne_bytes());
        message.extend([0; 4]);
        message.extend([command, self.version, 0, 0]);
        message.extend(attrs.as_bytes());
        message
    }
}
