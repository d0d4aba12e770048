mod cut_short;

use super::super::ask::{shown, work};
use super::super::carry_out::{Recovered, carry_out, cut_short, recover};
use super::super::check;
use super::super::faults::faults;
use super::super::testing::Bed;
use super::super::unpin;
use super::super::work::Work;
use super::*;
use crate::programs::testing::Stand;
use cleat_model::name::Mac;
use cleat_model::snapshot::IFLA_ADDRESS;
use cleat_model::types::Kind;
use cleat_root::Durability;
use cleat_settings::PinDirectory;
use cleat_store::{Store, Timestamp};
use std::path::PathBuf;
use std::time::Duration;

const INTERFACES: &str = "auto lo\niface lo inet loopback\n\nauto vmbr0\niface vmbr0 inet static\n\taddress 192.0.2.2/24\n\
                          \tbridge-ports enp1s0 enp2s0\n";

/// A host with two NICs in a bridge.
fn bed() -> Bed {
    let bed = Bed::new();
    bed.nics(&[1, 2]);
    bed.link("vmbr0", Kind::Bridge);
    bed.write("/etc/network/interfaces", INTERFACES);
    bed
}

fn all() -> Wish {
    Wish {
        nics: Vec::new(),
        prefix: PREFIX.to_owned(),
        name: None,
        priority: PRIORITY,
        directory: PinDirectory::default(),
    }
}

fn of(nic: &str, name: &str) -> Wish {
    Wish {
        nics: vec![nic.to_owned()],
        name: Some(name.to_owned()),
        ..all()
    }
}

fn filled(bed: &Bed, wish: &Wish) -> Result<Work, Vec<String>> {
    let host = bed.host();
    let told = work(&host, &|host, work| pins(host, work, wish));
    told.map_err(|(told, _)| texts(&told))
}

fn refused(bed: &Bed, wish: &Wish) -> Vec<String> {
    filled(bed, wish).err().unwrap_or_default()
}

fn do_it(bed: &Bed, work: &Work, programs: &Stand<'_>) -> Result<(), Vec<String>> {
    let store = Store::new(&bed.root, Timestamp::now());
    let locked = store.lock(Duration::from_secs(1)).unwrap();
    let done = carry_out(&locked, &bed.root, work, programs, &mut |_| {});
    done.map(drop).map_err(|told| texts(&told))
}

fn texts(told: &[cleat_diag::Diagnostic]) -> Vec<String> {
    told.iter()
        .map(|found| format!("{}: {}", found.code, found.message))
        .collect()
}

/// Programs of a host without an initramfs: none is called.
fn no_programs() -> Stand<'static> {
    Stand::new(|call| panic!("nothing is to be run: {call}"))
}

