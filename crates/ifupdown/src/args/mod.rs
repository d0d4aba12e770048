//! The command line, parsed once.

pub mod environment;
pub mod flags;
mod usage;

pub use usage::usage;

use crate::command::Command;
pub use cleat_cli::Verbosity;
use flags::Id;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// Where the stanzas come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Input {
    /// /etc/network/interfaces.
    #[default]
    Standard,
    /// Another file.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

/// How the dependency graph is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Graph {
    /// One line for each interface.
    List,
    /// Graphviz.
    Dot,
}

/// How `ifquery` prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// As stanzas.
    #[default]
    Native,
    /// JSON.
    Json,
}

/// An interface named on the command line.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Named {
    /// The link.
    pub name: String,
    /// The stanza to configure it by, where it was written as `IFACE=LOGICAL`.
    pub logical: Option<String>,
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Args {
    /// By which name the program was called.
    pub command: Command,
    /// Interfaces in the order written.
    pub names: Vec<Named>,
    /// `-a`.
    pub all: bool,
    /// `--allow`.
    pub classes: Vec<String>,
    /// `-X`: regular expressions, searched in the name.
    pub exclude: Vec<String>,
    /// `-i`.
    pub input: Input,
    /// `-n`.
    pub no_act: bool,
    /// `-f`.
    pub force: bool,
    /// `-s` of ifup and ifreload.
    pub syntax_check: bool,
    /// `-w`.
    pub with_depends: bool,
    /// `-k`.
    pub skip_uppers: bool,
    /// `-u`.
    pub use_current: bool,
    /// `--adopt`: only record what is up as ours.
    pub adopt: bool,
    /// `--admin-state`.
    pub admin_state: bool,
    /// `--ignore-errors`.
    pub ignore_errors: bool,
    /// `--no-mappings`.
    pub no_mappings: bool,
    /// `--hotplug`.
    pub hotplug: bool,
    /// `--read-environment`.
    pub read_environment: bool,
    /// `-c` of ifreload.
    pub currently_up: bool,
    /// `-c` of ifquery.
    pub check: bool,
    /// `-r`.
    pub running: bool,
    /// `-x`.
    pub raw: bool,
    /// `-l` of ifquery.
    pub list: bool,
    /// `--state`.
    pub state: bool,
    /// `-s` of ifquery.
    pub syntax_help: bool,
    /// `-o`.
    pub format: Format,
    /// `-p`.
    pub graph: Option<Graph>,
    /// `--wait`.
    pub wait: Option<Duration>,
    /// `-L`.
    pub lock: Option<PathBuf>,
    /// `--lock-wait`.
    pub lock_wait: Option<Duration>,
    /// `-q`, `-v`, `-d`.
    pub verbosity: Verbosity,
    /// No flag: what puts the network back goes on without lock, journal and record, where these cannot be had.
    pub regardless: bool,
}

impl Args {
    /// A command with nothing asked of it.
    pub fn new(command: Command) -> Self {
        Self {
            command,
            names: Vec::new(),
            all: false,
            classes: Vec::new(),
            exclude: Vec::new(),
            input: Input::default(),
            no_act: false,
            force: false,
            syntax_check: false,
            with_depends: false,
            skip_uppers: false,
            use_current: false,
            adopt: false,
            admin_state: false,
            ignore_errors: false,
            no_mappings: false,
            hotplug: false,
            read_environment: false,
            currently_up: false,
            check: false,
            running: false,
            raw: false,
            list: false,
            state: false,
            syntax_help: false,
            format: Format::default(),
            graph: None,
            wait: None,
            lock: None,
            lock_wait: None,
            verbosity: Verbosity::default(),
            regardless: false,
        }
    }

    /// Whether the run does nothing unless it can be recorded: a reload that cannot be undone after a crash is not
    /// begun. At boot, and where a network is put back, links that are up count for more than the record of them.
    pub fn must_be_recorded(&self) -> bool {
        self.command == Command::Ifreload && !self.regardless
    }
}

/// What a command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A run.
    Run(Box<Args>),
    /// The help text.
    Help,
    /// The version.
    Version,
}

