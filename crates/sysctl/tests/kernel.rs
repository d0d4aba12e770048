//! What the running kernel does when settings are written. Second witness: the kernel itself.

// Tests write the tree that they invent.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use cleat_diag::{Sources, render};
use cleat_netns as netns;
use cleat_root::Root;
use cleat_sysctl::{Deed, Key, NewLinks, Reading, Settings, TABLES, apply, check, differences, resets};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

fn read(key: &str) -> Option<String> {
    let text = std::fs::read_to_string(Path::new("/proc/sys").join(key)).ok()?;
    Some(text.trim_end().to_owned())
}

fn write(key: &str, value: &str) -> bool {
    std::fs::write(Path::new("/proc/sys").join(key), format!("{value}\n")).is_ok()
}

/// All settings of `all`, `default` and v0, and `ip_forward`.
fn everything() -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut keys = vec!["net/ipv4/ip_forward".to_owned()];
    for table in TABLES {
        for link in ["all", "default", "v0"] {
            let directory = format!("{table}/{link}");
            let names = std::fs::read_dir(Path::new("/proc/sys").join(&directory));
            let names = names.into_iter().flatten().map(|entry| entry.unwrap().file_name());
            keys.extend(names.map(|name| format!("{directory}/{}", name.to_string_lossy())));
        }
    }
    for key in keys {
        if let Some(value) = read(&key) {
            all.insert(key, value);
        }
    }
    all
}

/// Every setting for all links, and every default (those of neigh are in the first namespace only), is changed; whatever changes with it must be in the list.
#[test]
fn what_writing_one_setting_changes_in_others_is_known() {
    let _room = netns::enter!(Veth, Inet6);
    netns::run("ip link add v0 type veth peer name v1");
    let names: Vec<String> = everything().into_keys().filter(|key| !key.contains("/v0/")).collect();
    assert!(names.len() > 100, "too few settings: {}", names.len());
    let (mut tried, mut causes, mut unknown) = (0, BTreeSet::new(), Vec::new());
    for cause in names {
        let before = everything();
        let old = &before[&cause];
        let Ok(number) = old.parse::<i64>() else { continue };
        if !write(&cause, &(if number == 1 { 0 } else { 1 }).to_string()) {
            continue;
        }
        tried += 1;
        let changed = everything()
            .into_iter()
            .filter(|(key, value)| *key != cause && before.get(key) != Some(value));
        for (key, _) in changed {
            if !resets(&Key::new(&cause), &Key::new(&key)) {
                unknown.push(format!("{cause} changes {key}"));
            }
            causes.insert(cause.clone());
        }
        assert!(write(&cause, old), "{cause} cannot be put back to {old}");
    }
    assert_eq!(unknown, Vec::<String>::new());
    println!("{tried} settings tried, {} change others", causes.len());
    for cause in [
        "net/ipv4/ip_forward",
        "net/ipv4/conf/all/forwarding",
        "net/ipv6/conf/all/forwarding",
        "net/ipv6/conf/all/disable_ipv6",
        "net/ipv6/conf/all/addr_gen_mode",
        "net/ipv6/conf/all/ignore_routes_with_linkdown",
        "net/ipv4/conf/default/rp_filter",
    ] {
        assert!(causes.contains(cause), "{cause} changes nothing");
    }
}

/// A room with an empty sysctl.d and one file in it, v0 and v1.
fn with(text: &str) -> Option<(netns::Room, Root)> {
    let room = netns::room_or_skip(&[netns::Kind::Veth])?;
    for directory in ["/etc", "/usr/local/lib", "/usr/lib/sysctl.d"] {
        room.private_dir(directory).unwrap();
    }
    std::fs::create_dir("/etc/sysctl.d").unwrap();
    std::fs::write("/etc/sysctl.d/50-test.conf", text).unwrap();
    netns::run("ip link add v0 type veth peer name v1");
    Some((room, Root::real()))
}

/// Everything that is said, a line each.
fn told(found: &[cleat_diag::Diagnostic], sources: &Sources) -> Vec<String> {
    found.iter().map(|found| render::line(found, sources)).collect()
}

