//! Command lines of the form `PROGRAM VERB [OPTION...] [WORD...]`: one table per program, and parsing, help,
//! did-you-mean, the manual page and the completions follow from it.

mod call;
pub mod exit;
mod help;
pub mod logging;
mod output;
mod page;
mod parse;
pub mod report;
mod verbosity;
mod who;

pub use call::{Call, Color};
pub use output::{End, complain, print};
pub use page::Page;
pub use verbosity::Verbosity;
pub use who::who;

use std::ffi::OsString;
use std::process::ExitCode;

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
    /// Whether `NAME X`, for an X that is no verb, is another program's business ([`Ask::Other`]).
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

/// The words of a verb that are no options.
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

/// The parsed words after the program's name.
#[derive(Debug)]
pub enum Ask {
    /// Do it.
    Run(Call),
    /// Print the help of one verb, or of all.
    Help(Option<&'static Verb>),
    /// Print the version.
    Version,
    /// Not a verb of ours, and what came after it.
    Other(String, Vec<OsString>),
}

/// The whole of a program: reads the words, answers what is answered from the table, and runs the rest.
///
/// What makes no sense is one line on standard error and exit code 2.
pub fn run(
    program: &'static Program,
    words: impl IntoIterator<Item = OsString>,
    other: impl FnOnce(&str, &[OsString]) -> ExitCode,
) -> ExitCode {
    output::name(program.name);
    match program.parse(words) {
        Err(text) => {
            complain(&text);
            End::Usage.into()
        }
        Ok(Ask::Help(verb)) => print(&program.help(verb)).into(),
        Ok(Ask::Version) => print(&format!("{} {}\n", program.name, env!("CARGO_PKG_VERSION"))).into(),
        Ok(Ask::Other(name, arguments)) => other(&name, &arguments),
        Ok(Ask::Run(call)) => {
            logging::start(call.verbosity);
            (call.verb.run)(&call).into()
        }
    }
}

impl Program {
    /// Its main, with the words after its name, where a word that is not a verb makes no sense.
    pub fn call(&'static self, words: impl IntoIterator<Item = OsString>) -> ExitCode {
        run(self, words, |name, _| {
            complain(&self.unknown(name));
            End::Usage.into()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const NAMES: Words = Words {
        name: "NIC...",
        doc: "the NICs",
        least: 1,
        most: 2,
        hint: Hint::Interface,
    };

    static PROGRAM: Program = Program {
        name: "cleat-test",
        about: "Tests.",
        others: false,
        closing: "",
        verbs: &[Verb {
            name: "pin",
            usage: "cleat-test pin NIC... [-y] [--name NAME]... [--confirm-boot[=CHECK]]",
            short: "pins",
            doc: "Pins.",
            words: NAMES,
            options: &[
                YES,
                flag("--name NAME", "a name"),
                flag("--confirm-boot[=CHECK]", "confirm"),
            ],
            run: |_| End::Well,
        }],
    };

    fn ask(words: &str) -> Result<Ask, String> {
        PROGRAM.parse(words.split_whitespace().map(OsString::from))
    }

    fn call(words: &str) -> Call {
        match ask(words) {
            Ok(Ask::Run(call)) => call,
            other => panic!("{words}: {other:?}"),
        }
    }

    #[test]
    fn options_with_letters_values_and_perhaps_a_value_are_read() {
        let all = call("-v pin a -y --name x --name=y --confirm-boot=gateway b");
        assert_eq!(all.words, ["a", "b"]);
        assert_eq!(all.verbosity, Verbosity::Verbose);
        assert!(all.has("yes"));
        assert_eq!(all.values("name").collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(all.value("confirm-boot"), Some("gateway".as_ref()));
        let bare = call("pin a --confirm-boot b");
        assert!(bare.has("confirm-boot") && bare.value("confirm-boot").is_none());
        assert_eq!(
            bare.words,
            ["a", "b"],
            "a value that may be left out is never the next word"
        );
        assert_eq!(call("pin a --name 12").parsed("name", "a number"), Ok(Some(12_u8)));
        assert_eq!(
            call("pin a --name x").parsed::<u8>("name", "a number"),
            Err("`--name` takes a number, not `x`".to_owned())
        );
        assert_eq!(
            call("pin a --name 1.5s").seconds("name"),
            Ok(Some(Duration::from_millis(1500)))
        );
        assert_eq!(
            call("pin a --name=-1").seconds("name"),
            Err("`--name` takes seconds (`60` or `60s`), not `-1`".to_owned())
        );
    }

    #[test]
    fn too_few_and_too_many_words_are_told() {
        let told = |words: &str| ask(words).map(|asked| format!("{asked:?}")).unwrap_err();
        assert_eq!(told("pin a b c"), "`cleat-test pin` does not take `c`");
        let usage = PROGRAM.verbs[0].usage;
        assert_eq!(told("pin"), format!("`cleat-test pin` needs NIC...; usage: {usage}"));
        assert_eq!(
            told("pni"),
            "there is no command `cleat-test pni`; did you mean `cleat-test pin`?"
        );
        assert_eq!(
            told("pin a --nmae x"),
            "`cleat-test pin` does not take `--nmae`; did you mean `--name`?"
        );
    }
}
