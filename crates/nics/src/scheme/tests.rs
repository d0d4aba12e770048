//! Pinning and unpinning on trees. The stand-ins write what the real programs write, which was seen in a chroot of
//! Debian 12 with grub-mkconfig 2.06, u-boot-update 4.2.2 and kernel-install 252 run by the program itself.

use super::apply::apply;
use super::pin::{Pinning, unpinned};
use super::plan::Refusal;
use super::record::Record;
use super::show::Shown;
use super::testing::{EXTLINUX, GRUB_CFG, Tree};
use super::{diff, list, udev};
use crate::programs::Failure;
use crate::programs::testing::Stand;
use cleat_diag::render;
use cleat_root::paths;

/// A Debian 12 that boots by GRUB, with a NIC that udev named by v252.
pub(super) fn grub_host() -> Tree {
    let tree = Tree::new();
    tree.write(
        "proc/cmdline",
        "BOOT_IMAGE=/boot/vmlinuz-6.1.0-37-amd64 root=UUID=0a1b ro quiet\n",
    );
    tree.write("boot/grub/grub.cfg", GRUB_CFG);
    tree.write("etc/default/grub", "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n");
    tree.write("usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-252.so", "");
    tree.write("usr/bin/udevadm", "");
    tree.write("run/udev/data/n2", "I:1\nE:ID_NET_NAMING_SCHEME=v252\n");
    for (key, value) in [("ifindex", "2"), ("iflink", "2"), ("type", "1")] {
        tree.write(&format!("sys/class/net/eno1/{key}"), &format!("{value}\n"));
    }
    tree
}

/// udevadm's answer, and update-grub's work: its file with what the drop-in adds.
fn grub<'a>(tree: &'a Tree, broken: bool) -> Stand<'a> {
    Stand::new(move |call| {
        if let Some(rest) = call.strip_prefix("NET_NAMING_SCHEME=") {
            let scheme = rest.split(' ').next().unwrap_or_default();
            return Ok(format!("ID_NET_NAMING_SCHEME={scheme}\nID_NET_NAME_MAC=enx0\n"));
        }
        assert_eq!(call, "update-grub");
        if broken {
            return Err(Failure::new(&[call], "exit code 1"));
        }
        let drop_in = tree.root.read_text(paths::GRUB_SCHEME).unwrap_or_default();
        let word = drop_in
            .split('"')
            .nth(1)
            .unwrap_or_default()
            .replace("$GRUB_CMDLINE_LINUX", "");
        let word = word.trim();
        let text = GRUB_CFG.replace("ro  quiet", &format!("ro {word} quiet"));
        tree.write(
            "boot/grub/grub.cfg",
            &text.replace("ro single ", &format!("ro single {word}")),
        );
        Ok(String::new())
    })
}

fn pin(tree: &Tree, programs: &Stand<'_>, word: &str) -> Result<String, String> {
    let pinning = Pinning::new(&tree.root, programs, word).map_err(|refusal| one_line(&refusal))?;
    let shown = diff::render(&pinning.plan);
    let done = apply(&tree.root, programs, &pinning.plan, Some(&pinning.record), &mut |_| {});
    done.map(|()| shown).map_err(|told| {
        let lines = told.iter().map(|told| render::line(told, &cleat_diag::Sources::new()));
        lines.collect::<Vec<_>>().join("\n")
    })
}

fn unpin(tree: &Tree, programs: &Stand<'_>) -> Result<(), String> {
    let record = Record::load(&tree.root).map_err(|refusal| one_line(&refusal))?.unwrap();
    let plan = record.undo(&tree.root).map_err(|refusal| one_line(&refusal))?;
    apply(&tree.root, programs, &plan, None, &mut |_| {}).map_err(|told| format!("{told:?}"))
}

fn one_line(refusal: &Refusal) -> String {
    render::line(&refusal.told, &refusal.sources)
}

