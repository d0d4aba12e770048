//! How a picture for a terminal is drawn.

use super::canvas::Ink;
use crate::links::LinkState;

/// How to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Columns of the terminal; a wider picture is printed as an outline instead.
    pub width: usize,
    /// Only ASCII.
    pub ascii: bool,
    /// ANSI colours.
    pub color: bool,
}

/// The colour of a state.
pub(crate) fn state_ink(state: LinkState) -> Ink {
    match state {
        LinkState::Unknown => Ink::Plain,
        LinkState::Up => Ink::Green,
        LinkState::NoCarrier => Ink::Yellow,
        LinkState::Down => Ink::Faint,
        LinkState::Missing => Ink::Red,
    }
}
