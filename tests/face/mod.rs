//! The program `cleat`, as a person or a script runs it.

#![allow(clippy::disallowed_methods)]

mod bed;
mod check;
mod graph;
mod words;
