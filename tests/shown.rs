//! What programs show of text that others wrote: it does nothing to a terminal.

use crate::commands::bed;
use crate::sysctl::{call, host};
use cleat_netns as netns;

#[test]
fn what_a_file_sets_does_nothing_to_a_terminal_when_it_is_shown() {
    let room = netns::enter!(Veth);
    host(&room, "kernel.odd = a\u{1b}[2J\u{202e}b\tc\n");
    let (_, out, _) = call("show");
    assert_eq!(
        out,
        "kernel.odd = a\\u001b[2J\\u202eb\tc  # /etc/sysctl.d/50-test.conf:1\n"
    );
    let (_, out, _) = call("show --json");
    assert!(!out.contains('\u{202e}'), "{out}");
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(document["settings"][0]["value"], "a\u{1b}[2J\u{202e}b\tc");
}

/// Second witness: the links themselves, which `ip` made by their true names.
#[test]
fn a_links_name_does_nothing_to_a_terminal_or_a_shell() {
    let room = netns::enter!(Bridge, Veth);
    let file = "auto vmbr0\niface vmbr0\n\taddress 10.0.0.1/24\n\tbridge-ports regex .*\n\tup printf 'a\\033[2Jb\\n'\n\
        auto e\u{1b}[31m\u{202e}\niface e\u{1b}[31m\u{202e}\nauto x\"y\niface x\"y\n";
    bed::host(&room, &[], file);
    netns::run("ip link add e\u{1b}[31m\u{202e} type veth peer name a;b$(id)");
    let quoted = r"ip link set 'a;b$(id)' master vmbr0";
    let escaped = r"ip link set $'e\u001b[31m\u202e' master vmbr0";
    for (line, words) in [
        ("ifup -n -a", [quoted, escaped]),
        ("ifreload -n -a", [quoted, escaped]),
        ("ifup -a", [r"vmbr0: up: a\u001b[2Jb", ""]),
        ("ifquery -c -a", [r"iface e\u001b[31m\u202e", ""]),
        ("ifquery -r -a", [r"iface e\u001b[31m\u202e", "veth-peer-name a;b$(id)"]),
        ("ifquery -p dot -a", [r#""e\\u001b[31m\\u202e""#, r#""x\"y";"#]),
        ("ifquery -p list -a", [r"'e\u001b[31m\u202e'", "x\"y : []"]),
    ] {
        let called = bed::call(line);
        check(line, &(called.out + &called.err), &words);
    }
    netns::run("ip link set a;b$(id) nomaster");
    for (line, words) in [
        ("plan", [quoted, "a;b$(id)"]),
        ("plan --json", ["a;b$(id)", ""]),
        ("status", [r"e\u001b[31m\u202e", "a;b$(id)"]),
        ("status --json", [r"e\u001b[31m\u202e", "a;b$(id)"]),
        ("graph --live", [r"e\u001b[31m\u202e", "a;b$(id)"]),
        ("graph", [r"e\u001b[31m\u202e", "a;b$(id)"]),
    ] {
        check(line, &crate::face::bed::cleat(line).out, &words);
    }
}

#[track_caller]
fn check(line: &str, said: &str, words: &[&str]) {
    assert!(!said.contains(['\u{1b}', '\u{202e}']), "{line}: {said:?}");
    for word in words {
        assert!(said.contains(word), "{line}: {word} is not in\n{said}");
    }
}
