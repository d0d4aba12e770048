//! What a plan takes away on purpose, so that nothing puts it back.

use crate::name::IfName;
use crate::types::{Address, Route};
use std::net::IpAddr;

/// Something taken away on purpose.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Gone {
    Address(IfName, IpAddr, u8),
    Route(IfName, (IpAddr, u8), u32, u32, Option<IpAddr>),
    Master(IfName),
    Up(IfName),
    Link(IfName),
}

impl Gone {
    pub(super) fn address(name: IfName, address: &Address) -> Self {
        Self::Address(name, address.ip, address.prefix)
    }

    pub(super) fn route(name: IfName, route: &Route) -> Self {
        Self::Route(name, route.to, route.table, crate::fake::kept_metric(route), route.via)
    }
}
