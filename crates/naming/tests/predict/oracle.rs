//! Real udevs over invented trees: `udevadm test-builtin net_id` in a chroot whose /sys is an ordinary folder.
//!
//! `cargo xtask udevs` unpacks the udevs. Every property that gives a name is compared, under every scheme that the udev
//! knows. What udev does that is not predicted stands in [`explained`], and is counted.

use crate::invented;
use cleat_naming::{NameSource, NicFacts, SCHEMES, Scheme, Udev, facts, predict};
use cleat_netns::{self as netns, Room};
use cleat_root::Root;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// NICs that each udev is asked about; `CLEAT_ORACLE_NICS` sets another number.
const NICS: usize = 60;
/// What an invented tree is made from; `CLEAT_ORACLE_SEED` sets another start.
const SEED: u64 = 1;

type Names = BTreeMap<&'static str, String>;

/// A difference between udev and the prediction that is known, with the udevs that have it.
///
/// None at present: what differs between versions of udev is predicted.
fn explained(_nic: &NicFacts, _scheme: &Scheme, _udev: Udev) -> Option<&'static str> {
    None
}

#[test]
fn debian_12s_udev_gives_the_names_that_are_predicted() {
    compare("udev-12");
}

#[test]
fn debian_13s_udev_gives_the_names_that_are_predicted() {
    compare("udev-13");
}

#[test]
fn the_newest_udev_gives_the_names_that_are_predicted() {
    compare("udev-sid");
}

/// A udev in its own small root.
pub(super) struct Oracle {
    pub(super) root: PathBuf,
    pub(super) udev: Udev,
    // Left before the folder is removed: what is mounted below it must not be removed with it.
    _room: Room,
    _directory: tempfile::TempDir,
}

impl Oracle {
    /// Lays out a root in which the udev of that folder runs: its programs, a /proc, and no /sys yet.
    pub(super) fn enter(kept: &str) -> Result<Self, String> {
        let unpacked = netns::unpacked(kept)?;
        let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
        let room = Room::enter().map_err(|error| error.to_string())?;
        let root = directory.path().to_owned();
        for folder in ["real-proc", "proc", "etc/udev"] {
            std::fs::create_dir_all(root.join(folder)).map_err(|error| error.to_string())?;
        }
        // Debian 12's packages put some files into /bin and /lib, which link into /usr on later ones.
        for folder in ["usr", "bin", "lib", "lib64"] {
            let (from, to) = (unpacked.join(folder), root.join(folder));
            if from.is_dir() {
                std::fs::create_dir_all(&to).map_err(|error| error.to_string())?;
                netns::try_run(&format!("mount --bind {} {}", from.display(), to.display()))?;
                netns::try_run(&format!("mount -o remount,bind,ro {}", to.display()))?;
            } else {
                std::os::unix::fs::symlink(format!("usr/{folder}"), &to).map_err(|error| error.to_string())?;
            }
        }
        // Not the real /proc itself: the devicetree of a machine that has none must be found in it.
        for (link, target) in [
            ("proc/self", "/real-proc/self"),
            ("proc/thread-self", "/real-proc/thread-self"),
        ] {
            std::os::unix::fs::symlink(target, root.join(link)).map_err(|error| error.to_string())?;
        }
        netns::try_run(&format!("mount -t proc proc {}/real-proc", root.display()))?;
        let mut oracle = Self {
            root,
            udev: Udev { version: 0 },
            _room: room,
            _directory: directory,
        };
        let version = oracle.run(&["--version"], None)?;
        let number = version.split_whitespace().next().and_then(|word| word.parse().ok());
        oracle.udev.version = number.ok_or_else(|| format!("no version in {version:?}"))?;
        Ok(oracle)
    }

    /// Puts a tree in the place of the one before.
    pub(super) fn invent(&self, nic: &NicFacts) {
        for folder in ["sys", "run"] {
            let _ = std::fs::remove_dir_all(self.root.join(folder));
        }
        let _ = std::fs::remove_file(self.root.join("proc/device-tree"));
        facts::write(&self.below(), std::slice::from_ref(nic)).unwrap();
    }

    pub(super) fn below(&self) -> Root {
        Root::at(&self.root)
    }

