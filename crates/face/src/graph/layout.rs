//! Where boxes go: a layered layout, from left to right, in whatever unit the renderer draws in.
//!
//! The steps of Sugiyama, Tagawa and Toda: layers are given, lines that skip a layer get a cell of their own in it,
//! the order within a layer is improved by barycentre sweeps, and rows are then chosen so that lines run straight
//! where they can, by isotonic regression (pool adjacent violators), which never lets two cells overlap.

/// One box to place.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    /// Its layer.
    pub layer: usize,
    /// Its height.
    pub height: i64,
    /// Where lines meet it, from its top.
    pub anchor: i64,
}

/// Measures of the renderer.
#[derive(Clone, Copy, Debug)]
pub struct Measure {
    /// Free room between two cells of one layer.
    pub gap: i64,
    /// Height of the cell of a passing line.
    pub wire: i64,
    /// Anchors of layer `n` lie on numbers of the parity of `n`, so that lines that leave and lines that arrive in
    /// one gutter never share a row.
    pub staggered: bool,
}

/// A placed box, or a passing line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Index of the box; `None` is a passing line.
    pub item: Option<usize>,
    /// Its layer.
    pub layer: usize,
    /// Upper edge.
    pub top: i64,
    /// Height.
    pub height: i64,
    /// Where lines meet it, from its top.
    pub anchor: i64,
}

impl Cell {
    /// Where lines meet it.
    pub fn row(&self) -> i64 {
        self.top + self.anchor
    }
}

/// A piece of a line, between two cells of neighbouring layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Index of the line.
    pub edge: usize,
    /// Cell on the left.
    pub left: usize,
    /// Cell on the right.
    pub right: usize,
}

/// The result.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// All cells.
    pub cells: Vec<Cell>,
    /// Indexes of cells by layer, from the top.
    pub layers: Vec<Vec<usize>>,
    /// Pieces of lines.
    pub pieces: Vec<Piece>,
    /// Lower end of the lowest cell.
    pub height: i64,
}

/// Sweeps of the ordering; more than this hardly changes pictures of networks.
const SWEEPS: usize = 12;

/// Places boxes. `edges` are pairs (left, right) with `items[left].layer < items[right].layer`.
pub fn place(items: &[Item], edges: &[(usize, usize)], measure: Measure) -> Layout {
    let mut layout = cells(items, edges, measure);
    order(&mut layout);
    rows(&mut layout, measure);
    layout
}

fn cells(items: &[Item], edges: &[(usize, usize)], measure: Measure) -> Layout {
    let depth = items.iter().map(|item| item.layer + 1).max().unwrap_or(0);
    let mut layout = Layout {
        layers: vec![Vec::new(); depth],
        ..Layout::default()
    };
    for (index, item) in items.iter().enumerate() {
        layout.layers[item.layer].push(layout.cells.len());
        layout.cells.push(Cell {
            item: Some(index),
            layer: item.layer,
            top: 0,
            height: item.height,
            anchor: item.anchor,
        });
    }
    for (edge, (from, to)) in edges.iter().enumerate() {
        let mut left = *from;
        for layer in items[*from].layer + 1..items[*to].layer {
            let wire = layout.cells.len();
            layout.layers[layer].push(wire);
            layout.cells.push(Cell {
                item: None,
                layer,
                top: 0,
                height: measure.wire,
                anchor: measure.wire / 2,
            });
            layout.pieces.push(Piece {
                edge,
                left,
                right: wire,
            });
            left = wire;
        }
        layout.pieces.push(Piece { edge, left, right: *to });
    }
    layout
}

/// Neighbours of every cell: to its left, to its right.
fn neighbours(layout: &Layout) -> (Vec<Vec<usize>>, Vec<Vec<usize>>) {
    let mut lefts = vec![Vec::new(); layout.cells.len()];
    let mut rights = vec![Vec::new(); layout.cells.len()];
    for piece in &layout.pieces {
        lefts[piece.right].push(piece.left);
        rights[piece.left].push(piece.right);
    }
    (lefts, rights)
}

