//! Plans as text: each step is the like `ip`, `bridge` or `sysctl` command, so that it can be read, and tried by hand.

mod route;
pub(crate) mod words;

use crate::desired::Phase;
use crate::kernel_attr::{KernelAttr, Nest, Word, find};
use crate::name::IfName;
use crate::nla::Attrs;
use crate::op::{Action, HookRun, Op, Plan, Why};
use crate::types::{Address, Fdb, Kind, Route, ScopeId};
pub(crate) use route::more;
use std::fmt;
use words::{attribute, quoted, word};

/// `IFA_F_NODAD` of linux/if_addr.h.
pub(crate) const IFA_F_NODAD: u32 = 0x02;
/// `IFA_F_DEPRECATED`: the preferred lifetime is over.
pub(crate) const IFA_F_DEPRECATED: u32 = 0x20;
/// `IFA_F_NOPREFIXROUTE`.
pub(crate) const IFA_F_NOPREFIXROUTE: u32 = 0x200;
/// `RTPROT_BOOT` of linux/rtnetlink.h: what `ip route add` uses.
const RTPROT_BOOT: u8 = 3;

impl fmt::Display for Op {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Op::CreateLink {
                name,
                kind,
                parent,
                peer,
                link,
                data,
                up,
            } => {
                write!(out, "ip link add {name}", name = as_argument("name", name))?;
                let inside = *kind == Kind::Vxlan;
                if let Some(parent) = parent.filter(|_| !inside) {
                    write!(out, " link {parent}", parent = arg(&parent))?;
                }
                attributes(out, Nest::Link, kind, link)?;
                if *up {
                    write!(out, " up")?;
                }
                write!(out, " type {kind}")?;
                attributes(out, Nest::Data, kind, data)?;
                if let Some(parent) = parent.filter(|_| inside) {
                    write!(out, " dev {parent}", parent = arg(&parent))?;
                }
                match peer {
                    Some(peer) => write!(out, " peer name {peer}", peer = arg(peer)),
                    None => Ok(()),
                }
            }
            Op::DeleteLink { name } => write!(out, "ip link del {name}", name = as_argument("dev", name)),
            Op::RenameLink { from, to } => write!(
                out,
                "ip link set {from} name {to}",
                from = as_argument("dev", from),
                to = arg(to)
            ),
            Op::SetLink { name, link } => {
                write!(out, "ip link set {name}", name = as_argument("dev", name))?;
                attributes(out, Nest::Link, &Kind::Physical, link)
            }
            Op::SetData {
                name,
                kind,
                data,
                links,
            } => {
                write!(out, "ip link set {name} type {kind}", name = as_argument("dev", name))?;
                attributes(out, Nest::Data, kind, data)?;
                for (number, link) in links {
                    let word = word(Nest::Data, kind, *number);
                    match link {
                        Some(link) => write!(out, " {word} {link}", link = arg(link))?,
                        None => write!(out, " {word} ''")?,
                    }
                }
                Ok(())
            }
            Op::SetPort { name, kind, data } => port(out, *name, kind, data),
            Op::SetMaster {
                name,
                master: Some(master),
            } => write!(
                out,
                "ip link set {name} master {master}",
                name = as_argument("dev", name),
                master = arg(master)
            ),
            Op::SetMaster { name, master: None } => {
                write!(out, "ip link set {name} nomaster", name = as_argument("dev", name))
            }
            Op::SetUp { name, up: true } => write!(out, "ip link set {name} up", name = as_argument("dev", name)),
            Op::SetUp { name, up: false } => write!(out, "ip link set {name} down", name = as_argument("dev", name)),
            Op::AddVlans { name, on_self, ranges } => vlans(out, "add", *name, *on_self, ranges),
            Op::DelVlans { name, on_self, ranges } => vlans(out, "del", *name, *on_self, ranges),
            Op::AddAddress { name, address, replace } => {
                let verb = if *replace { "replace" } else { "add" };
                write!(out, "ip addr {verb} {address}")?;
                address_options(out, address)?;
                write!(out, " dev {name}", name = arg(name))?;
                lifetimes(out, address)
            }
            Op::DelAddress { name, address } => write!(out, "ip addr del {address} dev {name}", name = arg(name)),
            Op::AddRoute { name, route, replace } => {
                let verb = if *replace { "replace" } else { "add" };
                write!(out, "ip{} route {verb} {route}", family(route))?;
                // Each of several ways has its own.
                if route.legs.is_empty() {
                    write!(out, " dev {name}", name = arg(name))?;
                }
                route_options(out, route)
            }
            Op::DelRoute { name, route } => {
                write!(out, "ip{} route del {route}", family(route))?;
                match route.legs.is_empty() {
                    true => write!(out, " dev {name}", name = arg(name)),
                    false => Ok(()),
                }
            }
            Op::AddFdb { name, fdb } => {
                write!(out, "bridge fdb append {} dev {name}", fdb.mac, name = arg(name))?;
                fdb_options(out, fdb)
            }
            Op::DelFdb { name, fdb } => {
                write!(out, "bridge fdb del {} dev {name}", fdb.mac, name = arg(name))?;
                fdb_options(out, fdb)
            }
            Op::AddRule { rule, .. } => write!(out, "ip{} rule add {rule}", if rule.v6 { " -6" } else { "" }),
            Op::DelRule { rule, .. } => write!(out, "ip{} rule del {rule}", if rule.v6 { " -6" } else { "" }),
            Op::SetConf { name, v6, key, value } => {
                let family = if *v6 { "ipv6" } else { "ipv4" };
                // sysctl(8) takes `.` in a name as `/` where the separators are exchanged.
                let setting = match name.as_str().contains('.') {
                    true => format!("net/{family}/conf/{name}/{key}={value}"),
                    false => format!("net.{family}.conf.{name}.{key}={value}"),
                };
                write!(out, "sysctl -w {}", quoted(&setting))
            }
            Op::SetSysctl { setting, .. } => {
                let (key, value) = (setting.shown(), &setting.value);
                write!(out, "sysctl -w {}={}", quoted(&key.to_string()), quoted(value))
            }
            Op::SetAddrGenMode { name, mode } => {
                let word = ["eui64", "none", "stable_secret", "random"]
                    .get(usize::from(*mode))
                    .copied()
                    .unwrap_or("?");
                write!(
                    out,
                    "ip link set {name} addrgenmode {word}",
                    name = as_argument("dev", name)
                )
            }
            Op::Ethtool(set) => set.fmt(out),
        }
    }
}

