//! The table of flags: parsing, the help text and the check of unknown flags all come from it.

use crate::command::Command::{self, Ifdown, Ifquery, Ifreload, Ifup};
use cleat_model::table::distance;

/// What a flag means; one letter can mean two things in two commands, as in ifupdown2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Id {
    /// All interfaces of class auto.
    All,
    /// All interfaces of a class.
    Allow,
    /// Without the interfaces that a pattern matches.
    Exclude,
    /// Another file.
    Interfaces,
    /// Only say what would be done.
    NoAct,
    /// Against what usually holds one back.
    Force,
    /// Only check the file.
    SyntaxCheck,
    /// The lower interfaces too.
    WithDepends,
    /// Not the upper interfaces.
    SkipUppers,
    /// Only up or down, nothing else.
    AdminState,
    /// Failing hooks are not errors.
    IgnoreErrors,
    /// By what the file says now rather than by what was recorded.
    UseCurrent,
    /// Record what is up as ours.
    Adopt,
    /// What is up now, whether auto or not.
    CurrentlyUp,
    /// The file against the kernel.
    Check,
    /// The kernel's state as stanzas.
    Running,
    /// Stanzas as written.
    Raw,
    /// Names only.
    List,
    /// What is recorded as up.
    State,
    /// How to print.
    Format,
    /// The dependency graph.
    PrintDependency,
    /// Every option that is known.
    SyntaxHelp,
    /// A NIC has just appeared.
    Hotplug,
    /// What /etc/default/networking says counts.
    ReadEnvironment,
    /// How long missing NICs are waited for.
    Wait,
    /// Without mapping scripts.
    NoMappings,
    /// How long a busy lock is waited for.
    LockWait,
    /// The lock file.
    Lock,
    /// More in the log.
    Verbose,
    /// Everything in the log.
    Debug,
    /// Errors only in the log.
    Quiet,
    /// The version.
    Version,
    /// This text.
    Help,
    /// Accepted because scripts written for another tool pass it.
    Accepted,
}

/// One row.
#[derive(Debug)]
pub struct Flag {
    /// What it means.
    pub id: Id,
    /// Its letter.
    pub short: Option<char>,
    /// Its words; the first one is shown in the help.
    pub long: &'static [&'static str],
    /// The word for its value, where it takes one.
    pub value: Option<&'static str>,
    /// The commands that have it.
    pub commands: &'static [Command],
    /// One line for the help; empty where it is not shown.
    pub help: &'static str,
}

impl Flag {
    /// How it is written, the long word first.
    pub fn spelling(&self) -> String {
        match (self.long.first(), self.short) {
            (Some(long), _) => format!("--{long}"),
            (None, Some(short)) => format!("-{short}"),
            (None, None) => String::new(),
        }
    }
}

const EVERY: &[Command] = &Command::ALL;
const CHANGING: &[Command] = &[Ifup, Ifdown, Ifreload];
const UP_DOWN: &[Command] = &[Ifup, Ifdown];

const fn row(
    id: Id,
    short: Option<char>,
    long: &'static [&'static str],
    value: Option<&'static str>,
    commands: &'static [Command],
    help: &'static str,
) -> Flag {
    Flag {
        id,
        short,
        long,
        value,
        commands,
        help,
    }
}

