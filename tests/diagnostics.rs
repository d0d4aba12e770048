//! Every diagnostic that the shipped crates make stands in docs/diagnostics.md, with its severity, and no other does.
//!
//! Second witness: the sources, in which each code is written where the diagnostic is made.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn tree() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The Rust files below a folder, tests left out.
fn shipped(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name != "tests" {
            files.extend(shipped(&path));
        } else if name.ends_with(".rs") && name != "tests.rs" {
            files.push(path);
        }
    }
    files
}

/// Codes and severities in the sources. `Diagnostic::new` takes a severity that is found out when it runs.
fn made() -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut made: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    for name in ["eni", "model", "kernel", "naming", "early", "sysctl", "app"] {
        for path in shipped(&tree().join("crates").join(name).join("src")) {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            for (call, severities) in [
                ("Diagnostic::error(", &["error"][..]),
                ("Diagnostic::warning(", &["warning"]),
                ("Diagnostic::info(", &["info"]),
                ("Diagnostic::new(", &["error", "warning"]),
            ] {
                for (at, _) in code.match_indices(call) {
                    let found = code[at + call.len()..].split('"').nth(1).unwrap_or_default();
                    let kebab = !found.is_empty()
                        && found
                            .bytes()
                            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
                    assert!(
                        kebab,
                        "{}: `{call}` is not followed by a code but by {found:?}",
                        path.display()
                    );
                    made.entry(found.to_owned()).or_default().extend(severities);
                }
            }
        }
    }
    made
}

#[test]
fn every_diagnostic_is_documented_with_its_severity_and_what_to_do() {
    let text = std::fs::read_to_string(tree().join("docs/diagnostics.md")).unwrap();
    let mut documented: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches(['|', ' ']).split(" | ").collect();
        let [code, severity, means, to_do] = cells.as_slice() else {
            panic!("not four cells: {line}");
        };
        assert!(means.len() > 10 && to_do.len() > 5, "{line}");
        let code = code.trim_matches('`').to_owned();
        documented.entry(code).or_default().extend(severity.split(" or "));
    }
    let made = made();
    assert!(made.len() > 80, "the walk found only {} codes", made.len());
    assert_eq!(documented, made);
}
