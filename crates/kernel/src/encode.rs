//! From the steps of a plan to the kernel's messages.

mod address;
mod fdb;
mod link;
mod route;
mod rule;
mod vlan;

use crate::names::Resolver;
use crate::socket::Request;
use cleat_model::kernel::KernelError;
use cleat_model::op::Op;
use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE};
use netlink_packet_route::RouteNetlinkMessage;

/// How a step is done.
pub(crate) enum Work {
    /// By these requests, in order.
    Requests(Vec<Request>),
    /// By writing a value to a file under /proc/sys.
    Write(String, String),
}

impl Work {
    fn request(message: RouteNetlinkMessage, flags: u16) -> Self {
        Work::Requests(vec![Request { message, flags }])
    }
}

/// Translates one step.
///
/// *Errors*: a link that it names is not there.
pub(crate) fn work(op: &Op, links: &mut Resolver<'_>) -> Result<Work, KernelError> {
    use RouteNetlinkMessage as Message;
    let set = |message| Work::request(Message::NewLink(message), 0);
    Ok(match op {
        Op::CreateLink {
            name,
            kind,
            parent,
            peer,
            link,
            data,
            up,
        } => {
            let new = link::New {
                name: *name,
                kind,
                parent: *parent,
                peer: *peer,
                link,
                data,
                up: *up,
            };
            Work::request(Message::NewLink(new.message(links)?), NLM_F_CREATE | NLM_F_EXCL)
        }
        Op::DeleteLink { name } => Work::request(Message::DelLink(link::deleted(links.index(*name)?)), 0),
        Op::RenameLink { from, to } => set(link::renamed(links.index(*from)?, *to)),
        Op::SetLink { name, link } => set(link::with_attrs(links.index(*name)?, link)),
        Op::SetData {
            name,
            kind,
            data,
            links: others,
        } => {
            let index = links.index(*name)?;
            let mut data = data.clone();
            for (attr, other) in others {
                let other = other.map_or(Ok(0), |other| links.index(other))?;
                data.push(*attr, &other.to_ne_bytes());
            }
            set(link::with_data(index, kind, &data))
        }
        Op::SetPort { name, kind, data } => set(link::with_port(links.index(*name)?, kind, data)),
        Op::SetMaster { name, master } => {
            let index = links.index(*name)?;
            let master = master.map_or(Ok(0), |master| links.index(master))?;
            set(link::with_master(index, master))
        }
        Op::SetUp { name, up } => set(link::with_up(links.index(*name)?, *up)),
        Op::SetAddrGenMode { name, mode } => set(link::with_addr_gen_mode(links.index(*name)?, *mode)),
        Op::AddVlans { name, on_self, ranges } => {
            Work::Requests(vlan::requests(links.index(*name)?, *on_self, ranges, Message::SetLink))
        }
        Op::DelVlans { name, on_self, ranges } => {
            Work::Requests(vlan::requests(links.index(*name)?, *on_self, ranges, Message::DelLink))
        }
        Op::AddAddress { name, address, replace } => {
            let flags = NLM_F_CREATE | if *replace { NLM_F_REPLACE } else { NLM_F_EXCL };
            let message = address::added(links.index(*name)?, address);
            Work::request(Message::NewAddress(message), flags)
        }
        Op::DelAddress { name, address } => {
            let message = address::deleted(links.index(*name)?, address);
            Work::request(Message::DelAddress(message), 0)
        }
        Op::AddRoute { name, route, replace } => {
            let flags = NLM_F_CREATE | if *replace { NLM_F_REPLACE } else { NLM_F_EXCL };
            Work::request(
                Message::NewRoute(route::added(links.index(*name)?, route, &mut |name| links.index(name))?),
                flags,
            )
        }
        Op::DelRoute { name, route } => {
            Work::request(Message::DelRoute(route::deleted(links.index(*name)?, route)?), 0)
        }
        Op::AddFdb { name, fdb } => {
            let message = fdb::message(links.index(*name)?, fdb);
            Work::request(Message::NewNeighbour(message), fdb::flags(fdb))
        }
        Op::DelFdb { name, fdb } => Work::request(Message::DelNeighbour(fdb::message(links.index(*name)?, fdb)), 0),
        Op::AddRule { rule, .. } => Work::request(Message::NewRule(rule::message(*rule)), NLM_F_CREATE | NLM_F_EXCL),
        Op::DelRule { rule, .. } => Work::request(Message::DelRule(rule::message(*rule)), 0),
        Op::SetConf { name, v6, key, value } => {
            let family = if *v6 { "ipv6" } else { "ipv4" };
            Work::Write(format!("/proc/sys/net/{family}/conf/{name}/{key}"), value.to_string())
        }
        Op::Ethtool(set) => return Err(KernelError::text(format!("`{set}` is not a step of rtnetlink"))),
        Op::SetSysctl { setting, .. } => Work::Write(format!("/proc/sys/{}", setting.key), setting.value.clone()),
    })
}
