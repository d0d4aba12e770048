//! From words to a [`Call`], by the table.

use crate::program::{COMMON, Call, Opt, Program, Takes, Verb};
use crate::verbosity::Verbosity;
use cleat_eni::distance;
use lexopt::Arg::{self, Long, Short, Value};
use std::ffi::OsString;

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

impl Program {
    /// Reads the words after the program's name.
    ///
    /// # Errors
    /// One sentence on what makes no sense, with the nearest word where there is one.
    pub fn parse(&'static self, words: impl IntoIterator<Item = OsString>) -> Result<Ask, String> {
        let mut words = lexopt::Parser::from_args(words);
        let mut verbosity = Verbosity::Normal;
        let name = loop {
            match next(&mut words)? {
                None | Some(Long("help") | Short('h')) => return Ok(Ask::Help(None)),
                Some(Long("version") | Short('V')) => return Ok(Ask::Version),
                Some(Value(name)) => break name.to_string_lossy().into_owned(),
                Some(other) => match volume(&other) {
                    Some(level) => verbosity = level,
                    None => {
                        let text = spelling(&other);
                        return Err(format!("{text} must come after a command; see `{} help`", self.name));
                    }
                },
            }
        };
        if name == "help" {
            return self.parse_help(words);
        }
        let Some(verb) = self.verb(&name) else {
            if !self.others {
                return Err(self.unknown(&name));
            }
            let rest = words.raw_args().map_err(|error| error.to_string())?.collect();
            return Ok(Ask::Other(name, rest));
        };
        let mut call = Call {
            verb,
            verbosity,
            words: Vec::new(),
            options: Vec::new(),
        };
        while let Some(word) = next(&mut words)? {
            if let Some(level) = volume(&word) {
                call.verbosity = level;
                continue;
            }
            match &word {
                Long("help") | Short('h') => return Ok(Ask::Help(Some(verb))),
                Long("version") | Short('V') => return Ok(Ask::Version),
                Value(value) if call.words.len() < verb.words.most => {
                    call.words.push(value.clone());
                    continue;
                }
                _ => {}
            }
            let option = match &word {
                Long(long) => verb.options.iter().find(|option| option.long() == *long),
                Short(letter) => verb.options.iter().find(|option| option.letter() == Some(*letter)),
                Value(_) => None,
            };
            let Some(option) = option else {
                return Err(self.refusal(verb, &word));
            };
            let value = match option.takes() {
                Takes::Nothing => None,
                Takes::Value => Some(words.value().map_err(|error| error.to_string())?),
                Takes::Perhaps => words.optional_value(),
            };
            call.options.push((option.long(), value));
        }
        if call.words.len() < verb.words.least {
            return Err(format!(
                "`{} {}` needs {}; usage: {}",
                self.name, verb.name, verb.words.name, verb.usage
            ));
        }
        Ok(Ask::Run(call))
    }

    fn parse_help(&'static self, mut words: lexopt::Parser) -> Result<Ask, String> {
        match next(&mut words)? {
            None => Ok(Ask::Help(None)),
            Some(Value(name)) => match self.verb(&name.to_string_lossy()) {
                Some(verb) => Ok(Ask::Help(Some(verb))),
                None => Err(self.unknown(&name.to_string_lossy())),
            },
            Some(other) => Err(format!(
                "`{} help` takes the name of a command, not {}",
                self.name,
                spelling(&other)
            )),
        }
    }

    /// The row of a verb.
    pub fn verb(&self, name: &str) -> Option<&'static Verb> {
        self.verbs.iter().find(|verb| verb.name == name)
    }

    /// What is said of a verb that nobody knows.
    pub fn unknown(&self, name: &str) -> String {
        let mut text = format!("there is no command `{} {name}`", self.name);
        if let Some(near) = nearest(name, self.verbs.iter().map(|verb| verb.name)) {
            text += &format!("; did you mean `{} {near}`?", self.name);
        }
        text
    }

    fn refusal(&self, verb: &Verb, word: &Arg<'_>) -> String {
        let mut text = format!("`{} {}` does not take {}", self.name, verb.name, spelling(word));
        if let Long(word) = word {
            let names = verb.options.iter().chain(&COMMON).map(Opt::long);
            if let Some(near) = nearest(word, names) {
                text += &format!("; did you mean `--{near}`?");
            }
        }
        text
    }
}

fn volume(word: &Arg<'_>) -> Option<Verbosity> {
    match word {
        Long("verbose") | Short('v') => Some(Verbosity::Verbose),
        Long("debug") | Short('d') => Some(Verbosity::Debug),
        Long("quiet") | Short('q') => Some(Verbosity::Quiet),
        _ => None,
    }
}

fn next(words: &mut lexopt::Parser) -> Result<Option<Arg<'_>>, String> {
    words.next().map_err(|error| error.to_string())
}

fn spelling(word: &Arg<'_>) -> String {
    match word {
        Long(word) => format!("`--{word}`"),
        Short(letter) => format!("`-{letter}`"),
        Value(word) => format!("`{}`", word.to_string_lossy()),
    }
}

fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = names.map(|name| (distance(word, name), name)).min()?;
    (near.0 <= 2 && near.0 < word.chars().count()).then_some(near.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::End;
    use crate::program::{Hint, Words, YES, flag};
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
