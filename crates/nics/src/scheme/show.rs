//! `cleat-scheme show`: which scheme names now, which after the next boot, and who says so.

use super::apply;
use super::fault::fault;
use super::loader::{self, Found, Loader};
use super::next::NextBoot;
use super::plan::{self, Mention, Refusal};
use super::record::Record;
use super::udev::{self, Host};
use cleat_cli::{self as cli, Call, End, JSON, Verb, Words};
use cleat_diag::{Diagnostic, escaped, escaped_lines};
use cleat_naming::{Scheme, cmdline};
use cleat_root::{Root, paths};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Its row.
pub const VERB: Verb = Verb {
    name: "show",
    usage: "cleat-scheme show [--json]",
    short: "shows the scheme that names NICs, and who says so",
    doc: "Shows the scheme that named the NICs of this boot, the one that the installed udev takes where nothing is \
          said, what the kernel command line says and where that comes from, which of the files of settings the boot loader does \
          not read, and what the next boot will say.",
    words: Words::NONE,
    options: &[JSON],
    run: |call| run(call, &Root::real()),
};

fn run(call: &Call, root: &Root) -> End {
    match Shown::read(root) {
        Ok(shown) => cli::print(&match call.has("json") {
            true => escaped_lines(&format!("{:#}\n", shown.as_json())).into_owned(),
            false => shown.text(),
        }),
        Err(Refusal { told, sources }) => fault(call, &[*told], &sources),
    }
}

/// All that is shown.
pub(super) struct Shown {
    host: Host,
    loader: Result<Found, Box<Diagnostic>>,
    record: Option<Record>,
    /// What settings files say.
    mentions: Vec<Written>,
    /// What the entries of the boot loader say, and how many of them.
    next: BTreeMap<Option<String>, usize>,
    environment: Vec<String>,
    /// What follows from all of it.
    then: NextBoot,
}

impl Shown {
    /// Reads it.
    pub(super) fn read(root: &Root) -> Result<Self, Refusal> {
        let loader = loader::detect(root);
        let mut next = BTreeMap::new();
        if let Ok(found) = &loader {
            for (_, entry) in apply::entries(root, found.loader) {
                *next.entry(cmdline::naming_scheme(&entry.cmdline)).or_default() += 1;
            }
        }
        Ok(Self {
            host: Host::read(root),
            then: NextBoot::read(root),
            record: Record::load(root)?,
            mentions: mentions(root, loader.as_ref().ok().map(|found| found.loader)),
            loader,
            next,
            environment: udev::environment(root),
        })
    }

    /// A line for each thing that is known.
    pub(super) fn text(&self) -> String {
        let mut lines = vec![("running", self.running()), ("command line", self.said())];
        if let Some(efi) = &self.host.efi {
            lines.push((
                "UEFI",
                format!("{efi}, in the variable SystemdOptions; the command line beats it"),
            ));
        }
        for path in &self.environment {
            lines.push((
                "environment",
                format!("{path} sets NET_NAMING_SCHEME, which beats the command line"),
            ));
        }
        lines.push(("installed", self.installed()));
        match &self.loader {
            Ok(Found { loader, because }) => lines.push(("boot loader", format!("{loader}: {because}"))),
            Err(told) => lines.push(("boot loader", format!("not known: {}", told.message))),
        }
        lines.extend(self.mentions.iter().map(|mention| ("written", self.written(mention))));
        lines.extend(self.next_boot().into_iter().map(|text| ("next boot", text)));
        let row = |(head, text): (&str, String)| format!("{head:<13} {}\n", escaped(&text));
        lines.into_iter().map(row).collect()
    }

    fn running(&self) -> String {
        let mut nics: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (nic, scheme) in &self.host.running {
            nics.entry(scheme).or_default().push(nic);
        }
        if nics.is_empty() {
            return match self.host.current() {
                Some(scheme) => format!("{scheme}, by what is said below: udev has noted it for no NIC"),
                None => "not known: udev has noted it for no NIC".to_owned(),
            };
        }
        let text = |(scheme, nics): (&str, Vec<&str>)| format!("{scheme} ({})", nics.join(", "));
        nics.into_iter().map(text).collect::<Vec<_>>().join("; ")
    }