fn order(layout: &mut Layout) {
    let (lefts, rights) = neighbours(layout);
    let mut best = layout.layers.clone();
    let mut fewest = crossings(layout, &best);
    let mut layers = layout.layers.clone();
    for sweep in 0..SWEEPS {
        let rightwards = sweep % 2 == 0;
        let near = if rightwards { &lefts } else { &rights };
        let mut indexes: Vec<usize> = (0..layers.len()).collect();
        if !rightwards {
            indexes.reverse();
        }
        for layer in indexes {
            let at = places(layout.cells.len(), &layers);
            let mut keyed: Vec<(f64, usize)> = layers[layer]
                .iter()
                .map(|cell| (mean(&near[*cell], &at).unwrap_or(at[*cell] as f64), *cell))
                .collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            layers[layer] = keyed.into_iter().map(|(_, cell)| cell).collect();
        }
        let count = crossings(layout, &layers);
        if count < fewest {
            fewest = count;
            best.clone_from(&layers);
        }
    }
    layout.layers = best;
}

fn places(cells: usize, layers: &[Vec<usize>]) -> Vec<usize> {
    let mut at = vec![0; cells];
    for layer in layers {
        for (place, cell) in layer.iter().enumerate() {
            at[*cell] = place;
        }
    }
    at
}

fn mean(cells: &[usize], at: &[usize]) -> Option<f64> {
    (!cells.is_empty()).then(|| cells.iter().map(|cell| at[*cell] as f64).sum::<f64>() / cells.len() as f64)
}

/// Pairs of pieces that cross, by counting inversions with a Fenwick tree per gutter.
fn crossings(layout: &Layout, layers: &[Vec<usize>]) -> usize {
    let at = places(layout.cells.len(), layers);
    let mut gutters: Vec<Vec<(usize, usize)>> = vec![Vec::new(); layers.len()];
    for piece in &layout.pieces {
        gutters[layout.cells[piece.left].layer].push((at[piece.left], at[piece.right]));
    }
    let mut total = 0;
    for mut gutter in gutters {
        gutter.sort_unstable();
        let width = gutter.iter().map(|(_, right)| right + 1).max().unwrap_or(0);
        let mut tree = vec![0usize; width + 1];
        for (seen, (_, right)) in gutter.iter().enumerate() {
            let mut not_below = 0;
            let mut i = right + 1;
            while i > 0 {
                not_below += tree[i];
                i &= i - 1;
            }
            total += seen - not_below;
            let mut i = right + 1;
            while i <= width {
                tree[i] += 1;
                i += i & i.wrapping_neg();
            }
        }
    }
    total
}

/// Chooses rows. They are computed as fractions, since rounding in every sweep would let parts of the picture drift
/// apart, and cut to whole rows at the end.
fn rows(layout: &mut Layout, measure: Measure) {
    let (lefts, rights) = neighbours(layout);
    let mut tops = vec![0.0; layout.cells.len()];
    for layer in 0..layout.layers.len() {
        let wishes = vec![None; layout.layers[layer].len()];
        settle(layout, &mut tops, layer, &wishes, measure);
    }
    let depth = layout.layers.len();
    for sweep in 0..SWEEPS {
        let rightwards = sweep % 2 == 0;
        for step in 0..depth {
            let layer = if rightwards { step } else { depth - 1 - step };
            let wishes: Vec<Option<f64>> = layout.layers[layer]
                .iter()
                .map(|cell| {
                    let (near, far) = match rightwards {
                        true => (&lefts[*cell], &rights[*cell]),
                        false => (&rights[*cell], &lefts[*cell]),
                    };
                    let near = if near.is_empty() { far } else { near };
                    middle(near.iter().map(|cell| tops[*cell] + layout.cells[*cell].anchor as f64))
                })
                .collect();
            settle(layout, &mut tops, layer, &wishes, measure);
        }
    }
    let least = tops.iter().copied().fold(f64::INFINITY, f64::min);
    for (cell, top) in layout.cells.iter_mut().zip(tops) {
        // Rows that should be one may differ in the last bits.
        cell.top = (top - least + 1e-6).floor() as i64;
        if measure.staggered && (cell.row() - cell.layer as i64).rem_euclid(2) == 1 {
            cell.top += 1;
        }
    }
    let ends = layout.cells.iter().map(|cell| cell.top + cell.height);
    layout.height = ends.max().unwrap_or(0);
}

