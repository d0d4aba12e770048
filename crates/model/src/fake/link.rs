//! Links: made, deleted, set, up and down.

use super::address::CONF6_KEEP_ADDRESSES;
use super::defaults;
use super::*;
use crate::attrs::{bridge, vlan, vxlan};
use crate::kernel_attr::Nest;
use crate::kinds::{Below, MacFrom, Mtu, New};
use crate::nla::Attrs;
use crate::op::Sysctl;
use crate::snapshot::{IFF_UP, IFLA_ADDRESS, IFLA_IFALIAS, IFLA_MTU};
use crate::types::Kind;

impl FakeKernel {
    pub(super) fn create(&mut self, op: &Op) -> Answer {
        let Op::CreateLink {
            name,
            kind,
            parent,
            peer,
            link,
            data,
            up,
        } = op
        else {
            return Err(KernelError::errno(EINVAL));
        };
        if self.now.get(*name).is_some() || peer.is_some_and(|peer| self.now.get(peer).is_some() || peer == *name) {
            return Err(KernelError::errno(EEXIST));
        }
        if matches!(kind, Kind::Physical | Kind::Other(_)) {
            return Err(refuse(EOPNOTSUPP, "Unknown device type"));
        }
        let below = match parent {
            Some(parent) => Some(self.link(self.index(*parent)?)?.clone()),
            None => None,
        };
        self.check_new(kind, below.as_ref(), link, data, *up)?;
        let index = self.next_index;
        let row = kind.row();
        let mut made = defaults::link(index, *name, kind.clone(), defaults::mac(index));
        if let Some(below) = &below {
            match row.below {
                Below::Data(number, _) => made.data.set(number, &below.index.to_ne_bytes()),
                Below::Link(_) | Below::Nothing | Below::Peer(_) => made.parent = Some(below.index),
            }
            if let (MacFrom::Below, Some(mac)) = (row.mac, below.mac()) {
                made.attrs.set(IFLA_ADDRESS, mac.bytes());
            }
            let overhead = match row.mtu {
                Mtu::Inside(outer) => outer(data),
                Mtu::Own | Mtu::Others | Mtu::Below | Mtu::GivenToPorts | Mtu::OfPorts => 0,
            };
            made.attrs
                .set(IFLA_MTU, &below.mtu().saturating_sub(overhead).to_ne_bytes());
        }
        for (number, payload) in link.iter() {
            made.attrs.set(number, payload);
        }
        let data = &self.known(Nest::Data, kind, data);
        made.data = self.known(Nest::Data, kind, &made.data);
        if *kind != Kind::Bond {
            merge(kind, &mut made.data, data);
        }
        let hidden = Hidden {
            mac_set: link.get(IFLA_ADDRESS).is_some(),
            // `rtnl_create_link` writes the MTU past the bridge's own `br_change_mtu`: the ports still change it.
            mtu_set: false,
            before_bond: None,
        };
        self.next_index += 1;
        self.touch(index);
        if let Some(peer) = peer {
            let other = self.next_index;
            self.next_index += 1;
            self.touch(other);
            let mut end = defaults::link(other, *peer, Kind::Veth, defaults::mac(other));
            end.parent = Some(index);
            made.parent = Some(other);
            self.now.insert(end);
        }
        self.stands(&made);
        self.now.insert(made);
        self.hidden.insert(index, hidden);
        if *kind == Kind::Bridge {
            self.default_vlan(index, index);
        }
        if *kind == Kind::Bond
            && let Err(error) = self.bond_options(index, data)
        {
            self.remove(index);
            self.touched.clear();
            return Err(error);
        }
        match up {
            true => self.set_up(index, true),
            false => Ok(()),
        }
    }

    fn check_new(&self, kind: &Kind, below: Option<&Link>, link: &Attrs, data: &Attrs, up: bool) -> Answer {
        let mtu = number(link.get(IFLA_MTU)).filter(|_| !self.predicting);
        self.check_values(link)?;
        if let Some(mtu) = mtu {
            check_mtu(kind, None, mtu)?;
        }
        let others = match self.predicting {
            true => &[][..],
            false => self.now.links(),
        };
        (kind.row().refuses)(&New {
            below,
            data,
            mtu,
            up,
            others,
        })
    }

