//! What of the .link files an initramfs carries, compared with what the root holds.
//!
//! NICs whose driver is in the initramfs are named there, by the files that it carries. Where those are not the root's
//! the names may be the old ones, or come twice.

use cleat_diag::Diagnostic;
use cleat_root::{Root, RootError, paths};
use std::collections::BTreeMap;
use std::path::Path;

/// Bytes of a .link file or drop-in that are looked at; real ones have a few hundred.
const MOST_BYTES: u64 = 1 << 20;

/// The .link files and drop-ins that udev reads from a root, by their bytes.
///
/// *Shape*: `10-a.link` or `10-a.link.d/b.conf` to its bytes. Of files with one name the one in the directory of the
/// highest precedence counts; masked files (empty, or a link to /dev/null) are not in it, nor drop-ins of no file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkSet {
    files: BTreeMap<String, Vec<u8>>,
}

impl LinkSet {
    /// Reads what a root holds. What cannot be read is left out and reported.
    ///
    /// *Source*: systemd.link(5). /run is not a part of it: nothing of it is carried from one boot to the next.
    pub fn of_root(root: &Root) -> (Self, Vec<RootError>) {
        Self::of_directories(root, &paths::LINK_FILES)
    }

    /// As [`LinkSet::of_root`], from these directories only, the highest precedence first.
    pub fn of_directories(root: &Root, directories: &[&str]) -> (Self, Vec<RootError>) {
        let mut found = Collected::default();
        for directory in directories.iter().map(Path::new).filter(|path| root.is_dir(path)) {
            for name in found.names(root, directory) {
                let path = directory.join(&name);
                if name.ends_with(".link.d") {
                    for below in found
                        .names(root, &path)
                        .into_iter()
                        .filter(|name| name.ends_with(".conf"))
                    {
                        found.read(root, &path.join(&below), format!("{name}/{below}"));
                    }
                } else if name.ends_with(".link") {
                    found.read(root, &path, name);
                }
            }
        }
        (Self::of_files(found.files), found.errors)
    }

    /// From the files of an archive: path below `/` and bytes. Others than those of the directories are passed over.
    pub fn of_archive<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let files: Vec<(&str, &[u8])> = files.into_iter().collect();
        let mut found: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for directory in paths::LINK_FILES {
            for (path, bytes) in &files {
                if let Some(name) = name_below(directory, path) {
                    found.entry(name.to_owned()).or_insert_with(|| bytes.to_vec());
                }
            }
        }
        Self::of_files(found)
    }

    /// Takes out what is masked and drop-ins of no file.
    fn of_files(mut files: BTreeMap<String, Vec<u8>>) -> Self {
        files.retain(|_, bytes| !bytes.is_empty());
        let bases: Vec<String> = files.keys().filter(|name| !name.contains('/')).cloned().collect();
        files.retain(|name, _| match name.split_once(".d/") {
            Some((base, _)) => bases.iter().any(|name| name == base),
            None => true,
        });
        Self { files }
    }

    /// The names in the order of udev's reading.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// The bytes of a file.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.files.get(name).map(Vec::as_slice)
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// What is other here than in the root's set, in the order of names.
    pub fn differences(&self, root: &Self) -> Vec<FileDifference> {
        let names = self.files.keys().chain(root.files.keys());
        let names: std::collections::BTreeSet<&String> = names.collect();
        let compare = |name: &String| match (self.files.get(name), root.files.get(name)) {
            (None, Some(_)) => Some(FileDifference::Lacks(name.clone())),
            (Some(_), None) => Some(FileDifference::LeftOver(name.clone())),
            (Some(carried), Some(held)) if carried != held => Some(FileDifference::Differs(name.clone())),
            _ => None,
        };
        names.into_iter().filter_map(compare).collect()
    }
}

/// The name within a directory of .link files, of a path of an archive (`usr/lib/systemd/network/10-a.link`).
fn name_below<'a>(directory: &str, path: &'a str) -> Option<&'a str> {
    let path = path.trim_start_matches("./").trim_start_matches('/');
    let name = path
        .strip_prefix(directory.trim_start_matches('/'))?
        .strip_prefix('/')?;
    let fits = match name.split_once('/') {
        None => name.ends_with(".link"),
        Some((base, below)) => base.ends_with(".link.d") && below.ends_with(".conf") && !below.contains('/'),
    };
    fits.then_some(name)
}

