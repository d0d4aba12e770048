//! The same trees read by systemd-sysctl and by us. Second witness: the installed /lib/systemd/systemd-sysctl, run over
//! an invented /etc, /run, /usr and /proc/sys; its log says what it writes, in order.

// Tests write the tree that they invent.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use cleat_diag::{Severity, Sources};
use cleat_netns as netns;
use cleat_root::Root;
use cleat_sysctl::{Key, Settings, apply};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

const PROGRAM: &str = "/lib/systemd/systemd-sysctl";
const DIRECTORIES: [&str; 4] = [
    "/etc/sysctl.d",
    "/run/sysctl.d",
    "/usr/local/lib/sysctl.d",
    "/usr/lib/sysctl.d",
];
/// The invented settings, each `0 0 0` before a run. All values have this length: these are plain files, in which a
/// shorter value would leave the end of the one before.
const KEYS: [&str; 9] = [
    "a/b/c",
    "a/b/d",
    "a/b/e",
    "a/bc/c",
    "net/x.y/z",
    "net/ipv4/ip_forward",
    "net/ipv4/conf/all/forwarding",
    "net/ipv4/conf/eno1.50/forwarding",
    "net/ipv4/conf/eno1/forwarding",
];

type Tree = Vec<(usize, &'static str, String)>;

/// Lines: spellings of keys and patterns, with and without `-`, values, comments, and what is not a line at all.
fn line() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec![
        "a.b.c",
        "a/b/c",
        "/a/b/c",
        "a.b.d",
        "a//b//e",
        "a.bc.c",
        "net/x.y/z",
        "net.x/y.z",
        "a.b",
        "a",
        "",
        "net.ipv4.conf.eno1/50.forwarding",
        "net/ipv4/conf/eno1.50/forwarding",
        "net.ipv4.conf.all.forwarding",
        "net.ipv4.ip_forward",
        "a.b.nothing",
        "a.b.c.d",
        "a/../a/b/c",
        "./a/b/c",
        "proc/sys/a/b/c",
        "a . b",
        ".",
        "/",
        "a.*.c",
        "a.b.*",
        "a.b.[cd]",
        "a.b?.c",
        "*.b.c",
        "*/*/*",
        "net.ipv4.conf.*.forwarding",
        "a.{b,bc}.*",
        "a.b.{c,d}",
        "nothing.*",
        "a/b/\\*",
        "net.*",
        "*",
        "a/.*",
    ]);
    let value = prop::sample::select(vec![
        "1 1 1",
        "2\t2 2",
        "33333",
        "0 0 0",
        "  5 5 5  ",
        "6 # 7",
        "x = y",
        "-0x10",
    ]);
    let dash = prop::sample::select(vec!["", "", "", "-", "- ", "--"]);
    let blank = prop::sample::select(vec!["", " ", "\t"]);
    let said = (dash, key.clone(), blank.clone(), value, blank)
        .prop_map(|(dash, key, before, value, after)| format!("{before}{dash}{key}{before}={after}{value}{before}"));
    let excluded = key.prop_map(|key| format!("-{key}"));
    let odd = prop::sample::select(vec![
        "",
        "# a.b.c = 9",
        " ; a.b.c = 9",
        "no line",
        "=",
        "-",
        "=7",
        "a.b.c=1 2 1\ra.b.d=2 1 2",
        "a.b.e\0=3",
    ]);
    prop_oneof![8 => said, 2 => excluded, 1 => odd.prop_map(str::to_owned)]
}

fn tree() -> impl Strategy<Value = Tree> {
    let name = prop::sample::select(vec![
        "10-a.conf",
        "50-b.conf",
        "99-c.conf",
        "disable.conf",
        "Z.conf",
        ".hidden.conf",
        "10-a.conf~",
        "x.txt",
        "a.conf.bak",
    ]);
    let text = prop::collection::vec(line(), 0..10).prop_map(|lines| lines.join("\n"));
    prop::collection::vec((0..DIRECTORIES.len(), name, text), 0..6)
}

fn prefixes() -> impl Strategy<Value = Vec<&'static str>> {
    let prefix = prop::sample::select(vec![
        "a.b",
        "a/b/",
        "/a/b/c",
        "net.ipv4.conf.eno1",
        "net",
        "a.bc",
        "nothing",
        "net/ipv4/conf/eno1.50",
    ]);
    prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(prefix, 1..3)]
}

fn put(tree: &Tree) {
    for directory in DIRECTORIES {
        let _ = std::fs::remove_dir_all(directory);
        std::fs::create_dir_all(directory).unwrap();
    }
    for (directory, name, text) in tree {
        std::fs::write(Path::new(DIRECTORIES[*directory]).join(name), text).unwrap();
    }
}

fn reset() {
    for key in KEYS {
        let path = Path::new("/proc/sys").join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "0 0 0\n").unwrap();
    }
}

