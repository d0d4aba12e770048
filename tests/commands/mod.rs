//! The four commands as programs, in a room of their own: a private network, /etc/network and /run.

mod account;
mod announce;
pub mod bed;
mod crash;
mod devices;
mod edits;
mod examples;
mod exit_codes;
mod hook_reload;
mod hook_runs;
mod hooks;
mod killed;
mod lock;
mod moves;
mod new_links;
mod options_gone;
mod ovs;
mod ports;
mod query;
mod reload;
mod rename;
mod run_full;
mod sdn;
mod severities;
pub mod state;
mod up_down;
mod vrf;
