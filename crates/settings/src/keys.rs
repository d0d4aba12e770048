//! The keys of /etc/cleat/cleat.toml, one row each: what reads them, what documents them.

pub use crate::slot::Slot;
use std::fmt::Write;

/// One key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The table it stands in; empty above all tables.
    pub table: &'static str,
    /// Its name there.
    pub name: &'static str,
    /// The environment variable that comes before it.
    pub variable: Option<&'static str>,
    /// Where the value goes, and of what type it is.
    pub slot: Slot,
    /// What holds where it is not written, as TOML; `None`: see `doc`.
    pub default: Option<&'static str>,
    /// A value that is not the default, as TOML.
    pub example: &'static str,
    /// What it does: whole sentences.
    pub doc: &'static str,
}

/// All keys, those of a table together.
pub const KEYS: &[Key] = &[
    Key {
        table: "",
        name: "lock-wait",
        variable: Some("CLEAT_LOCK_WAIT"),
        slot: Slot::Seconds(|settings| &mut settings.lock_wait),
        default: Some("60"),
        example: "5",
        doc: "How long another run that is changing the network is waited for.",
    },
    Key {
        table: "",
        name: "hook-limit",
        variable: Some("CLEAT_HOOK_LIMIT"),
        slot: Slot::Seconds(|settings| &mut settings.hook_limit),
        default: Some("60"),
        example: "120",
        doc: "How long one hook command or script may run before it is killed.",
    },
    Key {
        table: "",
        name: "hook-failure",
        variable: None,
        slot: Slot::HookFailure(|settings| &mut settings.hook_failure),
        default: Some("\"warn\""),
        example: "\"error\"",
        doc: "What it means when a hook command or script fails. \"warn\": a warning, and the exit code stays 0, as with \
              ifupdown2. \"error\": an error, and the exit code is 1. Either way the other hooks run and nothing is \
              undone; cleat-commit never takes a change back because of a hook.",
    },
    Key {
        table: "",
        name: "device-wait",
        variable: Some("CLEAT_DEVICE_WAIT"),
        slot: Slot::SomeSeconds(|settings| &mut settings.device_wait),
        default: None,
        example: "30",
        doc: "How long NICs that the configuration names and that are missing are waited for. \
              Unset, that is 10 s while the machine boots, and not at all later.",
    },
    Key {
        table: "commit",
        name: "history",
        variable: None,
        slot: Slot::Switch(|settings| &mut settings.history),
        default: Some("true"),
        example: "false",
        doc: "Whether a boot, \"ifup -a\" and \"ifreload -a\" make a generation of a configuration that no generation \
              holds yet, for \"cleat-commit rollback\" to go back to. What cleat-commit commits always is one.",
    },
    Key {
        table: "commit",
        name: "keep-refused",
        variable: None,
        slot: Slot::Switch(|settings| &mut settings.keep_refused),
        default: Some("false"),
        example: "true",
        doc: "Whether a staged file that is refused at boot is moved to interfaces.new.refused-TIME. \
              Else it stays where it is, and is judged again at the next boot.",
    },
    Key {
        table: "commit",
        name: "keep-generations",
        variable: None,
        slot: Slot::Number(|settings| &mut settings.keep_generations),
        default: Some("50"),
        example: "200",
        doc: "How many generations are kept under /var/lib/cleat. The running one and the one before it always are.",
    },
    Key {
        table: "commit",
        name: "keep-size",
        variable: None,
        slot: Slot::Number(|settings| &mut settings.keep_size),
        default: Some("64"),
        example: "8",
        doc: "How many MiB the generations may take together; the oldest go first.",
    },
    Key {
        table: "confirm",
        name: "boot",
        variable: None,
        slot: Slot::Check(|settings| &mut settings.confirm_boot),
        default: Some("\"off\""),
        example: "\"gateway\"",
        doc: "What the first boot with a new generation has to pass; where it does not, the generation before it is \
              brought up in the same boot. \"links\": every link that comes up by itself is there, up, and has \
              carrier if it can have it. \"gateway\": every gateway answers ARP or NDP. A text that begins with \"/\" is a command \
              for the shell, which has to end with 0. A staged file may ask for another check, see \
              cleat-commit(8).",
    },
    Key {
        table: "confirm",
        name: "limit",
        variable: None,
        slot: Slot::Seconds(|settings| &mut settings.confirm_limit),
        default: Some("60"),
        example: "120",
        doc: "How long that check is repeated until it counts as failed.",
    },
    Key {
        table: "confirm",
        name: "try-timeout",
        variable: None,
        slot: Slot::Seconds(|settings| &mut settings.try_timeout),
        default: Some("60"),
        example: "300",
        doc: "How long \"cleat-commit try\" waits for a confirmation.",
    },
    Key {
        table: "link",
        name: "directory",
        variable: None,
        slot: Slot::PinDirectory(|settings| &mut settings.pin_directory),
        default: Some("\"/etc/systemd/network\""),
        example: "\"/usr/local/lib/systemd/network\"",
        doc: "Where \"cleat-link pin\" writes .link files. Of the directories that udev reads it can be one that lasts \
              over a boot and is not the distribution's; pins that are elsewhere are found all the same.",
    },
];

impl Key {
    /// `table.name`, or the name alone.
    pub fn path(&self) -> String {
        match self.table {
            "" => self.name.to_owned(),
            table => format!("{table}.{}", self.name),
        }
    }
}

/// The commented example file: every key with its text and its default, each line a comment.
pub fn example_file() -> String {
    let mut text = String::from(
        "# Settings of cleat, see cleat.toml(5). Copy what you want to change to /etc/cleat/cleat.toml;\n\
         # times are in seconds. Each line shows what holds without it, unless the text above it says otherwise.\n",
    );
    let mut table = "";
    for key in KEYS {
        if key.table != table {
            table = key.table;
            let _ = write!(text, "\n[{table}]\n");
        }
        text.push('\n');
        for line in wrapped(key.doc) {
            let _ = writeln!(text, "# {line}");
        }
        let _ = writeln!(text, "#{} = {}", key.name, key.default.unwrap_or(key.example));
    }
    text
}

/// The text in lines of up to 100 characters.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + word.len() < 100 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
