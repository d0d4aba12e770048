//! Braces in a pattern, as a shell expands them, within bounds: 100,000 of them once took more than a minute.

use std::fmt;
use std::ops::Range;

/// Most words that one pattern's braces may stand for.
const MOST_WORDS: usize = 1_000;
/// Most bytes that all these words may have.
const MOST_BYTES: usize = 1 << 20;
/// How deep braces may stand in each other.
const DEEPEST: usize = 32;

/// A pattern whose braces are not expanded, since they go over a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooManyBraces {
    /// They stand for too many words.
    Words,
    /// All these words together are too long.
    Bytes,
    /// They stand in each other too deep.
    Depth,
}

impl fmt::Display for TooManyBraces {
    /// `braces stand for more than 1000 paths`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words => write!(out, "braces stand for more than {MOST_WORDS} paths"),
            Self::Bytes => write!(out, "braces stand for more than {} MiB of paths", MOST_BYTES >> 20),
            Self::Depth => write!(out, "braces stand in each other more than {DEEPEST} deep"),
        }
    }
}

/// The words that braces stand for, in their order: `a{b,c}` gives `ab` and `ac`. Braces without a comma or without
/// their end stand for themselves, and so do those behind a backslash.
///
/// *Errors*: there are more than 1,000 words, or more than 1 MiB of them, or braces stand in each other more than 32
/// deep.
pub fn expand_braces(pattern: &str) -> Result<Vec<String>, TooManyBraces> {
    let braces = Braces::of(pattern);
    if braces.0.is_empty() {
        return Ok(vec![pattern.to_owned()]);
    }
    expand(pattern, 0..pattern.len(), &braces.0, 0)
}

/// Braces with a comma: where they open and close, and their own commas; sorted by where they open.
struct Braces(Vec<(usize, usize, Vec<usize>)>);

impl Braces {
    /// Finds them in one pass: the work grows with the length of the pattern alone.
    fn of(pattern: &str) -> Self {
        let mut open: Vec<(usize, Vec<usize>)> = Vec::new();
        let mut closed = Vec::new();
        let mut bytes = pattern.bytes().enumerate();
        while let Some((at, byte)) = bytes.next() {
            match byte {
                b'\\' => drop(bytes.next()),
                b'{' => open.push((at, Vec::new())),
                b',' => open
                    .iter_mut()
                    .last()
                    .into_iter()
                    .for_each(|(_, commas)| commas.push(at)),
                b'}' => closed.extend(open.pop().map(|(start, commas)| (start, at, commas))),
                _ => {}
            }
        }
        closed.retain(|(_, _, commas)| !commas.is_empty());
        closed.sort_unstable_by_key(|(start, ..)| *start);
        Self(closed)
    }
}

/// The words of one part of a pattern; `braces` are those that open in it.
fn expand(
    pattern: &str,
    part: Range<usize>,
    braces: &[(usize, usize, Vec<usize>)],
    depth: usize,
) -> Result<Vec<String>, TooManyBraces> {
    if depth > DEEPEST {
        return Err(TooManyBraces::Depth);
    }
    let mut words = vec![String::new()];
    let (mut at, mut rest) = (part.start, braces);
    while let Some(((open, close, commas), after)) = rest.split_first() {
        let inside = after.partition_point(|(start, ..)| start < close);
        let (inner, outer) = after.split_at(inside);
        let starts = std::iter::once(open).chain(commas);
        let mut ways = Vec::new();
        for (start, end) in starts.zip(commas.iter().chain([close])) {
            let from = inner.partition_point(|(inner, ..)| inner < start);
            let to = inner.partition_point(|(inner, ..)| inner < end);
            ways.extend(expand(pattern, start + 1..*end, &inner[from..to], depth + 1)?);
            bounded(ways.len(), 0)?;
        }
        append(&mut words, &[&pattern[at..*open]])?;
        append(&mut words, &ways)?;
        (at, rest) = (close + 1, outer);
    }
    append(&mut words, &[&pattern[at..part.end]])?;
    Ok(words)
}

