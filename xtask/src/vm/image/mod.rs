//! The machines' disks: made from Debian packages only, kept by what they were made from, and never written to after
//! that: machines run on top of them.

mod build;
mod cache;

use std::path::{Path, PathBuf};
use std::process::Command;

pub use build::bootstrap;
pub use cache::{Kept, kept};

use super::machine::QUICK;
use super::scenario::{Kind, Scenario, Text};
use crate::packages::{self, Consent, Package};
use crate::tree;
use build::Recipe;

/// A change here makes new images of all releases.
const VERSION: &str = "3";

/// What makes images.
pub const TOOLS: &[Package] = &[
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
    _kept: Option<Kept>,
}

/// A kernel to boot directly.
#[derive(Debug, Clone)]
pub struct Kernel {
    /// The kernel.
    pub vmlinuz: PathBuf,
    /// Its initramfs.
    pub initrd: PathBuf,
}

impl Kernel {
    fn of(kept: &Kept) -> Self {
        Self {
            vmlinuz: kept.folder.join("vmlinuz"),
            initrd: kept.folder.join("initrd.img"),
        }
    }
}

/// An image of a Debian release; made if it is not there.
pub fn of_suite(suite: &str, kind: Kind, consent: Consent) -> Result<Image, String> {
    let wanted = Wanted::of(suite, kind)?;
    let kept = kept(&wanted.what, &wanted.recipe, |folder| {
        packages::ensure(TOOLS, consent)?;
        let recipe = Recipe {
            codename: wanted.codename,
            kind,
            packages: wanted.lists.iter().flat_map(|list| names(list)).collect(),
            files: source().join("files"),
        };
        recipe.build(folder)
    })?;
    let (disk, kernel) = match kind {
        Kind::Plain | Kind::Hardware | Kind::Ifupdown2 | Kind::Ifupdown => ("root.ext4", Some(Kernel::of(&kept))),
        Kind::Loader => ("disk.raw", None),
    };
    Ok(Image {
        disk: kept.folder.join(disk),
        kernel,
        _kept: Some(kept),
    })
}

/// Whether all images that scenarios ask for are there already.
pub fn there(scenarios: &[Scenario]) -> bool {
    let is_there = |suite: &str, kind| {
        let wanted = Wanted::of(suite, kind)?;
        cache::is_there(&wanted.what, &wanted.recipe)
    };
    scenarios.iter().all(|scenario| {
        let Text { suites, image, .. } = &scenario.text;
        suites.iter().all(|suite| is_there(suite, *image) == Ok(true))
    })
}

/// An image that is asked for.
struct Wanted {
    codename: &'static str,
    /// Its name in the cache.
    what: String,
    /// The lists of its packages.
    lists: [String; 2],
    /// All that goes into it.
    recipe: Vec<String>,
}

impl Wanted {
    fn of(suite: &str, kind: Kind) -> Result<Self, String> {
        let (_, codename) = SUITES
            .iter()
            .find(|(number, _)| *number == suite)
            .ok_or_else(|| format!("no Debian {suite} here: 12 or 13"))?;
        let source = source();
        let lists = [
            read(&source.join("packages"))?,
            read(&source.join(format!("packages-{kind}")))?,
        ];
        let mut recipe = vec![VERSION.to_owned(), (*codename).to_owned(), QUICK.to_owned()];
        recipe.extend(lists.clone());
        for path in files_below(&source.join("files"))? {
            recipe.push(path.strip_prefix(&source).unwrap_or(&path).display().to_string());
            recipe.push(read(&path)?);
        }
        Ok(Self {
            codename,
            what: format!("debian-{suite}-{kind}"),
            lists,
            recipe,
        })
    }
}

/// What images are made from.
fn source() -> PathBuf {
    tree::top().join("vm-tests/image")
}

/// Someone's own image: a bare file system with a kernel and an initramfs in it, or a disk that boots itself.
pub fn of_file(file: &Path) -> Result<Image, String> {
    let disk = std::fs::canonicalize(file).map_err(|error| format!("cannot resolve {}: {error}", file.display()))?;
    // debugfs opens a bare ext2/3/4 file system only.
    if !packages::runs("debugfs", &["-R", "stat /", &disk.to_string_lossy()]) || !bare(&disk) {
        return Ok(Image {
            disk,
            kernel: None,
            _kept: None,
        });
    }
    let about = std::fs::metadata(&disk).map_err(|error| format!("cannot look at {}: {error}", disk.display()))?;
    let recipe = vec![
        disk.display().to_string(),
        format!("{:?} {}", about.modified(), about.len()),
    ];
    let kept = kept("kernel-of-image", &recipe, |folder| {
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
        kernel: Some(Kernel::of(&kept)),
        disk,
        _kept: Some(kept),
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

/// The names in a list of packages: one a line, `#` starts a comment, what follows the name says what it is for.
fn names(list: &str) -> Vec<&str> {
    list.lines()
        .filter_map(|line| line.split('#').next()?.split_whitespace().next())
        .collect()
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
}
