//! Tables over invented trees.

use super::super::capture;
use super::super::host::Host;
use super::*;
use cleat_naming::facts;
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
    // The kernel's own is not a change (name_assign_type 1 is NET_NAME_ENUM of linux/netdevice.h).
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
    let told = "70-mine.rules:1 gives `this-name-is-too-long-for-it`, which udev refuses: it has more than 15 bytes\n";
    assert!(table.contains(told), "{table}");
}

/// A NIC on the root bus with a number of the firmware.
fn numbered(device: u32, sun: u32, mac: &str, name: &str) -> String {
    let index = device + 10;
    format!(
        r#"{{"devices": [
            {{"syspath": "/sys/devices/pci0000:00/0000:00:0{device}.0/net/{name}", "subsystem": "net",
             "attributes": {{"type": "1", "ifindex": "{index}", "iflink": "{index}", "dev_port": "0",
                             "addr_assign_type": "0", "address": "{mac}", "name_assign_type": "4"}}}},
            {{"syspath": "/sys/devices/pci0000:00/0000:00:0{device}.0", "subsystem": "pci", "header_type": 0,
             "attributes": {{"firmware_node/sun": "{sun}"}}}}]}}"#
    )
}

fn host_of(nics: &[String]) -> (tempfile::TempDir, Root) {
    let (directory, root) = tree();
    let nics: Vec<NicFacts> = serde_json::from_str(&format!("[{}]", nics.join(","))).unwrap();
    root.remove_dir_all("/sys").unwrap();
    facts::write(&root, &nics).unwrap();
    (directory, root)
}

/// The notes below the table.
fn notes_of(root: &Root) -> Vec<String> {
    let table = Names::read(root.clone()).unwrap().table();
    let notes = table.lines().filter_map(|line| line.strip_prefix("note: "));
    notes.map(str::to_owned).collect()
}

/// Source: systemd/systemd#28929, firmware that gives one number to two slots; second witness: udevadm 257 over such a tree
/// gives both ID_NET_NAME_SLOT=ens1.
#[test]
fn a_clash_that_the_next_debian_brings_is_told_before_the_upgrade() {
    let (_directory, root) = host_of(&[
        numbered(2, 1, "52:54:00:00:00:02", "enp0s2"),
        numbered(3, 1, "52:54:00:00:00:03", "enp0s3"),
    ]);
    assert_eq!(
        notes_of(&root),
        ["enp0s2 and enp0s3 would both be called ens1 under v257-v261 (Debian 13): one stays as it is"]
    );
    let document = Names::read(root.clone()).unwrap().document(None);
    assert_eq!(
        document["clashes"],
        serde_json::json!([{ "nics": ["enp0s2", "enp0s3"], "name": "ens1", "schemes": ["v257", "v258", "v259", "v260", "v261"] }])
    );
    // After it, it is the next boot's.
    write(&root, "/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-257.so", "");
    assert_eq!(
        notes_of(&root),
        ["enp0s2 and enp0s3 would both be called ens1 under v257 (v257-v261): one stays as it is"]
    );
}

/// Source: 99-default.link of Debian 12 and 13; only the latter has `mac` in AlternativeNamesPolicy=. The kernel refuses a
/// name that is an alternative name of another link.
#[test]
fn an_alternative_name_that_the_next_debian_brings_and_that_another_nic_has_is_told() {
    let (_directory, root) = host_of(&[
        numbered(2, 2, "52:54:00:00:00:02", "ens2"),
        numbered(3, 3, "52:54:00:00:00:02", "enx525400000002"),
    ]);
    let alternatives = format!("{DEFAULT}AlternativeNamesPolicy=database onboard slot path\n");
    write(&root, "/usr/lib/systemd/network/99-default.link", &alternatives);
    let dock = "[Match]\nProperty=DEVPATH=*/0000:00:03.0/*\n[Link]\nNamePolicy=mac\n";
    write(&root, "/usr/lib/systemd/network/73-dock.link", dock);
    let clash = |schemes: &str| {
        format!(
            "enx525400000002 would be called enx525400000002 under {schemes}, which is an alternative name of ens2 then: \
             whichever comes second does not get it"
        )
    };
    assert_eq!(notes_of(&root), [clash("v257-v261 (Debian 13)")]);
    // A file of the admin's own takes the place of Debian's, before and after the upgrade.
    write(&root, "/etc/systemd/network/99-default.link", &alternatives);
    assert_eq!(notes_of(&root), [""; 0]);
}

