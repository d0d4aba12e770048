//! `--read-environment`: what /etc/default/networking says of a boot. A unit hands it on as environment variables.

use super::{Args, Verbosity};
use crate::command::Command;
use regex_lite::{Regex, escape};

/// Whether interfaces are to be brought up at all: not with `CONFIGURE_INTERFACES=no`.
///
/// *Source*: /etc/default/networking of ifupdown 0.8.41 and start-networking of ifupdown2.
pub fn is_on(variable: &dyn Fn(&str) -> Option<String>) -> bool {
    variable("CONFIGURE_INTERFACES").as_deref() != Some("no")
}

/// The interfaces of `EXCLUDE_INTERFACES`: names and shell patterns, as regular expressions of whole names.
pub fn excluded(variable: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let words = variable("EXCLUDE_INTERFACES").unwrap_or_default();
    let patterns = words.split_whitespace().map(|word| {
        let text = escape(word).replace("\\*", ".*").replace("\\?", ".");
        format!("^{text}$")
    });
    // `[ab]` is not among what is translated: as a name it matches nothing.
    patterns.filter(|pattern| Regex::new(pattern).is_ok()).collect()
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
        let some = [("EXCLUDE_INTERFACES", "eno1 wl* bond0.?"), ("VERBOSE", "yes")];
        let (goes_on, patterns, verbosity) = heeded(Command::Ifup, &some);
        assert_eq!((goes_on, verbosity), (true, Verbosity::Verbose));
        let excluded = |name: &str| {
            patterns
                .iter()
                .any(|pattern| Regex::new(pattern).unwrap().is_match(name))
        };
        let names = ["eno1", "eno10", "wlan0", "bond0.5", "bond0x5", "bond0.50", "lo"];
        assert_eq!(names.map(excluded), [true, false, true, true, false, false, false]);
    }
}
