//! From text to value to the kernel's bytes, and back. All by the row: no option has code of its own here.

use crate::attr::{Attr, Grammar, Times, Unit, Value, Wire};
use crate::ethtool::Field;
use crate::kernel_attr::{Form, KernelAttr, masked};
use crate::name::Mac;
use crate::nla::{self, Attrs};
use crate::snapshot::Link;
use crate::types::Kind;
use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const BOOLS: [(&str, u64); 8] = [
    ("yes", 1),
    ("no", 0),
    ("on", 1),
    ("off", 0),
    ("1", 1),
    ("0", 0),
    ("true", 1),
    ("false", 0),
];

impl Attr {
    /// Reads a value as written.
    ///
    /// # Errors
    /// What is accepted, to be put behind "takes": `a whole number from 0 to 255 (milliseconds)`.
    pub fn parse(&self, text: &str) -> Result<Value, String> {
        self.parsed(text.trim()).ok_or_else(|| self.accepts())
    }

    fn parsed(&self, text: &str) -> Option<Value> {
        let among = |words: &[(&str, u64)]| words.iter().find(|(word, _)| *word == text).map(|(_, number)| *number);
        let within = |min: u64, max: u64| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let number = digits.then(|| text.parse::<u64>().ok()).flatten()?;
            (min..=max).contains(&number).then_some(number)
        };
        Some(match self.value {
            Grammar::Range { min, max } => Value::Number(within(min, max)?.checked_mul(self.scale)?),
            Grammar::Decimal { min, max } => Value::Number(self.hundredths(text, min, max)?),
            Grammar::Bool => Value::Number(among(&BOOLS)?),
            Grammar::Choice(words) => Value::Number(among(words)?),
            Grammar::WordsOrRange { words, min, max } => Value::Number(among(words).or_else(|| within(min, max))?),
            Grammar::MacOrRandom if text == "random" => Value::Drawn,
            Grammar::Mac | Grammar::MacOrRandom => {
                let text = text.strip_prefix("ether").map_or(text, str::trim_start);
                Value::Mac(text.parse().ok()?)
            }
            Grammar::Ip4 => Value::Ip(IpAddr::V4(text.parse().ok()?)),
            Grammar::Ip6 => Value::Ip(IpAddr::V6(text.parse().ok()?)),
            Grammar::Ip => Value::Ip(text.parse().ok()?),
            Grammar::Ip4List { max } => {
                let words = text.split([' ', '\t', ',']).filter(|word| !word.is_empty());
                let ips: Option<Vec<IpAddr>> = words.map(|word| word.parse().ok().map(IpAddr::V4)).collect();
                Value::Ips(ips.filter(|ips| (1..=max).contains(&ips.len()))?)
            }
            Grammar::Letters(letters) => Value::Number(flags(letters, text)?),
            Grammar::Mask { max } => {
                let hex = text
                    .strip_prefix("0x")
                    .map(|digits| u64::from_str_radix(digits, 16).ok());
                Value::Number(hex.unwrap_or_else(|| within(0, max)).filter(|number| *number <= max)?)
            }
            Grammar::Text { max } => Value::Text((text.len() <= max).then(|| text.to_owned())?),
            Grammar::Structure => return None,
        })
    }

    /// A number with up to two decimals, in hundredths where the row's scale is 100.
    fn hundredths(&self, text: &str, min: u64, max: u64) -> Option<u64> {
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(part) || part.len() > 2 {
            return None;
        }
        let hundredths = whole.parse::<u64>().ok()?.checked_mul(100)? + format!("{part:0<2}").parse::<u64>().ok()?;
        (min * 100..=max * 100)
            .contains(&hundredths)
            .then(|| hundredths * self.scale / 100)
    }

    /// What the row takes, in words.
    pub fn accepts(&self) -> String {
        let unit = match self.unit {
            Unit::None => "",
            Unit::Seconds => " (seconds)",
            Unit::Millis => " (milliseconds)",
            Unit::Bytes => " (bytes)",
            Unit::Count => "",
        };
        let list = |words: &mut dyn Iterator<Item = &str>| {
            words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
        };
        match self.value {
            Grammar::Range { min, max } => format!("a whole number from {min} to {max}{unit}"),
            Grammar::Decimal { min, max } => format!("a number from {min} to {max} with up to two decimals{unit}"),
            Grammar::Bool => "`yes` or `no` (also `on`, `off`, `1`, `0`)".to_owned(),
            Grammar::Choice(words) => {
                let first = |at: usize| words[..at].iter().all(|(_, number)| *number != words[at].1);
                let words = (0..words.len()).filter(|at| first(*at)).map(|at| words[at].0);
                format!("one of {}", list(&mut { words }))
            }
            Grammar::WordsOrRange { words, min, max } => {
                let words = list(&mut words.iter().map(|(word, _)| *word));
                format!("{words} or a whole number from {min} to {max}{unit}")
            }
            Grammar::Mac => "a hardware address such as `52:54:00:12:34:56`".to_owned(),
            Grammar::MacOrRandom => "a hardware address such as `52:54:00:12:34:56`, or `random`".to_owned(),
            Grammar::Ip4 => "an IPv4 address".to_owned(),
            Grammar::Ip6 => "an IPv6 address".to_owned(),
            Grammar::Ip => "an IPv4 or IPv6 address".to_owned(),
            Grammar::Ip4List { max } => format!("up to {max} IPv4 addresses"),
            Grammar::Letters(letters) => format!("letters of `{letters}`, or `d` for none"),
            Grammar::Mask { max } => format!("a whole number from 0 to {max}, or a hexadecimal one such as `0x7`"),
            Grammar::Text { max } => format!("a text of up to {max} bytes"),
            Grammar::Structure => format!("a value like `{}`", self.example),
        }
    }

    /// The value as it is written in a file, in the file's unit.
    pub fn show(&self, value: &Value) -> String {
        match value {
            Value::Number(number) => self.show_number(*number),
            Value::Mac(mac) => mac.to_string(),
            Value::Drawn => "random".to_owned(),
            Value::Ip(ip) => ip.to_string(),
            Value::Text(text) => text.clone(),
            Value::Ips(ips) => ips.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(" "),
        }
    }

    fn show_number(&self, number: u64) -> String {
        let word = |words: &[(&str, u64)]| {
            let found = words.iter().find(|(_, value)| *value == number);
            found.map_or_else(|| number.to_string(), |(word, _)| (*word).to_owned())
        };
        match self.value {
            Grammar::Bool => {
                let on_off = matches!(self.default, Some("on" | "off"));
                match (number, on_off) {
                    (0, false) => "no",
                    (0, true) => "off",
                    (_, false) => "yes",
                    (_, true) => "on",
                }
                .to_owned()
            }
            Grammar::Choice(words) | Grammar::WordsOrRange { words, .. } => word(words),
            Grammar::Letters(_) if number == 0 => NO_LETTER.to_owned(),
            Grammar::Letters(letters) => {
                let is_on = |(at, _): &(u32, char)| number & (1 << at) != 0;
                (0..)
                    .zip(letters.chars())
                    .filter(is_on)
                    .map(|(_, letter)| letter)
                    .collect()
            }
            Grammar::Decimal { .. } => {
                let hundredths = number * 100 / self.scale.max(1);
                match (hundredths / 100, hundredths % 100) {
                    (whole, 0) => whole.to_string(),
                    (whole, part) if part % 10 == 0 => format!("{whole}.{}", part / 10),
                    (whole, part) => format!("{whole}.{part:02}"),
                }
            }
            _ => (number / self.scale.max(1)).to_string(),
        }
    }

    /// What holds where the option is not written.
    pub fn default_value(&self) -> Option<Value> {
        self.parse(self.default?).ok()
    }

    /// Whether the option may be written for a value of several lines (all of them together are the value).
    pub fn gathers(&self) -> bool {
        self.times == Times::Many && matches!(self.value, Grammar::Ip4List { .. })
    }

    /// Puts the value into the attributes of a link of that kind, or of one of its ports; bits of one attribute are joined.
    /// `false` where the option is not a netlink attribute of a link.
    pub fn put(&self, kind: &Kind, value: &Value, attrs: &mut Attrs) -> bool {
        let Some(attr) = self.attr_of(kind, value) else {
            return false;
        };
        let mut payload = match (self.wire, value) {
            (Wire::Bit(_, bit), Value::Number(number)) => {
                let flags = if *number == 0 { 0 } else { bit };
                [flags.to_ne_bytes(), bit.to_ne_bytes()].concat()
            }
            _ => encode(attr, value),
        };
        if let (Wire::Bit(..), Some(old)) = (self.wire, attrs.get(attr.number)) {
            payload.iter_mut().zip(old).for_each(|(byte, old)| *byte |= old);
        }
        attrs.set(attr.number, &payload);
        true
    }

    /// The attribute that holds this value in a link of that kind; `None` where the option is not a netlink attribute of a
    /// link.
    pub fn attr_of(&self, kind: &Kind, value: &Value) -> Option<&'static KernelAttr> {
        let fits = |attr: &&KernelAttr| match (attr.form, value) {
            (Form::Ip4, Value::Ip(ip)) => ip.is_ipv4(),
            (Form::Ip6, Value::Ip(ip)) => ip.is_ipv6(),
            _ => true,
        };
        self.wire.attrs_of(kind).find(fits)
    }

    /// The value in the attributes of a link of that kind, or of one of its ports.
    pub fn get(&self, kind: &Kind, attrs: &Attrs) -> Option<Value> {
        let (attr, payload) = self
            .wire
            .attrs_of(kind)
            .find_map(|attr| Some((attr, attrs.get(attr.number)?)))?;
        match self.wire {
            Wire::Bit(_, bit) => {
                let (flags, _) = masked(payload)?;
                Some(Value::Number(u64::from(flags & bit != 0)))
            }
            _ => decode(attr, payload),
        }
    }

    /// The value as the kernel has it for this link; `None` where the kernel does not say.
    pub fn read(&self, link: &Link) -> Option<Value> {
        let conf = |values: &[i32], at: u16| Some(Value::Number(u64::try_from(*values.get(usize::from(at))?).ok()?));
        match self.wire {
            Wire::None => None,
            Wire::Link(attr) => self.get(&link.kind, &link.attrs).or_else(|| match attr.form {
                // The kernel leaves the attribute out where there is no text.
                Form::Text => Some(Value::Text(String::new())),
                _ => None,
            }),
            // The kernel leaves the attribute out where no flag is set.
            Wire::Bit(attr, _) if !link.data.is_empty() && attr.place.is_of(&link.kind) => {
                self.get(&link.kind, &link.data).or(Some(Value::Number(0)))
            }
            Wire::Data(_) | Wire::Bit(..) => self.get(&link.kind, &link.data),
            Wire::Port(_) => self.get(&link.kind, &link.port),
            Wire::Conf4(at, _) => conf(&link.conf4, at),
            Wire::Conf6(at, _) => conf(&link.conf6, at),
            Wire::AddrGenMode => Some(Value::Number(u64::from(link.addr_gen_mode?))),
            Wire::Ethtool(field) => {
                let seen = link.ethtool.as_ref()?.seen(field.group)?;
                field.read(seen).map(Value::Number)
            }
        }
    }

    /// The value that is meant on this link: `max` is another number on each.
    pub fn meant<'a>(&self, wanted: &'a Value, link: &Link) -> Cow<'a, Value> {
        let seen = |field: &Field| link.ethtool.as_ref()?.seen(field.group);
        match (self.field().and_then(|field| Some((field, seen(field)?))), wanted) {
            (Some((field, seen)), Value::Number(number)) => Cow::Owned(Value::Number(field.meant(seen, *number))),
            _ => Cow::Borrowed(wanted),
        }
    }

    /// Whether the kernel has what is wanted. Times are kept in ticks: with 250 ticks a second 31.25 s reads back as
    /// 31.24 s, so one hundredth less is the same.
    pub fn same(&self, wanted: &Value, found: &Value) -> bool {
        match (wanted, found) {
            (Value::Number(wanted), Value::Number(found)) if self.scale == 100 => {
                wanted == found || *wanted == found + 1
            }
            _ => wanted == found,
        }
    }
}

