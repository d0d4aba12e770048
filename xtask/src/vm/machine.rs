//! A machine in QEMU: what it is made of, started, spoken to, and ended.

use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::json;

use super::agent::Agent;
use super::image::Image;
use super::qemu::Qemu;
use super::qmp::Monitor;
use super::scenario::Nic;
use crate::process;

/// Kernel words that make an emulated boot quicker and change nothing about networks: no mitigations, no modules for
/// what the emulated CPU has not.
const QUICK: &str = "mitigations=off nokaslr apparmor=0 audit=0 loglevel=5 \
module_blacklist=aesni_intel,ghash_clmulni_intel,crc32_pclmul,sha512_ssse3,kvm,kvm_intel,kvm_amd,edac_core,intel_rapl_msr,intel_rapl_common";

/// Units of the distribution that have no part in a test.
pub const MASKED: [&str; 13] = [
    "systemd-logind.service",
    "dbus.service",
    "dbus.socket",
    "getty.target",
    "systemd-update-utmp.service",
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "systemd-tmpfiles-clean.timer",
    "systemd-user-sessions.service",
];

/// What a machine's root disk is.
#[derive(Debug, Clone)]
pub enum Root {
    /// The image; what is written is thrown away at the end.
    Throwaway,
    /// An overlay that keeps what is written.
    Kept(PathBuf),
    /// An overlay that is only read; what is written is thrown away.
    Resumed(PathBuf),
}

/// A machine to start.
pub struct Plan<'a> {
    /// The emulator.
    pub qemu: &'a Qemu,
    /// What it boots.
    pub image: &'a Image,
    /// What its root disk is.
    pub root: Root,
    /// Where its sockets and logs are: an absolute path.
    pub folder: &'a Path,
    /// Its NICs.
    pub nics: &'a [Nic],
    /// Further kernel words.
    pub words: &'a str,
    /// Memory in MiB.
    pub memory: u32,
    /// The state of a machine that was stopped before.
    pub incoming: Option<&'a Path>,
}

impl Plan<'_> {
    /// The options that a machine and the snapshot it resumes must have in common.
    pub fn hardware(&self) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        let mut add = |name: &str, value: String| words.extend([name.to_owned(), value]);
        add("-machine", "q35".to_owned());
        if self.qemu.kvm {
            add("-accel", "kvm".to_owned());
            add("-cpu", "host".to_owned());
        } else {
            add("-accel", "tcg,thread=multi".to_owned());
            add("-cpu", "qemu64".to_owned());
        }
        add("-smp", "1".to_owned());
        add("-m", self.memory.to_string());
        let wires = wires(self.nics);
        for (index, (nic, wire)) in self.nics.iter().zip(&wires).enumerate() {
            // A port each: only there NICs can come and go.
            add(
                "-device",
                format!("pcie-root-port,id=port{index},chassis={index},slot={index}"),
            );
            add("-netdev", format!("hubport,id=net{index},hubid={wire}"));
            if !nic.late {
                add(
                    "-device",
                    format!(
                        "{},{}",
                        DRIVER,
                        device(nic, index)
                            .iter()
                            .map(|(key, value)| format!("{key}={value}"))
                            .collect::<Vec<_>>()
                            .join(",")
                    ),
                );
            }
        }
        let mut ends: Vec<usize> = wires.clone();
        ends.sort_unstable();
        ends.dedup();
        for wire in ends {
            // A hub with one port never takes a packet: a second one that leads nowhere.
            add("-netdev", format!("hubport,id=sink{wire},hubid={wire}"));
        }
        words
    }

    /// Starts it.
    pub fn start(&self) -> Result<Machine, String> {
        // The sockets' paths may have 107 bytes only; the scenario's folder may lie deep.
        let sockets = tempdir()?;
        let listen = |name: &str| {
            UnixListener::bind(sockets.join(name))
                .map_err(|error| format!("cannot listen in {}: {error}", sockets.display()))
        };
        let (agent, monitor) = (listen("agent")?, listen("qmp")?);
        let mut command = self.qemu.command();
        command
            .args(["-nodefaults", "-nographic", "-monitor", "none"])
            .args(self.hardware());
        command.current_dir(self.folder);
        let mut disk = |name: &str, file: String| {
            command.args([
                "-drive",
                &format!("{file},if=none,id={name}"),
                "-device",
                &format!("virtio-blk-pci,drive={name},serial=vm{name}"),
            ]);
        };
        let image = self.image.disk.display();
        disk(
            "root",
            match &self.root {
                Root::Throwaway => format!("file={image},format=raw,snapshot=on"),
                Root::Kept(overlay) => format!("file={},format=qcow2", overlay.display()),
                Root::Resumed(overlay) => format!("file={},format=qcow2,snapshot=on", overlay.display()),
            },
        );
        disk("job", "file=job.tar,format=raw,readonly=on".to_owned());
        disk("out", "file=out.tar,format=raw".to_owned());
        if let Some(kernel) = &self.image.kernel {
            let masks: String = MASKED.iter().map(|unit| format!(" systemd.mask={unit}")).collect();
            command
                .arg("-kernel")
                .arg(&kernel.vmlinuz)
                .arg("-initrd")
                .arg(&kernel.initrd);
            command.args([
                "-append",
                &format!("root=LABEL=vmroot rw console=ttyS0 {QUICK}{masks} {}", self.words),
            ]);
        }
        command.args(["-serial", "file:serial.log"]);
        let socket = |name: &str| format!("socket,id={name},path={}", sockets.join(name).display());
        command.args(["-chardev", &socket("agent"), "-serial", "chardev:agent"]);
        command.args(["-chardev", &socket("qmp"), "-mon", "chardev=qmp,mode=control"]);
        if let Some(state) = self.incoming {
            command.args([
                "-incoming",
                &format!("exec:cat {}", crate::uml::quoted(state.as_os_str())),
            ]);
        }
        let log = process::output_file(&self.folder.join("qemu.log"))?;
        let errors = log
            .try_clone()
            .map_err(|error| format!("cannot duplicate a file: {error}"))?;
        let child = process::start(command.stdout(log).stderr(errors))?;
        let process = Process::new(child, Some(sockets.clone()), self.folder.join("qemu.log"));
        let monitor = Monitor::new(process.accept(&monitor)?)?;
        let agent = Agent::new(process.accept(&agent)?)?;
        Ok(Machine::new(process, Some(monitor), agent))
    }
}

