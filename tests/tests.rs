//! The one integration-test binary: one module for each area.

// Tests run programs and touch the files of their rooms; what they stand on is theirs to fail on.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::expect_used)]

mod attributes;
mod boundaries;
mod circles;
mod commands;
mod commit;
mod completions;
mod diagnostics;
mod face;
mod golden;
mod house;
mod logging;
mod maintainer_scripts;
mod manual;
mod netns_rooms;
mod packages;
mod programs;
mod shown;
mod switches;
mod sysctl;
mod units;
