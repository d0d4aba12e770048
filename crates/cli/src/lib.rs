//! Command lines of the form `PROGRAM VERB [OPTION...] [WORD...]`: one table per program, and parsing, help,
//! did-you-mean, the manual page and the completions follow from it.

pub mod exit;
mod help;
pub mod logging;
mod output;
mod page;
mod parse;
mod program;
pub mod report;
mod run;
mod verbosity;
mod who;

pub use output::{End, complain, print, show};
pub use page::Page;
pub use parse::Ask;
pub use program::{COLOR, COMMON, Call, Color, Hint, JSON, Opt, Program, Takes, Verb, Words, YES, file, flag};
pub use run::run;
pub use verbosity::Verbosity;
pub use who::who;
