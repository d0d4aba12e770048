//! Whether the host's KVM really runs a kernel: where /dev/kvm is there, one may still hang in its first instructions.

use std::path::Path;
use std::time::{Duration, Instant};

use super::image::Kernel;
use super::machine::QUICK;
use super::qemu::Qemu;
use crate::process;

/// With KVM a kernel is at its initramfs in 2 s.
const LIMIT: Duration = Duration::from_secs(60);
/// What Linux says when it has got there; `unpacking` and all before it are done.
const BOOTED: &str = "Run /init as init process";

/// Boots a kernel with KVM up to its initramfs; what comes after is not waited for.
///
/// *Errors*: why it cannot be used.
pub fn probe(qemu: &Qemu, kernel: &Kernel, folder: &Path) -> Result<(), String> {
    let serial = folder.join("kvm-probe.log");
    let _ = std::fs::remove_file(&serial);
    let errors = folder.join("kvm-probe.err");
    let mut command = qemu.command();
    command
        .args(["-machine", "q35,accel=kvm", "-cpu", "host", "-m", "512"])
        .args(["-nodefaults", "-nographic", "-monitor", "none", "-no-reboot", "-serial"])
        .arg(format!("file:{}", serial.display()))
        .arg("-kernel")
        .arg(&kernel.vmlinuz)
        .arg("-initrd")
        .arg(&kernel.initrd)
        .args(["-append", &format!("console=ttyS0 panic=-1 {QUICK} loglevel=7")])
        .stderr(process::output_file(&errors)?);
    let mut child = process::start(&mut command)?;
    let start = Instant::now();
    let booted = || std::fs::read(&serial).is_ok_and(|text| String::from_utf8_lossy(&text).contains(BOOTED));
    loop {
        if booted() {
            break end(&mut child).map(drop);
        }
        if let Ok(Some(status)) = child.try_wait() {
            let said = std::fs::read(&errors).unwrap_or_default();
            break Err(format!("{status}: {}", String::from_utf8_lossy(&said).trim()));
        }
        if start.elapsed() > LIMIT {
            end(&mut child)?;
            break Err(format!(
                "a kernel does not come to its initramfs within {} s",
                LIMIT.as_secs()
            ));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Kills the emulator, and waits for its end.
fn end(child: &mut std::process::Child) -> Result<process::End, String> {
    process::wait_limited(child, Duration::ZERO)
}
