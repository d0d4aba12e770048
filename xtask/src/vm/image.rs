//! The machines' disks: made from Debian packages only, kept by what they were made from.
//!
//! An image is a bare ext4 file system with the kernel and the initramfs that update-initramfs made beside it. It is
//! kept under `${XDG_CACHE_HOME:-~/.cache}/cleat-vm` in a folder named after a hash of all that went into it, and
//! never written to after that: machines run on top of it.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use crate::packages::{self, Consent, Package};
use crate::{process, tree};

/// A change here makes new images of all suites.
const RECIPE: &str = "1";
/// For one image: 60 s when quiet.
const LIMIT: Duration = Duration::from_secs(900);

/// What makes images.
const TOOLS: &[Package] = &[
    Package {
        name: "mmdebstrap",
        why: "makes the machines' root from Debian packages",
    },
    Package {
        name: "e2fsprogs",
        why: "makes the machines' disks",
    },
];

/// Debian releases by number.
const SUITES: [(&str, &str); 2] = [("12", "bookworm"), ("13", "trixie")];

/// A disk to boot.
#[derive(Debug, Clone)]
pub struct Image {
    /// The disk: a file system, or a whole disk with a boot loader.
    pub disk: PathBuf,
    /// Kernel and initramfs to boot directly; `None` where the disk boots itself.
    pub kernel: Option<Kernel>,
}

/// A kernel to boot directly.
#[derive(Debug, Clone)]
pub struct Kernel {
    /// The kernel.
    pub vmlinuz: PathBuf,
    /// Its initramfs.
    pub initrd: PathBuf,
}

/// The folder of everything that is kept between runs.
pub fn cache() -> Result<PathBuf, String> {
    let base = std::env::var_os("XDG_CACHE_HOME")
        .filter(|set| Path::new(set).is_absolute())
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))
        .ok_or("neither XDG_CACHE_HOME nor HOME is set: nowhere to keep the images")?;
    Ok(base.join("cleat-vm"))
}

/// The image of a Debian release; made if it is not there.
pub fn of_suite(suite: &str, consent: Consent) -> Result<Image, String> {
    let (_, codename) = SUITES
        .iter()
        .find(|(number, _)| *number == suite)
        .ok_or_else(|| format!("no Debian {suite} here: 12 or 13"))?;
    let source = tree::top().join("vm-tests/image");
    let list = read(&source.join("packages"))?;
    let mut recipe = vec![RECIPE.to_owned(), (*codename).to_owned(), list.clone()];
    for path in files_below(&source.join("files"))? {
        recipe.push(path.strip_prefix(&source).unwrap_or(&path).display().to_string());
        recipe.push(read(&path)?);
    }
    let folder = kept(&format!("debian-{suite}"), &recipe, |folder| {
        packages::ensure(TOOLS, consent)?;
        build(codename, &names(&list), &source.join("files"), folder)
    })?;
    Ok(Image {
        disk: folder.join("root.ext4"),
        kernel: Some(Kernel {
            vmlinuz: folder.join("vmlinuz"),
            initrd: folder.join("initrd.img"),
        }),
    })
}

/// Someone's own image: a bare file system with a kernel and an initramfs in it, or a disk that boots itself.
pub fn of_file(file: &Path) -> Result<Image, String> {
    let disk = std::fs::canonicalize(file).map_err(|error| format!("cannot resolve {}: {error}", file.display()))?;
    // debugfs opens a bare ext2/3/4 file system only.
    if !packages::runs("debugfs", &["-R", "stat /", &disk.to_string_lossy()]) || !bare(&disk) {
        return Ok(Image { disk, kernel: None });
    }
    let about = std::fs::metadata(&disk).map_err(|error| format!("cannot look at {}: {error}", disk.display()))?;
    let recipe = vec![
        disk.display().to_string(),
        format!("{:?} {}", about.modified(), about.len()),
    ];
    let folder = kept("kernel-of-image", &recipe, |folder| {
        for (inside, outside) in [("vmlinuz", "vmlinuz"), ("initrd.img", "initrd.img")] {
            let to = folder.join(outside);
            let found = ["", "boot/"]
                .iter()
                .any(|place| dumped(&disk, &format!("/{place}{inside}"), &to));
            if !found {
                return Err(format!("{} has no /{inside} and no /boot/{inside}", disk.display()));
            }
        }
        Ok(())
    })?;
    Ok(Image {
        kernel: Some(Kernel {
            vmlinuz: folder.join("vmlinuz"),
            initrd: folder.join("initrd.img"),
        }),
        disk,
    })
}

/// Whether the file starts without a partition table: an ext4's first 1024 bytes are empty.
fn bare(disk: &Path) -> bool {
    use std::io::Read;
    let mut start = [1; 1024];
    std::fs::File::open(disk).is_ok_and(|mut file| file.read_exact(&mut start).is_ok())
        && start.iter().all(|byte| *byte == 0)
}

/// Copies a file out of a file system with debugfs, which does not follow symbolic links itself.
fn dumped(disk: &Path, inside: &str, to: &Path) -> bool {
    let stat = Command::new("debugfs")
        .args(["-R", &format!("stat {inside}")])
        .arg(disk)
        .output();
    let said = stat
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    let link = said
        .lines()
        .find_map(|line| line.trim().strip_prefix("Fast link dest: "))
        .map(|dest| dest.trim_matches('"').to_owned());
    let inside = match link {
        Some(dest) if dest.starts_with('/') => dest,
        Some(dest) => Path::new(inside)
            .parent()
            .unwrap_or(Path::new("/"))
            .join(dest)
            .display()
            .to_string(),
        None => inside.to_owned(),
    };
    packages::runs(
        "debugfs",
        &[
            "-R",
            &format!("dump {inside} {}", to.display()),
            &disk.to_string_lossy(),
        ],
    ) && std::fs::metadata(to).is_ok_and(|about| about.len() > 0)
}

