//! Second witness for images: `fixtures/initrd.img` was made by GNU cpio 2.13 (`cpio -o -H newc`, a plain archive with
//! microcode first) and zstd 1.5.4 as mkinitramfs 0.142 calls them; `unmkinitramfs` of Debian 12 unpacks it to the tree
//! that is written here.

use super::*;
use crate::programs::Failure;
use crate::programs::testing::Stand;
use cleat_diag::{Sources, render};
use std::fs;

const IMAGE: &[u8] = include_bytes!("fixtures/initrd.img");
const KERNEL: &str = "6.1.0-37-amd64";
const PIN: &str = "[Match]\nMACAddress=52:54:00:00:10:01\nType=ether\n\n[Link]\nName=nic0\n";
const DEFAULT: &str = "[Match]\nOriginalName=*\n\n[Link]\nNamePolicy=keep kernel database onboard slot path\n";
const LAN: &str = "[Match]\nMACAddress=52:54:00:00:10:02\n\n[Link]\nName=lan0\n";

/// The .link files of the image, where they are on the host that it was made on.
const LINKS: [(&str, &str); 6] = [
    ("usr/lib/systemd/network/99-default.link", DEFAULT),
    ("usr/lib/systemd/network/73-usb-net-by-mac.link", "x"),
    ("usr/local/lib/systemd/network/50-pmx-nic0.link", PIN),
    ("etc/systemd/network/20-b.link", LAN),
    ("etc/systemd/network/20-b.link.d/mtu.conf", "[Link]\nMTUBytes=9000\n"),
    ("etc/systemd/network/98-again.link", DEFAULT),
];

struct Host {
    tree: tempfile::TempDir,
    root: Root,
}