/// The payload of an attribute that is not bits.
fn encode(attr: &KernelAttr, value: &Value) -> Vec<u8> {
    match value {
        Value::Number(number) => attr.width.bytes(*number),
        Value::Mac(mac) => mac.bytes().to_vec(),
        // Nothing is asked of the kernel before it is drawn.
        Value::Drawn => Vec::new(),
        Value::Ip(ip) => octets(*ip),
        Value::Text(text) => text.as_bytes().to_vec(),
        Value::Ips(ips) => {
            let numbered = (0u16..).zip(ips.iter().map(|ip| octets(*ip)));
            numbered.collect::<Attrs>().as_bytes().to_vec()
        }
    }
}

/// The payload of an attribute that is not bits, as a value; `None` where it is too short or of the wrong shape.
fn decode(attr: &KernelAttr, payload: &[u8]) -> Option<Value> {
    Some(match attr.form {
        Form::Mac => Value::Mac(Mac::new(payload)?),
        Form::Ip4 | Form::Ip6 | Form::Ip => Value::Ip(address(payload)?),
        Form::Ips => Value::Ips(nla::iter(payload).filter_map(|(_, bytes)| address(bytes)).collect()),
        Form::Text => {
            let text = payload.strip_suffix(b"\0").unwrap_or(payload);
            Value::Text(String::from_utf8_lossy(text).into_owned())
        }
        Form::Number | Form::Word(_) | Form::Named(_) | Form::Switch | Form::LinkIndex | Form::State => {
            Value::Number(attr.width.number(payload)?)
        }
        Form::Bits(_) => return None,
    })
}

/// The letter of [`Grammar::Letters`] that stands for none of the others.
const NO_LETTER: &str = "d";

/// One bit for each letter.
fn flags(letters: &str, text: &str) -> Option<u64> {
    if text == NO_LETTER {
        return Some(0);
    }
    let bit = |letter: char| letters.chars().position(|known| known == letter).map(|at| 1u64 << at);
    let bits: Option<Vec<u64>> = text.chars().map(bit).collect();
    let all = bits?.into_iter().fold(0, |all, bit| all | bit);
    (all != 0).then_some(all)
}

fn octets(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}

pub(crate) fn address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes)
            .ok()
            .map(|octets| IpAddr::V4(Ipv4Addr::from(octets))),
        16 => <[u8; 16]>::try_from(bytes)
            .ok()
            .map(|octets| IpAddr::V6(Ipv6Addr::from(octets))),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
