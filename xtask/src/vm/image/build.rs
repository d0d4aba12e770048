//! Making images: a root from Debian packages, and a disk from the root.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::Kind;
use crate::process;
use crate::vm::machine::QUICK;

/// For one image: 60 s when quiet.
const LIMIT: Duration = Duration::from_secs(1800);
/// Where the file system of a disk with a boot loader starts, in bytes: the loader lies before it.
const START: u64 = 1 << 20;
const SECTOR: u64 = 512;
/// Where an image has the package of its network once more.
const AGAIN: &str = "/var/cache/vm-tests";

/// What an image is made of.
pub struct Recipe<'a> {
    /// The release's name in the archive.
    pub codename: &'a str,
    /// What it is for.
    pub kind: Kind,
    /// Its Debian packages.
    pub packages: Vec<&'a str>,
    /// A folder that is laid over its root.
    pub files: PathBuf,
}

impl Recipe<'_> {
    /// Makes the image's files in `folder`.
    pub fn build(&self, folder: &Path) -> Result<(), String> {
        let root = folder.join("root");
        self.root(&root, &folder.join("build.log"))?;
        match self.kind {
            Kind::Plain | Kind::Hardware | Kind::Ifupdown2 | Kind::Ifupdown => {
                for name in ["vmlinuz", "initrd.img"] {
                    let found = in_boot(&root, name)?;
                    std::fs::copy(&found, folder.join(name))
                        .map_err(|error| format!("cannot copy {}: {error}", found.display()))?;
                }
                file_system(&root, &folder.join("root.ext4"), 0)?;
            }
            Kind::Loader => {
                install_loader(&root)?;
                let disk = folder.join("disk.raw");
                file_system(&root, &disk, START)?;
                write_loader(&root, &disk)?;
            }
        }
        std::fs::remove_dir_all(&root).map_err(|error| format!("cannot remove {}: {error}", root.display()))
    }

    fn root(&self, root: &Path, log: &Path) -> Result<(), String> {
        let copy = format!(
            "mkdir -p \"$1\"; cp -a {}/. \"$1\"/",
            crate::uml::quoted(self.files.as_os_str())
        );
        let customize = |script: &str| (OsStr::new("--customize-hook="), OsString::from(script));
        let mut hooks = vec![
            (OsStr::new("--essential-hook="), OsString::from(copy)),
            // The harness's agent; a fixed machine-id, for the first boot to be as any other.
            customize("chroot \"$1\" systemctl enable vm-agent.service"),
            customize("echo 5b6fd4d2a3f94a6c8c0f0c5c3d3f1e2a > \"$1\"/etc/machine-id"),
            customize("echo vm > \"$1\"/etc/hostname; echo '127.0.0.1 localhost vm' > \"$1\"/etc/hosts"),
        ];
        if let Some(package) = self.kind.network() {
            let again = format!(
                "mkdir \"$1\"{AGAIN} && cd \"$1\"{AGAIN} && APT_CONFIG=\"$MMDEBSTRAP_APT_CONFIG\" apt-get download {package}"
            );
            hooks.push((OsStr::new("--customize-hook="), again.into()));
        }
        bootstrap(
            self.codename,
            &["--variant=minbase", &format!("--include={}", self.packages.join(","))],
            &hooks,
            root,
            log,
        )
    }
}

