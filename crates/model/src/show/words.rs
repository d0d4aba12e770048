//! How `ip` and `bridge` spell the attributes of a link, by their rows.
//!
//! *Source*: ip-link(8) and bridge(8).

use crate::kernel_attr::{Form, KernelAttr, Nest, Word, find, masked};
use crate::name::Mac;
use crate::nla;
use crate::types::Kind;
use crate::value::address;
use cleat_diag::escaped;
use std::borrow::Cow;
use std::fmt::Write as _;

/// The word of an attribute whose value is the name of a link (`primary`, `active_slave`).
pub(crate) fn word(nest: Nest, kind: &Kind, number: u16) -> String {
    find(nest, kind, number).map_or_else(|| unknown(number), |attr| attr.name().to_owned())
}

/// Whether the attribute can be set by its number.
pub(crate) fn settable(nest: Nest, kind: &Kind, number: u16) -> bool {
    find(nest, kind, number).is_some_and(KernelAttr::is_settable)
}

/// One attribute as `ip` takes it, with a blank before it. Each that we set has a row; one that another release wrote into a
/// journal is shown as number and bytes.
pub(crate) fn attribute(nest: Nest, kind: &Kind, number: u16, payload: &[u8]) -> String {
    let attr = find(nest, kind, number);
    attr.and_then(|attr| value(attr, payload)).unwrap_or_else(|| {
        let mut text = format!(" {} ", word(nest, kind, number));
        for byte in payload {
            // Writing to a `String` cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    })
}

fn unknown(number: u16) -> String {
    format!("attr {number}")
}

/// The attribute in words; `None` where its bytes are not of the row's shape.
pub(crate) fn value(attr: &KernelAttr, payload: &[u8]) -> Option<String> {
    let word = attr.name();
    let number = || attr.width.number(payload);
    Some(match attr.form {
        Form::Number | Form::LinkIndex | Form::State => format!(" {word} {}", number()?),
        Form::Word(words) => {
            let number = number()?;
            let known = usize::try_from(number).ok().and_then(|at| words.get(at));
            known.map_or_else(|| format!(" {word} {number}"), |known| format!(" {word} {known}"))
        }
        Form::Named(names) => {
            let number = number()?;
            match names.iter().find(|(found, _)| *found == number) {
                Some((_, name)) => format!(" {word} {name}"),
                None => format!(" {word} {number}"),
            }
        }
        Form::Mac => format!(" {word} {}", Mac::new(payload)?),
        Form::Ip4 | Form::Ip6 | Form::Ip => format!(" {word} {}", address(payload)?),
        Form::Ips => {
            let all: Option<Vec<String>> = nla::iter(payload)
                .map(|(_, bytes)| address(bytes).map(|ip| ip.to_string()))
                .collect();
            format!(" {word} {}", all?.join(","))
        }
        Form::Text => {
            let text = String::from_utf8_lossy(payload.strip_suffix(b"\0").unwrap_or(payload)).into_owned();
            format!(" {word} {}", quoted(&text))
        }
        Form::Bits(words) => {
            let (flags, mask) = masked(payload)?;
            let Word::Bits(bits) = attr.word() else { return None };
            bits.iter()
                .filter(|(bit, _)| mask & bit != 0)
                .map(|(bit, word)| format!(" {word} {}", words[usize::from(flags & bit != 0)]))
                .collect()
        }
        Form::Switch => match number()? {
            0 => format!(" no{word}"),
            _ => format!(" {word}"),
        },
    })
}

/// A text as the shell takes it. One that a terminal must not get is written out in `$'...'`, which bash and zsh read.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/@%+=,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    let literal = text.replace('\\', "\\\\").replace('\'', "\\'");
    match escaped(&literal) {
        Cow::Owned(shown) => format!("$'{shown}'"),
        Cow::Borrowed(_) => format!("'{}'", text.replace('\'', "'\\''")),
    }
}
