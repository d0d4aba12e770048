//! What a machine is made of, as QEMU's words; and the wires between machines.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::scenario::{Hardware, Nic};

/// A NIC where the scenario says no more: quick, and in every kernel. Speed and duplex are those that LACP needs to have:
/// without them it never negotiates.
const USUAL: &str = "virtio-net-pci,speed=10000,duplex=full";

/// The end of a cable to another machine: datagrams between two socket files, a frame each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cable {
    /// The hub of this machine that it is plugged into.
    hub: usize,
    /// This end's socket file.
    here: PathBuf,
    /// The other end's.
    there: PathBuf,
}

/// The number of each NIC's hub in its machine: NICs of one wire share one.
pub fn hubs(nics: &[Nic]) -> Vec<usize> {
    let mut names: Vec<String> = Vec::new();
    nics.iter()
        .map(|nic| {
            let name = nic.wire.clone().unwrap_or_else(|| format!("of {}", nic.name));
            names.iter().position(|known| *known == name).unwrap_or_else(|| {
                names.push(name);
                names.len() - 1
            })
        })
        .collect()
}

/// The cables of each machine, their socket files in `sockets`. A wire of several machines is a star: the first of them
/// has a cable to each of the others, and its hub passes on what comes.
pub fn cables(machines: &[Hardware], sockets: &Path) -> Vec<Vec<Cable>> {
    // For each wire: the machines that it reaches, with the hub that it is there.
    let mut wires: BTreeMap<&str, Vec<(usize, usize)>> = BTreeMap::new();
    for (index, machine) in machines.iter().enumerate() {
        for (nic, hub) in machine.nics.iter().zip(hubs(&machine.nics)) {
            let Some(wire) = &nic.wire else { continue };
            let ends = wires.entry(wire).or_default();
            if !ends.contains(&(index, hub)) {
                ends.push((index, hub));
            }
        }
    }
    let mut cables = vec![Vec::new(); machines.len()];
    for (number, ends) in wires.values().enumerate() {
        let [(first, first_hub), others @ ..] = &ends[..] else {
            continue;
        };
        for (other, other_hub) in others {
            let end = |from: usize, to: usize| sockets.join(format!("wire{number}-{from}-{to}"));
            let (near, far) = (end(*first, *other), end(*other, *first));
            cables[*first].push(Cable {
                hub: *first_hub,
                here: near.clone(),
                there: far.clone(),
            });
            cables[*other].push(Cable {
                hub: *other_hub,
                here: far,
                there: near,
            });
        }
    }
    cables
}

/// The NICs, what they are plugged into, and the disks beside the root. `present` says which of the NICs are there.
///
/// A machine and the snapshot it resumes must have these words in common.
pub fn words(machine: &Hardware, present: &[bool], cables: &[Cable]) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut add = |name: &str, value: String| words.extend([name.to_owned(), value]);
    add("-machine", machine.board.clone());
    add("-m", machine.memory.to_string());
    for global in &machine.globals {
        add("-global", global.clone());
    }
    for device in &machine.devices {
        add("-device", device.clone());
    }
    let hubs = hubs(&machine.nics);
    for (index, (nic, hub)) in machine.nics.iter().zip(&hubs).enumerate() {
        if has_port(machine, nic) {
            add(
                "-device",
                format!("pcie-root-port,id=port{index},chassis={index},slot={index}"),
            );
        }
        add("-netdev", format!("hubport,id=net{index},hubid={hub}"));
        if present.get(index).copied().unwrap_or(true) {
            add("-device", device(machine, nic, index));
        }
    }
    for (number, cable) in cables.iter().enumerate() {
        let Cable { hub, here, there } = cable;
        add(
            "-netdev",
            format!(
                "dgram,id=cable{number},local.type=unix,local.path={},remote.type=unix,remote.path={}",
                here.display(),
                there.display()
            ),
        );
        add(
            "-netdev",
            format!("hubport,id=far{number},hubid={hub},netdev=cable{number}"),
        );
    }
    let mut ends = hubs;
    ends.sort_unstable();
    ends.dedup();
    for hub in ends {
        // A hub with one port never takes a packet: another one that leads nowhere.
        add("-netdev", format!("hubport,id=sink{hub},hubid={hub}"));
    }
    for disk in &machine.disks {
        let name = &disk.name;
        add("-drive", format!("file=disk-{name},format=raw,if=none,id=disk-{name}"));
        add("-device", format!("virtio-blk-pci,drive=disk-{name},serial=vm{name}"));
    }
    words
}

