//! `cleat-commit` in rooms: every verb, with the kernel and iproute2 as second witnesses.

mod as_before;
mod attributes;
pub mod bed;
mod boot;
mod editing;
mod history;
mod killed;
mod live;
mod lost;
mod past;
mod staging;
mod trust;
mod trying;
mod trying_hard;
