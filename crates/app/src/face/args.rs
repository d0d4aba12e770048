//! The words after `cleat`: which verb, and its options.

use cleat_model::table::distance;
use std::ffi::OsString;
use std::path::PathBuf;

/// What `cleat` is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Judge a file.
    Check,
    /// What a reload would do.
    Plan,
    /// Declared against real.
    Status,
    /// The topology as a picture.
    Graph,
    /// A tour in a network of its own.
    Demo,
    /// What the verbs are.
    Help,
}

/// One verb: for the help text, and for cleat(1).
#[derive(Debug)]
pub struct Row {
    verb: Verb,
    /// Its name.
    pub name: &'static str,
    /// How it is called.
    pub usage: &'static str,
    short: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// Its options: how each is written, and what it does.
    pub options: &'static [(&'static str, &'static str)],
}

const JSON: (&str, &str) = ("--json", "print one JSON document");
const FROM: (&str, &str) = (
    "--from FILE",
    "read FILE in place of /etc/network/interfaces (`-` is standard input)",
);
const COLOR: (&str, &str) = (
    "--color WHEN",
    "auto (the default: on a terminal unless NO_COLOR is set), always, never",
);
const WIDTH: (&str, &str) = ("--width N", "columns to use (default: those of the terminal, else 80)");

/// All verbs: parsing, help, did-you-mean and a test go over these rows.
const ROWS: [Row; 6] = [
    Row {
        verb: Verb::Check,
        name: "check",
        usage: "cleat check [FILE] [--offline | --online] [--json] [--color WHEN]",
        short: "judges the configuration, with every fault shown in place",
        doc: "Judges the configuration and points at every fault, as a compiler does. Exit code 0: no error (warnings \
              may be there), 1: errors, 2: bad arguments.",
        options: &[
            (
                "FILE",
                "judge this file (`-` is standard input) in place of /etc/network/interfaces, and for itself: a NIC \
                 that this machine lacks is no fault",
            ),
            ("--online", "judge FILE against this machine's links too"),
            ("--offline", "do not look at this machine's links"),
            JSON,
            COLOR,
        ],
    },
    Row {
        verb: Verb::Plan,
        name: "plan",
        usage: "cleat plan [--from FILE] [--json] [--color WHEN]",
        short: "shows what a reload would do now, and who would notice",
        doc: "Shows what `ifreload -a` would do now, by interface, with the like ip command on each line; what goes \
              down on the way; what guests would notice. Changes nothing. Exit code 1 where the file has errors.",
        options: &[FROM, JSON, COLOR],
    },
    Row {
        verb: Verb::Status,
        name: "status",
        usage: "cleat status [--watch] [--json] [--width N] [--ascii] [--color WHEN]",
        short: "shows declared against real on one screen",
        doc: "Declared against real on one screen. Exit code 1 where the kernel differs from what is declared.",
        options: &[
            (
                "--watch",
                "show it again whenever the kernel reports a change, until interrupted",
            ),
            FROM,
            JSON,
            WIDTH,
            ("--ascii", "use only ASCII characters"),
            COLOR,
        ],
    },
    Row {
        verb: Verb::Graph,
        name: "graph",
        usage: "cleat graph [--from FILE | --live] [--svg FILE] [--width N] [--ascii] [--color WHEN]",
        short: "draws the topology, in the terminal or as SVG",
        doc: "Draws the topology: NICs, bonds, VLANs, bridges and guests in layers, addresses inside.",
        options: &[
            FROM,
            ("--live", "draw all that the kernel has, declared or not"),
            ("--svg FILE", "write an SVG picture to FILE (`-` is standard output)"),
            WIDTH,
            ("--ascii", "use only ASCII characters"),
            COLOR,
        ],
    },
    Row {
        verb: Verb::Demo,
        name: "demo",
        usage: "cleat demo [--color WHEN]",
        short: "gives a tour in a network of its own",
        doc: "A tour in a network of its own, which vanishes at the end: the host's network is never touched. Needs \
              root (or user namespaces), and the programs ip and ping.",
        options: &[WIDTH, COLOR],
    },
    Row {
        verb: Verb::Help,
        name: "help",
        usage: "cleat help [COMMAND]",
        short: "tells what the commands are",
        doc: "Tells what the commands are.",
        options: &[],
    },
];

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The options of all verbs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The file to read in place of the live one; `-` is standard input.
    pub file: Option<PathBuf>,
    /// `--offline`.
    pub offline: bool,
    /// `--online`.
    pub online: bool,
    /// `--json`.
    pub json: bool,
    /// `--watch`.
    pub watch: bool,
    /// `--live`.
    pub live: bool,
    /// `--svg`.
    pub svg: Option<PathBuf>,
    /// `--ascii`.
    pub ascii: bool,
    /// `--width`.
    pub width: Option<usize>,
    /// `--color`.
    pub color: Color,
}