/// The kernel or the initramfs of a root.
fn in_boot(root: &Path, name: &str) -> Result<PathBuf, String> {
    let boot = root.join("boot");
    let start = format!("{name}-");
    std::fs::read_dir(&boot)
        .map_err(|error| format!("cannot read {}: {error}", boot.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| {
            path.file_name()
                .is_some_and(|file| file.to_string_lossy().starts_with(&start))
        })
        .ok_or_else(|| format!("no {start}* in the image's /boot"))
}

/// Makes an ext4 file system with the tree of `root`, `offset` bytes into `disk`.
fn file_system(root: &Path, disk: &Path, offset: u64) -> Result<(), String> {
    let mut make = Command::new("/sbin/mkfs.ext4");
    // Without the two newest features: Debian 12's GRUB and fsck must read what a newer mkfs makes.
    make.args(["-q", "-F", "-L", "vmroot", "-O", "^metadata_csum_seed,^orphan_file"])
        .args(["-E", &format!("lazy_itable_init=1,offset={offset}"), "-d"])
        .args([root, disk])
        .arg("2000M")
        .stdout(std::io::stderr());
    if process::run_limited(&mut make, LIMIT)?.success() {
        Ok(())
    } else {
        Err("mkfs.ext4 could not make the disk".to_owned())
    }
}

/// Puts into a root what grub-install and a first update-grub put there: the modules, the core image, a menu.
fn install_loader(root: &Path) -> Result<(), String> {
    let write = |below: &str, text: &str| {
        let path = root.join(below);
        let parent = path.parent().unwrap_or(root);
        std::fs::create_dir_all(parent)
            .and_then(|()| std::fs::write(&path, text))
            .map_err(|error| format!("cannot write {}: {error}", path.display()))
    };
    let words = format!("console=ttyS0 {QUICK}");
    // As an administrator sets them, so that update-grub in the machine keeps them.
    write(
        "etc/default/grub.d/00-vm.cfg",
        &format!(
            "GRUB_TIMEOUT=0\nGRUB_CMDLINE_LINUX_DEFAULT=\nGRUB_CMDLINE_LINUX=\"{words}\"\nGRUB_DISABLE_OS_PROBER=true\n"
        ),
    )?;
    // grub-probe finds no device in a chroot: the menu of the first boot is ours, that of the next ones update-grub's.
    let name = |file: &Path| file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (kernel, initrd) = (in_boot(root, "vmlinuz")?, in_boot(root, "initrd.img")?);
    write(
        "boot/grub/grub.cfg",
        &format!(
            "set timeout=0\nmenuentry 'Debian' {{\n\tlinux /boot/{} root=LABEL=vmroot ro {words}\n\tinitrd /boot/{}\n}}\n",
            name(&kernel),
            name(&initrd)
        ),
    )?;
    in_chroot(root, "cp -r /usr/lib/grub/i386-pc /boot/grub/")?;
    in_chroot(
        root,
        "grub-mkimage -O i386-pc -o /boot/grub/i386-pc/core.img -p '(hd0,msdos1)/boot/grub' biosdisk part_msdos ext2 normal",
    )
}

fn in_chroot(root: &Path, script: &str) -> Result<(), String> {
    let mut command = Command::new("chroot");
    command.arg(root).args(["sh", "-c", script]);
    process::succeed(&mut command, script)
}

/// Writes GRUB's first sector, the partition table with one entry, and GRUB's core image behind it.
///
/// *Source*: the manual of GRUB, "BIOS installation"; boot.img looks for the core image in sector 1 where it was not
/// told otherwise.
fn write_loader(root: &Path, disk: &Path) -> Result<(), String> {
    let grub = root.join("boot/grub/i386-pc");
    let read = |name: &str| {
        let path = grub.join(name);
        std::fs::read(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))
    };
    let (mut first, core) = (read("boot.img")?, read("core.img")?);
    let failed = |error: std::io::Error| format!("cannot write {}: {error}", disk.display());
    let mut file = File::options().write(true).open(disk).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    if core.len() as u64 > START - SECTOR {
        return Err(format!("GRUB's core image has {} bytes: too many", core.len()));
    }
    first.truncate(446);
    first.resize(446, 0);
    first.extend(partition(START / SECTOR, (length - START) / SECTOR)?);
    first.resize(510, 0);
    first.extend([0x55, 0xaa]);
    file.write_all(&first).map_err(failed)?;
    file.seek(SeekFrom::Start(SECTOR)).map_err(failed)?;
    file.write_all(&core).map_err(failed)
}

/// An entry of a partition table: bootable, Linux, by sectors only.
fn partition(start: u64, length: u64) -> Result<Vec<u8>, String> {
    let sectors = |number: u64| u32::try_from(number).map_err(|_| "the disk is too large for its table".to_owned());
    // The old addresses by cylinder say "look at the sectors".
    let mut entry = vec![0x80, 0xfe, 0xff, 0xff, 0x83, 0xfe, 0xff, 0xff];
    entry.extend(sectors(start)?.to_le_bytes());
    entry.extend(sectors(length)?.to_le_bytes());
    Ok(entry)
}

/// Runs mmdebstrap. Which archive it asks is its own default, or `CLEAT_VM_MIRROR`.
///
/// *Errors*: the end of its log.
pub fn bootstrap(
    codename: &str,
    options: &[&str],
    hooks: &[(&OsStr, OsString)],
    into: &Path,
    log: &Path,
) -> Result<(), String> {
    if !nix::unistd::geteuid().is_root() {
        return Err("making an image needs root: run this once as root".to_owned());
    }
    let mut command = Command::new("mmdebstrap");
    command.args(["--mode=root", "--aptopt=APT::Install-Recommends \"false\""]);
    for part in ["doc", "man", "locale", "info", "lintian"] {
        command.arg(format!("--dpkgopt=path-exclude=/usr/share/{part}/*"));
    }
    command.args(options);
    for (name, text) in hooks {
        let mut option = (*name).to_owned();
        option.push(text);
        command.arg(option);
    }
    command
        .arg(codename)
        .arg(into)
        .args(std::env::var_os("CLEAT_VM_MIRROR"));
    let output = process::output_file(log)?;
    let errors = output
        .try_clone()
        .map_err(|error| format!("cannot duplicate a file: {error}"))?;
    let end = process::run_limited(command.stdout(output).stderr(errors), LIMIT)?;
    if end.success() {
        return Ok(());
    }
    let said = std::fs::read(log).unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<&str> = said.lines().collect();
    Err(format!(
        "mmdebstrap {codename}: {end}; it ended with\n{}",
        lines[lines.len().saturating_sub(10)..].join("\n")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Second witness: sfdisk's own writing of "2048,4096000,L,*" on an empty file, bytes 446 to 461.
    #[test]
    fn the_partition_is_written_as_sfdisk_writes_it_but_for_cylinders() {
        let entry = partition(2048, 4_096_000).expect("it fits");
        assert_eq!(entry.len(), 16);
        assert_eq!((entry[0], entry[4]), (0x80, 0x83));
        assert_eq!(entry[8..], [0x00, 0x08, 0x00, 0x00, 0x00, 0x80, 0x3e, 0x00]);
        assert_eq!(
            partition(2048, 1 << 33),
            Err("the disk is too large for its table".to_owned())
        );
    }
}
