//! Who talks over the host's addresses now: the kernel's tables of sockets, and the processes that have them.
//!
//! Read where a plan touches an address or a way out at all. The names come from /proc as the sockets' owners do, which
//! no library reads for us: sysinfo(1)'s like have neither sockets nor file descriptors, and would read past our root.

use cleat_model::impact::{Conversation, Role};
use cleat_model::plan::Storage;
use cleat_root::Root;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Tables of this network namespace, and whether they are of TCP.
const TABLES: [(&str, bool); 4] = [
    ("/proc/self/net/tcp", true),
    ("/proc/self/net/tcp6", true),
    ("/proc/self/net/udp", false),
    ("/proc/self/net/udp6", false),
];
/// `TCP_ESTABLISHED` of net/tcp_states.h, which connected UDP sockets have as well.
const ESTABLISHED: u8 = 1;
/// `TCP_CLOSE`: a UDP socket that is bound and not connected.
const BOUND: u8 = 7;
/// Services whose sockets the kernel itself has, by their port.
const OF_THE_KERNEL: [(u16, &str); 8] = [
    (445, "SMB"),
    (2049, "NFS"),
    (3260, "iSCSI"),
    (3300, "Ceph"),
    (4420, "NVMe over TCP"),
    (6789, "Ceph"),
    (7789, "DRBD"),
    (10809, "NBD"),
];
/// Those of them that a root file system may lie behind.
const STORAGE: [(u16, &str); 4] = [(2049, "NFS"), (3260, "iSCSI"), (4420, "NVMe over TCP"), (10809, "NBD")];
/// Programs that let people in.
const LOGINS: [&str; 3] = ["sshd", "dropbear", "in.telnetd"];

/// One end of a socket.
type End = (IpAddr, u16);

/// A row of one of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Socket {
    local: End,
    peer: Option<End>,
    inode: u64,
}

/// All conversations over addresses of the host that others reach, as far as this user may see them.
pub(crate) fn now(root: &Root) -> Vec<Conversation> {
    let mut sockets = Vec::new();
    for (path, tcp) in TABLES {
        // A kernel without IPv6 has no table of it.
        let text = root.read_text(path).unwrap_or_default();
        sockets.extend(rows(&text, tcp));
    }
    sockets.retain(|socket| !socket.local.0.is_loopback());
    let owners = owners(root, sockets.iter().map(|socket| socket.inode).collect());
    let came_by = std::env::var("SSH_CONNECTION").ok();
    told(
        &sockets,
        &owners,
        &ancestors(root),
        came_by.as_deref().and_then(ssh_connection),
    )
}

/// The addresses of the host by which it has file systems or disks of another host, each with what goes over it and where to.
///
/// Which of them the root file system lies on is not told by the kernel in one place, and all of them matter.
pub(crate) fn storage(root: &Root) -> BTreeMap<IpAddr, Storage> {
    let mut all = BTreeMap::new();
    for (path, _) in TABLES.iter().filter(|(_, tcp)| *tcp) {
        let text = root.read_text(path).unwrap_or_default();
        for socket in rows(&text, true) {
            let Some((server, port)) = socket.peer.filter(|_| !socket.local.0.is_loopback()) else {
                continue;
            };
            if let Some((_, service)) = STORAGE.iter().find(|(known, _)| *known == port) {
                let storage = all.entry(socket.local.0).or_insert_with(|| Storage {
                    service,
                    servers: BTreeSet::new(),
                });
                storage.servers.insert(server);
            }
        }
    }
    all
}

