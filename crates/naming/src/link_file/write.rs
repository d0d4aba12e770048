//! Changing one key of a .link file, everything else kept byte for byte.

use super::known::SECTIONS;
use super::lines;
use cleat_diag::FileId;

/// What becomes of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChange<'a> {
    /// The section, without brackets.
    pub section: &'a str,
    /// The key.
    pub key: &'a str,
    /// Its only value from now on; `None` takes its lines out.
    pub value: Option<&'a str>,
}

/// A file with a key changed: its last line gets the value and the others go; where it has none, a line is put below the
/// last header of the section, which is put at the end where it is lacking.
pub fn changed(bytes: &[u8], change: &KeyChange<'_>) -> Vec<u8> {
    let KeyChange { section, key, value } = *change;
    let read = lines::read(FileId(0), bytes, SECTIONS);
    let said = read
        .assignments
        .iter()
        .filter(|said| said.section == section && said.key == key);
    let spans: Vec<_> = said.map(|said| said.place.span.range()).collect();
    let line = value.map(|value| format!("{key}={value}"));
    let mut out = Vec::with_capacity(bytes.len() + 64);
    let mut at = 0;
    for (number, span) in spans.iter().enumerate() {
        out.extend_from_slice(&bytes[at..span.start]);
        at = span.end;
        match &line {
            Some(line) if number + 1 == spans.len() => out.extend_from_slice(line.as_bytes()),
            _ => at = behind_line_end(bytes, at),
        }
    }
    if spans.is_empty()
        && let Some(line) = &line
    {
        match read.sections.iter().rev().find(|(name, _)| name == section) {
            Some((_, end)) => {
                out.extend_from_slice(&bytes[..*end]);
                out.extend_from_slice(format!("\n{line}").as_bytes());
                at = *end;
            }
            None => {
                out.extend_from_slice(bytes);
                let gap = if bytes.is_empty() || bytes.ends_with(b"\n") {
                    ""
                } else {
                    "\n"
                };
                out.extend_from_slice(format!("{gap}[{section}]\n{line}\n").as_bytes());
                at = bytes.len();
            }
        }
    }
    out.extend_from_slice(&bytes[at..]);
    out
}

fn behind_line_end(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    at + match rest {
        [b'\r', b'\n', ..] => 2,
        [_, ..] => 1,
        [] => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str, key: &str, value: Option<&str>) -> String {
        let change = KeyChange {
            section: "Link",
            key,
            value,
        };
        String::from_utf8(changed(text.as_bytes(), &change)).unwrap()
    }

    #[test]
    fn a_key_changes_and_all_else_stays() {
        let text =
            "# mine\n[Match]\r\nType=ether\n\n[Link]\nName=a\n; kept\nMTUBytes=9000\nName=\\\n b\n[X-Mine]\nName=c\n";
        assert_eq!(
            set(text, "Name", Some("lan0")),
            "# mine\n[Match]\r\nType=ether\n\n[Link]\n; kept\nMTUBytes=9000\nName=lan0\n[X-Mine]\nName=c\n"
        );
        assert_eq!(
            set(text, "Name", None),
            "# mine\n[Match]\r\nType=ether\n\n[Link]\n; kept\nMTUBytes=9000\n[X-Mine]\nName=c\n"
        );
        assert_eq!(set("[Link]\nA=b", "Name", Some("c")), "[Link]\nName=c\nA=b");
        assert_eq!(
            set("[Match]\nType=a", "Name", Some("c")),
            "[Match]\nType=a\n[Link]\nName=c\n"
        );
        assert_eq!(set("[Match]\n", "Name", None), "[Match]\n");
    }
}