    /// A plan takes values as they are: what the kernel refuses of them costs no step that follows.
    fn check_values(&self, link: &Attrs) -> Answer {
        match self.predicting {
            true => Ok(()),
            false => check_mac(link),
        }
    }

    pub(super) fn delete(&mut self, name: IfName) -> Answer {
        let index = self.index(name)?;
        if self.link(index)?.kind == Kind::Physical {
            return Err(KernelError::errno(EOPNOTSUPP));
        }
        self.remove(index);
        Ok(())
    }

    fn remove(&mut self, index: u32) {
        let Some(link) = self.now.by_index(index).cloned() else {
            return;
        };
        for child in self.children(index) {
            self.remove(child);
        }
        for port in self.port_indexes(index) {
            self.release(port);
        }
        if link.master.is_some() {
            self.release(index);
        }
        self.touch(index);
        self.falls(&link);
        self.now.remove(index);
        self.hidden.remove(&index);
        if let (Kind::Veth, Some(other), None) = (&link.kind, link.parent, link.parent_netns)
            && self
                .now
                .by_index(other)
                .is_some_and(|other| other.parent == Some(index))
        {
            self.remove(other);
        }
    }

    pub(super) fn rename(&mut self, from: IfName, to: IfName) -> Answer {
        let mut link = self.link(self.index(from)?)?.clone();
        if self.now.get(to).is_some() {
            return Err(KernelError::errno(EEXIST));
        }
        if link.is_up() {
            return Err(KernelError::errno(EBUSY));
        }
        self.touch(link.index);
        link.name = to;
        self.now.insert(link);
        Ok(())
    }

    pub(super) fn set_link(&mut self, name: IfName, attrs: &Attrs) -> Answer {
        let index = self.index(name)?;
        self.check_values(attrs)?;
        if let Some(mtu) = number(attrs.get(IFLA_MTU)) {
            let link = self.link(index)?;
            let parent = link.parent.and_then(|parent| self.now.by_index(parent));
            if link.kind == Kind::Vlan && parent.is_some_and(|parent| mtu > parent.mtu()) {
                return Err(KernelError::errno(ERANGE));
            }
            if !self.predicting {
                check_mtu(&link.kind, link.mtu_limits(), mtu)?;
            }
            // `dev_set_mtu` does not ask the driver where nothing changes.
            self.hidden(index).mtu_set |= link.mtu() != mtu;
            self.set_mtu(index, mtu);
        }
        let ignores_mac = self.follows_active_port(index);
        if let Some(mac) = attrs.get(IFLA_ADDRESS).and_then(Mac::new)
            && !ignores_mac
        {
            self.set_mac(index, mac);
            self.hidden(index).mac_set = true;
        }
        self.change(index, |link| {
            for (number, payload) in attrs.iter() {
                if number == IFLA_ADDRESS && ignores_mac {
                    continue;
                }
                link.attrs.set(number, payload);
            }
            // `dev_set_alias`: an empty alias is none.
            if link
                .attrs
                .get(IFLA_IFALIAS)
                .is_some_and(|alias| alias.is_empty() || alias == b"\0")
            {
                let others = link.attrs.iter().filter(|(number, _)| *number != IFLA_IFALIAS);
                link.attrs = others.map(|(number, payload)| (number, payload.to_vec())).collect();
            }
        });
        Ok(())
    }

    pub(super) fn set_mtu(&mut self, index: u32, mtu: u32) {
        self.change(index, |link| link.attrs.set(IFLA_MTU, &mtu.to_ne_bytes()));
        let Some(link) = self.now.by_index(index) else { return };
        let (kind, master) = (link.kind.clone(), link.master);
        for child in self.children(index) {
            let over = self
                .now
                .by_index(child)
                .is_some_and(|child| matches!(child.kind.row().mtu, Mtu::Below) && child.mtu() > mtu);
            if over {
                self.set_mtu(child, mtu);
            }
        }
        if kind == Kind::Bond {
            for port in self.port_indexes(index) {
                self.set_mtu(port, mtu);
            }
        }
        if let Some(master) = master {
            self.follow_ports(master);
        }
    }

    /// A bridge whose MTU nobody set has the smallest of its ports' (`br_mtu_auto_adjust`).
    pub(super) fn follow_ports(&mut self, master: u32) {
        let bridge = self.now.by_index(master).is_some_and(|link| link.kind == Kind::Bridge);
        if !bridge || self.hidden(master).mtu_set {
            return;
        }
        if let Some(least) = self.now.ports(master).map(Link::mtu).min()
            && self.now.by_index(master).is_some_and(|link| link.mtu() != least)
        {
            self.set_mtu(master, least);
        }
    }

