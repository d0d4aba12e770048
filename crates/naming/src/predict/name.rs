//! Names as they are put together, and which ones an interface may have.

/// A name and what its parts stand for.
#[derive(Clone, Debug)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) reason: String,
}

/// Most bytes of a name that udev keeps in a property: one less than the kernel's ALTIFNAMSIZ.
const MOST_OFFERED: usize = 127;
/// Most bytes of an interface's name: one less than the kernel's IFNAMSIZ.
const MOST: usize = 15;

impl Name {
    pub(super) fn of(text: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            reason: reason.into(),
        }
    }

    /// Adds a part.
    pub(super) fn and(mut self, text: impl AsRef<str>, reason: impl AsRef<str>) -> Self {
        self.text += text.as_ref();
        if !reason.as_ref().is_empty() {
            if !self.reason.is_empty() {
                self.reason += ", ";
            }
            self.reason += reason.as_ref();
        }
        self
    }

    /// Adds the parts of another name.
    pub(super) fn and_name(self, other: &Name) -> Self {
        self.and(&other.text, &other.reason)
    }

    pub(super) fn nothing() -> Self {
        Self::of("", "")
    }

    /// Whether udev keeps a name of this length.
    pub(super) fn fits(&self) -> bool {
        self.text.len() <= MOST_OFFERED
    }
}

/// Why a name cannot be that of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Illegal {
    /// It has no sign.
    Empty,
    /// It has more than 15 bytes.
    TooLong,
    /// It is `.`, `..`, `all` or `default`.
    Reserved,
    /// It has a sign that is a blank, a control character, no ASCII, `:`, `/` or `%`.
    Sign(char),
    /// It has digits only.
    Number,
}

/// Whether an interface may have this name, as udev sees it: it is stricter than the kernel.
///
/// *Source*: systemd.link(5), `Name=`; tried with udevadm.
pub fn legal(name: &str) -> Result<(), Illegal> {
    let bad = |char: &char| !char.is_ascii_graphic() || [':', '/', '%'].contains(char);
    match name {
        "" => Err(Illegal::Empty),
        _ if name.len() > MOST => Err(Illegal::TooLong),
        "." | ".." | "all" | "default" => Err(Illegal::Reserved),
        _ if name.bytes().all(|byte| byte.is_ascii_digit()) => Err(Illegal::Number),
        _ => match name.chars().find(bad) {
            Some(sign) => Err(Illegal::Sign(sign)),
            None => Ok(()),
        },
    }
}

impl std::fmt::Display for Illegal {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Illegal::Empty => out.write_str("it is empty"),
            Illegal::TooLong => write!(out, "it has more than {MOST} bytes"),
            Illegal::Reserved => out.write_str("the name is reserved"),
            Illegal::Sign(sign) => write!(out, "{sign:?} may not be in it"),
            Illegal::Number => out.write_str("it has digits only"),
        }
    }
}
