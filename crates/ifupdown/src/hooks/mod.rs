//! Hooks: the command lines of a stanza and the scripts of /etc/network/if-*.d.

mod call;
mod planned;
pub mod process;
pub mod recursion;
mod runner;
pub(crate) mod scripts;
mod tied;
pub(crate) mod tree;

pub use call::{Call, PATH, Told};
pub use planned::PlannedHooks;
pub use process::Fault;
pub use runner::{Failed, Runner};
pub use scripts::DONE_HERE;