    fn said(&self) -> String {
        let key = cmdline::SCHEME_KEY;
        let Some(name) = &self.host.cmdline else {
            return format!("says nothing of {key}");
        };
        match self.meant(name) {
            Meant::Itself => format!("{key}={name}"),
            Meant::Newest(scheme) => format!("{key}={name}: {scheme}, the newest that the installed udev knows"),
            Meant::Nothing => format!("{key}={name}, which the installed udev does not know"),
        }
    }

    /// What the installed udev makes of the name of a scheme.
    fn meant(&self, name: &str) -> Meant {
        let Some(udev) = self.host.udev else {
            return Meant::Itself;
        };
        match udev.scheme_named(name) {
            Some(scheme) if scheme.name != name => Meant::Newest(scheme),
            Some(_) => Meant::Itself,
            None => Meant::Nothing,
        }
    }

    fn installed(&self) -> String {
        match self.host.udev {
            None => "no systemd-udevd is to be seen".to_owned(),
            Some(udev) => {
                let default = udev.default_scheme().map_or("no scheme", |scheme| scheme.name);
                format!("udev {}, which takes {default} where nothing is said", udev.version)
            }
        }
    }

    fn written(&self, written: &Written) -> String {
        let Mention { path, line, scheme, .. } = &written.mention;
        let files = self.record.iter().flat_map(|record| &record.files);
        let ours = files.map(|file| &file.path).any(|file| file == path);
        let by = if ours { "by cleat-scheme" } else { "by hand" };
        let last = self.mentions.iter().rfind(|other| other.counts);
        let counts = last.is_some_and(|last| std::ptr::eq(last, written));
        let in_entries = self.next.keys().any(|name| name.as_deref() == Some(scheme));
        let effect = match &self.loader {
            Ok(found) if !written.counts => format!(" (not read by {}: it does nothing)", found.loader),
            Ok(_) if self.meant(scheme) == Meant::Nothing => " (the installed udev does not know it)".to_owned(),
            Ok(_) if counts && !in_entries && !self.next.is_empty() => {
                " (not yet in the entries of the boot loader)".to_owned()
            }
            _ => String::new(),
        };
        format!("{scheme} at {}:{line}, {by}{effect}", path.display())
    }

    /// A line for each scheme that entries of the boot loader say; where none is to be seen, what follows from the rest.
    fn next_boot(&self) -> Vec<String> {
        if self.next.is_empty() {
            return Vec::from([match (&self.then.pinned, self.then.scheme()) {
                (Some(pinned), _) => format!("{}, by {}", pinned.scheme, pinned.by),
                (None, Some(default)) => {
                    format!("{default}, as nothing is said that the installed udev reads and knows")
                }
                (None, None) => "not known: no systemd-udevd is to be seen".to_owned(),
            }]);
        }
        let default = self.host.udev.and_then(|udev| udev.default_scheme());
        let taken = default.map_or(String::new(), |scheme| format!(": {scheme} names"));
        let entries = self.next.iter().map(|(said, count)| {
            let plural = if *count == 1 { "entry" } else { "entries" };
            let place = format!("in {count} {plural} of the boot loader");
            let Some(name) = said else {
                return format!("nothing said, {place}{taken}");
            };
            match self.meant(name) {
                Meant::Itself => format!("{name}, {place}"),
                Meant::Newest(scheme) => format!("{name}, {place}: {scheme} names"),
                Meant::Nothing => format!("{name}, {place}, which the installed udev does not know{taken}"),
            }
        });
        entries.collect()
    }

    fn as_json(&self) -> Value {
        let default = self.host.udev.and_then(|udev| udev.default_scheme());
        let written = self.mentions.iter().map(|Written { mention, counts }| {
            json!({ "path": mention.path, "line": mention.line, "scheme": mention.scheme, "read": counts })
        });
        let next = self
            .next
            .iter()
            .map(|(scheme, count)| json!({ "scheme": scheme, "entries": count }));
        json!({
            "running": self.host.current().map(|scheme| scheme.name),
            "nics": self.host.running,
            "cmdline": self.host.cmdline,
            "efi": self.host.efi,
            "environment": self.environment,
            "udev": self.host.udev.map(|udev| udev.version),
            "default": default.map(|scheme| scheme.name),
            "loader": self.loader.as_ref().ok().map(|found| json!({
                "name": found.loader,
                "because": found.because,
            })),
            "loader-unknown": self.loader.as_ref().err().map(|told| &told.message),
            "pinned": self.record.as_ref().map(|record| &record.scheme),
            "written": written.collect::<Vec<_>>(),
            "next": next.collect::<Vec<_>>(),
        })
    }
}

