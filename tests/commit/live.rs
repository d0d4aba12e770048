//! `apply` and `rollback`. Second witness: iproute2.

use super::bed::{LIVE, STAGED, commit, config, cut_short, done, exists, history, host, json, stage, text};
use super::boot::pairs;
use crate::commands::bed::{addresses, assert_same_network, network};
use cleat_netns as netns;

#[test]
fn apply_makes_the_staged_file_live_and_reloads() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    stage("192.0.2.2/24");
    assert_eq!(done("apply"), "generation 2 is live\n");
    assert_eq!((text(LIVE), exists(STAGED)), (config("192.0.2.2/24"), false));
    assert_eq!(addresses("eno1"), ["192.0.2.2/24"]);
    assert_eq!(history(), pairs(&[("ifup", "healthy"), ("live", "healthy")]));
    assert_eq!(done("apply"), "nothing is staged\n");
}

/// What cannot be foreseen from the file: IPv6 is off on the link, and the kernel refuses the address.
#[test]
fn a_reload_that_fails_puts_file_and_kernel_back_and_the_file_is_staged_again() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    std::fs::write("/proc/sys/net/ipv6/conf/eno1/disable_ipv6", "1").unwrap();
    let next = config("192.0.2.2/24") + "\niface eno1 inet6 static\n\taddress 2001:db8::2/64\n";
    std::fs::write("/run/next", &next).unwrap();
    done("stage /run/next");
    let before = network();
    let apply = commit("apply");
    assert_eq!(apply.code, 1, "{apply:?}");
    assert!(
        apply
            .err
            .contains("generation 2 is taken back: the reload with it failed [taken-back]"),
        "{apply:?}"
    );
    assert_eq!((text(LIVE), text(STAGED)), (config("192.0.2.1/24"), next));
    assert_same_network(&network(), &before);
    assert_eq!(
        history(),
        pairs(&[("ifup", "healthy"), ("live", "failed"), ("undo", "healthy")])
    );
}

#[test]
fn apply_judges_the_machine_too_and_changes_nothing_where_a_nic_is_missing() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    let next = config("192.0.2.2/24").replace("eno1", "eno9");
    std::fs::write(STAGED, &next).unwrap();
    let apply = commit("apply");
    assert_eq!(apply.code, 1, "{apply:?}");
    assert!(
        apply
            .err
            .contains("there is no link `eno9` on this machine (/etc/network/interfaces.new:5:7) [missing-link]"),
        "{apply:?}"
    );
    assert!(apply.err.ends_with("nothing was changed\n"), "{apply:?}");
    assert_eq!((text(LIVE), text(STAGED)), (config("192.0.2.1/24"), next));
    assert_eq!(addresses("eno1"), ["192.0.2.1/24"]);
}

#[test]
fn rollback_goes_back_now_or_at_the_next_boot() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    for address in ["192.0.2.2/24", "192.0.2.3/24"] {
        stage(address);
        done("apply");
    }
    assert_eq!(done("rollback --now"), "generation 4 is live\n");
    assert_eq!(addresses("eno1"), ["192.0.2.2/24"]);
    assert_eq!(
        done("rollback 1"),
        "generation 1 is staged; the next boot makes it the live one, `cleat-commit apply` does so now\n"
    );
    assert_eq!(
        (text(LIVE), text(STAGED)),
        (config("192.0.2.2/24"), config("192.0.2.1/24"))
    );
    done("boot");
    assert_eq!(text(LIVE), config("192.0.2.1/24"));
    assert_eq!(
        history()[3..],
        pairs(&[("rollback", "healthy"), ("rollback", "unknown")])
    );
    let document = json("rollback 3");
    assert_eq!(
        document,
        serde_json::json!({ "to": 3, "when": "next-boot", "generation": null, "taken_back": null })
    );
    assert_eq!(text(STAGED), config("192.0.2.3/24"));
    let document = json("rollback 3 --now");
    assert_eq!(
        document,
        serde_json::json!({ "to": 3, "when": "now", "generation": 6, "taken_back": null })
    );
    assert_eq!(addresses("eno1"), ["192.0.2.3/24"]);
    let missing = commit("rollback 77 --now");
    assert_eq!(
        (missing.code, missing.err.as_str()),
        (1, "error: there is no generation 77 [store]\n")
    );
    let word = commit("rollback x");
    assert_eq!(
        (word.code, word.err.as_str()),
        (
            2,
            "cleat-commit: `x` is not a number of a generation; `cleat-commit history` has them\n"
        )
    );
}

