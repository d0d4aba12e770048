//! Second witness: systemd's own function, see the source above; the machines of vm-tests/scenarios/moved-nics, where a pin
//! that no initramfs has is in force at the next boot, and of vm-tests/scenarios/initramfs-links.

use super::super::list;
use super::super::testing::{Bed, DEFAULT};
use super::*;
use crate::initramfs::Image;
use cleat_naming::carried::LinkSet;
use std::path::Path;

const MAC: &str = "bc:24:11:00:00:01";
const PIN: &str = "[Match]\nMACAddress=bc:24:11:00:00:01\nType=ether\n[Link]\nName=lan0\n";
const FILE: &str = "/etc/systemd/network/10-cleat-lan0.link";

/// An image with these files, and these modules.
fn image(bed: &Bed, kernel: &str, files: &[(&str, &str)], modules: &[&str]) -> Image {
    let files: Vec<(String, &str)> = files
        .iter()
        .map(|(name, text)| (format!("usr/lib/systemd/network/{name}"), *text))
        .collect();
    let links = LinkSet::of_archive(files.iter().map(|(path, text)| (path.as_str(), text.as_bytes())));
    super::super::testing::image(&bed.root, kernel, &links, modules)
}

/// A host with one NIC, whose driver is virtio_net.
fn bed(now: &str) -> Bed {
    let bed = Bed::new();
    bed.nic(now, MAC, "enp1s0");
    let driver = format!("/sys/class/net/{now}/device/driver");
    bed.root.create_dir_all(Path::new(&driver)).unwrap();
    bed.root
        .symlink("/sys/module/virtio_net", format!("{driver}/module"))
        .unwrap();
    bed
}

/// What `cleat-link list` says of the first NIC behind its file.
fn listed(bed: &Bed, images: Vec<Image>) -> String {
    let mut host = bed.host();
    host.boot_with(images);
    let coming = host.coming(&host.nics[0]);
    let said = coming.others(&host.nics[0].name).unwrap_or_default();
    let table = list::table(&host);
    let line = table.lines().nth(1).unwrap_or_default();
    let shown = line.split_once("; ").map_or("", |(_, said)| said);
    assert_eq!(shown, said, "{table}");
    said
}

const VIRTIO: &[&str] = &["virtio_net"];
const OLD: &[(&str, &str)] = &[("99-default.link", DEFAULT)];
const PINNED: &[(&str, &str)] = &[("10-cleat-lan0.link", PIN), ("99-default.link", DEFAULT)];
const AT_NEXT: &str = "lan0 at the next boot";
const REBUILT_ONLY: &str = "enp1s0 at the first boot with a rebuilt initramfs";

#[test]
fn a_pin_that_the_initramfs_lacks_is_in_force_at_the_next_boot_all_the_same() {
    let bed = bed("enp1s0");
    bed.write(FILE, PIN);
    for modules in [VIRTIO, &[]] {
        assert_eq!(
            listed(&bed, vec![image(&bed, "6.1", OLD, modules)]),
            AT_NEXT,
            "{modules:?}"
        );
    }
    assert_eq!(listed(&bed, vec![image(&bed, "6.1", PINNED, VIRTIO)]), AT_NEXT);
    // dracut's initramfs without its network modules carries no .link file at all.
    assert_eq!(listed(&bed, vec![image(&bed, "6.1", &[], VIRTIO)]), AT_NEXT);
    assert_eq!(listed(&bed, Vec::new()), AT_NEXT);
}

#[test]
fn a_pin_that_only_the_initramfs_has_names_the_nic_until_it_is_rebuilt() {
    // 99-default.link of the root keeps what the initramfs has given.
    assert_eq!(
        listed(&bed("lan0"), vec![image(&bed("lan0"), "6.1", PINNED, VIRTIO)]),
        REBUILT_ONLY
    );
    let host = bed("enp1s0");
    assert_eq!(
        listed(&host, vec![image(&host, "6.1", PINNED, VIRTIO)]),
        "lan0 at the next boot, enp1s0 at the first boot with a rebuilt initramfs"
    );
    // Its driver is not in the initramfs: the root names it alone.
    assert_eq!(listed(&host, vec![image(&host, "6.1", PINNED, &["e1000e"])]), "");
    // A policy without `keep` gives the name once more.
    let by_path = "[Match]\nOriginalName=*\n[Link]\nNamePolicy=path\n";
    host.write("/etc/systemd/network/99-default.link", by_path);
    assert_eq!(listed(&host, vec![image(&host, "6.1", PINNED, VIRTIO)]), "");
}

#[test]
fn a_masked_default_of_the_root_takes_no_name_back() {
    let bed = bed("enp1s0");
    bed.write("/etc/systemd/network/99-default.link", "");
    let mut host = bed.host();
    host.boot_with(vec![image(&bed, "6.1", OLD, VIRTIO)]);
    let coming = host.coming(&host.nics[0]);
    assert_eq!((coming.next.name(), &coming.rebuilt), (Some("enp1s0"), &Next::Kernel));
    assert_eq!(
        coming.clause("enp1s0"),
        "keeps this name at the next boot, and gets the kernel's name at the first boot with a rebuilt initramfs, which may \
         be another at each boot"
    );
}

