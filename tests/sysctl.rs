//! `cleat-sysctl` as a program, in a room of its own. Second witness: the kernel's values and `ip`'s addresses.

use cleat_netns as netns;
use std::path::Path;
use std::process::Command;

/// Exit code, standard output and standard error.
pub(crate) fn call(line: &str) -> (i32, String, String) {
    call_with(line, &[])
}

/// The same with these in its environment.
fn call_with(line: &str, environment: &[(&str, &str)]) -> (i32, String, String) {
    let output = Command::new(crate::programs::path("cleat-sysctl"))
        .args(line.split_whitespace())
        .env_remove("RUST_LOG")
        .env_remove("JOURNAL_STREAM")
        .env_remove("SSH_CONNECTION")
        .env_remove("CREDENTIALS_DIRECTORY")
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap_or(-1);
    (code, text(output.stdout), text(output.stderr))
}

pub(crate) fn read(key: &str) -> String {
    let path = Path::new("/proc/sys").join(key);
    std::fs::read_to_string(path).unwrap().trim_end().to_owned()
}

/// Files of /etc/sysctl.d and nothing else; v0 and v1, up.
pub(crate) fn host(room: &netns::Room, text: &str) {
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
         `cleat-sysctl apply` sets it; where it does not stay, something else on the host sets it back\n \
         --> /etc/sysctl.d/50-test.conf:2:1\n  |\n2 | net.ipv4.conf.v0.proxy_arp = 1\n  | \
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ wants this\n  = note: `0` is asked for, and overridden, at \
         /etc/sysctl.d/50-test.conf:1:1\n  = help: `cleat-sysctl apply` sets it; where it does not stay, something else \
         on the host sets it back\n"
    );
    // On a terminal, which script(1) gives it.
    let shown = Command::new("script")
        .args([
            "-qec",
            &format!("{} check", crate::programs::path("cleat-sysctl")),
            "/dev/null",
        ])
        .env("NO_COLOR", "1")
        .env_remove("RUST_LOG")
        .env_remove("JOURNAL_STREAM")
        .output()
        .unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap().replace("\r\n", "\n");
    let note = "  = note: `0` is asked for, and overridden, at /etc/sysctl.d/50-test.conf:1:1\n";
    assert_eq!(shown.matches(note).count(), 1, "{shown}");
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
    let nothing = (0, String::new(), String::new());
    assert_eq!(call("apply -v"), nothing, "nothing is left to write");
    let told = "1 of 1 settings are in force; 0 errors, 0 warnings\n";
    assert_eq!(call("check"), (0, told.into(), String::new()));
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
    let told = "net.ipv6.conf.all.disable_ipv6 = 1\nnet.ipv6.conf.default.disable_ipv6 = 1\n";
    assert_eq!((code, out.as_str()), (0, told), "{err}");
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
    assert_eq!(settings.join("\n") + "\n", out);
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
    let told = "warning: `net.ipv4.conf.v1.forwarding` stays `0`, not `1` as `net.ipv4.ip_forward` \
        (/etc/sysctl.d/50-test.conf:1:1) [switch-excepted]; help: remove this line to have it switched, too\n\
        warning: `net.ipv4.conf.v1.forwarding` is reset when `net.ipv4.ip_forward` is written after it \
        (/etc/sysctl.d/50-test.conf:1:1) [sysctl-reset]; help: cleat-sysctl writes it last; to have systemd-sysctl do so, \
        too, swap the lines\n";
    assert_eq!(
        call("forward on v4"),
        (0, "net.ipv4.ip_forward = 1\n".into(), told.into())
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
}