/// All flags.
///
/// *Source*: ifupdown2's option parser (names, letters and which command has them) and ifup(8) of classic ifupdown.
pub static FLAGS: &[Flag] = &[
    row(
        Id::All,
        Some('a'),
        &["all"],
        None,
        EVERY,
        "all interfaces that are marked auto, and what they depend on",
    ),
    row(
        Id::Allow,
        None,
        &["allow"],
        Some("CLASS"),
        EVERY,
        "only interfaces of this class (allow-CLASS lines); may be repeated",
    ),
    row(
        Id::Exclude,
        Some('X'),
        &["exclude"],
        Some("REGEX"),
        EVERY,
        "leave out interfaces whose name the expression matches anywhere; may be repeated",
    ),
    row(
        Id::Interfaces,
        Some('i'),
        &["interfaces"],
        Some("FILE"),
        EVERY,
        "read FILE instead of /etc/network/interfaces; `-` is standard input",
    ),
    row(
        Id::NoAct,
        Some('n'),
        &["no-act"],
        None,
        CHANGING,
        "print the whole plan, each line with the like ip command, and do nothing",
    ),
    row(
        Id::Force,
        Some('f'),
        &["force"],
        None,
        CHANGING,
        "delete links though guests are on them, replace routes of others, run hooks though nothing changed",
    ),
    row(
        Id::SyntaxCheck,
        Some('s'),
        &["syntax-check"],
        None,
        &[Ifup, Ifreload],
        "only check the file; the exit code says whether it has errors",
    ),
    row(
        Id::Adopt,
        None,
        &["adopt"],
        None,
        &[Ifreload],
        "change nothing and run no hook: record what is declared and up as brought up by this program, as after a \
         switch from another one; with -a what is marked hotplug, too",
    ),
    row(
        Id::CurrentlyUp,
        Some('c'),
        &["currently-up"],
        None,
        &[Ifreload],
        "reload the interfaces that are recorded as up, marked auto or not",
    ),
    row(
        Id::Check,
        Some('c'),
        &["check"],
        None,
        &[Ifquery],
        "compare the file with the kernel; exit code 1 where they differ",
    ),
    row(
        Id::Running,
        Some('r'),
        &["running"],
        None,
        &[Ifquery],
        "print the state of the kernel as stanzas",
    ),
    row(
        Id::Raw,
        Some('x'),
        &["raw"],
        None,
        &[Ifquery],
        "print the stanzas as written",
    ),
    row(
        Id::List,
        Some('l'),
        &["list"],
        None,
        &[Ifquery],
        "print names only; of class auto unless --allow names another",
    ),
    row(
        Id::State,
        None,
        &["state"],
        None,
        &[Ifquery],
        "print the interfaces that are recorded as up; exit code 1 where a named one is not",
    ),
    row(
        Id::Format,
        Some('o'),
        &["format"],
        Some("native|json"),
        &[Ifquery],
        "how to print",
    ),
    row(
        Id::PrintDependency,
        Some('p'),
        &["print-dependency"],
        Some("list|dot"),
        &[Ifup, Ifdown, Ifquery],
        "print which interface depends on which",
    ),
    row(
        Id::SyntaxHelp,
        Some('s'),
        &["syntax-help"],
        None,
        &[Ifquery],
        "print every option that may stand in a stanza",
    ),
    row(
        Id::WithDepends,
        Some('w'),
        &["with-depends"],
        None,
        EVERY,
        "also the interfaces that the named ones depend on",
    ),
    row(
        Id::SkipUppers,
        Some('k'),
        &["skip-upperifaces"],
        None,
        &[Ifup],
        "do not give the interfaces back to the bridge or bond that they belong to",
    ),
    row(
        Id::UseCurrent,
        Some('u'),
        &["use-current-config"],
        None,
        &[Ifdown, Ifreload],
        "take down by what the file says now, not by what was recorded",
    ),
    row(
        Id::AdminState,
        None,
        &["admin-state", "no-scripts", "no-addons"],
        None,
        UP_DOWN,
        "only set the links up or down; no addresses, no hooks",
    ),
    row(
        Id::IgnoreErrors,
        None,
        &["ignore-errors"],
        None,
        UP_DOWN,
        "a failing hook is a warning, whatever hook-failure in cleat.toml says",
    ),
    row(
        Id::NoMappings,
        None,
        &["no-mappings"],
        None,
        UP_DOWN,
        "do not run mapping scripts",
    ),
    row(
        Id::Hotplug,
        None,
        &["hotplug"],
        None,
        &[Ifup],
        "the named NICs have just appeared: bring up what is marked hotplug or auto and needs them",
    ),
    row(
        Id::ReadEnvironment,
        None,
        &["read-environment"],
        None,
        UP_DOWN,
        "honour CONFIGURE_INTERFACES=no, EXCLUDE_INTERFACES and VERBOSE=yes of the environment, as the unit hands on \
         /etc/default/networking",
    ),
    row(
        Id::Wait,
        None,
        &["wait"],
        Some("SECONDS"),
        &[Ifup, Ifreload],
        "how long missing NICs are waited for (default 10 while the machine boots, then 0)",
    ),
    row(
        Id::Lock,
        Some('L'),
        &["lock"],
        Some("FILE"),
        CHANGING,
        "another lock file than /run/network/.lock",
    ),
    row(Id::Accepted, Some('L'), &["lock"], Some("FILE"), &[Ifquery], ""),
    row(
        Id::LockWait,
        None,
        &["lock-wait"],
        Some("SECONDS"),
        CHANGING,
        "how long another run is waited for (default 60)",
    ),
    row(
        Id::Verbose,
        Some('v'),
        &["verbose"],
        None,
        EVERY,
        "print each step as it is done, with its result, and what changed",
    ),
    row(Id::Debug, Some('d'), &["debug"], None, EVERY, "say everything"),
    row(Id::Quiet, Some('q'), &["quiet"], None, EVERY, "say errors only"),
    row(Id::Version, Some('V'), &["version"], None, EVERY, "print the version"),
    row(Id::Help, Some('h'), &["help"], None, EVERY, "print this text"),
    row(Id::Accepted, Some('l'), &["syslog"], None, CHANGING, ""),
    row(
        Id::Accepted,
        None,
        &["systemd", "perfmode", "nocache", "nldebug", "no-cache", "diff"],
        None,
        EVERY,
        "",
    ),
    row(Id::Accepted, None, &["with-defaults"], None, &[Ifquery], ""),
    row(Id::Accepted, None, &["no-loopback"], None, UP_DOWN, ""),
];

/// The row of a letter.
pub fn by_letter(command: Command, letter: char) -> Option<&'static Flag> {
    of(command).find(|flag| flag.short == Some(letter))
}

/// The row of a word.
pub fn by_word(command: Command, word: &str) -> Option<&'static Flag> {
    of(command).find(|flag| flag.long.contains(&word))
}

/// All rows of a command.
pub fn of(command: Command) -> impl Iterator<Item = &'static Flag> {
    FLAGS.iter().filter(move |flag| flag.commands.contains(&command))
}

/// The word of this command that is nearest to `word`, if any is near.
pub fn nearest(command: Command, word: &str) -> Option<&'static str> {
    let limit = (word.len() / 3).max(1);
    of(command)
        .flat_map(|flag| flag.long)
        .map(|long| (distance(word, long), *long))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, long)| long)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_command_has_a_letter_or_a_word_twice() {
        for command in Command::ALL {
            let letters: Vec<char> = of(command).filter_map(|flag| flag.short).collect();
            let words: Vec<&str> = of(command).flat_map(|flag| flag.long.iter().copied()).collect();
            for (at, letter) in letters.iter().enumerate() {
                assert!(!letters[..at].contains(letter), "{command} has -{letter} twice");
            }
            for (at, word) in words.iter().enumerate() {
                assert!(!words[..at].contains(word), "{command} has --{word} twice");
            }
        }
    }
}
