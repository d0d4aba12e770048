//! Which lines run together between two layers, and where, so that a picture cannot be misread.

use super::layout::Layout;

/// Pieces of lines in one gutter that are drawn as one: all that leave one box, or all that reach one box.
#[derive(Debug)]
pub struct Net {
    /// The layer left of the gutter.
    pub gutter: usize,
    /// Cells that it leaves.
    pub lefts: Vec<usize>,
    /// Cells that it reaches.
    pub rights: Vec<usize>,
    /// Its upright track in the gutter, counted from the left.
    pub track: usize,
}

impl Net {
    /// First and last row that it touches.
    pub fn span(&self, layout: &Layout) -> (i64, i64) {
        let rows = || {
            self.lefts
                .iter()
                .chain(&self.rights)
                .map(|cell| layout.cells[*cell].row())
        };
        (rows().min().unwrap_or(0), rows().max().unwrap_or(0))
    }
}

/// Groups the pieces and gives each group an upright track, so that no two lines that have nothing to do with each
/// other run on top of one another. `None` where that cannot be done
/// with the rows as they are; it always can where the layout is staggered and no box has two masters.
pub fn nets(layout: &Layout) -> Option<Vec<Net>> {
    let mut nets: Vec<Net> = Vec::new();
    for gutter in 0..layout.layers.len() {
        let pieces = layout
            .pieces
            .iter()
            .filter(|piece| layout.cells[piece.left].layer == gutter);
        let pieces: Vec<_> = pieces.collect();
        let first = nets.len();
        let arriving = |right: usize| pieces.iter().filter(|piece| piece.right == right).count();
        for piece in &pieces {
            let gathers = arriving(piece.right) > 1;
            let joined = nets[first..].iter_mut().find(|net| match gathers {
                true => net.rights == [piece.right],
                false => net.lefts == [piece.left] && net.rights.iter().all(|right| arriving(*right) == 1),
            });
            match joined {
                Some(net) if gathers => net.lefts.push(piece.left),
                Some(net) => net.rights.push(piece.right),
                None => nets.push(Net {
                    gutter,
                    lefts: vec![piece.left],
                    rights: vec![piece.right],
                    track: 0,
                }),
            }
        }
        assign_tracks(layout, &mut nets[first..])?;
    }
    Some(nets)
}

fn assign_tracks(layout: &Layout, nets: &mut [Net]) -> Option<()> {
    let row = |cell: &usize| layout.cells[*cell].row();
    // `a` must be left of `b` where a line leaves for `a` in the row in which another arrives from `b`, and where `b`
    // gathers several lines of which one leaves the same box as `a`: else a follower of the others would stray into `a`.
    let before = |a: &Net, b: &Net| {
        let spreads_beside = a.lefts.len() == 1 && b.lefts.len() > 1 && b.lefts.contains(&a.lefts[0]);
        spreads_beside
            || a.lefts.iter().any(|left| {
                let meets = b.rights.iter().any(|right| row(left) == row(right));
                meets && !b.lefts.contains(left) && !a.rights.iter().any(|right| b.rights.contains(right))
            })
    };
    // A level line that goes on where its box also feeds a gathering cannot bend off before the gathering's track.
    let runs_through = |net: &Net| {
        let gathered = |left| {
            nets.iter()
                .any(|other| other.lefts.len() > 1 && other.lefts.contains(left))
        };
        let level = |left| net.rights.iter().any(|right| row(left) == row(right));
        net.lefts.len() == 1 && net.lefts.iter().any(|left| level(left) && gathered(left))
    };
    if nets.iter().any(runs_through) {
        return None;
    }
    let mut waiting: Vec<usize> = (0..nets.len()).collect();
    let mut placed: Vec<usize> = Vec::new();
    while !waiting.is_empty() {
        let free = |at: &usize| {
            !waiting
                .iter()
                .any(|other| other != at && before(&nets[*other], &nets[*at]))
        };
        let next = *waiting.iter().find(|at| free(at))?;
        waiting.retain(|at| *at != next);
        let (top, bottom) = nets[next].span(layout);
        let after = placed.iter().filter(|other| before(&nets[**other], &nets[next]));
        let mut track = after.map(|other| nets[*other].track + 1).max().unwrap_or(0);
        if top != bottom {
            let taken = |track: usize| {
                placed.iter().any(|other| {
                    let (other_top, other_bottom) = nets[*other].span(layout);
                    let bends = other_top != other_bottom;
                    bends && nets[*other].track == track && other_top <= bottom && top <= other_bottom
                })
            };
            while taken(track) {
                track += 1;
            }
        }
        nets[next].track = track;
        placed.push(next);
    }
    Some(())
}