fn values() -> BTreeMap<&'static str, String> {
    let read = |key: &&'static str| (*key, std::fs::read_to_string(Path::new("/proc/sys").join(key)).unwrap());
    KEYS.iter().map(read).collect()
}

/// What a run writes, in its order; the values after it; whether it had an error.
#[derive(Debug, PartialEq)]
struct Ran {
    written: Vec<(String, String)>,
    values: BTreeMap<&'static str, String>,
    failed: bool,
}

fn theirs(prefixes: &[&str]) -> Ran {
    reset();
    let output = Command::new(PROGRAM)
        .args(prefixes.iter().map(|prefix| format!("--prefix={prefix}")))
        .env("SYSTEMD_LOG_LEVEL", "debug")
        .env("SYSTEMD_LOG_TARGET", "console")
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    let written = log.lines().filter_map(|line| {
        let (path, value) = line.strip_prefix("Setting '")?.split_once("' to '")?;
        let key = path.strip_prefix("/proc/sys")?.trim_start_matches('/');
        Some((key.to_owned(), value.strip_suffix('\'')?.to_owned()))
    });
    Ran {
        written: written.collect(),
        values: values(),
        failed: !output.status.success(),
    }
}

fn ours(prefixes: &[&str]) -> (Ran, Settings) {
    reset();
    let prefixes: Vec<Key> = prefixes.iter().map(|prefix| Key::new(prefix)).collect();
    let (root, mut sources) = (Root::real(), Sources::new());
    let (settings, mut found) = Settings::load(&root, &mut sources);
    let list = settings.as_systemd(&root, &prefixes);
    let (wanted, _) = settings.wanted(&root, &prefixes);
    found.extend(apply(&root, &wanted).1);
    let written = list.iter().filter(|wanted| !wanted.key.leads_out());
    let ran = Ran {
        written: written
            .map(|wanted| {
                (
                    wanted.key.as_str().trim_start_matches('/').to_owned(),
                    wanted.value.to_string(),
                )
            })
            .collect(),
        values: values(),
        failed: found.iter().any(|found| found.severity == Severity::Error),
    };
    (ran, settings)
}

/// A run as it can be compared: what a pattern stands for comes in the order of the directory there, so the order counts
/// for each setting and for those that lines name. What is not there and no line names is left out: systemd-sysctl
/// tries to write a pattern that matches nothing. Of prefixes that overlap it goes through each.
#[derive(Debug, PartialEq)]
struct Comparable {
    of_each: BTreeMap<String, Vec<String>>,
    named: Vec<(String, String)>,
    values: BTreeMap<&'static str, String>,
    failed: bool,
}

fn comparable(ran: Ran, settings: &Settings) -> Comparable {
    let there = |key: &str| Path::new("/proc/sys").join(key).exists();
    let is_named = |key: &str| {
        let mut named = settings.iter().filter(|setting| !setting.key.is_pattern());
        named.any(|setting| setting.key.as_str().trim_start_matches('/') == key)
    };
    let (mut of_each, mut named) = (BTreeMap::<String, Vec<String>>::new(), Vec::new());
    for (key, value) in ran.written {
        if is_named(&key) {
            named.push((key, value));
        } else if there(&key) {
            let values = of_each.entry(key).or_default();
            if values.last() != Some(&value) {
                values.push(value);
            }
        }
    }
    Comparable {
        of_each,
        named,
        values: ran.values,
        failed: ran.failed,
    }
}

#[test]
fn systemd_sysctl_and_we_write_the_same() {
    let room = netns::enter!();
    if !Path::new(PROGRAM).exists() {
        return netns::skip("systemd-sysctl", "not installed");
    }
    for directory in ["/etc", "/usr/local/lib", "/usr/lib/sysctl.d", "/proc/sys"] {
        room.private_dir(directory).unwrap();
    }
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    let mut runner = TestRunner::new(Config {
        cases: asked.unwrap_or(600),
        failure_persistence: None,
        ..Config::default()
    });
    let (compared, written) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let outcome = runner.run(&(tree(), prefixes()), |(tree, mut prefixes)| {
        // With a prefix, systemd-sysctl passes over patterns with braces that it honours without one: not taken over.
        if tree.iter().any(|(_, _, text)| text.contains('{')) {
            prefixes.clear();
        }
        put(&tree);
        let theirs = theirs(&prefixes);
        let (ours, settings) = ours(&prefixes);
        compared.set(compared.get() + 1);
        written.set(written.get() + theirs.written.len());
        let (theirs, ours) = (comparable(theirs, &settings), comparable(ours, &settings));
        prop_assert_eq!(ours, theirs);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    println!(
        "{} trees compared, {} settings written in them",
        compared.get(),
        written.get()
    );
    assert!(
        written.get() > compared.get(),
        "the trees said too little: {}",
        written.get()
    );
}
