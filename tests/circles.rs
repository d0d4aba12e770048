//! No circle of files in the crates of the programs: whoever reads a file has only to read what it imports.

// Tests read the tree directly.
#![allow(clippy::disallowed_methods)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The crates that only programs are made of.
const CRATES: [&str; 8] = ["app", "cli", "commit", "face", "ifupdown", "nics", "settings", "sysctl"];

type Module = Vec<String>;

/// The product files of a crate by their modules.
fn modules(sources: &Path) -> BTreeMap<Module, String> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![sources.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in std::fs::read_dir(&directory).expect("a readable folder") {
            let path: PathBuf = entry.expect("a readable folder").path();
            if path.is_dir() {
                waiting.push(path);
                continue;
            }
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let below = path.strip_prefix(sources).expect("below the crate").with_extension("");
            let mut module: Module = below.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            if matches!(module.last().map(String::as_str), Some("mod" | "lib")) {
                module.pop();
            }
            let tests = ["tests", "testing", "faulted"];
            if module.iter().any(|part| tests.contains(&part.as_str())) {
                continue;
            }
            found.insert(module, std::fs::read_to_string(&path).expect("a readable file"));
        }
    }
    found
}

/// The paths that a file takes names from: those of its `use`, braces written out, and those within its code.
fn paths(text: &str) -> Vec<String> {
    let code: String = text
        .split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or_default()
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default().to_owned() + "\n")
        .collect();
    let mut found = Vec::new();
    let mut rest = code.as_str();
    while let Some(at) = rest.find("use ") {
        let begins_line = rest[..at].rsplit('\n').next().is_some_and(|before| {
            let before = before.trim();
            before.is_empty() || before.starts_with("pub")
        });
        rest = &rest[at + "use ".len()..];
        if begins_line && let Some((tree, after)) = rest.split_once(';') {
            written_out(tree, &mut found);
            rest = after;
        }
    }
    // A path is what is left between signs that no path has.
    let within = code.split(|sign: char| !(sign.is_alphanumeric() || sign == '_' || sign == ':'));
    let whole = |word: &&str| word.contains("::") && !word.ends_with("::");
    found.extend(within.filter(whole).map(str::to_owned));
    found
}

/// `a::{b, c::{d, e}}` as `a::b`, `a::c::d` and `a::c::e`.
fn written_out(tree: &str, found: &mut Vec<String>) {
    let tree = tree.trim();
    let Some((head, rest)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        return found.push(path.trim_end_matches("::self").to_owned());
    };
    let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
    let mut depth = 0;
    let parts = inner.split(|sign: char| {
        depth += i32::from(sign == '{') - i32::from(sign == '}');
        sign == ',' && depth == 0
    });
    for part in parts.filter(|part| !part.trim().is_empty()) {
        written_out(&format!("{head}{}", part.trim()), found);
    }
}

/// The file of the same crate that a path leads to, from a module.
fn target<'a>(all: &'a BTreeMap<Module, String>, from: &Module, path: &str) -> Option<&'a Module> {
    let mut words = path.split("::").peekable();
    let mut at = match *words.peek()? {
        "crate" => {
            words.next();
            Module::new()
        }
        "super" => from.clone(),
        "self" => {
            words.next();
            from.clone()
        }
        first => {
            let child: Module = from.iter().cloned().chain([first.to_owned()]).collect();
            all.contains_key(&child).then(|| from.clone())?
        }
    };
    while words.next_if_eq(&"super").is_some() {
        at.pop()?;
    }
    for word in words {
        at.push(word.to_owned());
        if !all.contains_key(&at) {
            at.pop();
            break;
        }
    }
    let (module, _) = all.get_key_value(&at)?;
    (module != from).then_some(module)
}

/// What each file imports, straight.
fn imports(all: &BTreeMap<Module, String>) -> BTreeMap<&Module, BTreeSet<&Module>> {
    let of = |(module, text): (&'_ Module, &String)| -> BTreeSet<&Module> {
        paths(text)
            .iter()
            .filter_map(|path| target(all, module, path))
            .collect()
    };
    all.iter().map(|(module, text)| (module, of((module, text)))).collect()
}

/// The modules that come back to themselves.
fn in_circles<'a>(imports: &BTreeMap<&'a Module, BTreeSet<&'a Module>>) -> Vec<String> {
    let comes_back = |start: &&&Module| {
        let mut seen = BTreeSet::new();
        let mut waiting: Vec<&Module> = imports[**start].iter().copied().collect();
        while let Some(next) = waiting.pop() {
            if seen.insert(next) {
                waiting.extend(&imports[next]);
            }
        }
        seen.contains(**start)
    };
    imports
        .keys()
        .filter(comes_back)
        .map(|module| module.join("::"))
        .collect()
}

#[test]
fn no_crate_of_a_program_has_a_circle_of_files() {
    for name in CRATES {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("crates")
            .join(name)
            .join("src");
        let all = modules(&sources);
        let imports = imports(&all);
        let arrows: usize = imports.values().map(BTreeSet::len).sum();
        assert!(
            arrows >= all.len() / 2,
            "{name}: only {arrows} imports of {} files were found",
            all.len()
        );
        assert_eq!(
            in_circles(&imports),
            [""; 0],
            "crates/{name}: these files import each other"
        );
    }
}

#[test]
fn a_circle_is_found_through_braces_parents_and_bare_children() {
    let file = |module: &str, text: &str| {
        let module = module.split("::").filter(|part| !part.is_empty()).map(str::to_owned);
        (module.collect::<Module>(), text.to_owned())
    };
    let all = BTreeMap::from([
        file("", "mod a;\nmod b;\npub use a::A;\n"),
        file("a", "mod inner;\nuse crate::b::{self, c::{Deep, Wide as Broad}};\n"),
        file("a::inner", "// use super::A;\nfn f() {}\n"),
        file("b", "mod c;\nfn g() { c::h(); }\n"),
        file(
            "b::c",
            "fn h() { super::super::a::inner::f() }\n#[cfg(test)]\nmod tests {\n use super::super::B;\n}\n",
        ),
    ]);
    assert_eq!(in_circles(&imports(&all)), [""; 0]);
    let mut closed = all;
    closed.extend([file("a::inner", "use super::A;\n")]);
    assert_eq!(in_circles(&imports(&closed)), ["a", "a::inner", "b", "b::c"]);
}