/// Puts each of the ends behind each of the words.
fn append(words: &mut Vec<String>, ends: &[impl AsRef<str>]) -> Result<(), TooManyBraces> {
    let sum = |lengths: &mut dyn Iterator<Item = usize>| lengths.fold(0, usize::saturating_add);
    let before = sum(&mut words.iter().map(String::len));
    let behind = sum(&mut ends.iter().map(|end| end.as_ref().len()));
    let bytes = before
        .saturating_mul(ends.len())
        .saturating_add(behind.saturating_mul(words.len()));
    // A word alone is as long as it is: no braces made it so.
    let is_one = words.len() == 1 && ends.len() == 1;
    bounded(words.len().saturating_mul(ends.len()), if is_one { 0 } else { bytes })?;
    let grown = words
        .iter()
        .flat_map(|word| ends.iter().map(move |end| format!("{word}{}", end.as_ref())));
    *words = grown.collect();
    Ok(())
}

fn bounded(words: usize, bytes: usize) -> Result<(), TooManyBraces> {
    match (words > MOST_WORDS, bytes > MOST_BYTES) {
        (true, _) => Err(TooManyBraces::Words),
        (_, true) => Err(TooManyBraces::Bytes),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{TooManyBraces, expand_braces};

    fn words(pattern: &str) -> Vec<String> {
        expand_braces(pattern).unwrap()
    }

    /// Source: bash 5.2 `echo` of the same words.
    #[test]
    fn braces_expand_as_in_a_shell() {
        assert_eq!(words("a{b,c}d"), ["abd", "acd"]);
        assert_eq!(
            words("{a,b{c,d}}x{1,2}"),
            ["ax1", "ax2", "bcx1", "bcx2", "bdx1", "bdx2"]
        );
        assert_eq!(words("a{}b{c}"), ["a{}b{c}"]);
        assert_eq!(words("{a{b,c}}"), ["{ab}", "{ac}"]);
        assert_eq!(words("{a,b"), ["{a,b"]);
        assert_eq!(words("{a,{b,c}"), ["{a,b", "{a,c"]);
        assert_eq!(words("{,x}y"), ["y", "xy"]);
        assert_eq!(words("{a,b}}"), ["a}", "b}"]);
    }

    /// The backslash stays, for the pattern that follows.
    #[test]
    fn braces_and_commas_behind_a_backslash_stand_for_themselves() {
        assert_eq!(words(r"\{a,b}"), [r"\{a,b}"]);
        assert_eq!(words(r"{a\,b,c}"), [r"a\,b", "c"]);
        assert_eq!(words(r"{a,b\}"), [r"{a,b\}"]);
    }

    #[test]
    fn a_thousand_words_are_expanded_and_more_are_an_error() {
        let names = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>();
        let list = |count| format!("{{{}}}", names(count).join(","));
        assert_eq!(words(&list(1_000)), names(1_000));
        assert_eq!(expand_braces(&list(1_001)), Err(TooManyBraces::Words));
        assert_eq!(expand_braces(&"{a,b}".repeat(40)), Err(TooManyBraces::Words));
    }

    #[test]
    fn words_may_have_a_mebibyte_together() {
        let two = |length: usize| expand_braces(&format!("{{a,b}}{}", "x".repeat(length)));
        assert_eq!(two((1 << 19) - 1).map(|words| words.len()), Ok(2));
        assert_eq!(two(1 << 19), Err(TooManyBraces::Bytes));
        assert_eq!(words(&"x".repeat(2 << 20)).len(), 1);
    }

    #[test]
    fn braces_stand_in_each_other_32_deep() {
        let nested = |depth: usize| expand_braces(&format!("{}z{}", "{a,".repeat(depth), "}".repeat(depth)));
        assert_eq!(nested(32).map(|words| words.len()), Ok(33));
        assert_eq!(nested(33), Err(TooManyBraces::Depth));
    }

    /// Each of these took minutes, or the stack, where a scan began again at each brace.
    #[test]
    fn a_hundred_thousand_braces_take_one_pass() {
        let many = |text: &str| text.repeat(100_000);
        assert_eq!(expand_braces(&(many("{a,") + &many("}"))), Err(TooManyBraces::Depth));
        assert_eq!(expand_braces(&many("{a,b}")), Err(TooManyBraces::Words));
        for literal in ["{a,", "{a}", "{", "}", ",", "{}"].map(many) {
            assert_eq!(words(&literal), [literal.as_str()]);
        }
        let deep = many("{a") + &many("}");
        assert_eq!(words(&deep), [deep.as_str()]);
    }
}