/// Second witness: the kernel's table of sockets, from which `ss -6ltn` reads, and the place in the file.
#[test]
fn ipv6_off_tells_what_listens_and_what_the_interfaces_file_says() {
    let room = netns::enter!(Veth, Inet6);
    host(&room, "");
    let file = "auto v0\niface v0 inet static\n\taddress 192.0.2.1/24\n\niface v0 inet6 static\n\taddress 2001:db8::1/64\n\
        \tgateway 2001:db8::2\n";
    std::fs::write("/etc/network/interfaces", file).unwrap();
    let listener = std::net::TcpListener::bind("[::1]:0").unwrap();
    let v4 = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (code, _, err) = call("ipv6 off");
    assert_eq!(code, 0);
    let port = listener.local_addr().unwrap().port();
    assert_eq!(
        err,
        format!(
            "warning: the loopback address ::1 goes: what connects to it, or to localhost by IPv6 only, fails \
             [ipv6-loopback]\n\
             warning: programs listen on IPv6: [::1]:{port} [ipv6-listeners]; help: those on [::] still answer IPv4, \
             unless they were told not to; the others need another address\n\
             warning: the interfaces file has IPv6 that cannot be set then: address 2001:db8::1/64 \
             (/etc/network/interfaces:6); gateway 2001:db8::2 (/etc/network/interfaces:7) [ipv6-in-interfaces]; help: \
             remove these lines, or leave IPv6 on for these interfaces\n"
        )
    );
    drop((listener, v4));
    assert_eq!(call("ipv6 on").0, 0);
    // What is not concerned is not told.
    assert_eq!(call("ipv6 off v1").2, "");
}

/// ssh(1): `SSH_CONNECTION` begins with the client's address. A client of IPv4 at a socket of IPv6 is mapped, RFC 4291
/// section 2.5.5.2.
#[test]
fn ipv6_does_not_go_off_below_a_session_that_came_over_it() {
    let room = netns::enter!(Veth, Inet6);
    host(&room, "");
    let over = |client: &str, line: &str| call_with(line, &[("SSH_CONNECTION", &format!("{client} 50000 host 22"))]);
    for client in ["2001:db8::7", "fe80::7%v0"] {
        assert_eq!(
            over(client, "ipv6 off"),
            (
                1,
                String::new(),
                "cleat-sysctl: this session came over IPv6 and may end with it; `-y` does it all the same\n".into()
            )
        );
        assert_eq!(read("net/ipv6/conf/all/disable_ipv6"), "0");
    }
    for client in ["::ffff:192.0.2.7", "192.0.2.7"] {
        assert_eq!(over(client, "ipv6 off v1").0, 0, "{client}");
        assert_eq!(over("2001:db8::7", "ipv6 on v1").0, 0);
    }
    assert_eq!(over("2001:db8::7", "ipv6 off -y").0, 0);
    assert_eq!(read("net/ipv6/conf/all/disable_ipv6"), "1");
}

#[test]
fn regress_a_link_that_another_file_leaves_on_is_told_when_ipv6_goes_off() {
    let room = netns::enter!(Veth, Inet6);
    host(&room, "net.ipv6.conf.v1.disable_ipv6 = 0\n");
    let (code, _, err) = call("ipv6 off");
    assert_eq!(code, 0);
    let told: Vec<&str> = err.lines().filter(|line| !line.contains("[ipv6-")).collect();
    assert_eq!(
        told,
        [
            "warning: `net.ipv6.conf.v1.disable_ipv6` stays `0`, not `1` as `net.ipv6.conf.all.disable_ipv6` \
             (/etc/sysctl.d/50-test.conf:1:1) [switch-excepted]; help: remove this line to have it switched, too",
            "warning: `net.ipv6.conf.v1.disable_ipv6` is reset when `net.ipv6.conf.all.disable_ipv6` is written after it \
             (/etc/sysctl.d/50-test.conf:1:1) [sysctl-reset]; help: cleat-sysctl writes it last; to have systemd-sysctl \
             do so, too, swap the lines",
        ]
    );
    assert_eq!(
        ["v0", "v1"].map(|link| read(&format!("net/ipv6/conf/{link}/disable_ipv6"))),
        ["1", "0"]
    );
}

