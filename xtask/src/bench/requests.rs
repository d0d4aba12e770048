//! How many netlink requests our `ifup -a` sends for each port of a VLAN-aware bridge.
//!
//! Counted from outside, by strace. Needs VLAN filtering: where this kernel lacks it, in user-mode Linux.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use crate::uml::{self, Job, quoted};

use super::rooms;
use super::tools::Ours;

/// Requests for each further port.
pub struct Requests {
    /// All of them: port up, enslaved, its flags, its VLANs.
    pub all: f64,
    /// Those that `bridge-vids 2-4094` adds to the same bridge without it.
    pub for_vids: f64,
}

const FEW: usize = 2;
const MANY: usize = 6;

/// Counts, here or in user-mode Linux.
///
/// *Errors*: a text that says what could not be done.
pub fn count(ours: &Ours, scratch: &Path) -> Result<Requests, String> {
    let lacking = rooms::inside(|_| Ok(cleat_netns::lacking(cleat_netns::Kind::VlanFiltering)))?;
    let ifup = ours.command("ifup");
    let result = if lacking.is_none() {
        count_here(&ifup, scratch)?
    } else {
        count_in_uml(&ifup, scratch)?
    };
    let requests = |what: &str, ports: &str| {
        result[what][ports]
            .as_f64()
            .ok_or_else(|| format!("no count: {result}"))
    };
    // Two runs with different numbers of ports: what does not depend on the ports drops out.
    let a_port = |what: &str| {
        #[expect(clippy::cast_precision_loss, reason = "a handful of ports")]
        let ports = (MANY - FEW) as f64;
        Ok::<f64, String>((requests(what, "many")? - requests(what, "few")?) / ports)
    };
    let all = a_port("vids")?;
    Ok(Requests {
        all,
        for_vids: all - a_port("plain")?,
    })
}

fn count_in_uml(ifup: &str, scratch: &Path) -> Result<Value, String> {
    uml::available()?;
    let scratch = scratch.join("uml");
    std::fs::create_dir_all(&scratch).map_err(|error| format!("cannot create {}: {error}", scratch.display()))?;
    let ourselves = std::env::current_exe().map_err(|error| format!("cannot find xtask: {error}"))?;
    let script = format!(
        "exec {} bench-requests {} {}\n",
        quoted(ourselves.as_os_str()),
        quoted(ifup.as_ref()),
        quoted(scratch.as_os_str())
    );
    let job = Job {
        script: &script,
        directory: Path::new("/"),
        scratch: &scratch,
        memory_mib: 512,
        limit: Duration::from_secs(300),
    };
    let mut said = Vec::new();
    let end = uml::run(&job, &mut said)?;
    let said = String::from_utf8_lossy(&said);
    let last = said.lines().last().unwrap_or_default();
    serde_json::from_str(last).map_err(|_| format!("in user-mode Linux ({end:?}): {}", said.trim()))
}

/// `xtask bench-requests IFUP SCRATCH`: the counting itself, for a run within user-mode Linux.
pub fn main(mut args: lexopt::Parser) -> Result<ExitCode, String> {
    let mut word = || {
        args.value()
            .and_then(lexopt::ValueExt::string)
            .map_err(|error| error.to_string())
    };
    let (ifup, scratch) = (word()?, word()?);
    println!("{}", count_here(&ifup, Path::new(&scratch))?);
    Ok(ExitCode::SUCCESS)
}

fn count_here(ifup: &str, scratch: &Path) -> Result<Value, String> {
    let one = |ports: usize, vids: &str| {
        rooms::inside(|_| {
            rooms::write_interfaces(&bridge(ports, vids))?;
            for n in 1..=ports {
                cleat_netns::try_run(&format!("ip link add nic{n} type veth peer name far{n}"))?;
            }
            let trace = scratch.join("strace");
            cleat_netns::try_run(&format!(
                "strace -f -v -s 1000000 -e trace=sendto,sendmsg,sendmmsg -o {} {ifup} -a",
                trace.display()
            ))?;
            let vlans = cleat_netns::bridge_json(&["-compressvlans", "vlan", "show", "dev", &format!("nic{ports}")]);
            if vlans.to_string().contains("4094") == vids.is_empty() {
                return Err(format!("the port's VLANs are not those asked for: {vlans}"));
            }
            let text = std::fs::read(&trace).map_err(|error| format!("cannot read {}: {error}", trace.display()))?;
            Ok(changes(&String::from_utf8_lossy(&text)))
        })
    };
    let both = |vids: &str| Ok::<Value, String>(json!({ "few": one(FEW, vids)?, "many": one(MANY, vids)? }));
    Ok(json!({ "plain": both("")?, "vids": both("    bridge-vids 2-4094\n")? }))
}

