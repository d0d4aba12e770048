//! Options that scripts of this host do: what is known and not acted on here is in good hands then.

use cleat_diag::{Diagnostic, Place};
use cleat_model::attrs::known;
use cleat_model::decl::Decls;
use cleat_model::desired::HookVars;
use cleat_root::{Root, paths};
use std::collections::BTreeSet;

/// The text of each script that runs for an interface.
pub fn scripts(root: &Root) -> Vec<String> {
    let directories = [
        paths::IF_PRE_UP_D,
        paths::IF_UP_D,
        paths::IF_POST_UP_D,
        paths::IF_PRE_DOWN_D,
        paths::IF_DOWN_D,
        paths::IF_POST_DOWN_D,
    ];
    let scripts = directories.iter().flat_map(|directory| root.glob("*", directory));
    scripts
        .filter_map(|path| root.read(&path).ok())
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .collect()
}

/// Leaves out the warnings about options that are not acted on here and that a script of this host reads: those of Open
/// vSwitch, for example, where openvswitch-switch is installed.
pub fn leave_to_scripts(root: &Root, decls: &Decls, found: &mut Vec<Diagnostic>) {
    let is_one = |fault: &Diagnostic| fault.code == "not-handled";
    if !found.iter().any(is_one) {
        return;
    }
    let scripts = scripts(root);
    let options = decls.iter().flat_map(|decl| &decl.options);
    let served: BTreeSet<Place> = options
        .filter(|said| said.attr.is_none() && known::is_not_yet(&said.key.value))
        .filter(|said| {
            let variable = HookVars::variable(&said.key.value);
            scripts.iter().any(|script| holds_word(script, &variable))
        })
        .map(|said| said.key.place)
        .collect();
    let is_served = |fault: &Diagnostic| fault.label.as_ref().is_some_and(|label| served.contains(&label.place));
    found.retain(|fault| !(is_one(fault) && is_served(fault)));
}

/// Whether a text holds a variable's name, and not only as the beginning of a longer one.
fn holds_word(text: &str, word: &str) -> bool {
    let goes_on = |char: char| char.is_ascii_alphanumeric() || char == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[at + word.len()..].starts_with(goes_on))
}

#[cfg(test)]
mod tests {
    use crate::args::Input;
    use crate::read::session::Session;
    use cleat_diag::render;
    use cleat_root::{Durability, Root};
    use std::path::Path;

    /// What is found in a configuration, on a host with a script of that text.
    fn found(interfaces: &str, script: Option<&str>) -> Vec<String> {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        let live = ("/etc/network/interfaces", interfaces);
        let script = script.map(|text| ("/etc/network/if-pre-up.d/openvswitch", text));
        for (path, text) in std::iter::once(live).chain(script) {
            root.create_dir_all(Path::new(path).parent().unwrap()).unwrap();
            root.write_atomic(path, text.as_bytes(), Durability::Volatile).unwrap();
        }
        let session = Session::load(root, &Input::Standard);
        let codes = session
            .diagnostics
            .iter()
            .map(|found| render::line(found, session.sources()));
        codes.collect()
    }

    const BRIDGE: &str =
        "auto vmbr0\niface vmbr0 inet manual\n\tovs_type OVSBridge\n\tovs_ports eno1\n\tovs_mtu 9000\n";

    fn warned(key: &str, line: u32) -> String {
        format!(
            "warning: vmbr0: `{key}` is known but not acted on yet (/etc/network/interfaces:{line}:2) [not-handled]"
        )
    }

    /// Second witness: openvswitch-switch's script reads IF_OVS_TYPE and others; in Debian 12 none of it reads IF_OVS_MTU.
    #[test]
    fn options_that_a_script_of_the_host_reads_are_no_matter_for_a_warning() {
        let script = "if [ -z \"${IF_OVS_TYPE}\" ]; then exit 0; fi\nfor port in $IF_OVS_PORTS; do :; done\n";
        assert_eq!(found(BRIDGE, Some(script)), [warned("ovs-mtu", 5)]);
    }

    #[test]
    fn options_that_no_script_reads_are_warned_of() {
        let all = [warned("ovs-type", 3), warned("ovs-ports", 4), warned("ovs-mtu", 5)];
        assert_eq!(found(BRIDGE, None), all);
        assert_eq!(
            found(BRIDGE, Some("echo $IF_OVS_TYPES $IF_OVS_PORTS_CONDONE_REGEX\n")),
            all
        );
    }
}
