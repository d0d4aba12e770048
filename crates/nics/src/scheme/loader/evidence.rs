//! What a running system says of how it was booted.

use cleat_naming::cmdline;
use cleat_root::{Root, paths};

/// Vendor of the variables that boot loaders leave.
///
/// *Source*: the Boot Loader Interface, <https://systemd.io/BOOT_LOADER_INTERFACE/>.
const LOADER_VENDOR: &str = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";
/// Vendor of systemd's own variables.
///
/// *Source*: systemd's docs/ENVIRONMENT.md and `bootctl systemd-efi-options`.
const SYSTEMD_VENDOR: &str = "8cf2644b-4b0b-428f-9387-6d876050dc67";

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The kind of container that this is.
    pub container: Option<String>,
    /// The boot loader's own name and version: `systemd-boot 252.39-1~deb12u2`.
    pub loader: Option<String>,
    /// The name of the stub in a unified kernel image.
    pub stub: Option<String>,
    /// The running kernel command line.
    pub cmdline: String,
}

impl Evidence {
    /// Reads it. What is not there is no evidence.
    pub fn read(root: &Root) -> Self {
        Self {
            container: root.read_text(paths::CONTAINER).ok().map(|text| text.trim().to_owned()),
            loader: variable(root, "LoaderInfo", LOADER_VENDOR),
            stub: variable(root, "StubInfo", LOADER_VENDOR),
            cmdline: root.read_text(paths::PROC_CMDLINE).unwrap_or_default(),
        }
    }

    /// The kernel as GRUB and the syslinux family name it, without a device in parentheses before it.
    pub fn boot_image(&self) -> Option<String> {
        let value = cmdline::value(&self.cmdline, "BOOT_IMAGE")?;
        let path = match value.strip_prefix('(') {
            Some(rest) => rest.split_once(')').map_or("", |(_, path)| path),
            None => &value,
        };
        Some(path.to_owned())
    }

    /// The initramfs as systemd-boot names it, below its boot partition: `\EFI\proxmox\...\initrd.img`.
    pub fn efi_initrd(&self) -> Option<String> {
        cmdline::value(&self.cmdline, "initrd").filter(|path| path.starts_with('\\'))
    }

    /// The words of the command line that come from the loader's configuration, without those that name a scheme.
    pub fn words(&self) -> Vec<String> {
        configured(&self.cmdline)
    }
}

/// The words of a command line without those that the loader adds and those that name a scheme.
pub fn configured(line: &str) -> Vec<String> {
    let words = cmdline::words(line).into_iter();
    words
        .filter(|word| !is_added(word) && !word.is(cmdline::SCHEME_KEY))
        .map(|word| word.text)
        .collect()
}

/// A command line without the words that the loader adds, as it would be configured.
pub fn configured_line(line: &str) -> String {
    let words = cmdline::words(line).into_iter().filter(|word| !is_added(word));
    let raw: Vec<&str> = words.map(|word| &line[word.range]).collect();
    raw.join(" ")
}

fn is_added(word: &cmdline::Word) -> bool {
    ["BOOT_IMAGE", "initrd"].contains(&word.key())
}

/// The words that systemd reads where the command line has none of the same key, from the UEFI variable
/// `SystemdOptions`.
pub fn efi_options(root: &Root) -> Option<String> {
    variable(root, "SystemdOptions", SYSTEMD_VENDOR)
}

/// The text of a UEFI variable.
///
/// *Shape*: four bytes of attributes, then UTF-16 with a zero behind it (efivarfs of Linux).
fn variable(root: &Root, name: &str, vendor: &str) -> Option<String> {
    let path = format!("{}/{name}-{vendor}", paths::EFI_VARIABLES);
    let bytes = root.read(path).ok()?;
    let units = bytes.get(4..)?.chunks_exact(2);
    let units: Vec<u16> = units.map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
    let text = String::from_utf16_lossy(&units);
    let text = text.trim_end_matches('\0').trim();
    (!text.is_empty()).then(|| text.to_owned())
}