#[test]
fn what_a_later_line_would_reset_is_written_last() {
    let text = "net.ipv4.conf.v0.forwarding = 0\nnet.ipv4.ip_forward = 1\n";
    let Some((_room, root)) = with(text) else { return };
    let mut sources = Sources::new();
    let (settings, found) = Settings::load(&root, &mut sources);
    assert_eq!(found, []);
    let (wanted, warnings) = settings.wanted(&root, &[]);
    assert_eq!(
        told(&warnings, &sources),
        [
            "warning: `net.ipv4.conf.v0.forwarding` is reset when `net.ipv4.ip_forward` is written after it \
             (/etc/sysctl.d/50-test.conf:1:1) [sysctl-reset]; help: cleat-sysctl writes it last; to have systemd-sysctl \
             do so, too, swap the lines"
        ]
    );
    assert_eq!(apply(&root, &wanted), (vec![Deed::Written, Deed::Written], vec![]));
    assert_eq!(
        (read("net/ipv4/ip_forward"), read("net/ipv4/conf/v0/forwarding")),
        (Some("1".into()), Some("0".into()))
    );
    assert_eq!(apply(&root, &wanted), (vec![Deed::WasSo, Deed::WasSo], vec![]));
    assert_eq!(differences(&wanted, &check(&root, &wanted)), []);
}

#[test]
fn what_systemd_sysctl_leaves_reset_is_found() {
    let text = "net.ipv4.conf.v0.forwarding = 0\nnet.ipv4.ip_forward = 1\n";
    let Some((_room, root)) = with(text) else { return };
    if netns::try_run("/lib/systemd/systemd-sysctl --version").is_err() {
        return netns::skip("systemd-sysctl", "not installed");
    }
    netns::run("/lib/systemd/systemd-sysctl");
    let mut sources = Sources::new();
    let (settings, _) = Settings::load(&root, &mut sources);
    let (wanted, _) = settings.wanted(&root, &[]);
    let found = differences(&wanted, &check(&root, &wanted));
    let pages: Vec<String> = found
        .iter()
        .map(|found| render::terminal(found, &sources, false))
        .collect();
    assert_eq!(
        pages,
        [
            "error[sysctl-differs]: `net.ipv4.conf.v0.forwarding` is `1`, not `0`\n \
          --> /etc/sysctl.d/50-test.conf:1:1\n  |\n1 | net.ipv4.conf.v0.forwarding = 0\n  | \
          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ wants this\n  = note: `net.ipv4.ip_forward` resets it when it is written, at \
          /etc/sysctl.d/50-test.conf:2:1\n  = help: `cleat-sysctl apply` sets it; where it does not stay, something else \
          on the host sets it back"
        ]
    );
}

#[test]
fn each_bad_line_is_told_with_its_place_and_the_rest_is_written() {
    let text = "net.ipv4.conf.v0.proxy_arp = 1\nno line\nnet.ipv4.no_such_key = 1\n-net.ipv4.nor_this = 1\n\
        net.ipv4.ip_local_port_range = 9 8\n-net.ipv4.ip_default_ttl = 999\nnet.ipv4.conf.v0 = 1\n\
        net.bridge.bridge-nf-no-such-key = 1\nnet.ipv4.conf.v1.proxy_arp = 1\n";
    let Some((_room, root)) = with(text) else { return };
    std::fs::create_dir("/etc/sysctl.d/60-directory.conf").unwrap();
    let mut sources = Sources::new();
    let (settings, mut found) = Settings::load(&root, &mut sources);
    let (wanted, warnings) = settings.wanted(&root, &[]);
    assert_eq!(warnings, []);
    let (deeds, mut faults) = apply(&root, &wanted);
    found.append(&mut faults);
    assert_eq!(
        told(&found, &sources),
        [
            "error: `no line` sets nothing (/etc/sysctl.d/50-test.conf:2:1) [sysctl-line]",
            "error: cannot read /etc/sysctl.d/60-directory.conf: Is a directory [unreadable]; help: what its lines say is \
             not known, so none is named; the other files count",
            "warning: there is no setting `net.ipv4.no_such_key` in this kernel (/etc/sysctl.d/50-test.conf:3:1) \
             [sysctl-unknown]; help: correct the name; with `-` before it nothing is said",
            "error: cannot set `net.ipv4.ip_local_port_range` to `9 8`: Invalid argument \
             (/etc/sysctl.d/50-test.conf:5:1) [sysctl-refused]; help: correct the value; the kernel does not take this one",
            "error: cannot set `net.ipv4.conf.v0` to `1`: Is a directory (/etc/sysctl.d/50-test.conf:7:1) \
             [sysctl-refused]; help: name a setting in this directory",
            "warning: there is no setting `net.bridge.bridge-nf-no-such-key` in this kernel \
             (/etc/sysctl.d/50-test.conf:8:1) [sysctl-unknown]; help: load br_netfilter before: name it in a file of \
             /etc/modules-load.d",
        ]
    );
    let refused = deeds.iter().filter(|deed| **deed == Deed::Refused).count();
    assert_eq!((deeds.len(), refused), (8, 3), "{deeds:?}");
    assert_eq!(
        (read("net/ipv4/conf/v0/proxy_arp"), read("net/ipv4/conf/v1/proxy_arp")),
        (Some("1".into()), Some("1".into()))
    );
}

