//! What is written where, for each boot loader.

use super::loader::{Loader, config, evidence};
use cleat_diag::{Diagnostic, Place, Sources, Span};
use cleat_naming::cmdline;
use cleat_root::{Root, RootError, paths};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A file and what becomes of it. `None` is a file that is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Which.
    pub path: PathBuf,
    /// Its text before.
    pub before: Option<String>,
    /// Its text afterwards.
    pub after: Option<String>,
}

impl Change {
    /// Whether nothing changes.
    pub fn is_none(&self) -> bool {
        self.before == self.after
    }
}

/// What is done to pin or unpin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// For which boot loader.
    pub loader: Loader,
    /// The files to write.
    pub changes: Vec<Change>,
    /// The commands that bring it to the boot loader.
    pub commands: Vec<Vec<String>>,
    /// The scheme that its entries say afterwards.
    pub scheme: Option<String>,
    /// Schemes that are written by hand beside, which entries may say too.
    pub by_hand: Vec<Mention>,
}

/// Why nothing is done, and the files that it points into.
#[derive(Debug)]
pub struct Refusal {
    /// Why.
    pub told: Box<Diagnostic>,
    /// The files.
    pub sources: Sources,
}

impl From<Box<Diagnostic>> for Refusal {
    fn from(told: Box<Diagnostic>) -> Self {
        let sources = Sources::new();
        Self { told, sources }
    }
}

impl From<Diagnostic> for Refusal {
    fn from(told: Diagnostic) -> Self {
        Box::new(told).into()
    }
}

impl From<RootError> for Refusal {
    fn from(error: RootError) -> Self {
        Diagnostic::error("scheme-file", error.to_string()).into()
    }
}

/// The plan that makes this scheme the one of the next boot.
///
/// # Errors
/// A file that cannot be read or is not text; a scheme that is written by hand where it would count more, or beside.
pub fn pin(root: &Root, loader: Loader, scheme: &str) -> Result<Plan, Refusal> {
    let changes = match loader {
        Loader::Grub | Loader::ProxmoxGrub => {
            only_ours(root, &grub_settings(root), paths::GRUB_SCHEME)?;
            vec![of_file(root, paths::GRUB_SCHEME, grub_text(scheme))?]
        }
        Loader::ProxmoxSystemdBoot | Loader::SystemdBoot => vec![kernel_cmdline(root, scheme)?],
        Loader::UBoot => vec![u_boot(root, scheme)?],
        Loader::SystemdBootByHand => entries_by_hand(root, scheme)?,
        Loader::Extlinux => Vec::from_iter(extlinux_by_hand(root, scheme)?),
    };
    if changes.is_empty() {
        let text = "no entry of the boot loader has the root= of the running system";
        return Err(Diagnostic::error("scheme-no-entry", text).into());
    }
    Ok(Plan {
        loader,
        changes,
        commands: commands(root, loader),
        scheme: Some(scheme.to_owned()),
        by_hand: Vec::new(),
    })
}

/// The commands that bring what is written to the boot loader.
pub fn commands(root: &Root, loader: Loader) -> Vec<Vec<String>> {
    let command = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    match loader {
        Loader::Grub => vec![command(&["update-grub"])],
        Loader::ProxmoxGrub | Loader::ProxmoxSystemdBoot => vec![command(&["proxmox-boot-tool", "refresh"])],
        Loader::UBoot => vec![command(&["u-boot-update"])],
        Loader::SystemdBootByHand | Loader::Extlinux => Vec::new(),
        Loader::SystemdBoot => kernels(root)
            .into_iter()
            .map(|kernel| kernel_install(root, &kernel))
            .collect(),
    }
}

/// As the hook of Debian's systemd-boot calls it: kernel-install(8).
fn kernel_install(root: &Root, kernel: &str) -> Vec<String> {
    let mut words: Vec<String> = ["kernel-install", "add", kernel].map(str::to_owned).to_vec();
    words.push(format!("{}/vmlinuz-{kernel}", paths::BOOT));
    let initrd = format!("{}/initrd.img-{kernel}", paths::BOOT);
    if root.exists(&initrd) {
        words.push(initrd);
    }
    words
}

fn kernels(root: &Root) -> Vec<String> {
    let names = root.read_dir(paths::MODULES).unwrap_or_default();
    let names = names.iter().map(|name| name.to_string_lossy().into_owned());
    names
        .filter(|kernel| root.exists(format!("{}/vmlinuz-{kernel}", paths::BOOT)))
        .collect()
}

