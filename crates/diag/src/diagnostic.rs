//! The only thing a user sees go wrong.

use crate::Place;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth saying; nothing is wrong.
    Info,
    /// Works, but likely not as meant.
    Warning,
    /// Wrong: a checker stops here.
    Error,
}

impl Severity {
    /// The word that is printed.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// A place with a few words under the caret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// What to underline.
    pub place: Place,
    /// What to say there; may be empty.
    pub text: String,
}

/// A further remark, with the place it speaks of where it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The remark; where there is a place, ` at file:line:col` is printed behind it.
    pub text: String,
    /// The same without the text of files, which may hold keys: for the journal, which others read.
    pub bare: Option<String>,
    /// The place it speaks of.
    pub place: Option<Place>,
}

/// One thing that is wrong: what, where, why, and what to do.
///
/// *Style*: lower case, no final full stop, option names in backticks, values quoted as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Stable kebab-case name, documented in docs/diagnostics.md and never reused.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
    /// The interface it concerns, where there is one (Proxmox's task log looks for `error: <iface>:`).
    pub iface: Option<String>,
    /// What to underline.
    pub label: Option<Label>,
    /// Further remarks, in order.
    pub notes: Vec<Note>,
    /// What to do, in order.
    pub help: Vec<String>,
    /// Of an error: what it is about is left out and the rest is done, so that it makes an exit code and stops nothing.
    pub leaves_out: bool,
}

impl Diagnostic {
    /// A diagnostic with nothing but its sentence.
    pub fn new(severity: Severity, code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            severity,
            code,
            message,
            iface: None,
            label: None,
            notes: Vec::new(),
            help: Vec::new(),
            leaves_out: false,
        }
    }

    /// Whether nothing must be changed because of it: an error that does not only leave something out.
    pub fn stops(&self) -> bool {
        self.severity == Severity::Error && !self.leaves_out
    }

    /// An error.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    /// A warning.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    /// An info.
    pub fn info(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Info, code, message)
    }

    /// Underlines `place` and says `text` there.
    #[must_use]
    pub fn at(mut self, place: Place, text: impl Into<String>) -> Self {
        self.label = Some(Label {
            place,
            text: text.into(),
        });
        self
    }

    /// Names the interface.
    #[must_use]
    pub fn on(mut self, iface: impl ToString) -> Self {
        self.iface = Some(iface.to_string());
        self
    }

    /// Adds a remark.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(Note {
            text: text.into(),
            bare: None,
            place: None,
        });
        self
    }

    /// Adds a remark that speaks of a place: `text at file:line:col`.
    #[must_use]
    pub fn note_at(mut self, place: Place, text: impl Into<String>) -> Self {
        self.notes.push(Note {
            text: text.into(),
            bare: None,
            place: Some(place),
        });
        self
    }

    /// Has the last remark say this instead where the text of files is not to be shown.
    #[must_use]
    pub fn bare(mut self, text: impl Into<String>) -> Self {
        if let Some(note) = self.notes.last_mut() {
            note.bare = Some(text.into());
        }
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }
}

/// How many of each there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Number of errors.
    pub errors: usize,
    /// Number of warnings.
    pub warnings: usize,
}

impl Summary {
    /// Counts.
    pub fn of<'a>(diagnostics: impl IntoIterator<Item = &'a Diagnostic>) -> Self {
        diagnostics.into_iter().fold(Self::default(), |mut sum, diagnostic| {
            match diagnostic.severity {
                Severity::Error => sum.errors += 1,
                Severity::Warning => sum.warnings += 1,
                Severity::Info => {}
            }
            sum
        })
    }
}

impl std::fmt::Display for Summary {
    /// `2 errors, 1 warning`.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let plural = |n: usize| if n == 1 { "" } else { "s" };
        let Self { errors, warnings } = *self;
        write!(
            out,
            "{errors} error{}, {warnings} warning{}",
            plural(errors),
            plural(warnings)
        )
    }
}
