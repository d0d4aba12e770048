//! One file for all programs: which one runs is said by the name that it is called by.
//!
//! Nothing imports this crate but the program in `bins/`.

pub mod completion;
pub mod multicall;
mod other;
pub mod programs;
