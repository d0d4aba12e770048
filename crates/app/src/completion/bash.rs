//! bash(1): one function per program, by the variables of `complete -F`.

use super::spec::{LINKS, Line, MADE, Spec};
use cleat_cli::{Hint, Takes};

pub(super) fn script(spec: &Spec) -> String {
    let function = format!("_{}", spec.name.replace('-', "_"));
    let mut text =
        format!("# shellcheck shell=bash\n{MADE}\n{function}() {{\n    local cur=${{COMP_WORDS[COMP_CWORD]}}\n");
    let mut options = spec.verbs.iter().chain(&spec.alone).flat_map(|line| &line.options);
    if options.any(|option| option.takes == Takes::Value) {
        text += "    local prev=${COMP_WORDS[COMP_CWORD-1]}\n";
    }
    if let Some(line) = &spec.alone {
        text += &body(line, "    ");
    } else {
        text += "    local verb='' word\n    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n";
        text += "        [[ $word == -* ]] || { verb=$word; break; }\n    done\n    case $verb in\n";
        let names: Vec<&str> = spec.verbs.iter().map(|verb| verb.name).collect();
        text += &format!(
            "    '' | help)\n{}        ;;\n",
            offer(&format!("'help {}'", names.join(" ")), "        ")
        );
        for verb in &spec.verbs {
            text += &format!("    {})\n{}        ;;\n", verb.name, body(verb, "        "));
        }
        text += "    esac\n";
    }
    text + &format!("}}\ncomplete -F {function} {}\n", spec.name)
}

/// What follows a verb: the value of the option before, options, words.
fn body(line: &Line, indent: &str) -> String {
    let mut text = String::new();
    let valued: Vec<_> = line
        .options
        .iter()
        .filter(|option| option.takes == Takes::Value)
        .collect();
    if !valued.is_empty() {
        text += &format!("{indent}case $prev in\n");
        for option in valued {
            let spellings: Vec<&str> = option.spellings().collect();
            let value = hinted(option.hint, &format!("{indent}    "));
            text += &format!(
                "{indent}{})\n{value}{indent}    return\n{indent}    ;;\n",
                spellings.join(" | ")
            );
        }
        text += &format!("{indent}esac\n");
    }
    let options: Vec<&str> = line.options.iter().flat_map(|option| option.spellings()).collect();
    let deeper = format!("{indent}    ");
    text += &format!(
        "{indent}if [[ $cur == -* ]]; then\n{}",
        offer(&format!("'{}'", options.join(" ")), &deeper)
    );
    match hinted(line.words, &deeper) {
        words if words.is_empty() => text + &format!("{indent}fi\n"),
        words => text + &format!("{indent}else\n{words}{indent}fi\n"),
    }
}

/// Offers words, quoted as the shell is to read them.
fn offer(words: &str, indent: &str) -> String {
    format!("{indent}mapfile -t COMPREPLY < <(compgen -W {words} -- \"$cur\")\n")
}

fn hinted(hint: Hint, indent: &str) -> String {
    match hint {
        Hint::Free => String::new(),
        Hint::File => format!("{indent}mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"),
        Hint::Directory => format!("{indent}mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")\n"),
        Hint::Interface => offer(&format!("\"$({LINKS})\""), indent),
        Hint::OneOf(words) => offer(&format!("'{}'", words.join(" ")), indent),
        Hint::Switch(words) => offer(&format!("\"{} $({LINKS})\"", words.join(" ")), indent),
    }
}
