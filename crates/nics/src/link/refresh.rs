//! `cleat-link refresh`: the .link files into the initramfs.

use crate::initramfs::{self, Image, Policy, Refreshed, State};
use crate::programs::{Host, Programs};
use cleat_cli::logging::Reporter;
use cleat_cli::{self as cli, Call, End, Verb, Words, flag};
use cleat_diag::{Diagnostic, Sources};
use cleat_root::Root;

/// Its row.
pub const VERB: Verb = Verb {
    name: "refresh",
    usage: "cleat-link refresh [-n] [--force]",
    short: "rebuilds the initramfs of all kernels where .link files changed",
    doc: "Rebuilds the initramfs of all kernels, where its .link files are not those of the root, and looks into the \
          new ones. Runs `update-initramfs -u -k all` or `dracut --regenerate-all --force`, and `proxmox-boot-tool \
          refresh` where that keeps the boot partitions. Exit code 1 where an initramfs is still not as it should be.",
    words: Words::NONE,
    options: &[
        flag("-n, --dry-run", "only tell what is stale and what would be run"),
        flag("--force", "rebuild them though nothing changed"),
    ],
    run: |call| run(call, &Root::real(), &Host),
};

fn run(call: &Call, root: &Root, programs: &dyn Programs) -> End {
    let policy = Policy {
        force: call.has("force"),
        dry: call.has("dry-run"),
    };
    let mut progress = |command: &str| cli::complain(&format!("running `{command}`"));
    match initramfs::refresh(root, programs, policy, &mut progress) {
        Ok(end) => cli::print(&told(&end)),
        Err(told) => {
            report(call, &told);
            End::Fault
        }
    }
}

fn report(call: &Call, told: &[Diagnostic]) {
    let reporter = Reporter::new(call.verbosity);
    reporter.print(told, &Sources::new());
    reporter.close(told, "see above");
}

/// What is printed of it.
fn told(end: &Refreshed) -> String {
    match end {
        Refreshed::NotUsed => "this host boots without an initramfs\n".to_owned(),
        Refreshed::Fresh(state) => images(state, "carries"),
        Refreshed::Rebuilt(state) => images(state, "was rebuilt and carries"),
        Refreshed::Would(state, commands) => {
            let stale = state.images.iter().flat_map(|image| reasons(state, image));
            let run = commands.iter().map(|command| format!("would run `{command}`\n"));
            stale.chain(run).collect()
        }
    }
}

fn images(state: &State, verb: &str) -> String {
    let line = |image: &Image| {
        let links = image.links.len();
        format!("{} {verb} the root's {links} .link files\n", image.path.display())
    };
    state.images.iter().map(line).collect()
}

/// Why an image is stale, a line each.
fn reasons(state: &State, image: &Image) -> Vec<String> {
    let path = image.path.display();
    let mut lines: Vec<String> = image
        .differences
        .iter()
        .map(|difference| format!("{path} {difference}\n"))
        .collect();
    if state.hooked && !image.early {
        lines.push(format!("{path} lacks cleat-early\n"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use cleat_naming::carried::{FileDifference, LinkSet};
    use std::collections::BTreeSet;

    #[test]
    fn a_dry_run_says_what_is_stale_and_what_it_would_run() {
        let links = ["10-a.link", "10-b.link", "99-default.link"];
        let links = links.map(|name| (format!("usr/lib/systemd/network/{name}"), "[Link]"));
        let links = links.iter().map(|(path, text)| (path.as_str(), text.as_bytes()));
        let image = |kernel: &str, differences, early| Image {
            path: format!("/boot/initrd.img-{kernel}").into(),
            kernel: kernel.to_owned(),
            links: LinkSet::of_archive(links.clone()),
            differences,
            early,
            modules: BTreeSet::new(),
        };
        let lacks = FileDifference::Lacks("50-pmx-nic0.link".to_owned());
        let state = State {
            generator: Some(initramfs::Generator::InitramfsTools),
            images: vec![image("6.1", vec![lacks], false), image("6.2", Vec::new(), true)],
            hooked: true,
            proxmox: false,
        };
        assert_eq!(
            told(&Refreshed::Would(
                state.clone(),
                vec!["update-initramfs -u -k all".to_owned()]
            )),
            "/boot/initrd.img-6.1 lacks 50-pmx-nic0.link\n/boot/initrd.img-6.1 lacks cleat-early\n\
             would run `update-initramfs -u -k all`\n"
        );
        assert_eq!(
            told(&Refreshed::Fresh(state)),
            "/boot/initrd.img-6.1 carries the root's 3 .link files\n\
             /boot/initrd.img-6.2 carries the root's 3 .link files\n"
        );
    }
}