/// The parsed words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Do it.
    Run(Verb, Options),
    /// Print the help of one verb, or of all.
    Help(Option<Verb>),
    /// Print the version.
    Version,
    /// Run the program `cleat-NAME` with these arguments.
    Other(String, Vec<OsString>),
}

/// Reads the words after the program's name.
///
/// # Errors
/// One sentence on what makes no sense, with the nearest option where there is one.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Ask, String> {
    use lexopt::Arg::{Long, Short, Value};
    let mut words = lexopt::Parser::from_args(words);
    let name = match next(&mut words)? {
        None => return Ok(Ask::Help(None)),
        Some(Long("help") | Short('h')) => return Ok(Ask::Help(None)),
        Some(Long("version") | Short('V')) => return Ok(Ask::Version),
        Some(Value(name)) => name.to_string_lossy().into_owned(),
        Some(other) => {
            return Err(format!(
                "{} must come after a command; see `cleat help`",
                spelling(&other)
            ));
        }
    };
    let Some(row) = ROWS.iter().find(|row| row.name == name) else {
        let rest = words.raw_args().map_err(|error| error.to_string())?.collect();
        return Ok(Ask::Other(name, rest));
    };
    if row.verb == Verb::Help {
        return match next(&mut words)? {
            None => Ok(Ask::Help(None)),
            Some(Value(name)) => match ROWS.iter().find(|row| name == row.name) {
                Some(row) => Ok(Ask::Help(Some(row.verb))),
                None => Err(unknown(&name.to_string_lossy())),
            },
            Some(other) => Err(format!(
                "`cleat help` takes the name of a command, not {}",
                spelling(&other)
            )),
        };
    }
    let mut options = Options::default();
    while let Some(word) = next(&mut words)? {
        let known = match &word {
            Long(word) => row.options.iter().any(|(form, _)| is_form(form, word)),
            Value(_) => row.options.iter().any(|(form, _)| *form == "FILE") && options.file.is_none(),
            Short(_) => false,
        };
        match word {
            Long("help") | Short('h') => return Ok(Ask::Help(Some(row.verb))),
            Value(file) if known => options.file = Some(file.into()),
            Long("from") if known => options.file = Some(value(&mut words)?.into()),
            Long("offline") if known => options.offline = true,
            Long("online") if known => options.online = true,
            Long("json") if known => options.json = true,
            Long("watch") if known => options.watch = true,
            Long("live") if known => options.live = true,
            Long("ascii") if known => options.ascii = true,
            Long("svg") if known => options.svg = Some(value(&mut words)?.into()),
            Long("width") if known => options.width = Some(width(&value(&mut words)?)?),
            Long("color") if known => options.color = color(&value(&mut words)?)?,
            other => return Err(refusal(row, &other)),
        }
    }
    if options.live && options.file.is_some() {
        return Err(
            "`--live` draws what the kernel has, `--from` what a file says: only one of them can hold".to_owned(),
        );
    }
    if options.online && options.offline {
        return Err(
            "`--online` looks at this machine's links, `--offline` does not: only one of them can hold".to_owned(),
        );
    }
    if options.watch && options.json {
        return Err("`--watch` is for a terminal, `--json` for a program: only one of them can hold".to_owned());
    }
    Ok(Ask::Run(row.verb, options))
}

fn next(words: &mut lexopt::Parser) -> Result<Option<lexopt::Arg<'_>>, String> {
    words.next().map_err(|error| error.to_string())
}

fn value(words: &mut lexopt::Parser) -> Result<OsString, String> {
    words.value().map_err(|error| error.to_string())
}

fn is_form(form: &str, word: &str) -> bool {
    form.strip_prefix("--").and_then(|form| form.split(' ').next()) == Some(word)
}

fn width(text: &OsString) -> Result<usize, String> {
    let width = text.to_str().and_then(|text| text.parse().ok());
    width.filter(|width| (20..=10_000).contains(width)).ok_or_else(|| {
        format!(
            "`--width` takes a number from 20 to 10000, not `{}`",
            text.to_string_lossy()
        )
    })
}

fn color(text: &OsString) -> Result<Color, String> {
    match text.to_str() {
        Some("auto") => Ok(Color::Auto),
        Some("always") => Ok(Color::Always),
        Some("never") => Ok(Color::Never),
        _ => Err(format!(
            "`--color` takes auto, always or never, not `{}`",
            text.to_string_lossy()
        )),
    }
}

fn spelling(word: &lexopt::Arg<'_>) -> String {
    match word {
        lexopt::Arg::Long(word) => format!("`--{word}`"),
        lexopt::Arg::Short(letter) => format!("`-{letter}`"),
        lexopt::Arg::Value(word) => format!("`{}`", word.to_string_lossy()),
    }
}