/// The text of a file; `None` where it is not there.
///
/// # Errors
/// It cannot be read, or is not UTF-8: it could not be put back as it was from a record.
pub fn text(root: &Root, path: &Path) -> Result<Option<String>, Refusal> {
    match root.read(path) {
        Ok(bytes) => String::from_utf8(bytes).map(Some).map_err(|_| {
            let text = format!("{} is not UTF-8", path.display());
            Diagnostic::error("scheme-file", text).into()
        }),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn of_file(root: &Root, path: &str, after: String) -> Result<Change, Refusal> {
    let path = PathBuf::from(path);
    Ok(Change {
        before: text(root, &path)?,
        after: Some(after),
        path,
    })
}

const MADE_BY: &str = "# Made by cleat-scheme(8); `cleat-scheme unpin` removes it.\n";

fn grub_text(scheme: &str) -> String {
    let key = cmdline::SCHEME_KEY;
    format!("{MADE_BY}GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX {key}={scheme}\"\n")
}

/// *Source*: u-boot-update(8), `U_BOOT_PARAMETERS`, whose default is `ro quiet`.
fn u_boot_text(scheme: &str) -> String {
    let key = cmdline::SCHEME_KEY;
    format!("{MADE_BY}U_BOOT_PARAMETERS=\"${{U_BOOT_PARAMETERS:-ro quiet}} {key}={scheme}\"\n")
}

/// /etc/kernel/cmdline with the scheme. Where there is none it begins as what is taken in its place.
///
/// *Source*: kernel-install(8), section FILES; proxmox-boot-tool takes the running command line as well.
fn kernel_cmdline(root: &Root, scheme: &str) -> Result<Change, Refusal> {
    let path = PathBuf::from(paths::KERNEL_CMDLINE);
    let before = text(root, &path)?;
    let base = match &before {
        Some(before) => before.clone(),
        None => match text(root, Path::new(paths::VENDOR_CMDLINE))? {
            Some(vendor) => vendor,
            None => evidence::configured_line(&root.read_text(paths::PROC_CMDLINE)?) + "\n",
        },
    };
    Ok(Change {
        after: Some(cmdline::with_naming_scheme(&base, Some(scheme))),
        path,
        before,
    })
}

/// *Source*: u-boot-update of u-boot-menu 4.2: without `U_BOOT_PARAMETERS` it takes /etc/kernel/cmdline.
fn u_boot(root: &Root, scheme: &str) -> Result<Change, Refusal> {
    let settings = u_boot_settings(root);
    let said = settings.iter().any(|path| {
        let text = root.read_text(path).unwrap_or_default();
        text.lines()
            .any(|line| line.trim_start().starts_with("U_BOOT_PARAMETERS="))
    });
    if !said && root.exists(paths::KERNEL_CMDLINE) {
        return kernel_cmdline(root, scheme);
    }
    only_ours(root, &settings, paths::U_BOOT_SCHEME)?;
    of_file(root, paths::U_BOOT_SCHEME, u_boot_text(scheme))
}

fn entries_by_hand(root: &Root, scheme: &str) -> Result<Vec<Change>, Refusal> {
    let mut changes = Vec::new();
    for path in config::boot_entry_files(root) {
        let Some(before) = text(root, &path)? else { continue };
        let entries = Vec::from_iter(config::boot_entry(&before));
        let after = with_scheme(root, &before, &entries, scheme);
        changes.extend(after.map(|after| Change {
            path,
            before: Some(before),
            after: Some(after),
        }));
    }
    Ok(changes)
}

/// `None` where no entry boots the running system.
fn extlinux_by_hand(root: &Root, scheme: &str) -> Result<Option<Change>, Refusal> {
    let path = PathBuf::from(paths::EXTLINUX_CONF);
    let before = text(root, &path)?.unwrap_or_default();
    let after = with_scheme(root, &before, &config::extlinux(&before), scheme);
    Ok(after.map(|after| Change {
        after: Some(after),
        before: Some(before),
        path,
    }))
}

/// The text with the scheme in each entry of the running system; `None` where there is none.
fn with_scheme(root: &Root, text: &str, entries: &[config::Entry], scheme: &str) -> Option<String> {
    let ours: Vec<&config::Entry> = entries.iter().filter(|entry| is_ours(root, entry)).collect();
    (!ours.is_empty()).then(|| rewritten(text, &ours, Some(scheme)))
}

/// A file of command lines with the scheme taken out of each of them.
pub fn without_scheme(text: &str, path: &Path) -> String {
    let entries = match path.to_str() {
        Some(paths::KERNEL_CMDLINE) => return cmdline::with_naming_scheme(text, None),
        Some(paths::EXTLINUX_CONF) => config::extlinux(text),
        _ => Vec::from_iter(config::boot_entry(text)),
    };
    rewritten(text, &entries.iter().collect::<Vec<_>>(), None)
}

fn rewritten(text: &str, entries: &[&config::Entry], scheme: Option<&str>) -> String {
    let mut after = String::with_capacity(text.len() + 64);
    let mut kept = 0;
    for entry in entries {
        after += &text[kept..entry.range.start];
        after += &cmdline::with_naming_scheme(&text[entry.range.clone()], scheme);
        kept = entry.range.end;
    }
    after + &text[kept..]
}

/// Whether an entry boots the system that runs: it has the same root.
pub fn is_ours(root: &Root, entry: &config::Entry) -> bool {
    let running = root.read_text(paths::PROC_CMDLINE).unwrap_or_default();
    let running = cmdline::value(&running, "root");
    running.is_some() && cmdline::value(&entry.cmdline, "root") == running
}

/// The files that GRUB's command line is put together from.
pub fn grub_settings(root: &Root) -> Vec<PathBuf> {
    with_directories(root, paths::DEFAULT_GRUB, &[paths::DEFAULT_GRUB_D], ".cfg")
}

/// The files that u-boot-update's command line is put together from.
pub fn u_boot_settings(root: &Root) -> Vec<PathBuf> {
    with_directories(root, paths::DEFAULT_U_BOOT, &paths::U_BOOT_CONF_D, ".conf")
}

fn with_directories(root: &Root, first: &str, directories: &[&str], ending: &str) -> Vec<PathBuf> {
    let mut files = vec![PathBuf::from(first)];
    for directory in directories {
        let names = root.read_dir(directory).unwrap_or_default();
        let names = names
            .into_iter()
            .filter(|name| name.to_string_lossy().ends_with(ending));
        files.extend(names.map(|name| Path::new(directory).join(name)));
    }
    files
}

/// The files of settings that the entries of a boot loader are made of; none where they are written by hand.
///
/// *Source*: kernel-install(8): /etc/kernel/cmdline takes the place of /usr/lib/kernel/cmdline; the administration guide of
/// Proxmox VE, "Editing the Kernel Commandline": /etc/kernel/cmdline with systemd-boot, /etc/default/grub with GRUB.
pub fn settings_of(root: &Root, loader: Loader) -> Vec<PathBuf> {
    match loader {
        Loader::Grub | Loader::ProxmoxGrub => grub_settings(root),
        Loader::UBoot => u_boot_settings(root),
        Loader::ProxmoxSystemdBoot => vec![paths::KERNEL_CMDLINE.into()],
        Loader::SystemdBoot if root.exists(paths::KERNEL_CMDLINE) => vec![paths::KERNEL_CMDLINE.into()],
        Loader::SystemdBoot => vec![paths::VENDOR_CMDLINE.into()],
        Loader::SystemdBootByHand | Loader::Extlinux => Vec::new(),
    }
}

/// A scheme that is written in a file of settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// The file.
    pub path: PathBuf,
    /// Its line, from 1.
    pub line: u32,
    /// Which bytes of the file.
    pub span: Span,
    /// The value.
    pub scheme: String,
}

/// Schemes that are written by hand in the settings that this boot loader's entries are made of: in all files but ours.
pub fn by_hand(root: &Root, loader: Loader) -> Vec<Mention> {
    let (files, ours) = match loader {
        Loader::Grub | Loader::ProxmoxGrub => (grub_settings(root), paths::GRUB_SCHEME),
        Loader::UBoot => (u_boot_settings(root), paths::U_BOOT_SCHEME),
        Loader::ProxmoxSystemdBoot | Loader::SystemdBoot | Loader::SystemdBootByHand | Loader::Extlinux => {
            return Vec::new();
        }
    };
    let others = files.iter().filter(|path| *path != Path::new(ours));
    let of_file = |path: &PathBuf| mentions(path, &root.read_text(path).unwrap_or_default());
    others.flat_map(of_file).collect()
}

/// Every scheme that a file names outside of comments.
pub fn mentions(path: &Path, text: &str) -> Vec<Mention> {
    let mut found = Vec::new();
    let mut start = 0;
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        if !line.trim_start().starts_with('#') {
            found.extend(mention(line).map(|(at, word, scheme)| Mention {
                path: path.to_owned(),
                line: number,
                span: Span::new(start + at, start + at + word),
                scheme,
            }));
        }
        start += line.len();
    }
    found
}

