//! The bare dumps: what a no-op reload has to ask the kernel, received and thrown away undecoded.

use std::time::{Duration, Instant};

use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{Socket, SocketAddr};

// linux/netlink.h and linux/rtnetlink.h.
const NLM_F_REQUEST: u16 = 0x1;
const NLM_F_DUMP: u16 = 0x300;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const RTM_GETLINK: u16 = 18;
const RTM_GETADDR: u16 = 22;
const RTM_GETROUTE: u16 = 26;
const RTN_UNICAST: u8 = 1;
const IFLA_EXT_MASK: u16 = 29;
const RTEXT_FILTER_SKIP_STATS: u32 = 8;
// linux/socket.h.
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;

/// One dump: its message type, and what follows the netlink header.
struct Dump(u16, Vec<u8>);

/// Links without their counters, addresses, and the unicast routes of both families: what our own snapshot asks for
/// where there is no bridge, no more.
fn needed() -> Vec<Dump> {
    let mut links = vec![0; 16]; // struct ifinfomsg
    links.extend(8u16.to_ne_bytes());
    links.extend(IFLA_EXT_MASK.to_ne_bytes());
    links.extend(RTEXT_FILTER_SKIP_STATS.to_ne_bytes());
    let routes = |family: u8| {
        let mut message = vec![0; 12]; // struct rtmsg
        message[0] = family;
        message[7] = RTN_UNICAST;
        message
    };
    vec![
        Dump(RTM_GETLINK, links),
        Dump(RTM_GETADDR, vec![0; 8]), // struct ifaddrmsg
        Dump(RTM_GETROUTE, routes(AF_INET)),
        Dump(RTM_GETROUTE, routes(AF_INET6)),
    ]
}

/// The time of all of them in the calling thread's namespace, socket included; and the bytes received.
///
/// *Errors*: a text that names the step and the kernel's error.
pub fn once() -> Result<(Duration, usize), String> {
    let start = Instant::now();
    let failed = |step: &'static str| move |error| format!("cannot {step}: {error}");
    let socket = Socket::new(NETLINK_ROUTE).map_err(failed("open a netlink socket"))?;
    socket
        .set_netlink_get_strict_chk(true)
        .map_err(failed("ask for strict dumps"))?;
    socket
        .connect(&SocketAddr::new(0, 0))
        .map_err(failed("connect to the kernel"))?;
    let mut buffer = vec![0; 1 << 16];
    let mut bytes = 0;
    for (sequence, Dump(kind, payload)) in (1u32..).zip(needed()) {
        let mut message = Vec::with_capacity(16 + payload.len());
        let length = u32::try_from(16 + payload.len()).unwrap_or(u32::MAX);
        message.extend(length.to_ne_bytes());
        message.extend(kind.to_ne_bytes());
        message.extend((NLM_F_REQUEST | NLM_F_DUMP).to_ne_bytes());
        message.extend(sequence.to_ne_bytes());
        message.extend(0u32.to_ne_bytes());
        message.extend(&payload);
        let failed = |error| format!("the dump of type {kind} failed: {error}");
        socket.send(&message, 0).map_err(failed)?;
        bytes += receive(&socket, &mut buffer).map_err(failed)?;
    }
    Ok((start.elapsed(), bytes))
}

/// Receives one dump to its end, looking at the header of each message only; gives the number of bytes.
fn receive(socket: &Socket, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut bytes = 0;
    loop {
        let length = socket.recv(&mut &mut *buffer, 0)?;
        bytes += length;
        let mut rest = buffer.get(..length).unwrap_or_default();
        while let Some((header, _)) = rest.split_first_chunk::<16>() {
            let [a, b, c, d, kind_low, kind_high, ..] = *header;
            let size = usize::try_from(u32::from_ne_bytes([a, b, c, d]))
                .unwrap_or(usize::MAX)
                .next_multiple_of(4);
            let kind = u16::from_ne_bytes([kind_low, kind_high]);
            if matches!(kind, NLMSG_DONE | NLMSG_ERROR) {
                // A strict dump that is refused ends in DONE with the error in it.
                let code = rest
                    .get(16..20)
                    .and_then(|code| code.try_into().ok())
                    .map_or(0, i32::from_ne_bytes);
                return if code == 0 {
                    Ok(bytes)
                } else {
                    Err(std::io::Error::from_raw_os_error(-code))
                };
            }
            rest = rest.get(size..).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The kernel is the witness: it refuses a dump that it does not understand, and tells of every link it has.
    #[test]
    fn the_kernel_answers_every_dump_to_its_end_and_with_every_link() {
        let _room = cleat_netns::enter!(Veth);
        let (_, before) = once().expect("all dumps are answered");
        for n in 0..20 {
            cleat_netns::run(&format!("ip link add va{n} type veth peer name vb{n}"));
        }
        let (_, after) = once().expect("all dumps are answered");
        // 40 links; the least that a link takes is its header and its name.
        assert!(
            after > before + 40 * (16 + 16 + 8),
            "{before} bytes before, {after} after"
        );
    }
}