#[test]
fn a_read_only_proc_sys_is_told_only_of_what_would_have_to_be_written() {
    let text = "net.ipv4.conf.v0.proxy_arp = 1\nnet.ipv4.conf.v1.proxy_arp = 0\n";
    let Some((_room, root)) = with(text) else { return };
    netns::run("mount --bind /proc/sys /proc/sys");
    netns::run("mount -o remount,ro,bind /proc/sys");
    let mut sources = Sources::new();
    let (settings, _) = Settings::load(&root, &mut sources);
    let (wanted, _) = settings.wanted(&root, &[]);
    let (deeds, found) = apply(&root, &wanted);
    assert_eq!(deeds, [Deed::Refused, Deed::WasSo]);
    assert_eq!(
        told(&found, &sources),
        [
            "error: cannot set `net.ipv4.conf.v0.proxy_arp` to `1`: Read-only file system \
          (/etc/sysctl.d/50-test.conf:1:1) [sysctl-refused]; help: /proc/sys is read-only here; in a container the host \
          sets this"
        ]
    );
}

#[test]
fn without_any_directory_nothing_is_wanted_and_nothing_is_wrong() {
    let Some((_room, root)) = with("") else { return };
    std::fs::remove_dir_all("/etc/sysctl.d").unwrap();
    let (settings, found) = Settings::load(&root, &mut Sources::new());
    assert_eq!((settings.as_systemd(&root, &[]), found), (vec![], vec![]));
}

/// What [`NewLinks`] leaves out, the link has when it is made: with the rest written, all is as sysctl.d wants it.
#[test]
fn a_new_link_needs_only_what_it_does_not_come_with() {
    let text = "net.ipv4.conf.*.rp_filter = 2\nnet.ipv4.conf.default.rp_filter = 2\nnet.ipv4.conf.v2/7.proxy_arp = 1\n\
        net.ipv4.conf.v[2-9]*.arp_ignore = 1\n-net.ipv4.conf.v2.arp_ignore\nnet.ipv4.conf.all.log_martians = 1\n\
        net.ipv4.neigh.v2.ucast_solicit = 5\nnet.ipv4.conf.v2.no_such_key = 1\nnet.ipv4.conf.{v2,w2}.arp_* = 2\n";
    let Some((_room, root)) = with(text) else { return };
    assert!(write("net/ipv4/conf/default/rp_filter", "2"));
    let (settings, _) = Settings::load(&root, &mut Sources::new());
    let mut links = NewLinks::new(&root, &settings);
    let keys = |links: &mut NewLinks<'_>, name: &str| {
        let wanted = links.of(name);
        wanted
            .iter()
            .map(|wanted| format!("{}={}", wanted.key.as_str(), wanted.value))
            .collect::<Vec<_>>()
    };
    assert_eq!(keys(&mut links, "w3"), Vec::<String>::new());
    assert_eq!(
        keys(&mut links, "v2.7"),
        ["net/ipv4/conf/v2.7/proxy_arp=1", "net/ipv4/conf/v2.7/arp_ignore=1"]
    );
    let wanted = links.of("v2");
    let found: Vec<String> = wanted
        .iter()
        .map(|wanted| format!("{}={}", wanted.key.as_str(), wanted.value))
        .collect();
    let arp: BTreeSet<String> = std::fs::read_dir("/proc/sys/net/ipv4/conf/lo")
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("arp_") && name != "arp_ignore")
        .map(|name| format!("net/ipv4/conf/v2/{name}=2"))
        .collect();
    let expected: BTreeSet<String> = arp
        .into_iter()
        .chain(["net/ipv4/neigh/v2/ucast_solicit=5".to_owned()])
        .collect();
    assert_eq!(found.iter().cloned().collect::<BTreeSet<_>>(), expected);
    netns::run("ip link add v2 type veth peer name v3");
    apply(&root, &wanted);
    let (all, _) = settings.wanted(&root, &[Key::new("net/ipv4/conf/v2"), Key::new("net/ipv4/neigh/v2")]);
    let now = check(&root, &all);
    let differ: Vec<&Key> = all
        .iter()
        .zip(&now)
        .filter(|(wanted, found)| !found.is(wanted))
        .map(|(wanted, _)| &wanted.key)
        .collect();
    // `arp_accept` and its like that take no 2 were refused.
    let refused = all
        .iter()
        .zip(&now)
        .filter(|(wanted, _)| apply(&root, std::slice::from_ref(wanted)).0 == [Deed::Refused]);
    let unknown = all.iter().zip(&now).filter(|(_, found)| **found == Reading::Nothing);
    assert_eq!(differ.len(), refused.count() + unknown.count(), "{differ:?}");
}

