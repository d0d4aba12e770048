//! `cleat-link predict`.

use super::Host;
use super::list::in_columns;
use crate::cli::{Call, End, Hint, JSON, Opt, Verb, Words, complain, print};
use crate::scheme::{NextBoot, Pinned};
use cleat_naming::policy::Choice;
use cleat_naming::udev::{DEBIAN_12, DEBIAN_13};
use cleat_naming::{NicFacts, SCHEMES, Scheme, Udev, facts, legal, predict};
use cleat_root::Root;
use serde_json::{Value, json};

/// The verb.
pub(super) const VERB: Verb = Verb {
    name: "predict",
    usage: "cleat-link predict [--scheme VERSION] [--root DIR] [--json]",
    short: "shows what every NIC would be called under every naming scheme",
    doc: "Shows for every NIC the name that it has, and the one that it would get at a boot with the systemd of each naming \
          scheme: from what sysfs says of it, the .link file that it gets, udev's rules and the kernel command line. \
          Schemes that give the same names share a column, a name that is not the one of now has a star, and what changes \
          from Debian 12 to 13 is listed with its reason. The column of the scheme of the next boot is marked, as pinned \
          where something pins it; a pinned scheme goes along from Debian 12 to 13. A NIC whose address was changed, as a \
          bond does, is taken by its own. With `--scheme` every name on offer under that one scheme is \
          shown with its reason.",
    words: Words::NONE,
    options: &[
        Opt {
            form: "--scheme VERSION",
            doc: "only this scheme (`v252`), with every name on offer",
            hint: Hint::Free,
        },
        Opt {
            form: "--root DIR",
            doc: "a tree that `cleat-link capture` wrote, or the root of another system, in place of this machine",
            hint: Hint::Directory,
        },
        JSON,
    ],
    run,
};

/// Stands for the name that the kernel gives.
const KERNELS: &str = "(kernel's)";

fn run(call: &Call) -> End {
    let shown = scheme(call).and_then(|scheme| {
        let root = call.path("root").map_or_else(Root::real, Root::at);
        let names = Names::read(root)?;
        Ok(match (call.has("json"), scheme) {
            (true, only) => format!("{:#}\n", names.document(only)),
            (false, Some(scheme)) => names.candidates(scheme),
            (false, None) => names.table(),
        })
    });
    match shown {
        Ok(text) => print(&text),
        Err(text) => {
            complain(&text);
            End::Fault
        }
    }
}

/// `--scheme`.
fn scheme(call: &Call) -> Result<Option<&'static Scheme>, String> {
    let Some(word) = call.value("scheme").map(|word| word.to_string_lossy()) else {
        return Ok(None);
    };
    let found = Scheme::named(&word);
    let newest = SCHEMES.last().map_or("", |scheme| scheme.name);
    found
        .map(Some)
        .ok_or_else(|| format!("there is no naming scheme `{word}`; known are v238 to {newest} (`cleat-scheme list`)"))
}

/// What names follow from.
struct Names {
    /// As udev sees them at boot.
    nics: Vec<NicFacts>,
    host: Host,
}

/// Schemes that give every NIC the same name.
struct Column {
    first: &'static Scheme,
    last: &'static Scheme,
    choices: Vec<Choice>,
}

impl Names {
    fn read(root: Root) -> Result<Self, String> {
        let nics = facts::nics(&root).map_err(|error| error.to_string())?;
        let host = Host::as_far_as_known(&root);
        Ok(Self {
            nics: nics.into_iter().map(|nic| host.at_boot(nic)).collect(),
            host,
        })
    }

    /// The udev that the column of a scheme is made with: the one that brought it, but the installed one where it is the
    /// scheme that is pinned.
    fn udev_of(&self, scheme: &Scheme) -> Udev {
        match self.pinned() {
            Some(pinned) if pinned.scheme == scheme => self.host.next_boot.udev_for(scheme),
            _ => Udev {
                version: scheme.version,
            },
        }
    }

    fn pinned(&self) -> Option<&Pinned> {
        self.host.next_boot.pinned.as_ref()
    }

    /// What every NIC gets from a udev that follows a scheme.
    fn choices(&self, scheme: &'static Scheme, udev: Udev) -> Vec<Choice> {
        let nics = self.nics.iter();
        nics.map(|nic| self.host.choice(nic, scheme, udev)).collect()
    }