/// Parses the arguments that follow the command's name.
///
/// # Errors
/// One sentence that says what is wrong with them, and what may have been meant.
pub fn parse(command: Command, arguments: impl IntoIterator<Item = OsString>) -> Result<Asked, String> {
    let mut args = Args::new(command);
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        let flag = match argument {
            lexopt::Arg::Value(name) => {
                args.names.push(named(&text(name)?));
                continue;
            }
            lexopt::Arg::Short(letter) => {
                flags::by_letter(command, letter).ok_or_else(|| format!("{command} has no option `-{letter}`"))?
            }
            lexopt::Arg::Long(word) => {
                flags::by_word(command, word).ok_or_else(|| match flags::nearest(command, word) {
                    Some(near) => format!("{command} has no option `--{word}`; did you mean `--{near}`?"),
                    None => format!("{command} has no option `--{word}`"),
                })?
            }
        };
        let value = match flag.value {
            Some(_) => text(parser.value().map_err(|error| error.to_string())?)?,
            None => String::new(),
        };
        match flag.id {
            Id::Help => return Ok(Asked::Help),
            Id::Version => return Ok(Asked::Version),
            id => set(&mut args, id, value)?,
        }
    }
    check(&args)?;
    Ok(Asked::Run(Box::new(args)))
}

fn set(args: &mut Args, id: Id, value: String) -> Result<(), String> {
    match id {
        Id::All => args.all = true,
        Id::Allow => args.classes.push(value),
        Id::Exclude => args.exclude.push(value),
        Id::Interfaces if value == "-" => args.input = Input::Stdin,
        Id::Interfaces => args.input = Input::File(value.into()),
        Id::NoAct => args.no_act = true,
        Id::Force => args.force = true,
        Id::SyntaxCheck => args.syntax_check = true,
        Id::WithDepends => args.with_depends = true,
        Id::SkipUppers => args.skip_uppers = true,
        Id::UseCurrent => args.use_current = true,
        Id::Adopt => args.adopt = true,
        Id::AdminState => args.admin_state = true,
        Id::IgnoreErrors => args.ignore_errors = true,
        Id::NoMappings => args.no_mappings = true,
        Id::Hotplug => args.hotplug = true,
        Id::ReadEnvironment => args.read_environment = true,
        Id::CurrentlyUp => args.currently_up = true,
        Id::Check => args.check = true,
        Id::Running => args.running = true,
        Id::Raw => args.raw = true,
        Id::List => args.list = true,
        Id::State => args.state = true,
        Id::SyntaxHelp => args.syntax_help = true,
        Id::Format => {
            args.format = match value.as_str() {
                "native" => Format::Native,
                "json" => Format::Json,
                other => return Err(format!("`--format` is `native` or `json`, not `{other}`")),
            }
        }
        Id::PrintDependency => {
            args.graph = match value.as_str() {
                "list" => Some(Graph::List),
                "dot" => Some(Graph::Dot),
                other => return Err(format!("`--print-dependency` is `list` or `dot`, not `{other}`")),
            }
        }
        Id::Wait => args.wait = Some(seconds("--wait", &value)?),
        Id::Lock => args.lock = Some(value.into()),
        Id::LockWait => args.lock_wait = Some(seconds("--lock-wait", &value)?),
        Id::Verbose => args.verbosity = args.verbosity.max(Verbosity::Verbose),
        Id::Debug => args.verbosity = Verbosity::Debug,
        Id::Quiet => args.verbosity = Verbosity::Quiet,
        Id::Accepted | Id::Help | Id::Version => {}
    }
    Ok(())
}

/// What flags mean together.
fn check(args: &Args) -> Result<(), String> {
    let command = args.command;
    let named = !args.names.is_empty();
    if args.all && named && command != Command::Ifreload {
        return Err("`-a` and interface names exclude each other".to_owned());
    }
    if args.hotplug && (args.all || !named) {
        return Err("`--hotplug` needs the names of the NICs that appeared".to_owned());
    }
    let nothing = !args.all && args.classes.is_empty() && !named;
    let needs_none = args.list || args.state || args.running || args.syntax_help || args.currently_up;
    if nothing && !needs_none && !args.syntax_check && args.graph.is_none() {
        return Err(match command {
            Command::Ifreload => "say `-a`, `-c`, `--allow CLASS` or the names of interfaces".to_owned(),
            _ => "say `-a`, `--allow CLASS` or the names of interfaces".to_owned(),
        });
    }
    let views = [args.check, args.running, args.raw, args.list, args.state];
    if views.iter().filter(|view| **view).count() > 1 {
        return Err("only one of `--check`, `--running`, `--raw`, `--list` and `--state` can be shown".to_owned());
    }
    Ok(())
}

fn named(word: &str) -> Named {
    match word.split_once('=') {
        Some((name, logical)) => Named {
            name: name.to_owned(),
            logical: Some(logical.to_owned()),
        },
        None => Named {
            name: word.to_owned(),
            logical: None,
        },
    }
}

fn seconds(flag: &str, value: &str) -> Result<Duration, String> {
    let seconds: f64 = value
        .parse()
        .map_err(|_| format!("`{flag}` takes seconds, not `{value}`"))?;
    Duration::try_from_secs_f64(seconds).map_err(|_| format!("`{flag}` takes seconds, not `{value}`"))
}

