//! VLANs and forwarding entries of bridges.

use super::*;
use crate::attrs::bridge::VLAN_DEFAULT_PVID;
use crate::types::Kind;
use crate::vlans::VlanMap;

impl FakeKernel {
    /// Gives a port (or the bridge itself) the bridge's default VLAN, untagged (`nbp_vlan_init`, `br_vlan_init`).
    pub(super) fn default_vlan(&mut self, bridge: u32, port: u32) {
        let pvid = self
            .now
            .by_index(bridge)
            .and_then(|link| link.data.get(VLAN_DEFAULT_PVID.number));
        let Some(pvid) = pvid.and_then(|bytes| bytes.try_into().ok()).map(u16::from_ne_bytes) else {
            return;
        };
        self.touch(port);
        match pvid {
            0 => self.now.vlans.remove(&port),
            id => {
                let range = VlanRange {
                    first: id,
                    last: id,
                    pvid: true,
                    untagged: true,
                };
                self.now.vlans.insert(port, vec![range])
            }
        };
    }

    pub(super) fn vlans(&mut self, name: IfName, on_self: bool, ranges: &[VlanRange], add: bool) -> Answer {
        let index = self.index(name)?;
        let link = self.link(index)?;
        let fits = match on_self {
            true => link.kind == Kind::Bridge,
            false => link.port_kind == Some(Kind::Bridge),
        };
        if !fits {
            return Err(KernelError::errno(EOPNOTSUPP));
        }
        for range in ranges {
            let inside = (1..4095).contains(&range.first) && (1..4095).contains(&range.last);
            if !inside || range.first > range.last || (range.pvid && range.first != range.last) {
                return Err(KernelError::errno(EINVAL));
            }
        }
        self.touch(index);
        let mut map = VlanMap::of(self.now.vlans(index));
        for range in ranges {
            match add {
                true => map.add(*range),
                false => map.remove(*range),
            }
        }
        self.now.vlans.insert(index, map.ranges());
        Ok(())
    }

    pub(super) fn add_fdb(&mut self, name: IfName, fdb: &Fdb) -> Answer {
        let index = self.index(name)?;
        let link = self.link(index)?;
        if !fdb.on_self && link.port_kind != Some(Kind::Bridge) {
            return Err(KernelError::errno(EOPNOTSUPP));
        }
        if fdb.dst.is_some() && link.kind != Kind::Vxlan {
            return Err(KernelError::errno(EOPNOTSUPP));
        }
        let vxlan = link.kind == Kind::Vxlan && fdb.on_self;
        match self.now.fdb(index).contains(fdb) {
            // `vxlan_fdb_append` takes a remote that is there as done.
            true if vxlan => return Ok(()),
            true => return Err(KernelError::errno(EEXIST)),
            false => {}
        }
        self.touch(index);
        self.now.fdb.entry(index).or_default().push(fdb.clone());
        Ok(())
    }

    pub(super) fn del_fdb(&mut self, name: IfName, fdb: &Fdb) -> Answer {
        let index = self.index(name)?;
        let vxlan = self.link(index)?.kind == Kind::Vxlan && fdb.on_self;
        if !self.now.fdb(index).contains(fdb) {
            // `vxlan_fdb_delete` takes another remote of an entry that is there as gone.
            let entry = self.now.fdb(index).iter().any(|entry| entry.mac == fdb.mac);
            return match vxlan && entry {
                true => Ok(()),
                false => Err(KernelError::errno(ENOENT)),
            };
        }
        self.touch(index);
        self.now.fdb.entry(index).or_default().retain(|entry| entry != fdb);
        Ok(())
    }
}
