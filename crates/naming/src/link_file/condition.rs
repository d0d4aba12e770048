//! Conditions of `[Match]` on the machine rather than on the NIC.

use super::version;
use crate::cmdline::{self, NAMES_KEY, Word};
use cleat_root::{Root, matches, paths};
use std::path::Path;

/// Whether something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// It cannot be told from what is known.
    Unknown,
}

impl Holds {
    fn of(known: Option<bool>) -> Self {
        match known {
            Some(true) => Self::Yes,
            Some(false) => Self::No,
            None => Self::Unknown,
        }
    }
}

/// What an admin says of the machine. *Source*: machine-info(5).
const MACHINE_INFO: &str = "/etc/machine-info";

/// Keys that are conditions.
pub(super) const KEYS: &[&str] = &[
    "Host",
    "Virtualization",
    "KernelCommandLine",
    "KernelVersion",
    "Version",
    "Credential",
    "Architecture",
    "Firmware",
    "MachineTag",
];

/// `Host=`, `KernelCommandLine=` and their like; each once, a later assignment takes the place of the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The key.
    pub key: &'static str,
    /// What is asked for, without the `!`.
    pub value: String,
    /// Whether it stands behind a `!`.
    pub negated: bool,
}

/// What conditions ask of the machine; what is not known is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// Host name.
    pub host_name: Option<String>,
    /// /etc/machine-id.
    pub machine_id: Option<String>,
    /// Words of the kernel command line.
    pub command_line: Option<Vec<Word>>,
    /// As `uname -r` prints it.
    pub kernel_release: Option<String>,
    /// As `uname -m` prints it.
    pub machine: Option<String>,
    /// Tags of /etc/machine-info; empty where it has none.
    pub tags: Vec<String>,
    /// What started the kernel.
    pub firmware: Option<Firmware>,
    /// An admin's file gives udevd credentials; which ones is not known.
    pub gives_credentials: bool,
}

/// What sysfs has of the firmware.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Firmware {
    /// /sys/firmware/efi is there.
    pub uefi: bool,
    /// /sys/firmware/devicetree is there.
    pub device_tree: bool,
}

/// *Source*: Linux's Documentation/ABI/testing/sysfs-firmware-efi and sysfs-firmware-ofw; systemd.unit(5),
/// `ConditionFirmware=`.
const FIRMWARE: &str = "/sys/firmware";
/// Files of the admin for udevd's unit. *Source*: systemd.unit(5), UNIT FILE LOAD PATH.
const UDEVD_DROP_INS: &str = "/etc/systemd/system/systemd-udevd.service.d/*.conf";

impl Machine {
    /// Reads what the root has.
    pub fn read(root: &Root) -> Self {
        let text = |path: &str| root.read_text(path).ok().filter(|text| !text.is_empty());
        Self {
            host_name: text(paths::PROC_HOSTNAME),
            machine_id: text(paths::MACHINE_ID),
            command_line: root
                .read_text(paths::PROC_CMDLINE)
                .ok()
                .map(|line| cmdline::words(&line)),
            kernel_release: text(paths::PROC_OSRELEASE),
            machine: text(paths::PROC_ARCH),
            tags: tags(&root.read_text(MACHINE_INFO).unwrap_or_default()),
            firmware: root.is_dir(FIRMWARE).then(|| Firmware {
                uefi: root.exists(Path::new(FIRMWARE).join("efi")),
                device_tree: root.exists(Path::new(FIRMWARE).join("devicetree")),
            }),
            gives_credentials: root.glob(UDEVD_DROP_INS, "/").into_iter().any(|path| {
                let text = root.read_text(path).unwrap_or_default();
                text.contains("Credential")
            }),
        }
    }

    /// Whether names are given by policy at all: `net.ifnames=0` turns that off.
    ///
    /// *Source*: systemd-udevd.service(8), KERNEL COMMAND LINE; the last occurrence counts.
    pub fn uses_name_policies(&self) -> bool {
        let words = self.command_line.iter().flatten().rev();
        let said = words
            .filter(|word| word.is(NAMES_KEY))
            .find_map(|word| match word.value() {
                None => Some(true),
                Some(value) => match value.to_ascii_lowercase().as_str() {
                    "0" | "no" | "n" | "false" | "f" | "off" => Some(false),
                    "1" | "yes" | "y" | "true" | "t" | "on" => Some(true),
                    _ => None,
                },
            });
        said.unwrap_or(true)
    }
}

impl Condition {
    /// As written: `Host=!vm*`.
    pub fn text(&self) -> String {
        format!("{}={}{}", self.key, if self.negated { "!" } else { "" }, self.value)
    }