/// A file that came behind the generation and is sourced by it would keep its address.
#[test]
fn regress_a_rollback_takes_away_what_its_generation_did_not_source() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    netns::run("ip link add eno2 type veth peer name eno2-wire");
    netns::run("ip link set eno2-wire up");
    let with_source = |address: &str| config(address) + "\nsource interfaces.d/*\n";
    std::fs::create_dir_all("/etc/network/interfaces.d").unwrap();
    std::fs::write(LIVE, with_source("192.0.2.1/24")).unwrap();
    std::fs::write("/run/next", with_source("192.0.2.2/24")).unwrap();
    done("stage /run/next");
    done("apply");
    let b = "/etc/network/interfaces.d/b";
    std::fs::write(b, "auto eno2\niface eno2 inet static\n\taddress 198.51.100.1/24\n").unwrap();
    crate::commands::bed::call("ifreload -a").quietly();
    assert_eq!(addresses("eno2"), ["198.51.100.1/24"]);
    let back = commit("rollback 2 --now");
    assert_eq!(
        (back.code, back.err.as_str()),
        (
            0,
            "warning: /etc/network/interfaces.d/b is removed: generation 2 did not have it [rollback-removes]; help: \
             `cleat-commit history` has the generation before this one, which holds it\n"
        ),
        "{back:?}"
    );
    assert!(!exists(b));
    assert_eq!(
        (addresses("eno1"), addresses("eno2")),
        (vec!["192.0.2.1/24".to_owned()], vec![])
    );
    assert_eq!(done("diff 2 5"), "");
    commit("rollback 4 --now");
    assert_eq!(addresses("eno2"), ["198.51.100.1/24"]);
}

/// It ends what was cut short, and the network follows: that is as good as an `apply`.
#[test]
fn regress_what_a_rollback_ends_for_an_earlier_run_is_healthy_once_the_network_follows() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    stage("192.0.2.2/24");
    done("boot");
    cut_short("192.0.2.1/24", "192.0.2.2/24");
    assert_eq!(
        done("rollback --now"),
        "generation 2, whose commit was cut short, is live now\n"
    );
    assert_eq!(addresses("eno1"), ["192.0.2.2/24"]);
    assert_eq!(history(), pairs(&[("ifup", "healthy"), ("boot", "healthy")]));
}

/// Both verbs, with the setting that makes it an error elsewhere.
#[test]
fn a_hook_that_fails_takes_no_change_back() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    std::fs::write("/etc/cleat/cleat.toml", "hook-failure = \"error\"\n").unwrap();
    let with_hook = |address: &str, hook: &str| format!("{}\tup {hook}\n", config(address));
    let next = with_hook("192.0.2.2/24", "false");
    std::fs::write("/run/next", &next).unwrap();
    done("stage /run/next");
    let apply = commit("apply");
    assert_eq!(
        (apply.code, apply.out.as_str()),
        (0, "generation 2 is live\n"),
        "{apply:?}"
    );
    assert!(
        apply
            .err
            .contains("warning: eno1: up command failed: exit code 1: `false`"),
        "{apply:?}"
    );
    assert_eq!((text(LIVE), addresses("eno1")), (next, vec!["192.0.2.2/24".to_owned()]));
    let next = with_hook("192.0.2.3/24", "exit 3");
    std::fs::write("/run/next", &next).unwrap();
    done("stage /run/next");
    let child = super::bed::start("try --timeout 600");
    super::bed::until("the new address is there", || addresses("eno1") == ["192.0.2.3/24"]);
    super::bed::until("it can be confirmed", || commit("confirm").code == 0);
    let tried = crate::commands::bed::end(child);
    assert_eq!(tried.code, 0, "{tried:?}");
    assert_eq!((text(LIVE), addresses("eno1")), (next, vec!["192.0.2.3/24".to_owned()]));
}
