//! A machine in QEMU: what it is made of, started, spoken to, and ended.

use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::json;

use super::agent::Agent;
use super::deadline::{Deadline, waited_for_cpu};
use super::hardware::{self, Cable};
use super::image::Image;
use super::qemu::Qemu;
use super::qmp::Monitor;
use super::scenario::Hardware;
use crate::process;

/// Kernel words that make an emulated boot quicker and change nothing about networks: no mitigations, no modules for
/// what the emulated CPU has not.
pub const QUICK: &str = "mitigations=off nokaslr apparmor=0 audit=0 loglevel=5 \
module_blacklist=aesni_intel,ghash_clmulni_intel,crc32_pclmul,sha512_ssse3,kvm,kvm_intel,kvm_amd,edac_core,intel_rapl_msr,intel_rapl_common";

/// For what QEMU itself does, which takes a second when the host has nothing else to do.
const PATIENCE: Duration = Duration::from_secs(300);

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
    /// Where its disks and logs are: an absolute path.
    pub folder: &'a Path,
    /// Where its sockets are: an absolute path that is short, as those of sockets may have 107 bytes only.
    pub sockets: &'a Path,
    /// What it is made of.
    pub hardware: &'a Hardware,
    /// Which of its NICs are there.
    pub present: Vec<bool>,
    /// Its cables to other machines.
    pub cables: &'a [Cable],
    /// The state of a machine that was stopped before.
    pub incoming: Option<&'a Path>,
}

impl Plan<'_> {
    /// Starts it.
    pub fn start(&self) -> Result<Machine, String> {
        let (agent, monitor) = (self.listen("agent")?, self.listen("qmp")?);
        let mut command = self.qemu.command();
        command.args(["-nodefaults", "-nographic", "-monitor", "none", "-smp", "1"]);
        command.args(if self.qemu.kvm {
            ["-accel", "kvm", "-cpu", "host"]
        } else {
            ["-accel", "tcg,thread=multi", "-cpu", "qemu64"]
        });
        command
            .args(hardware::words(self.hardware, &self.present, self.cables))
            .current_dir(self.folder);
        self.disks(&mut command);
        if let Some(kernel) = &self.image.kernel {
            command
                .arg("-kernel")
                .arg(&kernel.vmlinuz)
                .arg("-initrd")
                .arg(&kernel.initrd);
            let words = &self.hardware.words;
            command.args([
                "-append",
                &format!("root=LABEL=vmroot rw console=ttyS0 {QUICK} {words}"),
            ]);
        }
        command.args(["-serial", "file:serial.log"]);
        let socket = |name: &str| format!("socket,id={name},path={}", self.socket(name).display());
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
        let process = Process::new(child, self.folder.join("qemu.log"));
        // Where QEMU has ended, why it did says more.
        let monitor =
            Monitor::new(process.accept(&monitor)?).map_err(|error| process.alive().err().unwrap_or(error))?;
        let agent = Agent::new(process.accept(&agent)?)?;
        Ok(Machine::new(process, Some(monitor), agent))
    }

    fn socket(&self, name: &str) -> PathBuf {
        self.sockets.join(format!("{name}-{}", self.hardware.name))
    }

    /// Waits on a socket of its own for QEMU to connect.
    fn listen(&self, name: &str) -> Result<UnixListener, String> {
        let path = self.socket(name);
        // That of the same machine before it was switched off.
        let _ = std::fs::remove_file(&path);
        UnixListener::bind(&path).map_err(|error| format!("cannot listen on {}: {error}", path.display()))
    }

    /// The root, the job and the results.
    fn disks(&self, command: &mut Command) {
        let mut disk = |name: &str, file: String, more: &str| {
            command.args([
                "-drive",
                &format!("{file},if=none,id={name}"),
                "-device",
                &format!("virtio-blk-pci,drive={name},serial=vm{name}{more}"),
            ]);
        };
        let image = self.image.disk.display();
        let root = match &self.root {
            Root::Throwaway => format!("file={image},format=raw,snapshot=on"),
            Root::Kept(overlay) => format!("file={},format=qcow2", overlay.display()),
            Root::Resumed(overlay) => format!("file={},format=qcow2,snapshot=on", overlay.display()),
        };
        // A kernel that is booted directly has the first place itself.
        let first = if self.image.kernel.is_none() {
            ",bootindex=0"
        } else {
            ""
        };
        disk("root", root, first);
        disk("job", "file=job.tar,format=raw,readonly=on".to_owned(), "");
        disk("out", "file=out.tar,format=raw".to_owned(), "");
    }
}

/// A folder for sockets, removed at its end.
pub struct Sockets(PathBuf);

