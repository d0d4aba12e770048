//! What the two packages hold, by the manifest: nothing that is installed is forgotten, and nothing is twice.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn top() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Source and destination of each asset, by package.
fn assets() -> BTreeMap<String, Vec<(String, String)>> {
    let text = std::fs::read_to_string(top().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = text.parse().unwrap();
    let variants = manifest["package"]["metadata"]["deb"]["variants"].as_table().unwrap();
    let package = |variant: &toml::Value| {
        let assets = variant["assets"].as_array().unwrap().iter();
        // Links to pages are tables, and have no source in the tree.
        let assets = assets.filter(|asset| asset.is_array()).map(|asset| {
            let word = |at: usize| asset[at].as_str().unwrap().to_owned();
            (word(0), word(1))
        });
        (variant["name"].as_str().unwrap().to_owned(), assets.collect())
    };
    variants.values().map(package).collect()
}

/// All files below a directory of the tree, as the manifest would name them.
fn files(directory: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(top().join(directory)).into_iter().flatten() {
        let entry = entry.unwrap();
        let name = format!("{directory}/{}", entry.file_name().to_string_lossy());
        match entry.path().is_dir() {
            true => found.extend(files(&name)),
            false => drop(found.insert(name)),
        }
    }
    found
}

#[test]
fn every_program_unit_page_hook_and_completion_is_in_one_package() {
    let programs = files("bins").into_iter().map(|main| {
        let name = Path::new(&main).file_stem().unwrap().to_string_lossy().into_owned();
        format!("target/release/{name}")
    });
    let pages = files("docs/man").into_iter().filter(|page| !page.ends_with(".in"));
    let rest = ["units", "initramfs-hooks", "completions"]
        .map(files)
        .into_iter()
        .flatten();
    let wanted: BTreeSet<String> = programs.chain(pages).chain(rest).collect();
    let all: Vec<String> = assets().into_values().flatten().map(|(source, _)| source).collect();
    let packed: BTreeSet<String> = all.iter().cloned().collect();
    assert_eq!(all.len(), packed.len(), "an asset stands twice");
    let forgotten: Vec<&String> = wanted.difference(&packed).collect();
    assert!(forgotten.is_empty(), "in no package: {forgotten:?}");
    let gone: Vec<&String> = packed
        .iter()
        .filter(|source| !source.starts_with("target/") && !top().join(source).is_file())
        .collect();
    assert!(gone.is_empty(), "not in the tree: {gone:?}");
}

/// The links of a package: what each leads to, by where it lies.
fn links(package: &str) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(top().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = text.parse().unwrap();
    let variants = manifest["package"]["metadata"]["deb"]["variants"].as_table().unwrap();
    let of = variants
        .values()
        .find(|variant| variant["name"].as_str() == Some(package));
    let assets = of.unwrap()["assets"].as_array().unwrap().iter();
    let word = |link: &toml::Table, key: &str| link[key].as_str().unwrap().to_owned();
    let links = assets.filter_map(toml::Value::as_table);
    links
        .map(|link| (word(link, "dest"), word(link, "link_name")))
        .collect()
}

/// All but cleat-early are one file. `ifup` and its like are links that the scripts make, to a link of the package.
#[test]
fn every_program_has_its_name_in_the_package() {
    let links_of_cleat = links("cleat");
    for program in cleat_app::programs::PROGRAMS
        .iter()
        .filter(|program| program.name != "cleat")
    {
        let link = links_of_cleat.get(&format!("usr/sbin/{}", program.name));
        assert_eq!(link.map(String::as_str), Some("../bin/cleat"), "{}", program.name);
    }
    let link = links("cleat-ifupdown").remove("usr/lib/cleat/ifupdown");
    assert_eq!(link.as_deref(), Some("../../bin/cleat"));
    let text = std::fs::read_to_string(top().join("Cargo.toml")).unwrap();
    let needs = format!("depends = \"$auto, cleat (>= {})\"\n", env!("CARGO_PKG_VERSION"));
    assert!(text.contains(&needs), "the links are useless with an older cleat");
}

/// The pages that the packages install, by the names of their files, and which file of docs/man each one is: a page of
/// that name, or the one that a link of that name leads to.
fn pages() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(top().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = text.parse().unwrap();
    let variants = manifest["package"]["metadata"]["deb"]["variants"].as_table().unwrap();
    let mut pages: BTreeMap<String, String> = BTreeMap::new();
    for asset in variants
        .values()
        .flat_map(|variant| variant["assets"].as_array().unwrap())
    {
        if let Some(link) = asset.as_table() {
            if !link["dest"].as_str().unwrap().starts_with("usr/share/man/") {
                continue;
            }
            let name = |key: &str| {
                let file = Path::new(link[key].as_str().unwrap()).file_name().unwrap();
                file.to_str().unwrap().strip_suffix(".gz").unwrap().to_owned()
            };
            pages.insert(name("dest"), name("link_name"));
        } else if let Some(page) = asset[0].as_str().unwrap().strip_prefix("docs/man/") {
            pages.insert(page.to_owned(), page.to_owned());
        }
    }
    pages
}

/// man(1) finds a page by the name of its file; mandb(8) and whatis(1) by the names in the section NAME.
#[test]
fn every_unit_has_a_page_under_its_own_name() {
    let pages = pages();
    let units = files("units").into_iter().filter(|unit| unit.ends_with(".service"));
    // The alias, which other packages and their users know.
    for unit in units.chain(["units/networking.service".to_owned()]) {
        let name = unit.strip_prefix("units/").unwrap();
        let page = pages.get(&format!("{name}.8"));
        let page = page.unwrap_or_else(|| panic!("no page {name}(8)"));
        let text = std::fs::read_to_string(top().join(format!("docs/man/{page}"))).unwrap();
        let names = text.lines().skip_while(|line| *line != ".SH NAME").nth(1).unwrap();
        let names = names.replace("\\-", "-");
        let (names, _) = names.split_once(" - ").unwrap();
        assert!(names.split(", ").any(|one| one == name), "{page} is about {names}");
    }
}

/// `systemctl help UNIT` opens these pages: they are ours, or systemd's own. interfaces(5) is ours, too: those of
/// ifupdown and ifupdown2 go with these packages.
#[test]
fn regress_every_page_that_a_unit_names_is_installed() {
    const OF_SYSTEMD: [&str; 2] = ["sysctl.d.5", "systemd.special.7"];
    let pages = pages();
    let mut named = 0;
    for unit in files("units").into_iter().filter(|unit| unit.ends_with(".service")) {
        let text = std::fs::read_to_string(top().join(&unit)).unwrap();
        let documentation = text.lines().filter_map(|line| line.strip_prefix("Documentation="));
        for page in documentation.flat_map(str::split_whitespace) {
            let page = page.strip_prefix("man:").and_then(|page| page.strip_suffix(')'));
            let page = page.unwrap_or_else(|| panic!("{unit}: not a page")).replace('(', ".");
            named += 1;
            let file = pages.get(&page).map(|file| top().join("docs/man").join(file));
            let there = OF_SYSTEMD.contains(&page.as_str()) || file.is_some_and(|file| file.is_file());
            assert!(there, "{unit}: no package has {page}");
        }
    }
    assert!(named > 0);
}

/// systemd.unit(5), udev(7), initramfs-tools(7), man(1): where each kind of file is looked for.
#[test]
fn every_file_goes_where_it_is_looked_for() {
    for (source, to) in assets().into_values().flatten() {
        let name = Path::new(&source).file_name().unwrap().to_string_lossy().into_owned();
        let place = match source.split('/').next().unwrap() {
            "units" if name.ends_with(".rules") => "usr/lib/udev/rules.d/".to_owned(),
            "units" => {
                // A drop-in lies in the directory of its unit.
                let below = source.strip_prefix("units/").unwrap().strip_suffix(&name).unwrap();
                format!("usr/lib/systemd/system/{below}")
            }
            "docs" if source.starts_with("docs/man/") => {
                format!("usr/share/man/man{}/", &name[name.len() - 1..])
            }
            "initramfs-hooks" if source.contains("/dracut/") => "usr/lib/dracut/modules.d/90cleat/".to_owned(),
            "initramfs-hooks" => {
                let below = source.strip_prefix("initramfs-hooks/initramfs-tools/").unwrap();
                format!("usr/share/initramfs-tools/{}/", below.strip_suffix("/cleat").unwrap())
            }
            "target" => match name.as_str() {
                "cleat" => "usr/bin/".to_owned(),
                "ifupdown" | "cleat-early" => "usr/lib/cleat/".to_owned(),
                _ => "usr/sbin/".to_owned(),
            },
            _ => continue,
        };
        assert_eq!(to, place, "{source}");
    }
}

/// Debian Policy 10.7.3: a file below /etc is the administrator's. The network's own file is in no package.
#[test]
fn no_package_owns_the_configuration_of_the_network() {
    for (package, assets) in assets() {
        for (source, to) in assets {
            assert!(!to.starts_with("etc/network"), "{package}: {source}");
        }
    }
}

/// Files that work without being asked for: somebody who finds one looks for its name in the manual.
#[test]
fn what_changes_how_other_programs_behave_is_told_in_a_page() {
    let read = |page: String| std::fs::read_to_string(top().join(page)).unwrap().replace("\\-", "-");
    let pages: String = files("docs/man")
        .into_iter()
        .filter(|page| !page.ends_with(".in"))
        .map(read)
        .collect();
    let mut told = 0;
    for (source, to) in assets().into_values().flatten() {
        // A destination that ends in `/` takes the name of the source.
        let name = Path::new(&source).file_name().unwrap().to_string_lossy();
        let path = if to.ends_with('/') {
            format!("/{to}{name}")
        } else {
            format!("/{to}")
        };
        let elsewhere =
            path.starts_with("/etc/apt/") || path.contains(".service.d/") || path.starts_with("/usr/lib/cleat/");
        // The program behind the four commands, by whose names it is called.
        if elsewhere && !path.ends_with("/ifupdown") {
            told += 1;
            assert!(pages.contains(&path), "no page tells of {path}");
        }
    }
    assert_eq!(told, 4);
    assert!(pages.contains("CLEAT_TAKEOVER"));
}
