//! What a takeover is told beyond the faults of the file: what the program that runs the network today does besides what
//! the file says.

use cleat_diag::Diagnostic;
use cleat_eni::Family;
use cleat_ifupdown::read::served;
use cleat_ifupdown::read::session::Session;
use cleat_model::attrs::known;
use cleat_model::decl::{Decl, Decls, Method};
use cleat_model::desired::HookVars;
use cleat_root::Root;
use serde_json::Value;
use std::path::Path;

/// Where ifupdown2 reads its policies; its own program, by which it is known to be installed.
///
/// *Source*: ifupdown2's policymanager.py.
const POLICIES: [&str; 2] = [
    "/etc/network/ifupdown2/policy.d/*.json",
    "/var/lib/ifupdown2/policy.d/*.json",
];
const IFUPDOWN2: &str = "/usr/share/ifupdown2";

/// Settings of its modules that are so here anyway: Proxmox VE's package sets the MAC of a bridge so.
const SO_HERE: [&str; 1] = ["bridge_set_static_mac_from_port"];

/// All of it.
pub fn told(session: &Session) -> Vec<Diagnostic> {
    let mut found = policies(&session.root);
    if !session.root.exists(IFUPDOWN2) {
        found.extend(session.decls.iter().filter_map(router_advertisements));
    }
    found.extend(unread(&session.root, &session.decls));
    found
}

/// Defaults that ifupdown2's policy files set.
fn policies(root: &Root) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for path in POLICIES.iter().flat_map(|pattern| root.glob(pattern, "/")) {
        let read = root.read(&path).map_err(|error| error.reason());
        let policy = read.and_then(|bytes| serde_json::from_slice(&bytes).map_err(|error| error.to_string()));
        match policy {
            Ok(policy) => found.extend(of_policy(&path, &policy)),
            Err(reason) => {
                let text = format!(
                    "the policy file {} of ifupdown2 cannot be understood: {reason}",
                    path.display()
                );
                found.push(Diagnostic::warning("policy-unreadable", text));
            }
        }
    }
    found
}

