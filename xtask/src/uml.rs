//! User-mode Linux: a kernel with every link kind, run as a process on this machine's own files.
//!
//! Debian's package `user-mode-linux` brings the kernel and its modules. The root is the host's tree through hostfs,
//! read-only; `/run`, `/dev/shm` and the kernel's own file systems are fresh; one scratch directory is writable at
//! the same path as outside. Modules are loaded by the kernel itself as they are asked for.
//!
//! Measured on 2 cores: 4 s from start to power-off for an empty job, 1.2 s of it CPU time.

mod xstate;

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use crate::packages::{self, Consent};
use crate::process::{self, End};
use crate::tree;

/// Where the package puts the kernel.
pub const KERNEL: &str = "/usr/bin/linux.uml";
const MODULES: &str = "/usr/lib/uml/modules";
/// How long a machine may take to switch itself off when the job is done. One in some thousand never ends: the kernel says
/// `reboot: Power down` and its process goes on.
const POWER_OFF: Duration = Duration::from_secs(60);

/// What to run in the kernel.
pub struct Job<'a> {
    /// A script for /bin/sh.
    pub script: &'a str,
    /// The directory it starts in.
    pub directory: &'a Path,
    /// Writable inside, at the same path; empty at the start but for what the caller put there.
    pub scratch: &'a Path,
    /// Memory of the machine, in MiB.
    pub memory_mib: u32,
    /// From start to power-off.
    pub limit: Duration,
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobEnd {
    /// The script's exit status as the shell gives it: 128 and more for a signal.
    Status(u8),
    /// The machine ran over the limit and was killed.
    Overran(Duration),
}

/// Whether this machine can run user-mode Linux, or why not.
pub fn available() -> Result<(), String> {
    for path in [KERNEL, MODULES] {
        if !Path::new(path).exists() {
            return Err(format!(
                "no user-mode Linux here: {path} is missing (Debian package user-mode-linux)"
            ));
        }
    }
    Ok(())
}

/// User-mode Linux without an argument, as [`process::mortal_family`] starts it.
///
/// *Errors*: what it needs on this processor cannot be made.
pub fn kernel() -> Result<Command, String> {
    let mut command = process::mortal_family(KERNEL);
    if let Some(library) = xstate::library()? {
        command.env("LD_PRELOAD", library);
    }
    Ok(command)
}

/// Boots, runs the job with its output streamed to `sink`, and powers off.
///
/// *Errors*: the kernel did not start or did not reach the script; the text has the end of its console.
pub fn run(job: &Job, sink: &mut (dyn Write + Send)) -> Result<JobEnd, String> {
    let Job {
        script,
        directory,
        scratch,
        memory_mib,
        limit,
    } = job;
    prepare(script, directory, scratch)?;
    let console = scratch.join("console.log");
    let mut command = kernel()?;
    command
        .args([
            "root=/dev/root",
            "rootfstype=hostfs",
            "rootflags=/",
            "ro",
            "quiet",
            "loglevel=5",
        ])
        .args(["con=null", "con0=null,fd:2", "ssl=null", "ssl0=fd:0,fd:1"])
        .arg(format!("mem={memory_mib}M"))
        .arg(argument("uml_dir=", scratch))
        .arg(argument("init=", &scratch.join("init")))
        .current_dir(scratch)
        // A pipe that stays open: the serial line hangs up at its end.
        .stdin(Stdio::piped())
        // A pipe and never our own standard output: the kernel sets its files non-blocking, for all who share them.
        .stdout(Stdio::piped())
        .stderr(process::output_file(&console)?);
    let mut child = process::start(&mut command)?;
    let output = child.stdout.take();
    let end = std::thread::scope(|scope| {
        scope.spawn(|| output.map(|output| copy_lines(output, sink)));
        process::wait_or_settle(&mut child, *limit, POWER_OFF, || !written(scratch).is_empty())
    })?;
    let status = written(scratch);
    if let (End::Overran(limit), true) = (end, status.is_empty()) {
        return Ok(JobEnd::Overran(limit));
    }
    status.trim().parse().map(JobEnd::Status).map_err(|_| {
        let text = std::fs::read(&console).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        let last = lines[lines.len().saturating_sub(15)..].join("\n");
        format!("user-mode Linux ended without a result ({end}); its console ends with\n{last}")
    })
}

