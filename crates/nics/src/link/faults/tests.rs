//! Faults of invented hosts.

use super::super::testing::{Bed, DEFAULT};
use super::*;
use crate::programs::testing::Stand;
use cleat_naming::carried::LinkSet;

fn told(bed: &Bed) -> Vec<String> {
    let host = bed.host();
    let found = faults(&host);
    found
        .iter()
        .map(|fault| format!("{}: {}", fault.code, fault.message))
        .collect()
}

#[test]
fn a_host_without_pins_has_no_fault() {
    let bed = Bed::new();
    bed.nics(&[1, 2]);
    assert_eq!(told(&bed), [""; 0]);
}

/// *Source*: systemd.link(5), `AlternativeNamesPolicy=`; what a stanza makes is reported by the model, as for a boot.
#[test]
fn a_name_that_another_has_as_its_other_name_or_that_the_configuration_makes_clashes() {
    let bed = Bed::new();
    bed.nic("lan0", "bc:24:11:00:00:01", "enp1s0");
    bed.nics(&[2, 3]);
    bed.pin("/etc/systemd/network/20-a.link", "bc:24:11:00:00:02", "enp1s0");
    bed.pin("/etc/systemd/network/20-c.link", "bc:24:11:00:00:03", "uplink");
    let lan0 = "[Match]\nMACAddress=bc:24:11:00:00:01\nType=ether\n[Link]\nName=lan0\nAlternativeNamesPolicy=path\n";
    bed.write("/etc/systemd/network/20-b.link", lan0);
    bed.write(
        "/etc/network/interfaces",
        "auto uplink\niface uplink\n\tbond-slaves lan0\n\tbond-mode active-backup\n",
    );
    let clashes: Vec<String> = told(&bed)
        .into_iter()
        .filter(|told| told.starts_with("link-"))
        .collect();
    assert_eq!(
        clashes,
        [
            "link-name-clash: enp2s0 would be called `enp1s0` at the next boot, which is an alternative name of lan0 then",
            "link-name-clash: enp3s0 would be called `uplink` at the next boot, and the configuration makes a link of that name",
        ]
    );
    // Without the policy the NIC has no other name, and a plain stanza is the NIC's own.
    bed.write(
        "/etc/systemd/network/20-b.link",
        &lan0.replace("AlternativeNamesPolicy=path\n", ""),
    );
    bed.write("/etc/network/interfaces", "auto uplink\niface uplink inet dhcp\n");
    let clashes: Vec<String> = told(&bed)
        .into_iter()
        .filter(|told| told.starts_with("link-"))
        .collect();
    assert_eq!(clashes, [""; 0]);
}

/// As after "Revert" in Proxmox VE's web interface, which takes the staged file away and leaves the .link files.
#[test]
fn a_pin_that_the_configuration_does_not_follow_is_a_fault() {
    let bed = Bed::new();
    bed.nics(&[1]);
    bed.pin("/etc/systemd/network/10-cleat-lan0.link", "bc:24:11:00:00:01", "lan0");
    bed.write("/etc/network/interfaces", "auto enp1s0\niface enp1s0 inet dhcp\n");
    assert_eq!(
        told(&bed),
        ["link-name-behind: the configuration calls it `enp1s0`; from the next boot on it is called `lan0`"]
    );
    bed.write("/etc/network/interfaces.new", "auto lan0\niface lan0 inet dhcp\n");
    assert_eq!(told(&bed), [""; 0]);
}

#[test]
fn what_this_boots_initramfs_lacked_is_a_fault() {
    let bed = Bed::new();
    bed.write(
        "/run/cleat/initramfs",
        "kernel 6.1\ncarried 1\nlacks 10-cleat-lan0.link\n",
    );
    let (state, told) = initramfs::look(&bed.root, &Stand::new(|call| panic!("not asked for: {call}")));
    let found = faults_of_initramfs(&bed.root, &state, told);
    let short: Vec<String> = found
        .iter()
        .map(|fault| format!("{}: {}", fault.code, fault.message))
        .collect();
    assert_eq!(
        short,
        ["initramfs-stale: the initramfs of this boot lacks 10-cleat-lan0.link"]
    );
}

