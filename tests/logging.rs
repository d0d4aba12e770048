//! Where messages go and how they look there, by each program. Second witness: sd-daemon(3) for `<3>` and its like,
//! systemd.exec(5) for `JOURNAL_STREAM`, env_logger's manual for `RUST_LOG`.

use cleat_netns as netns;
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Stdio};

/// What a program writes to standard error, which is a file; with `journal` the file is said to be the journal's.
fn told(program: &str, line: &str, journal: bool, variables: &[(&str, &str)]) -> String {
    let path = std::path::Path::new("/run/told");
    let file = File::create(path).unwrap();
    let about = file.metadata().unwrap();
    let mut command = Command::new(program);
    command
        .args(line.split_whitespace())
        .env_remove("RUST_LOG")
        .env_remove("CREDENTIALS_DIRECTORY")
        .env_remove("JOURNAL_STREAM")
        .envs(variables.iter().copied())
        .stdout(Stdio::null())
        .stderr(file);
    if journal {
        command.env("JOURNAL_STREAM", format!("{}:{}", about.dev(), about.ino()));
    } else {
        // Of a service whose standard error was led elsewhere.
        command.env("JOURNAL_STREAM", format!("{}:{}", about.dev(), about.ino() + 1));
    }
    command.status().unwrap();
    std::fs::read_to_string(path).unwrap()
}

/// A file of the network and a sysctl snippet, each with a fault and something to warn of.
fn host(room: &netns::Room) {
    // Not /tmp: the programs under test may lie there.
    for directory in ["/etc", "/usr/lib/sysctl.d", "/usr/local/lib", "/run", "/var/lib"] {
        room.private_dir(directory).unwrap();
    }
    std::fs::create_dir_all("/etc/network").unwrap();
    std::fs::create_dir_all("/etc/sysctl.d").unwrap();
    let text = "auto lo\niface lo inet loopback\n\tmtu many\n\tno-such-option 1\n";
    std::fs::write("/etc/network/interfaces", text).unwrap();
    let text = "no line\nnet.ipv4.no_such_key = 1\nnet.ipv4.conf.v0.proxy_arp = 1\n";
    std::fs::write("/etc/sysctl.d/50-test.conf", text).unwrap();
    netns::run("ip link add v0 type veth peer name v1");
}

#[test]
fn under_systemd_each_line_has_its_priority_and_elsewhere_none() {
    let room = netns::enter!(Veth);
    host(&room);
    let programs = [
        (crate::programs::path("cleat-sysctl"), "apply"),
        (crate::programs::path("ifupdown"), "ifreload -a -n"),
    ];
    let usage = told(&crate::programs::path("ifupdown"), "ifup --bogus", true, &[]);
    let lines: Vec<&str> = usage.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines.iter().all(|line| line.starts_with("<3>")), "{usage}");
    for (program, line) in programs {
        let priorities = |text: &str| -> Vec<String> {
            let starts = text
                .lines()
                .map(|line| line.split_once('>').map_or(line, |(start, _)| start));
            starts.map(|start| start.chars().take(2).collect()).collect()
        };
        let journal = told(&program, line, true, &[]);
        let found = priorities(&journal);
        assert!(
            found.iter().any(|start| start == "<3") && found.iter().any(|start| start == "<4"),
            "{program}: {journal}"
        );
        assert!(found.iter().all(|start| start.starts_with('<')), "{program}: {journal}");
        let elsewhere = told(&program, line, false, &[]);
        assert!(
            elsewhere.contains("error: ") && !elsewhere.contains('<'),
            "{program}: {elsewhere}"
        );
    }
}

#[test]
fn rust_log_and_the_flags_say_how_much_is_told() {
    let room = netns::enter!(Veth);
    host(&room);
    let sysctl = crate::programs::path("cleat-sysctl");
    let again = || std::fs::write("/proc/sys/net/ipv4/conf/v0/proxy_arp", "0").unwrap();
    let words = |text: &str| -> Vec<String> {
        let lines = text.lines().filter_map(|line| line.split_once(": "));
        lines
            .map(|(word, _)| word.to_owned())
            .filter(|word| !word.contains(' '))
            .collect()
    };
    let said = |line: &str, variables: &[(&str, &str)]| {
        again();
        words(&told(&sysctl, line, false, variables))
    };
    let log = |level| [("RUST_LOG", level)];
    assert_eq!(said("apply", &[]), ["error", "warning"]);
    assert_eq!(said("apply -v", &[]), ["info", "error", "warning"]);
    assert_eq!(said("apply -q", &[]), ["error"]);
    assert_eq!(said("apply", &log("info")), ["info", "error", "warning"]);
    assert_eq!(said("apply", &log("error")), ["error"]);
    assert_eq!(said("apply -q", &log("warn")), ["error", "warning"]);
    assert_eq!(
        said("apply", &log("off")),
        ["error"],
        "what failed is reported in any case"
    );
}
