//! A parsed call.

use super::Verb;
use crate::Verbosity;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// What a program is asked to do: the verb, its options and its words.
#[derive(Clone, Debug)]
pub struct Call {
    /// The verb's row.
    pub verb: &'static Verb,
    /// `-v`, `-d`, `-q`.
    pub verbosity: Verbosity,
    /// The words that are no options.
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
