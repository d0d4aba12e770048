//! `cargo xtask deb`: the two Debian packages, and what is asked of them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::process::ExitCode;
use std::time::Duration;

use crate::outcome::PartEnd;
use crate::packages::{self, Consent, Package, runs};
use crate::vm::image;
use crate::{process, tree};

/// The release that the manifest's `[package.metadata.deb]` was written for.
const CARGO_DEB: &str = "3.8.0";
const LIMIT: Duration = Duration::from_secs(1800);

/// The variants of the manifest, in the order that they are installed in.
const VARIANTS: [&str; 2] = ["main", "ifupdown"];

/// What building the packages needs.
pub const TO_DEB: &[Package] = &[
    packages::package("libudev-dev", "the udev crate links to it"),
    packages::package("pkg-config", "finds libudev"),
    packages::package("dpkg-dev", "finds the libraries that the programs need"),
    packages::package("lintian", "checks the packages"),
];

/// What all programs together may have, in bytes: a boot reads them from the disk.
const PROGRAMS: usize = 7_000_000;

/// What the programs may be linked to: each comes with every Debian system. libudev is there for the udev crate.
const LIBRARIES: [&str; 5] = ["linux-vdso.so", "libc.so", "libgcc_s.so", "libudev.so", "ld-linux"];

/// `cargo xtask deb [--version VERSION] [--yes]`: builds them into target/debian and checks them.
pub fn main(mut args: lexopt::Parser) -> Result<ExitCode, String> {
    use lexopt::prelude::*;
    let mut consent = Consent::AskOnTerminal;
    let mut version = None;
    while let Some(argument) = args.next().map_err(|error| error.to_string())? {
        match argument {
            Long("yes") => consent = Consent::Given,
            Long("version") => {
                let text = args.value().map_err(|error| error.to_string())?;
                version = Some(text.string().map_err(|error| error.to_string())?);
            }
            other => return Err(other.unexpected().to_string()),
        }
    }
    packages::ensure(TO_DEB, consent)?;
    let built = Build {
        version: version.as_deref(),
        ..RELEASED
    }
    .run()?;
    for package in &built {
        println!("{}", package.display());
    }
    println!("{}", check(&built)?);
    Ok(ExitCode::SUCCESS)
}

/// Both packages are built, lintian finds no error, and the programs need no library that a Debian system may lack.
pub fn part() -> PartEnd {
    match RELEASED.run().and_then(|built| check(&built)) {
        Ok(note) => PartEnd::Passed(note),
        Err(error) => PartEnd::Failed(error),
    }
}

/// What is given away.
const RELEASED: Build = Build {
    profile: Profile::Release,
    version: None,
    into: None,
};

/// Which programs are packed.
#[derive(Clone, Copy, Debug)]
pub enum Profile {
    /// Those that are given away.
    Release,
    /// Those that tests are made with: built in a fraction of the time, and slower.
    Quick,
}

/// What is to be built.
pub struct Build<'a> {
    /// The programs.
    pub profile: Profile,
    /// Written into the packages in place of the manifest's.
    pub version: Option<&'a str>,
    /// The directory of the packages; without one target/debian.
    pub into: Option<&'a Path>,
}

impl Build<'_> {
    /// Builds the programs and packs them; the packages in the order that they are installed in.
    ///
    /// # Errors
    /// What does not build, with the command.
    pub fn run(&self) -> Result<Vec<PathBuf>, String> {
        let cargo_deb = cargo_deb()?;
        if let Some(into) = self.into {
            std::fs::create_dir_all(into).map_err(|error| format!("cannot create {}: {error}", into.display()))?;
        }
        let mut compile = Command::new(tree::cargo());
        compile
            .args([
                "build",
                "--quiet",
                "--bins",
                "--package",
                "cleat",
                "--package",
                "cleat-early",
            ])
            .args(["--profile", self.profile.name()]);
        finish(compile.current_dir(tree::top()), "the build of the programs")?;
        VARIANTS.iter().map(|variant| self.pack(&cargo_deb, variant)).collect()
    }

    fn pack(&self, cargo_deb: &Path, variant: &str) -> Result<PathBuf, String> {
        let mut pack = Command::new(cargo_deb);
        pack.args(["deb", "--no-build", "--quiet", "--variant", variant])
            .args(["--profile", self.profile.name()])
            .args(self.version.map(|version| format!("--deb-version={version}")))
            .current_dir(tree::top());
        if matches!(self.profile, Profile::Quick) {
            // Nobody downloads these.
            pack.arg("--fast");
        }
        if let Some(into) = self.into {
            pack.arg("--output").arg(into);
        }
        let output = pack
            .output()
            .map_err(|error| format!("cannot run {}: {error}", cargo_deb.display()))?;
        let path = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        if output.status.success() && path.is_file() {
            return Ok(path);
        }
        let told = String::from_utf8_lossy(&output.stderr);
        Err(format!("cargo deb --variant {variant}: {}", told.trim_end()))
    }
}

