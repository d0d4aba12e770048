//! What a run says of what it did. Second witness: the plan of `-n`, and iproute2.

use super::bed::{Called, call, host, write_interfaces};
use cleat_netns::{self as netns, ip_json, run};

const BRIDGE: &str = "auto eno1\niface eno1 inet manual\n\nauto vmbr0\niface vmbr0 inet static\n\
                      \taddress 192.168.10.2/24\n\tbridge-ports eno1\n\tbridge-stp off\n\tbridge-fd 0\n";

/// The steps that were told with this result.
fn with<'a>(called: &'a Called, result: &str) -> Vec<&'a str> {
    let end = format!(" ... {result}");
    let lines = called.err.lines().filter_map(|line| line.strip_prefix("info: "));
    lines.filter_map(|line| line.strip_suffix(end.as_str())).collect()
}

fn last(called: &Called) -> &str {
    called.err.lines().last().unwrap_or_default()
}

#[test]
fn a_verbose_run_tells_each_step_of_its_plan_as_done_and_what_changed_in_one_line() {
    let room = netns::enter!();
    host(&room, &["eno1"], BRIDGE);
    let plan = call("ifreload -a -n").out;
    let mut steps: Vec<&str> = plan.lines().collect();
    let ran = call("ifreload -a -v");
    assert_eq!(ran.code, 0, "{ran:?}");
    let mut done = with(&ran, "done");
    steps.sort_unstable();
    done.sort_unstable();
    assert_eq!(done, steps, "{ran:?}");
    let closing = format!("{} steps, eno1 and vmbr0 changed; nothing else touched", steps.len());
    assert_eq!(last(&ran), closing);
    assert_eq!(ip_json(&["link", "show", "eno1"])[0]["master"], "vmbr0");

    for _ in ["makes its plan", "remembers the answer"] {
        let again = call("ifreload -a -v");
        assert_eq!(
            (with(&again, "done"), last(&again)),
            (vec![], "nothing to do"),
            "{again:?}"
        );
    }
    call("ifreload -a").quietly();
}

#[test]
fn a_run_whose_hooks_ran_does_not_claim_that_nothing_else_was_touched_and_hides_their_commands() {
    let room = netns::enter!();
    host(
        &room,
        &["eno1"],
        &format!("{BRIDGE}\tpost-up true secret-of-a-tunnel\n"),
    );
    let ran = call("ifup -a -v");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(with(&ran, "done").contains(&"# post-up of vmbr0"), "{ran:?}");
    assert!(
        !with(&ran, "done").iter().any(|line| line.contains("secret")),
        "{ran:?}"
    );
    assert!(
        last(&ran).ends_with(" steps, eno1 and vmbr0 changed; hooks ran for vmbr0"),
        "{ran:?}"
    );
}

#[test]
fn a_reload_that_is_put_back_tells_what_was_undone_and_claims_no_change() {
    let room = netns::enter!();
    host(&room, &["eno1"], BRIDGE);
    call("ifreload -a").quietly();
    let before = ip_json(&["addr", "show", "dev", "vmbr0"])[0]["addr_info"].clone();
    // A veth pair whose other name is taken by a link that is not in the file.
    run("ip link add x1 type veth peer name taken");
    write_interfaces(&format!(
        "{BRIDGE}\taddress 192.168.11.2/24\n\nauto v0\niface v0 inet manual\n\tlink-type veth\n\tveth-peer-name taken\n"
    ));
    let ran = call("ifreload -a -v");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains(" ... failed: File exists"), "{ran:?}");
    let mut done = with(&ran, "done");
    done.reverse();
    assert_eq!(with(&ran, "undone"), done, "{ran:?}");
    assert!(ran.err.contains("\nno link changed; 1 step failed"), "{ran:?}");
    assert_eq!(ip_json(&["addr", "show", "dev", "vmbr0"])[0]["addr_info"], before);
}
