//! Every diagnostic of the commands stands in docs/diagnostics.md, and nothing else does in its section.

#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Code and severity of each diagnostic that is made in the sources of a folder, the face of `cleat` left out.
fn in_sources(folder: &Path, found: &mut BTreeMap<String, &'static str>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("face") {
            continue;
        }
        if path.is_dir() {
            in_sources(&path, found);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        for (call, severity) in [
            ("Diagnostic::error(", "error"),
            ("Diagnostic::warning(", "warning"),
            (".fail(", "error"),
        ] {
            for (at, _) in text.match_indices(call) {
                let after = &text[at + call.len()..];
                // A code that is handed on is made elsewhere.
                if let Some(code) = after.trim_start().strip_prefix('"') {
                    let code = code.split('"').next().unwrap().to_owned();
                    let before = found.insert(code.clone(), severity);
                    assert!(
                        before.is_none_or(|before| before == severity),
                        "{code} is {severity} and {before:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn every_diagnostic_of_the_commands_is_documented() {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = fs::read_to_string(crate_folder.join("../../docs/diagnostics.md")).unwrap();
    let mut sections = docs.split("\n## ");
    let section = sections
        .find(|section| section.starts_with("Running the commands\n"))
        .unwrap();
    let rows = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let documented: BTreeMap<String, &str> = rows
        .map(|(code, rest)| (code.to_owned(), rest.split(" | ").next().unwrap()))
        .collect();
    let mut sources = BTreeMap::new();
    in_sources(&crate_folder.join("src"), &mut sources);
    assert!(sources.len() > 15);
    assert_eq!(documented, sources);
}