/// The exit status that the job's shell wrote; empty where it has not come to its end.
fn written(scratch: &Path) -> String {
    std::fs::read_to_string(scratch.join("status")).unwrap_or_default()
}

/// A kernel argument that names a path.
fn argument(name: &str, path: &Path) -> OsString {
    let mut argument = OsString::from(name);
    argument.push(path);
    argument
}

/// Copies the serial line's output as it comes.
fn copy_lines(mut from: impl Read, to: &mut (dyn Write + Send)) {
    let mut buffer = [0; 8192];
    while let Ok(length) = from.read(&mut buffer) {
        if length == 0 || to.write_all(&buffer[..length]).and_then(|()| to.flush()).is_err() {
            return;
        }
    }
}

/// Puts the init script, the job and what they need into the scratch directory.
fn prepare(script: &str, directory: &Path, scratch: &Path) -> Result<(), String> {
    let write = |name: &str, text: &str| {
        let path = scratch.join(name);
        std::fs::write(&path, text)
            .and_then(|()| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)))
            .map_err(|error| format!("cannot write {}: {error}", path.display()))
    };
    let make = |name: &str| {
        let path = scratch.join(name);
        std::fs::create_dir_all(&path).map_err(|error| format!("cannot create {}: {error}", path.display()))
    };
    make("lib")?;
    make("bin")?;
    modules(&scratch.join("lib/modules"))?;
    // The kernel's modules are not where modprobe looks, and /lib/modules may not even exist here.
    write(
        "modprobe",
        &format!(
            "#!/bin/sh\nexec /sbin/modprobe -d {} \"$@\"\n",
            quoted(scratch.as_os_str())
        ),
    )?;
    // This kernel has the old packet filter only.
    for name in ["iptables", "ip6tables", "iptables-save", "iptables-restore"] {
        let _ = symlink("/usr/sbin/xtables-legacy-multi", scratch.join("bin").join(name));
    }
    write("job", script)?;
    write("init", &init(directory, scratch))
}

/// Makes `place` a tree of the kernel's modules with their index.
pub fn modules(place: &Path) -> Result<(), String> {
    let failed = |error| format!("cannot set up the kernel modules: {error}");
    let _ = std::fs::remove_file(place);
    let indexed = std::fs::read_dir(MODULES)
        .map_err(failed)?
        .filter_map(Result::ok)
        .all(|version| version.path().join("modules.dep").exists());
    if indexed {
        return symlink(MODULES, place).map_err(failed);
    }
    // Older packages ship no index: copy the modules and make one.
    std::fs::create_dir_all(place).map_err(failed)?;
    for version in std::fs::read_dir(MODULES).map_err(failed)?.filter_map(Result::ok) {
        let base = place.parent().and_then(Path::parent).unwrap_or(place);
        let release = version.file_name();
        let copied = packages::runs(
            "cp",
            &["-r", &version.path().to_string_lossy(), &place.to_string_lossy()],
        ) && packages::runs(
            "/sbin/depmod",
            &["-b", &base.to_string_lossy(), &release.to_string_lossy()],
        );
        if !copied {
            return Err(format!(
                "cannot copy and index the modules of {}",
                version.path().display()
            ));
        }
    }
    Ok(())
}

