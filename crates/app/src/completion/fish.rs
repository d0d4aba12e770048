//! fish(1): one `complete` for each verb and option.

use super::spec::{Choice, LINKS, Line, MADE, Spec, quoted};
use cleat_cli::{Hint, Takes};

pub(super) fn script(spec: &Spec) -> String {
    let mut text = format!("{MADE}complete -c {} -f\n", spec.name);
    if let Some(line) = &spec.alone {
        return text + &lines(spec.name, line, "");
    }
    let names: Vec<&str> = spec.verbs.iter().map(|verb| verb.name).chain(["help"]).collect();
    let none_yet = format!("-n 'not __fish_seen_subcommand_from {}'", names.join(" "));
    for verb in &spec.verbs {
        let doc = quoted(verb.short, "\\'");
        text += &format!("complete -c {} {none_yet} -a {} -d {doc}\n", spec.name, verb.name);
    }
    text += &format!(
        "complete -c {} {none_yet} -a help -d 'tells more of a command'\n",
        spec.name
    );
    for verb in &spec.verbs {
        let after = format!(" -n '__fish_seen_subcommand_from {}'", verb.name);
        text += &lines(spec.name, verb, &after);
    }
    text
}

fn lines(program: &str, line: &Line, after: &str) -> String {
    let options = line
        .options
        .iter()
        .map(|option| format!("complete -c {program}{after}{}\n", described(option)));
    let mut text: String = options.collect();
    match line.words {
        Hint::Free => {}
        hint => text += &format!("complete -c {program}{after}{}\n", hinted(hint)),
    }
    text
}

fn described(option: &Choice) -> String {
    let mut text = String::new();
    if let Some(letter) = &option.letter {
        text += &format!(" -s {}", letter.trim_start_matches('-'));
    }
    if let Some(long) = &option.long {
        text += &format!(" -l {}", long.trim_start_matches('-'));
    }
    if option.takes == Takes::Value {
        text += " -r";
        text += &hinted(option.hint);
    }
    text + &format!(" -d {}", quoted(option.doc, "\\'"))
}

fn hinted(hint: Hint) -> String {
    match hint {
        Hint::Free => String::new(),
        Hint::File => " -F".to_owned(),
        Hint::Directory => " -a '(__fish_complete_directories)'".to_owned(),
        Hint::Interface => format!(" -a '({LINKS})'"),
        Hint::Switch(words) => format!(" -a '{} ({LINKS})'", words.join(" ")),
        Hint::OneOf(words) => format!(" -a {}", quoted(&words.join(" "), "\\'")),
    }
}
