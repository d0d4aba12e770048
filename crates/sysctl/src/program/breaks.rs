//! What a switch breaks, told before it is done.

use cleat_diag::Diagnostic;
use cleat_eni::ConfigSet;
use cleat_model::decl::declare;
use cleat_root::{Root, paths};
use std::collections::BTreeSet;
use std::net::{Ipv6Addr, SocketAddrV6};
use std::path::Path;

/// `st` of a socket that listens: TCP, and UDP without a peer. *Source*: include/net/tcp_states.h.
const LISTENS: [(&str, &str); 2] = [("tcp6", "0A"), ("udp6", "07")];
/// `RTF_ADDRCONF` of linux/ipv6_route.h: the route came from a router advertisement.
const FROM_ROUTER: u32 = 0x0004_0000;

/// Whether the session came over IPv6, as sshd tells. *Source*: ssh(1), `SSH_CONNECTION`.
pub(super) fn session_is_ipv6() -> bool {
    let connection = std::env::var("SSH_CONNECTION").unwrap_or_default();
    let client = connection.split_whitespace().next().unwrap_or_default();
    let address: Option<Ipv6Addr> = client.split('%').next().and_then(|text| text.parse().ok());
    address.is_some_and(|address| address.to_ipv4_mapped().is_none())
}

/// What stops working without IPv6 on these links, or on all where none is named.
pub(super) fn without_ipv6(links: &[String]) -> Vec<Diagnostic> {
    let root = Root::real();
    let mut found = Vec::new();
    if links.is_empty() || links.iter().any(|link| link == "lo") {
        let text = "the loopback address ::1 goes: what connects to it, or to localhost by IPv6 only, fails";
        found.push(Diagnostic::warning("ipv6-loopback", text));
    }
    if links.is_empty() {
        let sockets: BTreeSet<SocketAddrV6> = LISTENS
            .iter()
            .flat_map(|(table, state)| {
                let text = root
                    .read_text(format!("/proc/thread-self/net/{table}"))
                    .unwrap_or_default();
                listening(&text, state)
            })
            .collect();
        if !sockets.is_empty() {
            let list: Vec<String> = sockets.iter().map(ToString::to_string).collect();
            let text = format!("programs listen on IPv6: {}", list.join(", "));
            let help = "those on [::] still answer IPv4, unless they were told not to; the others need another address";
            found.push(Diagnostic::warning("ipv6-listeners", text).help(help));
        }
    }
    found.extend(said_in_interfaces(&root, links));
    found
}

/// Addresses and gateways of IPv6 in /etc/network/interfaces.
fn said_in_interfaces(root: &Root, links: &[String]) -> Option<Diagnostic> {
    // What is wrong with the file is reported by `cleat check`.
    let (config, _) = ConfigSet::load(root, Path::new(paths::INTERFACES));
    let (declared, _) = declare(config.items());
    let concerned = |name: &str| links.is_empty() || links.iter().any(|link| link == name);
    let decls = declared.iter().filter(|decl| concerned(decl.name.as_str()));
    let lines = decls.flat_map(|decl| {
        let options = decl.options.iter();
        let v6 = options.filter(|said| matches!(said.name(), "address" | "gateway") && said.value.text.contains(':'));
        v6.map(|said| {
            let located = config.sources.locate(said.place);
            let place = located.map_or_else(String::new, |(path, at)| format!(" ({}:{})", path.display(), at.line));
            format!("{} {}{place}", said.name(), said.value.text)
        })
    });
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return None;
    }
    let text = format!(
        "the interfaces file has IPv6 that cannot be set then: {}",
        lines.join("; ")
    );
    Some(
        Diagnostic::warning("ipv6-in-interfaces", text)
            .help("remove these lines, or leave IPv6 on for these interfaces"),
    )
}

/// Links whose routes come from router advertisements, which a router does not honour.
pub(super) fn as_ipv6_router(root: &Root) -> Vec<Diagnostic> {
    let text = root.read_text("/proc/thread-self/net/ipv6_route").unwrap_or_default();
    let heeds = |link: &&str| {
        root.read_text(format!("/proc/sys/net/ipv6/conf/{link}/accept_ra"))
            .is_ok_and(|value| value.trim_end() != "2")
    };
    let from_router = text.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let flags = u32::from_str_radix(words.get(8)?, 16).ok()?;
        (flags & FROM_ROUTER != 0).then(|| words.get(9).copied()).flatten()
    });
    let links: BTreeSet<&str> = from_router.filter(heeds).collect();
    if links.is_empty() {
        return Vec::new();
    }
    let list = Vec::from_iter(links).join(", ");
    let text =
        format!("a router does not honour router advertisements: the routes that these brought run out on {list}");
    vec![
        Diagnostic::warning("forward-stops-ra", text)
            .help("set `accept_ra` of these links to 2, in the interfaces file `accept-ra 2`"),
    ]
}