/// What systemd-sysctl leaves of some keys, and whether it had an error; `None` where it is not installed.
fn as_systemd_leaves(keys: &[&str]) -> Option<(Vec<Option<String>>, bool)> {
    let program = "/usr/lib/systemd/systemd-sysctl";
    if !Path::new(program).exists() {
        netns::skip("systemd-sysctl", "not installed");
        return None;
    }
    let status = std::process::Command::new(program).status().unwrap();
    Some((keys.iter().map(|key| read(key)).collect(), !status.success()))
}

/// Second witness: systemd-sysctl of this machine over the same files.
#[test]
fn where_the_kernel_refuses_the_last_of_several_patterns_the_value_before_it_stays() {
    let key = "net/ipv4/conf/v0/rp_filter";
    let text = "net.ipv4.conf.v*.rp_filter = 1\nnet.ipv4.conf.v[0].rp_filter = 2\nnet.ipv4.conf.?0.rp_filter = x\n";
    let Some((_room, root)) = with(text) else { return };
    assert!(write(key, "0"));
    let Some((theirs, failed)) = as_systemd_leaves(&[key]) else {
        return;
    };
    assert!(failed);
    assert!(write(key, "0"));
    let mut sources = Sources::new();
    let (settings, _) = Settings::load(&root, &mut sources);
    let (wanted, _) = settings.wanted(&root, &[]);
    let (_, faults) = apply(&root, &wanted);
    assert_eq!(vec![read(key)], theirs);
    assert_eq!(read(key).as_deref(), Some("2"));
    assert_eq!(
        told(&faults, &sources),
        [
            "error: cannot set `net.ipv4.conf.v0.rp_filter` to `x`: Invalid argument (/etc/sysctl.d/50-test.conf:3:1) \
             [sysctl-refused]; help: correct the value; the kernel does not take this one"
        ]
    );
    let page = render::terminal(&faults[0], &sources, false);
    assert!(
        page.contains("= note: `2` stays, as it is asked for at /etc/sysctl.d/50-test.conf:2:1\n"),
        "{page}"
    );
}

/// Second witness: systemd-sysctl of this machine, for which EACCES is not a failure; the mode of the file in /proc/sys.
#[test]
fn a_pattern_that_comes_upon_what_can_only_be_read_is_no_fault() {
    let text = "net.ipv4.conf.v0.[mp]*_[fa]*r* = 1\n";
    let Some((_room, root)) = with(text) else { return };
    let keys = ["net/ipv4/conf/v0/mc_forwarding", "net/ipv4/conf/v0/proxy_arp"];
    if read(keys[0]).is_none() {
        return netns::skip("mc_forwarding", "this kernel has no multicast routing");
    }
    let Some((theirs, failed)) = as_systemd_leaves(&keys) else {
        return;
    };
    assert!(!failed);
    assert!(write(keys[1], "0"));
    let (settings, _) = Settings::load(&root, &mut Sources::new());
    let (wanted, _) = settings.wanted(&root, &[]);
    assert_eq!(apply(&root, &wanted).1, []);
    let ours: Vec<_> = keys.iter().map(|key| read(key)).collect();
    assert_eq!(ours, theirs);
    assert_eq!(differences(&wanted, &check(&root, &wanted)), []);
}