#[test]
fn grub_gets_a_file_of_its_own_and_loses_it_again() {
    let tree = grub_host();
    let programs = grub(&tree, false);
    let shown = pin(&tree, &programs, "v247").unwrap();
    assert_eq!(
        shown,
        "--- /dev/null\n\
         +++ /etc/default/grub.d/zz-cleat-naming-scheme.cfg\n\
         @@ -0,0 +1,2 @@\n\
         +# Made by cleat-scheme(8); `cleat-scheme unpin` removes it.\n\
         +GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX net.naming-scheme=v247\"\n\
         then: update-grub\n"
    );
    let ask = "NET_NAMING_SCHEME=v247 udevadm test-builtin net_id /sys/class/net/eno1";
    assert_eq!(programs.calls(), [ask, "update-grub"]);
    // A second time nothing is written, another version takes its place, and both are undone at once.
    assert_eq!(pin(&tree, &programs, "v247").unwrap(), "then: update-grub\n");
    pin(&tree, &programs, "current").unwrap();
    assert!(tree.read("boot/grub/grub.cfg").contains("net.naming-scheme=v252 quiet"));
    unpin(&tree, &programs).unwrap();
    assert!(!tree.exists("etc/default/grub.d/zz-cleat-naming-scheme.cfg"));
    assert!(!tree.exists("var/lib/cleat/scheme.json"));
    assert!(!tree.read("boot/grub/grub.cfg").contains("naming-scheme"));
}

#[test]
fn an_update_grub_that_fails_leaves_everything_as_it_was() {
    let tree = grub_host();
    let told = pin(&tree, &grub(&tree, true), "v247").unwrap_err();
    assert_eq!(
        told,
        "error: `update-grub` failed: exit code 1 [scheme-command]\n\
         error: `update-grub` failed: exit code 1 [scheme-not-put-back]"
    );
    assert!(!tree.exists("etc/default/grub.d/zz-cleat-naming-scheme.cfg"));
    assert!(!tree.exists("var/lib/cleat/scheme.json"));
}

#[test]
fn an_entry_that_does_not_say_the_scheme_takes_the_pin_back() {
    let tree = grub_host();
    // A drop-in that sorts behind ours sets the variable again: update-grub ends well without our word.
    let programs = Stand::new(|call| match call {
        "update-grub" => Ok(String::new()),
        _ => Ok("ID_NET_NAMING_SCHEME=v247\n".to_owned()),
    });
    assert_eq!(
        pin(&tree, &programs, "v247").unwrap_err(),
        "error: the entry for /boot/vmlinuz-6.1.0-37-amd64 in /boot/grub/grub.cfg says no scheme, not v247 \
         [scheme-not-in-entry]; help: its command line is `root=UUID=0a1b ro  quiet`: look where it comes from"
    );
    assert!(!tree.exists("etc/default/grub.d/zz-cleat-naming-scheme.cfg"));
}

#[test]
fn a_scheme_that_is_pinned_by_hand_is_left_alone() {
    let tree = grub_host();
    tree.write(
        "etc/default/grub",
        "# net.naming-scheme=v238\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet net.naming_scheme=v240\"\n",
    );
    assert_eq!(
        pin(&tree, &grub(&tree, false), "v247").unwrap_err(),
        "error: a naming scheme is pinned by hand: v240 (/etc/default/grub:2:35) [scheme-by-hand]; help: remove it \
         there, and pin it with `cleat-scheme pin`"
    );
}

/// Written there after the pin: it is not ours to take out, and it does not keep ours from going.
#[test]
fn a_scheme_that_came_by_hand_after_the_pin_does_not_keep_it_from_being_taken_back() {
    let tree = grub_host();
    pin(&tree, &grub(&tree, false), "v247").unwrap();
    tree.write(
        "etc/default/grub",
        "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet net.naming-scheme=v240\"\n",
    );
    // As grub-mkconfig(8): the default words are not those of the recovery entry.
    let programs = Stand::new(|call| {
        assert_eq!(call, "update-grub");
        let ours = tree.root.read_text(paths::GRUB_SCHEME).unwrap_or_default();
        assert_eq!(ours, "");
        tree.write(
            "boot/grub/grub.cfg",
            &GRUB_CFG.replace("ro  quiet", "ro  quiet net.naming-scheme=v240"),
        );
        Ok(String::new())
    });
    let undo = Record::load(&tree.root).unwrap().unwrap().undo(&tree.root).unwrap();
    assert_eq!(
        unpinned(&undo),
        "cleat-scheme pins nothing any more; v240 stays, pinned by hand at /etc/default/grub:1"
    );
    unpin(&tree, &programs).unwrap();
    assert!(!tree.exists("etc/default/grub.d/zz-cleat-naming-scheme.cfg"));
    assert!(!tree.exists("var/lib/cleat/scheme.json"));
    assert!(tree.read("etc/default/grub").contains("v240"));
}