    fn columns(&self) -> Vec<Column> {
        let mut columns: Vec<Column> = Vec::new();
        for scheme in SCHEMES {
            let choices = self.choices(scheme, self.udev_of(scheme));
            let names = |choices: &[Choice]| -> Vec<Option<String>> {
                choices.iter().map(|choice| choice.name.clone()).collect()
            };
            match columns.last_mut() {
                Some(column) if names(&column.choices) == names(&choices) => column.last = scheme,
                _ => columns.push(Column {
                    first: scheme,
                    last: scheme,
                    choices,
                }),
            }
        }
        columns
    }

    fn table(&self) -> String {
        if self.nics.is_empty() {
            return "there are no NICs here\n".to_owned();
        }
        let columns = self.columns();
        let mut rows: Vec<Vec<String>> = vec![
            std::iter::once("now".to_owned())
                .chain(columns.iter().map(Column::title))
                .collect(),
            std::iter::once(String::new())
                .chain(columns.iter().map(|column| column.release(&self.host.next_boot)))
                .collect(),
        ];
        for (at, nic) in self.nics.iter().enumerate() {
            let names = columns.iter().map(|column| cell(nic, &column.choices[at]));
            rows.push(std::iter::once(nic.name().to_owned()).chain(names).collect());
        }
        let mut text = in_columns(&rows);
        text += "\n* another name than now\n";
        text += &self.upgrade();
        text + &self.notes()
    }

    /// What changes from Debian 12 to 13. A scheme that is pinned goes along, where both know it.
    fn upgrade(&self) -> String {
        let (Some(from), Some(to)) = (DEBIAN_12.default_scheme(), DEBIAN_13.default_scheme()) else {
            return String::new();
        };
        let known = |udev: Udev| self.pinned().filter(|pinned| pinned.scheme.version <= udev.version);
        let Some(Pinned { scheme, by }) = known(DEBIAN_12).or_else(|| known(DEBIAN_13)) else {
            let lines = changed(&self.choices(from, DEBIAN_12), &self.choices(to, DEBIAN_13));
            if lines.is_empty() {
                return format!("\nfrom Debian 12 ({from}) to Debian 13 ({to}): no name changes\n");
            }
            return format!(
                "\nfrom Debian 12 ({from}) to Debian 13 ({to}):\n{lines}\
                 keep them: cleat-link pin, or cleat-scheme pin {from}\n"
            );
        };
        // Debian 12 takes its default for a scheme that it does not know.
        let before = if known(DEBIAN_12).is_some() { *scheme } else { from };
        let (before, after) = (self.choices(before, DEBIAN_12), self.choices(scheme, DEBIAN_13));
        let head = format!("\nfrom Debian 12 to Debian 13 with {scheme}, which is pinned by {by}:");
        let mut text = match changed(&before, &after) {
            lines if lines.is_empty() => format!("{head} no name changes\n"),
            lines => format!("{head}\n{lines}keep them: cleat-link pin\n"),
        };
        let kept = changed(&after, &self.choices(to, DEBIAN_13));
        if !kept.is_empty() {
            text += &format!("without the pin, from {scheme} to {to}:\n{kept}");
        }
        text
    }

    /// Doubts, and names that more than one NIC would get.
    fn notes(&self) -> String {
        let scheme = self.host.next_boot.scheme_or_newest();
        let choices = self.choices(scheme, self.host.next_boot.udev_for(scheme));
        let mut notes = String::new();
        for (nic, choice) in self.nics.iter().zip(&choices) {
            for doubt in &choice.doubts {
                notes += &format!("note: {}: {doubt}\n", nic.name());
            }
        }
        for (at, choice) in choices.iter().enumerate() {
            let same = choices[..at]
                .iter()
                .position(|other| other.name.is_some() && other.name == choice.name);
            if let (Some(first), Some(name)) = (same, &choice.name) {
                let (one, other) = (self.nics[first].name(), self.nics[at].name());
                notes += &format!(
                    "note: {one} and {other} would both be called {name} under {scheme}: one stays as it is\n"
                );
            }
        }
        notes
    }