    pub(super) fn set_mac(&mut self, index: u32, mac: Mac) {
        let Some(link) = self.now.by_index(index) else { return };
        let (old, kind) = (link.mac(), link.kind.clone());
        self.change(index, |link| link.attrs.set(IFLA_ADDRESS, mac.bytes()));
        for child in self.children(index) {
            let follows = self
                .now
                .by_index(child)
                .is_some_and(|child| child.kind == Kind::Vlan && child.mac() == old);
            if follows && !self.hidden(child).mac_set {
                self.set_mac(child, mac);
            }
        }
        if kind == Kind::Bond {
            for port in self.port_indexes(index) {
                self.set_mac(port, mac);
            }
        }
        let bridge = self
            .now
            .by_index(index)
            .filter(|link| link.port_kind == Some(Kind::Bridge));
        if let Some(bridge) = bridge.and_then(|link| link.master) {
            self.follow_mac(bridge);
        }
    }

    pub(super) fn set_data(
        &mut self,
        name: IfName,
        kind: &Kind,
        data: &Attrs,
        links: &[(u16, Option<IfName>)],
    ) -> Answer {
        let index = self.index(name)?;
        let data = &self.known(Nest::Data, kind, data);
        let link = self.link(index)?;
        if link.kind != *kind {
            return Err(KernelError::errno(EOPNOTSUPP));
        }
        if *kind == Kind::Vxlan
            && data
                .get(vxlan::ID.number)
                .is_some_and(|id| link.data.get(vxlan::ID.number) != Some(id))
        {
            return Err(refuse(EOPNOTSUPP, "Cannot change VNI"));
        }
        if *kind == Kind::Bridge {
            check_forward_delay(link, data)?;
        }
        // Its driver changes nothing of a link that is there.
        if *kind == Kind::Vrf {
            return Err(KernelError::errno(EOPNOTSUPP));
        }
        let resolved: Result<Vec<(u16, u32)>, KernelError> = links
            .iter()
            .map(|(number, link)| Ok((*number, link.map_or(Ok(0), |link| self.index(link))?)))
            .collect();
        let resolved = resolved?;
        let pvid = data.get(bridge::VLAN_DEFAULT_PVID.number).is_some();
        if *kind == Kind::Bond {
            self.bond_options(index, data)?;
        }
        self.change(index, |link| {
            if *kind != Kind::Bond {
                merge(kind, &mut link.data, data);
            }
            for (number, target) in resolved {
                link.data.set(number, &target.to_ne_bytes());
            }
        });
        if pvid && *kind == Kind::Bridge {
            self.default_vlan(index, index);
        }
        Ok(())
    }

    pub(super) fn set_up(&mut self, index: u32, up: bool) -> Answer {
        let link = self.link(index)?;
        if link.is_up() == up {
            return Ok(());
        }
        if up && link.kind == Kind::Vlan && !loose(link) {
            let parent = link.parent.and_then(|parent| self.now.by_index(parent));
            if parent.is_some_and(|parent| !parent.is_up()) {
                return Err(KernelError::errno(ENETDOWN));
            }
        }
        self.change(index, |link| match up {
            true => link.flags |= IFF_UP,
            false => link.flags &= !IFF_UP,
        });
        match up {
            true => self.connect_all(index),
            false => self.disconnect(index),
        }
        // `vlan_device_event`: VLANs go down and come up with the link below them.
        for child in self.children(index) {
            if self
                .now
                .by_index(child)
                .is_some_and(|child| child.kind == Kind::Vlan && !loose(child))
            {
                self.set_up(child, up)?;
            }
        }
        Ok(())
    }

    /// A setting that no row knows changes nothing that a plan looks at.
    pub(super) fn set_sysctl(&mut self, name: IfName, setting: &Sysctl) -> Answer {
        self.index(name)?;
        let known = setting.conf().zip(setting.value.parse().ok());
        match known.map(|((v6, key), value)| self.set_conf(name, v6, key, value)) {
            Some(Err(error)) if error.errno != ENOENT => Err(error),
            _ => Ok(()),
        }
    }