/// Second witness: NEWS of systemd 240: an onboard index of 0 gives a name since then; before it is the path that does.
#[test]
fn the_names_that_change_are_shown_before_the_files() {
    let tree = grub_host();
    let nic = r#"[{"devices": [
        {"syspath": "/sys/devices/pci0000:00/0000:00:04.0/0000:01:02.0/net/eno0", "subsystem": "net",
         "attributes": {"type": "1", "ifindex": "3", "iflink": "3", "dev_port": "0", "addr_assign_type": "0",
                        "address": "52:54:00:aa:00:07", "name_assign_type": "4"},
         "properties": {"ID_NET_NAMING_SCHEME": "v252"}},
        {"syspath": "/sys/devices/pci0000:00/0000:00:04.0/0000:01:02.0", "subsystem": "pci", "header_type": 0,
         "attributes": {"acpi_index": "0"}},
        {"syspath": "/sys/devices/pci0000:00/0000:00:04.0", "subsystem": "pci", "header_type": 1}]}]"#;
    let nics: Vec<cleat_naming::NicFacts> = serde_json::from_str(nic).unwrap();
    cleat_naming::facts::write(&tree.root, &nics).unwrap();
    tree.write(
        "usr/lib/systemd/network/99-default.link",
        "[Match]\nOriginalName=*\n[Link]\nNamePolicy=keep kernel database onboard slot path\n",
    );
    let programs = grub(&tree, false);
    let shown = |word: &str| Pinning::new(&tree.root, &programs, word).unwrap().shown();
    assert!(
        shown("v239").starts_with(
            "names that change at the next boot:\n  eno0 -> enp1s2  (Ethernet, PCI bus 1 slot 2)\n--- /dev/null\n"
        ),
        "{}",
        shown("v239")
    );
    assert!(shown("v240").starts_with("--- /dev/null\n"), "{}", shown("v240"));
}

#[test]
fn versions_that_udev_does_not_know_are_refused() {
    let tree = grub_host();
    let programs = grub(&tree, false);
    let refused = |word: &str| pin(&tree, &programs, word).unwrap_err();
    assert_eq!(
        refused("v257"),
        "error: the installed udev 252 does not know v257 and would take its default [scheme-too-new]"
    );
    assert_eq!(
        refused("v256"),
        "error: there is no naming scheme `v256` [scheme-unknown]; help: `cleat-scheme list` shows them"
    );
    // A distribution may have taken a row out: udev itself is asked.
    let other = Stand::new(|_| Ok("ID_NET_NAMING_SCHEME=v252\n".to_owned()));
    assert_eq!(
        pin(&tree, &other, "v247").unwrap_err(),
        "error: the installed udev 252 does not know v247 and would take its default [scheme-too-new]"
    );
    let bare = Tree::new();
    assert_eq!(
        pin(&bare, &programs, "v247").unwrap_err(),
        "error: no systemd-udevd is to be seen, so nobody would read the scheme [scheme-no-udev]"
    );
}

/// A Debian 12 that boots by systemd-boot.
fn systemd_boot_host() -> Tree {
    let tree = grub_host();
    tree.efi(
        "LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f",
        "systemd-boot 252.39-1~deb12u2",
    );
    tree.write(
        "proc/cmdline",
        "initrd=\\debian\\6.1.0-37-amd64\\initrd.img root=UUID=0a1b dyndbg=\"a b\" ro\n",
    );
    tree.write("usr/bin/kernel-install", "");
    tree.write("etc/kernel/postinst.d/zz-systemd-boot", "");
    tree.write("usr/lib/modules/6.1.0-37-amd64/modules.dep", "");
    tree.write("usr/lib/modules/6.1.0-12-amd64/left-over", "");
    tree.write("boot/vmlinuz-6.1.0-37-amd64", "");
    tree.write("boot/initrd.img-6.1.0-37-amd64", "");
    tree
}

