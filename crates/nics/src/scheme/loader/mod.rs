//! Which boot loader boots this host.
//!
//! Many hosts have the files of more than one. What is looked for is the one whose work is seen in the running system:
//! its name in a UEFI variable, or an entry of its files that the running command line was made from.

pub mod config;
pub mod evidence;

use crate::initramfs;
use crate::programs::installed;
use cleat_diag::Diagnostic;
use cleat_root::{Root, paths};
use evidence::Evidence;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A boot loader, and who writes its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loader {
    /// GRUB, by update-grub(8).
    Grub,
    /// GRUB, by proxmox-boot-tool(8).
    ProxmoxGrub,
    /// systemd-boot, by proxmox-boot-tool(8).
    ProxmoxSystemdBoot,
    /// systemd-boot, by kernel-install(8).
    SystemdBoot,
    /// systemd-boot, by hand.
    SystemdBootByHand,
    /// U-Boot, by u-boot-update(8).
    UBoot,
    /// U-Boot or extlinux, by hand.
    Extlinux,
}

impl fmt::Display for Loader {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Loader::Grub => "GRUB",
            Loader::ProxmoxGrub => "GRUB, kept by proxmox-boot-tool",
            Loader::ProxmoxSystemdBoot => "systemd-boot, kept by proxmox-boot-tool",
            Loader::SystemdBoot => "systemd-boot, kept by kernel-install",
            Loader::SystemdBootByHand => "systemd-boot",
            Loader::UBoot => "U-Boot, kept by u-boot-update",
            Loader::Extlinux => "extlinux",
        })
    }
}

/// The boot loader, and how it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Which.
    pub loader: Loader,
    /// What told so, as one clause.
    pub because: String,
}

/// Finds out which boot loader boots this host.
///
/// # Errors
/// Nothing tells, or what tells does not agree: with what was looked at.
pub fn detect(root: &Root) -> Result<Found, Box<Diagnostic>> {
    let evidence = Evidence::read(root);
    if let Some(kind) = &evidence.container {
        let text = format!("this is a container ({kind}): its host boots the kernel");
        return Err(unknown(text).help("pin the naming scheme on the host").into());
    }
    match evidence.loader.as_deref() {
        Some(name) if name.starts_with("systemd-boot") => systemd_boot(root, &evidence, name),
        Some(name) if name.starts_with("GRUB") => Ok(grub(root, format!("it left its name: {name}"))),
        Some(name) => Err(unknown(format!(
            "this host is booted by {name}, whose files cleat-scheme does not know"
        ))),
        None => by_command_line(root, &evidence),
    }
}

fn unknown(text: impl Into<String>) -> Box<Diagnostic> {
    Box::new(Diagnostic::error("loader-unknown", text))
}

/// Of a host whose boot loader left no name.
fn by_command_line(root: &Root, evidence: &Evidence) -> Result<Found, Box<Diagnostic>> {
    if let Some(initrd) = evidence.efi_initrd() {
        let because = format!("the running command line has initrd={initrd}");
        return match initramfs::is_proxmox(root) && initrd.to_lowercase().starts_with(r"\efi\proxmox\") {
            true => Ok(Found {
                loader: Loader::ProxmoxSystemdBoot,
                because,
            }),
            false => Err(unknown(format!(
                "{because}, which UEFI itself or one of several loaders may have said"
            ))
            .help("mount efivarfs at /sys/firmware/efi/efivars, where the loader leaves its name")
            .into()),
        };
    }
    let Some(kernel) = evidence.boot_image() else {
        return match extlinux_matches(root, evidence, None) {
            true => Ok(extlinux(
                root,
                "an entry of its file is the running command line".to_owned(),
            )),
            false => Err(unknown(
                "nothing tells what boots this host: no boot loader left its name, and the running command line has \
                 neither BOOT_IMAGE= nor initrd=",
            )
            .note("a virtual machine may be started by its host with a kernel of the host's")
            .into()),
        };
    };
    let because = format!("it has an entry for the running kernel, BOOT_IMAGE={kernel}");
    match (
        grub_matches(root, &kernel),
        extlinux_matches(root, evidence, Some(&kernel)),
    ) {
        (true, false) => Ok(grub(root, because)),
        (false, true) => Ok(extlinux(root, because)),
        (true, true) => Err(unknown(format!(
            "{} and {} both have an entry for the running kernel",
            paths::GRUB_CFG,
            paths::EXTLINUX_CONF
        ))
        .help("remove the files of the one that does not boot this host")
        .into()),
        // The files are on boot partitions that are not mounted.
        (false, false) if initramfs::is_proxmox(root) => Ok(Found {
            loader: Loader::ProxmoxGrub,
            because: format!("proxmox-boot-tool keeps boot partitions, and the running kernel is BOOT_IMAGE={kernel}"),
        }),
        (false, false) => Err(unknown(format!(
            "the running kernel was booted as {kernel}, of which neither {} nor {} has an entry",
            paths::GRUB_CFG,
            paths::EXTLINUX_CONF
        ))
        .note("it may have come over the network, or its package is gone since the boot")
        .into()),
    }
}