/// *Shape*: `{MODULE: {"defaults": {OPTION: VALUE}, "iface_defaults": {IFACE: {OPTION: VALUE}}, "module_globals": {..}}}`.
fn of_policy(path: &Path, policy: &Value) -> Vec<Diagnostic> {
    let (mut defaults, mut globals) = (Vec::new(), Vec::new());
    for (module, said) in policy.as_object().into_iter().flatten() {
        let part = |name: &str| said[name].as_object().into_iter().flatten();
        let line = |option: &str, value: &Value| format!("`{option} {}`", plain(value));
        defaults.extend(part("defaults").map(|(option, value)| line(option, value)));
        for (iface, options) in part("iface_defaults") {
            let options = options.as_object().into_iter().flatten();
            defaults.extend(options.map(|(option, value)| format!("{} of `{iface}`", line(option, value))));
        }
        let others = part("module_globals").filter(|(name, _)| !SO_HERE.contains(&name.as_str()));
        globals.extend(others.map(|(name, value)| format!("{} of module {module}", line(name, value))));
    }
    let path = path.display();
    let defaults = (!defaults.is_empty()).then(|| {
        let text = format!("{path} sets defaults that are not read here: {}", defaults.join(", "));
        let found = Diagnostic::error("policy-not-read", text);
        found.help("write them under the interfaces that are to have them, and remove them there")
    });
    let globals = (!globals.is_empty()).then(|| {
        let text = format!("{path} sets what is not read here: {}", globals.join(", "));
        Diagnostic::warning("policy-not-read", text).help("see whether the host leans on it")
    });
    defaults.into_iter().chain(globals).collect()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Classic ifupdown switches router advertisements off for `inet6 static`.
///
/// *Source*: measured with ifupdown 0.8.41: autoconf 0, and accept_ra 0 where there is a gateway; its inet6.defn.
fn router_advertisements(decl: &Decl) -> Option<Diagnostic> {
    let is_static = |family: &Option<Family>, method| *family == Some(Family::Inet6) && method == Method::Static;
    let (at, stanza) = decl
        .stanzas
        .iter()
        .enumerate()
        .find(|(_, stanza)| stanza.method_said && is_static(&stanza.family, stanza.method))?;
    let has_gateway = decl.all("gateway").any(|said| said.stanza == at);
    let wanted = [("autoconf", true), ("accept-ra", has_gateway)];
    let open = wanted.iter().filter(|(name, set)| *set && decl.last(name).is_none());
    let open: Vec<String> = open.map(|(name, _)| format!("`{name} 0`")).collect();
    if open.is_empty() {
        return None;
    }
    let text = format!(
        "classic ifupdown sets {} for `inet6 static`; here the kernel's setting stays",
        open.join(" and ")
    );
    Some(
        Diagnostic::warning("router-advertisements", text)
            .at(
                stanza.place,
                "addresses and routes come from any router that announces them",
            )
            .on(decl.name)
            .help(format!("write {} in the stanza", open.join(" and "))),
    )
}

/// Options that only scripts read, where no script of this host does.
fn unread(root: &Root, decls: &Decls) -> Vec<Diagnostic> {
    let texts = served::scripts(root);
    let mut found = Vec::new();
    for decl in decls.iter() {
        let options = decl
            .options
            .iter()
            .filter(|said| said.attr.is_none() && !said.inherited);
        for said in
            options.filter(|said| known::is_for_scripts(&said.key.value) && !known::is_obsolete(&said.key.value))
        {
            // Scripts read a family of options by what their names begin with: `set | grep ^IF_DNS`.
            let family = said.key.value.split('-').next().unwrap_or_default();
            let variable = HookVars::variable(family);
            let mut hooks = decl.hooks.iter();
            let is_read = texts.iter().any(|text| text.contains(&variable))
                || hooks.any(|hook| hook.command.value.contains(&variable));
            if !is_read {
                let text = format!("`{}` is for a script, and none of this host reads it", said.key.value);
                found.push(
                    Diagnostic::warning("no-script", text)
                        .at(said.key.place, "without effect here")
                        .on(decl.name)
                        .help("install the package whose script reads it, or remove the line"),
                );
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use cleat_diag::render;
    use cleat_ifupdown::args::Input;
    use cleat_root::Durability;

    /// What a host with this file and these others is told.
    fn of(interfaces: &str, files: &[(&str, &str)]) -> Vec<String> {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        let live = [("/etc/network/interfaces", interfaces)];
        for (path, text) in live.iter().chain(files) {
            root.create_dir_all(Path::new(path).parent().unwrap()).unwrap();
            root.write_atomic(path, text.as_bytes(), Durability::Volatile).unwrap();
        }
        let session = Session::load(root, &Input::Standard);
        let found = told(&session);
        let lines = found.iter().map(|found| render::line(found, session.sources()));
        lines.map(|line| line.trim_end().to_owned()).collect()
    }

    const V4: &str = "auto eno1\niface eno1 inet static\n\taddress 192.0.2.2/24\n";

    /// Second witness: ifupdown2 3.0.0 gives eno1 the MTU 1400 with such a file.
    #[test]
    fn policies_of_ifupdown2_are_told_with_what_they_set() {
        let file = "/etc/network/ifupdown2/policy.d/mine.json";
        let policy = "{\"address\": {\"defaults\": {\"mtu\": \"1400\"}, \"iface_defaults\": {\"eno2\": {\"mtu\": 9000}}}, \
                      \"bridge\": {\"module_globals\": {\"bridge_set_static_mac_from_port\": \"yes\", \"x\": 1}}}";
        assert_eq!(
            of(V4, &[(file, policy)]),
            [
                "error: /etc/network/ifupdown2/policy.d/mine.json sets defaults that are not read here: `mtu 1400`, `mtu 9000` \
                 of `eno2` [policy-not-read]; help: write them under the interfaces that are to have them, and remove them \
                 there",
                "warning: /etc/network/ifupdown2/policy.d/mine.json sets what is not read here: `x 1` of module bridge \
                 [policy-not-read]; help: see whether the host leans on it"
            ]
        );
        let so_here = "{\"bridge\": {\"module_globals\": {\"bridge_set_static_mac_from_port\": \"yes\"}}}";
        assert_eq!(of(V4, &[("/var/lib/ifupdown2/policy.d/pve.json", so_here)]), [""; 0]);
        let told = of(V4, &[("/var/lib/ifupdown2/policy.d/x.json", "{")]);
        assert!(
            told[0].starts_with(
                "warning: the policy file /var/lib/ifupdown2/policy.d/x.json of ifupdown2 cannot be understood: "
            ),
            "{told:?}"
        );
    }

    /// Second witness: classic ifupdown 0.8.41, measured, and its test tests/linux/up.3.
    #[test]
    fn router_advertisements_are_told_where_classic_ifupdown_switches_them_off() {
        let v6 = "auto eno1\niface eno1 inet6 static\n\taddress 2001:db8::10/64\n";
        let with_gateway = format!("{v6}\tgateway 2001:db8::1\n");
        let line = |options: &str| {
            format!(
                "warning: eno1: classic ifupdown sets {options} for `inet6 static`; here the kernel's setting stays \
                 (/etc/network/interfaces:2:1) [router-advertisements]; help: write {options} in the stanza"
            )
        };
        assert_eq!(of(&with_gateway, &[]), [line("`autoconf 0` and `accept-ra 0`")]);
        assert_eq!(of(v6, &[]), [line("`autoconf 0`")]);
        assert_eq!(
            of(&format!("{with_gateway}\tautoconf 0\n\taccept_ra 0\n"), &[]),
            [""; 0]
        );
        // ifupdown2 leaves both alone, as is done here; without a method it is no `static` of classic's.
        assert_eq!(of(&with_gateway, &[("/usr/share/ifupdown2/ifupdown2", "")]), [""; 0]);
        assert_eq!(of(V4, &[]), [""; 0]);
    }

    #[test]
    fn an_option_for_scripts_is_told_where_no_script_reads_it() {
        let file = format!("{V4}\tdns-nameservers 192.0.2.53\n\tnetwork 192.0.2.0\n");
        assert_eq!(
            of(&file, &[]),
            [
                "warning: eno1: `dns-nameservers` is for a script, and none of this host reads it \
                 (/etc/network/interfaces:4:2) [no-script]; help: install the package whose script reads it, or remove the \
                 line"
            ]
        );
        let script = ("/etc/network/if-up.d/000resolvconf", "set | grep ^IF_DNS_\n");
        assert_eq!(of(&file, &[script]), [""; 0]);
        assert_eq!(of(&format!("{file}\tup echo $IF_DNS_NAMESERVERS\n"), &[]), [""; 0]);
    }
}
