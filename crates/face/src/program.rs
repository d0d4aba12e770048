//! The table of `cleat`'s verbs.

use super::options::Options;
use super::{check, demo, graph, log, online, plan, status};
use cleat_cli::{self as cli, COLOR, Call, End, Hint, JSON, Opt, Program, Verb, Words, file, flag};

const FROM: Opt = file(
    "--from FILE",
    "read FILE in place of /etc/network/interfaces (`-` is standard input)",
);
const WIDTH: Opt = flag("--width N", "columns to use (default: those of the terminal, else 80)");
const ASCII: Opt = flag("--ascii", "use only ASCII characters");

/// `cleat`: parsing, help, the manual page and the completions go over these rows.
pub static PROGRAM: Program = Program {
    name: "cleat",
    about: "cleat keeps a Debian or Proxmox VE host on its network.",
    others: true,
    closing: "`cleat X` for any other X runs the program `cleat-X`.\n\
              To change the network: ifup(8), ifdown(8), ifreload(8).\n",
    verbs: &[
        Verb {
            name: "check",
            usage: "cleat check [FILE] [--offline | --online | --takeover] [--json] [--color WHEN]",
            short: "judges the configuration, with every fault shown in place",
            doc: "Judges the configuration and points at every fault, as a compiler does. Exit code 0: no error \
                  (warnings may be there), 1: errors, 2: bad arguments.",
            words: Words {
                name: "FILE",
                doc: "judge this file (`-` is standard input) in place of /etc/network/interfaces, and for itself: a \
                      NIC that this machine lacks is not a fault",
                least: 0,
                most: 1,
                hint: Hint::File,
            },
            options: &[
                flag("--online", "judge FILE against this machine's links too"),
                flag("--offline", "do not look at this machine's links"),
                flag(
                    "--takeover",
                    "judge whether this program can take over from ifupdown or ifupdown2: what it does not do yet \
                     (DHCP, some options) is an error; implies --offline",
                ),
                JSON,
                COLOR,
            ],
            run: |call| with_options(call, check::run),
        },
        Verb {
            name: "plan",
            usage: "cleat plan [--from FILE] [--exit-code] [--json] [--color WHEN]",
            short: "shows what a reload would do now, and who would notice",
            doc: "Shows what `ifreload -a` would do now, by interface, with the like ip command on each line, and \
                  who would notice: logins (this one first) and other conversations, addresses, default routes, carriers, \
                  VLANs and MTUs of guests. Hooks that run are named; what they do is not known. Changes nothing. Exit \
                  code 1 where the file has errors.",
            words: Words::NONE,
            options: &[
                FROM,
                flag(
                    "--exit-code",
                    "end with 0 where there is nothing to do, 2 where there is something that nobody would notice, 3 \
                     where it interrupts somebody",
                ),
                JSON,
                COLOR,
            ],
            run: |call| with_options(call, plan::run),
        },
        Verb {
            name: "status",
            usage: "cleat status [--watch] [--json] [--width N] [--ascii] [--color WHEN]",
            short: "shows declared against real on one screen",
            doc: "Declared against real on one screen. Exit code 1 where the kernel differs from what is declared.",
            words: Words::NONE,
            options: &[
                flag(
                    "--watch",
                    "show it again whenever the kernel reports a change, until interrupted",
                ),
                FROM,
                JSON,
                WIDTH,
                ASCII,
                COLOR,
            ],
            run: |call| with_options(call, status::run),
        },
        Verb {
            name: "log",
            usage: "cleat log [IFACE] [--lines N] [--json]",
            short: "shows what the last runs did",
            doc: "Shows what the last runs of ifup, ifdown and ifreload since the host came up did: when, called by \
                  whom, each step with its result, and the codes of warnings and errors. Hooks are named by their phase. \
                  Needs root: the record is root's alone.",
            words: Words {
                name: "IFACE",
                doc: "show only runs that touched this interface, and of these only what did",
                least: 0,
                most: 1,
                hint: Hint::Interface,
            },
            options: &[flag("-n, --lines N", "show so many runs (default: 10)"), JSON],
            run: log::run,
        },
        Verb {
            name: "graph",
            usage: "cleat graph [--from FILE | --live] [--svg FILE] [--width N] [--ascii] [--color WHEN]",
            short: "draws the topology, in the terminal or as SVG",
            doc: "Draws the topology: NICs, bonds, VLANs, bridges and guests in layers, addresses inside.",
            words: Words::NONE,
            options: &[
                FROM,
                flag("--live", "draw all that the kernel has, declared or not"),
                file("--svg FILE", "write an SVG picture to FILE (`-` is standard output)"),
                WIDTH,
                ASCII,
                COLOR,
            ],
            run: |call| with_options(call, graph::run),
        },
        Verb {
            name: "wait-online",
            usage: "cleat wait-online [--timeout SECONDS]",
            short: "waits until the declared network carries traffic",
            doc: "Waits until every link that comes up at boot is there and up, those with addresses have carrier, and \
                  no address is tentative any more (duplicate address detection). Exit code 1, with what is lacking, \
                  where the time limit passes. cleat-online.service runs it before network-online.target.",
            words: Words::NONE,
            options: &[flag("--timeout SECONDS", "wait for so long (default: 60)"), FROM],
            run: |call| with_options(call, online::run),
        },
        Verb {
            name: "demo",
            usage: "cleat demo [--color WHEN]",
            short: "gives a tour in a network of its own",
            doc: "A tour in a network of its own, which vanishes at the end: the host's network is never touched. \
                  Needs root (or user namespaces), and the programs ip and ping.",
            words: Words::NONE,
            options: &[WIDTH, COLOR],
            run: |call| with_options(call, demo::run),
        },
    ],
};