fn systemd_boot(root: &Root, evidence: &Evidence, name: &str) -> Result<Found, Box<Diagnostic>> {
    let because = format!("it left its name: {name}");
    let found = |loader| {
        Ok(Found {
            loader,
            because: because.clone(),
        })
    };
    if initramfs::is_proxmox(root) {
        return found(Loader::ProxmoxSystemdBoot);
    }
    let kept = installed(root, "kernel-install") && root.exists("/etc/kernel/postinst.d/zz-systemd-boot");
    if let Some(stub) = &evidence.stub {
        let conf = root.read_text(paths::KERNEL_INSTALL_CONF).unwrap_or_default();
        let unified = conf.lines().any(|line| line.trim() == "layout=uki");
        if kept && unified {
            return found(Loader::SystemdBoot);
        }
        let text = format!("the running kernel is a unified image ({stub}): its command line is inside it");
        return Err(unknown(text)
            .help("put net.naming-scheme= into the command line that the image is built with")
            .into());
    }
    match kept {
        true => found(Loader::SystemdBoot),
        false if config::boot_entry_files(root).is_empty() => {
            let text = "systemd-boot boots this host, and its entries are not to be seen";
            Err(unknown(text)
                .help("mount its boot partition at /efi, /boot/efi or /boot")
                .into())
        }
        false => found(Loader::SystemdBootByHand),
    }
}

fn grub(root: &Root, because: String) -> Found {
    let loader = match initramfs::is_proxmox(root) {
        true => Loader::ProxmoxGrub,
        false => Loader::Grub,
    };
    Found { loader, because }
}

fn extlinux(root: &Root, because: String) -> Found {
    let text = root.read_text(paths::EXTLINUX_CONF).unwrap_or_default();
    let loader = match installed(root, "u-boot-update") && text.contains("u-boot-update") {
        true => Loader::UBoot,
        false => Loader::Extlinux,
    };
    Found { loader, because }
}

fn grub_matches(root: &Root, kernel: &str) -> bool {
    let text = root.read_text(paths::GRUB_CFG).unwrap_or_default();
    config::grub(&text).iter().any(|entry| entry.kernel == kernel)
}

/// Whether an entry is what was booted: by its words, which all are in the running command line, and its kernel where
/// that is known.
fn extlinux_matches(root: &Root, evidence: &Evidence, kernel: Option<&str>) -> bool {
    let text = root.read_text(paths::EXTLINUX_CONF).unwrap_or_default();
    let running = evidence.words();
    let mut entries = config::extlinux(&text).into_iter();
    entries.any(|entry| {
        let words = evidence::configured(&entry.cmdline);
        let same_kernel = kernel.is_none_or(|kernel| file_name(kernel) == file_name(&entry.kernel));
        same_kernel && !words.is_empty() && words.iter().all(|word| running.contains(word))
    })
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests;
