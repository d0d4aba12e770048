//! `cleat-link predict`.

use super::Host;
use super::list::in_columns;
use crate::cli::{Call, End, Hint, JSON, Opt, Verb, Words, complain, print};
use cleat_naming::link_file::Device;
use cleat_naming::policy::{Choice, choose};
use cleat_naming::rules::ruled;
use cleat_naming::udev::{DEBIAN_12, DEBIAN_13};
use cleat_naming::{NicFacts, Prediction, SCHEMES, Scheme, Udev, facts, legal, predict};
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
          from Debian 12 to 13 is listed with its reason. With `--scheme` every name on offer under that one scheme is \
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
    nics: Vec<NicFacts>,
    host: Host,
    udev: Option<Udev>,
}

/// Schemes that give every NIC the same name.
struct Column {
    first: &'static Scheme,
    last: &'static Scheme,
    choices: Vec<Choice>,
}

impl Names {
    fn read(root: Root) -> Result<Self, String> {
        Ok(Self {
            nics: facts::nics(&root).map_err(|error| error.to_string())?,
            host: Host::as_far_as_known(&root),
            udev: Udev::installed(&root),
        })
    }

    /// The udev that a scheme is tried with: the installed one where it knows it, else the one that brought it.
    fn udev_for(&self, scheme: &Scheme) -> Udev {
        let brought = Udev {
            version: scheme.version,
        };
        self.udev.filter(|udev| *udev >= brought).unwrap_or(brought)
    }

    fn choice(&self, nic: &NicFacts, prediction: &Prediction) -> Choice {
        let verdict = match self.host.nics.iter().find(|known| known.name == nic.name()) {
            Some(known) => self.host.verdict(known),
            None => {
                let device = Device::read(&self.host.root, nic.name());
                self.host.files.verdict(&device, &self.host.machine)
            }
        };
        let policies = self.host.machine.uses_name_policies();
        let ruled = ruled(&self.host.rules, nic);
        let mut choice = choose(nic, prediction, verdict.winner, policies, &ruled);
        let open = verdict.open();
        choice.doubts.extend(open.map(|(file, condition)| {
            format!("{} may be for it: {condition} cannot be told here", file.path.display())
        }));
        choice
    }

    /// What every NIC gets from the systemd whose default a scheme is.
    fn choices(&self, scheme: &'static Scheme) -> Vec<Choice> {
        let udev = Udev {
            version: scheme.version,
        };
        let nics = self.nics.iter();
        nics.map(|nic| self.choice(nic, &predict(nic, scheme, udev))).collect()
    }

    fn columns(&self) -> Vec<Column> {
        let mut columns: Vec<Column> = Vec::new();
        for scheme in SCHEMES {
            let choices = self.choices(scheme);
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
                .chain(columns.iter().map(|column| column.release(self.udev)))
                .collect(),
        ];
        for (at, nic) in self.nics.iter().enumerate() {
            let names = columns.iter().map(|column| cell(nic, &column.choices[at]));
            rows.push(std::iter::once(nic.name().to_owned()).chain(names).collect());
        }
        let mut text = in_columns(&rows);
        text += "\n* another name than now\n";
        text += &self.upgrade();
        text + &self.notes(self.udev.and_then(Udev::default_scheme))
    }

    /// What changes from Debian 12 to 13.
    fn upgrade(&self) -> String {
        let (Some(from), Some(to)) = (DEBIAN_12.default_scheme(), DEBIAN_13.default_scheme()) else {
            return String::new();
        };
        let pairs = self.choices(from).into_iter().zip(self.choices(to));
        let changed = pairs.filter(|(before, after)| before.name != after.name);
        let shown = |name: &Option<String>| name.clone().unwrap_or_else(|| KERNELS.to_owned());
        let lines: String = changed
            .map(|(before, after)| {
                format!(
                    "  {} -> {}  ({})\n",
                    shown(&before.name),
                    shown(&after.name),
                    after.reason
                )
            })
            .collect();
        if lines.is_empty() {
            return format!("\nfrom Debian 12 ({from}) to Debian 13 ({to}): no name changes\n");
        }
        format!(
            "\nfrom Debian 12 ({from}) to Debian 13 ({to}):\n{lines}keep them: cleat-link pin, or cleat-scheme pin {from}\n"
        )
    }