#[test]
fn pins_that_cannot_come_true_are_faults() {
    let bed = Bed::new();
    for (name, mac) in [("enp1s0", "01"), ("enp2s0", "02"), ("enp3s0", "03"), ("enp4s0", "04")] {
        bed.nic(name, &format!("bc:24:11:00:00:{mac}"), name);
    }
    bed.pin("/etc/systemd/network/20-a.link", "bc:24:11:00:00:01", "lan0");
    bed.pin("/etc/systemd/network/20-b.link", "bc:24:11:00:00:02", "lan0");
    bed.pin("/etc/systemd/network/20-c.link", "bc:24:11:00:00:03", "enp4s0");
    bed.pin("/etc/systemd/network/20-d.link", "bc:24:11:00:00:01", "lan1");
    bed.pin("/etc/systemd/network/20-e.link", "bc:24:11:00:00:99", "lan9");
    bed.write(
        "/etc/systemd/network/10-all.link",
        "[Match]\nProperty=ID_NET_NAME_PATH=enp2*\n[Link]\nName=wan0\n",
    );
    assert_eq!(
        told(&bed),
        [
            "pin-name-twice: `lan0` is pinned for bc:24:11:00:00:01 and for bc:24:11:00:00:02",
            "pin-address-twice: bc:24:11:00:00:01 is pinned twice: as `lan0` and as `lan1`",
            "pin-shadowed: `enp2s0` is pinned as `lan0` to no effect",
            "pin-gone: no NIC here has the address bc:24:11:00:00:99 of the pin `lan9`",
            "link-name-clash: enp3s0 and enp4s0 would all be called `enp4s0` at the next boot",
            "pin-name-pattern: `enp4s0` is pinned, and systemd's own policies make such names too",
        ]
    );
}

/// Source: canonical/cloud-init#4768: a synthetic NIC and its virtual function have one address, and `Driver=` tells
/// them apart; systemd.link(5): all keys of [Match] have to hold.
#[test]
fn two_nics_with_one_address_are_no_fault_where_another_key_tells_them_apart() {
    let bed = Bed::new();
    for (index, name, driver, bus) in [("2", "eth0", "hv_netvsc", "vmbus"), ("3", "enp1s0", "mlx5_core", "pci")] {
        bed.nic(name, "00:0d:3a:00:00:01", name);
        let properties = format!("E:ID_NET_DRIVER={driver}\nE:ID_BUS={bus}\nE:ID_PATH={bus}-1\n");
        bed.write(&format!("/run/udev/data/n{index}"), &properties);
    }
    let file = "/etc/systemd/network/10-net0.link";
    let pin = |key: &str| format!("[Match]\nMACAddress=00:0d:3a:00:00:01\n{key}[Link]\nName=net0\n");
    for key in [
        "Driver=hv_netvsc\n",
        "Path=vmbus-*\n",
        "Property=ID_BUS=vmbus\n",
        "Driver=!mlx*\n",
    ] {
        bed.write(file, &pin(key));
        assert_eq!(told(&bed), [""; 0], "{key}");
        let host = bed.host();
        let pinned: Vec<&str> = host
            .nics
            .iter()
            .filter(|nic| host.pin_of(nic).is_some())
            .map(|nic| &*nic.name)
            .collect();
        assert_eq!(pinned, ["eth0"], "{key}");
    }
    // The other one is pinned by a file of its own.
    let other = pin("Driver=mlx5_core\n").replace("net0", "net1");
    bed.write("/etc/systemd/network/10-net1.link", &other);
    assert_eq!(told(&bed), [""; 0]);
    bed.write(
        "/etc/systemd/network/10-net1.link",
        &other.replace("mlx5_core", "mlx4_core"),
    );
    assert_eq!(
        told(&bed),
        [
            "pin-unfit: the pin `net1` is not for enp1s0, which has its address: `Driver=mlx4_core` does not take `mlx5_core`",
        ]
    );
    bed.root.remove("/etc/systemd/network/10-net1.link").unwrap();
    bed.write(file, &pin("Type=ether\n"));
    assert_eq!(
        told(&bed),
        ["pin-address-shared: enp1s0 and eth0 have the address of the pin `net0`"]
    );
}

#[test]
fn the_help_of_a_pin_whose_nic_is_gone_is_a_command_that_works() {
    let bed = Bed::new();
    bed.pin_of_proxmox("nic1", "bc:24:11:00:00:99");
    bed.pin("/etc/systemd/network/10-cleat-lan0.link", "bc:24:11:00:00:98", "lan0");
    let help: Vec<String> = faults(&bed.host()).into_iter().flat_map(|fault| fault.help).collect();
    let told = |name: &str| format!("where the NIC was taken out for good: cleat-link unpin {name}");
    assert_eq!(help, [told("lan0"), told("nic1 --foreign")]);
}