    /// Every name on offer under one scheme.
    fn candidates(&self, scheme: &'static Scheme) -> String {
        let udev = self.host.next_boot.udev_for(scheme);
        let mut text = format!("scheme {scheme} with systemd {}\n", udev.version);
        for nic in &self.nics {
            let prediction = predict(nic, scheme, udev);
            let choice = self.host.choice(nic, scheme, udev);
            let name = choice.name.as_deref().unwrap_or(KERNELS);
            text += &format!("\n{} -> {name}  ({})\n", nic.name(), choice.reason);
            if let Some(nameless) = prediction.nameless {
                text += &format!("  no names: {nameless}\n");
            }
            let rows = prediction.candidates.iter().map(|found| {
                let illegal = legal(&found.name).err().map(|why| format!("; {why}"));
                let reason = format!("{}{}", found.reason, illegal.unwrap_or_default());
                vec![format!("  {}", found.origin.word()), found.name.clone(), reason]
            });
            text += &in_columns(&rows.collect::<Vec<_>>());
            for doubt in &choice.doubts {
                text += &format!("  note: {doubt}\n");
            }
        }
        text
    }

    /// *Shape*: `{"systemd", "next_boot", "pinned_by", "nics": [{"now", "address", "schemes": [{"scheme", "systemd", "name", "reason", "changes",
    /// "candidates": [{"origin", "name", "reason", "illegal"}], "label", "doubts"}]}]}`; what is not there is null. `address`
    /// is the NIC's own, `next_boot` the scheme of the next boot.
    fn document(&self, only: Option<&'static Scheme>) -> Value {
        let next = &self.host.next_boot;
        let schemes: Vec<(&'static Scheme, Udev)> = match only {
            Some(scheme) => vec![(scheme, next.udev_for(scheme))],
            None => SCHEMES.iter().map(|scheme| (scheme, self.udev_of(scheme))).collect(),
        };
        let nics = self.nics.iter().map(|nic| {
            let schemes = schemes.iter().map(|(scheme, udev)| {
                let prediction = predict(nic, scheme, *udev);
                let choice = self.host.choice(nic, scheme, *udev);
                json!({
                    "scheme": scheme.name,
                    "systemd": udev.version,
                    "changes": choice.changes(nic),
                    "name": choice.name,
                    "reason": choice.reason,
                    "doubts": choice.doubts,
                    "label": prediction.label,
                    "candidates": prediction.candidates.iter().map(|found| json!({
                        "origin": found.origin.word(),
                        "name": found.name,
                        "reason": found.reason,
                        "illegal": legal(&found.name).err().map(|why| why.to_string()),
                    })).collect::<Vec<_>>(),
                })
            });
            json!({ "now": nic.name(), "address": nic.mac(), "schemes": schemes.collect::<Vec<_>>() })
        });
        json!({
            "systemd": next.udev.map(|udev| udev.version),
            "next_boot": next.scheme().map(|scheme| scheme.name),
            "pinned_by": self.pinned().map(|pinned| &pinned.by),
            "nics": nics.collect::<Vec<_>>(),
        })
    }
}

impl Column {
    fn holds(&self, scheme: &Scheme) -> bool {
        (self.first.version..=self.last.version).contains(&scheme.version)
    }

    /// `v238`, `v239-v252`.
    fn title(&self) -> String {
        match self.first == self.last {
            true => self.first.name.to_owned(),
            false => format!("{}-{}", self.first, self.last),
        }
    }

    /// What people call these versions: `Debian 12`; and which one is that of the next boot.
    fn release(&self, next: &NextBoot) -> String {
        let of = |udev: Option<Udev>| udev.and_then(Udev::default_scheme);
        let next = match &next.pinned {
            Some(pinned) => (Some(pinned.scheme), "pinned"),
            None => (of(next.udev), "installed"),
        };
        let known = [
            (of(Some(DEBIAN_12)), "Debian 12"),
            (of(Some(DEBIAN_13)), "Debian 13"),
            next,
        ];
        let here = known
            .iter()
            .filter(|(scheme, _)| scheme.is_some_and(|scheme| self.holds(scheme)));
        here.map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
    }
}

/// A line for each NIC that two boots call differently, with the reason of the second.
fn changed(before: &[Choice], after: &[Choice]) -> String {
    let shown = |name: &Option<String>| name.clone().unwrap_or_else(|| KERNELS.to_owned());
    let pairs = before.iter().zip(after);
    let changed = pairs.filter(|(before, after)| before.name != after.name);
    let line = |(before, after): (&Choice, &Choice)| {
        format!(
            "  {} -> {}  ({})\n",
            shown(&before.name),
            shown(&after.name),
            after.reason
        )
    };
    changed.map(line).collect()
}