/// kernel-install's work: an entry with the words of /etc/kernel/cmdline, or of the running command line.
fn kernel_install(tree: &Tree) -> Stand<'_> {
    Stand::new(|call| {
        if call.starts_with("NET_NAMING_SCHEME=v247") {
            return Ok("ID_NET_NAMING_SCHEME=v247\n".to_owned());
        }
        assert_eq!(
            call,
            "kernel-install add 6.1.0-37-amd64 /boot/vmlinuz-6.1.0-37-amd64 /boot/initrd.img-6.1.0-37-amd64"
        );
        let line = match tree.root.read_text(paths::KERNEL_CMDLINE) {
            Ok(line) => line,
            Err(_) => tree
                .read("proc/cmdline")
                .replace("initrd=\\debian\\6.1.0-37-amd64\\initrd.img ", ""),
        };
        let entry = format!(
            "title Debian\nlinux /debian/6.1.0-37-amd64/linux\noptions {}\n",
            line.trim()
        );
        tree.write("boot/efi/loader/entries/debian-6.1.0-37-amd64.conf", &entry);
        Ok(String::new())
    })
}

#[test]
fn systemd_boot_gets_a_command_line_made_of_the_running_one() {
    let tree = systemd_boot_host();
    let programs = kernel_install(&tree);
    pin(&tree, &programs, "v247").unwrap();
    let line = "root=UUID=0a1b dyndbg=\"a b\" ro net.naming-scheme=v247";
    assert_eq!(tree.read("etc/kernel/cmdline"), line);
    assert!(
        tree.read("boot/efi/loader/entries/debian-6.1.0-37-amd64.conf")
            .ends_with(line)
    );
    unpin(&tree, &programs).unwrap();
    assert!(!tree.exists("etc/kernel/cmdline"));
}

/// kernel-install(8): without the file the running command line is taken, which would pin the scheme once more.
#[test]
fn the_command_line_file_stays_while_the_running_one_has_the_scheme() {
    let tree = systemd_boot_host();
    let programs = kernel_install(&tree);
    pin(&tree, &programs, "v247").unwrap();
    tree.write(
        "proc/cmdline",
        "initrd=\\debian\\6.1.0-37-amd64\\initrd.img root=UUID=0a1b ro net.naming-scheme=v247\n",
    );
    unpin(&tree, &programs).unwrap();
    assert_eq!(tree.read("etc/kernel/cmdline"), "root=UUID=0a1b dyndbg=\"a b\" ro");
}

#[test]
fn a_file_that_was_changed_since_loses_only_the_word() {
    let tree = systemd_boot_host();
    let programs = kernel_install(&tree);
    tree.write("etc/kernel/cmdline", "root=UUID=0a1b ro\n");
    pin(&tree, &programs, "v247").unwrap();
    tree.write(
        "etc/kernel/cmdline",
        "root=UUID=0a1b ro net.naming-scheme=v247 console=ttyS0\n",
    );
    unpin(&tree, &programs).unwrap();
    assert_eq!(tree.read("etc/kernel/cmdline"), "root=UUID=0a1b ro console=ttyS0");
    // Without a change it is put back byte for byte.
    tree.write("etc/kernel/cmdline", "root=UUID=0a1b   ro   net.naming-scheme=v240 \n");
    pin(&tree, &programs, "v247").unwrap();
    unpin(&tree, &programs).unwrap();
    assert_eq!(
        tree.read("etc/kernel/cmdline"),
        "root=UUID=0a1b   ro   net.naming-scheme=v240 "
    );
}

