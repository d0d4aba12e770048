//! `cleat-sysctl` as a program, in a room of its own. Second witness: the kernel's values and `ip`'s addresses.

use cleat_netns as netns;
use std::path::Path;
use std::process::Command;

/// Exit code, standard output and standard error.
fn call(line: &str) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_cleat-sysctl"))
        .args(line.split_whitespace())
        .env_remove("RUST_LOG")
        .env_remove("JOURNAL_STREAM")
        .env_remove("SSH_CONNECTION")
        .env_remove("CREDENTIALS_DIRECTORY")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap_or(-1),
        text(output.stdout),
        text(output.stderr),
    )
}

fn read(key: &str) -> String {
    let path = Path::new("/proc/sys").join(key);
    std::fs::read_to_string(path).unwrap().trim_end().to_owned()
}

/// Files of /etc/sysctl.d and nothing else; v0 and v1, up.
fn host(room: &netns::Room, text: &str) {
    for directory in ["/etc", "/usr/lib/sysctl.d", "/usr/local/lib"] {
        room.private_dir(directory).unwrap();
    }
    std::fs::create_dir_all("/etc/network").unwrap();
    std::fs::write("/etc/network/interfaces", "").unwrap();
    if !text.is_empty() {
        std::fs::create_dir("/etc/sysctl.d").unwrap();
        std::fs::write("/etc/sysctl.d/50-test.conf", text).unwrap();
    }
    netns::run("ip link add v0 type veth peer name v1");
    for link in ["lo", "v0", "v1"] {
        netns::run(&format!("ip link set {link} up"));
    }
}

