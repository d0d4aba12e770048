//! `--read-environment`: what /etc/default/networking says of a boot. A unit hands it on as environment variables.

use super::{Args, Verbosity};
use crate::command::Command;
use regex_lite::escape;

/// Whether interfaces are to be brought up at all: not with `CONFIGURE_INTERFACES=no`.
///
/// *Source*: /etc/default/networking of ifupdown 0.8.41 and start-networking of ifupdown2.
pub fn is_on(variable: &dyn Fn(&str) -> Option<String>) -> bool {
    variable("CONFIGURE_INTERFACES").as_deref() != Some("no")
}

/// The interfaces of `EXCLUDE_INTERFACES`: names and shell patterns, as regular expressions of whole names.
pub fn excluded(variable: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let words = variable("EXCLUDE_INTERFACES").unwrap_or_default();
    words.split_whitespace().map(expression).collect()
}

/// A shell pattern as a regular expression of the whole text.
fn expression(glob: &str) -> String {
    let mut text = String::from("^");
    let mut rest = glob;
    while let Some(sign) = rest.chars().next() {
        // `[ab]`, `[!ab]`: a `[` without its `]` stands for itself.
        if let Some((class, behind)) = rest.strip_prefix('[').and_then(|class| class.split_once(']')) {
            let (not, signs) = class.strip_prefix('!').map_or(("", class), |signs| ("^", signs));
            text += &format!("[{not}{signs}]");
            rest = behind;
            continue;
        }
        rest = &rest[sign.len_utf8()..];
        match sign {
            '*' => text += ".*",
            '?' => text.push('.'),
            _ => text += &escape(sign.encode_utf8(&mut [0; 4])),
        }
    }
    text + "$"
}

/// Heeds the variables; whether there is anything left to do.
pub fn heed(args: &mut Args, variable: &dyn Fn(&str) -> Option<String>) -> bool {
    args.exclude.extend(excluded(variable));
    if variable("VERBOSE").as_deref() == Some("yes") {
        args.verbosity = args.verbosity.max(Verbosity::Verbose);
    }
    args.command != Command::Ifup || is_on(variable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex_lite::Regex;

    /// Second witness: the comments of /etc/default/networking: "Set to 'no' to skip interfaces configuration on boot",
    /// "Shell wildcards supported".
    #[test]
    fn what_debians_file_of_defaults_says_is_heeded() {
        let heeded = |command: Command, said: &[(&str, &str)]| {
            let mut args = Args::new(command);
            let variable = |name: &str| {
                let found = said.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            let goes_on = heed(&mut args, &variable);
            (goes_on, args.exclude, args.verbosity)
        };
        let normal = Verbosity::Normal;
        assert_eq!(heeded(Command::Ifup, &[]), (true, vec![], normal));
        let no = [("CONFIGURE_INTERFACES", "no")];
        assert_eq!(heeded(Command::Ifup, &no), (false, vec![], normal));
        assert_eq!(heeded(Command::Ifdown, &no), (true, vec![], normal));
        let yes = [
            ("CONFIGURE_INTERFACES", "yes"),
            ("VERBOSE", "no"),
            ("EXCLUDE_INTERFACES", ""),
        ];
        assert_eq!(heeded(Command::Ifup, &yes), (true, vec![], normal));
        let some = [
            ("EXCLUDE_INTERFACES", "eno1 wl* bond0.? eth[01] ib[!2]"),
            ("VERBOSE", "yes"),
        ];
        let (goes_on, patterns, verbosity) = heeded(Command::Ifup, &some);
        assert_eq!((goes_on, verbosity), (true, Verbosity::Verbose));
        let excluded = |name: &str| {
            patterns
                .iter()
                .any(|pattern| Regex::new(pattern).unwrap().is_match(name))
        };
        for name in ["eno1", "wlan0", "bond0.5", "eth1", "ib0"] {
            assert!(excluded(name), "{name}");
        }
        for name in ["eno10", "bond0x5", "bond0.50", "lo", "eth2", "ib2"] {
            assert!(!excluded(name), "{name}");
        }
    }
}
