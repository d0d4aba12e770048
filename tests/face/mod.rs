//! The program `cleat`, as a person or a script runs it.

pub mod bed;
mod check;
mod demo;
mod drift;
mod graph;
mod interruptions;
mod live;
mod newer_options;
mod words;
