//! The table of `cleat-commit`'s verbs.

use super::{boot, guard, live, past, staging, status, trying};
use cleat_cli::{COLOR, Hint, JSON, Opt, Program, Verb, Words, flag};

const CONFIRM_BOOT: Opt = flag(
    "--confirm-boot[=CHECK]",
    "what the first boot with it has to pass: `links` (also without CHECK), `gateway`, or a command that begins with \
     `/`; where it does not, the configuration before it is brought up in the same boot",
);
const TIMEOUT: Opt = flag(
    "--timeout SECONDS",
    "put everything back after so long without a confirmation, `60` or `60s` (default: 60, see cleat.toml(5))",
);

/// `cleat-commit`: parsing, help, the manual page and the completions go over these rows.
pub static PROGRAM: Program = Program {
    name: "cleat-commit",
    about: "Makes a staged network configuration the live one, and goes back.",
    others: false,
    closing: "",
    verbs: &[
        Verb {
            name: "stage",
            usage: "cleat-commit stage FILE [--confirm-boot[=CHECK]]",
            short: "stages a file for the next boot, or for `apply`",
            doc: "Judges FILE with all that it sources, against this machine too, and puts it where the next boot \
                  finds it: /etc/network/interfaces.new. What it was made from is noted, so that a change of the \
                  live file in between is merged or told. Errors stop it.",
            words: Words {
                name: "FILE",
                doc: "the configuration (`-` is standard input)",
                least: 1,
                most: 1,
                hint: Hint::File,
            },
            options: &[CONFIRM_BOOT],
            run: staging::stage,
        },
        Verb {
            name: "edit",
            usage: "cleat-commit edit [--confirm-boot[=CHECK]]",
            short: "edits a copy of the configuration and stages it",
            doc: "Opens the staged configuration, or a copy of the live one where none is staged, in $VISUAL, $EDITOR \
                  or editor(1); judges it when it is saved, shows what is wrong, and asks what to do.",
            words: Words::NONE,
            options: &[CONFIRM_BOOT],
            run: staging::edit,
        },
        Verb {
            name: "revert",
            usage: "cleat-commit revert",
            short: "takes the staged file away",
            doc: "Takes the staged file away; the live one stays as it is.",
            words: Words::NONE,
            options: &[],
            run: staging::revert,
        },
        Verb {
            name: "status",
            usage: "cleat-commit status [--json] [--color WHEN]",
            short: "tells what is staged and what would become of it",
            doc: "Tells what is staged, by whom and for how long, what it would change, and whether it would be \
                  refused; what was refused at the last boot; and what waits for a confirmation. Exit code 1 where \
                  the staged file would be refused.",
            words: Words::NONE,
            options: &[JSON, COLOR],
            run: status::status,
        },
        Verb {
            name: "apply",
            usage: "cleat-commit apply",
            short: "makes the staged file the live one now, and reloads",
            doc: "Judges the staged file, commits it, and makes the kernel as it says, like `ifreload -a`. Where that \
                  fails, file and kernel are put back.",
            words: Words::NONE,
            options: &[],
            run: live::apply,
        },
        Verb {
            name: "try",
            usage: "cleat-commit try [--timeout SECONDS]",
            short: "applies, and puts everything back unless it is confirmed",
            doc: "As `apply`, and then waits for Enter, or for `cleat-commit confirm` from any login. Without it, when \
                  the terminal hangs up, and when this process is killed, everything is put back: by a process that \
                  does not depend on the terminal. A reboot before the confirmation puts it back too.",
            words: Words::NONE,
            options: &[TIMEOUT],
            run: trying::try_out,
        },
        Verb {
            name: "confirm",
            usage: "cleat-commit confirm",
            short: "keeps what is on trial",
            doc: "Keeps the configuration that `try` has brought up, or that this boot is the first one with.",
            words: Words::NONE,
            options: &[],
            run: live::confirm,
        },
        Verb {
            name: "history",
            usage: "cleat-commit history [--json] [--color WHEN]",
            short: "lists the generations",
            doc: "Lists the generations: number, time, whether the host came up healthy with it, who or what made it, \
                  and what changed. Every commit makes one, and every boot, `ifup -a` and `ifreload -a` that finds other files \
                  than the newest one holds; `history = false` in cleat.toml(5) leaves the latter out. Times are those \
                  of the host's time zone, or of TZ.",
            words: Words::NONE,
            options: &[JSON, COLOR],
            run: past::history,
        },
        Verb {
            name: "show",
            usage: "cleat-commit show N [--json]",
            short: "prints the files of a generation",
            doc: "Prints what generation N held: the interfaces file, all that it sourced, and cleat's own .link files \
                  and sysctl snippets.",
            words: Words {
                name: "N",
                doc: "the number of the generation",
                least: 1,
                most: 1,
                hint: Hint::Free,
            },
            options: &[JSON],
            run: past::show,
        },
        Verb {
            name: "diff",
            usage: "cleat-commit diff [A] [B] [--json] [--color WHEN]",
            short: "shows what changed between two generations",
            doc: "Shows the changes from A to B. Without B, from A to what is live now; with neither, what the staged \
                  file would change.",
            words: Words {
                name: "A B",
                doc: "numbers of generations",
                least: 0,
                most: 2,
                hint: Hint::Free,
            },
            options: &[JSON, COLOR],
            run: past::diff,
        },
        Verb {
            name: "rollback",
            usage: "cleat-commit rollback [N] [--now] [--json]",
            short: "goes back to a generation, at the next boot or now",
            doc: "Stages the files of generation N, or of the last healthy one that differs from the live files, for the next boot; with \
                  `--now` makes them the live ones and reloads, as `apply` does. Without N and with `--now`, a commit \
                  that waits for its confirmation is taken back.",
            words: Words {
                name: "N",
                doc: "the number of the generation",
                least: 0,
                most: 1,
                hint: Hint::Free,
            },
            options: &[flag("--now", "do it now, not at the next boot"), JSON],
            run: live::rollback,
        },
        Verb {
            name: "boot",
            usage: "cleat-commit boot",
            short: "commits what is staged (run by cleat-commit.service)",
            doc: "Run by cleat-commit.service before the network is brought up: finishes or undoes what was cut \
                  short, and commits the staged file. A file with errors is left where it is, and so is the live \
                  one.",
            words: Words::NONE,
            options: &[],
            run: boot::boot,
        },
        Verb {
            name: "check-boot",
            usage: "cleat-commit check-boot",
            short: "checks a first boot (run by cleat-confirm.service)",
            doc: "Run by cleat-confirm.service once the network is up: makes the check that was asked for with the \
                  configuration that this is the first boot of, and brings up the one before it where it fails.",
            words: Words::NONE,
            options: &[],
            run: boot::check_boot,
        },
        Verb {
            name: guard::VERB,
            usage: "cleat-commit guard-try",
            short: "watches over a `try` (run by it)",
            doc: "Run by `try`: puts everything back when the time is over, or the one that waits is gone.",
            words: Words::NONE,
            options: &[],
            run: trying::guard_try,
        },
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_says_how_it_is_called() {
        for verb in PROGRAM.verbs {
            assert!(
                verb.usage.starts_with(&format!("cleat-commit {}", verb.name)),
                "{}",
                verb.name
            );
        }
    }
}
