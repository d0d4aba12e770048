//! The one integration-test binary: one module for each area.

mod face;
mod netns_rooms;