/// Links that have an address of IPv6.
fn with_ipv6() -> Vec<String> {
    let found = netns::ip_json(&["-6", "address"]);
    let links = found.as_array().unwrap().iter();
    let has = links.filter(|link| link["addr_info"].as_array().is_some_and(|all| !all.is_empty()));
    has.map(|link| link["ifname"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn check_tells_what_differs_and_apply_makes_it_so() {
    let room = netns::enter!(Veth);
    host(
        &room,
        "net.ipv4.conf.v0.proxy_arp = 0\nnet.ipv4.conf.v0.proxy_arp = 1\n",
    );
    let (code, out, err) = call("check");
    assert_eq!(
        (code, out.as_str()),
        (1, "0 of 1 settings are in force; 1 error, 0 warnings\n")
    );
    assert_eq!(
        err,
        "error: `net.ipv4.conf.v0.proxy_arp` is `0`, not `1` (/etc/sysctl.d/50-test.conf:2:1) [sysctl-differs]; help: \
         `cleat-sysctl apply` sets it; where it does not stay, something else on the host sets it back\n"
    );
    let (code, out, _) = call("check --json");
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    let setting = &document["settings"][0];
    assert_eq!(
        (code, &setting["state"], &setting["line"]),
        (1, &"differs".into(), &2.into())
    );
    assert_eq!(setting["overridden"][0]["line"], 1);
    assert_eq!(
        call("apply -v"),
        (0, String::new(), "info: net.ipv4.conf.v0.proxy_arp = 1\n".into())
    );
    assert_eq!(read("net/ipv4/conf/v0/proxy_arp"), "1");
    assert_eq!(
        call("apply -v"),
        (0, String::new(), String::new()),
        "nothing is left to write"
    );
    assert_eq!(
        call("check"),
        (
            0,
            "1 of 1 settings are in force; 0 errors, 0 warnings\n".into(),
            String::new()
        )
    );
    let shown = "net.ipv4.conf.v0.proxy_arp = 1  # /etc/sysctl.d/50-test.conf:2, over /etc/sysctl.d/50-test.conf:1\n";
    assert_eq!(call("show"), (0, shown.into(), String::new()));
}

/// Each with its line, the rest is written, and the exit code tells whether all is as the files say; a setting that the
/// kernel does not have is a warning, as with systemd-sysctl. Second witness: the kernel's values.
#[test]
fn bad_input_is_told_with_its_place_the_rest_is_written_and_the_exit_code_says_so() {
    const UNREADABLE: &str = "error: cannot read /etc/sysctl.d/40-unreadable.conf: Is a directory [unreadable]; help: what \
        its lines say is not known, so none is named; the other files count\n";
    const UNKNOWN: &str = "warning: there is no setting `net.ipv4.no_such_key` in this kernel \
        (/etc/sysctl.d/50-test.conf:1:1) [sysctl-unknown]; help: correct the name; with `-` before it nothing is said\n";
    let room = netns::enter!(Veth);
    host(&room, "net.ipv4.no_such_key = 1\nnet.ipv4.conf.v0.proxy_arp = 1\n");
    assert_eq!(
        call("apply"),
        (0, String::new(), UNKNOWN.into()),
        "a setting that is not there"
    );
    assert_eq!(read("net/ipv4/conf/v0/proxy_arp"), "1");

    std::fs::create_dir("/etc/sysctl.d/40-unreadable.conf").unwrap();
    std::fs::write("/etc/sysctl.d/60-last.conf", "net.ipv4.conf.v1.proxy_arp = 1\n").unwrap();
    let said = format!("{UNREADABLE}{UNKNOWN}");
    let (code, _, err) = call("check");
    assert_eq!(code, 1, "v1 differs");
    assert!(err.starts_with(&said), "{err}");
    assert_eq!(
        call("apply"),
        (
            1,
            String::new(),
            format!("{said}1 error, 1 warning; the rest is as sysctl.d says\n")
        ),
        "a file that cannot be read"
    );
    assert_eq!(read("net/ipv4/conf/v1/proxy_arp"), "1");
    assert_eq!(
        call("check"),
        (1, "2 of 3 settings are in force; 1 error, 1 warning\n".into(), said),
        "what the unreadable file wants may not be so"
    );
    std::fs::remove_dir("/etc/sysctl.d/40-unreadable.conf").unwrap();

    let refused = "net.ipv4.ip_local_port_range = 9 8\nnet.ipv4.conf.v0.proxy_arp = 0\n";
    std::fs::write("/etc/sysctl.d/50-test.conf", refused).unwrap();
    assert_eq!(
        call("apply"),
        (
            1,
            String::new(),
            "error: cannot set `net.ipv4.ip_local_port_range` to `9 8`: Invalid argument \
             (/etc/sysctl.d/50-test.conf:1:1) [sysctl-refused]; help: correct the value; the kernel does not take this \
             one\n1 error, 0 warnings; the rest is as sysctl.d says\n"
                .into()
        ),
        "a value that the kernel refuses"
    );
    assert_eq!(read("net/ipv4/conf/v0/proxy_arp"), "0");

    std::fs::write("/etc/sysctl.d/50-test.conf", "\n\nnet.ipv4.conf.v0.proxy_arp = 1\n").unwrap();
    netns::run("mount --bind /proc/sys /proc/sys");
    netns::run("mount -o remount,ro,bind /proc/sys");
    assert_eq!(
        call("apply"),
        (
            1,
            String::new(),
            "error: cannot set `net.ipv4.conf.v0.proxy_arp` to `1`: Read-only file system \
             (/etc/sysctl.d/50-test.conf:3:1) [sysctl-refused]; help: /proc/sys is read-only here; in a container the \
             host sets this\n1 error, 0 warnings; the rest is as sysctl.d says\n"
                .into()
        ),
        "a /proc/sys that nobody can write to"
    );

    std::fs::remove_dir_all("/etc/sysctl.d").unwrap();
    assert_eq!(call("apply"), (0, String::new(), String::new()), "no directory at all");
}

#[test]
fn ipv6_goes_off_for_every_link_and_comes_back_as_it_was() {
    let room = netns::enter!(Veth, Inet6);
    host(&room, "");
    netns::run("sysctl -qw net.ipv6.conf.v1.disable_ipv6=1");
    let before = std::fs::read_dir("/etc").unwrap().count();
    let (code, out, err) = call("ipv6 off");
    assert_eq!(code, 0, "{err}");
    assert_eq!(
        out,
        "net.ipv6.conf.all.disable_ipv6 = 1\nnet.ipv6.conf.default.disable_ipv6 = 1\n"
    );
    assert!(err.contains("[ipv6-loopback]"), "{err}");
    assert_eq!(with_ipv6(), Vec::<String>::new());
    netns::run("ip link add w0 type veth peer name w1");
    netns::run("ip link set w0 up");
    netns::run("ip link set w1 up");
    assert_eq!(read("net/ipv6/conf/w0/disable_ipv6"), "1", "a link that came later");
    assert_eq!(with_ipv6(), Vec::<String>::new());
    let text = std::fs::read_to_string("/etc/sysctl.d/zz-cleat-ipv6.conf").unwrap();
    let settings: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    // The two lines of Proxmox VE's manual, "Disabling IPv6 on the Node".
    assert_eq!(
        settings,
        [
            "net.ipv6.conf.all.disable_ipv6 = 1",
            "net.ipv6.conf.default.disable_ipv6 = 1"
        ]
    );
    assert_eq!(call("check").0, 0);
    let (code, _, err) = call("ipv6 on");
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(read("net/ipv6/conf/v1/disable_ipv6"), "1", "as it was before");
    for link in ["all", "default", "lo", "v0", "w0"] {
        assert_eq!(read(&format!("net/ipv6/conf/{link}/disable_ipv6")), "0", "{link}");
    }
    // The kernel makes link-local addresses in its own time.
    let mut looks = 0;
    while !["lo", "v0", "w0"]
        .iter()
        .all(|link| with_ipv6().iter().any(|has| has == link))
    {
        looks += 1;
        assert!(looks < 1_500, "only {:?} have addresses of IPv6", with_ipv6());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(std::fs::read_dir("/etc/sysctl.d").unwrap().count(), 0);
    assert!(std::fs::read_dir("/etc").unwrap().count() <= before + 1);
}

#[test]
fn ipv6_that_another_file_switches_off_comes_on_over_it_and_is_given_back() {
    let room = netns::enter!(Veth, Inet6);
    host(&room, "net.ipv6.conf.v0.disable_ipv6 = 1\n");
    assert_eq!(call("apply").0, 0);
    assert_eq!(call("ipv6 on v0").0, 0);
    assert_eq!(read("net/ipv6/conf/v0/disable_ipv6"), "0");
    assert_eq!(call("check").0, 0, "it holds at the next boot, too");
    assert_eq!(call("ipv6 off v0").0, 0);
    assert_eq!(read("net/ipv6/conf/v0/disable_ipv6"), "1");
    assert!(!Path::new("/etc/sysctl.d/zz-cleat-ipv6.conf").exists());
}

#[test]
fn forwarding_goes_on_without_resetting_what_is_said_of_single_links() {
    let room = netns::enter!(Veth);
    host(&room, "net.ipv4.conf.v1.forwarding = 0\n");
    assert_eq!(
        call("forward on v4"),
        (0, "net.ipv4.ip_forward = 1\n".into(), String::new())
    );
    let forwarding = || ["v0", "v1"].map(|link| read(&format!("net/ipv4/conf/{link}/forwarding")));
    assert_eq!(
        (read("net/ipv4/ip_forward"), forwarding()),
        ("1".into(), ["1".into(), "0".into()])
    );
    assert_eq!(call("forward off v4").0, 0);
    assert_eq!(
        (read("net/ipv4/ip_forward"), forwarding()),
        ("0".into(), ["0".into(), "0".into()])
    );
    assert!(!Path::new("/etc/sysctl.d/zz-cleat-forward.conf").exists());
}

#[test]
fn proxy_arp_is_switched_for_one_link() {
    let room = netns::enter!(Veth);
    host(&room, "");
    assert_eq!(call("proxy-arp on v0").0, 0);
    let proxy = || ["v0", "v1"].map(|link| read(&format!("net/ipv4/conf/{link}/proxy_arp")));
    assert_eq!(proxy(), ["1", "0"]);
    assert_eq!(call("proxy-arp off v0").0, 0);
    assert_eq!(proxy(), ["0", "0"]);
    let (code, _, err) = call("proxy-arp on no:name");
    assert_eq!(
        (code, err.as_str()),
        (2, "cleat-sysctl: `no:name` cannot be the name of an interface\n")
    );
}