/// Source: udev(7), `NAME`; systemd.link(5), `Name=`: names such as eth0 race with those that the kernel gives.
#[test]
fn a_rule_or_a_file_without_an_address_that_gives_a_name_of_the_kernels_is_warned_of_as_a_pin_is() {
    let bed = Bed::new();
    bed.nic("eth0", "bc:24:11:00:00:01", "enp1s0");
    bed.nic("eth1", "bc:24:11:00:00:02", "enp2s0");
    bed.write(
        "/etc/udev/rules.d/70-persistent-net.rules",
        "SUBSYSTEM==\"net\", ACTION==\"add\", ATTR{address}==\"bc:24:11:00:00:01\", KERNEL==\"eth*\", NAME=\"eth0\"\n",
    );
    bed.write(
        "/etc/systemd/network/20-second.link",
        "[Match]\nProperty=ID_NET_NAME_PATH=enp2s0\n[Link]\nName=eth1\n",
    );
    let warned: Vec<String> = told(&bed)
        .into_iter()
        .filter(|told| told.starts_with("fixed-"))
        .collect();
    assert_eq!(
        warned,
        [
            "fixed-name-pattern: /etc/udev/rules.d/70-persistent-net.rules:1 gives eth0 the name `eth0`, and the kernel's drivers make such names too",
            "fixed-name-pattern: /etc/systemd/network/20-second.link gives eth1 the name `eth1`, and the kernel's drivers make such names too",
        ]
    );
}

/// Source: systemd.link(5), `OriginalName=`: "this cannot be used to match on names that have already been changed from
/// userspace"; udevadm of 252 and 257 with INTERFACE=eth0 takes the file.
#[test]
fn a_file_by_the_kernels_name_keeps_the_nic_that_it_has_named() {
    let bed = Bed::new();
    bed.nic("lan0", "bc:24:11:00:00:01", "enp1s0");
    bed.write("/sys/class/net/lan0/name_assign_type", "4\n");
    bed.write("/etc/network/interfaces", "auto lan0\niface lan0 inet dhcp\n");
    let next = |pattern: &str| {
        bed.write(
            "/etc/systemd/network/10-lan.link",
            &format!("[Match]\n{pattern}\n[Link]\nName=lan0\n"),
        );
        let host = bed.host();
        let verdict = host.verdict(&host.nics[0]);
        let behind = told(&bed).iter().any(|told| told.starts_with("link-name-behind"));
        let name = host.coming(&host.nics[0]).next.name().expect(pattern).to_owned();
        (name, super::super::host::doubts(&verdict).len(), behind)
    };
    let said = |name: &str, doubts, behind| (name.to_owned(), doubts, behind);
    for sure in ["OriginalName=eth*", "OriginalName=e*", "Property=INTERFACE=eth*"] {
        assert_eq!(next(sure), said("lan0", 0, false), "{sure}");
    }
    // The only NIC is most likely eth0.
    assert_eq!(next("OriginalName=eth0"), said("lan0", 1, false));
    // It may be that udev in the initramfs has given it another name before: nothing is advised then.
    for open in [
        "OriginalName=enp1s0",
        "OriginalName=en*",
        "OriginalName=!eth*",
        "OriginalName=eth3",
    ] {
        assert_eq!(next(open), said("enp1s0", 1, false), "{open}");
    }
    assert_eq!(next("OriginalName=wlan*"), said("enp1s0", 0, true));
}

/// Source: systemd/systemd#7259: the initramfs still has what the root masks, and names the NICs by it until it is rebuilt.
#[test]
fn a_configuration_is_behind_at_the_boot_at_which_the_nic_has_the_other_name() {
    let bed = Bed::new();
    bed.nic("lan0", "bc:24:11:00:00:01", "enp1s0");
    bed.write("/sys/class/net/lan0/device/driver/new_id", "");
    let pin = "[Match]\nMACAddress=bc:24:11:00:00:01\nType=ether\n[Link]\nName=lan0\n";
    let carried = [
        ("usr/lib/systemd/network/10-lan0.link", pin.as_bytes()),
        ("usr/lib/systemd/network/99-default.link", DEFAULT.as_bytes()),
    ];
    let links = LinkSet::of_archive(carried);
    let behind = |name: &str| {
        bed.write(
            "/etc/network/interfaces",
            &format!("auto {name}\niface {name} inet dhcp\n"),
        );
        let mut host = bed.host();
        host.carry(&links);
        let found = faults(&host).into_iter();
        let found = found.filter(|fault| fault.code == "link-name-behind");
        found.map(|fault| (fault.message, fault.help)).collect::<Vec<_>>()
    };
    let told = |text: &str, help: &str| [(text.to_owned(), vec![help.to_owned()])];
    assert_eq!(
        behind("lan0"),
        told(
            "the configuration calls it `lan0`; once the initramfs is rebuilt and booted it is called `enp1s0`",
            "write `enp1s0` there; until then it is found by its other names and its address, see ifup(8)"
        )
    );
    assert_eq!(
        behind("enp1s0"),
        told(
            "the configuration calls it `enp1s0`; from the next boot on it is called `lan0`",
            "run `cleat-link refresh`: with the initramfs rebuilt it has that name"
        )
    );
}