impl Sockets {
    /// Makes one.
    pub fn new() -> Result<Self, String> {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("cleat-vm-{}-{number}", std::process::id()));
        // What is there is that of a process which had our number before.
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).map_err(|error| format!("cannot create {}: {error}", path.display()))?;
        Ok(Self(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Sockets {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The running emulator; killed by its id when this is dropped.
pub struct Process {
    child: Mutex<Child>,
    id: u32,
    log: PathBuf,
}

impl Process {
    /// Takes over a child of [`process::start`]; `log` has its last words.
    pub fn new(child: Child, log: PathBuf) -> Self {
        Self {
            id: child.id(),
            child: Mutex::new(child),
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

    /// Whether it still runs and has time left, or what is wrong.
    fn may_go_on(&self, deadline: &Deadline) -> Result<(), String> {
        self.alive()?;
        deadline.left(waited_for_cpu(self.id)).map(drop)
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
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock && start.elapsed() < PATIENCE => {
                    self.alive()?;
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(error) => return Err(failed(error)),
            }
        }
    }

    /// Ends it and all that it started.
    fn end(&mut self) {
        if let Ok(child) = self.child.get_mut() {
            // The group is the child's own: `process::start` made it.
            if matches!(child.try_wait(), Ok(None)) {
                let _ = killpg(Pid::from_raw(child.id().cast_signed()), Signal::SIGKILL);
            }
            let _ = child.wait();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
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

    /// How long it has waited for a CPU of the host.
    pub fn waited(&self) -> Duration {
        waited_for_cpu(self.process.id)
    }

    /// Waits until the agent of a new boot is there.
    pub fn ready(&mut self, deadline: &Deadline) -> Result<(), String> {
        let Self {
            process, agent, boot, ..
        } = self;
        *boot = Some(agent.ready(boot.as_deref(), &|| process.may_go_on(deadline))?);
        Ok(())
    }

    /// Asks the agent for something; gives the exit status.
    pub fn ask(&mut self, request: &str, deadline: &Deadline) -> Result<i32, String> {
        let Self { process, agent, .. } = self;
        agent.ask(request, &|| process.may_go_on(deadline))
    }

    /// Asks the agent for something that it will not answer.
    pub fn tell(&mut self, request: &str) -> Result<(), String> {
        self.agent.tell(request)
    }

    /// Resets it as a power cut does.
    pub fn power_cut(&mut self) -> Result<(), String> {
        self.monitor()?.execute("system_reset", json!({})).map(drop)
    }

    /// Ends it as it is.
    pub fn kill(&mut self) {
        self.process.end();
    }

    /// Asks it to power off, and waits until QEMU has ended: at that.
    pub fn power_off(&mut self, deadline: &Deadline) -> Result<(), String> {
        self.tell("poweroff")?;
        while self.process.alive().is_ok() {
            self.process.may_go_on(deadline)?;
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Plugs in a NIC whose words are those of [`hardware::device`].
    pub fn plug(&mut self, device: &str) -> Result<(), String> {
        // The monitor for people takes the words as the command line does; what it says is what is wrong.
        let line = format!("device_add {device}");
        let said = self
            .monitor()?
            .execute("human-monitor-command", json!({ "command-line": line }))?;
        match said.as_str().map(str::trim) {
            None | Some("") => Ok(()),
            Some(said) => Err(format!("{line}: {said}")),
        }
    }

    /// Takes NIC number `index` out: the guest is asked, as on a real slot, and does it on its own time. Waits for that.
    pub fn unplug(&mut self, index: usize, deadline: &Deadline) -> Result<(), String> {
        let id = format!("nic{index}");
        self.monitor()?.execute("device_del", json!({ "id": id }))?;
        loop {
            let there = self
                .monitor()?
                .execute("qom-list", json!({ "path": "/machine/peripheral" }))?;
            let names = there.as_array().map(Vec::as_slice).unwrap_or_default();
            if !names.iter().any(|entry| entry["name"] == id.as_str()) {
                return Ok(());
            }
            self.process
                .may_go_on(deadline)
                .map_err(|error| format!("the machine keeps {id}: {error}"))?;
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Takes or brings the carrier of NIC number `index`.
    pub fn cable(&mut self, index: usize, plugged: bool) -> Result<(), String> {
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
            .wait_for_status("query-migrate", "completed", PATIENCE)?;
        self.monitor()?.execute("quit", json!({}))?;
        let start = Instant::now();
        while self.process.alive().is_ok() {
            if start.elapsed() > PATIENCE {
                return Err("QEMU did not end after its state was written".to_owned());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Waits until a machine that was started from a state has it, and lets it run on.
    pub fn resume(&mut self) -> Result<(), String> {
        // It was stopped when its state was written.
        self.monitor()?.wait_for_status("query-status", "paused", PATIENCE)?;
        self.monitor()?.execute("cont", json!({})).map(drop)
    }
}