#[derive(Default)]
struct Collected {
    files: BTreeMap<String, Vec<u8>>,
    errors: Vec<RootError>,
}

impl Collected {
    fn names(&mut self, root: &Root, directory: &Path) -> Vec<String> {
        match root.read_dir(directory) {
            Ok(names) => {
                let names = names.iter().map(|name| name.to_string_lossy().into_owned());
                names.filter(|name| !name.starts_with('.')).collect()
            }
            Err(error) => {
                self.errors.push(error);
                Vec::new()
            }
        }
    }

    fn read(&mut self, root: &Root, path: &Path, name: String) {
        if self.files.contains_key(&name) {
            return;
        }
        match root.read_up_to(path, MOST_BYTES) {
            Ok(bytes) => drop(self.files.insert(name, bytes)),
            Err(error) => self.errors.push(error),
        }
    }
}

/// One file that is other in the initramfs than in the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileDifference {
    /// Only the root has it.
    Lacks(String),
    /// Only the initramfs has it.
    LeftOver(String),
    /// Both have it, with other bytes.
    Differs(String),
}

impl FileDifference {
    /// The file: `10-a.link` or `10-a.link.d/b.conf`.
    pub fn name(&self) -> &str {
        match self {
            FileDifference::Lacks(name) | FileDifference::LeftOver(name) | FileDifference::Differs(name) => name,
        }
    }

    fn word(&self) -> &'static str {
        match self {
            FileDifference::Lacks(_) => "lacks",
            FileDifference::LeftOver(_) => "left-over",
            FileDifference::Differs(_) => "differs",
        }
    }

    fn of(word: &str, name: &str) -> Option<Self> {
        let name = name.to_owned();
        match word {
            "lacks" => Some(FileDifference::Lacks(name)),
            "left-over" => Some(FileDifference::LeftOver(name)),
            "differs" => Some(FileDifference::Differs(name)),
            _ => None,
        }
    }
}

impl std::fmt::Display for FileDifference {
    /// `lacks 10-a.link`, `carries 10-a.link, which is gone`, `carries another 10-a.link`: behind "the initramfs".
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            FileDifference::Lacks(name) => write!(out, "lacks {name}"),
            FileDifference::LeftOver(name) => write!(out, "carries {name}, which is gone"),
            FileDifference::Differs(name) => write!(out, "carries another {name}"),
        }
    }
}

/// What `cleat-early` found at boot.
///
/// *Shape*: the file [`paths::INITRAMFS_VERDICT`]: a line `kernel RELEASE`, a line `carried NUMBER`, and a line each
/// `lacks NAME`, `left-over NAME` and `differs NAME`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Release of the kernel that ran, as `uname -r` prints it.
    pub kernel: String,
    /// How many files the initramfs carried.
    pub carried: usize,
    /// What was other than in the root.
    pub differences: Vec<FileDifference>,
}

impl Verdict {
    /// The text of its file.
    pub fn render(&self) -> String {
        let Self {
            kernel,
            carried,
            differences,
        } = self;
        let mut text = format!("kernel {kernel}\ncarried {carried}\n");
        for difference in differences {
            // No path of an initramfs has a line end in it: its hooks could not have copied it.
            let name = difference.name().replace('\n', "?");
            text += &format!("{} {name}\n", difference.word());
        }
        text
    }

    /// Reads its file; lines that it does not know are passed over, so that an older program reads a newer file.
    pub fn parse(text: &str) -> Self {
        let mut verdict = Self::default();
        for (word, rest) in text.lines().filter_map(|line| line.split_once(' ')) {
            match word {
                "kernel" => verdict.kernel = rest.to_owned(),
                "carried" => verdict.carried = rest.parse().unwrap_or_default(),
                _ => verdict.differences.extend(FileDifference::of(word, rest)),
            }
        }
        verdict
    }

