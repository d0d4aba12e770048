//! What the kernel calls a link when it appears, before any program has named it.
//!
//! udev matches .link files and rules against that name. On a running host it is gone once a program has named the link.

use std::collections::BTreeSet;

/// `NET_NAME_ENUM`, `NET_NAME_PREDICTABLE`, `NET_NAME_USER` and `NET_NAME_RENAMED` of linux/netdevice.h: what
/// /sys/class/net/IFACE/name_assign_type says.
const ENUMERATED: &str = "1";
const PREDICTABLE: &str = "2";
const GIVEN: &str = "3";
const RENAMED: &str = "4";

/// Numbers behind a stem that are always taken for possible: which one a NIC gets depends on the order of drivers.
const NUMBERS: usize = 10;
/// Stand for all names where any is possible: what takes these takes every name.
const UNLIKE: [&str; 4] = ["eth0", "wwan1", "can2", "zq-x"];

/// What is known of a link when it is asked how the kernel calls it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clues<'a> {
    /// Its name now.
    pub now: &'a str,
    /// `name_assign_type` of sysfs; some drivers and old kernels have none.
    pub assigned: Option<&'a str>,
    /// Number of its link type (`ARPHRD_` of linux/if_arp.h).
    pub link_type: Option<u16>,
    /// `DEVTYPE` of its uevent.
    pub devtype: Option<&'a str>,
    /// It stands for a device on a bus.
    pub hardware: bool,
    /// That device is on a USB bus.
    pub usb: bool,
    /// How many links of this host stand for a device.
    pub nics: usize,
}

/// The names that a link may have when udev looks for its .link file at a boot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KernelName {
    /// Names of which the kernel gives it one.
    possible: BTreeSet<String>,
    /// The one of them that it most likely is, where there is more than one.
    likely: Option<String>,
    /// Names that udev may have given it in the initramfs, before the udev of the root comes to it.
    later: BTreeSet<String>,
    /// Any other name is possible, too.
    open: bool,
}

/// Whether something holds of the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// Of every name that it may have.
    Always,
    /// Of the one that it most likely has.
    Likely,
    /// Of one that it may have.
    Perhaps,
    /// Of none.
    Never,
}

impl KernelName {
    /// A name that no program changes and that is the same at each boot.
    pub fn fixed(name: &str) -> Self {
        Self {
            possible: BTreeSet::from([name.to_owned()]),
            ..Self::default()
        }
    }

    /// What follows from the clues.
    ///
    /// *Source*: `alloc_etherdev`, `usbnet_probe` and their like in drivers/net of Linux; which of the names of now the
    /// kernel gave is what name_assign_type says (Documentation/ABI/testing/sysfs-class-net).
    pub fn of(clues: &Clues<'_>) -> Self {
        let renamed = match clues.assigned {
            Some(PREDICTABLE | GIVEN) => return Self::fixed(clues.now),
            Some(ENUMERATED) => false,
            Some(RENAMED) => true,
            // Not told: a name that drivers give is taken for theirs.
            _ if !clues.hardware => return Self::fixed(clues.now),
            _ => !stems(clues).iter().any(|stem| numbered(stem, clues.now)),
        };
        if !renamed {
            return Self::numbered(&[stem_of(clues.now)], clues.nics, Some(clues.now.to_owned()));
        }
        let stems = stems(clues);
        let alone = match (clues.nics, stems) {
            (0 | 1, [stem]) => Some(format!("{stem}0")),
            _ => None,
        };
        let mut name = Self::numbered(stems, clues.nics, alone);
        name.later.insert(clues.now.to_owned());
        if stems.is_empty() {
            name.open = true;
            name.possible.extend(UNLIKE.map(str::to_owned));
        }
        name
    }

    fn numbered(stems: &[&str], nics: usize, likely: Option<String>) -> Self {
        let numbers = 0..NUMBERS.max(nics);
        let mut possible: BTreeSet<String> = stems
            .iter()
            .flat_map(|stem| numbers.clone().map(move |number| format!("{stem}{number}")))
            .collect();
        possible.extend(likely.clone());
        Self {
            possible,
            likely,
            ..Self::default()
        }
    }

    /// Whether the kernel itself may give it that name.
    pub fn may_be(&self, name: &str) -> bool {
        self.open || self.possible.contains(name)
    }

