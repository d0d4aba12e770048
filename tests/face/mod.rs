//! The program `cleat`, as a person or a script runs it.

mod bed;
mod check;
mod demo;
mod graph;
mod live;
mod words;
