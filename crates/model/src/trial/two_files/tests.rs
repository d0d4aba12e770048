//! Fixed runs. `PROPTEST_CASES` makes them longer.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

mod seeds;

fn holds(input: &[u8]) -> Result<Course, TestCaseError> {
    judge(input).map_err(|fault| TestCaseError::fail(format!("{fault}\n--- of\n{}", String::from_utf8_lossy(input))))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_reload_with_guests_ends_as_written_or_as_before_whatever_is_written(number in any::<u64>()) {
        holds(&invented(number))?;
    }
}

/// Pairs that once broke one of these rules, in short.
#[test]
fn pairs_that_broke_a_rule_once_hold_with_a_failure_at_each_step() {
    let mut ends = BTreeSet::new();
    for (at, (before, after)) in seeds::PAIRS.iter().enumerate() {
        let input = format!("\0{before}{BETWEEN}{after}");
        match judge_each_step(input.as_bytes()) {
            Ok(course) => ends.insert(course),
            Err(fault) => panic!("pair {at}: {fault}"),
        };
    }
    assert!(ends.contains(&Course::Done), "{ends:?}");
}

#[test]
fn pairs_of_examples_hold_and_most_of_them_are_done() {
    let mut done = 0;
    for before in EXAMPLES {
        for after in EXAMPLES {
            let input = format!("\x05{before}{BETWEEN}{after}");
            match judge(input.as_bytes()) {
                Ok(Course::Done) => done += 1,
                Ok(_) => {}
                Err(fault) => panic!("{fault}\n--- of\n{input}"),
            }
        }
    }
    assert!(done > 60, "{done} of 144");
}

#[test]
fn no_pair_is_no_pair() {
    for input in ["", "a", "auto lo\n=="] {
        assert_eq!(judge(input.as_bytes()), Ok(Course::NoPair));
    }
}
