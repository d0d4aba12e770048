//! The one integration-test binary: one module for each area.

mod face;
mod manual;
mod netns_rooms;