#[test]
fn all_nics_are_pinned_and_named_anew_in_every_file() {
    let bed = bed();
    bed.write("/etc/sysctl.d/50-mine.conf", "net.ipv4.conf.enp2s0.rp_filter = 2\n");
    let work = filled(&bed, &all()).unwrap();
    assert_eq!(
        shown(&bed.root, &no_programs(), &work),
        "enp1s0 becomes ennic0 at the next boot\n\
         enp2s0 becomes ennic1 at the next boot\n\
         --- /dev/null\n+++ /etc/systemd/network/10-cleat-ennic0.link\n@@ -0,0 +1,11 @@\n\
         +# Keeps the name of a network interface, see cleat-link(8). Its name before was enp1s0.\n\
         +# Take it back with: cleat-link unpin ennic0\n\
         +# A copy is in the initramfs. After a change by hand: cleat-link refresh\n+\n\
         +[Match]\n+MACAddress=bc:24:11:00:00:01\n+Type=ether\n+\n+[Link]\n+Name=ennic0\n\
         +AlternativeNamesPolicy=database onboard slot path\n\
         --- /dev/null\n+++ /etc/systemd/network/10-cleat-ennic1.link\n@@ -0,0 +1,11 @@\n\
         +# Keeps the name of a network interface, see cleat-link(8). Its name before was enp2s0.\n\
         +# Take it back with: cleat-link unpin ennic1\n\
         +# A copy is in the initramfs. After a change by hand: cleat-link refresh\n+\n\
         +[Match]\n+MACAddress=bc:24:11:00:00:02\n+Type=ether\n+\n+[Link]\n+Name=ennic1\n\
         +AlternativeNamesPolicy=database onboard slot path\n\
         --- /etc/sysctl.d/50-mine.conf\n+++ /etc/sysctl.d/50-mine.conf\n@@ -1 +1 @@\n\
         -net.ipv4.conf.enp2s0.rp_filter = 2\n+net.ipv4.conf.ennic1.rp_filter = 2\n\
         /etc/network/interfaces, at the next boot:\n\
         --- /etc/network/interfaces\n+++ /etc/network/interfaces\n@@ -4,4 +4,4 @@\n auto vmbr0\n iface vmbr0 inet static\n\
         \x20\taddress 192.0.2.2/24\n-\tbridge-ports enp1s0 enp2s0\n+\tbridge-ports ennic0 ennic1\n\
         this host boots without an initramfs\n"
    );
    do_it(&bed, &work, &no_programs()).unwrap();
    assert_eq!(bed.read("/etc/network/interfaces"), INTERFACES.trim_end());
    let renamed = INTERFACES.replace("enp1s0 enp2s0", "ennic0 ennic1");
    assert_eq!(bed.read("/etc/network/interfaces.new"), renamed.trim_end());
    assert_eq!(
        bed.read("/etc/sysctl.d/50-mine.conf"),
        "net.ipv4.conf.ennic1.rp_filter = 2"
    );
    assert_eq!(cut_short(&bed.root), Recovered::Nothing);
    let host = bed.host();
    assert_eq!(faults(&host), []);
    assert_eq!(host.pins.list.len(), 2);
    // A second time there is nothing to do.
    assert!(filled(&bed, &all()).unwrap().is_empty());
}

#[test]
fn taking_back_before_the_boot_leaves_everything_as_it_was() {
    let bed = bed();
    bed.write("/etc/sysctl.d/50-mine.conf", "net.ipv4.conf.enp2s0/5.rp_filter = 2\n");
    bed.write("/etc/network/interfaces.d/more", "iface enp2s0.5 inet manual\n");
    bed.write(
        "/etc/network/interfaces",
        &format!("{INTERFACES}source /etc/network/interfaces.d/*\n"),
    );
    let before = snapshot(&bed);
    do_it(&bed, &filled(&bed, &all()).unwrap(), &no_programs()).unwrap();
    assert_ne!(snapshot(&bed), before);
    assert_eq!(bed.read("/etc/network/interfaces.d/more"), "iface enp2s0.5 inet manual");
    let wish = unpin::Wish {
        names: Vec::new(),
        foreign: false,
    };
    let host = bed.host();
    let back = work(&host, &|host, work| unpin::unpins(host, work, &wish)).unwrap();
    do_it(&bed, &back, &no_programs()).unwrap();
    assert_eq!(snapshot(&bed), before);
}

/// All files below /etc but what the lock leaves.
fn snapshot(bed: &Bed) -> Vec<(String, Vec<u8>)> {
    let patterns = ["/etc/*", "/etc/*/*", "/etc/*/*/*"];
    let paths = patterns.iter().flat_map(|pattern| bed.root.glob(pattern, "/"));
    let files = paths.filter_map(|path| Some((path.display().to_string(), bed.root.read(&path).ok()?)));
    files.filter(|(path, _)| !path.ends_with(".lock")).collect()
}

