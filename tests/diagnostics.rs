//! Every diagnostic that the shipped crates make stands in docs/diagnostics.md, with its severity, in the section of what
//! makes it, and no other does.
//!
//! Second witness: the sources, in which each code is written where the diagnostic is made.

use cleat_witness::assert_alike;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The sections of the page, and the crates that make what stands in them.
const SECTIONS: &[(&str, &[&str])] = &[
    ("Reading interfaces(5)", &["eni"]),
    ("Reading .link files", &["naming"]),
    ("Names of NICs", &["nics", "ifupdown"]),
    ("What a stanza says", &["model"]),
    ("The network as a whole", &["model"]),
    ("What a change would do", &["model"]),
    ("Doing it, and looking again", &["model"]),
    ("The staged configuration and the history", &["store", "commit"]),
    ("Kernel settings (sysctl.d)", &["sysctl", "app"]),
    (
        "Running the commands",
        &["cli", "settings", "ifupdown", "face", "commit"],
    ),
    ("In the initramfs", &["early", "naming", "nics"]),
    ("The naming scheme", &["nics"]),
];

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

/// A code and the crate that makes it, with its severities there.
type Made = BTreeMap<(String, &'static str), BTreeSet<&'static str>>;

/// Codes and severities in the sources. `Diagnostic::new` takes a severity that is found out when it runs.
fn made() -> Made {
    let mut made = Made::new();
    let crates: BTreeSet<&str> = SECTIONS.iter().flat_map(|(_, crates)| *crates).copied().collect();
    for name in crates.into_iter().chain(["kernel"]) {
        for path in shipped(&tree().join("crates").join(name).join("src")) {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            for (call, severities) in [
                ("Diagnostic::error(", &["error"][..]),
                ("Diagnostic::warning(", &["warning"]),
                ("Diagnostic::info(", &["info"]),
                ("Diagnostic::new(", &["error", "warning"]),
                ("  code: \"", &["error"]),
            ] {
                for (at, _) in code.match_indices(call) {
                    // What a kind of link lacks is made in one place, with the codes of the rows.
                    if code[at + call.len()..].starts_with("lack.code") {
                        continue;
                    }
                    let found = code[at..].split('"').nth(1).unwrap_or_default();
                    let is_kebab = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
                    assert!(
                        !found.is_empty() && found.bytes().all(is_kebab),
                        "{}: `{call}` is not followed by a code but by {found:?}",
                        path.display()
                    );
                    made.entry((found.to_owned(), name)).or_default().extend(severities);
                }
            }
        }
    }
    made
}

/// Code and severities of each row of a section.
fn rows(section: &str) -> Vec<(String, BTreeSet<&str>)> {
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|line| {
        let cells: Vec<&str> = line.trim_matches(['|', ' ']).split(" | ").collect();
        let [code, severity, means, to_do] = cells.as_slice() else {
            panic!("not four cells: {line}");
        };
        assert!(means.len() > 10 && to_do.len() > 5, "{line}");
        (code.trim_matches('`').to_owned(), severity.split(" or ").collect())
    })
    .collect()
}

#[test]
fn every_diagnostic_is_documented_with_its_severity_and_what_to_do() {
    let text = std::fs::read_to_string(tree().join("docs/diagnostics.md")).unwrap();
    let made = made();
    let mut documented: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let sections: Vec<&str> = text.split("\n## ").skip(1).collect();
    let titles: Vec<&str> = sections.iter().filter_map(|section| section.lines().next()).collect();
    assert_eq!(titles, SECTIONS.iter().map(|(title, _)| *title).collect::<Vec<_>>());
    for (section, (title, crates)) in sections.iter().zip(SECTIONS) {
        for (code, severities) in rows(section) {
            let here = crates.iter().filter_map(|name| made.get(&(code.clone(), *name)));
            let of_crates: BTreeSet<&str> = here.flatten().copied().collect();
            assert_eq!(of_crates, severities, "`{code}` in \"{title}\", made by {crates:?}");
            documented.entry(code).or_default().extend(severities);
        }
    }
    let mut codes: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for ((code, _), severities) in made {
        codes.entry(code).or_default().extend(severities);
    }
    assert!(codes.len() > 80, "the walk found only {} codes", codes.len());
    assert_alike("docs/diagnostics.md", ["documented", "made"], &documented, &codes);
}
