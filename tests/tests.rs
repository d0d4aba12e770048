//! The one integration-test binary: one module for each area.

mod netns_rooms;
