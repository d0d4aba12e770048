//! `RTM_NEWADDR`.

use super::{AF_INET, AF_INET6, ip, number, number_at, text};
use cleat_model::nla;
use cleat_model::types::{Address, ScopeId};

/// Bytes of `struct ifaddrmsg`.
const HEADER: usize = 8;
/// `INFINITY_LIFE_TIME` of the kernel's net/addrconf.h.
const FOREVER: u32 = u32::MAX;

// enum IFA_* of linux/if_addr.h.
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFA_LABEL: u16 = 3;
const IFA_BROADCAST: u16 = 4;
const IFA_CACHEINFO: u16 = 6;
const IFA_FLAGS: u16 = 8;
const IFA_RT_PRIORITY: u16 = 9;

/// The link's index and an address of it; `None` for families other than IP. The label is as the kernel sent it.
pub(crate) fn address(body: &[u8]) -> Option<(u32, Address)> {
    let [family, prefix, flags, scope, ..] = *body else {
        return None;
    };
    if family != AF_INET && family != AF_INET6 {
        return None;
    }
    let index = number_at(body, 4)?;
    let (mut remote, mut local) = (None, None);
    // The address itself is put in at the end.
    let mut address = Address::plain(std::net::Ipv4Addr::UNSPECIFIED.into(), prefix);
    address.scope = ScopeId(scope);
    address.flags = flags.into();
    for (kind, bytes) in nla::iter(body.get(HEADER..)?) {
        match kind {
            IFA_ADDRESS => remote = ip(bytes),
            IFA_LOCAL => local = ip(bytes),
            IFA_LABEL => address.label = Some(String::from_utf8_lossy(text(bytes)).into_owned()),
            IFA_BROADCAST => address.broadcast = ip(bytes),
            IFA_CACHEINFO => {
                // struct ifa_cacheinfo: preferred, valid, two stamps.
                let lifetime = |at| number_at(bytes, at).filter(|seconds| *seconds != FOREVER);
                (address.preferred, address.valid) = (lifetime(0), lifetime(4));
            }
            IFA_FLAGS => address.flags = number(bytes).unwrap_or(address.flags),
            IFA_RT_PRIORITY => address.metric = number(bytes).unwrap_or_default(),
            _ => {}
        }
    }
    address.ip = local.or(remote)?;
    address.peer = remote.filter(|remote| *remote != address.ip);
    Some((index, address))
}