#[test]
fn taking_back_after_the_boot_gives_the_name_that_udev_gives() {
    let bed = Bed::new();
    bed.nic("lan0", "bc:24:11:00:00:01", "enp4s0");
    bed.pin("/etc/systemd/network/10-cleat-lan0.link", "bc:24:11:00:00:01", "lan0");
    bed.write("/etc/network/interfaces", "auto lan0\niface lan0 inet dhcp\n");
    let wish = unpin::Wish {
        names: vec!["lan0".to_owned()],
        foreign: false,
    };
    let host = bed.host();
    let back = work(&host, &|host, work| unpin::unpins(host, work, &wish)).unwrap();
    do_it(&bed, &back, &no_programs()).unwrap();
    assert_eq!(
        bed.read("/etc/network/interfaces.new"),
        "auto enp4s0\niface enp4s0 inet dhcp"
    );
    assert!(!bed.root.exists("/etc/systemd/network/10-cleat-lan0.link"));
}

/// Where cleat.toml says so; and a pin that is in the other directory is found, renamed into this one, and taken back.
#[test]
fn pins_go_into_the_directory_that_is_configured() {
    let bed = bed();
    let before = snapshot(&bed);
    do_it(&bed, &filled(&bed, &of("enp1s0", "lan0")).unwrap(), &no_programs()).unwrap();
    let local = |nic, name| Wish {
        directory: PinDirectory::Local,
        ..of(nic, name)
    };
    do_it(&bed, &filled(&bed, &local("enp1s0", "wan0")).unwrap(), &no_programs()).unwrap();
    do_it(&bed, &filled(&bed, &local("enp2s0", "dmz0")).unwrap(), &no_programs()).unwrap();
    assert!(!bed.root.exists("/etc/systemd/network/10-cleat-lan0.link"));
    let host = bed.host();
    let pins: Vec<String> = host
        .pins
        .list
        .iter()
        .map(|pin| format!("{} {}", pin.address, pin.path.display()))
        .collect();
    assert_eq!(
        pins,
        [
            "bc:24:11:00:00:02 /usr/local/lib/systemd/network/10-cleat-dmz0.link",
            "bc:24:11:00:00:01 /usr/local/lib/systemd/network/10-cleat-wan0.link",
        ]
    );
    // A generation holds them, and a boot finds nothing wrong with them.
    let store = Store::new(&bed.root, Timestamp::now());
    assert!(store.live().unwrap().0.contains_key(&pins_file("dmz0")));
    assert_eq!(faults(&host), []);
    let wish = unpin::Wish {
        names: Vec::new(),
        foreign: false,
    };
    let back = work(&host, &|host, work| unpin::unpins(host, work, &wish)).unwrap();
    do_it(&bed, &back, &no_programs()).unwrap();
    assert_eq!(snapshot(&bed), before);
    assert!(!bed.root.exists(pins_file("dmz0")) && !bed.root.exists(pins_file("wan0")));
}

fn pins_file(name: &str) -> PathBuf {
    PathBuf::from(format!("/usr/local/lib/systemd/network/10-cleat-{name}.link"))
}

/// *Source*: systemd.link(5): of files with one name the one in the stronger directory counts; a link to /dev/null masks.
#[test]
fn a_file_of_the_pins_name_is_not_written_over_and_does_not_take_its_place() {
    let bed = bed();
    let file = "/etc/systemd/network/10-cleat-lan0.link";
    bed.root.create_dir_all("/etc/systemd/network").unwrap();
    bed.root.symlink("/dev/null", file).unwrap();
    assert_eq!(
        refused(&bed, &of("enp1s0", "lan0")),
        [format!(
            "pin-file-taken: {file} is there already, and is not a pin of this NIC"
        )]
    );
    let local = Wish {
        directory: PinDirectory::Local,
        ..of("enp1s0", "lan0")
    };
    assert_eq!(
        refused(&bed, &local),
        [format!(
            "pin-file-taken: {file} has the name of the pin's file, and takes its place: the pin would do nothing"
        )]
    );
    bed.root.remove(file).unwrap();
    bed.write("/usr/lib/systemd/network/10-cleat-lan0.link", "");
    assert_eq!(refused(&bed, &local), [""; 0]);
}

