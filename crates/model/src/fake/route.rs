//! Routes.

use super::*;
use crate::types::{Leg, Multipath};
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

/// The route by one of its ways alone.
pub(crate) fn by_leg<L>(route: &Route, leg: &Leg<L>) -> Route {
    Route {
        via: leg.via,
        onlink: leg.onlink,
        legs: Vec::new(),
        ..route.clone()
    }
}

impl FakeKernel {
    pub(super) fn add_route(&mut self, name: IfName, route: &Route, replace: bool) -> Answer {
        if !route.legs.is_empty() {
            return self.add_several(route, replace);
        }
        let index = self.index(name)?;
        self.check_route(index, route)?;
        let is_there = |old: &Multipath| same_place(&old.route, route);
        if self.now.multipath.iter().any(is_there) && !replace {
            return Err(KernelError::errno(EEXIST));
        }
        self.now.multipath.retain(|old| !is_there(old));
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

    /// A route over several links: each of them must take it.
    fn add_several(&mut self, route: &Route, replace: bool) -> Answer {
        let mut legs = Vec::new();
        for leg in &route.legs {
            let index = self.index(leg.link)?;
            self.check_route(index, &by_leg(route, leg))?;
            legs.push(leg.over(index));
        }
        let single = self.now.routes.values().flatten().any(|old| same_place(old, route));
        let several = self.now.multipath.iter().any(|old| same_place(&old.route, route));
        if (single || several) && !replace {
            return Err(KernelError::errno(EEXIST));
        }
        let there: Vec<u32> = self.now.routes.keys().copied().collect();
        for at in there.into_iter().filter(|_| single) {
            let is_there = self.now.routes(at).iter().any(|old| same_place(old, route));
            if is_there {
                self.touch(at);
                self.now
                    .routes
                    .entry(at)
                    .or_default()
                    .retain(|old| !same_place(old, route));
            }
        }
        self.now.multipath.retain(|old| !same_place(&old.route, route));
        let mut new = Route {
            legs: Vec::new(),
            ..route.clone()
        };
        new.metric = kept_metric(route);
        self.now.multipath.push(Multipath { route: new, legs });
        Ok(())
    }

    /// Routes over several links lose those that went, went down, or lost their last IPv4 address in the last step
    /// (`fib_sync_down_dev`, `fib_disable_ip`), and go with the last of them. Answers how they were.
    pub(super) fn prune_several(&mut self) {
        self.several.clear();
        if self.now.multipath.is_empty() {
            return;
        }
        let v4 = |all: &[Address]| all.iter().any(|address| address.ip.is_ipv4());
        let mut dead: Vec<(u32, bool)> = Vec::new();
        for (index, was) in &self.touched {
            let Some(was) = was else { continue };
            let is = self.now.by_index(*index);
            let down = is.is_none_or(|is| was.link.is_up() && !is.is_up());
            if down || v4(&was.addresses) && !v4(self.now.addresses(*index)) {
                dead.push((*index, down));
            }
        }
        let goes = |route: &Route, link: u32| {
            let mut all = dead.iter();
            all.any(|(index, down)| *index == link && (*down || route.to.0.is_ipv4()))
        };
        let named = |several: &Multipath| {
            let name = |index: u32| {
                let was = self
                    .touched
                    .get(&index)
                    .and_then(Option::as_ref)
                    .map(|was| was.link.name);
                was.or_else(|| self.now.by_index(index).map(|link| link.name))
            };
            let legs = several.legs.iter().map(|leg| Some(leg.over(name(leg.link)?)));
            Some(Route {
                legs: legs.collect::<Option<_>>()?,
                ..several.route.clone()
            })
        };
        let hit = |several: &&Multipath| several.legs.iter().any(|leg| goes(&several.route, leg.link));
        let lost: Vec<Route> = self.now.multipath.iter().filter(hit).filter_map(named).collect();
        for several in &mut self.now.multipath {
            let route = &several.route;
            several.legs.retain(|leg| !goes(route, leg.link));
        }
        self.now.multipath.retain(|several| !several.legs.is_empty());
        self.several = lost;
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
        if !route.legs.is_empty() {
            let before = self.now.multipath.len();
            self.now.multipath.retain(|old| !same_place(&old.route, route));
            return match self.now.multipath.len() < before {
                true => Ok(()),
                false => Err(KernelError::errno(ESRCH)),
            };
        }
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
