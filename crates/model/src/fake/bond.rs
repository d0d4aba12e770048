//! Options of bonds: which mode takes which, and what one does to another.
//!
//! *Source*: `bond_changelink` in drivers/net/bonding/bond_netlink.c for the order, `bond_opts` in bond_options.c for what
//! each needs, `bond_option_mode_set` and `bond_option_miimon_set` for what they do to others.

use super::*;
use crate::nla::Attrs;

const MODE: u16 = 1;
const MIIMON: u16 = 3;
const UPDELAY: u16 = 4;
const DOWNDELAY: u16 = 5;
const ARP_INTERVAL: u16 = 7;
const ARP_IP_TARGET: u16 = 8;
const ARP_VALIDATE: u16 = 9;
const FAIL_OVER_MAC: u16 = 13;
const PACKETS_PER_SLAVE: u16 = 20;
const LACP_RATE: u16 = 21;
const AD_SELECT: u16 = 22;
const AD_ACTOR_SYS_PRIO: u16 = 24;
const AD_USER_PORT_KEY: u16 = 25;
const AD_ACTOR_SYSTEM: u16 = 26;
const TLB_DYNAMIC_LB: u16 = 27;
const LACP_ACTIVE: u16 = 29;

const ACTIVE_BACKUP: u32 = 1;
const LACP: u8 = 4;
const TLB: u8 = 5;
const ALB: u8 = 6;
/// `BOND_DEFAULT_MIIMON` in milliseconds.
const DEFAULT_MIIMON: u32 = 100;

/// The order in which the kernel takes the options of one request.
const ORDER: [u16; 28] = [
    MODE,
    2,
    MIIMON,
    UPDELAY,
    DOWNDELAY,
    28,
    6,
    ARP_INTERVAL,
    8,
    9,
    10,
    11,
    12,
    FAIL_OVER_MAC,
    14,
    15,
    16,
    17,
    18,
    19,
    PACKETS_PER_SLAVE,
    LACP_ACTIVE,
    LACP_RATE,
    AD_SELECT,
    24,
    25,
    26,
    TLB_DYNAMIC_LB,
];

impl FakeKernel {
    /// Sets options one by one; what was set before one is refused stays set.
    pub(super) fn bond_options(&mut self, index: u32, data: &Attrs) -> Answer {
        let known = ORDER
            .iter()
            .filter_map(|number| Some((*number, data.get(*number)?.to_vec())));
        let others = data.iter().filter(|(number, _)| !ORDER.contains(number));
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
        let mode = self.option(index, MODE) as u8;
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
                let mode = self.option(index, MODE) as u8;
                if matches!(mode, LACP | TLB | ALB) {
                    self.change(index, |link| link.data.set(ARP_INTERVAL, &[0; 4]));
                    if self.option(index, MIIMON) == 0 {
                        self.change(index, |link| link.data.set(MIIMON, &DEFAULT_MIIMON.to_ne_bytes()));
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

/// The modes in which the kernel takes an option (`unsuppmodes` of `bond_opts`).
pub(crate) fn modes(number: u16) -> &'static [u8] {
    match number {
        LACP_RATE | LACP_ACTIVE | AD_ACTOR_SYS_PRIO | AD_USER_PORT_KEY | AD_ACTOR_SYSTEM => &[LACP],
        PACKETS_PER_SLAVE => &[0],
        TLB_DYNAMIC_LB => &[TLB, ALB],
        ARP_INTERVAL | ARP_VALIDATE => &[0, 1, 2, 3],
        _ => &[0, 1, 2, 3, 4, 5, 6],
    }
}