/// Second witness: the kernel's values.
#[test]
fn forwarding_of_ipv6_and_of_both_goes_on_and_off() {
    let room = netns::enter!(Veth, Inet6);
    host(&room, "");
    let now = || {
        [
            "ipv4/ip_forward",
            "ipv4/conf/v0/forwarding",
            "ipv6/conf/all/forwarding",
            "ipv6/conf/v0/forwarding",
        ]
        .map(|key| read(&format!("net/{key}")))
    };
    let v6 = "net.ipv6.conf.all.forwarding = 1\nnet.ipv6.conf.default.forwarding = 1\n";
    assert_eq!(call("forward on v6"), (0, v6.into(), String::new()));
    assert_eq!(now(), ["0", "0", "1", "1"]);
    netns::run("ip link add w0 type veth peer name w1");
    assert_eq!(read("net/ipv6/conf/w0/forwarding"), "1", "a link that came later");
    assert_eq!(call("forward off v6").0, 0);
    assert_eq!(now(), ["0", "0", "0", "0"]);
    assert_eq!(
        call("forward on"),
        (0, format!("net.ipv4.ip_forward = 1\n{v6}"), String::new())
    );
    assert_eq!(now(), ["1", "1", "1", "1"]);
    assert_eq!(call("check").0, 0, "it holds at the next boot, too");
    assert_eq!(call("forward off").0, 0);
    assert_eq!(now(), ["0", "0", "0", "0"]);
    assert!(!Path::new("/etc/sysctl.d/zz-cleat-forward.conf").exists());
    let told = "cleat-sysctl: `forward` takes v4 or v6, not `v5`\n";
    assert_eq!(call("forward on v5"), (2, String::new(), told.into()));
}

#[test]
fn a_switch_that_does_not_come_to_hold_says_why() {
    let room = netns::enter!(Veth);
    host(&room, "");
    // Of all links: what one of them says does not count.
    netns::run("sysctl -qw net.ipv4.conf.all.proxy_arp=1");
    let (code, _, err) = call("proxy-arp off v0");
    assert_eq!(
        (code, err.as_str()),
        (
            0,
            "warning: `net.ipv4.conf.all.proxy_arp` is on, and with it every interface [switch-of-all]; help: set it to 0: \
             then what each interface says holds\n"
        )
    );
    // A file behind ours holds.
    std::fs::create_dir_all("/etc/sysctl.d").unwrap();
    std::fs::write("/etc/sysctl.d/zzz.conf", "net.ipv4.conf.v0.proxy_arp = 0\n").unwrap();
    assert_eq!(
        call("proxy-arp on v0"),
        (
            1,
            String::new(),
            "error: `net.ipv4.conf.v0.proxy_arp` is `0`, not `1` [switch-not-so]; help: `cleat-sysctl check` shows which \
             line says otherwise\n"
                .into()
        )
    );
    assert_eq!(read("net/ipv4/conf/v0/proxy_arp"), "0");
    // It is written for the link that may come.
    let (code, out, err) = call("proxy-arp on gone0");
    assert_eq!((code, out.as_str()), (0, "net.ipv4.conf.gone0.proxy_arp = 1\n"));
    assert!(
        err.contains(
            "warning: there is no setting `net.ipv4.conf.gone0.proxy_arp` in this kernel now; it holds when there is \
             [switch-absent]\n"
        ),
        "{err}"
    );
    let text = std::fs::read_to_string("/etc/sysctl.d/zz-cleat-proxy-arp.conf").unwrap();
    assert!(text.ends_with("net.ipv4.conf.gone0.proxy_arp = 1\n"), "{text}");
}

/// sysctl.d(5) names no /etc/sysctl.conf; Debian 12's link to it is /etc/sysctl.d/99-sysctl.conf.
#[test]
fn a_sysctl_conf_that_nothing_reads_is_told() {
    let room = netns::enter!(Veth);
    host(&room, "net.ipv4.conf.v0.proxy_arp = 0\n");
    std::fs::write("/etc/sysctl.conf", "# nothing\n").unwrap();
    assert_eq!(call("check").2, "");
    std::fs::write("/etc/sysctl.conf", "net.ipv4.conf.v1.proxy_arp = 0\n").unwrap();
    let told = "warning: /etc/sysctl.conf has settings, and systemd-sysctl does not read it [sysctl-conf-unread]; help: move \
        its lines to a file of /etc/sysctl.d\n";
    assert_eq!(call("check").2, told);
    std::os::unix::fs::symlink("../sysctl.conf", "/etc/sysctl.d/99-sysctl.conf").unwrap();
    assert_eq!(call("check").2, "");
}

