//! zsh(1): `_arguments` and `_describe` of zshcompsys(1).

use super::spec::{Choice, LINKS, Line, MADE, Spec, quoted};
use cleat_cli::{Hint, Takes};

pub(super) fn script(spec: &Spec) -> String {
    let mut text = format!("#compdef {}\n{MADE}\n", spec.name);
    if let Some(line) = &spec.alone {
        return text + &arguments(line, "");
    }
    text += "local -a verbs\nverbs=(\n";
    for verb in &spec.verbs {
        text += &format!("  {}\n", quoted(&format!("{}:{}", verb.name, verb.short), "'\\''"));
    }
    text += "  'help:tells more of a command'\n)\n";
    text += "if (( CURRENT == 2 )); then\n  _describe command verbs\n  return\nfi\n";
    text += "shift words\n(( CURRENT-- ))\ncase $words[1] in\n  help)\n    _describe command verbs\n    ;;\n";
    for verb in &spec.verbs {
        text += &format!("  {})\n{}    ;;\n", verb.name, arguments(verb, "    "));
    }
    text + "esac\n"
}

fn arguments(line: &Line, indent: &str) -> String {
    let mut text = format!("{indent}_arguments -s");
    for option in &line.options {
        for spelling in option.spellings() {
            text += &format!(" \\\n{indent}  {}", quoted(&described(option, spelling), "'\\''"));
        }
    }
    if let Some(action) = action(line.words) {
        text += &format!(" \\\n{indent}  {}", quoted(&format!("*:word:{action}"), "'\\''"));
    }
    text + "\n"
}

/// *Shape*: `--long[doc]:value:action`; `*` before it lets it come again.
fn described(option: &Choice, spelling: &str) -> String {
    let doc = option.doc.replace(['[', ']'], "").replace(':', "\\:");
    let value = action(option.hint).unwrap_or_else(|| " ".to_owned());
    match option.takes {
        Takes::Nothing => format!("*{spelling}[{doc}]"),
        Takes::Value => format!("*{spelling}[{doc}]:value:{value}"),
        Takes::Perhaps => format!("*{spelling}=-[{doc}]::value:{value}"),
    }
}

fn action(hint: Hint) -> Option<String> {
    Some(match hint {
        Hint::Free => return None,
        Hint::File => "_files".to_owned(),
        Hint::Directory => "_files -/".to_owned(),
        Hint::Interface => format!("(${{(f)\"$({LINKS})\"}})"),
        Hint::Switch(words) => format!("({} ${{(f)\"$({LINKS})\"}})", words.join(" ")),
        Hint::OneOf(words) => format!("({})", words.join(" ")),
    })
}