/// `MACAddress=` may list the spare card too: the name goes with whichever is here.
#[test]
fn a_file_of_two_addresses_is_taken_back_for_the_card_that_is_here() {
    for all in [true, false] {
        let bed = Bed::new();
        bed.nic("lan0", "bc:24:11:00:00:02", "enp4s0");
        let file = "/etc/systemd/network/10-cleat-lan0.link";
        bed.pin(file, "bc:24:11:00:00:01 bc:24:11:00:00:02", "lan0");
        bed.write("/etc/network/interfaces", "auto lan0\niface lan0 inet dhcp\n");
        let wish = unpin::Wish {
            names: if all { Vec::new() } else { vec!["lan0".to_owned()] },
            foreign: false,
        };
        let back = work(&bed.host(), &|host, work| unpin::unpins(host, work, &wish)).unwrap();
        assert_eq!(texts(&back.told), [""; 0]);
        do_it(&bed, &back, &no_programs()).unwrap();
        assert!(!bed.root.exists(file));
        assert_eq!(
            bed.read("/etc/network/interfaces.new"),
            "auto enp4s0\niface enp4s0 inet dhcp"
        );
    }
}

#[test]
fn every_refusal_has_its_reason() {
    let bed = bed();
    bed.nics(&[3]);
    bed.nic("enp4s0", "bc:24:11:00:00:03", "enp4s0");
    bed.nics(&[5]);
    bed.nic("nic7", "bc:24:11:00:00:07", "enp7s0");
    bed.nics(&[8]);
    bed.write("/sys/class/net/enp5s0/addr_assign_type", "1\n");
    bed.write("/sys/class/net/enp8s0/device/physfn/net/enp1s0/type", "1\n");
    bed.pin_of_proxmox("nic7", "bc:24:11:00:00:07");
    bed.pin("/etc/systemd/network/70-mine.link", "bc:24:11:00:00:99", "spare0");
    bed.write(
        "/etc/systemd/network/05-all.link",
        "[Match]\nProperty=ID_NET_NAME_PATH=enp2*\n[Link]\nNamePolicy=path\n",
    );
    let told = |nic: &str, name: &str| refused(&bed, &of(nic, name));
    for (nic, name, reason) in [
        (
            "enp1s0",
            "sixteen-bytes-ab",
            "name-too-long: `sixteen-bytes-ab` is longer than 15 bytes",
        ),
        ("enp1s0", "a:b", "bad-name: `a:b` cannot be the name of an interface"),
        ("enp1s0", "12", "bad-name: `12` cannot be the name of an interface"),
        ("enp1s0", "vmbr0", "name-taken: `vmbr0` is a name of the link vmbr0"),
        ("enp1s0", "enp2s0", "name-taken: `enp2s0` is a name of the link enp2s0"),
        ("enp1s0", "enp7s0", "name-taken: `enp7s0` is a name of the link nic7"),
        (
            "enp1s0",
            "spare0",
            "pin-name-twice: `spare0` is pinned for bc:24:11:00:00:99 by /etc/systemd/network/70-mine.link",
        ),
        (
            "enp1s0",
            "enxbc2411000002",
            "pin-name-predicted: systemd could give `enxbc2411000002` to enp2s0",
        ),
        (
            "enp1s0",
            "eth7",
            "pin-name-kernel: the kernel's drivers give names like `eth7`",
        ),
        (
            "enp3s0",
            "lan0",
            "pin-address-shared: enp4s0 has the same address bc:24:11:00:00:03",
        ),
        (
            "enp5s0",
            "lan0",
            "pin-address-unknown: it cannot be pinned: its address is a random one, another at every boot",
        ),
        (
            "nic7",
            "lan0",
            "pin-foreign: it is pinned as `nic7` by /usr/local/lib/systemd/network/50-pmx-nic7.link",
        ),
        (
            "enp8s0",
            "lan0",
            "pin-virtual-function: it is a virtual function of enp1s0: its address is given to it anew at each boot, \
             and its name follows enp1s0's",
        ),
        (
            "enp2s0",
            "lan0",
            "pin-outranked: /etc/systemd/network/05-all.link is for it too, and sorts before 10-cleat-lan0.link: the pin \
             would do nothing",
        ),
        (
            "vmbr0",
            "lan0",
            "pin-no-nic: `vmbr0` stands for no hardware: there is no NIC to pin",
        ),
        ("eno9", "lan0", "pin-no-nic: there is no NIC `eno9` on this machine"),
    ] {
        assert_eq!(told(nic, name), [reason], "{nic} {name}");
    }
}

