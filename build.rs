//! How the program is linked: so that the loader has less to do at each start, which is most of what `ifquery lo` takes.

#![allow(clippy::disallowed_methods)]

use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |variable: &str, value: &str| std::env::var(variable).is_ok_and(|found| found == value);
    // Another linker, chosen by flags, may not know what follows: mold 1.10 packs relocations without saying so to glibc,
    // which then refuses the program.
    let flags = std::env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let chosen = flags.contains("fuse-ld") || flags.contains("linker");
    if !is("CARGO_CFG_TARGET_ENV", "gnu") || !is("CARGO_CFG_TARGET_OS", "linux") || !is("PROFILE", "release") || chosen
    {
        return Ok(());
    }
    // Tables of words are tables of addresses, some ten thousand, which are listed with 24 bytes each: packed, the list is a
    // hundredth of that. glibc 2.36 and binutils 2.38 can do it, and Debian 12 has both.
    println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    // The standard library asks for libgcc_s, for the backtrace of a panic. The same code is in a static library, and a
    // shared one less to be looked up, mapped and relocated is a tenth of a millisecond.
    let Some(directory) = std::env::var_os("OUT_DIR").map(PathBuf::from) else {
        return Ok(());
    };
    std::fs::write(directory.join("libgcc_s.so"), "INPUT(-lgcc_eh)\n")?;
    println!("cargo::rustc-link-search=native={}", directory.display());
    Ok(())
}
