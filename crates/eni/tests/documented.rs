//! Every diagnostic of this crate stands in docs/diagnostics.md, and nothing else does in its section.

#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Code and severity of each `Diagnostic::error("code", ...)` and its like in the sources.
fn in_sources(folder: &Path) -> BTreeMap<String, Vec<&'static str>> {
    let mut found: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        for (call, word) in [
            ("Diagnostic::error(", "error"),
            ("Diagnostic::warning(", "warning"),
            ("Diagnostic::new(", "error or warning"),
        ] {
            for (at, _) in text.match_indices(call) {
                let after = &text[at + call.len()..];
                let code = after.split('"').nth(1).unwrap();
                let severities = found.entry(code.to_owned()).or_default();
                if !severities.contains(&word) {
                    severities.push(word);
                }
            }
        }
    }
    found
}

#[test]
fn every_diagnostic_is_documented_once() {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = fs::read_to_string(crate_folder.join("../../docs/diagnostics.md")).unwrap();
    let section = docs
        .split("\n## ")
        .find(|section| section.starts_with("Reading interfaces(5)\n"))
        .unwrap();
    let documented: Vec<(String, Vec<String>)> = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
        .map(|(code, rest)| (code.to_owned(), vec![rest.split(" | ").next().unwrap().to_owned()]))
        .collect();
    let sources: Vec<(String, Vec<String>)> = in_sources(&crate_folder.join("src"))
        .into_iter()
        .map(|(code, severities)| (code, severities.into_iter().map(str::to_owned).collect()))
        .collect();
    assert!(sources.len() > 20);
    assert_eq!(documented, sources);
}