/// *Source*: udev(7), and systemd's 80-net-setup-link.rules, which gives the .link file's name only where no rule gave one.
#[test]
fn a_nic_that_a_rule_of_udev_names_is_not_pinned_to_no_effect() {
    let bed = bed();
    let rules = "/etc/udev/rules.d/70-persistent-net.rules";
    let rule =
        "SUBSYSTEM==\"net\", ACTION==\"add\", ATTR{address}==\"bc:24:11:00:00:01\", ATTR{type}==\"1\", NAME=\"wan0\"\n";
    bed.write(rules, &format!("# PCI device\n{rule}"));
    assert_eq!(
        refused(&bed, &of("enp1s0", "lan0")),
        [format!(
            "pin-ruled: the udev rule at {rules}:2 names it `wan0`, which is stronger than a .link file: the pin would do nothing"
        )]
    );
    assert_eq!(refused(&bed, &of("enp2s0", "lan0")), [""; 0]);
    bed.pin("/etc/systemd/network/10-cleat-lan0.link", "bc:24:11:00:00:01", "lan0");
    let host = bed.host();
    let found = faults(&host);
    assert_eq!(
        texts(&found),
        [
            "pin-shadowed: `enp1s0` is pinned as `lan0` to no effect",
            "link-takes-others: the udev rule at /etc/udev/rules.d/70-persistent-net.rules:2 is for vmbr0 too",
            "link-name-behind: the configuration calls it `enp1s0`; from the next boot on it is called `wan0`",
        ]
    );
    let shown = check::page(&host, &[], false);
    let lines: Vec<&str> = shown.lines().take(3).collect();
    assert_eq!(
        lines,
        [
            "enp1s0, bc:24:11:00:00:01 (MACAddress=)",
            "  the udev rule at /etc/udev/rules.d/70-persistent-net.rules:2: becomes wan0 at the next boot",
            "  /etc/systemd/network/10-cleat-lan0.link: its other settings, the rule's name is stronger",
        ]
    );
}

#[test]
fn what_cannot_be_pinned_is_left_out_of_all_with_the_reason() {
    let bed = bed();
    bed.nic("enp3s0", "02:00:00:00:00:03", "enp3s0");
    bed.write("/sys/class/net/enp3s0/addr_assign_type", "1\n");
    bed.nic("nic7", "bc:24:11:00:00:07", "enp7s0");
    bed.pin_of_proxmox("nic7", "bc:24:11:00:00:07");
    // Two that a pin could not name: another file is read first, and a rule is stronger.
    bed.nic("eno8", "bc:24:11:00:00:08", "eno8");
    let sorts_first = "/etc/systemd/network/05-eno8.link";
    bed.write(
        sorts_first,
        "[Match]\nMACAddress=bc:24:11:00:00:08\n[Link]\nMTUBytes=9000\n",
    );
    bed.nic("eno9", "bc:24:11:00:00:09", "eno9");
    let rule = "SUBSYSTEM==\"net\", ACTION==\"add\", ATTR{address}==\"bc:24:11:00:00:09\", NAME=\"wan0\"\n";
    bed.write("/etc/udev/rules.d/70-persistent-net.rules", rule);
    let work = filled(&bed, &all()).unwrap();
    assert_eq!(
        texts(&work.told),
        [
            "pin-left-out: /etc/systemd/network/05-eno8.link is for it too, and sorts before 10-cleat-ennic0.link: the pin \
             would do nothing",
            "pin-left-out: the udev rule at /etc/udev/rules.d/70-persistent-net.rules:1 names it `wan0`, which is \
             stronger than a .link file: the pin would do nothing",
            "pin-left-out: it cannot be pinned: its address is a random one, another at every boot",
            "pin-kept: it is pinned as `nic7` already, by /usr/local/lib/systemd/network/50-pmx-nic7.link",
        ]
    );
    // Names are not used up by those that are left out.
    let renames = [("enp1s0", "ennic0"), ("enp2s0", "ennic1")];
    assert_eq!(work.renames, renames.map(|(now, to)| (now.to_owned(), to.to_owned())));
}