    /// What `cleat-early` left at this boot; `None` where the initramfs had none.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub fn of_boot(root: &Root) -> Result<Option<Self>, RootError> {
        match root.read_text(paths::INITRAMFS_VERDICT) {
            Ok(text) => Ok(Some(Self::parse(&text))),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A warning for each difference.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let warning = |difference: &FileDifference| {
            let text = format!("the initramfs of this boot {difference}");
            Diagnostic::warning("initramfs-stale", text).help("run `cleat-link refresh` and reboot")
        };
        self.differences.iter().map(warning).collect()
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, Root) {
        let tree = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = tree.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            match text.strip_prefix("->") {
                Some(target) => std::os::unix::fs::symlink(target, path).unwrap(),
                None => std::fs::write(path, text).unwrap(),
            }
        }
        let root = Root::at(tree.path());
        (tree, root)
    }

    /// Witness: systemd.link(5), "/etc/ has the highest precedence ... /usr/local/lib ... /usr/lib"; files of one name
    /// replace each other, an empty file or a link to /dev/null masks.
    #[test]
    fn the_highest_directory_wins_and_masked_files_are_not_there() {
        let (_tree, root) = tree(&[
            ("dev/null", ""),
            ("etc/systemd/network/10-a.link", "etc"),
            ("etc/systemd/network/20-b.link", "->/dev/null"),
            ("etc/systemd/network/20-b.link.d/x.conf", "of a masked file"),
            ("etc/systemd/network/30-c.network", "no link file"),
            ("usr/local/lib/systemd/network/50-pmx-nic0.link", "pin"),
            ("usr/lib/systemd/network/10-a.link", "usr"),
            ("usr/lib/systemd/network/20-b.link", "usr"),
            ("usr/lib/systemd/network/50-pmx-nic0.link.d/y.conf", "drop-in"),
            ("usr/lib/systemd/network/.hidden.link", "hidden"),
            ("lib", "->usr/lib"),
        ]);
        let (set, errors) = LinkSet::of_root(&root);
        assert_eq!(errors.len(), 0, "{errors:?}");
        let names: Vec<&str> = set.names().collect();
        assert_eq!(names, ["10-a.link", "50-pmx-nic0.link", "50-pmx-nic0.link.d/y.conf"]);
        assert_eq!(set.bytes("10-a.link"), Some(&b"etc"[..]));
    }

    #[test]
    fn what_is_lacking_left_over_and_other_is_told() {
        let root = LinkSet::of_archive([
            ("etc/systemd/network/10-a.link", &b"new"[..]),
            ("usr/local/lib/systemd/network/50-pmx-nic0.link", b"pin"),
            ("usr/lib/systemd/network/99-default.link", b"default"),
        ]);
        let carried = LinkSet::of_archive([
            ("usr/lib/systemd/network/10-a.link", &b"old"[..]),
            ("./lib/systemd/network/99-default.link", b"default"),
            ("usr/lib/systemd/network/15-gone.link", b"gone"),
            ("usr/lib/systemd/network/deep/er.link", b"not read"),
            ("scripts/init-top/udev", b"no link file"),
        ]);
        let verdict = Verdict {
            kernel: "6.1.0-37-amd64".to_owned(),
            carried: carried.len(),
            differences: carried.differences(&root),
        };
        let text =
            "kernel 6.1.0-37-amd64\ncarried 3\ndiffers 10-a.link\nleft-over 15-gone.link\nlacks 50-pmx-nic0.link\n";
        assert_eq!(verdict.render(), text);
        assert_eq!(Verdict::parse(text), verdict);
        let lines: Vec<String> = verdict
            .diagnostics()
            .iter()
            .map(|told| cleat_diag::render::line(told, &cleat_diag::Sources::new()))
            .collect();
        let tail = " [initramfs-stale]; help: run `cleat-link refresh` and reboot";
        assert_eq!(
            lines,
            [
                format!("warning: the initramfs of this boot carries another 10-a.link{tail}"),
                format!("warning: the initramfs of this boot carries 15-gone.link, which is gone{tail}"),
                format!("warning: the initramfs of this boot lacks 50-pmx-nic0.link{tail}"),
            ]
        );
    }

    #[test]
    fn a_mask_is_the_same_as_no_file() {
        let masked = LinkSet::of_archive([
            ("etc/systemd/network/99-default.link", &b""[..]),
            ("usr/lib/systemd/network/99-default.link", b"default"),
        ]);
        assert_eq!(masked.differences(&LinkSet::default()), []);
    }
}
