//! What standard output is: a terminal with colours and a width, or a file.

use crate::program::Color;
use std::io::IsTerminal;

/// Columns where nobody says how many there are.
const USUAL_WIDTH: usize = 80;

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Columns.
    pub width: usize,
    /// ANSI colours.
    pub color: bool,
}

impl Page {
    /// By `--color` and `--width` as they were given, the terminal and the environment (`NO_COLOR`, `TERM`, `COLUMNS`).
    pub fn of(color: Color, width: Option<usize>) -> Self {
        let stdout = std::io::stdout();
        let told = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        let of_terminal = rustix::termios::tcgetwinsize(&stdout)
            .ok()
            .map(|size| usize::from(size.ws_col))
            .filter(|columns| *columns > 0);
        let width = width
            .or(of_terminal)
            .or_else(|| told("COLUMNS")?.parse().ok())
            .unwrap_or(USUAL_WIDTH);
        let color = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let dumb = told("TERM").is_none_or(|term| term == "dumb");
                stdout.is_terminal() && told("NO_COLOR").is_none() && !dumb
            }
        };
        Self { width, color }
    }
}