    /// What udev says of the NIC under a scheme.
    fn ask(&self, nic: &NicFacts, scheme: &Scheme) -> Names {
        let path = format!("/sys/class/net/{}", nic.name());
        let output = self
            .run(&["test-builtin", "net_id", &path], Some(scheme))
            .unwrap_or_default();
        // An empty property is none; systemd 252 and 257 print it.
        let said = output.lines().filter_map(|line| line.split_once('='));
        let said = said.filter(|(_, value)| !value.is_empty());
        let said: BTreeMap<&str, &str> = said.collect();
        if let Some(used) = said.get("ID_NET_NAMING_SCHEME") {
            assert_eq!(
                *used, scheme.name,
                "udev {} does not know the scheme",
                self.udev.version
            );
        }
        let known = NameSource::ALL.map(NameSource::property);
        let names = known.into_iter().chain(["ID_NET_LABEL_ONBOARD"]);
        names
            .filter_map(|key| Some((key, (*said.get(key)?).to_owned())))
            .collect()
    }

    fn run(&self, words: &[&str], scheme: Option<&Scheme>) -> Result<String, String> {
        let output = self.output(words, scheme, "err")?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
        }
    }

    /// What udevadm says, whether it ends well or not.
    pub(super) fn output(&self, words: &[&str], scheme: Option<&Scheme>, log_level: &str) -> Result<Output, String> {
        let mut command = Command::new("chroot");
        command.arg(&self.root).arg("udevadm").args(words);
        command.env_clear().env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin");
        // Its own check that /sys is the kernel's; systemd's ENVIRONMENT.md.
        command
            .env("SYSTEMD_DEVICE_VERIFY_SYSFS", "0")
            .env("SYSTEMD_LOG_LEVEL", log_level);
        if let Some(scheme) = scheme {
            command.env("NET_NAMING_SCHEME", scheme.name);
        }
        command.stdin(Stdio::null()).output().map_err(|error| error.to_string())
    }
}

fn predicted(nic: &NicFacts, scheme: &Scheme, udev: Udev) -> Names {
    let prediction = predict(nic, scheme, udev);
    let mut names: Names = prediction
        .candidates
        .into_iter()
        // net_id does not look into the hardware database; its property was there before.
        .filter(|found| found.origin != NameSource::Database)
        .map(|found| (found.origin.property(), found.name))
        .collect();
    names.extend(prediction.label.map(|label| ("ID_NET_LABEL_ONBOARD", label)));
    names
}

fn compare(kept: &str) {
    let oracle = match Oracle::enter(kept) {
        Ok(oracle) => oracle,
        Err(reason) => return netns::skip("udevs", &format!("{kept}: {reason}")),
    };
    let from_environment = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let nics = from_environment("CLEAT_ORACLE_NICS").unwrap_or(NICS as u64);
    let seed = from_environment("CLEAT_ORACLE_SEED").unwrap_or(SEED);
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let schemes: Vec<&Scheme> = SCHEMES
        .iter()
        .filter(|scheme| scheme.version <= oracle.udev.version)
        .collect();
    let mut count = Count::default();
    let mut wrong = Vec::new();
    for _ in 0..nics {
        let before = wrong.len();
        let nic = invented::nic().new_tree(&mut runner).unwrap().current();
        oracle.invent(&nic);
        let read = facts::read(&oracle.below(), nic.name()).unwrap();
        for scheme in &schemes {
            let said = oracle.ask(&nic, scheme);
            let predicted = predicted(&read, scheme, oracle.udev);
            count.pairs += 1;
            count.names += said.len();
            if said == predicted {
                continue;
            }
            match explained(&read, scheme, oracle.udev) {
                Some(reason) => *count.explained.entry(reason).or_default() += 1,
                None => wrong.push(format!(
                    "{scheme}: udev says {said:?}, predicted {predicted:?}, of {read:?}"
                )),
            }
        }
        count.differences += wrong.len() - before;
        // One scheme's difference is as good as those of its neighbours.
        wrong.truncate(before + 1);
    }
    let line = format!(
        "COMPARED udev {}: {} NIC-scheme pairs, {} schemes, {} names, {} differences, {} explained {:?}",
        oracle.udev.version,
        count.pairs,
        schemes.len(),
        count.names,
        count.differences,
        count.explained.values().sum::<usize>(),
        count.explained.keys().collect::<BTreeSet<_>>(),
    );
    // Not eprintln!: libtest would swallow it in a passing test.
    let _ = writeln!(std::io::stderr(), "{line}");
    let shown = wrong.iter().take(10).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{line}\n{shown}");
    assert!(count.names > count.pairs / 2, "too few names: {line}");
}

#[derive(Default)]
struct Count {
    pairs: usize,
    names: usize,
    differences: usize,
    explained: BTreeMap<&'static str, usize>,
}