/// A name as one word of a shell: others choose it, and the kernel lets it hold `;` and `$(`.
fn arg(name: &IfName) -> String {
    quoted(name.as_str())
}

/// Words that `ip link` takes for its own where a name may stand; so are the beginnings of `help`.
///
/// *Source*: `iplink_parse` in ip/iplink.c of iproute2.
const WORDS: &[&str] = &[
    "addr",
    "address",
    "addrgenmode",
    "alias",
    "all",
    "allmulticast",
    "arp",
    "brd",
    "broadcast",
    "carrier",
    "dev",
    "down",
    "dynamic",
    "group",
    "gro_max_size",
    "gso_max_segs",
    "gso_max_size",
    "index",
    "link",
    "link-netns",
    "link-netnsid",
    "master",
    "mode",
    "mtu",
    "multicast",
    "name",
    "netns",
    "nomaster",
    "numrxqueues",
    "numtxqueues",
    "parentdev",
    "promisc",
    "protodown",
    "protodown_reason",
    "qlen",
    "state",
    "trailers",
    "txqlen",
    "txqueuelen",
    "type",
    "up",
    "vf",
    "vrf",
    "xdp",
    "xdpdrv",
    "xdpgeneric",
    "xdpoffload",
];

/// The link that an `ip link` command is about: with the word before it that says so (`dev`, `name`), where the name would
/// be taken for another word or for an option.
fn as_argument(word: &str, name: &IfName) -> String {
    let text = name.as_str();
    match text.starts_with('-') || WORDS.contains(&text) || "help".starts_with(text) {
        true => format!("{word} {}", arg(name)),
        false => arg(name),
    }
}