const DRIVER: &str = "virtio-net-pci";

/// A NIC's properties. Speed and duplex are those that LACP needs to have: without them it never negotiates.
fn device(nic: &Nic, index: usize) -> Vec<(&'static str, String)> {
    vec![
        ("id", format!("nic{index}")),
        ("netdev", format!("net{index}")),
        ("mac", nic.mac.clone()),
        ("bus", format!("port{index}")),
        ("speed", "10000".to_owned()),
        ("duplex", "full".to_owned()),
    ]
}

/// The number of each NIC's hub.
pub fn wires(nics: &[Nic]) -> Vec<usize> {
    let mut names: Vec<String> = Vec::new();
    nics.iter()
        .map(|nic| {
            let name = nic.wire.clone().unwrap_or_else(|| format!("of {}", nic.name));
            names.iter().position(|known| *known == name).unwrap_or_else(|| {
                names.push(name);
                names.len() - 1
            })
        })
        .collect()
}

fn tempdir() -> Result<PathBuf, String> {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!(
        "cleat-vm-{}-{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    );
    let path = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&path).map_err(|error| format!("cannot create {}: {error}", path.display()))?;
    Ok(path)
}

/// The running emulator; killed by its id when this is dropped.
pub struct Process {
    child: Mutex<Child>,
    sockets: Option<PathBuf>,
    log: PathBuf,
}

impl Process {
    /// Takes over a child of [`process::start`]; `sockets` is removed at its end, `log` has its last words.
    pub fn new(child: Child, sockets: Option<PathBuf>, log: PathBuf) -> Self {
        Self {
            child: Mutex::new(child),
            sockets,
            log,
        }
    }

    /// Whether it still runs, or how it ended.
    fn alive(&self) -> Result<(), String> {
        let mut child = self.child.lock().map_err(|_| "another thread has failed".to_owned())?;
        match child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => {
                let said = std::fs::read(&self.log).unwrap_or_default();
                Err(format!(
                    "the machine ended ({status}): {}",
                    String::from_utf8_lossy(&said).trim()
                ))
            }
            Err(error) => Err(format!("cannot look at QEMU: {error}")),
        }
    }

    fn accept(&self, listener: &UnixListener) -> Result<std::os::unix::net::UnixStream, String> {
        let failed = |error| format!("QEMU did not connect: {error}");
        listener.set_nonblocking(true).map_err(failed)?;
        let start = Instant::now();
        loop {
            match listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false).map_err(failed)?;
                    return Ok(stream);
                }
                Err(error)
                    if error.kind() == std::io::ErrorKind::WouldBlock && start.elapsed() < Duration::from_secs(60) =>
                {
                    self.alive()?;
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(error) => return Err(failed(error)),
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Ok(child) = self.child.get_mut() {
            // The group is the child's own: `process::start` made it.
            if matches!(child.try_wait(), Ok(None)) {
                let _ = killpg(Pid::from_raw(child.id().cast_signed()), Signal::SIGKILL);
            }
            let _ = child.wait();
        }
        if let Some(sockets) = &self.sockets {
            let _ = std::fs::remove_dir_all(sockets);
        }
    }
}

