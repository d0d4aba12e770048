//! `history`, `show`, `diff` and `status`. Second witness: the files, and diff(1).

use super::bed::{LIVE, STAGED, changed_on_both_sides, commit, config, done, history, host, json, stage, text};
use cleat_netns as netns;

#[test]
fn a_host_without_history_says_so() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    std::fs::remove_dir_all("/etc/cleat/commit").unwrap();
    assert_eq!(done("history"), "nothing was committed yet\n");
    assert_eq!(done("status"), "nothing was committed yet\nnothing is staged\n");
    assert_eq!(done("diff"), "nothing is staged\n");
    assert_eq!(json("diff")["diff"], serde_json::Value::Null);
    let show = commit("show 1");
    assert_eq!(
        (show.code, show.err.as_str()),
        (1, "error: there is no generation 1 [store]\n")
    );
}

#[test]
fn a_generation_holds_all_that_the_file_sources_and_our_own_files() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    std::fs::create_dir("/etc/network/interfaces.d").unwrap();
    std::fs::write("/etc/network/interfaces.d/more", "auto eno1\n").unwrap();
    std::fs::write("/run/next", config("192.0.2.2/24") + "\nsource interfaces.d/*\n").unwrap();
    done("stage /run/next");
    done("apply");
    let shown = done("show 2");
    let (head, shown) = shown.split_once("\n\n").unwrap();
    assert!(
        head.ends_with("  healthy  live, by root\n       eno1 changed"),
        "{head}"
    );
    assert_eq!(
        shown,
        format!(
            "==> {LIVE} <==\n{}\n==> /etc/network/interfaces.d/more <==\nauto eno1\n",
            text(LIVE)
        )
    );
    let document = json("show 2");
    assert_eq!(document["files"][0]["text"], text(LIVE));
    assert_eq!(document["files"][1]["path"], "/etc/network/interfaces.d/more");
}

#[test]
fn diff_shows_what_diff_u_shows() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    stage("192.0.2.2/24");
    std::fs::copy(LIVE, "/run/one").unwrap();
    std::fs::copy(STAGED, "/run/two").unwrap();
    let witness = std::process::Command::new("diff")
        .args(["-u", "--label", LIVE, "--label", STAGED, "/run/one", "/run/two"])
        .output()
        .unwrap();
    let witness = String::from_utf8(witness.stdout).unwrap();
    assert_eq!(done("diff"), witness);
    done("apply");
    assert_eq!(done("diff 1 2"), witness.replace(STAGED, LIVE));
    assert_eq!(done("diff 1"), witness.replace(STAGED, LIVE));
    assert_eq!(done("diff 2"), "");
    assert_eq!(json("diff 1 2")["diff"], witness.replace(STAGED, LIVE));
    let painted = done("diff 1 2 --color always");
    assert!(
        painted.contains("\x1b[31m-\taddress 192.0.2.1/24\x1b[0m\n\x1b[32m+\taddress 192.0.2.2/24\x1b[0m\n"),
        "{painted}"
    );
}

#[test]
fn status_tells_by_whom_and_what_a_staged_file_would_change() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    stage("192.0.2.2/24");
    let status = done("status");
    assert!(status.contains("staged by root, "), "{status}");
    assert!(
        status.contains("it adds 1 lines and takes 1 away: `cleat-commit diff`\n"),
        "{status}"
    );
    assert!(status.ends_with("it would be committed\n"), "{status}");
    let document = json("status");
    assert_eq!(document["staged"]["by"], "root");
    assert_eq!(document["staged"]["judged"]["errors"], 0);
    done("revert");
    assert_eq!(json("status")["staged"], serde_json::Value::Null);
}

#[test]
fn the_history_is_kept_within_the_bounds_of_the_settings() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    std::fs::write("/etc/cleat/cleat.toml", "[commit]\nkeep-generations = 3\n").unwrap();
    for last in 2..8 {
        stage(&format!("192.0.2.{last}/24"));
        done("apply");
    }
    let numbers: Vec<u64> = json("history")["generations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [5, 6, 7]);
    let document = json("history");
    assert_eq!(
        document["keep"],
        serde_json::json!({ "generations": 3, "bytes": 64 << 20 })
    );
    assert_eq!(document["generations"][2]["bytes"], text(LIVE).len());
    assert_eq!(history().len(), 3);
}

/// Second witness: diff(1) of the live file before and after the boot.
#[test]
fn regress_diff_and_status_show_what_a_merge_changes() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    changed_on_both_sides();
    std::fs::copy(LIVE, "/run/one").unwrap();
    let (shown, document, status) = (done("diff"), json("diff"), commit("status"));
    assert_eq!(commit("boot").code, 0);
    let witness = std::process::Command::new("diff")
        .args([
            "-u",
            "--label",
            LIVE,
            "--label",
            &format!("{STAGED} (merged)"),
            "/run/one",
            LIVE,
        ])
        .output()
        .unwrap();
    let witness = String::from_utf8(witness.stdout).unwrap();
    assert!(witness.contains("+\taddress 192.0.2.2/24\n") && !witness.contains("\n-\taddress 198.51.100.9/24"));
    assert_eq!(shown, witness);
    assert_eq!(document["diff"], witness);
    assert!(status.out.contains("it adds 1 lines and takes 1 away: "), "{status:?}");
}

/// The kernel and the file system take names with any byte: ECMA-48 has what they do to a terminal.
#[test]
fn names_and_texts_of_others_do_nothing_to_a_terminal() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    let directory = "/etc/network/interfaces.d";
    std::fs::create_dir(directory).unwrap();
    std::fs::write(LIVE, config("192.0.2.1/24") + "source interfaces.d/*\n").unwrap();
    std::fs::write(format!("{directory}/a\x1b[31m"), "# \u{202e}text\x1b[2J\n").unwrap();
    assert_eq!(crate::commands::bed::call("ifreload -a").code, 0);
    for (line, seen) in [
        ("show 2", r"==> /etc/network/interfaces.d/a\u001b[31m <=="),
        ("show 2", r"# \u202etext\u001b[2J"),
        ("diff 1 2", r"+# \u202etext\u001b[2J"),
        ("history", "no interface changed, only other lines"),
    ] {
        let shown = done(line);
        assert!(shown.contains(seen), "{shown}");
        assert!(!shown.contains(['\x1b', '\u{202e}']), "{shown:?}");
    }
    assert_eq!(commit("rollback 1 --now").code, 0);
    std::fs::write(STAGED, config("192.0.2.3/24") + "source interfaces.d/*\n").unwrap();
    // What is brought back is named, too.
    let back = commit("rollback 2 --now");
    assert!(!back.err.contains('\x1b') && !back.out.contains('\x1b'), "{back:?}");
}
