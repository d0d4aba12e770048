//! One option line: its row, its value, and what is wrong with it.

use super::{Row, Said};
use crate::attr::Grammar;
use crate::attrs::known;
use crate::table;
use cleat_diag::{Diagnostic, Place, Spanned};
use cleat_eni::Opt;

/// Types one option of the stanza with that index; `iface` is the name to speak of.
pub(super) fn read(option: &Opt, iface: &str, stanza: usize, found: &mut Vec<Diagnostic>) -> Said {
    let key = &option.key.value;
    let attr = table::find(key);
    let value = with_name(&option.value, iface);
    let typed = match attr {
        Some(attr) if attr.value != Grammar::Structure && !is_list(attr, &value.text) => {
            match attr.parse(&value.text) {
                Ok(value) => Some(value),
                // The masks and passwords that only the script of Debian's ethtool package takes: it runs for them.
                Err(_) if attr.field().is_some() && key.starts_with("ethernet-") => {
                    let text = format!("`{key} {}` is known but not acted on yet", value.text.trim());
                    let left = Diagnostic::warning("not-handled", text);
                    found.push(left.at(value_place(option), "handed to hook scripts only").on(iface));
                    None
                }
                Err(accepts) => {
                    found.push(bad_value(key, &value.text, value_place(option), &accepts).on(iface));
                    None
                }
            }
        }
        Some(attr) => {
            // It counts as empty all the same: at boot a bridge without ports is better than no bridge.
            let takes = needed(attr.name).filter(|_| value.text.trim().is_empty());
            found.extend(takes.map(|takes| bad_value(key, "", option.key.place, takes).on(iface)));
            None
        }
        None => {
            found.extend(unknown(option).map(|diagnostic| diagnostic.on(iface)));
            None
        }
    };
    Said {
        key: Spanned::new(key.clone(), option.key.place),
        value,
        place: option.place,
        attr: attr.map(Row),
        typed,
        stanza,
        inherited: false,
        overruled: false,
    }
}

/// Whether the value is a list by port, which `resolve` takes apart.
fn is_list(attr: &crate::attr::Attr, text: &str) -> bool {
    attr.spread != crate::attr::Spread::No && (text.contains('=') || text.contains(char::is_whitespace))
}

/// What a list must have at least one of: without it a line that lost its value would take ports or VLANs away.
fn needed(option: &str) -> Option<&'static str> {
    match option {
        "bridge-ports" | "bond-slaves" => Some("names of links, or `none`"),
        "bridge-vids" => Some("VLANs such as `2-100 200`"),
        "vxlan-remoteip" => Some("IP addresses"),
        _ => None,
    }
}

/// Where the value stands; where there is none, the key.
fn value_place(option: &Opt) -> Place {
    match option.value.text.is_empty() {
        true => option.key.place,
        false => option.value.place,
    }
}

/// `error[bad-value]`: what stands there and what is taken.
pub(crate) fn bad_value(key: &str, text: &str, place: Place, accepts: &str) -> Diagnostic {
    let message = match text.is_empty() {
        true => format!("`{key}` has no value"),
        false => format!("`{key}` cannot be `{text}`"),
    };
    Diagnostic::error("bad-value", message).at(place, format!("takes {accepts}"))
}

fn unknown(option: &Opt) -> Option<Diagnostic> {
    let key = &option.key.value;
    if key == "use" {
        return super::executors::told(option);
    }
    if known::is_for_scripts(key) {
        return None;
    }
    // Of `inet6 auto`: other settings by DHCPv6, which ifupdown asks for itself.
    if key == "dhcp" {
        let asked = Diagnostic::warning(
            "dhcp-not-yet",
            "DHCPv6 beside router advertisements is not asked for yet",
        )
        .at(option.key.place, "the link has the addresses that routers announce")
        .help("start a DHCP client in a `post-up` line");
        return (option.value.text != "0").then_some(asked);
    }
    if known::is_not_yet(key) {
        let diagnostic = Diagnostic::warning("not-handled", format!("`{key}` is known but not acted on yet"))
            .at(option.key.place, "handed to hook scripts only");
        return Some(diagnostic);
    }
    let diagnostic = Diagnostic::warning("unknown-option", format!("unknown option `{}`", option.written()))
        .at(option.key.place, "handed to hook scripts only");
    Some(match table::nearest(key) {
        Some(name) => diagnostic.help(format!("did you mean `{name}`?")),
        None => diagnostic.help("see interfaces(5) for the options that there are"),
    })
}

/// The value with `$IFACE` and `${IFACE}` put in, as ifupdown2 does.
fn with_name(value: &cleat_eni::Value, iface: &str) -> cleat_eni::Value {
    if !value.text.contains("$IFACE") && !value.text.contains("${IFACE}") {
        return value.clone();
    }
    let text = value.text.replace("${IFACE}", iface).replace("$IFACE", iface);
    cleat_eni::Value::new(text, value.place)
}