/// The folder in the cache for a recipe; filled by `make` if it is not there.
///
/// Filled under another name and renamed at the end: what is there under its own name is whole.
pub fn kept(what: &str, recipe: &[String], make: impl FnOnce(&Path) -> Result<(), String>) -> Result<PathBuf, String> {
    // Threads that want the same thing wait for the first to have made it.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME
        .lock()
        .map_err(|_| "another thread has failed".to_owned())?;
    let folder = cache()?.join(format!("{what}-{}", hash(recipe)?));
    if folder.exists() {
        return Ok(folder);
    }
    let part = folder.with_extension(format!("part{}", std::process::id()));
    let failed = |error: std::io::Error| format!("cannot keep {}: {error}", folder.display());
    let _ = std::fs::remove_dir_all(&part);
    std::fs::create_dir_all(&part).map_err(failed)?;
    eprintln!("vm: making {}", folder.display());
    if let Err(error) = make(&part) {
        let _ = std::fs::remove_dir_all(&part);
        return Err(error);
    }
    match std::fs::rename(&part, &folder) {
        // Someone else made the same meanwhile.
        Err(_) if folder.exists() => {
            let _ = std::fs::remove_dir_all(&part);
        }
        renamed => renamed.map_err(failed)?,
    }
    Ok(folder)
}

/// The first 16 digits of the SHA-256 of all parts, each closed by a zero byte.
fn hash(parts: &[String]) -> Result<String, String> {
    let failed = |error| format!("cannot run sha256sum: {error}");
    let mut child = Command::new("sha256sum")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(parts.join("\0").as_bytes()).map_err(failed)?;
    }
    let output = child.wait_with_output().map_err(failed)?;
    Ok(String::from_utf8_lossy(&output.stdout).chars().take(16).collect())
}

/// The names in a list of packages: one a line, `#` starts a comment, what follows the name says what it is for.
fn names(list: &str) -> Vec<&str> {
    list.lines()
        .filter_map(|line| line.split('#').next()?.split_whitespace().next())
        .collect()
}

fn build(codename: &str, packages: &[&str], files: &Path, folder: &Path) -> Result<(), String> {
    let root = folder.join("root");
    let copy = hook("mkdir -p \"$1\"; cp -a ", files, "/. \"$1\"/");
    bootstrap(
        codename,
        &["--variant=minbase", &format!("--include={}", packages.join(","))],
        &[
            (OsStr::new("--essential-hook="), copy),
            // The harness's agent; a fixed machine-id, for the first boot to be as any other.
            (
                OsStr::new("--customize-hook="),
                "chroot \"$1\" systemctl enable vm-agent.service".into(),
            ),
            (
                OsStr::new("--customize-hook="),
                "echo 5b6fd4d2a3f94a6c8c0f0c5c3d3f1e2a > \"$1\"/etc/machine-id".into(),
            ),
            (
                OsStr::new("--customize-hook="),
                "echo vm > \"$1\"/etc/hostname; echo '127.0.0.1 localhost vm' > \"$1\"/etc/hosts".into(),
            ),
        ],
        &root,
        &folder.join("build.log"),
    )?;
    for (start, name) in [("vmlinuz-", "vmlinuz"), ("initrd.img-", "initrd.img")] {
        let boot = root.join("boot");
        let found = std::fs::read_dir(&boot)
            .map_err(|error| format!("cannot read {}: {error}", boot.display()))?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .find(|path| {
                path.file_name()
                    .is_some_and(|file| file.to_string_lossy().starts_with(start))
            })
            .ok_or_else(|| format!("no {start}* in the image's /boot"))?;
        std::fs::copy(&found, folder.join(name))
            .map_err(|error| format!("cannot copy {}: {error}", found.display()))?;
    }
    let mut make = Command::new("/sbin/mkfs.ext4");
    make.args(["-q", "-F", "-L", "vmroot", "-E", "lazy_itable_init=1", "-d"])
        .arg(&root);
    make.arg(folder.join("root.ext4"))
        .arg("1500M")
        .stdout(std::io::stderr());
    if !process::run_limited(&mut make, LIMIT)?.success() {
        return Err("mkfs.ext4 could not make the disk".to_owned());
    }
    std::fs::remove_dir_all(&root).map_err(|error| format!("cannot remove {}: {error}", root.display()))
}

fn hook(before: &str, path: &Path, after: &str) -> OsString {
    format!("{before}{}{after}", crate::uml::quoted(path.as_os_str())).into()
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

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// All files below a folder, sorted.
pub fn files_below(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries =
            std::fs::read_dir(&folder).map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            if path.is_dir() && !path.is_symlink() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_packages_is_its_first_words_without_comments() {
        assert_eq!(names("# a comment\nudev   names NICs\n\nkmod # x\n"), ["udev", "kmod"]);
    }

    // Second witness: sha256sum itself, `printf 'a\0b' | sha256sum`.
    #[test]
    fn the_hash_of_a_recipe_is_the_start_of_its_sha256() {
        assert_eq!(
            hash(&["a".to_owned(), "b".to_owned()]).as_deref(),
            Ok("59b271ae1bbcb1d3")
        );
    }
}
