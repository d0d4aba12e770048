//! Reading what the kernel sends: message by message, and what an error says beside its number.

use cleat_model::kernel::KernelError;
use cleat_model::nla;
use netlink_packet_core::{NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR, NLMSG_NOOP, NLMSG_OVERRUN, NetlinkBuffer};

/// `struct nlmsghdr`: length, type, flags, sequence number, port.
const HEADER: usize = 16;
/// `NLMSGERR_ATTR_MSG` of linux/netlink.h.
const ATTR_MESSAGE: u16 = 1;
/// `NLMSGERR_ATTR_MISS_TYPE`.
const ATTR_MISSING: u16 = 5;
/// `NLM_F_CAPPED`: only the header of the request is echoed.
const CAPPED: u16 = 0x100;
/// `NLM_F_ACK_TLVS`: attributes follow the echoed request.
const HAS_ATTRS: u16 = 0x200;

/// One message of a datagram.
pub(crate) struct Message<'a> {
    pub(crate) kind: u16,
    flags: u16,
    pub(crate) sequence: u32,
    pub(crate) body: &'a [u8],
}

/// What a message means.
#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
    /// An object of a dump, or the one asked for.
    Object,
    /// The end of a dump.
    Done(Result<(), KernelError>),
    /// `NLMSG_ERROR`: a failure, or an acknowledgement.
    Acked(Result<(), KernelError>),
    /// `NLMSG_OVERRUN`: data was lost.
    Overrun,
    /// `NLMSG_NOOP`.
    Nothing,
}

impl Message<'_> {
    /// Whether the kernel changed while the dump was going on.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.flags & NLM_F_DUMP_INTR != 0
    }

    /// Sorts the message.
    pub(crate) fn answer(&self) -> Answer {
        match self.kind {
            NLMSG_NOOP => Answer::Nothing,
            NLMSG_OVERRUN => Answer::Overrun,
            // A strict dump that is refused ends with DONE and the error in it, attributes right behind.
            NLMSG_DONE => Answer::Done(outcome(self.body, 4, self.flags)),
            NLMSG_ERROR => Answer::Acked(outcome(self.body, self.echo_end(), self.flags)),
            _ => Answer::Object,
        }
    }

    /// Where the attributes of an `NLMSG_ERROR` begin: behind errno and the echoed request.
    fn echo_end(&self) -> usize {
        let echoed = self.body.get(4..8).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
        match echoed.map(u32::from_ne_bytes) {
            Some(length) if self.flags & CAPPED == 0 => 4 + (length as usize).next_multiple_of(4),
            _ => 4 + HEADER,
        }
    }
}

fn outcome(body: &[u8], attrs: usize, flags: u16) -> Result<(), KernelError> {
    let code = body.first_chunk().map_or(0, |bytes| i32::from_ne_bytes(*bytes));
    let attrs = match flags & HAS_ATTRS {
        0 => &[],
        _ => body.get(attrs..).unwrap_or_default(),
    };
    let text = said(attrs);
    if code == 0 {
        if let Some(text) = text {
            log::warn!("the kernel warns: {text}");
        }
        return Ok(());
    }
    Err(KernelError {
        errno: code.saturating_neg(),
        text,
    })
}

/// The kernel's own words, or the number of the attribute that it misses.
fn said(attrs: &[u8]) -> Option<String> {
    let find = |kind| {
        nla::iter(attrs)
            .find(|(found, _)| *found == kind)
            .map(|(_, bytes)| bytes)
    };
    if let Some(text) = find(ATTR_MESSAGE) {
        let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
        return Some(String::from_utf8_lossy(text).into_owned());
    }
    let missing = find(ATTR_MISSING)?
        .first_chunk()
        .map(|bytes| u32::from_ne_bytes(*bytes))?;
    Some(format!("attribute {missing} is missing"))
}

/// Walks a datagram message by message; stops at one that does not fit.
pub(crate) struct Messages<'a> {
    rest: &'a [u8],
}

impl<'a> Messages<'a> {
    pub(crate) fn new(datagram: &'a [u8]) -> Self {
        Self { rest: datagram }
    }
}

impl<'a> Iterator for Messages<'a> {
    type Item = Message<'a>;

    fn next(&mut self) -> Option<Message<'a>> {
        let header = NetlinkBuffer::new_checked(self.rest).ok()?;
        let length = header.length() as usize;
        let body = self.rest.get(HEADER..length)?;
        let message = Message {
            kind: header.message_type(),
            flags: header.flags(),
            sequence: header.sequence_number(),
            body,
        };
        self.rest = self.rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u16, flags: u16, body: &[u8]) -> Vec<u8> {
        let mut bytes = (16 + body.len() as u32).to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(flags.to_ne_bytes());
        bytes.extend(7u32.to_ne_bytes());
        bytes.extend(0u32.to_ne_bytes());
        bytes.extend(body);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn only(bytes: &[u8]) -> Answer {
        let mut all = Messages::new(bytes);
        let answer = all.next().expect("one message").answer();
        assert!(all.next().is_none());
        answer
    }

    fn refusal(text: &str) -> Vec<u8> {
        let mut attrs = nla::Attrs::new();
        assert!(attrs.push(1, format!("{text}\0").as_bytes()));
        attrs.as_bytes().to_vec()
    }

    // Second witness: "Extended ACK" of Documentation/userspace-api/netlink/intro.rst: the echoed header, the payload
    // unless NLM_F_CAPPED, then the attributes.
    #[test]
    fn the_text_of_an_error_is_found_with_and_without_the_echoed_payload() {
        let expected = Answer::Acked(Err(KernelError {
            errno: 16,
            text: Some("Device is busy".to_owned()),
        }));
        let mut capped = (-16i32).to_ne_bytes().to_vec();
        capped.extend(
            message(16, 5, &[])
                .iter()
                .enumerate()
                .map(|(at, byte)| if at == 0 { 200 } else { *byte }),
        );
        capped.extend(refusal("Device is busy"));
        assert_eq!(only(&message(2, CAPPED | HAS_ATTRS, &capped)), expected);

        let mut whole = (-16i32).to_ne_bytes().to_vec();
        whole.extend(message(16, 5, &[1, 2, 3, 4, 5]));
        whole.extend(refusal("Device is busy"));
        assert_eq!(only(&message(2, HAS_ATTRS, &whole)), expected);
    }

    // Second witness: netlink_dump_done() of net/netlink/af_netlink.c: the code, then the attributes, no echo.
    #[test]
    fn a_refused_dump_ends_in_done_with_the_text_right_behind_the_code() {
        let mut body = (-22i32).to_ne_bytes().to_vec();
        body.extend(refusal("Invalid values in header"));
        let expected = KernelError {
            errno: 22,
            text: Some("Invalid values in header".to_owned()),
        };
        assert_eq!(only(&message(3, 2 | HAS_ATTRS, &body)), Answer::Done(Err(expected)));
        assert_eq!(only(&message(3, 2, &0u32.to_ne_bytes())), Answer::Done(Ok(())));
    }

    #[test]
    fn a_message_longer_than_the_datagram_is_not_read() {
        let mut bytes = message(16, 0, &[0; 16]);
        bytes[0] = 200;
        assert!(Messages::new(&bytes).next().is_none());
        assert!(Messages::new(&bytes[..10]).next().is_none());
    }
}
