//! A boot whose interfaces file is lost: the newest healthy generation is brought up instead, and the file stays as it is.
//!
//! A power cut leaves a file of 0 bytes or of NULs, a bad disk one that cannot be read. A host that is dark for it cannot
//! be mended from afar. A file that is text and declares something is what its administrator wrote, if it is only `lo`.

use cleat_diag::Diagnostic;
use cleat_eni::{ConfigSet, Item};
use cleat_root::{Root, paths};
use cleat_store::{Generation, Store, Timestamp, Zone, comes_up};
use std::path::Path;

/// A configuration to boot by.
#[derive(Debug)]
pub(crate) struct Instead {
    /// The generation that it is of.
    pub number: u32,
    /// Its files, as if they were the live ones.
    pub config: ConfigSet,
    /// What was found in it, and before that what happened to the live file.
    pub found: Vec<Diagnostic>,
}

/// What a boot brings up instead of a configuration that is lost; `None` where it is not, or where no healthy generation
/// has an interface that comes up either.
pub(crate) fn instead_of(config: &ConfigSet, root: &Root) -> Option<Instead> {
    if brings_up(config) {
        return None;
    }
    let lost = lost(config);
    if lost.is_none() && !config.files().skip(1).any(|(file, _)| is_empty(config, file)) {
        return None;
    }
    let store = Store::new(root, Timestamp::now());
    let generation = store.newest_healthy().filter(|_| store.speaks_of_live())?;
    let lost = lost.or_else(|| emptied(config, &generation))?;
    let (config, mut found) = generation.config(root);
    if !brings_up(&config) {
        return None;
    }
    found.insert(0, told(&lost, &generation, root));
    Some(Instead {
        number: generation.number,
        config,
        found,
    })
}

/// What happened to a configuration that nobody has written so; `None` where it may be meant.
pub fn lost(config: &ConfigSet) -> Option<String> {
    if let Some(error) = config.lost.first() {
        return Some(error.to_string());
    }
    let main = config.documents.first()?;
    if main.source().bytes().is_empty() {
        return Some(format!("{} is empty", paths::INTERFACES));
    }
    let with_nul = |document: &&cleat_eni::Document| document.source().bytes().contains(&0);
    if let Some(document) = config.documents.iter().find(with_nul) {
        return Some(format!("{} holds NUL bytes", document.source().path.display()));
    }
    let declares = config.items().next().is_some();
    (!declares).then(|| format!("{} declares nothing", paths::INTERFACES))
}

/// A file of 0 bytes that a generation has with some.
fn emptied(config: &ConfigSet, generation: &Generation) -> Option<String> {
    let held = |path: &Path| generation.files.0.get(path).is_some_and(|held| !held.bytes.is_empty());
    let mut files = config
        .files()
        .filter(|(file, path)| is_empty(config, *file) && held(path));
    files.next().map(|(_, path)| format!("{} is empty", path.display()))
}

fn is_empty(config: &ConfigSet, file: cleat_diag::FileId) -> bool {
    config.sources.get(file).is_some_and(|source| source.bytes().is_empty())
}

/// Whether something comes up by itself at a boot, or when its NIC comes.
fn brings_up(config: &ConfigSet) -> bool {
    let late = |item: &Item| matches!(item, Item::Auto(class) if class.class.value == "hotplug");
    comes_up(config) || config.items().any(late)
}

fn told(lost: &str, generation: &Generation, root: &Root) -> Diagnostic {
    let (number, time) = (generation.number, Zone::here(root).show(generation.time));
    let text = format!("{lost}: generation {number} of {time} is brought up instead");
    Diagnostic::error("configuration-lost", text).help(format!(
        "the file stays as it is: `cleat-commit rollback {number} --now` writes that generation back, and an `auto lo` line in \
         the file says that no network is wanted"
    ))
}
