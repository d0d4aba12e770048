//! A page of characters with a style each, and lines on it that know when they join and when they cross.

use cleat_diag::escaped;
use std::collections::BTreeMap;

/// How a character is shown on a terminal that has colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ink {
    /// As the terminal writes.
    #[default]
    Plain,
    /// Frames and lines.
    Faint,
    /// Names.
    Bold,
    /// Good: up.
    Green,
    /// Worth a look: no carrier.
    Yellow,
    /// Bad: missing.
    Red,
    /// Addresses.
    Cyan,
    /// Guests.
    Magenta,
}

impl Ink {
    fn code(self) -> &'static str {
        match self {
            Ink::Plain => "0",
            Ink::Faint => "2",
            Ink::Bold => "1",
            Ink::Green => "32",
            Ink::Yellow => "33",
            Ink::Red => "31",
            Ink::Cyan => "36",
            Ink::Magenta => "35",
        }
    }
}

const LEFT: u8 = 1;
const RIGHT: u8 = 2;
const UP: u8 = 4;
const DOWN: u8 = 8;

/// The page. *Units*: columns and rows of characters, from 0.
#[derive(Debug)]
pub struct Canvas {
    ascii: bool,
    chars: BTreeMap<(i64, i64), (char, Ink)>,
    /// Arms of every net in a cell.
    lines: BTreeMap<(i64, i64), BTreeMap<usize, u8>>,
}

impl Canvas {
    /// An empty page; `ascii` draws lines with `-|+`.
    pub fn new(ascii: bool) -> Self {
        Self {
            ascii,
            chars: BTreeMap::new(),
            lines: BTreeMap::new(),
        }
    }

    /// Writes a text, with what would do something to a terminal written out: who measures it measures [`escaped`].
    pub fn text(&mut self, row: i64, column: i64, text: &str, ink: Ink) {
        for (column, c) in (column..).zip(escaped(text).chars()) {
            self.chars.insert((row, column), (c, ink));
        }
    }

    /// A frame with a word in its upper edge; `dashed` for what is missing.
    pub fn frame(&mut self, (row, column): (i64, i64), (height, width): (i64, i64), label: &str, dashed: bool) {
        let (horizontal, vertical) = match (self.ascii, dashed) {
            (false, false) => ('─', '│'),
            (false, true) => ('╌', '╎'),
            (true, false) => ('-', '|'),
            (true, true) => ('.', ':'),
        };
        let corners = if self.ascii {
            ['+'; 4]
        } else {
            ['╭', '╮', '╰', '╯']
        };
        let (bottom, right) = (row + height - 1, column + width - 1);
        for x in column..=right {
            self.chars.insert((row, x), (horizontal, Ink::Faint));
            self.chars.insert((bottom, x), (horizontal, Ink::Faint));
        }
        for y in row..=bottom {
            self.chars.insert((y, column), (vertical, Ink::Faint));
            self.chars.insert((y, right), (vertical, Ink::Faint));
        }
        for ((y, x), corner) in [(row, column), (row, right), (bottom, column), (bottom, right)]
            .into_iter()
            .zip(corners)
        {
            self.chars.insert((y, x), (corner, Ink::Faint));
        }
        self.text(row, column + 2, &format!(" {label} "), Ink::Faint);
    }

    /// Where a line meets the side of a frame.
    pub fn joint(&mut self, row: i64, column: i64, on_right: bool) {
        let c = match (self.ascii, on_right) {
            (true, _) => '+',
            (false, true) => '├',
            (false, false) => '┤',
        };
        self.chars.insert((row, column), (c, Ink::Faint));
    }

    /// A level line of the net `net`, both ends included.
    pub fn level(&mut self, net: usize, row: i64, from: i64, to: i64) {
        for column in from..=to {
            let mut bits = 0;
            if column > from {
                bits |= LEFT;
            }
            if column < to {
                bits |= RIGHT;
            }
            self.arms(net, (row, column), bits);
        }
    }

    /// An upright line of the net `net`, both ends included.
    pub fn upright(&mut self, net: usize, column: i64, from: i64, to: i64) {
        for row in from..=to {
            let mut bits = 0;
            if row > from {
                bits |= UP;
            }
            if row < to {
                bits |= DOWN;
            }
            self.arms(net, (row, column), bits);
        }
    }

    fn arms(&mut self, net: usize, at: (i64, i64), bits: u8) {
        *self.lines.entry(at).or_default().entry(net).or_default() |= bits;
    }

    /// The page as text, without trailing blanks; with ANSI codes where `color`.
    pub fn print(mut self, color: bool) -> String {
        for (at, nets) in std::mem::take(&mut self.lines) {
            let bits = joined(nets.values().copied());
            let c = if self.ascii {
                ascii_line(bits)
            } else {
                unicode_line(bits)
            };
            self.chars.entry(at).or_insert((c, Ink::Faint));
        }
        let mut out = String::new();
        let (mut row, mut column, mut ink) = (0, 0, Ink::Plain);
        for ((y, x), (c, wanted)) in self.chars {
            if color && (row < y || (wanted != ink && c != ' ')) && ink != Ink::Plain {
                out += "\x1b[0m";
                ink = Ink::Plain;
            }
            while row < y {
                out.truncate(out.trim_end_matches(' ').len());
                out.push('\n');
                (row, column) = (row + 1, 0);
            }
            while column < x {
                out.push(' ');
                column += 1;
            }
            if color && wanted != ink && c != ' ' {
                out += &format!("\x1b[{}m", wanted.code());
                ink = wanted;
            }
            out.push(c);
            column += 1;
        }
        if ink != Ink::Plain {
            out += "\x1b[0m";
        }
        out.truncate(out.trim_end_matches(' ').len());
        out.push('\n');
        out
    }
}

/// The arms to draw where several nets meet: together, unless they only cross; then the upright one is drawn and the
/// level one passes under it.
fn joined(nets: impl Iterator<Item = u8> + Clone) -> u8 {
    let crosses = |bits: u8| bits == LEFT | RIGHT || bits == UP | DOWN;
    let all = nets.clone().fold(0, |all, bits| all | bits);
    match all == LEFT | RIGHT | UP | DOWN && nets.clone().all(crosses) && nets.count() > 1 {
        true => UP | DOWN,
        false => all,
    }
}

fn unicode_line(bits: u8) -> char {
    const UPRIGHT: u8 = UP | DOWN;
    const LEVEL: u8 = LEFT | RIGHT;
    match bits {
        UPRIGHT | UP | DOWN => '│',
        LEVEL | LEFT | RIGHT => '─',
        b if b == LEFT | DOWN => '╮',
        b if b == LEFT | UP => '╯',
        b if b == RIGHT | DOWN => '╭',
        b if b == RIGHT | UP => '╰',
        b if b == UPRIGHT | RIGHT => '├',
        b if b == UPRIGHT | LEFT => '┤',
        b if b == LEVEL | DOWN => '┬',
        b if b == LEVEL | UP => '┴',
        _ => '┼',
    }
}

fn ascii_line(bits: u8) -> char {
    match (bits & (LEFT | RIGHT) != 0, bits & (UP | DOWN) != 0) {
        (true, true) => '+',
        (false, _) => '|',
        (true, false) => '-',
    }
}