#[test]
fn two_nics_that_clash_only_while_the_initramfs_is_as_it_is_are_told_of_the_next_boot() {
    let bed = Bed::new();
    for (name, mac) in [("enp1s0", "01"), ("enp2s0", "02")] {
        bed.nic(name, &format!("bc:24:11:00:00:{mac}"), name);
        bed.write(&format!("/sys/class/net/{name}/device/driver/new_id"), "");
    }
    bed.pin("/etc/systemd/network/20-b.link", "bc:24:11:00:00:02", "lan0");
    let pin = "[Match]\nMACAddress=bc:24:11:00:00:01\nType=ether\n[Link]\nName=lan0\n";
    let carried = [
        ("usr/lib/systemd/network/20-a.link", pin.as_bytes()),
        ("usr/lib/systemd/network/99-default.link", DEFAULT.as_bytes()),
    ];
    let mut host = bed.host();
    host.carry(&LinkSet::of_archive(carried));
    let found = faults(&host).into_iter();
    let clashes = found
        .filter(|fault| fault.code == "link-name-clash")
        .map(|fault| fault.message);
    assert_eq!(
        clashes.collect::<Vec<_>>(),
        ["enp1s0 and enp2s0 would all be called `lan0` at the next boot"]
    );
}

/// Source: systemd.link(5), `MACAddress=` takes a list: a card that is kept as a spare one has the name of the one it replaces.
#[test]
fn a_spare_card_with_the_name_of_the_one_that_is_here_is_no_fault() {
    let both = "[Match]\nMACAddress=bc:24:11:00:00:01 bc:24:11:00:00:99\nType=ether\n[Link]\nName=lan0\n";
    let bed = Bed::new();
    bed.nics(&[1]);
    bed.write("/etc/systemd/network/10-lan0.link", both);
    assert_eq!(told(&bed), [""; 0]);
    // Of two files, the one whose card is gone is reported, and not as a clash.
    bed.pin("/etc/systemd/network/10-lan0.link", "bc:24:11:00:00:01", "lan0");
    bed.pin("/etc/systemd/network/20-lan0.link", "bc:24:11:00:00:99", "lan0");
    assert_eq!(
        told(&bed),
        ["pin-gone: no NIC here has the address bc:24:11:00:00:99 of the pin `lan0`"]
    );
    // Both cards are in: one of them does not get the name.
    bed.nic("enp9s0", "bc:24:11:00:00:99", "enp9s0");
    bed.write("/etc/systemd/network/10-lan0.link", both);
    bed.root.remove("/etc/systemd/network/20-lan0.link").unwrap();
    assert_eq!(
        told(&bed),
        ["pin-name-twice: `lan0` is pinned for bc:24:11:00:00:01 and for bc:24:11:00:00:99"]
    );
}

/// Source: systemd.link(5): the first file that matches is the only one, so that 99-default.link no longer names the NIC.
/// Second witness: udevadm of 252 and 257 over such files says no ID_NET_NAME but the kernel's.
#[test]
fn a_nic_that_loses_its_name_to_the_kernels_is_told_where_the_configuration_has_it() {
    let behind = |file: &str, name: &str, assigned: &str| {
        let bed = Bed::new();
        bed.nic(name, "bc:24:11:00:00:01", "enp1s0");
        bed.write(&format!("/sys/class/net/{name}/name_assign_type"), assigned);
        bed.write("/etc/systemd/network/10-wol.link", file);
        bed.write(
            "/etc/network/interfaces",
            &format!("auto {name}\niface {name} inet dhcp\n"),
        );
        told(&bed)
    };
    let plain = "[Match]\nMACAddress=bc:24:11:00:00:01\nType=ether\n[Link]\nWakeOnLan=magic\n";
    assert_eq!(
        behind(plain, "enp1s0", "4\n"),
        ["link-name-behind: the configuration calls it `enp1s0`; from the next boot on it has a name of the kernel's"]
    );
    // The kernel's own stays, or a policy gives it.
    assert_eq!(behind(plain, "eth0", "1\n"), [""; 0]);
    assert_eq!(behind(&format!("{plain}NamePolicy=path\n"), "enp1s0", "4\n"), [""; 0]);
}

