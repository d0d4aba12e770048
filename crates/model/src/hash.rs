//! A fast hash for maps and digests whose keys nobody hostile chooses: interface names, indexes, the kernel's own bytes.
//!
//! Over a thousand links a reload looks up some ten thousand names; the standard library's hash, which holds against
//! chosen keys, would take a tenth of its time.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// A map by [`Fold`].
pub type Map<K, V> = HashMap<K, V, BuildHasherDefault<Fold>>;
/// A set by [`Fold`].
pub type Set<K> = HashSet<K, BuildHasherDefault<Fold>>;

/// An odd number without a pattern: the fraction of the golden ratio.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// The hash: each eight bytes are multiplied into it, and both halves of the product kept.
#[derive(Clone, Debug)]
pub struct Fold(u64);

impl Default for Fold {
    fn default() -> Self {
        Self(FACTOR)
    }
}

impl Hasher for Fold {
    fn write(&mut self, bytes: &[u8]) {
        let (words, tail) = bytes.as_chunks::<8>();
        for word in words {
            self.write_u64(u64::from_ne_bytes(*word));
        }
        if !tail.is_empty() {
            let mut word = [0; 8];
            word[..tail.len()].copy_from_slice(tail);
            // At most seven bytes are left: their number fits behind them, and tells `ab` from `ab\0`.
            word[7] = tail.len() as u8;
            self.write_u64(u64::from_ne_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * u128::from(FACTOR);
        self.0 = (product as u64) ^ ((product >> 64) as u64).rotate_left(23);
    }

    fn write_u8(&mut self, number: u8) {
        self.write_u64(number.into());
    }

    fn write_u16(&mut self, number: u16) {
        self.write_u64(number.into());
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(number.into());
    }

    fn write_u128(&mut self, number: u128) {
        self.write_u64(number as u64);
        self.write_u64((number >> 64) as u64);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn finish(&self) -> u64 {
        let mut last = self.clone();
        last.write_u64(FACTOR.rotate_left(32));
        last.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use std::hash::Hash;

    fn of(value: &(impl Hash + ?Sized)) -> u64 {
        let mut fold = Fold::default();
        value.hash(&mut fold);
        fold.finish()
    }

    /// As a map uses it: the low bits choose the place, the high seven are compared there.
    #[test]
    fn names_that_differ_in_one_digit_spread_over_a_table() {
        let hashes: Vec<u64> = (0..4096)
            .map(|n| of(&crate::name::IfName::new(&format!("tap{n}i0")).unwrap()))
            .collect();
        let places: BTreeSet<u64> = hashes.iter().map(|hash| hash & 4095).collect();
        let tags: BTreeSet<u64> = hashes.iter().map(|hash| hash >> 57).collect();
        // Thrown at random, 4096 * (1 - 1/e) = 2589 places of 4096 are hit.
        assert!((2450..2750).contains(&places.len()), "{}", places.len());
        assert_eq!(tags.len(), 128);
    }

    proptest! {
        #[test]
        fn a_changed_bit_and_an_added_byte_change_the_hash(bytes in proptest::collection::vec(any::<u8>(), 1..40), at: usize, bit in 0..8u8) {
            let mut changed = bytes.clone();
            changed[at % bytes.len()] ^= 1 << bit;
            prop_assert_ne!(of(&bytes), of(&changed));
            let mut raw = [Fold::default(), Fold::default()];
            raw[0].write(&bytes);
            raw[1].write(&[&bytes[..], &[0]].concat());
            prop_assert_ne!(raw[0].finish(), raw[1].finish());
        }
    }
}