/// systemd-sysctl.service(8), "Credentials": sysctl.extra is read after all files.
#[test]
fn the_credential_of_the_unit_is_read_last() {
    let room = netns::enter!(Veth);
    host(&room, "net.ipv4.conf.v0.proxy_arp = 0\n");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("sysctl.extra");
    std::fs::write(&file, "net.ipv4.conf.v0.proxy_arp = 1\n").unwrap();
    let environment = [("CREDENTIALS_DIRECTORY", directory.path().to_str().unwrap())];
    assert_eq!(call_with("apply", &environment), (0, String::new(), String::new()));
    assert_eq!(read("net/ipv4/conf/v0/proxy_arp"), "1");
    let shown = format!(
        "net.ipv4.conf.v0.proxy_arp = 1  # {}:1, over /etc/sysctl.d/50-test.conf:1\n",
        file.display()
    );
    assert_eq!(call_with("show", &environment).1, shown);
}

/// sysctl.d(5): of files of one name that in /etc counts.
#[test]
fn show_names_the_files_that_another_one_hides() {
    let room = netns::enter!(Veth);
    host(&room, "net.ipv4.conf.v0.proxy_arp = 0\n");
    std::fs::create_dir_all("/usr/lib/sysctl.d").unwrap();
    std::fs::write("/usr/lib/sysctl.d/50-test.conf", "net.ipv4.conf.v0.proxy_arp = 1\n").unwrap();
    let shown = "net.ipv4.conf.v0.proxy_arp = 0  # /etc/sysctl.d/50-test.conf:1\n\
        # not read: /usr/lib/sysctl.d/50-test.conf, for /etc/sysctl.d/50-test.conf\n";
    assert_eq!(call("show").1, shown);
    let document: serde_json::Value = serde_json::from_str(&call("show --json").1).unwrap();
    assert_eq!(document["hidden"][0]["file"], "/usr/lib/sysctl.d/50-test.conf");
}

/// sysctl.d(5): a pattern does not hold for what another line names. ip-sysctl: `ip_forward` is `conf/all/forwarding`.
#[test]
fn regress_a_switch_holds_over_a_pattern_and_over_the_other_name() {
    const FILE: &str = "/etc/sysctl.d/50-test.conf";
    let room = netns::enter!(Veth, Inet6);
    host(&room, "net.ipv4.conf.v1.proxy_arp = 0\n");
    let v6 = "net.ipv6.conf.*.disable_ipv6 = 1\n";
    let all = "all default lo v0 v1"
        .split(' ')
        .map(|link| format!("net/ipv6/conf/{link}/disable_ipv6"));
    let one = |key: &str| vec![key.to_owned()];
    let (arp, v4) = ("net.ipv4.conf.*.proxy_arp = 1\n", "net.ipv4.conf.all.forwarding = 1\n");
    for (text, line, opposite, keys) in [
        (v6, "ipv6 on v0", "ipv6 off v0", one("net/ipv6/conf/v0/disable_ipv6")),
        (v6, "ipv6 on", "ipv6 off", all.collect()),
        (
            arp,
            "proxy-arp off v0",
            "proxy-arp on v0",
            one("net/ipv4/conf/v0/proxy_arp"),
        ),
        (v4, "forward off v4", "forward on v4", one("net/ipv4/ip_forward")),
    ] {
        std::fs::write(FILE, text).unwrap();
        // First with the kernel not as the file says, then after a boot.
        for booted in [false, true] {
            if booted {
                assert_eq!(call("apply").0, 0);
            }
            for again in [line, line, "apply", "check"] {
                let (code, _, err) = call(again);
                assert_eq!(code, 0, "{line}, {again}: {err}");
                keys.iter()
                    .for_each(|key| assert_eq!(read(key), "0", "{line}, {again}: {key}"));
            }
            let ours = format!("/etc/sysctl.d/zz-cleat-{}.conf", line.split(' ').next().unwrap());
            let said = std::fs::read_to_string(&ours).unwrap();
            assert!(
                said.contains(&format!("\n{} = 0\n", keys[0].replace('/', "."))),
                "{said}"
            );
            assert_eq!(call(opposite).0, 0);
            keys.iter()
                .for_each(|key| assert_eq!(read(key), "1", "{opposite}: {key}"));
            assert_eq!(std::fs::read_dir("/etc/sysctl.d").unwrap().count(), 1);
            assert_eq!(std::fs::read_to_string(FILE).unwrap(), text);
        }
    }
    std::fs::write(FILE, v6).unwrap();
    assert_eq!(call("ipv6 on gone0").0, 0);
    let said = std::fs::read_to_string("/etc/sysctl.d/zz-cleat-ipv6.conf").unwrap();
    assert!(
        said.ends_with("net.ipv6.conf.gone0.disable_ipv6 = 0\n"),
        "a link that may come: {said}"
    );
}

