//! The table of severities in docs/diagnostics.md, run: each fault in each situation.
//!
//! Second witness: ifupdown2 3.0.0-1.1 of Debian 12, run with the same files; its exit codes stand beside each fault, with
//! the reason where ours are others on purpose. It is run again: `cargo xtask test` unpacks its package below target/.

mod faults;

use super::bed::{Called, addresses, call, called, until, write_interfaces};
use crate::commit::bed::{LIVE, STAGED, commit, json, start};
use cleat_netns::{self as netns, Room, run, try_run};
use faults::{FAULTS, Fault, SECTIONS_WITHOUT, WITHOUT};
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// What is there before the fault is: it comes up, and a reload changes its address.
fn base(address: &str) -> String {
    format!("auto lo\niface lo inet loopback\n\nauto eno1\niface eno1 inet static\n\taddress {address}\n\n")
}

const BEFORE: &str = "192.0.2.1/24";
const AFTER: &str = "192.0.2.2/24";

/// The situations, in the order of the page's columns.
const COLUMNS: [&str; 6] = [
    "`check`",
    "`check --takeover`",
    "`stage`, `apply`, `try`",
    "`ifup -a` (boot)",
    "`ifreload`",
    "`ifup NAME`",
];

/// Grades by code, with those of any other error and any other warning, as the page has them.
struct Page {
    by_code: BTreeMap<String, Vec<String>>,
    errors: Vec<String>,
    warnings: Vec<String>,
}

impl Page {
    fn read() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/diagnostics.md");
        let text = std::fs::read_to_string(path).unwrap();
        let mut lines = text.lines().skip_while(|line| !line.starts_with("| what is wrong |"));
        let cells = |line: &str| -> Vec<String> {
            let cells = line.trim_matches(['|', ' ']).split(" | ");
            cells.map(str::to_owned).collect()
        };
        assert_eq!(cells(lines.next().unwrap())[1..], COLUMNS);
        let rows = lines.skip(1).take_while(|line| line.starts_with('|')).map(cells);
        let mut page = Self {
            by_code: BTreeMap::new(),
            errors: Vec::new(),
            warnings: Vec::new(),
        };
        for row in rows {
            let (what, grades) = row.split_first().unwrap();
            match what.as_str() {
                "any other error in the files" => page.errors = grades.to_vec(),
                "any other warning" => page.warnings = grades.to_vec(),
                _ => {
                    for code in what.split('`').skip(1).step_by(2) {
                        page.by_code.insert(code.to_owned(), grades.to_vec());
                    }
                }
            }
        }
        page
    }

    /// The grade of a fault in a column, as a word of the page.
    fn grade(&self, fault: &Fault, column: usize) -> &str {
        let row = self.by_code.get(fault.code);
        match (fault.is_error, row) {
            (true, row) => &row.unwrap_or(&self.errors)[column],
            (false, Some(row)) if row[column] == "stops" => "stops",
            (false, _) => &self.warnings[column],
        }
    }
}

fn cleat(line: &str) -> Called {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cleat"));
    command.args(line.split(' ')).env_remove("RUST_LOG");
    called(command.stdin(Stdio::null()).output().unwrap())
}

/// A host without anything but its NICs.
fn bare() {
    for link in std::fs::read_dir("/sys/class/net").unwrap() {
        let name = link.unwrap().file_name().into_string().unwrap();
        if name != "lo" {
            // With one end of a pair goes the other.
            let _ = try_run(&format!("ip link del {name}"));
        }
    }
    for path in [
        "/run/cleat",
        "/run/network",
        "/var/lib/ifupdown2",
        "/etc/cleat",
        "/var/lib/cleat",
    ] {
        let _ = std::fs::remove_dir_all(path);
    }
    std::fs::create_dir_all("/run/network").unwrap();
    for nic in ["eno1", "eno2"] {
        run(&format!("ip link add {nic} type veth peer name {nic}-wire"));
        run(&format!("ip link set {nic}-wire up"));
    }
    run("ip link set lo up");
}

/// A way to bring a fault about.
#[derive(Clone, Copy, Debug)]
enum Way {
    Check,
    Takeover,
    Stage,
    Apply,
    Try,
    Boot,
    Reload,
    Named,
}

