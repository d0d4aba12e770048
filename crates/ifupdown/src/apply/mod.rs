//! What happens while a plan is applied: the account of its steps, signals, and what is left when it failed.

pub mod account;
pub mod aftermath;
pub mod announce;
pub mod hangup;
pub mod interrupt;