/// Puts sockets and processes together.
///
/// *Shape*: `came_by` are the local and the far end of `SSH_CONNECTION`.
fn told(
    sockets: &[Socket],
    owners: &HashMap<u64, BTreeMap<u32, String>>,
    ancestors: &BTreeSet<u32>,
    came_by: Option<(End, End)>,
) -> Vec<Conversation> {
    let mut all = Vec::new();
    for socket in sockets {
        let owner = owners.get(&socket.inode);
        let is_ours = owner.is_some_and(|owner| owner.keys().any(|pid| ancestors.contains(pid)));
        let is_named = came_by.is_some_and(|(local, peer)| (socket.local, socket.peer) == (local, Some(peer)));
        if socket.peer.is_some() && (is_ours || is_named) {
            all.push(session(socket.local.0, socket.peer.map(|peer| peer.0)));
            continue;
        }
        let first = owner.and_then(|owner| owner.iter().next());
        let lets_in = first.is_some_and(|(_, name)| LOGINS.iter().any(|login| name.starts_with(login)));
        let ports = [Some(socket.local.1), socket.peer.map(|peer| peer.1)];
        let service = || {
            let found = OF_THE_KERNEL.iter().find(|(port, _)| ports.contains(&Some(*port)));
            found.map(|(_, name)| (*name).to_owned())
        };
        all.push(Conversation {
            role: if lets_in && socket.peer.is_some() {
                Role::Login
            } else {
                Role::Program
            },
            process: first.map(|(_, name)| name.clone()).or_else(service),
            pid: first.map(|(pid, _)| *pid),
            local: socket.local.0,
            peer: socket.peer.map(|peer| peer.0),
        });
    }
    // The socket may be in another namespace than the command, or be one that this user may not see.
    if let Some((local, peer)) = came_by
        && !all.contains(&session(local.0, Some(peer.0)))
    {
        all.push(session(local.0, Some(peer.0)));
    }
    all
}

fn session(local: IpAddr, peer: Option<IpAddr>) -> Conversation {
    Conversation {
        role: Role::Session,
        process: None,
        pid: None,
        local,
        peer,
    }
}

/// The ends that `SSH_CONNECTION` names, the host's own first. *Source*: ssh(1): client address and port, server
/// address and port; a link-local address has its link behind a `%`.
fn ssh_connection(text: &str) -> Option<(End, End)> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [far, far_port, near, near_port] = words.as_slice() else {
        return None;
    };
    let end = |ip: &str, port: &str| -> Option<End> {
        let ip = ip.split('%').next()?.parse().ok()?;
        Some((plain(ip), port.parse().ok()?))
    };
    Some((end(near, near_port)?, end(far, far_port)?))
}

/// The rows of a table that say something: established, or bound to one address.
///
/// *Source*: proc_net_tcp in the kernel's documentation; addresses are in the machine's byte order, word by word.
fn rows(table: &str, tcp: bool) -> impl Iterator<Item = Socket> {
    table.lines().skip(1).filter_map(move |line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let local = end(words.get(1)?)?;
        let peer = end(words.get(2)?)?;
        let state = u8::from_str_radix(words.get(3)?, 16).ok()?;
        let inode = words.get(9)?.parse().ok()?;
        let known = state == ESTABLISHED || (!tcp && state == BOUND);
        (known && !local.0.is_unspecified()).then(|| Socket {
            local,
            peer: (!peer.0.is_unspecified()).then_some(peer),
            inode,
        })
    })
}

/// `0100007F:1F90`
fn end(text: &str) -> Option<End> {
    let (address, port) = text.split_once(':')?;
    let word = |at: usize| -> Option<[u8; 4]> {
        let digits = address.get(at * 8..at * 8 + 8)?;
        Some(u32::from_str_radix(digits, 16).ok()?.to_ne_bytes())
    };
    let ip = match address.len() {
        8 => IpAddr::V4(Ipv4Addr::from(word(0)?)),
        32 => {
            let mut bytes = [0; 16];
            for (at, part) in bytes.chunks_exact_mut(4).enumerate() {
                part.copy_from_slice(&word(at)?);
            }
            IpAddr::V6(Ipv6Addr::from(bytes))
        }
        _ => return None,
    };
    Some((plain(ip), u16::from_str_radix(port, 16).ok()?))
}

/// An IPv4 address that an IPv6 socket has (`::ffff:192.0.2.1`), as IPv4.
fn plain(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V6(ip) => ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4),
        ip => ip,
    }
}

/// The processes that have these sockets, by inode, each with its name.
fn owners(root: &Root, inodes: BTreeSet<u64>) -> HashMap<u64, BTreeMap<u32, String>> {
    let mut owners: HashMap<u64, BTreeMap<u32, String>> = HashMap::new();
    if inodes.is_empty() {
        return owners;
    }
    let processes = root.read_dir("/proc").unwrap_or_default();
    for pid in processes.iter().filter_map(|name| name.to_str()?.parse::<u32>().ok()) {
        let directory = format!("/proc/{pid}/fd");
        // A process that ended meanwhile, or another user's: its sockets stay without a name.
        for fd in root.read_dir(&directory).unwrap_or_default() {
            let Ok(target) = root.read_link(format!("{directory}/{}", fd.to_string_lossy())) else {
                continue;
            };
            let inode = target.to_str().and_then(|text| {
                let number = text.strip_prefix("socket:[")?.strip_suffix(']')?;
                number.parse::<u64>().ok()
            });
            if let Some(inode) = inode.filter(|inode| inodes.contains(inode)) {
                let name = root.read_text(format!("/proc/{pid}/comm")).unwrap_or_default();
                owners.entry(inode).or_default().insert(pid, name.trim_end().to_owned());
            }
        }
    }
    owners
}