/// A machine that runs.
pub struct Machine {
    process: Process,
    /// QEMU's; user-mode Linux has none.
    monitor: Option<Monitor>,
    agent: Agent,
    /// The id of the boot that the agent last told.
    boot: Option<String>,
}

impl Machine {
    /// A machine that was just started.
    pub fn new(process: Process, monitor: Option<Monitor>, agent: Agent) -> Self {
        Self {
            process,
            monitor,
            agent,
            boot: None,
        }
    }

    fn monitor(&mut self) -> Result<&mut Monitor, String> {
        self.monitor
            .as_mut()
            .ok_or_else(|| "this engine has no monitor".to_owned())
    }

    /// Waits until the agent of a new boot is there.
    pub fn ready(&mut self, limit: Duration) -> Result<(), String> {
        let Self {
            process, agent, boot, ..
        } = self;
        *boot = Some(agent.ready(boot.as_deref(), limit, &|| process.alive())?);
        Ok(())
    }

    /// Asks the agent for something; gives the exit status.
    pub fn ask(&mut self, request: &str, limit: Duration) -> Result<i32, String> {
        let Self { process, agent, .. } = self;
        agent.ask(request, limit, &|| process.alive())
    }

    /// Asks the agent for something that it will not answer.
    pub fn tell(&mut self, request: &str) -> Result<(), String> {
        self.agent.tell(request)
    }

    /// Resets it as a power cut does.
    pub fn power_cut(&mut self) -> Result<(), String> {
        self.monitor()?.execute("system_reset", json!({})).map(drop)
    }

    /// Plugs a NIC in.
    pub fn plug(&mut self, nics: &[Nic], name: &str) -> Result<(), String> {
        let (index, nic) = find_nic(nics, name)?;
        let mut properties: serde_json::Map<String, serde_json::Value> = device(nic, index)
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value.into()))
            .collect();
        properties.insert("driver".to_owned(), DRIVER.into());
        properties.insert("speed".to_owned(), 10000.into());
        self.monitor()?.execute("device_add", properties.into()).map(drop)
    }

    /// Takes a NIC out: the guest is asked, as on a real slot, and does it on its own time.
    pub fn unplug(&mut self, nics: &[Nic], name: &str) -> Result<(), String> {
        let (index, _) = find_nic(nics, name)?;
        self.monitor()?
            .execute("device_del", json!({ "id": format!("nic{index}") }))
            .map(drop)
    }

    /// Takes or brings a NIC's carrier.
    pub fn cable(&mut self, nics: &[Nic], name: &str, plugged: bool) -> Result<(), String> {
        let (index, _) = find_nic(nics, name)?;
        self.monitor()?
            .execute("set_link", json!({ "name": format!("nic{index}"), "up": plugged }))
            .map(drop)
    }

    /// Stops it and writes its state to a file; it does not run on.
    pub fn freeze(&mut self, state: &Path) -> Result<(), String> {
        self.monitor()?.execute("stop", json!({}))?;
        let to = format!("exec:cat > {}", crate::uml::quoted(state.as_os_str()));
        self.monitor()?.execute("migrate", json!({ "uri": to }))?;
        self.monitor()?
            .wait_for_status("query-migrate", "completed", Duration::from_secs(120))?;
        self.monitor()?.execute("quit", json!({}))?;
        let start = Instant::now();
        while self.process.alive().is_ok() {
            if start.elapsed() > Duration::from_secs(60) {
                return Err("QEMU did not end after its state was written".to_owned());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Waits until a machine that was started from a state has it, and lets it run on.
    pub fn resume(&mut self) -> Result<(), String> {
        // It was stopped when its state was written.
        self.monitor()?
            .wait_for_status("query-status", "paused", Duration::from_secs(120))?;
        self.monitor()?.execute("cont", json!({})).map(drop)
    }
}

fn find_nic<'a>(nics: &'a [Nic], name: &str) -> Result<(usize, &'a Nic), String> {
    nics.iter()
        .enumerate()
        .find(|(_, nic)| nic.name == name)
        .ok_or_else(|| format!("the machine has no NIC {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nics_of_one_wire_share_a_hub_and_the_others_have_their_own() {
        let nic = |name: &str, wire: Option<&str>| Nic {
            name: name.to_owned(),
            mac: String::new(),
            wire: wire.map(str::to_owned),
            late: false,
        };
        assert_eq!(
            wires(&[nic("a", Some("x")), nic("b", None), nic("c", Some("x")), nic("d", None)]),
            [0, 1, 0, 2]
        );
    }
}
