//! Renaming an interface wherever it is named. The list of places is the issue's.

#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use cleat_diag::render;
use cleat_eni::{ConfigSet, rename_interface};
use cleat_root::{Root, paths};
use std::path::Path;

/// Keys that name interfaces, for these tests; the program takes them from the attribute table.
fn names_interface(key: &str) -> bool {
    matches!(
        key,
        "bridge-ports" | "bond-slaves" | "bond-primary" | "vlan-raw-device" | "bridge-portprios"
    )
}

fn set_of(text: &str) -> ConfigSet {
    let nowhere = Root::at("/nonexistent");
    ConfigSet::from_bytes(Path::new(paths::INTERFACES), text.as_bytes().to_vec(), &nowhere).0
}

/// The text afterwards, the number of changes, and the diagnostics as log lines.
fn renamed(text: &str, from: &str, to: &str) -> (String, usize, Vec<String>) {
    let mut set = set_of(text);
    let (changes, found) = rename_interface(&mut set, from, to, &names_interface);
    let found = found.iter().map(|found| render::line(found, &set.sources)).collect();
    (String::from_utf8(set.documents[0].to_bytes()).unwrap(), changes, found)
}

#[test]
fn a_name_changes_wherever_it_is_one() {
    let text = "# eno1 stays in comments\nauto lo eno1  eno1.5 /eno*=eno1\nallow-hotplug eno10 eno1:1\nno-auto-down eno1=eno1\n\
        mapping eno1 x\n script /bin/eno1\nrename mac/00=eno1\n\
        iface eno1 inet manual\n alias eno1\niface eno1.5\niface eno1.5.10\niface eno1:1\niface eno1v5\niface xeno1 inherits eno1\n\
        iface vmbr0\n bridge_ports eno1 \\\n\teno1.5\teno10 eno1 \n bridge-portprios eno1=8 eno2=9\n vlan_raw_device eno1\n\
        bond-primary eno1\r\n up ip link set lo up\n";
    let expected = "# eno1 stays in comments\nauto lo wan  wan.5 /eno*=wan\nallow-hotplug eno10 wan:1\nno-auto-down wan=wan\n\
        mapping wan x\n script /bin/eno1\nrename mac/00=wan\n\
        iface wan inet manual\n alias eno1\niface wan.5\niface wan.5.10\niface wan:1\niface eno1v5\niface xeno1 inherits wan\n\
        iface vmbr0\n bridge_ports wan \\\n\twan.5\teno10 wan \n bridge-portprios wan=8 eno2=9\n vlan_raw_device wan\n\
        bond-primary wan\r\n up ip link set lo up\n";
    let (text, changes, found) = renamed(text, "eno1", "wan");
    assert_eq!(text, expected);
    assert_eq!(changes, 19);
    assert_eq!(
        found,
        [
            "warning: `/eno*=wan` matches eno1, and not wan (/etc/network/interfaces:2:20) [renamed-in-pattern]; help: name wan here too, if it is meant"
        ]
    );
}

#[test]
fn hook_commands_are_left_with_a_warning_that_points_at_the_word() {
    let text = "iface eno1\n post-up iptables -i eno1 -o xeno1 \\\n  -o eno1.5; echo >/proc/sys/net/ipv4/conf/eno1/x br-eno1\n";
    let (after, changes, found) = renamed(text, "eno1", "longername");
    assert_eq!(after, text.replace("iface eno1", "iface longername"));
    assert_eq!(changes, 1);
    let warning = |place: &str| {
        format!(
            "warning: this `post-up` command still names eno1 (/etc/network/interfaces:{place}) [renamed-in-hook]; \
             help: write longername here, or $IFACE where the command means its own interface"
        )
    };
    assert_eq!(found, [warning("2:22"), warning("3:6"), warning("3:44")]);
}

#[test]
fn patterns_and_ranges_are_left_with_a_warning() {
    let text = "auto swp[1-4] /swp?\niface vmbr0\n bridge-ports glob swp* swp[2-3] regex x.*\niface swp2\n";
    let (after, changes, found) = renamed(text, "swp2", "swpx");
    assert_eq!(
        (after.as_str(), changes),
        (text.replace("iface swp2", "iface swpx").as_str(), 1)
    );
    let warning = |word: &str, place: &str| {
        format!(
            "warning: `{word}` matches swp2, and not swpx (/etc/network/interfaces:{place}) [renamed-in-pattern]; \
             help: name swpx here too, if it is meant"
        )
    };
    assert_eq!(found, [warning("swp[1-4]", "1:6"), warning("swp[2-3]", "3:25")]);
}

