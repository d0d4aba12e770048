//! Predicted names against what real udevs said: in booted machines (`captured`) and over invented trees (`oracle`);
//! the .link files that a running host foretells (`running`).

// Functions beside the tests are tests too, and the trees they make are their own.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::disallowed_methods)]

#[path = "predict/captured.rs"]
mod captured;
#[path = "predict/invented.rs"]
mod invented;
#[path = "predict/oracle.rs"]
mod oracle;
#[path = "predict/ordered.rs"]
mod ordered;
#[path = "predict/properties.rs"]
mod properties;
#[path = "predict/running.rs"]
mod running;