    pub(super) fn set_conf(&mut self, name: IfName, v6: bool, key: &str, value: i64) -> Answer {
        let index = self.index(name)?;
        let value = i32::try_from(value).map_err(|_| KernelError::errno(EINVAL))?;
        let kept = (v6 && key == "keep_addr_on_down").then_some(CONF6_KEEP_ADDRESSES);
        let of_row = || {
            crate::table::all().find_map(|attr| match attr.wire {
                crate::attr::Wire::Conf4(at, found) if !v6 && found == key => Some(at),
                crate::attr::Wire::Conf6(at, found) if v6 && found == key => Some(at),
                _ => None,
            })
        };
        let at = kept
            .or_else(|| of_row().map(usize::from))
            .ok_or_else(|| KernelError::errno(ENOENT))?;
        let known = self.link(index)?;
        let values = if v6 { &known.conf6 } else { &known.conf4 };
        if at >= values.len() {
            return Err(KernelError::errno(ENOENT));
        }
        self.change(index, |link| {
            let values = if v6 { &mut link.conf6 } else { &mut link.conf4 };
            values[at] = value;
        });
        if v6 && key == "disable_ipv6" {
            match value {
                0 => self.connect_all(index),
                _ => self.forget_v6(index),
            }
        }
        Ok(())
    }
}

fn loose(link: &Link) -> bool {
    let flags = link
        .data
        .get(vlan::FLAGS.number)
        .and_then(|bytes| number(bytes.get(..4)));
    flags.is_some_and(|flags| flags & vlan::LOOSE_BINDING != 0)
}

pub(super) fn number(bytes: Option<&[u8]>) -> Option<u32> {
    bytes?.try_into().ok().map(u32::from_ne_bytes)
}

/// While a bridge speaks the spanning tree protocol it takes a forward delay of 2 to 30 seconds; a request that switches
/// that off comes too late, since the delay is taken first (`br_changelink`).
fn check_forward_delay(bridge: &Link, data: &Attrs) -> Answer {
    let on = number(bridge.data.get(bridge::STP_STATE.number)).is_some_and(|state| state != 0);
    match number(data.get(bridge::FORWARD_DELAY.number)) {
        Some(delay) if on && !(200..=3000).contains(&delay) => Err(KernelError::errno(ERANGE)),
        _ => Ok(()),
    }
}

/// *Source*: `dev_validate_mtu`, with `min_mtu` and `max_mtu` of each driver's setup function.
fn check_mtu(kind: &Kind, known: Option<(u64, u64)>, mtu: u32) -> Answer {
    let (min, max) = known.unwrap_or(kind.row().sizes);
    match u64::from(mtu) {
        mtu if mtu < min => Err(refuse(EINVAL, "mtu less than device minimum")),
        mtu if mtu > max => Err(refuse(EINVAL, "mtu greater than device maximum")),
        _ => Ok(()),
    }
}

fn check_mac(link: &Attrs) -> Answer {
    match link.get(IFLA_ADDRESS).map(Mac::new) {
        Some(mac) if !mac.is_some_and(|mac| mac.is_unicast_ether()) => Err(KernelError::errno(EADDRNOTAVAIL)),
        _ => Ok(()),
    }
}

/// Takes new attributes over the old; pairs of value and mask change only the masked bits.
fn merge(kind: &Kind, old: &mut Attrs, new: &Attrs) {
    for (number, payload) in new.iter() {
        let pair = (*kind == Kind::Vlan && number == vlan::FLAGS.number)
            || (*kind == Kind::Bridge && number == bridge::MULTI_BOOLOPT.number);
        let halves = |bytes: &[u8]| -> Option<(u32, u32)> {
            Some((self::number(bytes.get(..4))?, self::number(bytes.get(4..8))?))
        };
        match (pair, halves(payload), old.get(number).and_then(halves)) {
            (true, Some((value, mask)), Some((before, known))) => {
                let value = (before & !mask) | (value & mask);
                old.set(number, &[value.to_ne_bytes(), known.to_ne_bytes()].concat());
            }
            // `vxlan_fill_info` leaves out an address that is zero.
            _ if kind.row().addresses.contains(&number) && payload.iter().all(|byte| *byte == 0) => {
                let others = old.iter().filter(|(is, _)| *is != number);
                *old = others.map(|(is, payload)| (is, payload.to_vec())).collect();
            }
            _ => old.set(number, payload),
        }
    }
}
