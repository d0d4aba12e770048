//! `apply` and `rollback --now` that are killed, and a recovery that is killed, too: the file is one of both, whole, and the
//! network is that of the file.
//!
//! strace(1) kills them, before the call. Second witness: iproute2, on hosts that were never disturbed. A run takes a part
//! of the points; `CLEAT_FAULTS=all` takes all.

use super::bed::{LIVE, commit, config, done, exists, host, text};
use crate::commands::bed::{assert_same_network, call};
use crate::commands::killed::{is_whole, shown, with_fault};
use cleat_netns as netns;

const ADDRESS: &str = "10.0.0.1/24";

fn old() -> String {
    format!(
        "{}\tgateway 10.0.0.254\n\nauto vx5\niface vx5\n\tvxlan-id 5\n\tvxlan-remoteip 10.0.0.5\n",
        config(ADDRESS)
    )
}

/// Something goes, comes and changes.
fn new() -> String {
    format!(
        "{}\tgateway 10.0.0.253\n\tmtu 1400\n\nauto vx6\niface vx6\n\tvxlan-id 6\n\taddress 10.6.0.1/24\n",
        config("10.0.0.2/24")
    )
}

/// `cleat-commit VERB`, killed at its `when`th call of that kind. Answers whether it got that far.
fn killed(verb: &str, kind: &str, when: u32) -> bool {
    let program = crate::programs::path("cleat-commit");
    let words: Vec<&str> = std::iter::once(program.as_str()).chain(verb.split(' ')).collect();
    with_fault(&words, kind, "signal=SIGKILL", when)
}

fn stage(config: &str) {
    std::fs::write("/run/next", config).unwrap();
    done("stage /run/next");
}

/// The host with the old file, and how it is shown with each of both.
struct Bed {
    before: Vec<serde_json::Value>,
    after: Vec<serde_json::Value>,
}

impl Bed {
    fn set_up(room: &netns::Room) -> Self {
        // The kernel's own addresses come when they come.
        for of in ["all", "default"] {
            std::fs::write(format!("/proc/sys/net/ipv6/conf/{of}/disable_ipv6"), "1").unwrap();
        }
        host(room, ADDRESS);
        let live = |config: &str| {
            stage(config);
            let apply = commit("apply");
            assert_eq!(apply.code, 0, "{apply:?}");
            shown()
        };
        let after = live(&new());
        Self {
            before: live(&old()),
            after,
        }
    }

    /// After a clean recovery: one file, its network, and nothing that waits or is forgotten. Then the old one again.
    #[track_caller]
    fn settles(&self, when: &str) {
        if exists("/etc/cleat/commit/transaction.json") {
            let back = commit("rollback --now");
            assert_eq!(back.code, 0, "{when}: {back:?}");
        }
        let reload = call("ifreload -a");
        assert_eq!(reload.code, 0, "{when}: {reload:?}");
        eprintln!("{when}");
        match text(LIVE) {
            live if live == old() => assert_same_network(&shown(), &self.before),
            live => {
                assert_eq!(live, new(), "{when}");
                assert_same_network(&shown(), &self.after);
            }
        }
        assert_eq!(call("ifreload -n -a").out, "nothing to do\n", "{when}");
        commit("revert");
        stage(&old());
        let apply = commit("apply");
        assert_eq!(apply.code, 0, "{when}: {apply:?}");
        assert_same_network(&shown(), &self.before);
    }

    /// `verb` is killed at each point, and where it was, `rollback --now` after it at some.
    fn sweep(&self, (verb, begin): (&str, &dyn Fn()), kind: &str, step: u32) {
        let step = if is_whole() { 1 } else { step };
        let mut first = 1;
        loop {
            begin();
            if !killed(verb, kind, first) {
                assert!(first > step, "{verb} was not killed at any {kind}");
                self.settles(&format!("{verb}, not killed at {kind} {first}"));
                return;
            }
            self.settles(&format!("{verb}, killed at {kind} {first}"));
            begin();
            killed(verb, kind, first);
            // Another place of the recovery each time.
            let second = 1 + (first * 3) % 11;
            killed("rollback --now", kind, second);
            self.settles(&format!("{verb}, killed at {kind} {first}, its recovery at {second}"));
            first += step;
        }
    }
}

#[test]
fn an_apply_that_is_killed_at_any_message_leaves_one_file_and_its_network() {
    let room = netns::enter!(Veth, Vxlan);
    let bed = Bed::set_up(&room);
    let begin = || stage(&new());
    bed.sweep(("apply", &begin), "sendto", 4);
}

#[test]
fn an_apply_that_is_killed_at_any_change_of_its_records_leaves_one_file_and_its_network() {
    let room = netns::enter!(Veth, Vxlan);
    let bed = Bed::set_up(&room);
    let begin = || stage(&new());
    bed.sweep(("apply", &begin), "rename", 2);
    bed.sweep(("apply", &begin), "unlink", 3);
}

#[test]
fn a_rollback_that_is_killed_at_any_message_leaves_one_file_and_its_network() {
    let room = netns::enter!(Veth, Vxlan);
    let bed = Bed::set_up(&room);
    let begin = || {
        stage(&new());
        let apply = commit("apply");
        assert_eq!(apply.code, 0, "{apply:?}");
    };
    bed.sweep(("rollback --now", &begin), "sendto", 4);
    bed.sweep(("rollback --now", &begin), "rename", 3);
}
