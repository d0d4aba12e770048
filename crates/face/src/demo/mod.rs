//! `cleat demo`: a tour in a network of its own. The host's network is never touched.

mod kinds;
mod ping;
mod room;

use super::options::Options;
use super::{End, check, complain, graph, plan, print};
use cleat_ifupdown::run;
use cleat_kernel::Host;
use cleat_root::{Durability, Root, paths};
use nix::errno::Errno;
use ping::{Count, Ping};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// The spec's default bridge, as it stands in examples/.
const DEFAULT_BRIDGE: &str = include_str!("../../../../examples/default-bridge.interfaces");
/// What is added to it, at the end of the stanza of vmbr0, and behind it.
const ADDED: &str = "        address 192.168.20.2/24
        bridge-ageing 600

auto vmbr1
iface vmbr1 inet static
        address 10.10.10.1/24
        bridge-ports none
        bridge-stp off
        bridge-fd 0
";
/// The configuration without the bridge.
const WITHOUT_BRIDGE: &str = "auto lo
iface lo inet loopback

auto eno1
iface eno1 inet manual
";
/// Echo requests of one ping, one every 20 ms.
const PINGS: u32 = 150;
/// How long the pings run before the reload.
const HEAD_START: Duration = Duration::from_millis(800);

/// Runs the tour. It ends early, with [`End::Fault`], where something does not do what it should.
pub fn run(options: &Options) -> End {
    let missing = room::missing_programs(&["ip", "ping"]);
    if !missing.is_empty() {
        complain(&format!(
            "the demo needs the programs {} (Debian packages iproute2 and iputils-ping)\n",
            missing.join(" and ")
        ));
        return End::Fault;
    }
    if let Err(text) = room::enter() {
        complain(&format!("the demo needs a network of its own: {text}\n"));
        return End::Fault;
    }
    let tour = Tour {
        options: options.clone(),
        color: options.page().color,
        paced: std::io::stdout().is_terminal(),
    };
    match tour.walk() {
        Ok(0) => End::Well,
        Ok(_) => End::Fault,
        Err(text) => {
            complain(&format!("the demo stopped: {text}\n"));
            End::Fault
        }
    }
}

struct Tour {
    options: Options,
    color: bool,
    paced: bool,
}

impl Tour {
    /// Gives the number of lost packets.
    fn walk(&self) -> Result<u32, String> {
        print("A network of its own: what follows happens in namespaces that vanish at the end.\n");
        print("The host's network is not touched.\n");
        self.kernel()?;

        self.head("A staged file: the default bridge of the Proxmox VE manual");
        room::plug()?;
        stage(DEFAULT_BRIDGE)?;
        self.show_file(DEFAULT_BRIDGE, "");
        self.command("cleat check --online interfaces.new");
        self.must(check::run(&self.on_staged()))?;
        self.command("cleat plan --from interfaces.new");
        self.must(plan::run(&self.on_staged()))?;

        self.head("It becomes the configuration, and the network comes up");
        commit()?;
        self.ours(&["ifup", "-a"])?;
        room::start_guest()?;
        self.say("A guest starts: its port tap100i0 is plugged into vmbr0, as a hypervisor does it.\n");
        reach("192.168.10.2")?;
        reach("192.168.10.1")?;
        self.command("cleat graph");
        self.must(graph::run(&self.options))?;

        let lost = self.reload_under_load()?;
        self.refuse_to_cut_off()?;
        self.head("That was all");
        self.say("The namespaces vanish now, and with them every link, address and file of this tour.\n");
        Ok(lost)
    }

    fn kernel(&self) -> Result<(), String> {
        let mut kernel = Host::open().map_err(|error| error.to_string())?;
        let (mut has, mut lacks) = (Vec::new(), Vec::new());
        for kinds::Ability { name, lacking } in kinds::probe(&mut kernel) {
            match lacking {
                None => has.push(name.to_owned()),
                // "Operation not supported" is what a kernel says that was built without it, or lacks the module.
                Some(error) if error.errno == Errno::EOPNOTSUPP as i32 => lacks.push(name.to_owned()),
                Some(error) => lacks.push(format!("{name} ({error})")),
            }
        }
        self.head("What the running kernel can make");
        let lacks = match lacks.is_empty() {
            true => "It lacks nothing that a configuration can ask for.".to_owned(),
            false => format!(
                "It lacks: {}\nThe tour does without; where a configuration asks for them, ifup says so.",
                lacks.join(", ")
            ),
        };
        self.say(&format!("It has:   {}\n{lacks}\n", has.join(", ")));
        Ok(())
    }

