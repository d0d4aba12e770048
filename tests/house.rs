//! The invariants of ARCHITECTURE.md that a compiler does not keep. Second witness: the manifests and the tree itself.

// Tests read the tree directly.
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn tree() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every Rust file of the project.
fn rust_files() -> Vec<PathBuf> {
    let mut waiting: Vec<PathBuf> = ["crates", "bins", "tests", "xtask"]
        .iter()
        .map(|name| tree().join(name))
        .collect();
    let mut found = Vec::new();
    while let Some(directory) = waiting.pop() {
        for entry in std::fs::read_dir(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display())) {
            let path = entry.expect("a readable folder").path();
            if path.is_dir() && !path.ends_with("target") {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found
}

/// The lines of a file's code with their numbers, without comments and without what is for its own tests.
fn code_lines(path: &Path) -> Vec<(usize, String)> {
    let text = read(path);
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default().to_owned());
    (1..).zip(lines).collect()
}

/// The names under a heading of a manifest, as far as they are ours.
fn ours(manifest: &str, heading: &str) -> BTreeSet<String> {
    let lines = manifest.lines().skip_while(|line| line.trim() != heading).skip(1);
    let names = lines
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.strip_prefix("cleat-"));
    names
        .filter_map(|rest| Some(rest.split(['.', ' ', '=']).next()?.to_owned()))
        .collect()
}

#[test]
fn crates_import_only_what_the_map_allows() {
    let low = [
        "diag", "root", "eni", "model", "kernel", "naming", "sysctl", "store", "cli", "settings",
    ];
    let with = |more: &[&'static str]| [&low[..], more].concat();
    let allowed: [(&str, Vec<&str>); 16] = [
        ("diag", vec![]),
        ("root", vec![]),
        ("eni", vec!["diag", "root"]),
        ("model", vec!["diag", "eni"]),
        ("kernel", vec!["model", "root"]),
        ("naming", vec!["diag", "root"]),
        ("early", vec!["diag", "root", "naming"]),
        ("cli", vec!["diag", "eni"]),
        ("sysctl", vec!["diag", "root", "eni", "model", "cli"]),
        ("store", vec!["diag", "root", "eni"]),
        ("settings", vec!["diag", "root", "eni", "store"]),
        ("nics", with(&[])),
        ("ifupdown", with(&[])),
        ("commit", with(&["ifupdown"])),
        ("face", with(&["ifupdown", "commit"])),
        ("app", vec!["cli", "commit", "face", "ifupdown", "nics", "sysctl"]),
    ];
    for (name, may) in allowed {
        let imports = ours(
            &read(&tree().join("crates").join(name).join("Cargo.toml")),
            "[dependencies]",
        );
        let may: BTreeSet<String> = may.into_iter().map(str::to_owned).collect();
        assert!(
            imports.is_subset(&may),
            "{name} imports {imports:?}, the map allows {may:?}"
        );
    }
}

#[test]
fn netlink_and_tokio_are_used_in_the_kernel_crate_only() {
    for entry in std::fs::read_dir(tree().join("crates")).expect("crates are there") {
        let path = entry.expect("a readable folder").path();
        let manifest = read(&path.join("Cargo.toml"));
        let dependencies = manifest.split("[dev-dependencies]").next().unwrap_or_default();
        let netlink = ["netlink-sys", "rtnetlink", "netlink-packet", "tokio"]
            .iter()
            .any(|word| dependencies.contains(word));
        assert!(
            !netlink || path.ends_with("kernel"),
            "{} must not speak netlink",
            path.display()
        );
    }
}

#[test]
fn eni_knows_no_attribute_names() {
    // Hook words and file keywords are its own; an option's name is not. Comments and tests may give examples.
    for path in rust_files() {
        if !path.starts_with(tree().join("crates/eni/src")) {
            continue;
        }
        for (number, line) in code_lines(&path) {
            for word in [
                "\"bridge-",
                "\"bond-",
                "\"vlan-",
                "\"vxlan-",
                "\"address\"",
                "\"gateway\"",
                "\"mtu\"",
            ] {
                assert!(!line.contains(word), "{}:{}: {word}", path.display(), number);
            }
        }
    }
}

#[test]
fn no_file_is_longer_than_600_lines_and_none_has_a_name_without_meaning() {
    let files = rust_files();
    assert!(files.len() > 50, "the walk found only {} files", files.len());
    for path in files {
        let lines = read(&path).lines().count();
        assert!(lines <= 600, "{} has {lines} lines", path.display());
        for part in path.strip_prefix(tree()).expect("below the tree").iter() {
            let word = part.to_string_lossy().trim_end_matches(".rs").to_owned();
            let nameless = ["util", "utils", "helper", "helpers", "common", "misc"].contains(&word.as_str());
            assert!(!nameless, "{}: a room needs a name of its own", path.display());
        }
    }
}

/// English says "is not a port", and keeps "is no" for "there is no port" and "is no longer".
#[test]
fn no_message_says_is_no_where_it_means_is_not_a() {
    let mut seen = 0;
    let mut wrong = Vec::new();
    for path in rust_files() {
        for (number, line) in code_lines(&path) {
            // What stands between quotes: every second piece.
            for text in line.split('"').skip(1).step_by(2) {
                seen += 1;
                for (at, _) in text.match_indices("is no ") {
                    let (before, after) = text.split_at(at);
                    let is_right = before.to_ascii_lowercase().ends_with("there ") || after.starts_with("is no longer");
                    if !is_right && after["is no ".len()..].starts_with(|next: char| next.is_ascii_lowercase()) {
                        wrong.push(format!("{}:{number}: {text}", path.display()));
                    }
                }
            }
        }
    }
    assert!(seen > 5_000, "only {seen} texts were found");
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn model_does_no_io_has_no_clock_and_no_async() {
    for path in rust_files() {
        if !path.starts_with(tree().join("crates/model/src")) {
            continue;
        }
        let below = path.strip_prefix(tree()).expect("below the tree");
        // Test support and tests may read fixtures.
        let tests = [
            "tests",
            "tests.rs",
            "testing.rs",
            "trial",
            "examples.rs",
            "properties.rs",
        ];
        if below.iter().any(|part| tests.iter().any(|name| part == *name)) {
            continue;
        }
        for (number, line) in code_lines(&path) {
            for word in [
                "std::fs",
                "std::process",
                "std::env",
                "Instant::",
                "SystemTime",
                "async fn",
                "UdpSocket",
                "TcpStream",
            ] {
                assert!(!line.contains(word), "{}:{}: {word}", path.display(), number);
            }
        }
    }
}

/// The arms of a `match` that starts behind this point of the code, as their patterns.
fn patterns(code: &str) -> Vec<String> {
    let Some(open) = code.find('{') else { return Vec::new() };
    let (mut depth, mut pattern, mut all, mut in_pattern) = (0, String::new(), Vec::new(), true);
    let mut letters = code[open..].chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => depth -= 1,
            _ => {}
        }
        match (depth, letter) {
            (0, _) => break,
            (1, '{') if pattern.is_empty() && all.is_empty() => {}
            // The block of an arm ends it.
            (1, '}') if !in_pattern => in_pattern = true,
            (1, ',') => in_pattern = true,
            (1, '=') if in_pattern && letters.peek() == Some(&'>') => {
                all.push(std::mem::take(&mut pattern).trim().to_owned());
                in_pattern = false;
            }
            _ if in_pattern => pattern.push(letter),
            _ => {}
        }
    }
    all
}

