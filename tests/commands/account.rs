//! What a run says of what it did. Second witness: the plan of `-n`, and iproute2.

use super::bed::{Called, addresses, call, host, write_interfaces};
use super::state;
use crate::face::bed::cleat;
use cleat_netns::{self as netns, ip_json, run};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;

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
    let before = addresses("vmbr0");
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
    assert_eq!(addresses("vmbr0"), before);
}

/// The runs that `cleat log` knows of.
fn logged(words: &str) -> Vec<Value> {
    let shown = cleat(&format!("log --json {words}"));
    assert_eq!((shown.code, shown.err.as_str()), (Some(0), ""), "{shown:?}");
    let document: Value = serde_json::from_str(&shown.out).unwrap();
    document["runs"].as_array().unwrap().clone()
}

#[test]
fn the_log_has_each_run_with_its_steps_and_the_codes_of_its_faults_and_no_command_of_a_hook() {
    let room = netns::enter!();
    host(
        &room,
        &["eno1"],
        &format!("{BRIDGE}\tpost-up false secret-of-a-tunnel\n"),
    );
    assert_eq!(cleat("log").out, "no run is on record since the host came up\n");
    let plan = call("ifup -a -n").out;
    assert_eq!(logged("").len(), 0, "a run that does nothing is not recorded");
    assert_eq!(call("ifup -a").code, 0);
    call("ifreload -a").quietly();
    assert_eq!(call("ifup nonsense0").code, 1);

    let runs = logged("");
    let of = |name: &str| runs.iter().map(|run| run[name].clone()).collect::<Vec<Value>>();
    assert_eq!(of("command"), ["ifup -a", "ifreload -a", "ifup nonsense0"]);
    assert_eq!(of("exit"), [0, 0, 1]);
    assert_eq!(of("summary")[1..], ["nothing to do", "nothing was changed"]);
    let steps = runs[0]["steps"].as_array().unwrap();
    let mut done: Vec<&str> = steps.iter().filter_map(|step| step["step"].as_str()).collect();
    let mut planned: Vec<&str> = plan
        .lines()
        .map(|line| line.split_once(" vmbr0: ").map_or(line, |_| "# post-up of vmbr0"))
        .collect();
    done.sort_unstable();
    planned.sort_unstable();
    assert_eq!(done, planned);
    let hook = steps.iter().find(|step| step["step"] == "# post-up of vmbr0").unwrap();
    assert_eq!(hook["result"], "failed");
    let codes = |run: &Value| -> Vec<Value> {
        let faults = run["faults"].as_array().unwrap().iter();
        faults.map(|fault| fault["code"].clone()).collect()
    };
    assert_eq!(codes(&runs[0]), ["hook-failed"]);
    assert_eq!(codes(&runs[2]).len(), 1, "{:?}", runs[2]);

    let file = state::directory().join("runs.jsonl");
    assert!(!std::fs::read_to_string(&file).unwrap().contains("secret"));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let page = cleat("log -n 1").out;
    assert!(page.contains("  ifup nonsense0, by "), "{page}");
    assert!(
        page.contains(" (exit code 1)\n    nothing was changed; generation 1\n      error["),
        "{page}"
    );
}

#[test]
fn the_log_of_an_interface_has_only_what_touched_it() {
    let room = netns::enter!();
    host(
        &room,
        &["eno1", "eno2"],
        &format!("{BRIDGE}\nauto eno2\niface eno2 inet manual\n"),
    );
    call("ifup vmbr0").quietly();
    call("ifup eno2").quietly();
    let commands = |words: &str| -> Vec<Value> { logged(words).iter().map(|run| run["command"].clone()).collect() };
    assert_eq!(commands(""), ["ifup vmbr0", "ifup eno2"]);
    assert_eq!(commands("eno2"), ["ifup eno2"]);
    assert_eq!(commands("eno1"), ["ifup vmbr0"]);
    let of_port = logged("eno1");
    let steps = of_port[0]["steps"].as_array().unwrap();
    let about = |step: &&Value| step["ifaces"].as_array().unwrap().iter().any(|name| name == "eno1");
    assert_eq!(steps.iter().filter(about).count(), steps.len());
    assert_eq!(cleat("log vmbr7").out, "no run on record touched it\n");
}

