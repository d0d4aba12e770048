//! `cleat graph`: the topology as a picture, in the terminal or as SVG.

pub mod canvas;
pub mod layout;
mod outline;
pub mod svg;
pub mod terminal;
pub mod topology;
pub mod tracks;

#[cfg(test)]
mod tests;
