//! The table of a program, and a call of it as parsed.

use crate::output::End;
use crate::verbosity::Verbosity;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// A program, as its users call it.
#[derive(Debug)]
pub struct Program {
    /// Its file name.
    pub name: &'static str,
    /// One sentence on what it is for.
    pub about: &'static str,
    /// What it can be told to do.
    pub verbs: &'static [Verb],
    /// The last lines of the help, each with its line end.
    pub closing: &'static str,
    /// Whether `NAME X`, for an X that is not a verb, is another program's business ([`Ask::Other`]).
    pub others: bool,
}

/// One thing that a program does.
#[derive(Debug)]
pub struct Verb {
    /// The word for it.
    pub name: &'static str,
    /// How it is called, from the program's name on.
    pub usage: &'static str,
    /// A few words, for the list of verbs.
    pub short: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// The words that it takes beside options.
    pub words: Words,
    /// Its options.
    pub options: &'static [Opt],
    /// Does it.
    pub run: fn(&Call) -> End,
}

/// The words of a verb that are not options.
#[derive(Debug)]
pub struct Words {
    /// What stands for them in the usage; empty where there are none.
    pub name: &'static str,
    /// What they are.
    pub doc: &'static str,
    /// At least so many.
    pub least: usize,
    /// At most so many.
    pub most: usize,
    /// What each of them names, for completion.
    pub hint: Hint,
}

impl Words {
    /// None at all.
    pub const NONE: Words = Words {
        name: "",
        doc: "",
        least: 0,
        most: 0,
        hint: Hint::Free,
    };
}

/// What a word or a value names, so that a shell can offer it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// Nothing that can be listed.
    Free,
    /// A file.
    File,
    /// A directory.
    Directory,
    /// A network interface.
    Interface,
    /// One of these.
    OneOf(&'static [&'static str]),
    /// One of these, and network interfaces after it.
    Switch(&'static [&'static str]),
}

/// One option.
#[derive(Debug)]
pub struct Opt {
    /// How it is written: `--json`, `--from FILE`, `--confirm-boot[=CHECK]`, or with a letter: `-y, --yes`.
    pub form: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// What its value names.
    pub hint: Hint,
}

/// `--json`.
pub const JSON: Opt = flag("--json", "print one JSON document");
/// `--color WHEN`.
pub const COLOR: Opt = Opt {
    form: "--color WHEN",
    doc: "auto (the default: on a terminal unless NO_COLOR is set), always, never",
    hint: Hint::OneOf(&["auto", "always", "never"]),
};
/// `--yes`.
pub const YES: Opt = flag("-y, --yes", "do not ask");

/// What every verb of every program takes beside its own options.
pub const COMMON: [Opt; 5] = [
    flag("-v, --verbose", "tell what is done"),
    flag("-d, --debug", "tell everything"),
    flag("-q, --quiet", "tell errors only"),
    flag("-h, --help", "print the help"),
    flag("-V, --version", "print the version"),
];

/// An option without a value.
pub const fn flag(form: &'static str, doc: &'static str) -> Opt {
    Opt {
        form,
        doc,
        hint: Hint::Free,
    }
}

/// An option that takes the name of a file.
pub const fn file(form: &'static str, doc: &'static str) -> Opt {
    Opt {
        form,
        doc,
        hint: Hint::File,
    }
}

/// Whether an option takes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// None.
    Nothing,
    /// Always.
    Value,
    /// `--word=VALUE` or `--word` alone.
    Perhaps,
}

impl Opt {
    /// Its word, without dashes.
    pub fn long(&self) -> &'static str {
        let form = self.form.rsplit("--").next().unwrap_or_default();
        form.split([' ', '[']).next().unwrap_or_default()
    }

    /// Its letter.
    pub fn letter(&self) -> Option<char> {
        let short = self.form.split(", --").next()?.strip_prefix('-')?;
        short.chars().next().filter(|letter| *letter != '-')
    }

    /// Whether it takes a value.
    pub fn takes(&self) -> Takes {
        match self.form.rsplit("--").next().unwrap_or_default() {
            form if form.contains('[') => Takes::Perhaps,
            form if form.contains(' ') => Takes::Value,
            _ => Takes::Nothing,
        }
    }
}

/// What a program is asked to do: the verb, its options and its words.
#[derive(Clone, Debug)]
pub struct Call {
    /// The verb's row.
    pub verb: &'static Verb,
    /// `-v`, `-d`, `-q`.
    pub verbosity: Verbosity,
    /// The words that are not options.
    pub words: Vec<OsString>,
    /// Option words without dashes, with their values, as they came.
    pub(super) options: Vec<(&'static str, Option<OsString>)>,
}

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

impl Call {
    /// Whether an option was given. *Example*: `call.has("json")`.
    pub fn has(&self, option: &str) -> bool {
        self.options.iter().any(|(name, _)| *name == option)
    }

    /// The value of an option; the last one where it was given more than once.
    pub fn value(&self, option: &str) -> Option<&OsStr> {
        self.values(option).last()
    }

    /// All values of an option, in the order given.
    pub fn values(&self, option: &str) -> impl Iterator<Item = &OsStr> {
        let same = self.options.iter().filter(move |(name, _)| *name == option);
        same.filter_map(|(_, value)| value.as_deref())
    }

    /// The value of an option as a path.
    pub fn path(&self, option: &str) -> Option<PathBuf> {
        self.value(option).map(PathBuf::from)
    }

    /// The value of an option, read as its type.
    ///
    /// # Errors
    /// One sentence with the option, what it `takes`, and what was given.
    pub fn parsed<T: FromStr>(&self, option: &str, takes: &str) -> Result<Option<T>, String> {
        let Some(value) = self.value(option) else {
            return Ok(None);
        };
        let parsed = value.to_str().and_then(|text| text.parse().ok());
        parsed
            .map(Some)
            .ok_or_else(|| format!("`--{option}` takes {takes}, not `{}`", value.to_string_lossy()))
    }

    /// The value of an option as a time: `90`, `1.5` or `60s`.
    ///
    /// # Errors
    /// One sentence with the option and what was given.
    pub fn seconds(&self, option: &str) -> Result<Option<Duration>, String> {
        let Some(value) = self.value(option).map(OsStr::to_string_lossy) else {
            return Ok(None);
        };
        let number = value.strip_suffix('s').unwrap_or(&value).parse().ok();
        let time = number.and_then(|number| Duration::try_from_secs_f64(number).ok());
        time.map(Some)
            .ok_or_else(|| format!("`--{option}` takes seconds (`60` or `60s`), not `{value}`"))
    }

    /// The first word as text; a name that is not UTF-8 is shown as near as can be.
    pub fn word(&self) -> Option<String> {
        self.words.first().map(|word| word.to_string_lossy().into_owned())
    }

    /// `--color`.
    ///
    /// # Errors
    /// A word that it does not know.
    pub fn color(&self) -> Result<Color, String> {
        match self.value("color").map(OsStr::to_str) {
            None | Some(Some("auto")) => Ok(Color::Auto),
            Some(Some("always")) => Ok(Color::Always),
            Some(Some("never")) => Ok(Color::Never),
            Some(_) => Err(format!(
                "`--color` takes auto, always or never, not `{}`",
                self.value("color").unwrap_or_default().to_string_lossy()
            )),
        }
    }
}