/// This process, and those that it came from.
fn ancestors(root: &Root) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    let mut next = Some(std::process::id());
    while let Some(pid) = next.filter(|pid| *pid > 1 && !found.contains(pid)) {
        found.insert(pid);
        let stat = root.read_text(format!("/proc/{pid}/stat")).unwrap_or_default();
        // proc(5): the name in brackets may have blanks and brackets itself; state and parent come after it.
        next = stat
            .rsplit_once(')')
            .and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Witness: lines of a running x86-64 kernel, whose `ss -tn` says 192.0.2.10:22 and 198.51.100.7:51234.
    const TCP: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
        0: 0A0200C0:0016 076433C6:C822 01 00000000:00000000 02:000A8A6C 00000000     0        0 4711 2 0 20 4 30 10 -1\n   \
        1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 100 0 0 10 0\n";

    #[test]
    fn established_sockets_are_read_and_listening_ones_are_not() {
        let rows: Vec<Socket> = rows(TCP, true).collect();
        let end = |ip: &str, port: u16| (ip.parse().unwrap(), port);
        assert_eq!(
            rows,
            [Socket {
                local: end("192.0.2.10", 22),
                peer: Some(end("198.51.100.7", 51234)),
                inode: 4711,
            }]
        );
    }

    #[test]
    fn an_ipv4_address_of_an_ipv6_socket_is_ipv4() {
        let found = end("0000000000000000FFFF00000A0200C0:0016");
        assert_eq!(found, Some(("192.0.2.10".parse().unwrap(), 22)));
    }

    #[test]
    fn a_login_is_the_session_where_the_command_came_from_it_and_else_another_login() {
        let sockets: Vec<Socket> = rows(TCP, true).collect();
        let owners = HashMap::from([(4711, BTreeMap::from([(812, "sshd-session".to_owned())]))]);
        let role = |ancestors: &[u32], variable: Option<&str>| {
            let came_by = variable.and_then(ssh_connection);
            let found = told(&sockets, &owners, &ancestors.iter().copied().collect(), came_by);
            found.iter().map(|of| of.role).collect::<Vec<_>>()
        };
        assert_eq!(role(&[812], None), [Role::Session]);
        assert_eq!(role(&[], Some("198.51.100.7 51234 192.0.2.10 22")), [Role::Session]);
        assert_eq!(role(&[], None), [Role::Login]);
        // The socket of the session is not in the tables: it is named all the same.
        let elsewhere = "2001:db8::7 51234 fe80::1%eno1 22";
        assert_eq!(role(&[], Some(elsewhere)), [Role::Login, Role::Session]);
    }

    #[test]
    fn disks_over_the_network_are_told_with_the_address_and_all_their_servers() {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        root.create_dir_all("/proc/self/net").unwrap();
        // 192.0.2.10 to 192.0.2.20:3260 and 192.0.2.21:3260, and a login.
        let disk = |last: &str| format!("   0: 0A0200C0:C822 {last}0200C0:0CBC 01 0:0 0:0 0 0 0 9 1\n");
        let text = format!("{TCP}{}{}", disk("14"), disk("15"));
        std::fs::write(tree.path().join("proc/self/net/tcp"), text).unwrap();
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let expected = Storage {
            service: "iSCSI",
            servers: [ip("192.0.2.20"), ip("192.0.2.21")].into(),
        };
        assert_eq!(storage(&root), BTreeMap::from([(ip("192.0.2.10"), expected)]));
    }

    #[test]
    fn a_socket_of_the_kernel_is_named_by_its_port() {
        let nfs = Socket {
            local: ("192.0.2.10".parse().unwrap(), 872),
            peer: Some(("192.0.2.20".parse().unwrap(), 2049)),
            inode: 1,
        };
        let found = told(&[nfs], &HashMap::new(), &BTreeSet::new(), None);
        assert_eq!(found[0].process.as_deref(), Some("NFS"));
        assert_eq!((found[0].role, found[0].pid), (Role::Program, None));
    }
}