/// A name with a star where it is another than now. Where the kernel's own stays, it is another if a program gave the one
/// of now.
fn cell(nic: &NicFacts, choice: &Choice) -> String {
    let name = choice.name.as_deref().unwrap_or(KERNELS);
    match choice.changes(nic) {
        Some(true) => format!("{name} *"),
        Some(false) | None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::capture;
    use super::*;
    use cleat_naming::pins::{AddressKey, NewPin};
    use cleat_root::Durability;
    use std::path::Path;

    /// The NIC at 0000:01:02.0 of a Proxmox-like machine, as Debian 13's kernel shows it: behind a bridge, with a number
    /// of the firmware for itself; and a plain one on the root bus.
    const NICS: &str = r#"[
        {"devices": [
            {"syspath": "/sys/devices/pci0000:00/0000:00:04.0/0000:01:02.0/net/enp1s2", "subsystem": "net",
             "attributes": {"type": "1", "ifindex": "3", "iflink": "3", "dev_port": "0", "addr_assign_type": "0",
                            "address": "52:54:00:aa:00:07", "name_assign_type": "4"},
             "properties": {"ID_PATH": "pci-0000:01:02.0", "ID_SERIAL_SHORT": "a-serial-number"}},
            {"syspath": "/sys/devices/pci0000:00/0000:00:04.0/0000:01:02.0", "subsystem": "pci", "header_type": 0,
             "attributes": {"firmware_node/sun": "2"}},
            {"syspath": "/sys/devices/pci0000:00/0000:00:04.0", "subsystem": "pci", "header_type": 1}]},
        {"devices": [
            {"syspath": "/sys/devices/pci0000:00/0000:00:12.0/net/ens18", "subsystem": "net",
             "attributes": {"type": "1", "ifindex": "2", "iflink": "2", "dev_port": "0", "addr_assign_type": "0",
                            "address": "52:54:00:aa:00:01", "name_assign_type": "4"}},
            {"syspath": "/sys/devices/pci0000:00/0000:00:12.0", "subsystem": "pci", "header_type": 0}],
         "slots": [{"name": "18", "address": "0000:00:12"}]}]"#;
    const DEFAULT: &str = "[Match]\nOriginalName=*\n[Link]\nNamePolicy=keep kernel database onboard slot path\n\
                           WakeOnLanPassword=52:54:00:12:34:56\n";

    fn tree() -> (tempfile::TempDir, Root) {
        let directory = tempfile::tempdir().unwrap();
        let root = Root::at(directory.path());
        let nics: Vec<NicFacts> = serde_json::from_str(NICS).unwrap();
        facts::write(&root, &nics).unwrap();
        write(&root, "/usr/lib/systemd/network/99-default.link", DEFAULT);
        write(&root, "/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-252.so", "");
        write(&root, "/proc/cmdline", "root=UUID=1 ip=192.0.2.1 quiet\n");
        (directory, root)
    }

    fn write(root: &Root, path: &str, text: &str) {
        root.create_dir_all(Path::new(path).parent().unwrap()).unwrap();
        root.write_atomic(path, text.as_bytes(), Durability::Volatile).unwrap();
    }

    /// Second witness: udev in Debian 12 and 13 booted in QEMU with this NIC: crates/naming/tests/fixtures/captured.
    #[test]
    fn the_table_marks_what_the_next_debian_renames_and_says_why() {
        let (_directory, root) = tree();
        let shown = Names::read(root).unwrap().table();
        let expected = "\
now     v238-v255             v257-v261
        Debian 12, installed  Debian 13
enp1s2  enp1s2                ens2 *
ens18   ens18                 ens18

* another name than now

from Debian 12 (v252) to Debian 13 (v257):
  enp1s2 -> ens2  (Ethernet, slot 2 (firmware_node/sun of 0000:01:02.0))
keep them: cleat-link pin, or cleat-scheme pin v252
";
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_captured_tree_gives_the_same_table_and_has_no_secret() {
        let (_directory, root) = tree();
        let copy = tempfile::tempdir().unwrap();
        let said = capture::capture(&Host::as_far_as_known(&root), copy.path()).unwrap();
        let counts = "2 NICs, 1 .link files, 0 files of udev rules, 0 words of the kernel command line";
        assert!(said.contains(counts), "{said}");
        let captured = Root::at(copy.path());
        assert_eq!(
            Names::read(captured.clone()).unwrap().table(),
            Names::read(root).unwrap().table()
        );
        let link = captured.read_text("/usr/lib/systemd/network/99-default.link").unwrap();
        assert!(link.contains("NamePolicy") && !link.contains("Password"), "{link}");
        let database = captured.read_text("/run/udev/data/n3").unwrap();
        assert_eq!(database, "E:ID_PATH=pci-0000:01:02.0");
        assert_eq!(captured.read_text("/proc/cmdline").unwrap(), "");
        let again = capture::capture(&Host::as_far_as_known(&captured), copy.path()).unwrap_err();
        assert_eq!(again, format!("{} is not empty", copy.path().display()));
    }

    /// Source: systemd-udevd.service(8), `net.ifnames=`; udev(7) for the rule.
    #[test]
    fn the_command_line_and_rules_of_udev_are_stronger_than_policies() {
        let (_directory, root) = tree();
        let name = |root: &Root| {
            let names = Names::read(root.clone()).unwrap();
            let choices = names.choices(Scheme::named("v257").unwrap(), DEBIAN_13);
            choices.into_iter().map(|choice| choice.name).collect::<Vec<_>>()
        };
        write(&root, "/proc/cmdline", "quiet net.ifnames=0\n");
        assert_eq!(name(&root), [None, None]);
        // Programs gave both the names that they have: they lose them, which is marked.
        let names = Names::read(root.clone()).unwrap();
        let table = names.table();
        assert_eq!(table.lines().nth(2), Some("enp1s2  (kernel's) *"));
        assert_eq!(table.lines().nth(3), Some("ens18   (kernel's) *"));
        assert_eq!(names.document(None)["nics"][1]["schemes"][0]["changes"], true);
        // The kernel's own is no change (name_assign_type 1 is NET_NAME_ENUM of linux/netdevice.h).
        write(
            &root,
            "/sys/devices/pci0000:00/0000:00:12.0/net/ens18/name_assign_type",
            "1\n",
        );
        let table = Names::read(root.clone()).unwrap().table();
        assert_eq!(table.lines().nth(3), Some("ens18   (kernel's)"));
        write(
            &root,
            "/etc/udev/rules.d/70-persistent-net.rules",
            "SUBSYSTEM==\"net\", ACTION==\"add\", ATTR{address}==\"52:54:00:aa:00:07\", NAME=\"lan0\"\n",
        );
        assert_eq!(name(&root), [Some("lan0".to_owned()), None]);
    }

    /// Second witness: the machine of the test above booted with `net.naming-scheme=v252` on Debian 13 keeps enp1s2
    /// (systemd.net-naming-scheme(7); crates/naming/tests/fixtures/captured/truth.json).
    #[test]
    fn a_pinned_scheme_is_marked_and_goes_along_to_the_next_debian() {
        let (_directory, root) = tree();
        write(&root, "/proc/cmdline", "quiet net.naming-scheme=v252\n");
        let expected = "\
now     v238-v255          v257-v261
        Debian 12, pinned  Debian 13
enp1s2  enp1s2             ens2 *
ens18   ens18              ens18

* another name than now

from Debian 12 to Debian 13 with v252, which is pinned by the kernel command line: no name changes
without the pin, from v252 to v257:
  enp1s2 -> ens2  (Ethernet, slot 2 (firmware_node/sun of 0000:01:02.0))
";
        assert_eq!(Names::read(root.clone()).unwrap().table(), expected);
        // The host after the upgrade: it is udev 257 that follows v252.
        write(&root, "/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-257.so", "");
        let names = Names::read(root).unwrap();
        assert_eq!(names.table(), expected);
        let document = names.document(None);
        assert_eq!(document["next_boot"], "v252");
        assert_eq!(document["pinned_by"], "the kernel command line");
        let of_v252 = document["nics"][0]["schemes"].as_array().unwrap().iter();
        let of_v252: Vec<&Value> = of_v252.filter(|one| one["scheme"] == "v252").collect();
        assert_eq!(of_v252[0]["systemd"], 257);
        assert_eq!(of_v252[0]["name"], "enp1s2");
    }

    /// Source: Linux's drivers/net/bonding: all ports have the address of the bond, addr_assign_type is NET_ADDR_SET (3),
    /// and `bonding_slave/perm_hwaddr` keeps the address that each came with, which it has again when the machine boots.
    #[test]
    fn ports_of_a_bond_are_named_by_their_own_addresses_in_a_tree_and_in_its_capture() {
        let (_directory, root) = tree();
        let legs = [
            (
                "/sys/devices/pci0000:00/0000:00:04.0/0000:01:02.0/net/enp1s2",
                "52:54:00:aa:00:07",
            ),
            ("/sys/devices/pci0000:00/0000:00:12.0/net/ens18", "52:54:00:aa:00:01"),
        ];
        for (leg, own) in legs {
            write(&root, &format!("{leg}/address"), "52:54:00:aa:00:07\n");
            write(&root, &format!("{leg}/addr_assign_type"), "3\n");
            write(&root, &format!("{leg}/bonding_slave/perm_hwaddr"), &format!("{own}\n"));
        }
        let by_mac = "[Match]\nOriginalName=*\n[Link]\nNamePolicy=mac\n";
        write(&root, "/etc/systemd/network/50-mac.link", by_mac);
        let names = |root: &Root| {
            let names = Names::read(root.clone()).unwrap();
            let choices = names.choices(Scheme::named("v252").unwrap(), DEBIAN_12);
            choices
                .into_iter()
                .map(|choice| choice.name.unwrap())
                .collect::<Vec<_>>()
        };
        let both = |root: &Root, expected: [&str; 2]| {
            assert_eq!(names(root), expected);
            let copy = tempfile::tempdir().unwrap();
            capture::capture(&Host::as_far_as_known(root), copy.path()).unwrap();
            let captured = Root::at(copy.path());
            assert_eq!(names(&captured), expected);
            let document = |root: Root| Names::read(root).unwrap().document(None);
            assert_eq!(document(captured), document(root.clone()));
        };
        both(&root, ["enx525400aa0007", "enx525400aa0001"]);
        for (number, (_, own)) in legs.iter().enumerate() {
            let pin = format!("[Match]\nPermanentMACAddress={own}\n[Link]\nName=ennic{number}\n");
            write(&root, &format!("/etc/systemd/network/10-ennic{number}.link"), &pin);
        }
        both(&root, ["ennic0", "ennic1"]);
        write(
            &root,
            "/etc/udev/rules.d/70-persistent-net.rules",
            "SUBSYSTEM==\"net\", ACTION==\"add\", ATTR{address}==\"52:54:00:aa:00:07\", NAME=\"lan7\"\n",
        );
        both(&root, ["lan7", "ennic1"]);
    }

    /// *Source*: systemd.link(5): Name= without a NamePolicy= holds whatever the scheme, and with net.ifnames=0 too.
    #[test]
    fn a_pin_gives_its_name_under_every_scheme() {
        let (_directory, root) = tree();
        let pin = NewPin {
            name: "ennic7",
            address: &"52:54:00:aa:00:07".parse().unwrap(),
            key: AddressKey::Current,
            before: "enp1s2",
            alternatives: &[],
            also: None,
        };
        write(&root, "/etc/systemd/network/10-cleat-ennic7.link", &pin.text());
        for line in ["quiet\n", "quiet net.ifnames=0\n"] {
            write(&root, "/proc/cmdline", line);
            let names = Names::read(root.clone()).unwrap();
            for scheme in SCHEMES {
                let choices = names.choices(scheme, DEBIAN_13);
                assert_eq!(choices[0].name.as_deref(), Some("ennic7"));
                let reason = "Name= of /etc/systemd/network/10-cleat-ennic7.link";
                assert_eq!(choices[0].reason, reason);
                assert_ne!(choices[1].name.as_deref(), Some("ennic7"));
            }
        }
    }

    /// Second witness: `udevadm test` of systemd 252, 257 and 262 (crates/naming/tests/predict/ordered.rs).
    #[test]
    fn a_rules_name_that_udev_makes_another_of_or_refuses_is_told() {
        let (_directory, root) = tree();
        let rule = |name: &str| {
            let text = format!("SUBSYSTEM==\"net\", ATTR{{address}}==\"52:54:00:aa:00:01\", NAME=\"{name}\"\n");
            write(&root, "/etc/udev/rules.d/70-mine.rules", &text);
            Names::read(root.clone()).unwrap().table()
        };
        let table = rule("a:b");
        assert!(
            table.contains("note: ens18: /etc/udev/rules.d/70-mine.rules:1 says `a:b`, of which udev makes a_b\n"),
            "{table}"
        );
        let row = table.lines().find(|line| line.starts_with("ens18 ")).unwrap();
        let cells: Vec<&str> = row.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
        // Before v249 the `:` stayed, and the name was refused.
        assert_eq!(cells, ["ens18", "(kernel's) *", "a_b *", "a_b *"]);
        let table = rule("this-name-is-too-long-for-it");
        let told =
            "70-mine.rules:1 gives `this-name-is-too-long-for-it`, which udev refuses: it has more than 15 bytes\n";
        assert!(table.contains(told), "{table}");
    }
}