#[test]
fn all_files_are_changed_and_the_order_of_stanzas_stays() {
    let directory = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("etc/network/interfaces", "auto a\nsource interfaces.d/*\niface a\n");
    write("etc/network/interfaces.d/one", "iface br\n bridge-ports a b\n");
    write("etc/network/interfaces.d/two", "iface c\n");
    let root = Root::at(directory.path());
    let (mut set, _) = ConfigSet::load(&root, Path::new(paths::INTERFACES));
    let (changes, found) = rename_interface(&mut set, "a", "z", &names_interface);
    assert_eq!((changes, found.len()), (3, 0));
    let texts: Vec<_> = set
        .documents
        .iter()
        .map(|document| String::from_utf8(document.to_bytes()).unwrap())
        .collect();
    assert_eq!(
        texts,
        [
            "auto z\nsource interfaces.d/*\niface z\n",
            "iface br\n bridge-ports z b\n",
            "iface c\n"
        ]
    );
    assert_eq!(
        set.ifaces().map(|iface| iface.name.value.as_str()).collect::<Vec<_>>(),
        ["br", "c", "z"]
    );
    assert_eq!(
        root.read("/etc/network/interfaces").unwrap(),
        b"auto a\nsource interfaces.d/*\niface a\n"
    );
}

/// Source of the limit: linux/if.h, IFNAMSIZ 16 with the final NUL.
#[test]
fn a_name_that_cannot_be_given_changes_nothing() {
    let text = "iface a\niface a.4094\niface br\n bridge-ports b c.5\n";
    let refused = |to: &str| {
        let (after, changes, found) = renamed(text, "a", to);
        assert_eq!((after.as_str(), changes), (text, 0));
        found.join("\n")
    };
    let taken = |to: &str, place: &str| {
        format!(
            "error: `a` cannot become `{to}`: that name is in use (/etc/network/interfaces:{place}) [name-taken]; \
             help: choose a name that stands nowhere in the configuration"
        )
    };
    assert_eq!(refused("br"), taken("br", "3:7"));
    assert_eq!(refused("b"), taken("b", "4:15"));
    assert_eq!(refused("c"), taken("c", "4:17"));
    assert_eq!(
        refused("sixteen-letters!"),
        "error: `sixteen-letters!` is longer than 15 bytes [name-too-long]"
    );
    assert_eq!(
        refused("eleven-char"),
        "error: `eleven-char.4094` is longer than 15 bytes (/etc/network/interfaces:2:7) [name-too-long]; help: choose a shorter name"
    );
    for bad in ["", "a b", "a/b", ".", "..", "a:1", "a=b", "#a", "a\\"] {
        let escaped = bad.escape_debug();
        assert_eq!(
            refused(bad),
            format!(
                "error: `{escaped}` cannot be the name of an interface [bad-name]; help: a name has no white space, `/`, `:`, `=` or backslash"
            )
        );
    }
}

#[test]
fn a_word_that_a_continuation_cuts_is_written_on_one_line() {
    let (after, changes, _) = renamed("iface br\n bridge-ports eno\\\n1.5 x\n", "eno1", "wan");
    assert_eq!((after.as_str(), changes), ("iface br\n bridge-ports wan.5 x\n", 1));
}

/// Source: openvswitch-switch's README.Debian, whose samples list a bridge's ports in `allow-BRIDGE` lines.
#[test]
fn the_class_of_an_open_vswitch_bridge_follows_its_name() {
    let text = "allow-ovs vmbr0\nallow-vmbr0 eno1\nallow-hotplug eno1\niface vmbr0\n";
    assert_eq!(
        renamed(text, "vmbr0", "vmbr9"),
        (text.replace("vmbr0", "vmbr9"), 3, vec![])
    );
    let other = "allow-mgmt eth0 mgmt\n";
    assert_eq!(
        renamed(other, "mgmt", "x"),
        ("allow-mgmt eth0 x\n".to_owned(), 1, vec![])
    );
}