#[test]
fn a_scheme_that_does_not_rename_again_keeps_what_the_initramfs_gave() {
    let bed = bed("enp1s0");
    bed.write(FILE, PIN);
    bed.write("/proc/cmdline", "quiet net.naming-scheme=v239\n");
    bed.write("/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-252.so", "");
    assert_eq!(
        listed(&bed, vec![image(&bed, "6.1", OLD, VIRTIO)]),
        "lan0 at the first boot with a rebuilt initramfs"
    );
}

#[test]
fn where_the_driver_or_the_kernel_that_boots_is_not_known_the_next_boots_name_is_not_either() {
    let host = bed("lan0");
    host.root.remove_dir_all("/sys/class/net/lan0/device/driver").unwrap();
    assert_eq!(listed(&host, vec![image(&host, "6.1", PINNED, VIRTIO)]), REBUILT_ONLY);
    let host = bed("lan0");
    let images = vec![image(&host, "6.1", OLD, VIRTIO), image(&host, "6.2", PINNED, VIRTIO)];
    let mut known = host.host();
    known.boot_with(images);
    let coming = known.coming(&known.nics[0]);
    let why = "it follows from which kernel's initramfs is booted";
    assert_eq!(coming.next, Next::Unknown(why.to_owned()));
    assert_eq!(coming.clause("lan0"), format!("becomes {REBUILT_ONLY}"));
    // A driver that is built in is there in every initramfs.
    let host = bed("lan0");
    host.root.remove("/sys/class/net/lan0/device/driver/module").unwrap();
    assert_eq!(
        {
            let mut known = host.host();
            known.boot_with(vec![image(&host, "6.1", PINNED, &[])]);
            known.coming(&known.nics[0]).next
        },
        Next::Name("lan0".to_owned())
    );
}

/// Source: systemd.link(5), `Host=`: no initramfs has a host name; `condition_test_host` of src/shared/condition.c.
#[test]
fn a_condition_on_the_host_name_holds_in_the_root_only() {
    let bed = bed("enp1s0");
    bed.write("/proc/sys/kernel/hostname", "pve1\n");
    let of_host = PIN.replace("Type=ether", "Host=pve1");
    let root_only = [("10-cleat-lan0.link", &*of_host), ("99-default.link", DEFAULT)];
    assert_eq!(listed(&bed, vec![image(&bed, "6.1", &root_only, VIRTIO)]), "");
    bed.write(FILE, &of_host);
    let with_another = [
        root_only[0],
        root_only[1],
        ("20-wlan.link", "[Match]\nType=wlan\n[Link]\nName=w0\n"),
    ];
    assert_eq!(listed(&bed, vec![image(&bed, "6.1", &with_another, VIRTIO)]), AT_NEXT);
}

#[test]
fn a_drop_in_that_the_initramfs_carries_is_read_with_its_file() {
    let host = bed("lan0");
    let files = [
        (
            "10-a.link",
            "[Match]\nMACAddress=bc:24:11:00:00:01\n[Link]\nName=other\n",
        ),
        ("10-a.link.d/name.conf", "[Link]\nName=lan0\n"),
        ("99-default.link", DEFAULT),
    ];
    assert_eq!(listed(&host, vec![image(&host, "6.1", &files, VIRTIO)]), REBUILT_ONLY);
}

/// Source: systemd.link(5), `OriginalName=`: udev of the root sees the name that the initramfs gave.
#[test]
fn a_file_by_the_kernels_name_names_in_the_initramfs_and_another_one_once_more() {
    let bed = bed("enp1s0");
    bed.write(
        "/etc/systemd/network/10-a.link",
        "[Match]\nOriginalName=eth*\n[Link]\nName=first0\n",
    );
    let root = |modules| {
        let mut host = bed.host();
        let links = LinkSet::of_root(&bed.root).0;
        host.boot_with(vec![super::super::testing::image(&bed.root, "6.1", &links, modules)]);
        host.coming(&host.nics[0]).next
    };
    let named = |name: &str| Next::Name(name.to_owned());
    // What it was given first is kept by 99-default.link.
    assert_eq!(root(VIRTIO), named("first0"));
    bed.write("/etc/systemd/network/20-b.link", &PIN.replace("lan0", "second0"));
    assert_eq!(root(VIRTIO), named("second0"));
    // Without its driver there it has the kernel's name until the root comes to it.
    assert_eq!(root(&[]), named("first0"));
}

/// Source: initramfs-tools(7), `ip=`; Linux 6.2, "net: allow live renaming when an interface is up": EBUSY before.
#[test]
fn a_nic_that_the_initramfs_may_have_brought_up_is_not_renamed_by_an_old_kernel() {
    let bed = bed("enp1s0");
    bed.write(FILE, PIN);
    bed.write(
        "/proc/cmdline",
        "quiet ip=192.0.2.1::192.0.2.254:255.255.255.0::eth0:off\n",
    );
    let old = image(&bed, "6.1.0-37-amd64", OLD, VIRTIO);
    assert_eq!(
        listed(&bed, vec![old]),
        "lan0 at the first boot with a rebuilt initramfs"
    );
    let new = image(&bed, "6.12.9-amd64", OLD, VIRTIO);
    assert_eq!(listed(&bed, vec![new]), AT_NEXT);
}