#[test]
fn a_run_without_room_for_its_record_does_its_work_all_the_same() {
    let room = netns::enter!();
    host(&room, &["eno1"], BRIDGE);
    call("ifup -a").quietly();
    call("ifdown -a").quietly();
    // A directory in the place of the record: nothing can be written there.
    let file = state::directory().join("runs.jsonl");
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(file).unwrap();
    call("ifup -a").quietly();
    assert_eq!(ip_json(&["link", "show", "eno1"])[0]["master"], "vmbr0");
}

/// What is ours must find room at the next run, too.
#[test]
fn a_small_run_directory_keeps_its_room_for_what_is_ours() {
    let room = netns::enter!();
    host(&room, &["eno1"], BRIDGE);
    run("mount -t tmpfs -o mode=755,size=512k none /run");
    call("ifup -a").quietly();
    assert!(state::directory().join("state.json").exists());
    assert!(!state::directory().join("runs.jsonl").exists());
    assert_eq!(logged("").len(), 0);
}

#[test]
fn a_first_run_that_is_refused_is_on_record_with_its_fault() {
    let room = netns::enter!();
    host(&room, &["eno1"], &BRIDGE.replace("192.168.10.2/24", "192.168.10.2/240"));
    assert_eq!(call("ifreload -a").code, 1);
    let runs = logged("");
    assert_eq!(runs.len(), 1);
    assert_eq!(
        (&runs[0]["exit"], &runs[0]["summary"]),
        (&1.into(), &"nothing was changed".into())
    );
    assert_eq!(runs[0]["faults"][0]["severity"], "error", "{runs:?}");
    assert_eq!(runs[0]["faults"][0]["iface"], "vmbr0", "{runs:?}");
}

#[test]
fn the_journal_gets_one_entry_for_a_run_with_fields_to_look_for() {
    let room = netns::enter!();
    host(&room, &["eno1"], BRIDGE);
    std::fs::create_dir_all("/run/systemd/journal").unwrap();
    let journal = UnixDatagram::bind("/run/systemd/journal/socket").unwrap();
    journal.set_nonblocking(true).unwrap();
    call("ifup -a").quietly();
    let mut bytes = vec![0; 65536];
    let length = journal.recv(&mut bytes).unwrap();
    let entry = String::from_utf8(bytes[..length].to_vec()).unwrap();
    let values = |name: &str| -> Vec<&str> {
        let lines = entry.lines().filter_map(|line| line.split_once('='));
        lines
            .filter(|(field, _)| *field == name)
            .map(|(_, value)| value)
            .collect()
    };
    let steps = values("STEP");
    let message = format!(
        "ifup -a: {} steps, eno1 and vmbr0 changed; nothing else touched",
        steps.len()
    );
    assert_eq!(values("MESSAGE"), [message]);
    assert_eq!(values("IFACE"), ["eno1", "vmbr0"]);
    assert!(steps.contains(&"ip link set eno1 master vmbr0 ... done"), "{entry}");
    assert_eq!(values("PRIORITY"), ["6"]);
    assert_eq!(values("SYSLOG_IDENTIFIER"), ["ifup"]);
    assert_eq!(values("MESSAGE_ID")[0].len(), 32);
    assert!(journal.recv(&mut bytes).is_err(), "one entry for a run");

    assert_eq!(call("ifup nonsense0").code, 1);
    let length = journal.recv(&mut bytes).unwrap();
    let entry = String::from_utf8(bytes[..length].to_vec()).unwrap();
    assert!(
        entry.contains("\nPRIORITY=3\n") && entry.contains("\nEXIT_STATUS=1\n"),
        "{entry}"
    );
    assert_eq!(
        entry.lines().filter(|line| line.starts_with("CODE=")).count(),
        1,
        "{entry}"
    );
}