    /// Adds names that udev may give it in the initramfs.
    pub fn may_be_renamed(&mut self, names: impl IntoIterator<Item = String>) {
        self.later.extend(names);
    }

    /// Whether `holds` is so of the name.
    pub fn judge(&self, holds: impl Fn(&str) -> bool) -> Judged {
        let any = |names: &BTreeSet<String>| names.iter().any(|name| holds(name));
        let every = !self.possible.is_empty() && self.possible.iter().all(|name| holds(name));
        if every {
            Judged::Always
        } else if self.likely.as_deref().is_some_and(&holds) {
            Judged::Likely
        } else if self.open || any(&self.possible) || any(&self.later) {
            Judged::Perhaps
        } else {
            Judged::Never
        }
    }
}

/// What the kernel's names of such a link begin with, before a number; none where drivers have many.
fn stems(clues: &Clues<'_>) -> &'static [&'static str] {
    match (clues.devtype, clues.link_type) {
        (Some("wlan"), _) => &["wlan"],
        (Some("wwan"), _) => &["wwan", "usb"],
        (_, Some(1)) if clues.usb => &["eth", "usb"],
        (_, Some(1) | None) if clues.hardware => &["eth"],
        (_, Some(32)) => &["ib"],
        (_, Some(280)) => &["can"],
        _ => &[],
    }
}

fn stem_of(name: &str) -> &str {
    name.trim_end_matches(|char: char| char.is_ascii_digit())
}

fn numbered(stem: &str, name: &str) -> bool {
    stem_of(name) == stem && name.len() > stem.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nic(now: &'static str, assigned: Option<&'static str>, nics: usize) -> KernelName {
        KernelName::of(&Clues {
            now,
            assigned,
            link_type: Some(1),
            hardware: true,
            nics,
            ..Clues::default()
        })
    }

    /// Source: Documentation/ABI/testing/sysfs-class-net of Linux, `name_assign_type`.
    #[test]
    fn a_renamed_nic_was_one_of_the_kernels_numbers_before() {
        let begins = |stem: &'static str| move |name: &str| name.starts_with(stem);
        let is = |wanted: &'static str| move |name: &str| name == wanted;
        let lan0 = nic("lan0", Some(RENAMED), 2);
        assert_eq!(lan0.judge(begins("eth")), Judged::Always);
        assert_eq!(lan0.judge(is("eth0")), Judged::Perhaps);
        // udev in the initramfs may have named it before.
        assert_eq!(lan0.judge(is("lan0")), Judged::Perhaps);
        assert_eq!(lan0.judge(is("enp0s3")), Judged::Never);
        assert_eq!(nic("lan0", Some(RENAMED), 1).judge(is("eth0")), Judged::Likely);
        // Twelve NICs have numbers of two digits, too.
        let of_one_digit = |name: &str| name.len() == 4;
        assert_eq!(lan0.judge(of_one_digit), Judged::Always);
        assert_eq!(nic("lan0", Some(RENAMED), 12).judge(of_one_digit), Judged::Perhaps);
    }

    #[test]
    fn a_number_may_be_another_at_the_next_boot_and_a_predictable_name_is_not() {
        let is = |wanted: &'static str| move |name: &str| name == wanted;
        let eth1 = nic("eth1", Some(ENUMERATED), 2);
        assert_eq!(eth1.judge(is("eth1")), Judged::Likely);
        assert_eq!(eth1.judge(is("eth0")), Judged::Perhaps);
        for assigned in [PREDICTABLE, GIVEN] {
            assert_eq!(nic("lan1", Some(assigned), 2).judge(is("lan1")), Judged::Always);
            assert_eq!(nic("lan1", Some(assigned), 2).judge(is("eth0")), Judged::Never);
        }
        assert_eq!(nic("eth1", None, 2).judge(is("eth1")), Judged::Likely);
        assert_eq!(
            nic("enp1s0", None, 2).judge(|name| name.starts_with("eth")),
            Judged::Always
        );
    }

    #[test]
    fn a_link_of_an_unknown_kind_may_have_had_any_name() {
        let name = KernelName::of(&Clues {
            now: "mine0",
            assigned: Some(RENAMED),
            link_type: Some(65534),
            ..Clues::default()
        });
        assert_eq!(name.judge(|name| name == "tun7"), Judged::Perhaps);
        assert_eq!(name.judge(|_| true), Judged::Always);
    }
}
