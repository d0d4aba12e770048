//! Ports: into a bridge, bond or VRF, and out.

use super::defaults;
use super::*;
use crate::attrs::bond::FAIL_OVER_MAC;
use crate::kernel_attr::Nest;
use crate::nla::Attrs;
use crate::snapshot::{IFLA_ADDRESS, IFLA_BOND_SLAVE_PERM_HWADDR};
use crate::types::Kind;

impl FakeKernel {
    pub(super) fn set_master(&mut self, name: IfName, master: Option<IfName>) -> Answer {
        let index = self.index(name)?;
        let target = match master {
            Some(master) => Some(self.index(master)?),
            None => None,
        };
        if self.link(index)?.master == target {
            return Ok(());
        }
        let Some(target) = target else {
            self.release(index);
            return Ok(());
        };
        let (port, upper) = (self.link(index)?, self.link(target)?);
        check_join(port, upper)?;
        let kind = upper.kind.clone();
        if kind == Kind::Bond && port.is_up() {
            return Err(refuse(EPERM, "Device can not be enslaved while up"));
        }
        if !self.predicting && self.reaches(target, index) {
            return Err(KernelError::errno(if kind == Kind::Bridge { ELOOP } else { EBUSY }));
        }
        let macvlan = !self.predicting
            && self
                .now
                .links()
                .iter()
                .any(|link| link.kind == Kind::Macvlan && link.parent == Some(index));
        if macvlan && kind != Kind::Vrf {
            return Err(KernelError::errno(EBUSY));
        }
        if self.link(index)?.master.is_some() {
            self.release(index);
        }
        match kind == Kind::Bond {
            true => self.join_bond(index, target),
            false => self.join(index, target, &kind),
        }
    }

    fn join(&mut self, index: u32, target: u32, kind: &Kind) -> Answer {
        self.touch(target);
        let port = match *kind == Kind::Bridge {
            true => self.known(Nest::Port, kind, &defaults::bridge_port()),
            false => Attrs::new(),
        };
        self.change(index, |link| {
            link.master = Some(target);
            link.port_kind = Some(kind.clone());
            link.port = port;
        });
        if *kind == Kind::Vrf {
            self.cycle(index);
        }
        if *kind == Kind::Bridge {
            self.default_vlan(target, index);
            self.follow_ports(target);
            self.follow_mac(target);
        }
        Ok(())
    }

    /// A bridge whose MAC nobody set has the smallest of its ports' (`br_stp_recalculate_bridge_id`).
    pub(super) fn follow_mac(&mut self, bridge: u32) {
        if self.hidden(bridge).mac_set {
            return;
        }
        let least = self.now.ports(bridge).filter_map(Link::mac).min();
        if let Some(least) = least
            && self.now.by_index(bridge).and_then(Link::mac) != Some(least)
        {
            self.set_mac(bridge, least);
        }
    }

    fn join_bond(&mut self, index: u32, bond: u32) -> Answer {
        let port = self.link(index)?.clone();
        let upper = self.link(bond)?.clone();
        let first = self.now.ports(bond).next().is_none();
        let (Some(own), Some(mut mac)) = (port.mac(), upper.mac()) else {
            return Err(KernelError::errno(EOPNOTSUPP));
        };
        if first && !self.hidden(bond).mac_set {
            self.set_mac(bond, own);
            mac = own;
        }
        self.hidden(index).before_bond = Some((own, port.mtu()));
        let active_only = upper.data.get(FAIL_OVER_MAC.number).is_some_and(|policy| policy != [0]);
        self.touch(bond);
        let fresh = self.known(Nest::Port, &Kind::Bond, &defaults::bond_port(own));
        self.change(index, |link| {
            link.master = Some(bond);
            link.port_kind = Some(Kind::Bond);
            link.port = fresh;
        });
        if !active_only {
            self.set_mac(index, mac);
        }
        if port.mtu() != upper.mtu() {
            self.set_mtu(index, upper.mtu());
        }
        // `bond_enslave` opens the port.
        self.set_up(index, true)
    }

