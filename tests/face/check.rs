//! `cleat check`. Second witness of the faults: interfaces(5), IEEE 802.1Q (VLAN ids), and the reader of these lines.

use super::bed::{Directory, cleat, cleat_reading};

const FAULTY: &str = "auto vmbr0
iface vmbr0 inet static
\taddress 192.168.10.2/24
\tbridge-ports eno1
\tbridge-stp off
\tbridge-fd 0
\tbrigde-ageing 30

iface eno1.4095 inet manual
";

#[test]
fn every_fault_is_shown_in_place_and_counted() {
    let directory = Directory::new("check-page");
    let file = directory.file("faulty", FAULTY);
    let ran = cleat(&format!("check {}", file.display()));
    let file = file.display();
    assert_eq!(
        ran.out,
        format!(
            "\
warning[unknown-option]: unknown option `brigde-ageing`
 --> {file}:7:2
  |
7 |     brigde-ageing 30
  |     ^^^^^^^^^^^^^ handed to hook scripts only
  = help: did you mean `bridge-ageing`?

error[bad-vlan-id]: 4095 is not a VLAN id
 --> {file}:9:7
  |
9 | iface eno1.4095 inet manual
  |       ^^^^^^^^^ reserved by IEEE 802.1Q
  = help: choose one from 1 to 4094

1 error, 1 warning
"
        )
    );
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""));
}

#[test]
fn json_has_the_same_faults_with_their_places() {
    let ran = cleat_reading("check --json -", FAULTY);
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["errors"], 1);
    assert_eq!(document["warnings"], 1);
    let found = &document["diagnostics"];
    assert_eq!(found.as_array().unwrap().len(), 2);
    assert_eq!(found[0]["code"], "unknown-option");
    assert_eq!(found[0]["severity"], "warning");
    assert_eq!(found[0]["help"], serde_json::json!(["did you mean `bridge-ageing`?"]));
    let place = |key: &str| found[1][key].as_u64().unwrap();
    assert_eq!(
        [place("line"), place("column"), place("end_line"), place("end_column")],
        [9, 7, 9, 16]
    );
    assert_eq!(found[1]["message"], "4095 is not a VLAN id");
    assert!(
        found[1]["path"].as_str().unwrap().ends_with("<stdin>"),
        "{}",
        found[1]["path"]
    );
    assert_eq!(ran.code, Some(1));
}

#[test]
fn warnings_alone_are_no_failure() {
    let text = "auto lo\niface lo inet loopback\n\tbrigde-ageing 30\n";
    let ran = cleat_reading("check -", text);
    assert!(ran.out.ends_with("\n0 errors, 1 warning\n"), "{}", ran.out);
    assert_eq!(ran.code, Some(0));
}

#[test]
fn the_examples_of_the_spec_are_without_fault() {
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/examples")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "interfaces") {
            let ran = cleat(&format!("check {}", path.display()));
            let expected = format!("no fault found in {}\n", path.display());
            assert_eq!((ran.code, ran.out, ran.err), (Some(0), expected, String::new()));
        }
    }
}

#[test]
fn a_named_file_is_judged_for_itself_unless_this_machine_is_asked_for() {
    let text = "auto no-such-nic0\niface no-such-nic0 inet manual\n";
    let alone = cleat_reading("check -", text);
    assert_eq!((alone.code, alone.err.as_str()), (Some(0), ""), "{}", alone.out);
    let here = cleat_reading("check --online -", text);
    assert!(here.out.contains("[missing-link]: "), "{}", here.out);
}

#[test]
fn a_file_that_is_not_there_is_told_with_its_path() {
    let ran = cleat("check /no/such/file");
    assert_eq!(
        ran.out,
        "error[unreadable]: cannot read /no/such/file: No such file or directory\n\n1 error, 0 warnings\n"
    );
    assert_eq!(ran.code, Some(1));
}

/// Second witness: ifupdown2 asks for addresses by DHCP and has an option for clagd, so a host leans on these lines.
#[test]
fn a_takeover_is_refused_while_a_line_says_what_is_not_done_yet() {
    let directory = Directory::new("check-takeover");
    let file = directory.file("asks", "auto eno1\niface eno1 inet dhcp\n\tclagd-enable yes\n");
    let file = file.display();
    let plain = cleat(&format!("check {file}"));
    assert_eq!(plain.code, Some(0), "{}", plain.out);
    assert!(plain.out.ends_with("2 warnings\n"), "{}", plain.out);
    let ran = cleat(&format!("check --takeover {file}"));
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.out.contains(&format!(
            "error[dhcp-not-yet]: addresses by `dhcp` are not asked for yet\n --> {file}:2:17\n"
        )),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains(&format!(
            "error[not-handled]: `clagd-enable` is known but not acted on yet\n --> {file}:3:2\n"
        )),
        "{}",
        ran.out
    );
    assert!(ran.out.ends_with("2 errors, 0 warnings\n"), "{}", ran.out);
}

/// networkinterfaces.py of ifupdown2, `process_vlan`: a keyword beside `iface`. Left out, its lines would not be done.
#[test]
fn a_takeover_is_refused_for_a_stanza_that_only_ifupdown2_knows() {
    let directory = Directory::new("check-takeover-stanza");
    let file = directory.file(
        "vlan",
        "auto lo\niface lo inet loopback\nvlan br0.5\n\tbridge-igmp-querier-src 192.0.2.1\n",
    );
    let file = file.display();
    assert_eq!(cleat(&format!("check {file}")).code, Some(0));
    let ran = cleat(&format!("check --takeover {file}"));
    assert_eq!(ran.code, Some(1));
    let told = format!("error[unknown-stanza]: `vlan` stanzas are not known\n --> {file}:3:1\n");
    assert!(ran.out.contains(&told), "{}", ran.out);
}
