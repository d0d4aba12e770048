//! From words to a [`Call`], by the table.

use super::{Ask, COMMON, Call, Opt, Program, Takes, Verb};
use crate::Verbosity;
use cleat_eni::distance;
use lexopt::Arg::{self, Long, Short, Value};
use std::ffi::OsString;

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