/// Where a line of shell or of a command line names a scheme: byte, length, value. The last one, which counts.
fn mention(line: &str) -> Option<(usize, usize, String)> {
    let spelt = line.replace('_', "-");
    let at = spelt.rfind(&format!("{}=", cmdline::SCHEME_KEY))?;
    let value = at + cmdline::SCHEME_KEY.len() + 1;
    let rest = &line[value..];
    let end = rest.find(|sign: char| sign.is_whitespace() || "\"'".contains(sign));
    let scheme = &rest[..end.unwrap_or(rest.len())];
    Some((at, value - at + scheme.len(), scheme.to_owned()))
}

/// Refuses where a scheme is written by hand in one of these files.
fn only_ours(root: &Root, files: &[PathBuf], ours: &str) -> Result<(), Refusal> {
    for path in files.iter().filter(|path| *path != Path::new(ours)) {
        let Some(text) = text(root, path)? else { continue };
        let Some(mention) = mentions(path, &text).pop() else {
            continue;
        };
        let mut sources = Sources::new();
        let place = Place {
            file: sources.add(path, text.into_bytes()),
            span: mention.span,
        };
        let message = format!("a naming scheme is pinned by hand: {}", mention.scheme);
        let told = Diagnostic::error("scheme-by-hand", message)
            .at(place, "would count beside or before the one of cleat-scheme")
            .help("remove it there, and pin it with `cleat-scheme pin`");
        return Err(Refusal {
            told: told.into(),
            sources,
        });
    }
    Ok(())
}
