//! How much is said.

/// The least that is said, and all above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What went wrong.
    Error,
    /// What is not as it should be, too.
    Warn,
    /// What was found, too.
    Info,
    /// What was looked at, too.
    Debug,
}

impl Level {
    /// As `RUST_LOG` says: the kernel hands words of its command line that it does not know to the programs of the
    /// initramfs. Without a word for this program it is [`Level::Info`].
    ///
    /// *Source*: the manual of env_logger, "Enabling logging": `LEVEL` or `MODULE=LEVEL`, with commas between them.
    pub fn of(words: &str) -> Self {
        let mut ours = words.split(',').filter_map(|word| match word.trim().split_once('=') {
            None => Self::named(word.trim()),
            Some(("cleat_early", level)) => Self::named(level),
            Some(_) => None,
        });
        ours.next_back().unwrap_or(Self::Info)
    }

    fn named(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "off" | "error" => Some(Self::Error),
            "warn" => Some(Self::Warn),
            "info" => Some(Self::Info),
            "debug" | "trace" => Some(Self::Debug),
            _ => None,
        }
    }

    /// *Source*: syslog(3).
    pub(crate) fn priority(self) -> u8 {
        match self {
            Self::Error => 3,
            Self::Warn => 4,
            Self::Info => 6,
            Self::Debug => 7,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_for_this_program_counts() {
        assert_eq!(Level::of(""), Level::Info);
        assert_eq!(Level::of("debug"), Level::Debug);
        assert_eq!(Level::of("info,cleat_early=WARN,cleat_app=trace"), Level::Warn);
        assert_eq!(Level::of("cleat_app=error"), Level::Info);
        assert_eq!(Level::of("no-such-level"), Level::Info);
    }
}