/// The addresses of sockets in that state, those mapped from IPv4 left out.
///
/// *Shape*: /proc/net/tcp6: the second word is ADDRESS:PORT in hexadecimal, the address as four words in the machine's
/// byte order; the fourth word is the state. *Source*: proc(5).
fn listening(text: &str, state: &str) -> Vec<SocketAddrV6> {
    let sockets = text.lines().skip(1).filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (address, port) = words.get(1)?.split_once(':')?;
        let address = u128::from_str_radix(address, 16).ok()?.to_be_bytes();
        let mut bytes = [0; 16];
        for (to, from) in bytes.chunks_exact_mut(4).zip(address.chunks_exact(4)) {
            let word = u32::from_be_bytes(from.try_into().ok()?);
            to.copy_from_slice(&word.to_ne_bytes());
        }
        let address = Ipv6Addr::from(bytes);
        let here = words.get(3) == Some(&state) && address.to_ipv4_mapped().is_none();
        here.then(|| Some(SocketAddrV6::new(address, u16::from_str_radix(port, 16).ok()?, 0, 0)))?
    });
    sockets.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Second witness: a host that took its default route from a router has the flags 00450003 there; linux/ipv6_route.h.
    /// Documentation/networking/ip-sysctl.rst: with `accept_ra` 2 a router honours advertisements, too.
    #[test]
    fn routes_that_a_router_advertised_run_out_where_forwarding_goes_on() {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        let write = |path: &str, text: &str| {
            root.create_dir_all(Path::new(path).parent().unwrap()).unwrap();
            root.replace_if_changed(path, text.as_bytes(), cleat_root::Durability::Volatile)
                .unwrap();
        };
        let none = "00000000000000000000000000000000";
        let route = |flags: &str, link: &str| {
            format!(
                "{none} 00 {none} 00 fe800000000000000000000000000001 00000400 00000001 00000000 {flags} {link:>8}\n"
            )
        };
        let table = [
            route("00450003", "eno1"),
            route("00450003", "eno2"),
            route("00000003", "eno3"),
        ]
        .concat();
        write("/proc/thread-self/net/ipv6_route", &table);
        for (link, accepts) in [("eno1", "1"), ("eno2", "2"), ("eno3", "1")] {
            write(
                &format!("/proc/sys/net/ipv6/conf/{link}/accept_ra"),
                &format!("{accepts}\n"),
            );
        }
        let told: Vec<(&str, String)> = as_ipv6_router(&root)
            .into_iter()
            .map(|found| (found.code, found.message))
            .collect();
        let text = "a router does not honour router advertisements: the routes that these brought run out on eno1";
        assert_eq!(told, [("forward-stops-ra", text.to_owned())]);
        write("/proc/thread-self/net/ipv6_route", &route("00000003", "eno1"));
        assert_eq!(as_ipv6_router(&root), [], "a route that somebody set");
    }

    /// Second witness: proc(5), and `ss -6ltn`, which shows these sockets as `[::1]:631` and `[::]:22`.
    #[test]
    #[cfg(target_endian = "little")]
    fn listeners_are_found_by_their_state() {
        let text = "  sl  local_address                         remote_address                        st tx_queue\n   \
            0: 00000000000000000000000001000000:0277 00000000000000000000000000000000:0000 0A 00000000:00000000\n   \
            1: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000\n   \
            2: 00000000000000000000000001000000:0016 00000000000000000000000001000000:9C40 01 00000000:00000000\n   \
            3: 0000000000000000FFFF00000100007F:0016 0000000000000000FFFF00000200007F:9C41 0A 00000000:00000000\n";
        let found: Vec<String> = listening(text, "0A").iter().map(ToString::to_string).collect();
        assert_eq!(found, ["[::1]:631", "[::]:22"]);
    }
}
