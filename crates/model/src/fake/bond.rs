//! Options of bonds: which mode takes which, and what one does to another.
//!
//! *Source*: `bond_changelink` in drivers/net/bonding/bond_netlink.c for the order, `bond_opts` in bond_options.c for what
//! each needs, `bond_option_mode_set` and `bond_option_miimon_set` for what they do to others.

use super::*;
use crate::attr::Need;
use crate::attrs::bond;
use crate::kernel_attr::{KernelAttr, Nest};
use crate::nla::Attrs;
use crate::types::Kind;

const MODE: u16 = bond::MODE.number;
const MIIMON: u16 = bond::MIIMON.number;
const UPDELAY: u16 = bond::UPDELAY.number;
const DOWNDELAY: u16 = bond::DOWNDELAY.number;
const ARP_INTERVAL: u16 = bond::ARP_INTERVAL.number;
const ARP_IP_TARGET: u16 = bond::ARP_IP_TARGET.number;
const ARP_VALIDATE: u16 = bond::ARP_VALIDATE.number;
const FAIL_OVER_MAC: u16 = bond::FAIL_OVER_MAC.number;
const LACP_RATE: u16 = bond::AD_LACP_RATE.number;
const AD_SELECT: u16 = bond::AD_SELECT.number;
const AD_ACTOR_SYSTEM: u16 = bond::AD_ACTOR_SYSTEM.number;
const TLB_DYNAMIC_LB: u16 = bond::TLB_DYNAMIC_LB.number;
const LACP_ACTIVE: u16 = bond::AD_LACP_ACTIVE.number;

const ACTIVE_BACKUP: u32 = 1;
const LACP: u64 = 4;
const TLB: u64 = 5;
const ALB: u64 = 6;

/// The order in which the kernel takes the options of one request.
const ORDER: [KernelAttr; 28] = [
    bond::MODE,
    bond::ACTIVE_SLAVE,
    bond::MIIMON,
    bond::UPDELAY,
    bond::DOWNDELAY,
    bond::PEER_NOTIF_DELAY,
    bond::USE_CARRIER,
    bond::ARP_INTERVAL,
    bond::ARP_IP_TARGET,
    bond::ARP_VALIDATE,
    bond::ARP_ALL_TARGETS,
    bond::PRIMARY,
    bond::PRIMARY_RESELECT,
    bond::FAIL_OVER_MAC,
    bond::XMIT_HASH_POLICY,
    bond::RESEND_IGMP,
    bond::NUM_PEER_NOTIF,
    bond::ALL_SLAVES_ACTIVE,
    bond::MIN_LINKS,
    bond::LP_INTERVAL,
    bond::PACKETS_PER_SLAVE,
    bond::AD_LACP_ACTIVE,
    bond::AD_LACP_RATE,
    bond::AD_SELECT,
    bond::AD_ACTOR_SYS_PRIO,
    bond::AD_USER_PORT_KEY,
    bond::AD_ACTOR_SYSTEM,
    bond::TLB_DYNAMIC_LB,
];

impl FakeKernel {
    /// Sets options one by one; what was set before one is refused stays set.
    pub(super) fn bond_options(&mut self, index: u32, data: &Attrs) -> Answer {
        let known = ORDER
            .iter()
            .filter_map(|attr| Some((attr.number, data.get(attr.number)?.to_vec())));
        let others = data
            .iter()
            .filter(|(number, _)| !ORDER.iter().any(|attr| attr.number == *number));
        let all: Vec<(u16, Vec<u8>)> = known
            .chain(others.map(|(number, bytes)| (number, bytes.to_vec())))
            .collect();
        for (number, payload) in all {
            self.check_option(index, number, &payload)?;
            self.change(index, |link| link.data.set(number, &payload));
            self.follow_option(index, number);
        }
        Ok(())
    }

    /// Whether the bond has the MAC of its active port; `bond_set_mac_address` then does nothing, and answers that it did.
    pub(super) fn follows_active_port(&self, index: u32) -> bool {
        let bond = self.now.by_index(index).is_some_and(|link| link.kind == Kind::Bond);
        bond && self.option(index, MODE) == ACTIVE_BACKUP && self.option(index, FAIL_OVER_MAC) != 0
    }