#[test]
fn a_name_that_fits_a_pattern_is_warned_of_with_the_advice() {
    let bed = bed();
    let work = filled(&bed, &of("enp1s0", "ens77")).unwrap();
    assert_eq!(
        work.told[0].message,
        "systemd's own policies make names like `ens77`: another NIC may get it one day"
    );
    assert_eq!(work.told[0].help, [names::ADVICE]);
}

#[test]
fn a_port_of_a_bond_is_pinned_by_its_own_address() {
    let bed = Bed::new();
    let bond_mac = [0xbc, 0x24, 0x11, 0, 0, 1];
    bed.nic_as("enp1s0", "bc:24:11:00:00:01", "enp1s0", |link| {
        link.port_kind = Some(Kind::Bond);
        link.perm_mac = Mac::new(&bond_mac);
    });
    bed.nic_as("enp2s0", "bc:24:11:00:00:01", "enp2s0", |link| {
        link.port_kind = Some(Kind::Bond);
        link.perm_mac = Mac::new(&[0xbc, 0x24, 0x11, 0, 0, 2]);
    });
    // virtio has no permanent address: the bond keeps it (IFLA_BOND_SLAVE_PERM_HWADDR is 4 in linux/if_link.h).
    bed.nic_as("enp3s0", "bc:24:11:00:00:01", "enp3s0", |link| {
        link.port_kind = Some(Kind::Bond);
        link.attrs.set(IFLA_ADDRESS, &bond_mac);
        link.port.set(4, &[0xbc, 0x24, 0x11, 0, 0, 3]);
    });
    let work = filled(&bed, &all()).unwrap();
    let keys: Vec<String> = work
        .files
        .iter()
        .map(|change| {
            let text = String::from_utf8(change.new.clone().unwrap().bytes).unwrap();
            text.lines()
                .find(|line| line.contains("MACAddress"))
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(
        keys,
        [
            "PermanentMACAddress=bc:24:11:00:00:01",
            "PermanentMACAddress=bc:24:11:00:00:02",
            "MACAddress=bc:24:11:00:00:03"
        ]
    );
}

#[test]
fn another_name_keeps_what_was_written_into_the_file() {
    let bed = bed();
    do_it(&bed, &filled(&bed, &of("enp1s0", "lan0")).unwrap(), &no_programs()).unwrap();
    let path = "/etc/systemd/network/10-cleat-lan0.link";
    let text = format!("{}\nMTUBytes=9000\n# mine\n", bed.read(path));
    bed.write(path, &text);
    do_it(&bed, &filled(&bed, &of("enp1s0", "wan0")).unwrap(), &no_programs()).unwrap();
    assert!(!bed.root.exists(path));
    let renamed = bed.read("/etc/systemd/network/10-cleat-wan0.link") + "\n";
    assert_eq!(renamed, text.replace("Name=lan0", "Name=wan0"));
    assert_eq!(
        bed.read("/etc/network/interfaces.new"),
        INTERFACES.replace("enp1s0", "wan0").trim_end()
    );
}

#[test]
fn a_staged_file_of_another_is_renamed_and_stays_the_others() {
    let bed = bed();
    let staged = INTERFACES.replace("192.0.2.2", "192.0.2.3");
    bed.write("/etc/network/interfaces.new", &staged);
    do_it(&bed, &filled(&bed, &of("enp1s0", "lan0")).unwrap(), &no_programs()).unwrap();
    assert_eq!(
        bed.read("/etc/network/interfaces.new"),
        staged.replace("enp1s0", "lan0").trim_end()
    );
    // Nobody knows what it was made from: nothing may be merged as if that were the live file.
    let found = Store::new(&bed.root, Timestamp::now()).staged().unwrap();
    let cleat_store::Found::Fit(found) = found else {
        panic!("{found:?}")
    };
    let record = found.record.unwrap();
    assert_eq!(record.base, None);
    assert!(record.foreign.is_some());
    assert_eq!(record.by, "cleat-link, over what another program staged");
}

/// An image that cannot be made: what was written is taken back.
#[test]
fn where_the_initramfs_cannot_be_made_all_is_taken_back() {
    let bed = bed();
    with_initramfs(&bed);
    let before = snapshot(&bed);
    let failing = Stand::new(|call| match call {
        "update-initramfs -u -k all" => Err(crate::programs::Failure::new(&[call], "exit code 1")),
        other => panic!("not asked for: {other}"),
    });
    let told = do_it(&bed, &filled(&bed, &all()).unwrap(), &failing).unwrap_err();
    assert_eq!(
        told[0],
        "initramfs-rebuild: `update-initramfs -u -k all` failed: exit code 1"
    );
    assert_eq!(snapshot(&bed), before);
}

/// A kernel with an image that is made by update-initramfs: an archive without any file.
fn with_initramfs(bed: &Bed) {
    for program in ["/usr/sbin/mkinitramfs", "/usr/sbin/update-initramfs"] {
        bed.write(program, "#!/bin/sh\n");
    }
    bed.root.create_dir_all("/usr/lib/modules/6.1").unwrap();
    bed.root.create_dir_all("/boot").unwrap();
    bed.root
        .write_atomic(
            "/boot/initrd.img-6.1",
            include_bytes!("../../initramfs/fixtures/initrd.img"),
            Durability::Volatile,
        )
        .unwrap();
}

/// *Source*: systemd.link(5): drop-ins are in a directory of the file's name with `.d` behind it, in any of the directories.
#[test]
fn drop_ins_of_a_pin_go_along_to_its_new_name_and_back() {
    let bed = bed();
    do_it(&bed, &filled(&bed, &of("enp1s0", "lan0")).unwrap(), &no_programs()).unwrap();
    let at = |directory: &str, name: &str| format!("{directory}/systemd/network/10-cleat-{name}.link.d/mtu.conf");
    let texts = [
        ("/etc", "[Link]\nMTUBytes=9000"),
        ("/usr/local/lib", "[Link]\nMTUBytes=1400"),
    ];
    for (directory, text) in texts {
        bed.write(&at(directory, "lan0"), text);
    }
    bed.write(&at("/usr/lib", "lan0"), "[Link]\n");
    let work = filled(&bed, &of("enp1s0", "wan0")).unwrap();
    let told: Vec<&str> = work.told.iter().map(|found| found.message.as_str()).collect();
    let package = at("/usr/lib", "lan0");
    assert_eq!(
        told,
        [format!(
            "{package} does nothing any more: it belongs to a package, and it stays"
        )]
    );
    let holds = |name: &str, other: &str| {
        for (directory, text) in texts {
            assert_eq!(bed.read(&at(directory, name)), text);
            assert!(!bed.root.exists(at(directory, other)));
        }
    };
    with_initramfs(&bed);
    let failing = Stand::new(|call| Err(crate::programs::Failure::new(&[call], "exit code 1")));
    do_it(&bed, &work, &failing).unwrap_err();
    holds("lan0", "wan0");
    bed.root.remove("/boot/initrd.img-6.1").unwrap();
    do_it(&bed, &work, &no_programs()).unwrap();
    holds("wan0", "lan0");
    let files = bed.host().files;
    let file = files
        .files
        .iter()
        .find(|file| file.base_name() == "10-cleat-wan0.link")
        .unwrap();
    assert_eq!(file.drop_ins, [PathBuf::from(at("/etc", "wan0"))]);
}
