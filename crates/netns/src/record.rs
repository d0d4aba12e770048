//! Telling the test runner which tests wanted a room, and which were skipped.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

/// Says that the running test is a network test, so that the runner takes it into user-mode Linux too.
pub(crate) fn room_wanted() {
    append(&["netns", &binary(), &test()]);
}

/// Skips the running test because `what` is missing: printed, and recorded for the runner's count.
///
/// For tests with needs of their own (a program that may be absent); network tests use [`crate::enter!`].
///
/// *Shape*: the caller returns from the test right after. The line is `SKIP test: reason` on standard error, past
/// libtest's capture; the record is one line of tab-separated fields `skip`, binary, test, reason.
///
/// *Errors*: panics where `REQUIRE` names `what`: there the test must run.
pub fn skip(what: &str, reason: &str) {
    let required = std::env::var("REQUIRE").unwrap_or_default();
    assert!(
        !required.split(',').any(|name| name.trim() == what),
        "`{what}` is required here (REQUIRE={required}) but missing: {reason}"
    );
    let reason = reason.replace(['\n', '\t'], " ");
    append(&["skip", &binary(), &test(), &reason]);
    // Not eprintln!: libtest would swallow it in a passing test, and a skip must be seen.
    let _ = writeln!(std::io::stderr(), "SKIP {}: {reason}", test());
}

/// The test's full name: libtest names the thread of each test after it.
fn test() -> String {
    std::thread::current().name().unwrap_or("unnamed").to_owned()
}

/// The test binary's name as cargo built it, with its hash: the runner knows it by that.
fn binary() -> String {
    let path = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("unknown"));
    path.file_name()
        .map_or_else(|| "unknown".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Appends one line to the runner's log, if there is a runner.
fn append(fields: &[&str]) {
    let Some(path) = std::env::var_os("CLEAT_TEST_LOG") else {
        return;
    };
    let line = format!("{}\n", fields.join("\t"));
    let written = OpenOptions::new()
        .append(true)
        .create(true)
        .open(&path)
        .and_then(|mut file| file.write_all(line.as_bytes()));
    if let Err(error) = written {
        panic!(
            "cannot append to the test log {}: {error}",
            PathBuf::from(path).display()
        );
    }
}