/// What a udev makes of a name.
#[derive(PartialEq, Eq)]
enum Meant {
    /// The scheme of that name.
    Itself,
    /// `latest`.
    Newest(&'static Scheme),
    /// It ignores the name, and takes its default.
    Nothing,
}

/// A scheme in a settings file.
struct Written {
    mention: Mention,
    /// Whether the boot loader's entries are made of that file, as far as the boot loader is known.
    counts: bool,
}

/// Every scheme that a settings file of a boot loader names; `loader` boots this host.
fn mentions(root: &Root, loader: Option<Loader>) -> Vec<Written> {
    let read = loader.map(|loader| plan::settings_of(root, loader));
    let single = [paths::KERNEL_CMDLINE, paths::VENDOR_CMDLINE].map(PathBuf::from);
    let files = plan::grub_settings(root)
        .into_iter()
        .chain(plan::u_boot_settings(root))
        .chain(single);
    let of_file = |path: PathBuf| {
        let text = root.read_text(&path).unwrap_or_default();
        let counts = read.as_ref().is_none_or(|read| read.contains(&path));
        let mentions = plan::mentions(&path, &text).into_iter();
        mentions.map(move |mention| Written { mention, counts })
    };
    files.flat_map(of_file).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{GRUB_CFG, Tree};
    use super::super::tests::grub_host;
    use super::*;

    #[test]
    fn what_stands_in_a_file_of_settings_does_nothing_to_a_terminal() {
        let tree = Tree::new();
        tree.write(
            "etc/default/grub",
            "GRUB_CMDLINE_LINUX=\"net.naming-scheme=v\u{1b}[2J\u{202e}\"\n",
        );
        let Ok(shown) = Shown::read(&tree.root) else {
            panic!("it can be read")
        };
        let text = shown.text();
        assert!(
            text.contains(r"v\u001b[2J\u202e at /etc/default/grub:1, by hand"),
            "{text}"
        );
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
    }

    /// Source: systemd.net-naming-scheme(7); udevadm 252 with NET_NAMING_SCHEME=v256 says that it ignores that and takes v252.
    #[test]
    fn what_entries_say_is_told_with_the_scheme_that_names_then() {
        let tree = grub_host();
        let shown = |entry: &str, written: &str| {
            tree.write(
                "boot/grub/grub.cfg",
                &GRUB_CFG.replace(" ro ", &format!(" ro {entry} ")),
            );
            tree.write("etc/default/grub", &format!("GRUB_CMDLINE_LINUX=\"{written}\"\n"));
            let Ok(shown) = Shown::read(&tree.root) else {
                panic!("it can be read")
            };
            let text = shown.text();
            let lines = text.lines().skip_while(|line| !line.starts_with("boot loader"));
            lines.skip(1).map(str::to_owned).collect::<Vec<_>>()
        };
        let count = shown("", "")[0].split("in ").nth(1).unwrap().to_owned();
        let count = count.split(':').next().unwrap().to_owned();
        let word = |scheme: &str| format!("net.naming-scheme={scheme}");
        let next = |said: &str, more: &str| format!("next boot     {said}, in {count}{more}");
        let written =
            |scheme: &str, more: &str| format!("written       {scheme} at /etc/default/grub:1, by hand{more}");
        assert_eq!(shown("", ""), [next("nothing said", ": v252 names")]);
        assert_eq!(
            shown(&word("v256"), &word("v256")),
            [
                written("v256", " (the installed udev does not know it)"),
                next("v256", ", which the installed udev does not know: v252 names")
            ]
        );
        assert_eq!(
            shown(&word("latest"), &word("latest")),
            [written("latest", ""), next("latest", ": v252 names")]
        );
        // update-grub has not run since.
        assert_eq!(
            shown(&word("v240"), &word("v247")),
            [
                written("v247", " (not yet in the entries of the boot loader)"),
                next("v240", "")
            ]
        );
    }
}