#[test]
fn a_file_of_ours_that_was_changed_since_is_not_thrown_away() {
    let tree = grub_host();
    let programs = grub(&tree, false);
    pin(&tree, &programs, "v247").unwrap();
    tree.write("etc/default/grub.d/zz-cleat-naming-scheme.cfg", "GRUB_TIMEOUT=1\n");
    assert_eq!(
        unpin(&tree, &programs).unwrap_err(),
        "error: /etc/default/grub.d/zz-cleat-naming-scheme.cfg was changed by hand since it was written \
         [scheme-changed]; help: remove it, run `update-grub`"
    );
}

#[test]
fn entries_by_hand_get_the_word_where_they_boot_this_system() {
    let tree = systemd_boot_host();
    let programs = Stand::new(|_| Ok("ID_NET_NAMING_SCHEME=v247\n".to_owned()));
    tree.root.remove("/usr/bin/kernel-install").unwrap();
    let ours = "title Mine\nlinux /vmlinuz\noptions root=UUID=0a1b ro\n";
    let other = "title Other\nlinux /other\noptions root=UUID=ffff ro\n";
    // All lines of a file make one command line.
    let parts = "linux /vmlinuz-old\noptions root=UUID=0a1b\noptions ro quiet\ninitrd /old\n";
    tree.write("boot/efi/loader/entries/mine.conf", ours);
    tree.write("boot/efi/loader/entries/parts.conf", parts);
    tree.write("boot/efi/loader/entries/other.conf", other);
    pin(&tree, &programs, "v247").unwrap();
    assert_eq!(
        tree.read("boot/efi/loader/entries/mine.conf"),
        "title Mine\nlinux /vmlinuz\noptions root=UUID=0a1b ro net.naming-scheme=v247"
    );
    assert_eq!(
        tree.read("boot/efi/loader/entries/parts.conf"),
        parts.replace("ro quiet", "ro quiet net.naming-scheme=v247").trim_end()
    );
    assert_eq!(tree.read("boot/efi/loader/entries/other.conf"), other.trim_end());
    unpin(&tree, &programs).unwrap();
    assert_eq!(tree.read("boot/efi/loader/entries/parts.conf"), parts.trim_end());
    assert_eq!(tree.read("boot/efi/loader/entries/mine.conf"), ours.trim_end());
}

/// A Proxmox VE host, whose boot partitions are not mounted: proxmox-boot-tool(8) writes them.
fn proxmox_host() -> Tree {
    let tree = grub_host();
    tree.root.remove("/boot/grub/grub.cfg").unwrap();
    tree.write("etc/kernel/proxmox-boot-uuids", "0A1B-2C3D\n");
    tree.write("usr/sbin/proxmox-boot-tool", "");
    tree
}

fn proxmox_boot_tool() -> Stand<'static> {
    Stand::new(|call| match call {
        "proxmox-boot-tool refresh" => Ok(String::new()),
        _ => Ok("ID_NET_NAMING_SCHEME=v247\n".to_owned()),
    })
}

/// Source: Proxmox VE's administration guide, "Editing the Kernel Commandline".
#[test]
fn proxmox_hosts_get_it_into_what_their_tool_reads_and_lose_it_again() {
    let ask = "NET_NAMING_SCHEME=v247 udevadm test-builtin net_id /sys/class/net/eno1";
    let refresh = "proxmox-boot-tool refresh";
    let tree = proxmox_host();
    let programs = proxmox_boot_tool();
    pin(&tree, &programs, "v247").unwrap();
    assert!(
        tree.read("etc/default/grub.d/zz-cleat-naming-scheme.cfg")
            .contains("net.naming-scheme=v247")
    );
    unpin(&tree, &programs).unwrap();
    assert!(!tree.exists("etc/default/grub.d/zz-cleat-naming-scheme.cfg"));
    assert_eq!(programs.calls(), [ask, refresh, refresh]);

    let tree = proxmox_host();
    tree.efi("LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f", "systemd-boot 252");
    let line = "root=ZFS=rpool/ROOT/pve-1  boot=zfs\n";
    tree.write("etc/kernel/cmdline", line);
    let programs = proxmox_boot_tool();
    pin(&tree, &programs, "v247").unwrap();
    let pinned = "root=ZFS=rpool/ROOT/pve-1  boot=zfs net.naming-scheme=v247";
    assert_eq!(tree.read("etc/kernel/cmdline"), pinned);
    assert!(!tree.exists("etc/default/grub.d/zz-cleat-naming-scheme.cfg"));
    unpin(&tree, &programs).unwrap();
    assert_eq!(tree.root.read("/etc/kernel/cmdline").unwrap(), line.as_bytes());
    assert_eq!(programs.calls(), [ask, refresh, refresh]);
}

