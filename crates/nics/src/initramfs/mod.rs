//! The initramfs of each kernel: whether its .link files are those of the root, and how it is rebuilt.

mod cpio;
pub mod image;

use crate::programs::{Programs, installed};
use cleat_diag::Diagnostic;
use cleat_naming::carried::{FileDifference, LinkSet};
use cleat_root::{Root, paths};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What makes the images of this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generator {
    /// Debian's own, update-initramfs(8).
    InitramfsTools,
    /// dracut(8).
    Dracut,
}

impl Generator {
    /// The one that is installed. Where both are it is Debian's own: its `update-initramfs` is what kernels' packages
    /// call.
    pub fn of(root: &Root) -> Option<Self> {
        if installed(root, "mkinitramfs") && installed(root, "update-initramfs") {
            Some(Generator::InitramfsTools)
        } else if installed(root, "dracut") {
            Some(Generator::Dracut)
        } else {
            None
        }
    }

    /// The command that makes the images of all kernels.
    pub fn command(self) -> &'static [&'static str] {
        match self {
            Generator::InitramfsTools => &["update-initramfs", "-u", "-k", "all"],
            Generator::Dracut => &["dracut", "--regenerate-all", "--force"],
        }
    }

    /// Our hook of it.
    fn hook(self) -> &'static str {
        match self {
            Generator::InitramfsTools => paths::INITRAMFS_TOOLS_HOOK,
            Generator::Dracut => paths::DRACUT_MODULE,
        }
    }
}

/// An image, compared with the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its file.
    pub path: PathBuf,
    /// Release of its kernel, as `uname -r` prints it.
    pub kernel: String,
    /// The .link files that it carries.
    pub links: LinkSet,
    /// What of them is other than in the root.
    pub differences: Vec<FileDifference>,
    /// Whether it carries `cleat-early`.
    pub early: bool,
    /// The kernel modules that it carries, by name.
    pub modules: BTreeSet<String>,
}

/// The images of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// What makes them.
    pub generator: Option<Generator>,
    /// Of each kernel that is installed, sorted by the path of the image.
    pub images: Vec<Image>,
    /// Whether a fresh image carries `cleat-early`: our hook is there.
    pub hooked: bool,
    /// Whether the images are copied to boot partitions by proxmox-boot-tool(8).
    pub proxmox: bool,
}

impl State {
    /// Whether an image has to be rebuilt.
    pub fn is_stale(&self, image: &Image) -> bool {
        !image.differences.is_empty() || (self.hooked && !image.early)
    }

    /// Whether an image carries other .link files than the root has.
    pub fn carries_other_links(&self) -> bool {
        self.images.iter().any(|image| !image.differences.is_empty())
    }

    /// The images that have to be rebuilt.
    pub fn stale(&self) -> impl Iterator<Item = &Image> {
        self.images.iter().filter(|image| self.is_stale(image))
    }
}

/// Compares the image of each kernel that is installed with the root.
///
/// *Shape*: what cannot be read is a diagnostic each; an unreadable image is not in the list.
pub fn look(root: &Root, programs: &dyn Programs) -> (State, Vec<Diagnostic>) {
    let (held, errors) = LinkSet::of_root(root);
    let unreadable = |text: String| Diagnostic::warning("initramfs-unreadable", text);
    let mut told: Vec<Diagnostic> = errors.iter().map(|error| unreadable(error.to_string())).collect();
    let generator = Generator::of(root);
    let mut images = Vec::new();
    for (path, kernel) in image_files(root) {
        match image::read(root, &path, programs) {
            Ok(carried) => images.push(Image {
                path,
                kernel,
                differences: carried.links.differences(&held),
                links: carried.links,
                early: carried.early,
                modules: carried.modules,
            }),
            Err(error) => told.push(unreadable(error.to_string())),
        }
    }
    let state = State {
        generator,
        images,
        hooked: generator.is_some_and(|generator| root.exists(generator.hook())),
        proxmox: is_proxmox(root),
    };
    (state, told)
}

/// Whether proxmox-boot-tool(8) keeps boot partitions of this host.
pub fn is_proxmox(root: &Root) -> bool {
    let uuids = root.read_text(paths::PROXMOX_BOOT_UUIDS).unwrap_or_default();
    !uuids.trim().is_empty() && installed(root, "proxmox-boot-tool")
}