/// Source: `rtnl_create_link` and `netdev_name_in_use` of Linux: a link cannot have a name that is another one's altname.
#[test]
fn alternative_names_that_a_bridge_or_another_nic_has_are_told() {
    let bed = Bed::new();
    bed.nics(&[1, 2]);
    let file = |number: u8, alternative: &str| {
        bed.write(
            &format!("/etc/systemd/network/10-lan{number}.link"),
            &format!(
                "[Match]\nMACAddress=bc:24:11:00:00:0{number}\nType=ether\n[Link]\nName=lan{number}\nAlternativeName={alternative}\n"
            ),
        );
    };
    file(1, "vmbr0");
    file(2, "uplink");
    bed.write(
        "/etc/network/interfaces",
        "auto vmbr0\niface vmbr0\n\tbridge-ports lan1\n",
    );
    assert_eq!(
        told(&bed),
        [
            "link-name-clash: enp1s0 would have the alternative name `vmbr0` at the next boot, and the configuration makes a link of that name"
        ]
    );
    file(1, "uplink");
    assert_eq!(
        told(&bed),
        ["link-altname-twice: `uplink` would be an alternative name of enp1s0 and of enp2s0"]
    );
    file(1, "uplink0");
    assert_eq!(told(&bed), [""; 0]);
}

/// Source: udev renames one NIC at a time, without a name in between: the kernel says EEXIST.
#[test]
fn pins_that_swap_names_fail_where_the_initramfs_gave_the_old_ones() {
    let bed = Bed::new();
    bed.nics(&[1, 2]);
    for name in ["enp1s0", "enp2s0"] {
        bed.write(&format!("/sys/class/net/{name}/device/driver/new_id"), "");
    }
    bed.pin("/etc/systemd/network/10-a.link", "bc:24:11:00:00:01", "enp2s0");
    bed.pin("/etc/systemd/network/10-b.link", "bc:24:11:00:00:02", "enp1s0");
    let clashes = |host: &Host| -> Vec<String> {
        let found = faults(host).into_iter();
        let found = found.filter(|fault| fault.code == "link-name-clash");
        found.map(|fault| fault.message).collect()
    };
    let mut host = bed.host();
    assert_eq!(clashes(&host), [""; 0]);
    let root = LinkSet::of_root(&bed.root).0;
    host.carry(&root);
    assert_eq!(clashes(&host), [""; 0]);
    host.carry(&LinkSet::of_archive([(
        "usr/lib/systemd/network/99-default.link",
        DEFAULT.as_bytes(),
    )]));
    assert_eq!(
        clashes(&host),
        [
            "enp1s0 would be called `enp2s0` at the next boot, which enp2s0 has from the initramfs then",
            "enp2s0 would be called `enp1s0` at the next boot, which enp1s0 has from the initramfs then",
        ]
    );
}

/// Source: systemd.link(5), [MATCH] SECTION: all keys have to hold, so that an address behind two of them is one NIC's.
#[test]
fn an_address_behind_both_keys_is_one_pin() {
    let bed = Bed::new();
    bed.nic_as("enp1s0", "bc:24:11:00:00:01", "enp1s0", |link| {
        link.perm_mac = cleat_model::name::Mac::new(&[0xbc, 0x24, 0x11, 0, 0, 1]);
    });
    let file = |permanent: &str| {
        format!(
            "[Match]\nMACAddress=bc:24:11:00:00:01\nPermanentMACAddress={permanent}\nType=ether\n[Link]\nName=lan0\n"
        )
    };
    bed.write("/etc/systemd/network/10-lan0.link", &file("bc:24:11:00:00:01"));
    assert_eq!(told(&bed), [""; 0]);
    let host = bed.host();
    assert_eq!(host.pins.list.len(), 1);
    assert_eq!(host.coming(&host.nics[0]).next.name(), Some("lan0"));
}
