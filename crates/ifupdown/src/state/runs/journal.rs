//! Tells the journal of a run, with fields to look for: `journalctl IFACE=vmbr0`.

use super::{Done, Run};
use cleat_root::Root;
use std::collections::BTreeSet;
use std::io;
use std::os::unix::net::UnixDatagram;

/// Where the journal listens. *Source*: systemd's "Native Journal Protocol".
const SOCKET: &str = "/run/systemd/journal/socket";
/// What all entries on the end of a run have in common. *Source*: ours, random.
const RUN_ENDED: &str = "6c2a3d0f4b5e4f7c9a1d8e3b7f60c2d4";

/// Sends one entry; nothing where no journal listens. Never waits: a journal that is busy misses the entry.
pub fn send(root: &Root, run: &Run) -> io::Result<()> {
    let path = root.host_path(SOCKET);
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    match socket.send_to(&entry(run), path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// The entry: its own fields with the GENERATION, and IFACE, STEP and CODE as often as there are some.
fn entry(run: &Run) -> Vec<u8> {
    let mut bytes = Vec::new();
    let program = run.command.split(' ').next().unwrap_or_default();
    let priority = if run.exit == 0 { "6" } else { "3" };
    let exit = run.exit.to_string();
    for (name, value) in [
        ("MESSAGE", format!("{}: {}", run.command, run.summary).as_str()),
        ("MESSAGE_ID", RUN_ENDED),
        ("PRIORITY", priority),
        ("SYSLOG_IDENTIFIER", program),
        ("EXIT_STATUS", exit.as_str()),
        ("BY", run.by.as_str()),
    ] {
        field(&mut bytes, name, value);
    }
    if let Some(generation) = run.generation {
        field(&mut bytes, "GENERATION", &generation.to_string());
    }
    let of_steps = run.steps.iter().flat_map(|done| done.ifaces.iter());
    let ifaces: BTreeSet<&String> = of_steps
        .chain(run.faults.iter().filter_map(|fault| fault.iface.as_ref()))
        .collect();
    let codes: BTreeSet<&String> = run.faults.iter().map(|fault| &fault.code).collect();
    ifaces.into_iter().for_each(|iface| field(&mut bytes, "IFACE", iface));
    codes.into_iter().for_each(|code| field(&mut bytes, "CODE", code));
    for Done { step, result, .. } in &run.steps {
        field(&mut bytes, "STEP", &format!("{step} ... {result}"));
    }
    bytes
}

/// One field: `NAME=value`, or with its length where the value has several lines.
fn field(bytes: &mut Vec<u8>, name: &str, value: &str) {
    bytes.extend(name.as_bytes());
    if value.contains('\n') {
        bytes.push(b'\n');
        bytes.extend((value.len() as u64).to_le_bytes());
    } else {
        bytes.push(b'=');
    }
    bytes.extend(value.as_bytes());
    bytes.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_names_the_generation_where_there_is_one() {
        let run = |generation| Run {
            time: "2026-11-23 09:40:12 UTC".to_owned(),
            command: "ifreload -a".to_owned(),
            by: "root".to_owned(),
            exit: 0,
            summary: "nothing to do".to_owned(),
            generation,
            steps: Vec::new(),
            unlisted: 0,
            faults: Vec::new(),
        };
        let text = |generation| String::from_utf8(entry(&run(generation))).unwrap();
        assert!(text(Some(12)).contains("\nGENERATION=12\n"), "{}", text(Some(12)));
        assert!(!text(None).contains("GENERATION"), "{}", text(None));
    }

    // The protocol's own page has this example.
    #[test]
    fn a_value_of_several_lines_has_its_length_before_it() {
        let mut bytes = Vec::new();
        field(&mut bytes, "MESSAGE", "foo\nbar");
        field(&mut bytes, "PRIORITY", "6");
        assert_eq!(bytes, b"MESSAGE\n\x07\0\0\0\0\0\0\0foo\nbar\nPRIORITY=6\n");
    }
}
