//! The bare dumps: what a no-op reload has to ask the kernel, received and thrown away undecoded.

use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, send, socket,
};

// linux/netlink.h and linux/rtnetlink.h.
const NLM_F_REQUEST: u16 = 0x1;
const NLM_F_DUMP: u16 = 0x300;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const RTM_GETLINK: u16 = 18;
const RTM_GETADDR: u16 = 22;
const RTM_GETROUTE: u16 = 26;
const RTM_GETRULE: u16 = 34;
const IFLA_EXT_MASK: u16 = 29;
const RTEXT_FILTER_BRVLAN_COMPRESSED: u32 = 4;
const RTEXT_FILTER_SKIP_STATS: u32 = 8;
// linux/socket.h.
const AF_UNSPEC: u8 = 0;
const AF_BRIDGE: u8 = 7;

/// One dump: its message type, and what follows the netlink header.
struct Dump(u16, Vec<u8>);

/// Links, bridge ports with their VLANs, addresses, routes and rules: one dump for each kind of object.
fn needed() -> Vec<Dump> {
    let masked = |family: u8, mask: u32| {
        let mut payload = vec![0; 16]; // struct ifinfomsg
        payload[0] = family;
        payload.extend(8u16.to_ne_bytes());
        payload.extend(IFLA_EXT_MASK.to_ne_bytes());
        payload.extend(mask.to_ne_bytes());
        payload
    };
    vec![
        Dump(RTM_GETLINK, masked(AF_UNSPEC, RTEXT_FILTER_SKIP_STATS)),
        Dump(RTM_GETLINK, masked(AF_BRIDGE, RTEXT_FILTER_BRVLAN_COMPRESSED)),
        Dump(RTM_GETADDR, vec![0; 8]),   // struct ifaddrmsg
        Dump(RTM_GETROUTE, vec![0; 12]), // struct rtmsg
        Dump(RTM_GETRULE, vec![0; 12]),  // struct fib_rule_hdr
    ]
}

/// The time of all of them in the calling thread's namespace, socket included.
///
/// *Errors*: a text that names the step and the kernel's error.
pub fn time_once() -> Result<Duration, String> {
    let start = Instant::now();
    let socket = socket(
        AddressFamily::Netlink,
        SockType::Raw,
        SockFlag::SOCK_CLOEXEC,
        SockProtocol::NetlinkRoute,
    )
    .map_err(|errno| format!("cannot open a netlink socket: {errno}"))?;
    bind(socket.as_raw_fd(), &NetlinkAddr::new(0, 0)).map_err(|errno| format!("cannot bind it: {errno}"))?;
    let mut buffer = vec![0; 1 << 16];
    for (sequence, Dump(kind, payload)) in (1u32..).zip(needed()) {
        let mut message = Vec::with_capacity(16 + payload.len());
        let length = u32::try_from(16 + payload.len()).unwrap_or(u32::MAX);
        message.extend(length.to_ne_bytes());
        message.extend(kind.to_ne_bytes());
        message.extend((NLM_F_REQUEST | NLM_F_DUMP).to_ne_bytes());
        message.extend(sequence.to_ne_bytes());
        message.extend(0u32.to_ne_bytes());
        message.extend(&payload);
        let failed = |errno: Errno| format!("dump of type {kind} failed: {errno}");
        send(socket.as_raw_fd(), &message, MsgFlags::empty()).map_err(failed)?;
        receive(&socket, &mut buffer).map_err(failed)?;
    }
    Ok(start.elapsed())
}

/// Receives one dump to its end, looking at the header of each message only.
fn receive(socket: &OwnedFd, buffer: &mut [u8]) -> Result<(), Errno> {
    loop {
        let length = recv(socket.as_raw_fd(), buffer, MsgFlags::empty())?;
        let mut rest = &buffer[..length];
        while let Some((header, _)) = rest.split_first_chunk::<16>() {
            let [a, b, c, d, kind_low, kind_high, ..] = *header;
            let size = usize::try_from(u32::from_ne_bytes([a, b, c, d]))
                .unwrap_or(usize::MAX)
                .next_multiple_of(4);
            match u16::from_ne_bytes([kind_low, kind_high]) {
                NLMSG_DONE => return Ok(()),
                NLMSG_ERROR => {
                    let code = rest
                        .get(16..20)
                        .and_then(|code| code.try_into().ok())
                        .map_or(0, i32::from_ne_bytes);
                    return Err(Errno::from_raw(-code));
                }
                _ => rest = rest.get(size..).unwrap_or_default(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The kernel is the witness: it refuses a dump it does not understand, and never ends one it did not start.
    #[test]
    fn the_kernel_answers_every_dump_to_its_end() {
        let _room = cleat_netns::enter!();
        let time = time_once().expect("all dumps are answered");
        assert!(
            time < Duration::from_secs(5),
            "a room with only lo is dumped at once, not in {time:?}"
        );
    }
}
