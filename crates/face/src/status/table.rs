//! A table that fits the terminal.

use crate::graph::canvas::{Canvas, Ink};
use cleat_diag::escaped;

/// A cell: its lines, each with a colour.
pub type Cell = Vec<(String, Ink)>;

/// One column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// What stands on top.
    pub title: &'static str,
    /// Columns of the lowest number are left out first where the terminal is too narrow; `None` always stays.
    pub spare: Option<u8>,
}

/// One row, and remarks below it that go over the whole width.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// One cell for each column.
    pub cells: Vec<Cell>,
    /// Lines below the row.
    pub remarks: Vec<(String, Ink)>,
}

/// Blanks between columns.
const GAP: usize = 2;

/// Prints the rows below titles, at most `width` wide as far as leaving out columns and folding remarks can do it.
pub fn draw(columns: &[Column], rows: &[Row], width: usize, color: bool) -> String {
    let mut shown: Vec<usize> = (0..columns.len()).collect();
    let room = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.cells.get(column)).flatten();
        let longest = cells.map(|(text, _)| escaped(text).chars().count()).max().unwrap_or(0);
        longest.max(columns[column].title.chars().count())
    };
    let total = |shown: &[usize]| shown.iter().map(|column| room(*column) + GAP).sum::<usize>();
    let mut left_out = Vec::new();
    while total(&shown) > width + GAP {
        let spare = shown
            .iter()
            .filter_map(|column| Some((columns[*column].spare?, *column)))
            .min();
        let Some((_, column)) = spare else { break };
        shown.retain(|kept| *kept != column);
        left_out.push(column);
    }
    // A wide column may have gone last and made room for those before it.
    for column in left_out.into_iter().rev() {
        let mut with = shown.clone();
        with.push(column);
        with.sort_unstable();
        if total(&with) <= width + GAP {
            shown = with;
        }
    }
    let mut canvas = Canvas::new(false);
    let mut row = 0;
    let mut x = 0;
    for column in &shown {
        canvas.text(row, x as i64, columns[*column].title, Ink::Faint);
        x += room(*column) + GAP;
    }
    row += 1;
    for line in rows {
        let mut x = 0;
        let mut height = 1;
        for column in &shown {
            let empty = Vec::new();
            let cell = line.cells.get(*column).unwrap_or(&empty);
            for (at, (text, ink)) in cell.iter().enumerate() {
                canvas.text(row + at as i64, x as i64, text, *ink);
            }
            height = height.max(cell.len());
            x += room(*column) + GAP;
        }
        row += height as i64;
        for (text, ink) in &line.remarks {
            for (at, part) in folded(text, width.saturating_sub(4).max(20)).iter().enumerate() {
                canvas.text(row, if at == 0 { 2 } else { 4 }, part, *ink);
                row += 1;
            }
        }
    }
    canvas.print(color)
}

/// Breaks a text at blanks into lines of at most `width`; a longer word stays whole.
fn folded(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in escaped(text).split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [
        Column {
            title: "name",
            spare: None,
        },
        Column {
            title: "mtu",
            spare: Some(0),
        },
        Column {
            title: "addresses",
            spare: None,
        },
    ];

    fn row(cells: &[&[&str]], remarks: &[&str]) -> Row {
        let plain = |texts: &[&str]| texts.iter().map(|text| ((*text).to_owned(), Ink::Plain)).collect();
        Row {
            cells: cells.iter().map(|cell| plain(cell)).collect(),
            remarks: plain(remarks),
        }
    }

    #[test]
    fn several_lines_in_one_cell_push_the_next_row_down() {
        let rows = [
            row(&[&["vmbr0"], &["1500"], &["192.168.10.2/24", "fd00::2/64"]], &[]),
            row(&[&["eno1"], &["1500"], &[]], &["! is down, and this is a long remark"]),
        ];
        assert_eq!(
            draw(&COLUMNS, &rows, 30, false),
            "\
name   mtu   addresses
vmbr0  1500  192.168.10.2/24
             fd00::2/64
eno1   1500
  ! is down, and this is a
    long remark
"
        );
        assert_eq!(
            draw(&COLUMNS, &rows, 25, false),
            "\
name   addresses
vmbr0  192.168.10.2/24
       fd00::2/64
eno1
  ! is down, and this
    is a long remark
"
        );
    }
}
