//! `cleat-sysctl apply`.

use super::reading::{PREFIX, read};
use crate::{Deed, apply};
use cleat_cli::logging::Reporter;
use cleat_cli::{Call, End, Verb, Words};
use cleat_diag::{Summary, escaped};
use cleat_root::Root;
use log::info;

/// The verb.
pub(super) const VERB: Verb = Verb {
    name: "apply",
    usage: "cleat-sysctl apply [--prefix KEY]...",
    short: "writes the settings that are not as sysctl.d says",
    doc: "Reads sysctl.d as systemd-sysctl does, and the kernel, and writes what differs. What resets other settings is \
          written before them: net.ipv4.ip_forward sets `forwarding` of every link. Each fault is reported with its line, \
          and the rest is written.",
    words: Words::NONE,
    options: &[PREFIX],
    run,
};

fn run(call: &Call) -> End {
    let root = Root::real();
    let mut read = read(&root, call);
    let (deeds, mut faults) = apply(&root, &read.wanted);
    read.found.append(&mut faults);
    for (wanted, deed) in read.wanted.iter().zip(&deeds) {
        if *deed == Deed::Written {
            info!("{}", escaped(&format!("{} = {}", wanted.key, wanted.value)));
        }
    }
    let reporter = Reporter::new(call.verbosity);
    reporter.print(&read.found, &read.sources);
    reporter.close(&read.found, "the rest is as sysctl.d says");
    match Summary::of(&read.found).errors {
        0 => End::Well,
        _ => End::Fault,
    }
}
