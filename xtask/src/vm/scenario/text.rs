//! The text of `scenario.toml`. The format is described in docs/vm-tests.md.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

/// The keys of [`Text`].
const OF_SCENARIO: &[&str] = &[
    "about", "start", "limit", "suites", "engines", "image", "packages", "tests", "step", "machine",
];
/// The keys of [`Hardware`]: at the top where there is one machine, in each `[[machine]]` where there are more.
const OF_MACHINE: &[&str] = &[
    "name", "words", "memory", "board", "globals", "devices", "place", "nic", "disk",
];

/// What a scenario is, but for its machines.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Text {
    /// What it shows, in one line.
    pub about: String,
    /// From power-on, or from the snapshot of a machine that has booted.
    #[serde(default)]
    pub start: Start,
    /// Seconds until it is killed, with the newer QEMU on a machine that has nothing else to do.
    #[serde(default = "limit")]
    pub limit: u32,
    /// Debian releases it runs on by itself: `12`, `13`.
    #[serde(default = "suites")]
    pub suites: Vec<String>,
    /// Engines it can run on.
    #[serde(default = "engines")]
    pub engines: Vec<Engine>,
    /// The image that it boots.
    #[serde(default)]
    pub image: Kind,
    /// Whether the two packages lie in /var/lib/vm-tests/packages, and newer ones in its folder `newer`, in the place of
    /// the suite, which is not installed then.
    #[serde(default)]
    pub packages: bool,
    /// Whether the project's integration tests go in, as /usr/lib/vm-tests/tests.
    #[serde(default)]
    pub tests: bool,
    /// What happens, in order.
    #[serde(rename = "step")]
    pub steps: Vec<StepText>,
}

fn limit() -> u32 {
    120
}

fn suites() -> Vec<String> {
    vec!["12".to_owned()]
}

fn engines() -> Vec<Engine> {
    vec![Engine::Qemu]
}

/// A machine, or all of them where there is one.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Hardware {
    /// What steps and folders call it; empty where there is one.
    #[serde(default)]
    pub name: String,
    /// Further words for the kernel command line.
    #[serde(default)]
    pub words: String,
    /// Memory in MiB.
    #[serde(default = "memory")]
    pub memory: u32,
    /// QEMU's `-machine`.
    #[serde(default = "board")]
    pub board: String,
    /// QEMU's `-global`, one each.
    #[serde(default)]
    pub globals: Vec<String>,
    /// QEMU's `-device`, one each: ports, bridges and controllers, before the NICs.
    #[serde(default)]
    pub devices: Vec<String>,
    /// Path in the machine to a file here, relative to the scenario.
    #[serde(default)]
    pub place: BTreeMap<String, PathBuf>,
    /// NICs in the order of their slots.
    #[serde(default, rename = "nic")]
    pub nics: Vec<Nic>,
    /// Disks beside the root.
    #[serde(default, rename = "disk")]
    pub disks: Vec<Disk>,
}

fn memory() -> u32 {
    512
}

fn board() -> String {
    "q35".to_owned()
}

/// Where a scenario starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// Power-on.
    #[default]
    Boot,
    /// A machine with the same NICs that has booted with an empty configuration.
    Snapshot,
}

/// What the machine is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// A PC with NICs, udev, an initramfs.
    Qemu,
    /// User-mode Linux: its own kernel, no PCI, no initramfs.
    Uml,
}

impl std::fmt::Display for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Qemu => "qemu",
            Self::Uml => "uml",
        })
    }
}

/// Which of a release's images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The small kernel for virtual machines; booted directly.
    #[default]
    Plain,
    /// The kernel with drivers for every NIC; booted directly.
    Hardware,
    /// A disk that GRUB boots, kernel and initramfs on it.
    Loader,
    /// As plain, with ifupdown2.
    Ifupdown2,
    /// As plain, with ifupdown and the packages that it makes bonds, bridges and VLANs with.
    Ifupdown,
}

impl Kind {
    /// The package that brings up the network of this image; it lies in the image once more, as a host that is connected
    /// can have it again.
    pub fn network(self) -> Option<&'static str> {
        match self {
            Self::Plain | Self::Hardware | Self::Loader => None,
            Self::Ifupdown2 => Some("ifupdown2"),
            Self::Ifupdown => Some("ifupdown"),
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Plain => "plain",
            Self::Hardware => "hardware",
            Self::Loader => "loader",
            Self::Ifupdown2 => "ifupdown2",
            Self::Ifupdown => "ifupdown",
        })
    }
}