fn refusal(row: &Row, word: &lexopt::Arg<'_>) -> String {
    let mut text = format!("`cleat {}` does not take {}", row.name, spelling(word));
    if let lexopt::Arg::Long(word) = word {
        let names = row
            .options
            .iter()
            .filter_map(|(form, _)| form.split(' ').next()?.strip_prefix("--"));
        if let Some(near) = nearest(word, names) {
            text += &format!("; did you mean `--{near}`?");
        }
    }
    text
}

/// What is said of a command that nobody knows.
pub fn unknown(name: &str) -> String {
    let mut text = format!("there is no command `cleat {name}`");
    if let Some(near) = nearest(name, ROWS.iter().map(|row| row.name)) {
        text += &format!("; did you mean `cleat {near}`?");
    }
    text
}

fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = names.map(|name| (distance(word, name), name)).min()?;
    (near.0 <= 2 && near.0 < word.chars().count()).then_some(near.1)
}

/// All verbs.
pub fn verbs() -> &'static [Row] {
    &ROWS
}

/// The help text of one verb, or the list of all.
pub fn help(verb: Option<Verb>) -> String {
    let Some(row) = ROWS.iter().find(|row| Some(row.verb) == verb) else {
        let mut text = String::from(
            "cleat keeps a Debian or Proxmox VE host on its network.\n\nusage: cleat COMMAND [OPTION...]\n\n",
        );
        for row in &ROWS {
            text += &format!("  {:<8}{}\n", row.name, row.short);
        }
        text += "\n`cleat help COMMAND` tells more, `cleat --version` the version.\n\
                 `cleat X` for any other X runs the program `cleat-X`.\n\
                 To change the network: ifup(8), ifdown(8), ifreload(8).\n";
        return text;
    };
    let mut text = format!(
        "usage: {}\n\n{}\n",
        filled(row.usage, 72, "       "),
        filled(row.doc, 80, "")
    );
    if !row.options.is_empty() {
        text.push('\n');
    }
    for (form, doc) in row.options {
        text += &format!("  {form:<15}{}\n", filled(doc, 63, "                 "));
    }
    text
}

/// Breaks a text at blanks so that no line is longer than `width`; lines after the first start with `indent`.
fn filled(text: &str, width: usize, indent: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        let len = word.chars().count();
        if column > 0 && column + 1 + len > width {
            out += "\n";
            out += indent;
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out += word;
        column += len;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(words: &str) -> Result<Ask, String> {
        parse(words.split_whitespace().map(OsString::from))
    }

    #[test]
    fn every_option_of_the_help_is_taken_by_its_verb() {
        for row in &ROWS {
            for (form, _) in row.options {
                let word = match *form {
                    "FILE" => "some-file".to_owned(),
                    "--width N" => "--width 100".to_owned(),
                    "--color WHEN" => "--color never".to_owned(),
                    other => other.replace("FILE", "some-file"),
                };
                let asked = ask(&format!("{} {word}", row.name));
                let Ok(Ask::Run(verb, options)) = asked else {
                    panic!("cleat {} {word}: {asked:?}", row.name);
                };
                assert_eq!(verb, row.verb);
                assert_ne!(options, Options::default(), "cleat {} {word} is not lost", row.name);
            }
        }
    }

    #[test]
    fn what_makes_no_sense_is_told_with_the_nearest_word() {
        assert_eq!(
            ask("check --jsn"),
            Err("`cleat check` does not take `--jsn`; did you mean `--json`?".to_owned())
        );
        assert_eq!(ask("check a b"), Err("`cleat check` does not take `b`".to_owned()));
        assert_eq!(
            ask("plan --live"),
            Err("`cleat plan` does not take `--live`".to_owned())
        );
        assert_eq!(
            ask("graph --width 3"),
            Err("`--width` takes a number from 20 to 10000, not `3`".to_owned())
        );
        assert_eq!(
            ask("help chek"),
            Err("there is no command `cleat chek`; did you mean `cleat check`?".to_owned())
        );
        assert_eq!(unknown("frobnicate"), "there is no command `cleat frobnicate`");
    }

    #[test]
    fn other_words_name_a_program_and_keep_their_arguments() {
        assert_eq!(
            ask("link --list -x"),
            Ok(Ask::Other("link".to_owned(), vec!["--list".into(), "-x".into()]))
        );
        assert_eq!(ask(""), Ok(Ask::Help(None)));
        assert_eq!(ask("--version"), Ok(Ask::Version));
        assert_eq!(ask("status --help"), Ok(Ask::Help(Some(Verb::Status))));
    }

    #[test]
    fn help_fits_a_terminal_of_80_columns() {
        for verb in [None].into_iter().chain(ROWS.iter().map(|row| Some(row.verb))) {
            let text = help(verb);
            let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
            assert_eq!(wide, Vec::<&str>::new());
        }
    }
}