impl Profile {
    /// Cargo's name for it.
    fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Quick => "dev",
        }
    }
}

/// The packer: that of the machine, or one that is kept beside the machines' images for every checkout.
fn cargo_deb() -> Result<PathBuf, String> {
    if runs("cargo-deb", &["--version"]) {
        return Ok("cargo-deb".into());
    }
    let kept = image::kept("cargo-deb", &[CARGO_DEB.to_owned()], |folder| {
        println!("installing cargo-deb {CARGO_DEB}");
        let mut install = Command::new(tree::cargo());
        install
            .args(["install", "--locked", "--quiet", "--version", CARGO_DEB, "--root"])
            .arg(folder)
            .arg("--target-dir")
            .arg(folder.join("build"))
            .arg("cargo-deb");
        finish(&mut install, "cargo install cargo-deb")?;
        // A quarter of a gigabyte that is not needed again.
        let _ = std::fs::remove_dir_all(folder.join("build"));
        Ok(())
    })?;
    Ok(kept.folder.join("bin/cargo-deb"))
}

fn finish(command: &mut Command, what: &str) -> Result<(), String> {
    match process::run_limited(command, LIMIT)? {
        end if end.success() => Ok(()),
        end => Err(format!("{what}: {end}")),
    }
}

/// Lintian's errors, and the libraries of the programs; a note on what was found.
fn check(built: &[PathBuf]) -> Result<String, String> {
    let mut lintian = Command::new("lintian");
    lintian
        .args(["--fail-on", "error", "--no-tag-display-limit"])
        .args(built);
    let output = lintian
        .output()
        .map_err(|error| format!("cannot run lintian: {error}"))?;
    if !output.status.success() {
        return Err(format!("lintian:\n{}", String::from_utf8_lossy(&output.stdout)));
    }
    let scratch = tree::fresh_scratch("deb")?;
    let (mut programs, mut bytes) = (0, 0);
    for package in built {
        let mut unpack = Command::new("dpkg-deb");
        finish(unpack.arg("--extract").arg(package).arg(&scratch), "dpkg-deb")?;
    }
    for directory in ["usr/bin", "usr/sbin", "usr/lib/cleat"] {
        for entry in std::fs::read_dir(scratch.join(directory)).into_iter().flatten() {
            let path = entry
                .map_err(|error| format!("cannot read {directory}: {error}"))?
                .path();
            let is_link = path.is_symlink();
            let program = std::fs::read(&path).ok().filter(|text| text.starts_with(b"\x7fELF"));
            if let (false, Some(program)) = (is_link, program) {
                libraries(&path)?;
                programs += 1;
                bytes += program.len();
            }
        }
    }
    let _ = std::fs::remove_dir_all(&scratch);
    if bytes > PROGRAMS {
        return Err(format!("the programs have {bytes} bytes, {PROGRAMS} at most"));
    }
    let sizes = built.iter().filter_map(|package| std::fs::metadata(package).ok());
    let kib = sizes.map(|found| found.len()).sum::<u64>() >> 10;
    Ok(format!(
        "{} packages, {kib} KiB; {programs} programs of {} KiB, linked to libc, libgcc and libudev at most",
        built.len(),
        bytes >> 10
    ))
}

/// Whether a program is linked only to [`LIBRARIES`], as ldd(1) sees it.
fn libraries(program: &Path) -> Result<(), String> {
    let output = Command::new("ldd")
        .arg(program)
        .output()
        .map_err(|error| format!("cannot run ldd: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let known = |line: &&str| LIBRARIES.iter().any(|library| line.contains(library)) || line.contains("statically");
    match text.lines().find(|line| !known(line)) {
        Some(line) => Err(format!("{} is linked to {}", program.display(), line.trim())),
        None => Ok(()),
    }
}