    fn reload_under_load(&self) -> Result<u32, String> {
        self.head("The file changes while the guest talks");
        let changed = format!("{DEFAULT_BRIDGE}{ADDED}");
        stage(&changed)?;
        self.show_file(ADDED, "+");
        self.command("cleat plan --from interfaces.new");
        self.must(plan::run(&self.on_staged()))?;
        commit()?;
        self.say("The guest pings the host and the gateway behind it, 50 times a second, all the while.\n");
        let pings = [Ping::start("192.168.10.2", PINGS)?, Ping::start("192.168.10.1", PINGS)?];
        std::thread::sleep(HEAD_START);
        self.ours(&["ifreload", "-a"])?;
        let mut lost = 0;
        let mut tally = String::new();
        for (name, ping) in ["host", "gateway"].into_iter().zip(pings) {
            let count = ping.finish()?;
            let Count { sent, answered } = count;
            tally += &format!(
                "guest to {name}: {sent} sent, {answered} answered, {} lost\n",
                count.lost()
            );
            lost += count.lost();
        }
        self.say(&format!("{tally}lost packets: {lost}\n"));
        self.command("cleat graph");
        self.must(graph::run(&self.options))?;
        self.say("Again, with nothing changed:\n");
        self.command("cleat plan");
        self.must(plan::run(&self.options))?;
        Ok(lost)
    }

    fn refuse_to_cut_off(&self) -> Result<(), String> {
        self.head("A file that would cut the guest off");
        stage(WITHOUT_BRIDGE)?;
        commit()?;
        self.say("The stanzas of the bridges are gone from the file; the guest is still plugged in.\n");
        self.command("ifreload -a");
        if self.succeeds(&["ifreload", "-a"]) {
            return Err("the reload took the bridge away from under the guest".to_owned());
        }
        reach("192.168.10.2")?;
        self.say("The bridge stays, and the guest still reaches the host.\n");
        Ok(())
    }

    /// Runs one of our commands as the program of that name would, and insists that it succeeds.
    fn ours(&self, words: &[&str]) -> Result<(), String> {
        self.command(&words.join(" "));
        match self.succeeds(words) {
            true => Ok(()),
            false => Err(format!("`{}` failed", words.join(" "))),
        }
    }

    fn succeeds(&self, words: &[&str]) -> bool {
        run::main(words.iter().map(Into::into)) == ExitCode::SUCCESS
    }

    fn must(&self, end: End) -> Result<(), String> {
        match end {
            End::Well => Ok(()),
            _ => Err("the command above failed".to_owned()),
        }
    }

    fn on_staged(&self) -> Options {
        Options {
            file: Some(PathBuf::from(paths::INTERFACES_NEW)),
            online: true,
            ..self.options.clone()
        }
    }

    fn head(&self, text: &str) {
        self.pause(600);
        let (on, off) = if self.color {
            ("\x1b[1;36m", "\x1b[0m")
        } else {
            ("", "")
        };
        print(&format!("\n{on}== {text}{off}\n"));
    }

    fn command(&self, text: &str) {
        self.pause(300);
        let (on, off) = if self.color { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
        print(&format!("\n{on}# {text}{off}\n"));
    }

    fn say(&self, text: &str) {
        print(&format!("\n{text}"));
    }

    fn show_file(&self, text: &str, mark: &str) {
        print("\n");
        for line in text.lines() {
            print(format!("  {mark}{line}").trim_end());
            print("\n");
        }
    }

    /// On a terminal, time to read.
    fn pause(&self, milliseconds: u64) {
        if self.paced {
            std::thread::sleep(Duration::from_millis(milliseconds));
        }
    }
}

fn stage(text: &str) -> Result<(), String> {
    Root::real()
        .write_atomic(paths::INTERFACES_NEW, text.as_bytes(), Durability::Volatile)
        .map_err(|error| error.to_string())
}

/// The staged file becomes the configuration.
fn commit() -> Result<(), String> {
    std::fs::rename(paths::INTERFACES_NEW, paths::INTERFACES).map_err(|error| {
        format!(
            "cannot move {} to {}: {error}",
            paths::INTERFACES_NEW,
            paths::INTERFACES
        )
    })
}

/// The guest gets an answer; also what fills its neighbour table, so that only the reload is measured later.
fn reach(to: &'static str) -> Result<(), String> {
    match Ping::start(to, 3)?.finish()? {
        Count { answered: 0, .. } => Err(format!("the guest does not reach {to}")),
        _ => Ok(()),
    }
}