    /// Whether it holds on this machine. *Source*: systemd.unit(5), the `Condition...=` of the same names.
    pub fn holds(&self, machine: &Machine) -> Holds {
        if self.is_unreadable(machine) {
            return Holds::No;
        }
        Holds::of(self.is_so(machine).map(|holds| holds != self.negated))
    }

    /// Whether systemd fails over it, so that it holds neither as it is nor behind a `!`.
    fn is_unreadable(&self, machine: &Machine) -> bool {
        self.key == "KernelVersion" && machine.kernel_release.is_some() && self.is_so(machine).is_none()
    }

    /// Whether what it asks for is so, without its `!`; `None` where that is not known.
    fn is_so(&self, machine: &Machine) -> Option<bool> {
        match self.key {
            "Host" => self.is_host(machine),
            "KernelCommandLine" => machine.command_line.as_ref().map(|words| {
                let is = |word: &Word| match word.text.strip_prefix(self.value.as_str()) {
                    Some("") => true,
                    Some(rest) => !self.value.contains('=') && rest.starts_with('='),
                    None => false,
                };
                words.iter().any(is)
            }),
            "KernelVersion" => version::holds(&self.value, machine.kernel_release.as_ref()?),
            "Version" => self.is_version(machine),
            "Architecture" if self.value == "native" => Some(true),
            "Architecture" => machine
                .machine
                .as_deref()
                .map(|machine| architecture(machine) == self.value),
            // udevd has no credentials unless an admin gives it some: its unit asks for none.
            "Credential" => (!machine.gives_credentials).then_some(false),
            "Firmware" => match self.value.as_str() {
                "uefi" => machine.firmware.map(|firmware| firmware.uefi),
                "device-tree" => machine.firmware.map(|firmware| firmware.device_tree),
                _ => None,
            },
            "MachineTag" => Some(machine.tags.iter().any(|tag| matches(&self.value, tag))),
            _ => None,
        }
    }

    /// *Source*: systemd.unit(5) of systemd 258, `ConditionVersion=`: of the kernel unless another is named.
    fn is_version(&self, machine: &Machine) -> Option<bool> {
        let (first, rest) = self.value.split_once(' ').unwrap_or((&self.value, ""));
        match first {
            "systemd" | "glibc" => None,
            "kernel" => version::holds(rest, machine.kernel_release.as_ref()?),
            _ => version::holds(&self.value, machine.kernel_release.as_ref()?),
        }
    }

    fn is_host(&self, machine: &Machine) -> Option<bool> {
        let hex: String = self.value.chars().filter(|char| *char != '-').collect();
        if hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Some(machine.machine_id.as_ref()?.eq_ignore_ascii_case(&hex));
        }
        let name = machine.host_name.as_ref()?.to_lowercase();
        Some(matches(&self.value.to_lowercase(), &name))
    }
}

/// The tags of a machine: those of the last `TAGS=`, which colons part. *Source*: machine-info(5), `TAGS=`.
fn tags(text: &str) -> Vec<String> {
    let mut said = text.lines().filter_map(|line| line.trim().strip_prefix("TAGS="));
    let value = said.next_back().unwrap_or_default().trim().trim_matches(['"', '\'']);
    value
        .split(':')
        .filter(|tag| !tag.is_empty())
        .map(str::to_owned)
        .collect()
}

/// systemd's word for what `uname -m` prints. *Source*: systemd.unit(5), `ConditionArchitecture=`.
fn architecture(machine: &str) -> &str {
    match machine {
        "x86_64" => "x86-64",
        "i386" | "i486" | "i586" | "i686" => "x86",
        "aarch64" => "arm64",
        "aarch64_be" => "arm64-be",
        "ppc64le" => "ppc64-le",
        "ppcle" => "ppc-le",
        arm if arm.starts_with("armv") && arm.ends_with('b') => "arm-be",
        arm if arm.starts_with("armv") => "arm",
        same => same,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: systemd.unit(5) of systemd 262, `ConditionMachineTag=`.
    #[test]
    fn a_machine_tag_is_matched_as_a_whole_with_its_value() {
        let machine = Machine {
            tags: tags("PRETTY_HOSTNAME=a\nTAGS=\"demo:berlin:role=webserver\"\n"),
            ..Machine::default()
        };
        let holds = |value: &str, negated: bool| {
            let condition = Condition {
                key: "MachineTag",
                value: value.to_owned(),
                negated,
            };
            condition.holds(&machine)
        };
        for value in ["demo", "ber*", "role=webserver", "role=*"] {
            assert_eq!(holds(value, false), Holds::Yes, "{value}");
            assert_eq!(holds(value, true), Holds::No, "{value}");
        }
        assert_eq!(holds("role", false), Holds::No);
    }
}