/// A kind that a `match` on kinds does not name must not get what another kind has.
#[test]
fn no_match_on_the_kind_of_a_link_has_a_wildcard() {
    let is_test = |path: &Path| {
        let path = path.to_string_lossy();
        [
            "/tests",
            "/trial/",
            "/suite",
            "_tests.rs",
            "/properties",
            "/examples.rs",
            "/testing.rs",
            "/netns/",
        ]
        .iter()
        .any(|part| path.contains(part))
    };
    let mut seen = 0;
    let mut found = Vec::new();
    for path in rust_files()
        .into_iter()
        .filter(|path| path.starts_with(tree().join("crates")) && !is_test(path))
    {
        let lines: Vec<String> = code_lines(&path).into_iter().map(|(_, line)| line).collect();
        let code = lines.join("\n");
        for (at, _) in code.match_indices("match ") {
            let patterns = patterns(&code[at..]);
            let is_kind = |pattern: &String| {
                let starts = pattern.match_indices("Kind::").map(|(at, _)| &pattern[..at]);
                let ours = |before: &str| !before.ends_with(|letter: char| letter.is_alphanumeric() || letter == '_');
                let variants = [
                    "Physical", "Bridge", "Bond", "Vlan", "Vxlan", "Veth", "Macvlan", "Vrf", "Row", "Other",
                ];
                let named = variants
                    .iter()
                    .any(|variant| pattern.contains(&format!("Kind::{variant}")));
                let pattern_alone = !pattern.contains(" if ") || pattern.find("Kind::") < pattern.find(" if ");
                named && pattern_alone && { starts }.any(ours)
            };
            if !patterns.iter().any(is_kind) {
                continue;
            }
            seen += 1;
            let is_wild = |pattern: &&String| {
                let bound = pattern.trim_start_matches("ref ");
                let word = bound.split(" if ").next().unwrap_or_default().trim();
                word.starts_with(|first: char| first == '_' || first.is_lowercase())
                    && word.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
            };
            let line = code[..at].matches('\n').count() + 1;
            let wild = patterns.iter().filter(is_wild);
            found.extend(wild.map(|pattern| format!("{}:{line}: `{pattern} =>`", path.display())));
        }
    }
    assert!(seen > 10, "the search found only {seen} places");
    assert!(
        found.is_empty(),
        "name the kinds, or read their row:\n{}",
        found.join("\n")
    );
}
