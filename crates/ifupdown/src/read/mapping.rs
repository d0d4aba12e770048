//! Mapping scripts of classic ifupdown: a program picks the stanza that an interface is configured by.

use crate::hooks::{PATH, process};
use cleat_diag::Diagnostic;
use cleat_eni::Mapping;
use cleat_root::Root;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

/// How often one mapping may lead to the next.
const LONGEST_CHAIN: usize = 8;

/// The logical name of an interface: what the first mapping whose pattern fits gives, that name mapped again, and so
/// on. Without one that fits, the name itself.
///
/// *Source*: interfaces(5) of classic ifupdown: the script gets the name as its argument and the `map` lines on
/// standard input; the first line that it prints is the new name; where it fails or prints nothing, the name stays.
pub fn logical<'a>(
    root: &Root,
    mappings: impl Iterator<Item = &'a Mapping> + Clone,
    name: &str,
    limit: Duration,
) -> (String, Vec<Diagnostic>) {
    let mut found = name.to_owned();
    let mut diagnostics = Vec::new();
    let mut used: Vec<&Mapping> = Vec::new();
    while used.len() < LONGEST_CHAIN {
        let next = mappings.clone().find(|mapping| {
            let fits = mapping
                .patterns
                .iter()
                .any(|pattern| cleat_root::matches(&pattern.value, &found));
            fits && !used.iter().any(|old| std::ptr::eq(*old, *mapping))
        });
        let Some(mapping) = next else { break };
        used.push(mapping);
        match ask(root, mapping, &found, limit) {
            Ok(Some(logical)) => found = logical,
            Ok(None) => {}
            Err(diagnostic) => diagnostics.push(*diagnostic),
        }
    }
    (found, diagnostics)
}

fn ask(root: &Root, mapping: &Mapping, name: &str, limit: Duration) -> Result<Option<String>, Box<Diagnostic>> {
    let Some(script) = &mapping.script else {
        return Ok(None);
    };
    let path = root.host_path(Path::new(&script.text));
    let lines: String = mapping.maps.iter().map(|map| format!("{}\n", map.text)).collect();
    let environment = BTreeMap::from([("PATH".to_owned(), PATH.to_owned())]);
    let ended = process::run(path.as_os_str(), &[OsStr::new(name)], &environment, Some(&lines), limit);
    match ended.fault {
        None => {
            let first = ended.output.lines().next().unwrap_or_default().trim();
            Ok((!first.is_empty()).then(|| first.to_owned()))
        }
        Some(fault) => Err(Box::new(
            Diagnostic::warning("mapping-failed", format!("mapping script failed: {fault}"))
                .on(name)
                .at(script.place, "the interface keeps its own name"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cleat_eni::Item;
    use std::os::unix::fs::PermissionsExt;

    fn mappings(text: &str) -> Vec<Mapping> {
        let mut sources = cleat_diag::Sources::new();
        let file = sources.add("interfaces", text.as_bytes().to_vec());
        let (document, diagnostics) = cleat_eni::parse(file, sources.get(file).unwrap());
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let found = document.items().iter().filter_map(|item| match item {
            Item::Mapping(mapping) => Some(mapping.clone()),
            _ => None,
        });
        found.collect()
    }

    #[test]
    fn the_script_gets_the_maps_and_its_first_line_is_the_name() {
        let tree = tempfile::tempdir().unwrap();
        let path = tree.path().join("pick");
        std::fs::write(
            &path,
            "#!/bin/sh\nwhile read -r key value; do test \"$key\" = \"$1\" && echo \"$value\"; done; true\n",
        )
        .unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let found = mappings(
            "mapping wl* eth0\n script /pick\n map eth0 work\n map wlan0 home\nmapping home\n script /pick\n map home home-wired\n",
        );
        let root = Root::at(tree.path());
        let logical = |name: &str| logical(&root, found.iter(), name, Duration::from_secs(5));
        assert_eq!(logical("eth0"), ("work".to_owned(), Vec::new()));
        assert_eq!(logical("wlan0").0, "home-wired");
        assert_eq!(logical("wlan1").0, "wlan1");
        assert_eq!(logical("eth1").0, "eth1");
    }

    #[test]
    fn a_failing_script_leaves_the_name_and_is_told() {
        let tree = tempfile::tempdir().unwrap();
        let found = mappings("mapping eth0\n script /nowhere\n");
        let (name, diagnostics) = logical(&Root::at(tree.path()), found.iter(), "eth0", Duration::from_secs(5));
        assert_eq!(name, "eth0");
        assert_eq!(
            diagnostics[0].message,
            "mapping script failed: cannot be started: No such file or directory (os error 2)"
        );
    }
}
