//! What the options of `cleat`'s verbs say.

use cleat_cli::{Call, Color, Page};
use std::path::PathBuf;
use std::time::Duration;

/// The options of all verbs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The file to read in place of the live one; `-` is standard input.
    pub file: Option<PathBuf>,
    /// `--offline`.
    pub offline: bool,
    /// `--online`.
    pub online: bool,
    /// `--takeover`.
    pub takeover: bool,
    /// `--json`.
    pub json: bool,
    /// `--watch`.
    pub watch: bool,
    /// `--live`.
    pub live: bool,
    /// `--exit-code`.
    pub exit_code: bool,
    /// `--svg`.
    pub svg: Option<PathBuf>,
    /// `--ascii`.
    pub ascii: bool,
    /// `--timeout`.
    pub timeout: Option<Duration>,
    /// `--width`.
    pub width: Option<usize>,
    /// `--lines`.
    pub lines: Option<usize>,
    /// `--color`.
    pub color: Color,
}

impl Options {
    /// What standard output is, by `--color` and `--width`.
    pub fn page(&self) -> Page {
        Page::of(self.color, self.width)
    }

    /// What a call says.
    ///
    /// # Errors
    /// One sentence on a value that makes no sense, or on options that contradict each other.
    pub fn of(call: &Call) -> Result<Self, String> {
        let takes = "a number from 20 to 10000";
        let width: Option<usize> = call.parsed("width", takes)?;
        if let Some(width) = width.filter(|width| !(20..=10_000).contains(width)) {
            return Err(format!("`--width` takes {takes}, not `{width}`"));
        }
        let options = Self {
            file: call.path("from").or_else(|| call.words.first().map(PathBuf::from)),
            offline: call.has("offline"),
            online: call.has("online"),
            takeover: call.has("takeover"),
            json: call.has("json"),
            watch: call.has("watch"),
            live: call.has("live"),
            exit_code: call.has("exit-code"),
            svg: call.path("svg"),
            ascii: call.has("ascii"),
            timeout: call.seconds("timeout")?,
            width,
            lines: call.parsed("lines", "a number")?,
            color: call.color()?,
        };
        let contradiction = if options.live && options.file.is_some() {
            "`--live` draws what the kernel has, `--from` what a file says: only one of them can hold"
        } else if options.online && (options.offline || options.takeover) {
            "`--online` looks at this machine's links, `--offline` and `--takeover` do not: only one of them can hold"
        } else if options.watch && options.json {
            "`--watch` is for a terminal, `--json` for a program: only one of them can hold"
        } else {
            return Ok(options);
        };
        Err(contradiction.to_owned())
    }
}
