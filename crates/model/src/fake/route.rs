//! Routes.

use super::*;
use std::net::IpAddr;

/// The metric as the kernel keeps it: none said is 1024 for IPv6 (`IP6_RT_PRIO_USER`).
pub(crate) fn kept_metric(route: &Route) -> u32 {
    match (route.metric, route.to.0) {
        (0, IpAddr::V6(_)) => 1024,
        (metric, _) => metric,
    }
}

/// Whether both would stand at one place of the kernel's table, whatever their gateways and links.
pub(crate) fn same_place(a: &Route, b: &Route) -> bool {
    a.to == b.to && a.table == b.table && kept_metric(a) == kept_metric(b)
}

impl FakeKernel {
    pub(super) fn add_route(&mut self, name: IfName, route: &Route, replace: bool) -> Answer {
        let index = self.index(name)?;
        self.check_route(index, route)?;
        let there: Vec<u32> = self
            .now
            .routes
            .iter()
            .filter(|(_, routes)| routes.iter().any(|old| same_place(old, route)))
            .map(|(at, _)| *at)
            .collect();
        if !there.is_empty() && !replace {
            return Err(KernelError::errno(EEXIST));
        }
        for at in there {
            self.touch(at);
            if let Some(routes) = self.now.routes.get_mut(&at) {
                routes.retain(|old| !same_place(old, route));
            }
        }
        self.touch(index);
        let mut new = route.clone();
        new.metric = kept_metric(route);
        self.now.routes.entry(index).or_default().push(new);
        Ok(())
    }

    /// Refuses what has no device, gateway or source to go by.
    pub(crate) fn check_route(&self, index: u32, route: &Route) -> Answer {
        let up = self.link(index)?.is_up();
        let v4 = route.to.0.is_ipv4();
        match route.via {
            // On a link that is down no gateway is reachable; `onlink` skips that question.
            Some(_) if !up && v4 && !route.onlink => return Err(refuse(ENETUNREACH, "Nexthop has invalid gateway")),
            _ if !up => return Err(refuse(ENETDOWN, "Device for nexthop is not up")),
            Some(via) => self.check_gateway(index, via, route)?,
            None => {}
        }
        let source_is_here = route.source.is_none_or(|source| {
            let mut all = self.now.addresses.values().flatten();
            all.any(|address| address.ip == source)
        });
        match source_is_here {
            true => Ok(()),
            false => Err(refuse(EINVAL, "Invalid prefsrc address")),
        }
    }

    fn check_gateway(&self, index: u32, via: IpAddr, route: &Route) -> Answer {
        // IPv4 takes the host's own address as a gateway (`fib_check_nh_v4_gw`: RTN_LOCAL is allowed), IPv6 does not.
        let mut all = self.now.addresses.values().flatten();
        if via.is_ipv6() && all.any(|address| address.ip == via) {
            return Err(refuse(EINVAL, "Gateway can not be a local address"));
        }
        let link_local = matches!(via, IpAddr::V6(ip) if ip.segments()[0] & 0xffc0 == 0xfe80);
        let routed = |to: &Route| {
            to.via.is_none() && to.to.1 > 0 && to.to.0.is_ipv4() == via.is_ipv4() && network(via, to.to.1) == to.to.0
        };
        let near = self.now.addresses(index).iter().any(|address| covers(address, via))
            || self.now.routes(index).iter().any(routed);
        match (near || link_local || route.onlink, via) {
            (true, _) => Ok(()),
            (false, IpAddr::V4(_)) => Err(refuse(ENETUNREACH, "Nexthop has invalid gateway")),
            (false, IpAddr::V6(_)) => Err(KernelError::errno(EHOSTUNREACH)),
        }
    }

    pub(super) fn del_route(&mut self, name: IfName, route: &Route) -> Answer {
        let index = self.index(name)?;
        // Without a metric any metric is meant; routes stand in the order of their metrics (`fib_table_delete`).
        let all = self.now.routes(index).iter().enumerate();
        let matches = all.filter(|(_, old)| {
            let metric = route.metric == 0 || kept_metric(old) == kept_metric(route);
            old.to == route.to && old.table == route.table && metric && (route.via.is_none() || old.via == route.via)
        });
        let first = matches.min_by_key(|(_, old)| kept_metric(old)).map(|(at, _)| at);
        let Some(at) = first else {
            return Err(KernelError::errno(ESRCH));
        };
        self.touch(index);
        self.now.routes.entry(index).or_default().remove(at);
        Ok(())
    }
}
