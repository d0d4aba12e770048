//! What the tests of this crate share: text in, declarations and told diagnostics out.

use crate::decl::{Decls, declare};
use cleat_diag::{Diagnostic, Place, Sources};

/// A configuration that was read from a text.
pub(crate) struct Read {
    pub decls: Decls,
    pub sources: Sources,
    pub found: Vec<Diagnostic>,
}

/// Reads one file.
pub(crate) fn read(text: &str) -> Read {
    let mut sources = Sources::new();
    let file = sources.add("interfaces", text.as_bytes().to_vec());
    let (document, mut found) = cleat_eni::parse(file, sources.get(file).unwrap());
    let (decls, more) = declare(document.items());
    found.extend(more);
    Read { decls, sources, found }
}

/// Every part of every diagnostic, one to a line: severity and code, place and text underlined, sentence, label, notes, help.
pub(crate) fn told(found: &[Diagnostic], sources: &Sources) -> String {
    let at = |place: Place| {
        let (_, position) = sources.locate(place).unwrap();
        format!("{}:{}", position.line, position.column)
    };
    let mut all = String::new();
    for diagnostic in found {
        all += &format!("{}[{}] ", diagnostic.severity.word(), diagnostic.code);
        if let Some(iface) = &diagnostic.iface {
            all += &format!("{iface}: ");
        }
        all += &diagnostic.message;
        if let Some(label) = &diagnostic.label {
            all += &format!("\n  {} «{}» {}", at(label.place), sources.text(label.place), label.text);
        }
        for note in &diagnostic.notes {
            let place = note.place.map(|place| format!(" at {}", at(place))).unwrap_or_default();
            all += &format!("\n  note: {}{place}", note.text);
        }
        for help in &diagnostic.help {
            all += &format!("\n  help: {help}");
        }
        all += "\n";
    }
    all
}

/// A kernel with `lo` and NICs of those names, as the golden states' machine has: MACs 52:54:00:00:10:NN.
pub(crate) fn machine(nics: &[&str]) -> crate::snapshot::Snapshot {
    let mut facts = crate::snapshot::Snapshot::new();
    facts.insert(link(1, "lo", crate::types::Kind::Physical, &[0; 6]));
    for (index, name) in (2..).zip(nics) {
        let mac = [0x52, 0x54, 0, 0, 0x10, index as u8 - 2];
        facts.insert(link(index, name, crate::types::Kind::Physical, &mac));
    }
    facts
}

/// A link that is up, of 1500 bytes.
pub(crate) fn link(index: u32, name: &str, kind: crate::types::Kind, mac: &[u8]) -> crate::snapshot::Link {
    use crate::snapshot::{IFF_LOOPBACK, IFF_UP, IFLA_ADDRESS, IFLA_MTU};
    let mut attrs = crate::nla::Attrs::new();
    attrs.push(IFLA_ADDRESS, mac);
    attrs.push(IFLA_MTU, &1500u32.to_ne_bytes());
    let loopback = if name == "lo" { IFF_LOOPBACK } else { 0 };
    crate::snapshot::Link {
        index,
        name: name.parse().unwrap(),
        altnames: Vec::new(),
        kind,
        device_type: 1,
        flags: IFF_UP | loopback,
        operstate: 6,
        perm_mac: crate::name::Mac::new(mac),
        master: None,
        parent: None,
        parent_netns: None,
        attrs,
        data: crate::nla::Attrs::new(),
        port_kind: None,
        port: crate::nla::Attrs::new(),
        conf4: Vec::new(),
        conf6: Vec::new(),
        addr_gen_mode: None,
        ethtool: None,
        partial: false,
    }
}
