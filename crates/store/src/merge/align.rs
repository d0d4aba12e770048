//! Which elements of two files are the same ones, in an order that both have.

use super::elements::{Element, StanzaKey};
use std::collections::BTreeMap;

/// Most comparisons for the lines between two stanzas; where there are more, only equal ends are matched.
const MOST_CELLS: usize = 4_000_000;

/// For each element of `base`, the element of `side` that it is: stanzas by their keys, as many as stand in the same
/// order in both; between two of them comments and blank lines by their bytes.
pub(crate) fn align(base: &[Element], side: &[Element]) -> Vec<Option<usize>> {
    let at: BTreeMap<&StanzaKey, usize> = side
        .iter()
        .enumerate()
        .filter_map(|(at, element)| Some((element.key.as_ref()?, at)))
        .collect();
    let both: Vec<(usize, usize)> = base
        .iter()
        .enumerate()
        .filter_map(|(index, element)| Some((index, *at.get(element.key.as_ref()?)?)))
        .collect();
    let mut matched = vec![None; base.len()];
    let (mut from, mut to) = (0, 0);
    for (index, other) in rising(&both).into_iter().chain([(base.len(), side.len())]) {
        between(base, from..index, side, to..other, &mut matched);
        if let Some(slot) = matched.get_mut(index) {
            *slot = Some(other);
        }
        (from, to) = (index + 1, other + 1);
    }
    matched
}

/// The longest row of pairs whose second parts rise; the first parts do already.
fn rising(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // By length: the pair that ends the row of that length with the lowest second part; and each pair's one before.
    let mut ends: Vec<usize> = Vec::new();
    let mut before = vec![None; pairs.len()];
    for (index, (_, value)) in pairs.iter().enumerate() {
        let length = ends.partition_point(|end| pairs[*end].1 < *value);
        before[index] = length.checked_sub(1).map(|shorter| ends[shorter]);
        match ends.get_mut(length) {
            Some(end) => *end = index,
            None => ends.push(index),
        }
    }
    let mut row = Vec::new();
    let mut next = ends.last().copied();
    while let Some(index) = next {
        row.push(pairs[index]);
        next = before[index];
    }
    row.reverse();
    row
}

/// Matches the comments and blank lines of two stretches.
fn between(
    base: &[Element],
    from: std::ops::Range<usize>,
    side: &[Element],
    to: std::ops::Range<usize>,
    matched: &mut [Option<usize>],
) {
    let plain = |all: &[Element], range: std::ops::Range<usize>| -> Vec<usize> {
        range.filter(|index| all[*index].key.is_none()).collect()
    };
    let (mut left, mut right) = (plain(base, from), plain(side, to));
    let same = |index: usize, other: usize| base[index].bytes == side[other].bytes;
    while let (Some(index), Some(other)) = (left.first(), right.first())
        && same(*index, *other)
    {
        matched[*index] = Some(*other);
        left.remove(0);
        right.remove(0);
    }
    while let (Some(index), Some(other)) = (left.last(), right.last())
        && same(*index, *other)
    {
        matched[*index] = Some(*other);
        left.pop();
        right.pop();
    }
    if left.len().saturating_mul(right.len()) > MOST_CELLS {
        return;
    }
    // The longest common row, by the lengths of those of all ends.
    let width = right.len() + 1;
    let mut lengths = vec![0_u32; (left.len() + 1) * width];
    for row in (0..left.len()).rev() {
        for column in (0..right.len()).rev() {
            lengths[row * width + column] = if same(left[row], right[column]) {
                lengths[(row + 1) * width + column + 1] + 1
            } else {
                lengths[(row + 1) * width + column].max(lengths[row * width + column + 1])
            };
        }
    }
    let (mut row, mut column) = (0, 0);
    while row < left.len() && column < right.len() {
        if same(left[row], right[column]) {
            matched[left[row]] = Some(right[column]);
            (row, column) = (row + 1, column + 1);
        } else if lengths[(row + 1) * width + column] >= lengths[row * width + column + 1] {
            row += 1;
        } else {
            column += 1;
        }
    }
}