/// Each with the column of the page that it belongs to.
const WAYS: [(usize, Way); 8] = [
    (0, Way::Check),
    (1, Way::Takeover),
    (2, Way::Stage),
    (2, Way::Apply),
    (2, Way::Try),
    (3, Way::Boot),
    (4, Way::Reload),
    (5, Way::Named),
];

/// Brings the fault about in one way; the run, and whether the rest of the file is so afterwards.
fn meet(fault: &Fault, way: Way) -> (Called, bool) {
    bare();
    if !matches!(way, Way::Check | Way::Takeover | Way::Boot | Way::Named) {
        write_interfaces(&base(BEFORE));
        call("ifup -a").quietly();
    }
    let text = [base(AFTER).as_bytes(), fault.text].concat();
    let path = match way {
        Way::Stage => "/run/next",
        // Another program has staged it, as the GUI of Proxmox VE does.
        Way::Apply | Way::Try => STAGED,
        Way::Check | Way::Takeover | Way::Boot | Way::Reload | Way::Named => LIVE,
    };
    std::fs::write(path, text).unwrap();
    let ran = match way {
        Way::Check => cleat("check"),
        Way::Takeover => cleat("check --takeover"),
        Way::Stage => commit("stage /run/next"),
        Way::Apply => commit("apply"),
        Way::Try => tried(),
        Way::Boot => call("ifup -a"),
        Way::Reload => call("ifreload -a"),
        Way::Named => {
            let named = call(&format!("ifup {}", fault.iface));
            call("ifup eno1");
            named
        }
    };
    let is_so = addresses("eno1") == [AFTER];
    (ran, is_so)
}

/// `cleat-commit try`, confirmed from elsewhere if it waits for that.
fn tried() -> Called {
    let mut child = start("try --timeout 60");
    until("the trial waits, or has ended", || {
        child.try_wait().unwrap().is_some() || json("status")["trial"]["left"].is_number()
    });
    if child.try_wait().unwrap().is_none() {
        let confirm = commit("confirm");
        assert_eq!(confirm.code, 0, "{confirm:?}");
    }
    called(child.wait_with_output().unwrap())
}

