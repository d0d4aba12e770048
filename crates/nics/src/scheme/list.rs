//! `cleat-scheme list`: the versions and what each changed.

use super::udev::Host;
use cleat_cli::{self as cli, Call, End, JSON, Verb, Words};
use cleat_naming::{SCHEMES, Scheme};
use cleat_root::Root;
use serde_json::{Value, json};

/// Its row.
pub const VERB: Verb = Verb {
    name: "list",
    usage: "cleat-scheme list [--json]",
    short: "shows the versions of the scheme and what each changed",
    doc: "Shows the versions of the scheme, oldest first, and what each changed; which one names this boot, and which \
          are newer than the installed udev knows.",
    words: Words::NONE,
    options: &[JSON],
    run: |call| run(call, &Root::real()),
};

fn run(call: &Call, root: &Root) -> End {
    let host = Host::read(root);
    cli::print(&match call.has("json") {
        true => format!("{:#}\n", as_json(&host)),
        false => text(&host),
    })
}

/// The table.
pub(super) fn text(host: &Host) -> String {
    let row = |scheme: &Scheme| {
        let marks = marks(scheme, host);
        let marks = if marks.is_empty() {
            String::new()
        } else {
            format!("  [{}]", marks.join(", "))
        };
        format!("{:<5} {}{marks}\n", scheme.name, scheme.about)
    };
    SCHEMES.iter().map(row).collect()
}

fn marks(scheme: &Scheme, host: &Host) -> Vec<&'static str> {
    let default = host.udev.and_then(|udev| udev.default_scheme());
    [
        (host.current() == Some(scheme), "names this boot"),
        (default == Some(scheme), "the installed udev's default"),
        (host.udev.is_some() && !host.knows(scheme), "not known here"),
    ]
    .into_iter()
    .filter_map(|(is_so, mark)| is_so.then_some(mark))
    .collect()
}

fn as_json(host: &Host) -> Value {
    let default = host.udev.and_then(|udev| udev.default_scheme());
    let row = |scheme: &Scheme| {
        json!({
            "scheme": scheme.name,
            "changes": scheme.about,
            "running": host.current() == Some(scheme),
            "default": default == Some(scheme),
            "known": host.udev.map(|_| host.knows(scheme)),
        })
    };
    Value::Array(SCHEMES.iter().map(row).collect())
}