/// A NIC of a machine.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Nic {
    /// Its name: pinned to its MAC by a .link file, unless it is not `pinned`.
    pub name: String,
    /// Its MAC.
    pub mac: String,
    /// The wire that it is plugged into; NICs of one wire hear each other. Without one: a wire of its own.
    pub wire: Option<String>,
    /// It is not there at the start: a step plugs it or fits it.
    #[serde(default)]
    pub late: bool,
    /// Whether it has its name by a .link file. Without one udev names it, and `name` is only for steps.
    #[serde(default = "pinned")]
    pub pinned: bool,
    /// QEMU's words for it, but for `id`, `netdev` and `mac`. Without: virtio, in a port of its own.
    pub device: Option<String>,
}

fn pinned() -> bool {
    true
}

/// A disk of a machine.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Disk {
    /// Its serial number and label are `vm` and this.
    pub name: String,
    /// In MiB.
    pub size: u32,
    /// Whether it has an ext4 file system; else it is empty.
    #[serde(default)]
    pub ext4: bool,
}

/// A step as written: exactly one of the keys that say what to do, and what is expected of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct StepText {
    pub(super) on: Option<String>,
    pub(super) run: Option<String>,
    pub(super) sh: Option<String>,
    pub(super) settled: Option<bool>,
    pub(super) wait: Option<f64>,
    pub(super) console: Option<String>,
    pub(super) reboot: Option<bool>,
    pub(super) power_cut: Option<bool>,
    pub(super) kill: Option<bool>,
    pub(super) plug: Option<String>,
    pub(super) unplug: Option<String>,
    pub(super) fit: Option<String>,
    pub(super) cable_out: Option<String>,
    pub(super) cable_in: Option<String>,
    pub(super) golden: Option<PathBuf>,
    pub(super) dump: Option<String>,
    pub(super) same_as: Option<String>,
    pub(super) status: Option<i32>,
    #[serde(default)]
    pub(super) prints: Vec<String>,
    #[serde(default)]
    pub(super) lacks: Vec<String>,
}

#[derive(Deserialize)]
struct Machines {
    #[serde(default, rename = "machine")]
    all: Vec<Hardware>,
}

/// Reads a text: the scenario, and its machines, one at least.
///
/// *Errors*: the parser's own words, or a key that nobody knows.
pub fn parse(text: &str) -> Result<(Text, Vec<Hardware>), String> {
    let said = |error: toml::de::Error| error.to_string();
    // Three readers of one text, each with its own keys: messages have the line, which a table has not.
    let scenario: Text = toml::from_str(text).map_err(said)?;
    let Machines { all } = toml::from_str(text).map_err(said)?;
    let table: toml::Table = toml::from_str(text).map_err(said)?;
    if all.is_empty() {
        known(&table, &[OF_SCENARIO, OF_MACHINE])?;
        return Ok((scenario, vec![toml::from_str(text).map_err(said)?]));
    }
    known(&table, &[OF_SCENARIO])
        .map_err(|error| format!("{error}; with [[machine]]s, what a machine has stands in them"))?;
    let written = table.get("machine").and_then(toml::Value::as_array);
    for machine in written.into_iter().flatten().filter_map(toml::Value::as_table) {
        known(machine, &[OF_MACHINE])?;
    }
    let unnamed = all.iter().any(|machine| machine.name.is_empty());
    if unnamed {
        return Err("each [[machine]] has a name".to_owned());
    }
    Ok((scenario, all))
}

fn known(table: &toml::Table, keys: &[&[&str]]) -> Result<(), String> {
    let unknown = table.keys().find(|key| !keys.concat().contains(&key.as_str()));
    unknown.map_or(Ok(()), |key| Err(format!("no key `{key}` here")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: &str = "[[step]]\nsettled = true\n";

    #[test]
    fn a_key_that_nobody_knows_is_named() {
        let error = parse(&format!("about = \"x\"\nnics = 2\n{STEP}")).expect_err("it is `nic`");
        assert_eq!(error, "no key `nics` here");
        let error = parse(&format!("about = \"x\"\n{STEP}[[machine]]\nname = \"a\"\nlimit = 3\n"))
            .expect_err("a limit is of the scenario");
        assert_eq!(error, "no key `limit` here");
    }

    #[test]
    fn what_a_machine_has_stands_in_it_where_there_are_several() {
        let two = "[[machine]]\nname = \"a\"\nmemory = 256\n[[machine]]\nname = \"b\"\n";
        let (_, machines) = parse(&format!("about = \"x\"\n{STEP}{two}")).expect("two machines");
        let told: Vec<(&str, u32)> = machines.iter().map(|one| (one.name.as_str(), one.memory)).collect();
        assert_eq!(told, [("a", 256), ("b", 512)]);
        let error = parse(&format!("about = \"x\"\nmemory = 256\n{STEP}{two}")).expect_err("whose memory?");
        assert_eq!(
            error,
            "no key `memory` here; with [[machine]]s, what a machine has stands in them"
        );
    }
}