#[test]
fn each_fault_does_in_each_situation_what_the_table_says() {
    // A thousand programs: seven minutes in user-mode Linux, which has nothing that this test wants.
    let room = netns::enter_once!(Bridge, Veth);
    rooms(&room);
    let page = Page::read();
    let mut wrong = Vec::new();
    for fault in FAULTS {
        for (column, way) in WAYS {
            let grade = page.grade(fault, column);
            // To look at the text alone finds no NIC absent, and faults of others do not concern who is named.
            if (fault.code == "missing-link" && column == 1) || (fault.iface == "eno1" && column == 5) {
                continue;
            }
            let (ran, rest) = meet(fault, way);
            let told = format!("[{}]", fault.code);
            // A stanza that was left out cannot be named, which is reported instead.
            let is_told = ran.err.contains(&told) || ran.out.contains(&told) || ran.err.contains("[interface-unknown]");
            let rest_is_due = !matches!(way, Way::Check | Way::Takeover | Way::Stage) && grade != "stops";
            let code = i32::from(grade != "warns");
            if (ran.code, is_told, rest) != (code, true, rest_is_due) {
                wrong.push(format!(
                    "{} ({}), {way:?}: {grade}, but exit code {}, told: {is_told}, the rest done: {rest}\n{}{}",
                    fault.what, fault.code, ran.code, ran.out, ran.err
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Second witness: the page, which another test compares with the codes in the sources.
#[test]
fn each_error_of_the_files_is_run_or_says_why_not() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/diagnostics.md")).unwrap();
    let mut of_files: BTreeSet<String> = BTreeSet::new();
    let mut others = Vec::new();
    for section in text.split("\n## ").skip(1) {
        let title = section.lines().next().unwrap_or_default();
        if SECTIONS_WITHOUT.iter().any(|(without, _)| *without == title) {
            others.push(title);
            continue;
        }
        let rows = section.lines().filter(|line| line.starts_with("| `"));
        for cells in rows.map(|line| line.split(" | ").collect::<Vec<_>>()) {
            if cells[1].contains("error") {
                of_files.insert(cells[0].trim_matches(['|', ' ', '`']).to_owned());
            }
        }
    }
    assert_eq!(others.len(), SECTIONS_WITHOUT.len(), "{others:?}");
    assert!(of_files.len() > 50, "{of_files:?}");
    let run: BTreeSet<String> = FAULTS
        .iter()
        .filter(|fault| fault.is_error)
        .map(|fault| fault.code.to_owned())
        .collect();
    let without: BTreeSet<String> = WITHOUT.iter().map(|(code, _)| (*code).to_owned()).collect();
    let both: Vec<_> = run.intersection(&without).collect();
    assert!(both.is_empty(), "run, and said not to be: {both:?}");
    let neither: Vec<_> = of_files
        .iter()
        .filter(|code| !run.contains(*code) && !without.contains(*code))
        .collect();
    assert!(neither.is_empty(), "neither run nor said why not: {neither:?}");
    let gone: Vec<_> = without.difference(&of_files).collect();
    assert!(gone.is_empty(), "no error of the files any more: {gone:?}");
}

/// Our exit codes of `ifup -a`, `ifreload -a` and `ifup NAME`, by the table.
fn ours(page: &Page, fault: &Fault) -> [i32; 3] {
    [3, 4, 5].map(|column| i32::from(page.grade(fault, column) != "warns"))
}

#[test]
fn an_exit_code_that_is_not_that_of_ifupdown2_has_its_reason() {
    let page = Page::read();
    for fault in FAULTS {
        let Some((codes, why)) = fault.peer else { continue };
        assert_eq!(
            (ours(&page, fault) == codes, why.is_empty()),
            (why.is_empty(), why.is_empty()),
            "{}: ours {:?}, of ifupdown2 {codes:?}, since {why:?}",
            fault.what,
            ours(&page, fault)
        );
    }
}

/// A host whose /etc, state and, for the peer, programs are its own.
fn rooms(room: &Room) {
    room.private_copy("/etc", &["network", "cleat", "fstab"]).unwrap();
    room.private_copy("/var/lib", &["cleat", "ifupdown2"]).unwrap();
    std::fs::create_dir_all("/etc/network").unwrap();
}

/// Debian's package of ifupdown2, unpacked by `cargo xtask test`.
fn peer(room: &Room) -> Result<PathBuf, String> {
    let mut target = PathBuf::from(env!("CARGO_BIN_EXE_cleat"));
    target.pop();
    target.pop();
    let unpacked = target.join("xtask/peers/ifupdown2");
    let program = unpacked.join("usr/share/ifupdown2");
    if !program.is_dir() {
        return Err(format!(
            "{} is not there: `cargo xtask test` unpacks it",
            unpacked.display()
        ));
    }
    rooms(room);
    room.private_copy("/usr/share", &["ifupdown2"]).unwrap();
    symlink(program, "/usr/share/ifupdown2").unwrap();
    symlink(unpacked.join("etc/network/ifupdown2"), "/etc/network/ifupdown2").unwrap();
    std::fs::create_dir_all("/run/peer").unwrap();
    for name in ["ifup", "ifreload"] {
        symlink("/usr/share/ifupdown2/ifupdown2", format!("/run/peer/{name}")).unwrap();
    }
    Ok(PathBuf::from("/run/peer"))
}

#[test]
fn the_exit_codes_of_ifupdown2_are_those_written_down() {
    let room = netns::enter_once!(Bridge, Veth);
    let programs = match peer(&room) {
        Ok(programs) => programs,
        Err(reason) => return netns::skip("ifupdown2", &reason),
    };
    let code = |line: &str| {
        let (name, arguments) = line.split_once(' ').unwrap();
        let mut command = Command::new("/usr/bin/python3");
        command.arg(programs.join(name)).args(arguments.split(' '));
        called(command.stdin(Stdio::null()).output().unwrap()).code
    };
    for fault in FAULTS {
        let Some((codes, _)) = fault.peer else { continue };
        bare();
        std::fs::create_dir_all("/var/lib/ifupdown2").unwrap();
        let text = base(AFTER).into_bytes();
        std::fs::write(LIVE, [&text, fault.text].concat()).unwrap();
        let measured = [
            code("ifup -a"),
            code("ifreload -a"),
            code(&format!("ifup {}", fault.iface)),
        ];
        assert_eq!(measured, codes, "{}", fault.what);
    }
}