fn middle(rows: impl Iterator<Item = f64>) -> Option<f64> {
    let mut rows: Vec<f64> = rows.collect();
    rows.sort_by(f64::total_cmp);
    let (first, last) = (*rows.get(rows.len().checked_sub(1)? / 2)?, *rows.get(rows.len() / 2)?);
    Some(first.midpoint(last))
}

/// Gives the cells of one layer the rows nearest to their wishes (of the anchor) without overlap or change of order.
fn settle(layout: &Layout, tops: &mut [f64], layer: usize, wishes: &[Option<f64>], measure: Measure) {
    let order = &layout.layers[layer];
    // `before[i]`: how much the cells above take; a top less that must not fall from cell to cell.
    let mut before = Vec::with_capacity(order.len());
    let mut used = 0;
    for cell in order {
        before.push(used as f64);
        used += layout.cells[*cell].height + measure.gap + i64::from(measure.staggered);
    }
    // Runs of cells that touch: the sum of their wishes, and how many they are.
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for (i, cell) in order.iter().enumerate() {
        let top = wishes[i].map_or(tops[*cell], |row| row - layout.cells[*cell].anchor as f64);
        blocks.push((top - before[i], 1));
        while let [.., a, b] = blocks[..]
            && a.0 / a.1 as f64 > b.0 / b.1 as f64
        {
            blocks.truncate(blocks.len() - 2);
            blocks.push((a.0 + b.0, a.1 + b.1));
        }
    }
    let mut i = 0;
    for (sum, count) in blocks {
        for _ in 0..count {
            tops[order[i]] = sum / count as f64 + before[i];
            i += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEASURE: Measure = Measure {
        gap: 0,
        wire: 1,
        staggered: false,
    };

    fn boxes(layers: &[usize]) -> Vec<Item> {
        let make = |layer: &usize| Item {
            layer: *layer,
            height: 3,
            anchor: 1,
        };
        layers.iter().map(make).collect()
    }

    #[test]
    fn a_chain_is_a_straight_line() {
        let layout = place(&boxes(&[0, 1, 2]), &[(0, 1), (1, 2)], MEASURE);
        assert_eq!(layout.cells.iter().map(|cell| cell.top).collect::<Vec<_>>(), [0, 0, 0]);
        assert_eq!(layout.height, 3);
    }

    #[test]
    fn crossed_lines_are_uncrossed_by_the_order() {
        let layout = place(&boxes(&[0, 0, 1, 1]), &[(0, 3), (1, 2)], MEASURE);
        assert_eq!(crossings(&layout, &layout.layers), 0);
        assert_eq!(layout.cells[0].row(), layout.cells[3].row());
        assert_eq!(layout.cells[1].row(), layout.cells[2].row());
    }

    #[test]
    fn a_line_that_skips_a_layer_has_a_cell_there() {
        let layout = place(&boxes(&[0, 1, 2]), &[(0, 2), (0, 1), (1, 2)], MEASURE);
        let passing: Vec<&Cell> = layout.cells.iter().filter(|cell| cell.item.is_none()).collect();
        assert_eq!(passing.len(), 1);
        assert_eq!(passing[0].layer, 1);
        assert_eq!(layout.pieces.len(), 4);
    }
}
