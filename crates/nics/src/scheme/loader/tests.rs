//! Second witnesses: the Boot Loader Interface for what UEFI variables look like; a grub.cfg of grub-mkconfig 2.06 and
//! an extlinux.conf of u-boot-update 4.2 for the files (see the trees in `testing`).

use super::*;
use crate::scheme::testing::{EXTLINUX, GRUB_CFG, Tree};
use cleat_diag::{Sources, render};

fn told(tree: &Tree) -> String {
    let error = detect(&tree.root).unwrap_err();
    render::line(&error, &Sources::new())
}

fn found(tree: &Tree) -> Loader {
    let Found { loader, .. } = detect(&tree.root).unwrap_or_else(|error| panic!("{error:?}"));
    loader
}

const RUNNING: &str = "BOOT_IMAGE=/boot/vmlinuz-6.1.0-37-amd64 root=UUID=0a1b ro quiet\n";

fn bios() -> Tree {
    let tree = Tree::new();
    tree.write("proc/cmdline", RUNNING);
    tree
}

#[test]
fn grub_is_known_by_the_entry_of_the_running_kernel() {
    let tree = bios();
    tree.write("boot/grub/grub.cfg", GRUB_CFG);
    let found = detect(&tree.root).unwrap();
    assert_eq!(found.loader, Loader::Grub);
    assert_eq!(
        found.because,
        "it has an entry for the running kernel, BOOT_IMAGE=/boot/vmlinuz-6.1.0-37-amd64"
    );
    // The device that some name before the path does not matter.
    tree.write(
        "proc/cmdline",
        "BOOT_IMAGE=(hd0,gpt2)/boot/vmlinuz-6.1.0-37-amd64 root=UUID=0a1b\n",
    );
    assert_eq!(self::found(&tree), Loader::Grub);
}

#[test]
fn files_of_grub_are_no_proof_where_another_kernel_runs() {
    let tree = Tree::new();
    tree.write("proc/cmdline", "BOOT_IMAGE=pxe/linux root=/dev/nfs\n");
    tree.write("boot/grub/grub.cfg", GRUB_CFG);
    assert_eq!(
        told(&tree),
        "error: the running kernel was booted as pxe/linux, of which neither /boot/grub/grub.cfg nor \
         /boot/extlinux/extlinux.conf has an entry [loader-unknown]"
    );
}

#[test]
fn two_loaders_with_the_running_kernel_cannot_be_told_apart() {
    let tree = bios();
    tree.write("boot/grub/grub.cfg", GRUB_CFG);
    tree.write("boot/extlinux/extlinux.conf", EXTLINUX);
    assert_eq!(
        told(&tree),
        "error: /boot/grub/grub.cfg and /boot/extlinux/extlinux.conf both have an entry for the running kernel \
         [loader-unknown]; help: remove the files of the one that does not boot this host"
    );
}

#[test]
fn extlinux_is_known_by_the_words_of_its_entry() {
    let tree = Tree::new();
    tree.write("boot/extlinux/extlinux.conf", EXTLINUX);
    tree.write("boot/grub/grub.cfg", GRUB_CFG);
    // U-Boot adds no BOOT_IMAGE.
    tree.write("proc/cmdline", "root=UUID=0a1b ro quiet\n");
    assert_eq!(found(&tree), Loader::Extlinux);
    tree.write("usr/sbin/u-boot-update", "");
    assert_eq!(found(&tree), Loader::UBoot);
    tree.write("proc/cmdline", "root=UUID=0a1b console=ttyS0\n");
    assert_eq!(
        told(&tree),
        "error: nothing tells what boots this host: no boot loader left its name, and the running command line has \
         neither BOOT_IMAGE= nor initrd= [loader-unknown]"
    );
}

#[test]
fn the_name_in_the_uefi_variable_is_believed_before_any_file() {
    let tree = bios();
    tree.write("boot/grub/grub.cfg", GRUB_CFG);
    tree.efi(
        "LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f",
        "systemd-boot 252.39-1~deb12u2",
    );
    assert_eq!(
        told(&tree),
        "error: systemd-boot boots this host, and its entries are not to be seen [loader-unknown]; help: mount its \
         boot partition at /efi, /boot/efi or /boot"
    );
    tree.write(
        "boot/efi/loader/entries/debian.conf",
        "options root=UUID=0a1b ro\nlinux /vmlinuz\n",
    );
    assert_eq!(found(&tree), Loader::SystemdBootByHand);
    tree.write("usr/bin/kernel-install", "");
    tree.write("etc/kernel/postinst.d/zz-systemd-boot", "");
    assert_eq!(found(&tree), Loader::SystemdBoot);
    tree.efi("LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f", "GRUB 2.12");
    assert_eq!(found(&tree), Loader::Grub);
    tree.efi("LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f", "rEFInd 0.14.1");
    assert_eq!(
        told(&tree),
        "error: this host is booted by rEFInd 0.14.1, whose files cleat-scheme does not know [loader-unknown]"
    );
}

#[test]
fn a_unified_image_has_its_command_line_inside() {
    let tree = bios();
    tree.efi(
        "LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f",
        "systemd-boot 257.13-1",
    );
    tree.efi("StubInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f", "systemd-stub 257.13-1");
    tree.write("usr/bin/kernel-install", "");
    tree.write("etc/kernel/postinst.d/zz-systemd-boot", "");
    assert_eq!(
        told(&tree),
        "error: the running kernel is a unified image (systemd-stub 257.13-1): its command line is inside it \
         [loader-unknown]; help: put net.naming-scheme= into the command line that the image is built with"
    );
    tree.write("etc/kernel/install.conf", "layout=uki\n");
    assert_eq!(found(&tree), Loader::SystemdBoot);
}

/// Facts: proxmox-boot-tool keeps a list of boot partitions; its GRUB boots /vmlinuz of such a partition, its
/// systemd-boot names the initramfs below \EFI\proxmox.
#[test]
fn proxmox_boot_tool_is_known_by_its_partitions() {
    let tree = bios();
    tree.write("etc/kernel/proxmox-boot-uuids", "1A2B-3C4D\n");
    tree.write("usr/sbin/proxmox-boot-tool", "");
    tree.write(
        "proc/cmdline",
        "BOOT_IMAGE=/vmlinuz-6.8.12-4-pve root=ZFS=/ROOT/pve-1 ro\n",
    );
    assert_eq!(found(&tree), Loader::ProxmoxGrub);
    tree.write(
        "proc/cmdline",
        "initrd=\\EFI\\proxmox\\6.8.12-4-pve\\initrd.img-6.8.12-4-pve root=ZFS=rpool/ROOT/pve-1\n",
    );
    assert_eq!(found(&tree), Loader::ProxmoxSystemdBoot);
    tree.write("etc/kernel/proxmox-boot-uuids", "\n");
    assert_eq!(
        told(&tree),
        "error: the running command line has \
         initrd=\\EFI\\proxmox\\6.8.12-4-pve\\initrd.img-6.8.12-4-pve, which UEFI itself or one of several loaders may \
         have said [loader-unknown]; help: mount efivarfs at /sys/firmware/efi/efivars, where the loader leaves its name"
    );
}

#[test]
fn a_container_has_no_boot_loader() {
    let tree = bios();
    tree.write("run/systemd/container", "lxc\n");
    assert_eq!(
        told(&tree),
        "error: this is a container (lxc): its host boots the kernel [loader-unknown]; help: pin the naming scheme on \
         the host"
    );
}