#[test]
fn a_pattern_is_no_name_of_an_interface() {
    let room = netns::enter!(Veth);
    host(&room, "");
    for line in ["ipv6 off", "ipv6 on", "proxy-arp on"] {
        for name in ["*", "v?", "v[01]", "no:name"] {
            let told = format!("cleat-sysctl: `{name}` cannot be the name of an interface\n");
            assert_eq!(call(&format!("{line} {name}")), (2, String::new(), told));
        }
    }
    assert!(!Path::new("/etc/sysctl.d").exists());
    assert_eq!(read("net/ipv4/conf/v0/proxy_arp"), "0");
}

#[test]
fn regress_show_ends_with_a_fault_and_json_names_the_file() {
    let room = netns::enter!(Veth);
    host(&room, "net.ipv4.conf.v0.proxy_arp = 0\nnonsense\n");
    for line in ["show", "show --json"] {
        assert_eq!(call(line).0, 1, "a line without `=`: {line}");
    }
    std::fs::write("/etc/sysctl.d/50-test.conf", "net.ipv4.conf.v0.proxy_arp = 0\n").unwrap();
    assert_eq!(call("show").0, 0);
    std::fs::create_dir("/etc/sysctl.d/a.conf").unwrap();
    assert_eq!(call("show").0, 1);
    for line in ["show --json", "check --json"] {
        let (code, out, _) = call(line);
        let document: serde_json::Value = serde_json::from_str(&out).unwrap();
        let told = &document["diagnostics"][0];
        assert_eq!((code, &told["code"]), (1, &"unreadable".into()), "{line}");
        assert_eq!(
            (&told["file"], &told["line"]),
            (&"/etc/sysctl.d/a.conf".into(), &serde_json::Value::Null)
        );
    }
}

#[test]
fn regress_a_switch_leaves_a_file_that_is_not_its_own() {
    const OURS: &str = "/etc/sysctl.d/zz-cleat-proxy-arp.conf";
    let room = netns::enter!(Veth);
    host(&room, "net.ipv4.conf.v1.proxy_arp = 0\n");
    std::os::unix::fs::symlink("/dev/null", OURS).unwrap();
    let told =
        format!("cleat-sysctl: {OURS} is a symbolic link, and is not replaced; remove it to have the switch work\n");
    assert_eq!(call("proxy-arp on v0"), (1, String::new(), told));
    assert_eq!(std::fs::read_link(OURS).unwrap(), Path::new("/dev/null"));
    std::fs::remove_file(OURS).unwrap();
    let by_hand = "# mine\nnet.ipv4.conf.v0.proxy_arp = 1\n";
    std::fs::write(OURS, by_hand).unwrap();
    let told = format!(
        "cleat-sysctl: {OURS} was not written by cleat-sysctl, and is not replaced; give it another name to have the \
         switch work\n"
    );
    assert_eq!(call("proxy-arp off v0"), (1, String::new(), told));
    assert_eq!(std::fs::read_to_string(OURS).unwrap(), by_hand);
    assert_eq!(read("net/ipv4/conf/v0/proxy_arp"), "0");
}
