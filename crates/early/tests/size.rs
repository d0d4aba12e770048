//! What is added to an initramfs fits its budget. Second witness: the loader, which says what libraries are loaded.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};
use std::process::Command;

/// Most bytes, uncompressed, that all we put into an initramfs may have.
const BUDGET: u64 = 600 * 1024;
/// Room for the .link files of a host with many pinned NICs: 64 of 500 bytes.
const LINK_FILES: u64 = 32 * 1024;

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The program as it is shipped.
fn shipped() -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .args([
            "build",
            "--release",
            "--quiet",
            "--package",
            "cleat-early",
            "--message-format=json",
        ])
        .current_dir(top())
        .stderr(std::process::Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "cleat-early does not build");
    let text = String::from_utf8(output.stdout).unwrap();
    let named = text
        .split("\"executable\":\"")
        .nth(1)
        .expect("cargo names an executable");
    PathBuf::from(named.split('"').next().unwrap())
}

/// The libraries that the program needs besides the C library, which every initramfs has.
fn libraries(program: &Path) -> Vec<PathBuf> {
    let output = Command::new("ldd").arg(program).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("libc.so"), "not linked as Debian's programs are: {text}");
    let paths = text
        .lines()
        .filter_map(|line| line.split_once(" => "))
        .map(|(_, rest)| rest);
    let files = paths
        .filter_map(|rest| rest.split_whitespace().next())
        .map(PathBuf::from);
    files
        .filter(|file| !file.to_string_lossy().contains("/libc.so"))
        .collect()
}

fn bytes(path: &Path) -> u64 {
    std::fs::metadata(path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        .len()
}

#[test]
fn what_is_added_to_an_initramfs_has_at_most_600_kb() {
    let program = shipped();
    let hooks = top().join("initramfs-hooks");
    let scripts = [
        "initramfs-tools/scripts/init-bottom/cleat",
        "dracut/90cleat/cleat-early.sh",
    ];
    let largest_script = scripts.iter().map(|name| bytes(&hooks.join(name))).max().unwrap();
    let libraries = libraries(&program);
    let names: Vec<String> = libraries
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    // Anything else would be a new dependency of the program in the initramfs.
    assert!(names.iter().all(|name| name.starts_with("libgcc_s.so")), "{names:?}");
    let library_bytes: u64 = libraries.iter().map(|path| bytes(&path.canonicalize().unwrap())).sum();
    let sum = bytes(&program) + library_bytes + largest_script + LINK_FILES;
    println!(
        "cleat-early {} bytes, libraries {library_bytes}, script {largest_script}, link files {LINK_FILES}: {sum} of {BUDGET}",
        bytes(&program)
    );
    assert!(sum <= BUDGET, "{sum} bytes");
}