/// Whether a NIC sits in a port of its own, where it can come and go. The older board's bus has places for that itself.
fn has_port(machine: &Hardware, nic: &Nic) -> bool {
    nic.device.is_none() && machine.board.starts_with("q35")
}

/// A NIC's words, for `-device` and `device_add` alike.
pub fn device(machine: &Hardware, nic: &Nic, index: usize) -> String {
    let kind = nic.device.as_deref().unwrap_or(USUAL);
    let port = if has_port(machine, nic) {
        format!(",bus=port{index}")
    } else {
        String::new()
    };
    format!("{kind},id=nic{index},netdev=net{index},mac={}{port}", nic.mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nic(name: &str, wire: Option<&str>) -> Nic {
        Nic {
            name: name.to_owned(),
            mac: "52:54:00:00:00:01".to_owned(),
            wire: wire.map(str::to_owned),
            late: false,
            pinned: true,
            device: None,
        }
    }

    fn machine(nics: &[Nic]) -> Hardware {
        Hardware {
            board: "q35".to_owned(),
            nics: nics.to_vec(),
            ..Hardware::default()
        }
    }

    #[test]
    fn nics_of_one_wire_share_a_hub_and_the_others_have_their_own() {
        assert_eq!(
            hubs(&[nic("a", Some("x")), nic("b", None), nic("c", Some("x")), nic("d", None)]),
            [0, 1, 0, 2]
        );
    }

    #[test]
    fn a_wire_of_three_machines_is_a_star_around_the_first() {
        let one = |wire: &str| machine(&[nic("a", None), nic("b", Some(wire))]);
        let cables = cables(&[one("x"), one("x"), one("x"), one("y")], Path::new("/s"));
        let cable = |here: &str, there: &str| Cable {
            hub: 1,
            here: PathBuf::from(here),
            there: PathBuf::from(there),
        };
        assert_eq!(
            cables,
            [
                vec![
                    cable("/s/wire0-0-1", "/s/wire0-1-0"),
                    cable("/s/wire0-0-2", "/s/wire0-2-0")
                ],
                vec![cable("/s/wire0-1-0", "/s/wire0-0-1")],
                vec![cable("/s/wire0-2-0", "/s/wire0-0-2")],
                vec![],
            ]
        );
    }

    #[test]
    fn a_nic_with_words_of_its_own_has_no_port_and_the_usual_one_has() {
        let own = Nic {
            device: Some("e1000e,bus=rp1,addr=0x0".to_owned()),
            ..nic("a", None)
        };
        let machine = machine(&[own, nic("b", None)]);
        assert_eq!(
            device(&machine, &machine.nics[0], 0),
            "e1000e,bus=rp1,addr=0x0,id=nic0,netdev=net0,mac=52:54:00:00:00:01"
        );
        assert_eq!(
            device(&machine, &machine.nics[1], 1),
            "virtio-net-pci,speed=10000,duplex=full,id=nic1,netdev=net1,mac=52:54:00:00:00:01,bus=port1"
        );
        let words = words(&machine, &[true, false], &[]);
        assert!(
            words
                .iter()
                .any(|word| word == "pcie-root-port,id=port1,chassis=1,slot=1")
        );
        assert!(!words.iter().any(|word| word.contains("id=port0")), "{words:?}");
        assert!(!words.iter().any(|word| word.contains("id=nic1")), "{words:?}");
    }
}