    fn option(&self, index: u32, number: u16) -> u32 {
        let bytes = self.now.by_index(index).and_then(|link| link.data.get(number));
        match bytes {
            Some([byte]) => u32::from(*byte),
            Some([a, b, c, d]) => u32::from_ne_bytes([*a, *b, *c, *d]),
            _ => 0,
        }
    }

    fn check_option(&self, index: u32, number: u16, payload: &[u8]) -> Answer {
        let mode = u64::from(self.option(index, MODE));
        let modes = modes(number);
        if !modes.contains(&mode) {
            return Err(refuse(EACCES, "option not supported in mode"));
        }
        let has_ports = self.now.ports(index).next().is_some();
        if has_ports && matches!(number, MODE | FAIL_OVER_MAC) {
            return Err(refuse(
                ENOTEMPTY,
                "unable to set option because the bond device has slaves",
            ));
        }
        let up = self.link(index)?.is_up();
        if up && matches!(number, MODE | LACP_RATE | AD_SELECT | TLB_DYNAMIC_LB | LACP_ACTIVE) {
            return Err(refuse(EBUSY, "unable to set option because the bond device is up"));
        }
        if matches!(number, UPDELAY | DOWNDELAY) && self.option(index, MIIMON) == 0 {
            return Err(refuse(EPERM, "unable to set delay as MII monitoring is disabled"));
        }
        if self.predicting {
            return Ok(());
        }
        if number == ARP_VALIDATE && payload != [0; 4] && self.option(index, MIIMON) != 0 {
            return Err(refuse(EINVAL, "ARP validating cannot be used with MII monitoring"));
        }
        if number == ARP_IP_TARGET && !good_targets(payload) {
            return Err(KernelError::errno(EINVAL));
        }
        if number == AD_ACTOR_SYSTEM && payload.first().is_none_or(|byte| byte & 1 == 1) {
            return Err(KernelError::errno(EINVAL));
        }
        Ok(())
    }

    fn follow_option(&mut self, index: u32, number: u16) {
        match number {
            MIIMON if self.option(index, MIIMON) != 0 => {
                self.change(index, |link| link.data.set(ARP_INTERVAL, &[0; 4]));
            }
            ARP_INTERVAL if self.option(index, ARP_INTERVAL) != 0 => {
                self.change(index, |link| link.data.set(MIIMON, &[0; 4]));
            }
            MODE => {
                let mode = u64::from(self.option(index, MODE));
                if bond::WITHOUT_ARP.contains(&mode) {
                    self.change(index, |link| link.data.set(ARP_INTERVAL, &[0; 4]));
                    if self.option(index, MIIMON) == 0 {
                        self.change(index, |link| link.data.set(MIIMON, &bond::DEFAULT_MIIMON.to_ne_bytes()));
                    }
                }
                if mode == ALB {
                    self.change(index, |link| link.data.set(TLB_DYNAMIC_LB, &[1]));
                }
            }
            _ => {}
        }
    }
}

/// Whether each address is that of a host, and there once (`bond_option_arp_ip_target_add`).
fn good_targets(nest: &[u8]) -> bool {
    let mut seen: Vec<&[u8]> = Vec::new();
    crate::nla::iter(nest).all(|(_, ip)| {
        let good = ip.first().is_some_and(|first| *first != 0) && ip != [255; 4] && !seen.contains(&ip);
        seen.push(ip);
        good
    })
}

/// The modes in which the kernel takes an option, by the rule of its row (`unsuppmodes` of `bond_opts`).
pub(crate) fn modes(number: u16) -> Vec<u64> {
    let refused = crate::table::all()
        .filter(|row| row.wire.is_in(Nest::Data, &Kind::Bond, number))
        .flat_map(|row| row.needs)
        .find_map(|need| match need {
            Need::OneOf {
                values, refused: true, ..
            } => Some(values.to_vec()),
            Need::OneOf { .. } | Need::Set(_) | Need::Excludes(_) => None,
        });
    match number {
        // No option sets it.
        LACP_ACTIVE => vec![LACP],
        // Its option has an effect in the first of them alone.
        TLB_DYNAMIC_LB => vec![TLB, ALB],
        _ => refused.unwrap_or_else(|| (0..=6).collect()),
    }
}