    /// Doubts, and names that more than one NIC would get.
    fn notes(&self, scheme: Option<&'static Scheme>) -> String {
        let Some(scheme) = scheme.or(SCHEMES.last()) else {
            return String::new();
        };
        let choices = self.choices(scheme);
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
        let udev = self.udev_for(scheme);
        let mut text = format!("scheme {scheme} with systemd {}\n", udev.version);
        for nic in &self.nics {
            let prediction = predict(nic, scheme, udev);
            let choice = self.choice(nic, &prediction);
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

    /// *Shape*: `{"systemd", "nics": [{"now", "address", "schemes": [{"scheme", "systemd", "name", "reason", "changes",
    /// "candidates": [{"origin", "name", "reason", "illegal"}], "label", "doubts"}]}]}`; what is not there is null.
    fn document(&self, only: Option<&'static Scheme>) -> Value {
        let schemes: Vec<(&Scheme, Udev)> = match only {
            Some(scheme) => vec![(scheme, self.udev_for(scheme))],
            None => SCHEMES
                .iter()
                .map(|scheme| {
                    (
                        scheme,
                        Udev {
                            version: scheme.version,
                        },
                    )
                })
                .collect(),
        };
        let nics = self.nics.iter().map(|nic| {
            let schemes = schemes.iter().map(|(scheme, udev)| {
                let prediction = predict(nic, scheme, *udev);
                let choice = self.choice(nic, &prediction);
                json!({
                    "scheme": scheme.name,
                    "systemd": udev.version,
                    "changes": choice.name.as_deref().map(|name| name != nic.name()),
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
        json!({ "systemd": self.udev.map(|udev| udev.version), "nics": nics.collect::<Vec<_>>() })
    }
}

impl Column {
    fn holds(&self, udev: Udev) -> bool {
        let scheme = udev.default_scheme();
        scheme.is_some_and(|scheme| (self.first.version..=self.last.version).contains(&scheme.version))
    }

    /// `v238`, `v239-v252`.
    fn title(&self) -> String {
        match self.first == self.last {
            true => self.first.name.to_owned(),
            false => format!("{}-{}", self.first, self.last),
        }
    }

    /// What people call these versions: `Debian 12`.
    fn release(&self, installed: Option<Udev>) -> String {
        let known = [
            (Some(DEBIAN_12), "Debian 12"),
            (Some(DEBIAN_13), "Debian 13"),
            (installed, "installed"),
        ];
        let here = known
            .iter()
            .filter(|(udev, _)| udev.is_some_and(|udev| self.holds(udev)));
        here.map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
    }
}

/// A name with a star where it is another than now. Where the kernel's own stays, it is the one of now or not known.
fn cell(nic: &NicFacts, choice: &Choice) -> String {
    match &choice.name {
        Some(name) if name == nic.name() => name.clone(),
        Some(name) => format!("{name} *"),
        None => KERNELS.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::capture;
    use super::*;
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
        let said = capture::capture(&root, copy.path()).unwrap();
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
        let again = capture::capture(&captured, copy.path()).unwrap_err();
        assert_eq!(again, format!("{} is not empty", copy.path().display()));
    }

    /// Source: systemd-udevd.service(8), `net.ifnames=`; udev(7) for the rule.
    #[test]
    fn the_command_line_and_rules_of_udev_are_stronger_than_policies() {
        let (_directory, root) = tree();
        let name = |root: &Root| {
            let names = Names::read(root.clone()).unwrap();
            let choices = names.choices(Scheme::named("v257").unwrap());
            choices.into_iter().map(|choice| choice.name).collect::<Vec<_>>()
        };
        write(&root, "/proc/cmdline", "quiet net.ifnames=0\n");
        assert_eq!(name(&root), [None, None]);
        write(
            &root,
            "/etc/udev/rules.d/70-persistent-net.rules",
            "SUBSYSTEM==\"net\", ACTION==\"add\", ATTR{address}==\"52:54:00:aa:00:07\", NAME=\"lan0\"\n",
        );
        assert_eq!(name(&root), [Some("lan0".to_owned()), None]);
    }
}
