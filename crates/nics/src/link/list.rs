//! `cleat-link list`.

use super::host::Host;
use super::nic::Own;
use crate::{initramfs, programs};
use cleat_cli::{Call, End, JSON, Verb, Words, complain, print};
use cleat_diag::{escaped, escaped_lines};
use cleat_naming::pins::{Author, Pin};
use cleat_naming::rules::NameRule;
use serde_json::{Value, json};

/// The verb.
pub(super) const VERB: Verb = Verb {
    name: "list",
    usage: "cleat-link list [--json]",
    short: "shows every NIC, its pin, and pins without a NIC",
    doc: "Shows every NIC of this machine with its hardware address, the name it has, the name it gets at the next boot \
          where that is another, and the .link file or udev rule that says so; then the pins whose NIC is not here. A pin is a .link \
          file that gives one address one name; those that Proxmox VE made are among them.",
    words: Words::NONE,
    options: &[JSON],
    run,
};

/// Prints the table, or the document of `--json`.
fn run(call: &Call) -> End {
    match Host::running() {
        Ok(mut host) => {
            host.look_into(&initramfs::look(&host.root, &programs::Host).0);
            match call.has("json") {
                true => print(&escaped_lines(&format!("{:#}\n", document(&host)))),
                false => print(&table(&host)),
            }
        }
        Err(text) => {
            complain(&text);
            End::Fault
        }
    }
}

/// *Shape*: `{"nics": [{"name", "altnames", "address", "no_address", "next_name", "rebuilt_name", "rule", "file", "pin":
/// {"name", "origin", "file"}}], "absent": [{"name", "address", "origin", "file"}]}`; what is not there or not known is null.
/// `rebuilt_name` is the name once the initramfs carries what the root has.
pub fn document(host: &Host) -> Value {
    let nics = host.nics.iter().map(|nic| {
        let winner = host.verdict(nic).winner;
        let coming = host.coming(nic);
        let reason = match &nic.own {
            Own::Known(..) => None,
            Own::Unknown(reason) => Some(reason),
        };
        json!({
            "name": nic.name,
            "altnames": nic.altnames,
            "address": nic.address().map(ToString::to_string),
            "no_address": reason,
            "next_name": coming.next.name(),
            "rebuilt_name": coming.rebuilt.name(),
            "rule": host.rule_of(nic).map(NameRule::place),
            "file": winner.map(|file| file.path.display().to_string()),
            "pin": host.pin_of(nic).map(pin_value),
        })
    });
    let absent = absent(host);
    json!({ "nics": nics.collect::<Vec<_>>(), "absent": absent.map(pin_value).collect::<Vec<_>>() })
}

fn pin_value(pin: &Pin) -> Value {
    json!({
        "name": pin.name,
        "address": pin.address.to_string(),
        "origin": origin_word(pin.origin),
        "file": pin.path.display().to_string(),
    })
}

fn absent(host: &Host) -> impl Iterator<Item = &Pin> {
    host.pins.list.iter().filter(|pin| host.nic_of(pin).is_none())
}

/// A word for who wrote a pin.
pub(super) fn origin_word(origin: Author) -> &'static str {
    match origin {
        Author::Ours => "cleat",
        Author::Proxmox => "proxmox",
        Author::Other => "other",
    }
}

/// A line for each NIC and each pin without one, in columns.
pub fn table(host: &Host) -> String {
    let mut rows = vec![["nic", "address", "pin", "named by"].map(str::to_owned)];
    for nic in &host.nics {
        let winner = host.verdict(nic).winner;
        let address = match &nic.own {
            Own::Known(address, _) => address.to_string(),
            Own::Unknown(_) => "-".to_owned(),
        };
        let pin = host.pin_of(nic).map_or("-".to_owned(), |pin| match pin.origin {
            Author::Other => pin.name.clone(),
            origin => format!("{} ({})", pin.name, origin_word(origin)),
        });
        let file = match (host.rule_of(nic), winner) {
            (Some(rule), _) => rule.place(),
            (None, Some(file)) => file.path.display().to_string(),
            (None, None) => "no file".to_owned(),
        };
        let then = host.coming(nic).others(&nic.name);
        let then = then.map_or(String::new(), |then| format!("; {then}"));
        rows.push([nic.name.clone(), address, pin, file + &then]);
    }
    for pin in absent(host) {
        let pinned = format!("{} ({})", pin.name, origin_word(pin.origin));
        let why = match host.nics_with_address(pin).next() {
            Some(nic) => format!("it is not for {}, which has this address", nic.name),
            None => "no NIC here has this address".to_owned(),
        };
        let file = format!("{}; {why}", pin.path.display());
        rows.push(["-".to_owned(), pin.address.to_string(), pinned, file]);
    }
    in_columns(&rows)
}

/// Rows as text, each column as wide as its widest cell; the last is not filled up. What is odd in a name is escaped.
pub(super) fn in_columns<Row: AsRef<[String]>>(rows: &[Row]) -> String {
    let rows: Vec<Vec<_>> = rows
        .iter()
        .map(|row| row.as_ref().iter().map(|cell| escaped(cell)).collect())
        .collect();
    let count = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count).map(width).collect();
    let line = |row: &Vec<std::borrow::Cow<'_, str>>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        let text = cells.collect::<Vec<_>>().join("  ");
        format!("{}\n", text.trim_end())
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::Bed;
    use super::*;

    #[test]
    fn every_nic_is_listed_with_its_pin_and_every_pin_without_a_nic() {
        let bed = Bed::new();
        bed.nic("eth10", "bc:24:11:00:00:10", "enp10s0");
        bed.nic("nic0", "bc:24:11:00:00:01", "enp1s0");
        bed.nics(&[2]);
        bed.pin_of_proxmox("nic0", "bc:24:11:00:00:01");
        bed.pin("/etc/systemd/network/10-cleat-lan0.link", "bc:24:11:00:00:02", "lan0");
        bed.pin("/etc/systemd/network/20-mine.link", "bc:24:11:00:00:99", "gone0");
        assert_eq!(
            table(&bed.host()),
            "nic     address            pin             named by\n\
             enp2s0  bc:24:11:00:00:02  lan0 (cleat)    /etc/systemd/network/10-cleat-lan0.link; lan0 at the next boot\n\
             eth10   bc:24:11:00:00:10  -               /usr/lib/systemd/network/99-default.link; enp10s0 at the next boot\n\
             nic0    bc:24:11:00:00:01  nic0 (proxmox)  /usr/local/lib/systemd/network/50-pmx-nic0.link\n\
             -       bc:24:11:00:00:99  gone0 (other)   /etc/systemd/network/20-mine.link; no NIC here has this address\n"
        );
        let document = document(&bed.host());
        assert_eq!(document["nics"][0]["next_name"], "lan0");
        assert_eq!(document["absent"][0]["name"], "gone0");
    }
}