/// The script that the kernel starts as its first process.
fn init(directory: &Path, scratch: &Path) -> String {
    let scratch = quoted(scratch.as_os_str());
    let directory = quoted(directory.as_os_str());
    let mut text = format!(
        r#"#!/bin/sh
S={scratch}
export PATH="$S/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
mount -n -t proc proc /proc
mount -n -t sysfs sysfs /sys
grep -q ' /dev devtmpfs ' /proc/mounts || mount -n -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -n -t devpts -o ptmxmode=0666 devpts /dev/pts
mount -n -t tmpfs tmpfs /dev/shm
mount -n -t tmpfs tmpfs /run
ln -s /proc/self/fd /dev/fd
ln -s fd/0 /dev/stdin
ln -s fd/1 /dev/stdout
ln -s fd/2 /dev/stderr
mkdir -p /run/lock /run/network
# The second spelling is that of kernels before 6.10 or so, which know no option names here.
mount -n -t hostfs -o hostfs="$S" hostfs "$S" 2>/dev/null || mount -n -t hostfs -o "$S" hostfs "$S"
echo "$S/modprobe" > /proc/sys/kernel/modprobe
# Loaded by name because their defaults would make a bond0 and a dummy0 at once, or because of a device node.
"$S/modprobe" bonding max_bonds=0
"$S/modprobe" dummy numdummies=0
"$S/modprobe" tun
stty -F /dev/ttyS0 raw -echo
export HOME=/run TMPDIR=/dev/shm USER=root LOGNAME=root LANG=C.UTF-8
"#
    );
    for (name, value) in std::env::vars_os() {
        let passed = name.to_str().is_some_and(|name| {
            ["CLEAT_", "RUST_", "PROPTEST_"]
                .iter()
                .any(|start| name.starts_with(start))
                || ["REQUIRE", "BLESS", "TERM"].contains(&name)
        });
        if passed {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "export {}={}", name.display(), quoted(&value));
        }
    }
    let _ = write!(
        text,
        r#"cd {directory}
( /bin/sh "$S/job"; echo $? > "$S/status" ) < /dev/null 2>&1 | cat > /dev/ttyS0
cd /
umount "$S"
echo o > /proc/sysrq-trigger
exec sleep 60
"#
    );
    text
}

/// A word as the shell reads it back unchanged.
pub fn quoted(word: &OsStr) -> String {
    format!("'{}'", word.to_string_lossy().replace('\'', r"'\''"))
}

/// `cargo xtask uml [--timeout SECONDS] [--memory MIB] -- COMMAND...`
pub fn main(mut args: lexopt::Parser) -> Result<ExitCode, String> {
    use lexopt::prelude::*;
    let mut limit = 600;
    let mut memory_mib = 768;
    let mut words: Vec<OsString> = Vec::new();
    while let Some(argument) = args.next().map_err(|error| error.to_string())? {
        match argument {
            Long("timeout") => {
                limit = args
                    .value()
                    .and_then(|value| value.parse())
                    .map_err(|error| error.to_string())?;
            }
            Long("memory") => {
                memory_mib = args
                    .value()
                    .and_then(|value| value.parse())
                    .map_err(|error| error.to_string())?;
            }
            Value(word) => {
                words.push(word);
                words.extend(args.raw_args().map_err(|error| error.to_string())?);
            }
            other => return Err(other.unexpected().to_string()),
        }
    }
    if words.is_empty() {
        return Err("error: no command given: cargo xtask uml -- COMMAND...".to_owned());
    }
    packages::ensure(packages::UML, Consent::AskOnTerminal)?;
    available()?;
    let script: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    let scratch = tree::fresh_scratch("uml")?;
    let directory = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    let job = Job {
        script: &format!("exec {}\n", script.join(" ")),
        directory: &directory,
        scratch: &scratch,
        memory_mib,
        limit: Duration::from_secs(limit),
    };
    match run(&job, &mut std::io::stdout())? {
        JobEnd::Status(status) => {
            let _ = std::fs::remove_dir_all(&scratch);
            Ok(ExitCode::from(status))
        }
        JobEnd::Overran(limit) => Err(format!(
            "error: killed after its limit of {} s; see {}",
            limit.as_secs(),
            scratch.display()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Second witness: the shell itself.
    #[test]
    fn a_quoted_word_is_read_back_unchanged_by_the_shell() {
        for word in ["plain", "two words", "it's", "$HOME `id` \"x\" \\", "", "a\nb"] {
            let script = format!("printf %s {}", quoted(OsStr::new(word)));
            let output = Command::new("sh")
                .args(["-c", &script])
                .output()
                .expect("there is a shell");
            assert_eq!(String::from_utf8_lossy(&output.stdout), word);
        }
    }
}