fn text(value: OsString) -> Result<String, String> {
    value
        .into_string()
        .map_err(|value| format!("`{}` is not UTF-8", value.to_string_lossy()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(command: Command, line: &str) -> Args {
        match parse(command, line.split_whitespace().map(OsString::from)) {
            Ok(Asked::Run(args)) => *args,
            other => panic!("{command} {line}: {other:?}"),
        }
    }

    fn refused(command: Command, line: &str) -> String {
        match parse(command, line.split_whitespace().map(OsString::from)) {
            Err(message) => message,
            other => panic!("{command} {line}: {other:?}"),
        }
    }

    /// The command lines that pve-manager and pve-network run (PVE/API2/Network.pm, SDN status).
    #[test]
    fn what_proxmox_ve_calls_is_understood() {
        assert!(run(Command::Ifreload, "-a").all);
        let query = run(Command::Ifquery, "-a -c -o json");
        assert!(query.all && query.check);
        assert_eq!(query.format, Format::Json);
        assert_eq!(parse(Command::Ifreload, ["-V".into()]), Ok(Asked::Version));
    }

    /// The command lines of Debian's networking.service, ifup@.service and wait-online.sh (package ifupdown 0.8.41)
    /// and of ifupdown2's start-networking.
    #[test]
    fn what_debians_and_ifupdown2s_scripts_call_is_understood() {
        assert!(run(Command::Ifup, "-a --read-environment").all);
        let down = run(Command::Ifdown, "-a --read-environment --exclude=lo");
        assert_eq!(down.exclude, ["lo"]);
        assert_eq!(run(Command::Ifup, "--allow=hotplug eno1").classes, ["hotplug"]);
        assert!(run(Command::Ifquery, "--list --exclude=lo").list);
        assert!(run(Command::Ifquery, "--state eno1").state);
        assert!(run(Command::Ifup, "-a --perfmode --systemd -l").all);
    }

    #[test]
    fn one_letter_means_what_the_command_says() {
        assert!(run(Command::Ifreload, "-c").currently_up);
        assert!(run(Command::Ifquery, "-a -c").check);
        assert!(run(Command::Ifup, "-s -a").syntax_check);
        assert!(run(Command::Ifquery, "-s").syntax_help);
        assert!(run(Command::Ifquery, "-l").list);
    }

    #[test]
    fn letters_can_be_bundled_and_values_stuck_on() {
        let args = run(Command::Ifup, "-anv -Xeno2 -i- --wait=2.5");
        assert!(args.all && args.no_act);
        assert_eq!(args.verbosity, Verbosity::Verbose);
        assert_eq!(args.exclude, ["eno2"]);
        assert_eq!(args.input, Input::Stdin);
        assert_eq!(args.wait, Some(Duration::from_millis(2500)));
    }

    #[test]
    fn a_logical_name_is_split_off() {
        let args = run(Command::Ifup, "wlan0=home eno1");
        let home = Named {
            name: "wlan0".to_owned(),
            logical: Some("home".to_owned()),
        };
        assert_eq!(args.names[0], home);
        assert_eq!(args.names[1].logical, None);
    }

    #[test]
    fn an_unknown_flag_names_the_nearest() {
        assert_eq!(
            refused(Command::Ifup, "--exlude=lo -a"),
            "ifup has no option `--exlude`; did you mean `--exclude`?"
        );
        assert_eq!(refused(Command::Ifdown, "-s -a"), "ifdown has no option `-s`");
        assert_eq!(
            refused(Command::Ifreload, "--zzzzzz"),
            "ifreload has no option `--zzzzzz`"
        );
    }

    #[test]
    fn contradictions_are_refused() {
        assert_eq!(
            refused(Command::Ifup, "-a eno1"),
            "`-a` and interface names exclude each other"
        );
        assert_eq!(
            refused(Command::Ifup, ""),
            "say `-a`, `--allow CLASS` or the names of interfaces"
        );
        assert_eq!(
            refused(Command::Ifquery, "-a -o xml"),
            "`--format` is `native` or `json`, not `xml`"
        );
        assert_eq!(
            refused(Command::Ifup, "-a --wait soon"),
            "`--wait` takes seconds, not `soon`"
        );
    }

    #[test]
    fn the_help_of_each_command_shows_each_of_its_flags_within_80_columns() {
        for command in Command::ALL {
            let text = usage(command);
            for flag in flags::of(command).filter(|flag| !flag.help.is_empty()) {
                assert!(text.contains(&flag.spelling()), "{command} {}", flag.spelling());
            }
            assert!(text.lines().all(|line| line.len() <= 80), "{text}");
        }
    }
}