fn attributes(out: &mut fmt::Formatter<'_>, nest: Nest, kind: &Kind, attrs: &Attrs) -> fmt::Result {
    // In the order of the plan.
    attrs
        .iter()
        .try_for_each(|(number, payload)| out.write_str(&attribute(nest, kind, number, payload)))
}

/// Options of a port: `ip` has words for most, `bridge` for more of them, and a few are only in /sys.
fn port(out: &mut fmt::Formatter<'_>, name: IfName, kind: &Kind, data: &Attrs) -> fmt::Result {
    let (mut of_ip, mut of_bridge, mut of_sysfs) = (Attrs::new(), Attrs::new(), Vec::new());
    for (number, payload) in data.iter() {
        match find(Nest::Port, kind, number).map(KernelAttr::word) {
            Some(Word::Bridge(_)) => of_bridge.set(number, payload),
            Some(Word::Sysfs(file)) => of_sysfs.push((file, attribute(Nest::Port, kind, number, payload))),
            Some(Word::Ip(_) | Word::Bits(_)) | None => of_ip.set(number, payload),
        }
    }
    let mut between = "";
    if !of_ip.is_empty() || data.is_empty() {
        let name = as_argument("dev", &name);
        write!(out, "ip link set {name} type {kind}_slave")?;
        attributes(out, Nest::Port, kind, &of_ip)?;
        between = " && ";
    }
    if !of_bridge.is_empty() {
        let name = arg(&name);
        write!(out, "{between}bridge link set dev {name}")?;
        attributes(out, Nest::Port, kind, &of_bridge)?;
        between = " && ";
    }
    for (file, shown) in of_sysfs {
        let (_, value) = shown.rsplit_once(' ').unwrap_or_default();
        let path = format!("/sys/class/net/{name}/brport/{file}");
        write!(out, "{between}echo {value} > {path}", path = quoted(&path))?;
        between = " && ";
    }
    Ok(())
}

fn vlans(
    out: &mut fmt::Formatter<'_>,
    verb: &str,
    name: IfName,
    on_self: bool,
    ranges: &[crate::types::VlanRange],
) -> fmt::Result {
    let name = arg(&name);
    for (at, range) in ranges.iter().enumerate() {
        let gap = if at > 0 { "; " } else { "" };
        let place = if on_self { " self" } else { "" };
        match verb {
            "del" => {
                write!(out, "{gap}bridge vlan del dev {name} vid {}", range.first)?;
                if range.last != range.first {
                    write!(out, "-{}", range.last)?;
                }
                out.write_str(place)?;
            }
            _ => write!(out, "{gap}bridge vlan {verb} dev {name} vid {range}{place}")?,
        }
    }
    Ok(())
}

fn family(route: &Route) -> &'static str {
    match route.to.0.is_ipv6() && route.is_default() {
        true => " -6",
        false => "",
    }
}

fn scope_word(scope: ScopeId) -> String {
    match scope.0 {
        0 => "global".to_owned(),
        200 => "site".to_owned(),
        253 => "link".to_owned(),
        254 => "host".to_owned(),
        255 => "nowhere".to_owned(),
        other => other.to_string(),
    }
}

