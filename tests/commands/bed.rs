//! What the tests of the commands stand on.

use cleat_netns::{Room, ip_json, run};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// What a command did.
#[derive(Debug)]
pub struct Called {
    pub code: i32,
    pub out: String,
    pub err: String,
    /// What a reload said beforehand of those who would notice: those lines are not in `err`.
    pub foretold: Vec<String>,
}

impl Called {
    /// It ended with 0 and said nothing on standard error.
    #[track_caller]
    pub fn quietly(&self) {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{self:?}");
    }
}

/// Makes the room a host: its own /etc/network, and stand-ins for NICs, each a veth whose other end (`eno1-wire`) is up.
pub fn host(room: &Room, nics: &[&str], interfaces: &str) {
    room.private_etc().unwrap();
    // What this machine says of new links is none of the tests' business.
    if std::path::Path::new("/usr/lib/sysctl.d").is_dir() {
        room.private_dir("/usr/lib/sysctl.d").unwrap();
    }
    write_interfaces(interfaces);
    for nic in nics {
        run(&format!("ip link add {nic} type veth peer name {nic}-wire"));
        run(&format!("ip link set {nic}-wire up"));
    }
}

/// Writes /etc/network/interfaces.
pub fn write_interfaces(text: &str) {
    std::fs::write("/etc/network/interfaces", text).unwrap();
}

/// One of the spec's configurations.
pub fn example(name: &str) -> String {
    let path = format!("{}/examples/{name}.interfaces", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

fn command(line: &str) -> Command {
    // The test runner's own environment must not decide what is tested.
    let mut command = Command::new(crate::programs::path("ifupdown"));
    command.args(line.split_whitespace());
    for name in [
        "RUST_LOG",
        "JOURNAL_STREAM",
        "CLEAT_LOCK_WAIT",
        "CLEAT_HOOK_LIMIT",
        "CLEAT_DEVICE_WAIT",
        "SSH_CONNECTION",
    ] {
        command.env_remove(name);
    }
    command
}

/// Runs one of the commands: `call("ifup -a")`.
pub fn call(line: &str) -> Called {
    called(command(line).stdin(Stdio::null()).output().unwrap())
}

/// The same with these in its environment.
pub fn call_with(line: &str, environment: &[(&str, &str)]) -> Called {
    let mut command = command(line);
    let command = command.stdin(Stdio::null()).envs(environment.iter().copied());
    called(command.output().unwrap())
}

/// Starts one of the commands and does not wait for it. A hang-up and an interrupt reach the command, though nohup(1) or a
/// shell without job control, which ignore them for what they start, may have started the test runner.
pub fn start(line: &str) -> Child {
    let called = command(line);
    let mut command = Command::new("env");
    command
        .arg("--default-signal=HUP,INT,QUIT")
        .arg(called.get_program())
        .args(called.get_args());
    for (name, value) in called.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// What a started command did in the end.
pub fn end(child: Child) -> Called {
    called(child.wait_with_output().unwrap())
}

pub fn called(output: Output) -> Called {
    let err = String::from_utf8(output.stderr).unwrap();
    let is_foretold = |line: &&str| line.ends_with("[interrupts]");
    Called {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        foretold: err.lines().filter(is_foretold).map(str::to_owned).collect(),
        err: err
            .split_inclusive('\n')
            .filter(|line| !is_foretold(&line.trim_end()))
            .collect(),
    }
}

/// Addresses of a link, as `ip` tells them, those of the kernel's own making (fe80::) left out.
pub fn addresses(link: &str) -> Vec<String> {
    let found = ip_json(&["addr", "show", "dev", link]);
    let list = found[0]["addr_info"].as_array().unwrap();
    let plain = |info: &serde_json::Value| {
        let ip = info["local"].as_str().unwrap().to_owned();
        (!ip.starts_with("fe80:")).then(|| format!("{ip}/{}", info["prefixlen"]))
    };
    list.iter().filter_map(plain).collect()
}

/// The master of a link, as `ip` tells it.
pub fn master(link: &str) -> Option<String> {
    let found = ip_json(&["link", "show", "dev", link]);
    found[0]["master"].as_str().map(str::to_owned)
}

/// Whether there is a link of that name.
pub fn exists(link: &str) -> bool {
    let links = ip_json(&["link", "show"]);
    let names = links.as_array().unwrap().iter().map(|found| &found["ifname"]);
    names.into_iter().any(|name| name == link)
}

/// Whether a link is administratively up.
pub fn is_up(link: &str) -> bool {
    let found = ip_json(&["link", "show", "dev", link]);
    found[0]["flags"].as_array().unwrap().iter().any(|flag| flag == "UP")
}

/// Both are the same network; where not, the lines that differ are shown.
#[track_caller]
pub fn assert_same_network(now: &[serde_json::Value], before: &[serde_json::Value]) {
    let lines = |network: &[serde_json::Value]| -> Vec<String> {
        let text = serde_json::to_string_pretty(network).unwrap();
        text.lines().map(str::to_owned).collect()
    };
    let (now, before) = (lines(now), lines(before));
    let only = |these: &[String], those: &[String], mark: char| -> Vec<String> {
        let lines = these
            .iter()
            .enumerate()
            .filter(|(at, line)| those.get(*at) != Some(line));
        lines
            .take(12)
            .map(|(at, line)| format!("{mark}{at}: {}", line.trim()))
            .collect()
    };
    assert_eq!(only(&now, &before, '+'), only(&before, &now, '-'));
}

/// Links, addresses and routes as `ip` tells them, without what moves by itself (timers, carrier, fe80:: addresses).
pub fn network() -> Vec<serde_json::Value> {
    let mut all: Vec<serde_json::Value> = ["-d link", "addr", "route", "-6 route"]
        .map(|line| ip_json(&line.split(' ').collect::<Vec<_>>()))
        .into();
    all.iter_mut().for_each(settle);
    all
}

fn settle(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Array(list) => {
            list.retain(|item| !matches!(item.as_str(), Some("NO-CARRIER" | "LOWER_UP" | "M-DOWN" | "linkdown")));
            list.retain(|item| !item["local"].as_str().is_some_and(|ip| ip.starts_with("fe80:")));
            list.retain(|item| {
                !item["dst"]
                    .as_str()
                    .is_some_and(|to| to.starts_with("fe80:") || to.starts_with("ff00:"))
            });
            list.iter_mut().for_each(settle);
        }
        serde_json::Value::Object(fields) => {
            let moves = |key: &str| {
                let of_lacp = key.starts_with("ad_") && key.contains("_state") || key == "ad_aggregator_id";
                of_lacp
                    || key.ends_with("_timer")
                    || matches!(
                        key,
                        "operstate" | "qdisc" | "tentative" | "state" | "flags_str" | "linkdown"
                    )
            };
            fields.retain(|key, _| !moves(key));
            fields.values_mut().for_each(settle);
        }
        _ => {}
    }
}

/// Repeats until it is so. The limit is for a machine that does much else, and is never reached where all is well.
#[track_caller]
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(120);
    while !is_so() {
        assert!(Instant::now() < end, "never so: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until a link is there with an address.
#[track_caller]
pub fn until_up(link: &str) {
    until(&format!("{link} is up"), || exists(link) && !addresses(link).is_empty());
}