/// A VLAN-aware bridge over stand-in NICs.
fn bridge(ports: usize, vids: &str) -> String {
    let mut text = String::from("auto lo\niface lo inet loopback\n");
    let mut names = String::new();
    for n in 1..=ports {
        // Writing to a String cannot fail, here and below.
        let _ = write!(text, "\niface nic{n} inet manual\n");
        let _ = write!(names, " nic{n}");
    }
    let _ = write!(
        text,
        "\nauto br0\niface br0 inet manual\n    bridge-ports{names}\n    bridge-stp off\n    bridge-fd 0\n    \
         bridge-vlan-aware yes\n{vids}"
    );
    text
}

/// The netlink requests in strace's output that change something: every message of every datagram counts.
fn changes(trace: &str) -> usize {
    ["NEW", "SET", "DEL"]
        .iter()
        .map(|verb| trace.matches(&format!("nlmsg_type=RTM_{verb}")).count())
        .sum()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    // Lines as strace 6.1 printed them for `ip link set lo up` (shortened).
    #[test]
    fn only_requests_that_change_something_are_counted() {
        let trace = "\
            sendto(3, [{nlmsg_len=40, nlmsg_type=RTM_GETLINK, nlmsg_flags=NLM_F_REQUEST}, {}], 40, 0, NULL, 0) = 40\n\
            sendmsg(3, {msg_iov=[{iov_base=[{nlmsg_len=32, nlmsg_type=RTM_NEWLINK, nlmsg_flags=NLM_F_REQUEST}, {}], \
            iov_len=32}]}, 0) = 32\n\
            sendto(3, [[{nlmsg_len=32, nlmsg_type=RTM_SETLINK}, {}], [{nlmsg_len=32, nlmsg_type=RTM_DELLINK}, {}]], 64)\n";
        assert_eq!(changes(trace), 3);
    }

    // An `ifup` made of iproute2's commands, which is the second witness of the count.
    #[test]
    fn a_known_number_of_requests_a_port_is_counted_as_such() {
        let _room = cleat_netns::enter!(Veth, VlanFiltering);
        let scratch = std::env::temp_dir().join(format!("cleat-requests-{}", std::process::id()));
        std::fs::create_dir(&scratch).expect("a scratch directory");
        let ifup = scratch.join("ifup");
        let script = "#!/bin/sh\nset -eu\nip link add br0 type bridge vlan_filtering 1\n\
                      for port in $(sed -n 's/ *bridge-ports//p' /etc/network/interfaces); do\n\
                      ip link set \"$port\" master br0\n\
                      if grep -q bridge-vids /etc/network/interfaces; then bridge vlan add dev \"$port\" vid 2-4094; fi\n\
                      done\n";
        std::fs::write(&ifup, script).expect("a script");
        std::fs::set_permissions(&ifup, std::fs::Permissions::from_mode(0o755)).expect("an executable script");
        let counts = count_here(&ifup.to_string_lossy(), &scratch).expect("a count");
        std::fs::remove_dir_all(&scratch).expect("the scratch directory is there");
        let difference = |what: &str| counts[what]["many"].as_u64().unwrap() - counts[what]["few"].as_u64().unwrap();
        // `ip` adds questions of its own to each command, the same in both; `bridge vlan add` is one request.
        assert_eq!(
            difference("vids") - difference("plain"),
            (MANY - FEW) as u64,
            "{counts}"
        );
    }
}