#[test]
fn a_name_that_goes_over_to_another_nic_or_to_a_link_of_the_configuration_is_told() {
    let (_directory, root) = host_of(&[
        numbered(2, 3, "52:54:00:00:00:02", "ens2"),
        numbered(3, 2, "52:54:00:00:00:03", "ens3"),
    ]);
    write(&root, "/sys/bus/pci/slots/2/address", "0000:00:02\n");
    write(&root, "/sys/bus/pci/slots/3/address", "0000:00:03\n");
    assert_eq!(
        notes_of(&root),
        [
            "ens2 would be called ens3 under v257-v261 (Debian 13), which is ens3's name now",
            "ens3 would be called ens2 under v257-v261 (Debian 13), which is ens2's name now",
        ]
    );
    let bond = "auto ens4\niface ens4\n\tbond-slaves none\n\tbond-mode active-backup\n";
    write(&root, "/etc/network/interfaces", bond);
    let (_other, root) = host_of(&[numbered(2, 4, "52:54:00:00:00:02", "enp0s2")]);
    write(&root, "/etc/network/interfaces", bond);
    assert_eq!(
        notes_of(&root),
        ["enp0s2 would be called ens4 under v257-v261 (Debian 13), and the configuration makes a link of that name"]
    );
}

/// Two NICs of one name now and then are told apart by what they are called at present.
#[test]
fn a_line_of_the_upgrade_names_the_nic_where_it_is_called_otherwise_now() {
    let (_directory, root) = host_of(&[
        numbered(2, 7, "52:54:00:00:00:02", "eth1"),
        numbered(3, 8, "52:54:00:00:00:03", "enp0s3"),
    ]);
    let table = Names::read(root).unwrap().table();
    let lines: Vec<&str> = table.lines().filter(|line| line.contains(" -> ")).collect();
    let reason = |number: u32| {
        format!(
            "(Ethernet, slot {number} (firmware_node/sun of 0000:00:0{}.0))",
            number - 5
        )
    };
    assert_eq!(
        lines,
        [
            format!("  eth1: enp0s2 -> ens7  {}", reason(7)),
            format!("  enp0s3 -> ens8  {}", reason(8)),
        ]
        .iter()
        .rev()
        .map(String::as_str)
        .collect::<Vec<_>>()
    );
}

/// Source: `dev_valid_name` in net/core/dev.c of Linux refuses only blanks, `/` and `:`; Unicode Standard Annex 9 for the
/// character that turns the direction.
#[test]
fn what_a_captured_tree_puts_into_names_does_nothing_to_a_terminal() {
    let (_directory, root) = host_of(&[
        numbered(2, 1, "52:54:00:00:00:02", "a\\u001b[2J"),
        numbered(3, 1, "52:54:00:00:00:03", "en\\u202e0b"),
    ]);
    let names = Names::read(root.clone()).unwrap();
    let odd = |text: &str| text.contains(|char: char| (char.is_control() && char != '\n') || char == '\u{202e}');
    let (table, all) = (names.table(), names.candidates(NEWEST));
    assert!(!odd(&table) && !odd(&all), "{table}{all}");
    for shown in [
        "a\\u001b[2J  enp0s2 *              ens1 *",
        "  a\\u001b[2J: enp0s2 -> ens1  (",
        "note: a\\u001b[2J and en\\u202e0b would both be called ens1",
    ] {
        assert!(table.contains(shown), "{shown}\n{table}");
    }
    assert!(all.contains("\n\na\\u001b[2J -> ens1  ("), "{all}");
    let host = Host::as_far_as_known(&root);
    let page = super::super::check::page(&host, &[], false);
    assert!(!odd(&page) && page.contains("en\\u202e0b, 52:54:00:00:00:03"), "{page}");
}