#[test]
fn an_extlinux_by_hand_gets_the_word_in_the_entries_of_this_system() {
    let tree = grub_host();
    tree.root.remove("/boot/grub/grub.cfg").unwrap();
    tree.write("proc/cmdline", "root=UUID=0a1b ro quiet\n");
    let other = "label other\n\tlinux /other\n\tappend root=UUID=ffff ro\n";
    let before = format!("{EXTLINUX}{other}");
    tree.write("boot/extlinux/extlinux.conf", &before);
    let programs = Stand::new(|_| Ok("ID_NET_NAMING_SCHEME=v247\n".to_owned()));
    pin(&tree, &programs, "v247").unwrap();
    assert_eq!(
        tree.read("boot/extlinux/extlinux.conf"),
        before.replace("ro quiet", "ro quiet net.naming-scheme=v247").trim_end()
    );
    unpin(&tree, &programs).unwrap();
    assert_eq!(
        tree.root.read("/boot/extlinux/extlinux.conf").unwrap(),
        before.as_bytes()
    );
    // The entry that was booted does not name its root: it cannot be told from another system's.
    let rootless = before.replace("root=UUID=0a1b ", "");
    tree.write("boot/extlinux/extlinux.conf", &rootless);
    assert_eq!(
        pin(&tree, &programs, "v247").unwrap_err(),
        "error: no entry of the boot loader has the root= of the running system [scheme-no-entry]"
    );
    assert_eq!(
        tree.root.read("/boot/extlinux/extlinux.conf").unwrap(),
        rootless.as_bytes()
    );
}

#[test]
fn u_boot_gets_a_file_of_its_own_or_the_kernels_command_line() {
    let tree = grub_host();
    tree.root.remove("/boot/grub/grub.cfg").unwrap();
    tree.write("proc/cmdline", "root=UUID=0a1b ro quiet\n");
    tree.write("boot/extlinux/extlinux.conf", EXTLINUX);
    tree.write("usr/sbin/u-boot-update", "");
    let programs = Stand::new(|call| {
        if call == "u-boot-update" {
            let ours = tree.root.exists(paths::U_BOOT_SCHEME) || tree.root.exists(paths::KERNEL_CMDLINE);
            let word = if ours { " net.naming-scheme=v247" } else { "" };
            tree.write(
                "boot/extlinux/extlinux.conf",
                &EXTLINUX.replace("ro quiet", &format!("ro quiet{word}")),
            );
        }
        Ok("ID_NET_NAMING_SCHEME=v247\n".to_owned())
    });
    pin(&tree, &programs, "v247").unwrap();
    assert_eq!(
        tree.read("etc/u-boot-menu/conf.d/zz-cleat-naming-scheme.conf"),
        "# Made by cleat-scheme(8); `cleat-scheme unpin` removes it.\n\
         U_BOOT_PARAMETERS=\"${U_BOOT_PARAMETERS:-ro quiet} net.naming-scheme=v247\""
    );
    unpin(&tree, &programs).unwrap();
    tree.write("etc/kernel/cmdline", "root=UUID=0a1b ro quiet\n");
    pin(&tree, &programs, "v247").unwrap();
    assert!(!tree.exists("etc/u-boot-menu/conf.d/zz-cleat-naming-scheme.conf"));
    assert_eq!(
        tree.read("etc/kernel/cmdline"),
        "root=UUID=0a1b ro quiet net.naming-scheme=v247"
    );
}