fn with_options(call: &Call, run: fn(&Options) -> End) -> End {
    match Options::of(call) {
        Ok(options) => run(&options),
        Err(text) => {
            cli::complain(&text);
            End::Usage
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cleat_cli::Ask;
    use std::ffi::OsString;

    fn ask(words: &str) -> Result<Ask, String> {
        PROGRAM.parse(words.split_whitespace().map(OsString::from))
    }

    fn options(words: &str) -> Result<Options, String> {
        match ask(words)? {
            Ask::Run(call) => Options::of(&call),
            other => panic!("{words}: {other:?}"),
        }
    }

    #[test]
    fn every_option_of_the_help_says_something() {
        for verb in PROGRAM.verbs {
            let words = verb.options.iter().map(|option| match option.form {
                "--width N" => "--width 100".to_owned(),
                "-n, --lines N" => "-n 5".to_owned(),
                "--timeout SECONDS" => "--timeout 5".to_owned(),
                "--color WHEN" => "--color never".to_owned(),
                other => other.replace("FILE", "some-file"),
            });
            let file = (verb.words.most > 0).then(|| "some-file".to_owned());
            for word in words.chain(file) {
                let found = options(&format!("{} {word}", verb.name));
                assert_ne!(found, Ok(Options::default()), "cleat {} {word} is not lost", verb.name);
                found.unwrap_or_else(|text| panic!("cleat {} {word}: {text}", verb.name));
            }
        }
    }

    #[test]
    fn what_makes_no_sense_is_told_with_the_nearest_word() {
        for (words, text) in [
            (
                "check --jsn",
                "`cleat check` does not take `--jsn`; did you mean `--json`?",
            ),
            ("check a b", "`cleat check` does not take `b`"),
            ("plan --live", "`cleat plan` does not take `--live`"),
            ("graph --width 3", "`--width` takes a number from 20 to 10000, not `3`"),
            ("graph --color red", "`--color` takes auto, always or never, not `red`"),
            (
                "help chek",
                "there is no command `cleat chek`; did you mean `cleat check`?",
            ),
            ("--json check", "`--json` must come after a command; see `cleat help`"),
        ] {
            assert_eq!(options(words), Err(text.to_owned()), "cleat {words}");
        }
        assert_eq!(PROGRAM.unknown("frobnicate"), "there is no command `cleat frobnicate`");
    }

    #[test]
    fn other_words_name_a_program_and_keep_their_arguments() {
        let asked = ask("link --list -x");
        let Ok(Ask::Other(name, rest)) = &asked else {
            panic!("{asked:?}");
        };
        assert_eq!(
            (name.as_str(), &rest[..]),
            ("link", &["--list".into(), "-x".into()][..])
        );
        assert!(matches!(ask(""), Ok(Ask::Help(None))));
        assert!(matches!(ask("--version"), Ok(Ask::Version)));
        let status = PROGRAM.verb("status").map(|verb| verb.name);
        assert!(matches!(ask("status --help"), Ok(Ask::Help(Some(verb))) if Some(verb.name) == status));
    }
}