    /// Takes a port out of its master.
    pub(super) fn release(&mut self, index: u32) {
        let Some(link) = self.now.by_index(index).cloned() else {
            return;
        };
        let Some(master) = link.master else { return };
        self.touch(master);
        self.change(index, |link| {
            link.master = None;
            link.port_kind = None;
            link.port = Attrs::new();
        });
        // A bridge that was a member of a VRF keeps those of its own.
        if link.port_kind == Some(Kind::Bridge) {
            self.now.vlans.remove(&index);
            if let Some(entries) = self.now.fdb.get_mut(&index) {
                entries.retain(|entry| entry.on_self);
            }
        }
        match link.port_kind {
            Some(Kind::Bond) => {
                let kept = self.hidden(index).before_bond.take();
                let perm = link
                    .port
                    .get(IFLA_BOND_SLAVE_PERM_HWADDR)
                    .and_then(Mac::new)
                    .or(link.perm_mac);
                // `__bond_release_one` closes the port and gives it back its MAC and MTU. Closing cannot fail.
                let _ = self.set_up(index, false);
                if let Some(mac) = kept.map(|(mac, _)| mac).or(perm) {
                    self.change(index, |link| link.attrs.set(IFLA_ADDRESS, mac.bytes()));
                }
                if let Some((_, mtu)) = kept {
                    self.set_mtu(index, mtu);
                }
                if self.now.ports(master).next().is_none() && self.now.by_index(master).is_some() {
                    self.set_mac(master, defaults::mac(0x7000_0000 + master));
                    self.hidden(master).mac_set = false;
                }
            }
            Some(Kind::Vrf) => self.cycle(index),
            Some(Kind::Bridge) => {
                self.follow_ports(master);
                self.follow_mac(master);
            }
            // Nothing else takes ports on the simulator.
            Some(
                Kind::Physical
                | Kind::Vlan
                | Kind::Vxlan
                | Kind::Veth
                | Kind::Dummy
                | Kind::Macvlan
                | Kind::Row(_)
                | Kind::Other(_),
            )
            | None => {}
        }
    }

    /// A port of a VRF is set down and up when it comes and goes, so that its routes move (`cycle_netdev`).
    fn cycle(&mut self, index: u32) {
        if self.now.by_index(index).is_some_and(Link::is_up) {
            // A link that was up can be set up again: what it stands on is up.
            let _ = self.set_up(index, false);
            let _ = self.set_up(index, true);
        }
    }

    /// Whether `from` hangs, by master or parent, below `to` being above it: joining would make a ring.
    fn reaches(&self, from: u32, to: u32) -> bool {
        let mut at = vec![from];
        let mut seen = Vec::new();
        while let Some(index) = at.pop() {
            if index == to {
                return true;
            }
            if seen.contains(&index) {
                continue;
            }
            seen.push(index);
            if let Some(link) = self.now.by_index(index) {
                at.extend(link.master);
                if link.kind != Kind::Veth {
                    at.extend(
                        self.now
                            .links()
                            .iter()
                            .filter(|upper| stands_on(upper, index))
                            .map(|upper| upper.index),
                    );
                }
            }
        }
        false
    }

    pub(super) fn set_port(&mut self, name: IfName, kind: &Kind, data: &Attrs) -> Answer {
        let index = self.index(name)?;
        if self.link(index)?.port_kind.as_ref() != Some(kind) {
            return Err(KernelError::errno(EOPNOTSUPP));
        }
        let data = self.known(Nest::Port, kind, data);
        self.change(index, |link| {
            for (number, payload) in data.iter() {
                link.port.set(number, payload);
            }
        });
        Ok(())
    }
}

fn check_join(port: &Link, upper: &Link) -> Answer {
    if upper.kind.row().ports.is_none() {
        return Err(KernelError::errno(EOPNOTSUPP));
    }
    if port.is_loopback() {
        let errno = if upper.kind == Kind::Vrf { EOPNOTSUPP } else { EINVAL };
        return Err(KernelError::errno(errno));
    }
    if (&upper.kind, &port.kind) == (&Kind::Bridge, &Kind::Bridge) {
        return Err(refuse(ELOOP, "Can not enslave a bridge to a bridge"));
    }
    if (&upper.kind, &port.kind) == (&Kind::Vrf, &Kind::Vrf) {
        return Err(refuse(EINVAL, "Can not add a VRF as a port of a VRF"));
    }
    match port.index == upper.index {
        true => Err(KernelError::errno(EPERM)),
        false => Ok(()),
    }
}