/// The images in /boot whose kernel is installed, with its release.
///
/// *Source*: update-initramfs(8) names them `initrd.img-RELEASE`, dracut(8) `initramfs-RELEASE.img`.
fn image_files(root: &Root) -> Vec<(PathBuf, String)> {
    let names = root.read_dir(paths::BOOT).unwrap_or_default();
    let named = names.iter().filter_map(|name| {
        let name = name.to_str()?;
        let kernel = name
            .strip_prefix("initrd.img-")
            .or_else(|| name.strip_prefix("initramfs-")?.strip_suffix(".img"))?;
        let known = [paths::MODULES, "/lib/modules"]
            .iter()
            .any(|modules| root.is_dir(Path::new(modules).join(kernel)));
        known.then(|| (Path::new(paths::BOOT).join(name), kernel.to_owned()))
    });
    named.collect()
}

/// How a refresh is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Rebuild the images though nothing changed.
    pub force: bool,
    /// Only say what would be done.
    pub dry: bool,
}

/// How a refresh ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// This host boots without an initramfs.
    NotUsed,
    /// All images carry the root's .link files already.
    Fresh(State),
    /// A dry run: these commands would be run.
    Would(State, Vec<String>),
    /// The images were rebuilt, and looked into: they carry the root's .link files.
    Rebuilt(State),
}

/// Rebuilds the initramfs of all kernels, where a .link file changed since they were made, and looks into them
/// afterwards. `progress` is told what is begun.
///
/// Like `update-initramfs -u -k all` or `dracut --regenerate-all --force`, then `proxmox-boot-tool refresh` where that
/// keeps the boot partitions.
///
/// # Errors
/// What cannot be read; no generator; a command that failed; an image that does not carry the root's files even now.
/// The images that were there are then still there: both generators replace an image only by a whole one.
pub fn refresh(
    root: &Root,
    programs: &dyn Programs,
    policy: Policy,
    progress: &mut dyn FnMut(&str),
) -> Result<Refreshed, Vec<Diagnostic>> {
    let (state, mut told) = look(root, programs);
    let Some(generator) = state.generator else {
        if state.images.is_empty() && told.is_empty() {
            return Ok(Refreshed::NotUsed);
        }
        told.push(
            Diagnostic::error(
                "initramfs-generator",
                "there is an initramfs, and nothing that makes one",
            )
            .help("install initramfs-tools or dracut, or remove the images in /boot"),
        );
        return Err(told);
    };
    if image_files(root).is_empty() {
        return Ok(Refreshed::NotUsed);
    }
    // An image that cannot be read is rebuilt: the generator reads none.
    if !policy.force && told.is_empty() && state.stale().next().is_none() {
        return Ok(Refreshed::Fresh(state));
    }
    let mut commands = vec![generator.command()];
    if state.proxmox {
        commands.push(&["proxmox-boot-tool", "refresh"]);
    }
    if policy.dry {
        let commands = commands.iter().map(|words| words.join(" ")).collect();
        return Ok(Refreshed::Would(state, commands));
    }
    for words in commands {
        progress(&words.join(" "));
        if let Err(failure) = programs.run(words) {
            let failed = Diagnostic::error("initramfs-rebuild", failure.to_string());
            return Err(vec![
                failed.help("see its output above; what it could not make is as before"),
            ]);
        }
    }
    verify(root, programs)
}

/// Looks into the images once more.
fn verify(root: &Root, programs: &dyn Programs) -> Result<Refreshed, Vec<Diagnostic>> {
    let (state, mut told) = look(root, programs);
    for image in state.stale() {
        told.extend(still_stale(&state, image));
    }
    if told.is_empty() {
        Ok(Refreshed::Rebuilt(state))
    } else {
        Err(told)
    }
}

fn still_stale(state: &State, image: &Image) -> Vec<Diagnostic> {
    let path = image.path.display();
    let error = |text: String| {
        let told = Diagnostic::error("initramfs-rebuilt-stale", text);
        match (state.hooked, state.generator) {
            (false, Some(generator)) => told.help(format!("our hook {} is not installed", generator.hook())),
            _ => told.help("see whether its kernel is one that the generator makes images for"),
        }
    };
    let mut told: Vec<Diagnostic> = image
        .differences
        .iter()
        .map(|difference| error(format!("{path}, rebuilt, {difference}")))
        .collect();
    if state.hooked && !image.early {
        told.push(error(format!("{path}, rebuilt, lacks {}", paths::EARLY)));
    }
    told
}

#[cfg(test)]
mod tests;