#[test]
fn show_tells_who_says_what() {
    let tree = grub_host();
    let programs = grub(&tree, false);
    pin(&tree, &programs, "v247").unwrap();
    let Ok(shown) = Shown::read(&tree.root) else {
        panic!("it can be read")
    };
    assert_eq!(
        shown.text(),
        "running       v252 (eno1)\n\
         command line  says nothing of net.naming-scheme\n\
         installed     udev 252, which takes v252 where nothing is said\n\
         boot loader   GRUB: it has an entry for the running kernel, BOOT_IMAGE=/boot/vmlinuz-6.1.0-37-amd64\n\
         written       v247 at /etc/default/grub.d/zz-cleat-naming-scheme.cfg:2, by cleat-scheme\n\
         next boot     v247, in 2 entries of the boot loader\n"
    );
}

#[test]
fn list_marks_what_names_and_what_is_not_known_here() {
    let host = udev::Host::read(&grub_host().root);
    let text = list::text(&host);
    let line = |scheme: &str| text.lines().find(|line| line.starts_with(scheme)).unwrap().to_owned();
    assert_eq!(
        line("v252"),
        "v252  devicetree aliases: end0  [names this boot, the installed udev's default]"
    );
    assert!(line("v257").ends_with("[not known here]"), "{text}");
    assert_eq!(text.lines().count(), cleat_naming::SCHEMES.len());
}

/// Source: the administration guide of Proxmox VE, "Editing the Kernel Commandline": with systemd-boot /etc/kernel/cmdline.
#[test]
fn a_word_in_a_file_that_the_boot_loader_does_not_read_is_told_to_do_nothing() {
    let tree = grub_host();
    tree.write("etc/kernel/proxmox-boot-uuids", "0A1B-2C3D\n");
    tree.write("usr/sbin/proxmox-boot-tool", "");
    tree.efi("LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f", "systemd-boot 252");
    tree.write("etc/default/grub", "GRUB_CMDLINE_LINUX=\"net.naming-scheme=v247\"\n");
    let lines = |tree: &Tree| {
        let Ok(shown) = Shown::read(&tree.root) else {
            panic!("it can be read")
        };
        let text = shown.text();
        let lines = text.lines().skip_while(|line| !line.starts_with("boot loader"));
        lines.skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    let unread = "written       v247 at /etc/default/grub:1, by hand (not read by systemd-boot, kept by \
                  proxmox-boot-tool: it does nothing)";
    assert_eq!(
        lines(&tree),
        [
            unread,
            "next boot     v252, as nothing is said that the installed udev reads and knows"
        ]
    );
    tree.write("etc/kernel/cmdline", "root=ZFS=rpool net.naming-scheme=latest\n");
    assert_eq!(
        lines(&tree),
        [
            unread,
            "written       latest at /etc/kernel/cmdline:1, by hand",
            "next boot     v252, by /etc/kernel/cmdline:1"
        ]
    );
}

/// Source: systemd.net-naming-scheme(7); udevadm 252 and 257 with NET_NAMING_SCHEME=latest use v252 and v257 without a
/// complaint, and ignore v999.
#[test]
fn latest_is_the_newest_scheme_of_the_installed_udev() {
    let tree = grub_host();
    let said = |word: &str| {
        tree.write(
            "proc/cmdline",
            &format!("BOOT_IMAGE=/vmlinuz net.naming-scheme={word}\n"),
        );
        let Ok(shown) = Shown::read(&tree.root) else {
            panic!("it can be read")
        };
        let text = shown.text();
        text.lines().nth(1).unwrap_or_default().to_owned()
    };
    assert_eq!(
        said("latest"),
        "command line  net.naming-scheme=latest: v252, the newest that the installed udev knows"
    );
    assert_eq!(said("v247"), "command line  net.naming-scheme=v247");
    assert_eq!(
        said("v999"),
        "command line  net.naming-scheme=v999, which the installed udev does not know"
    );
    assert_eq!(
        pin(&tree, &grub(&tree, false), "latest").unwrap_err(),
        "error: `latest` is another scheme after each upgrade of systemd, and the one that udev takes without a pin \
         [scheme-latest]; help: pin a version, or `cleat-scheme unpin`"
    );
}
