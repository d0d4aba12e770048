//! QEMU: found, or unpacked from the newer release's packages.

use std::path::Path;
use std::process::{Command, Stdio};

use super::image::{self, Kept};
use crate::packages::{self, Consent, Package};
use crate::process;

/// The one that the host has installed.
const INSTALLED: &[Package] = &[
    Package {
        name: "qemu-system-x86",
        why: "boots the machines",
    },
    Package {
        name: "qemu-utils",
        why: "makes the machines' disks",
    },
];

/// A QEMU that can be run.
#[derive(Debug, Clone)]
pub struct Qemu {
    /// The words before its options.
    emulator: Vec<String>,
    /// The same for qemu-img.
    img: Vec<String>,
    /// Options that every run needs.
    options: Vec<String>,
    /// How much longer than the newer QEMU it takes.
    pub factor: u32,
    /// What it is, for people.
    pub about: String,
    /// Whether it runs the guest's code on the host's own CPU.
    pub kvm: bool,
    _kept: Option<Kept>,
}

/// The newer QEMU of Debian 13, unpacked into the cache; where that cannot be, the installed one.
///
/// *Errors*: there is none.
pub fn find(consent: Consent) -> Result<Qemu, String> {
    let mut qemu = newer(consent).or_else(|error| {
        eprintln!("vm: no newer QEMU ({error}); falling back to the installed one, with three times the limits");
        packages::ensure(INSTALLED, consent)?;
        Ok::<_, String>(Qemu {
            emulator: vec!["qemu-system-x86_64".to_owned()],
            img: vec!["qemu-img".to_owned()],
            options: Vec::new(),
            factor: 3,
            about: String::new(),
            kvm: false,
            _kept: None,
        })
    })?;
    qemu.about = qemu.version()?;
    Ok(qemu)
}

fn newer(consent: Consent) -> Result<Qemu, String> {
    let recipe = ["1", "trixie", "qemu-system-x86", "qemu-utils"].map(str::to_owned);
    let kept = image::kept("qemu-13", &recipe, |folder| {
        packages::ensure(
            &[Package {
                name: "mmdebstrap",
                why: "unpacks the newer QEMU",
            }],
            consent,
        )?;
        let options = ["--variant=extract", "--include=qemu-system-x86,qemu-utils"];
        image::bootstrap("trixie", &options, &[], &folder.join("root"), &folder.join("build.log"))
    })?;
    let root = kept.folder.join("root");
    let path = |below: &str| root.join(below).display().to_string();
    let libraries = path("usr/lib/x86_64-linux-gnu");
    // Its own loader and libraries: it runs on any host, without being installed and without a chroot.
    let run = |program: &str| {
        let library_path = format!("{libraries}:{libraries}/pulseaudio:{libraries}/blas:{libraries}/lapack");
        vec![
            format!("{libraries}/ld-linux-x86-64.so.2"),
            "--library-path".to_owned(),
            library_path,
            path(program),
        ]
    };
    let data = ["usr/share/qemu", "usr/share/seabios", "usr/lib/ipxe/qemu"];
    let qemu = Qemu {
        emulator: run("usr/bin/qemu-system-x86_64"),
        img: run("usr/bin/qemu-img"),
        options: data.iter().flat_map(|below| ["-L".to_owned(), path(below)]).collect(),
        factor: 1,
        about: String::new(),
        kvm: false,
        _kept: Some(kept),
    };
    qemu.version()?;
    Ok(qemu)
}

impl Qemu {
    /// It, with what every run needs, and no standard input.
    pub fn command(&self) -> Command {
        let mut command = process::mortal(&self.emulator[0]);
        command
            .args(&self.emulator[1..])
            .args(&self.options)
            .stdin(Stdio::null());
        command
    }

    fn version(&self) -> Result<String, String> {
        let output = self
            .command()
            .arg("--version")
            .output()
            .map_err(|error| format!("cannot run {}: {error}", self.emulator[0]))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        Ok(String::from_utf8_lossy(&output.stdout)
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned())
    }

    /// Makes a disk that holds only what differs from `base`.
    pub fn overlay(&self, base: &Path, disk: &Path) -> Result<(), String> {
        let mut create = Command::new(&self.img[0]);
        create
            .args(&self.img[1..])
            .args(["create", "-q", "-f", "qcow2", "-F", "raw", "-b"])
            .args([base, disk]);
        process::succeed(&mut create, "qemu-img")
    }
}