fn address_options(out: &mut fmt::Formatter<'_>, address: &Address) -> fmt::Result {
    if let Some(broadcast) = address.broadcast {
        write!(out, " brd {broadcast}")?;
    }
    if address.scope.0 != 0 {
        write!(out, " scope {}", scope_word(address.scope))?;
    }
    if let Some(label) = &address.label {
        write!(out, " label {}", quoted(label.as_str()))?;
    }
    if address.metric != 0 {
        write!(out, " metric {}", address.metric)?;
    }
    for (flag, word) in [(IFA_F_NODAD, "nodad"), (IFA_F_NOPREFIXROUTE, "noprefixroute")] {
        if address.flags & flag != 0 {
            write!(out, " {word}")?;
        }
    }
    Ok(())
}

fn lifetimes(out: &mut fmt::Formatter<'_>, address: &Address) -> fmt::Result {
    if let Some(valid) = address.valid {
        write!(out, " valid_lft {valid}")?;
    }
    if let Some(preferred) = address.preferred {
        write!(out, " preferred_lft {preferred}")?;
    }
    Ok(())
}

fn route_options(out: &mut fmt::Formatter<'_>, route: &Route) -> fmt::Result {
    match route.protocol {
        0 | RTPROT_BOOT => {}
        2 => write!(out, " proto kernel")?,
        4 => write!(out, " proto static")?,
        other => write!(out, " proto {other}")?,
    }
    if route.scope.0 != 0 {
        write!(out, " scope {}", scope_word(route.scope))?;
    }
    Ok(())
}

fn fdb_options(out: &mut fmt::Formatter<'_>, fdb: &Fdb) -> fmt::Result {
    if let Some(dst) = fdb.dst {
        write!(out, " dst {dst}")?;
    }
    if let Some(vlan) = fdb.vlan {
        write!(out, " vlan {vlan}")?;
    }
    out.write_str(if fdb.on_self { " self" } else { " master" })?;
    out.write_str(if fdb.on_self == fdb.fixed {
        " permanent"
    } else {
        " static"
    })
}

impl Phase {
    /// The word of interfaces(5).
    pub fn word(self) -> &'static str {
        match self {
            Phase::PreUp => "pre-up",
            Phase::Up => "up",
            Phase::PostUp => "post-up",
            Phase::PreDown => "pre-down",
            Phase::Down => "down",
            Phase::PostDown => "post-down",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.word())
    }
}

impl fmt::Display for Action {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Kernel(op) => op.fmt(out),
            Action::Hook(name, phase, _) => write!(out, "# {phase} of {name}"),
        }
    }
}

impl Action {
    /// The step with all that it runs, on one line: `# up of vmbr0: ip route add ... (new or changed in the file)`.
    ///
    /// *Shape*: for people at a terminal. Commands may hold passwords, which [`Display`](fmt::Display) leaves out.
    pub fn in_full(&self) -> String {
        match self {
            Action::Kernel(op) => op.to_string(),
            Action::Hook(_, phase, run) => format!("{self}: {}", told(*phase, run).join("; ")),
        }
    }
}

/// What a hook step runs, each with its reason.
fn told(phase: Phase, run: &HookRun) -> Vec<String> {
    let (lines, scripts) = match &run.why {
        Why::BroughtUp => ("the interface is brought up", String::new()),
        Why::TakenDown => ("the interface is taken down", String::new()),
        Why::Forced => ("--force", String::new()),
        Why::Changed { options } => ("new or changed in the file", format!("{} changed", options.join(", "))),
        Why::Gone => ("undoes a line that is gone from the file", String::new()),
    };
    let scripts = if scripts.is_empty() { lines } else { &scripts };
    let mut all: Vec<String> = run.lines.iter().map(|line| format!("{line} ({lines})")).collect();
    if run.scripts {
        all.push(format!("scripts of if-{phase}.d ({scripts})"));
    }
    all
}

impl fmt::Display for Plan {
    /// One step a line, in the order of the plan.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.steps
            .iter()
            .try_for_each(|step| writeln!(out, "{}", step.action.in_full()))
    }
}

#[cfg(test)]
mod tests;