impl Host {
    fn new() -> Self {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        let host = Self { tree, root };
        host.write("dev/null", b"");
        for (path, text) in LINKS {
            host.write(path, text.as_bytes());
        }
        let mask = host.tree.path().join("etc/systemd/network/73-usb-net-by-mac.link");
        std::os::unix::fs::symlink("/dev/null", mask).unwrap();
        for path in [
            "usr/sbin/mkinitramfs",
            "usr/sbin/update-initramfs",
            "usr/share/initramfs-tools/hooks/cleat",
            "usr/lib/modules/6.1.0-37-amd64/modules.dep",
        ] {
            host.write(path, b"");
        }
        host.write("boot/initrd.img-6.1.0-37-amd64", IMAGE);
        host.write("boot/initrd.img-5.10.0-1-amd64", b"of a kernel that is gone");
        host
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.tree.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn remove(&self, path: &str) {
        fs::remove_file(self.tree.path().join(path)).unwrap();
    }
}

fn nothing_runs(call: &str) -> Result<String, Failure> {
    panic!("{call} must not be run");
}

fn lines(told: &[Diagnostic]) -> Vec<String> {
    told.iter().map(|told| render::line(told, &Sources::new())).collect()
}

fn refreshed(host: &Host, programs: &dyn Programs, policy: Policy) -> Result<Refreshed, Vec<String>> {
    refresh(&host.root, programs, policy, &mut |_| {}).map_err(|told| lines(&told))
}

#[test]
fn an_image_with_microcode_hard_links_masks_and_symlinks_carries_what_its_tree_holds() {
    let host = Host::new();
    let (state, told) = look(&host.root, &Stand::new(nothing_runs));
    assert_eq!(lines(&told), Vec::<String>::new());
    let image = Image {
        path: "/boot/initrd.img-6.1.0-37-amd64".into(),
        kernel: KERNEL.to_owned(),
        links: LinkSet::of_root(&host.root).0,
        differences: Vec::new(),
        early: true,
        modules: BTreeSet::new(),
    };
    assert_eq!(image.links.len(), 5);
    assert_eq!(state.images, [image]);
    assert_eq!(state.generator, Some(Generator::InitramfsTools));
}

#[test]
fn nothing_is_rebuilt_where_nothing_changed() {
    let host = Host::new();
    let stand = Stand::new(nothing_runs);
    let end = refreshed(&host, &stand, Policy::default()).unwrap();
    assert!(matches!(end, Refreshed::Fresh(_)), "{end:?}");
}

#[test]
fn a_changed_pin_is_rebuilt_and_the_new_image_is_looked_into() {
    let host = Host::new();
    // The host's pin is another than the image's; the stand-in "makes" an image by putting the pin back.
    host.write("usr/local/lib/systemd/network/50-pmx-nic0.link", b"[Link]\nName=nic7\n");
    let dry = Policy {
        dry: true,
        ..Policy::default()
    };
    let Ok(Refreshed::Would(state, commands)) = refreshed(&host, &Stand::new(nothing_runs), dry) else {
        panic!("a dry run says what it would do");
    };
    assert_eq!(commands, ["update-initramfs -u -k all"]);
    assert_eq!(
        state.images[0].differences,
        [FileDifference::Differs("50-pmx-nic0.link".to_owned())]
    );
    let stand = Stand::new(|_| {
        host.write("usr/local/lib/systemd/network/50-pmx-nic0.link", PIN.as_bytes());
        Ok(String::new())
    });
    let end = refreshed(&host, &stand, Policy::default()).unwrap();
    assert!(matches!(end, Refreshed::Rebuilt(_)), "{end:?}");
    assert_eq!(stand.calls(), ["update-initramfs -u -k all"]);
}

#[test]
fn an_image_that_lacks_the_pin_though_made_anew_is_an_error() {
    let host = Host::new();
    host.write("usr/local/lib/systemd/network/50-pmx-nic1.link", PIN.as_bytes());
    host.remove("usr/share/initramfs-tools/hooks/cleat");
    let stand = Stand::new(|_| Ok(String::new()));
    assert_eq!(
        refreshed(&host, &stand, Policy::default()),
        Err(vec![
            "error: /boot/initrd.img-6.1.0-37-amd64, rebuilt, lacks 50-pmx-nic1.link [initramfs-rebuilt-stale]; \
             help: our hook /usr/share/initramfs-tools/hooks/cleat is not installed"
                .to_owned()
        ])
    );
}

#[test]
fn a_generator_that_fails_is_told_with_its_reason() {
    let host = Host::new();
    let stand = Stand::new(|call| Err(Failure::new(&[call], "exit code 1")));
    let force = Policy {
        force: true,
        ..Policy::default()
    };
    assert_eq!(
        refreshed(&host, &stand, force),
        Err(vec![
            "error: `update-initramfs -u -k all` failed: exit code 1 [initramfs-rebuild]; \
             help: see its output above; what it could not make is as before"
                .to_owned()
        ])
    );
}

#[test]
fn proxmox_copies_to_its_boot_partitions_behind_the_generator() {
    let host = Host::new();
    host.write("etc/kernel/proxmox-boot-uuids", b"1A2B-3C4D\n");
    host.write("usr/sbin/proxmox-boot-tool", b"");
    host.remove("usr/sbin/mkinitramfs");
    host.write("usr/bin/dracut", b"");
    host.write("usr/lib/dracut/modules.d/90cleat/module-setup.sh", b"");
    let stand = Stand::new(|_| Ok(String::new()));
    let force = Policy {
        force: true,
        ..Policy::default()
    };
    let end = refreshed(&host, &stand, force).unwrap();
    assert!(matches!(end, Refreshed::Rebuilt(_)), "{end:?}");
    assert_eq!(
        stand.calls(),
        ["dracut --regenerate-all --force", "proxmox-boot-tool refresh"]
    );
}

#[test]
fn a_damaged_image_is_told_and_made_anew() {
    let host = Host::new();
    host.write("boot/initrd.img-6.1.0-37-amd64", &IMAGE[..IMAGE.len() - 40]);
    let (_, told) = look(&host.root, &Stand::new(nothing_runs));
    assert_eq!(
        lines(&told),
        [
            "warning: cannot unpack /boot/initrd.img-6.1.0-37-amd64: `zstd -dcq` failed: exit code 1 \
             [initramfs-unreadable]"
        ]
    );
    let stand = Stand::new(|_| {
        host.write("boot/initrd.img-6.1.0-37-amd64", IMAGE);
        Ok(String::new())
    });
    let end = refreshed(&host, &stand, Policy::default()).unwrap();
    assert!(matches!(end, Refreshed::Rebuilt(_)), "{end:?}");
}

#[test]
fn a_host_without_an_initramfs_has_nothing_to_refresh() {
    let host = Host::new();
    host.remove("boot/initrd.img-6.1.0-37-amd64");
    let stand = Stand::new(nothing_runs);
    assert_eq!(refreshed(&host, &stand, Policy::default()), Ok(Refreshed::NotUsed));
}

/// The program itself is a member like any other: how large it is does not matter.
#[test]
fn a_member_of_more_than_a_mebibyte_is_there_though_it_is_not_kept() {
    let mut archive = Vec::new();
    let mut member = |name: &str, bytes: &[u8]| {
        // Documentation/driver-api/early-userspace/buffer-format.rst: magic and thirteen fields of eight digits.
        let fields = [1, 0o100_755, 0, 0, 1, 0, bytes.len(), 0, 0, 0, 0, name.len() + 1, 0];
        archive.extend_from_slice(b"070701");
        fields
            .iter()
            .for_each(|field| archive.extend_from_slice(format!("{field:08x}").as_bytes()));
        archive.extend_from_slice(name.as_bytes());
        archive.push(0);
        archive.resize(archive.len().next_multiple_of(4), 0);
        archive.extend_from_slice(bytes);
        archive.resize(archive.len().next_multiple_of(4), 0);
    };
    member("usr/lib/cleat/cleat-early", &vec![7; (1 << 20) + 1]);
    member("etc/systemd/network/20-b.link", LAN.as_bytes());
    // Source: mkinitramfs(8) copies modules as they lie in the root, compressed or not.
    member(
        "usr/lib/modules/6.1.0-37-amd64/kernel/drivers/net/virtio_net.ko.xz",
        b"module",
    );
    member("lib/modules/6.1.0-37-amd64/updates/dkms/e1000e.ko", b"module");
    member(
        "usr/lib/modules/6.1.0-37-amd64/modules.dep",
        b"kernel/drivers/net/igb.ko:",
    );
    member("TRAILER!!!", b"");
    let host = Host::new();
    host.write("boot/initrd.img-6.1.0-37-amd64", &archive);
    let (state, told) = look(&host.root, &Stand::new(nothing_runs));
    assert_eq!(lines(&told), Vec::<String>::new());
    assert!(state.images[0].early);
    assert_eq!(state.images[0].links.len(), 1);
    let modules: Vec<&str> = state.images[0].modules.iter().map(String::as_str).collect();
    assert_eq!(modules, ["e1000e", "virtio_net"]);
}
