//! Odd files as a whole, and large ones.

#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use cleat_diag::{Sources, render};
use cleat_eni::{Item, parse};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a file says, one line each, and what is wrong with it as a user sees it.
fn told(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap();
    let mut sources = Sources::new();
    let file = sources.add(path.file_name().unwrap(), bytes.clone());
    let (document, diagnostics) = parse(file, &Arc::clone(sources.get(file).unwrap()));
    assert_eq!(document.to_bytes(), bytes, "{}", path.display());
    let mut text = String::new();
    for item in document.items() {
        match item {
            Item::Auto(class) | Item::NoAutoDown(class) | Item::NoScripts(class) => {
                let names: Vec<_> = class.names.iter().map(|name| name.value.as_str()).collect();
                writeln!(text, "class {} {names:?}", class.class.value).unwrap();
            }
            Item::Iface(iface) => {
                let family = iface
                    .family
                    .as_ref()
                    .map_or(String::new(), |family| family.value.to_string());
                let method = iface.method.as_ref().map_or("", |method| &method.value);
                writeln!(text, "iface {:?} {family:?} {method:?}", iface.name.value).unwrap();
                for option in &iface.options {
                    writeln!(text, "  {:?} = {:?}", option.key.value, option.value.text).unwrap();
                }
            }
            Item::Mapping(mapping) => writeln!(text, "mapping of {}", mapping.patterns.len()).unwrap(),
            Item::Rename(pairs) => writeln!(text, "rename of {}", pairs.len()).unwrap(),
            Item::Source(include) | Item::SourceDirectory(include) => {
                let targets: Vec<_> = include.targets.iter().map(|target| target.value.as_str()).collect();
                writeln!(text, "source {targets:?}").unwrap();
            }
        }
    }
    for diagnostic in &diagnostics {
        writeln!(text, "\n{}", render::terminal(diagnostic, &sources, false)).unwrap();
    }
    text
}

/// The odd files; why each is there stands in why.md beside them.
fn fixtures() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/eni");
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|end| end == "interfaces"))
        .collect();
    paths.sort();
    paths
}

/// `BLESS=1` writes the expected files again; read the difference before it is committed.
#[test]
fn odd_files_say_what_they_are_expected_to_say() {
    let mut failed = Vec::new();
    let paths = fixtures();
    for path in &paths {
        let expected = path.with_extension("expected");
        let told = told(path);
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&expected, &told).unwrap();
        }
        if std::fs::read_to_string(&expected).ok().as_deref() != Some(told.as_str()) {
            failed.push(format!("{}:\n{told}", path.display()));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert_eq!(paths.len(), 8);
}

/// The issue asks for 10 MB files. The limit here is for a build without optimisation on a busy machine.
#[test]
fn ten_megabytes_are_read_in_seconds() {
    let mut text = String::new();
    let mut number = 0;
    while text.len() < 10 << 20 {
        number += 1;
        writeln!(
            text,
            "auto vmbr{number}\niface vmbr{number} inet static\n\taddress 10.0.0.1/24\n\tbridge-ports eno1 \\\n\t\teno2"
        )
        .unwrap();
        writeln!(
            text,
            "\tbridge-stp off\n\tpost-up echo 1 > /proc/sys/net/ipv4/ip_forward\n"
        )
        .unwrap();
    }
    let mut sources = Sources::new();
    let file = sources.add("/f", text.into_bytes());
    let source = Arc::clone(sources.get(file).unwrap());
    let begun = Instant::now();
    let (document, diagnostics) = parse(file, &source);
    let took = begun.elapsed();
    println!("10 MiB, {number} stanzas: {} ms", took.as_millis());
    assert_eq!((document.items().len(), diagnostics.len()), (number * 2, 0));
    assert!(took < Duration::from_secs(60), "{took:?}");
}

/// Each of these once made some parser slow or verbose: one line, no line, one word a line, all backslashes.
#[test]
fn monotonous_files_are_read_in_seconds() {
    let most = 1 << 20;
    for unit in [
        "a",
        "\n",
        "a\n",
        "\\\n",
        "iface \\\n",
        "auto a\n x\n",
        "# \u{e9}\\\n",
        "iface x\n a # b\n",
    ] {
        let mut sources = Sources::new();
        let file = sources.add("/f", unit.repeat(most / unit.len()).into_bytes());
        let source = Arc::clone(sources.get(file).unwrap());
        let begun = Instant::now();
        let (document, diagnostics) = parse(file, &source);
        let took = begun.elapsed();
        assert_eq!(document.to_bytes(), source.bytes());
        println!("{unit:?}: {} ms, {} diagnostics", took.as_millis(), diagnostics.len());
        assert!(diagnostics.len() <= 1_001, "{unit:?}");
        assert!(took < Duration::from_secs(60), "{unit:?} took {took:?}");
    }
}

#[test]
fn of_very_many_faults_the_worst_severity_is_kept() {
    let mut sources = Sources::new();
    let text = format!("{}iface\n", "auto\n".repeat(1_500));
    let file = sources.add("/f", text.into_bytes());
    let (_, diagnostics) = parse(file, &Arc::clone(sources.get(file).unwrap()));
    assert_eq!(diagnostics.len(), 1_001);
    assert_eq!(
        render::line(&diagnostics[1_000], &sources),
        "error: 501 more faults in /f are not shown [too-many]; help: is this an interfaces(5) file?"
    );
}
