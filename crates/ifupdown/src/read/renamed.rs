//! A NIC by another name.

use cleat_diag::Diagnostic;
use cleat_model::name::IfName;
use std::path::PathBuf;

/// A NIC that is called otherwise than the configuration says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed {
    /// Its name in the configuration.
    pub from: IfName,
    /// Its name now.
    pub to: IfName,
    /// How it is known: one clause.
    pub why: String,
    /// The .link file that will give it back its name once udev has come to it.
    pub pin: Option<PathBuf>,
}

impl Renamed {
    /// What is reported it.
    pub fn warning(&self) -> Diagnostic {
        // Which file pins it is said in the reason.
        let Self { from, to, why, pin: _ } = self;
        let text = format!("the NIC that the file calls `{from}` is called `{to}` now, and is brought up so: {why}");
        Diagnostic::warning("nic-renamed", text)
            .on(to)
            .help(format!("write `{to}` in the file, or pin the NIC: cleat-link(8)"))
    }
}