/// Source: sysctl.d(5), "configuration format"; systemd-sysctl 252 looks for net/ipv6/conf/eno1/100/disable_ipv6.
#[test]
fn the_key_of_a_link_with_a_dot_in_its_name_is_told_as_it_has_to_be_written() {
    let text = "net.ipv4.conf.v0.7.rp_filter = 1\nnet.ipv4.conf.v0.7.8.rp_filter = 1\nnet.ipv4.conf.v0.*.rp_filter = 1\n\
                -net.ipv4.neigh.v0.7.mcast_solicit\nnet/ipv4/conf/v0.7/rp_filter = 1\nnet.ipv4.conf.v9.rp_filter = 1\n";
    let Some((_room, root)) = with(text) else { return };
    let mut sources = Sources::new();
    let (settings, _) = Settings::load(&root, &mut sources);
    let (wanted, mut found) = settings.wanted(&root, &[]);
    found.extend(differences(&wanted, &check(&root, &wanted)));
    let line = |number: usize, text: &str, help: &str| {
        format!("warning: {text} (/etc/sysctl.d/50-test.conf:{number}:1) [sysctl-unknown]; help: {help}")
    };
    let slashes = |key: &str| format!("write `{key}`: with slashes, a dot is a part of the link's name");
    let none = |key: &str| format!("there is no setting `{key}` in this kernel");
    assert_eq!(
        told(&found, &sources),
        [
            line(
                3,
                "`net.ipv4.conf.v0.*.rp_filter` matches no setting",
                &slashes("net/ipv4/conf/v0.*/rp_filter")
            ),
            line(
                4,
                "`net.ipv4.neigh.v0.7.mcast_solicit` matches no setting",
                &slashes("net/ipv4/neigh/v0.7/mcast_solicit")
            ),
            line(
                1,
                &none("net.ipv4.conf.v0.7.rp_filter"),
                &slashes("net/ipv4/conf/v0.7/rp_filter")
            ),
            line(
                2,
                &none("net.ipv4.conf.v0.7.8.rp_filter"),
                &slashes("net/ipv4/conf/v0.7.8/rp_filter")
            ),
            line(
                5,
                &none("net/ipv4/conf/v0.7/rp_filter"),
                "it comes with the link v0.7; is the name right?"
            ),
            line(
                6,
                &none("net.ipv4.conf.v9.rp_filter"),
                "it comes with the link v9; is the name right?"
            ),
        ]
    );
}

/// Second witness: systemd-sysctl 252 says "Couldn't write '1' to 'net/ipv4/conf/lo/forwarding/7'" and fails; with a `-` it
/// keeps silent.
#[test]
fn a_name_that_goes_past_a_setting_or_ends_before_one_is_told_and_so_is_a_dotted_link_behind_a_dash() {
    let text = "net.ipv4.conf.lo.forwarding.7 = 1\nnet.ipv4.conf.lo = 1\n-net.ipv4.conf.v0.7.rp_filter = 1\n-net.ipv4.conf.v9.rp_filter = 1\n";
    let Some((_room, root)) = with(text) else { return };
    let mut sources = Sources::new();
    let (settings, _) = Settings::load(&root, &mut sources);
    let (wanted, mut found) = settings.wanted(&root, &[]);
    found.extend(differences(&wanted, &check(&root, &wanted)));
    let place = |number: usize, key: &str| {
        format!(
            "error: `{key}` is not the name of one setting (/etc/sysctl.d/50-test.conf:{number}:1) [sysctl-refused]; help: it ends before a setting, or goes on behind one"
        )
    };
    let slashes = "write `net/ipv4/conf/v0.7/rp_filter`: with slashes, a dot is a part of the link's name";
    assert_eq!(
        told(&found, &sources),
        [
            place(1, "net.ipv4.conf.lo.forwarding.7"),
            place(2, "net.ipv4.conf.lo"),
            format!(
                "warning: there is no setting `net.ipv4.conf.v0.7.rp_filter` in this kernel (/etc/sysctl.d/50-test.conf:3:1) [sysctl-unknown]; help: {slashes}"
            ),
        ]
    );
}
