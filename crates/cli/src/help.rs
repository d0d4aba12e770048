//! The help text, made from the table.

use crate::program::{COMMON, Opt, Program, Verb};

impl Program {
    /// The help of one verb, or the list of all; lines have at most 80 columns.
    pub fn help(&self, verb: Option<&Verb>) -> String {
        let Some(verb) = verb else {
            let mut text = format!(
                "{}\n\nusage: {} COMMAND [OPTION...]\n\n",
                filled(self.about, 80, ""),
                self.name
            );
            let widest = self.verbs.iter().map(|verb| verb.name.len()).max().unwrap_or_default();
            for verb in self.verbs {
                text += &format!("  {:<widest$}  {}\n", verb.name, verb.short);
            }
            text += &format!(
                "\n`{0} help COMMAND` tells more, `{0} --version` the version.\n",
                self.name
            );
            return text + self.closing;
        };
        let mut text = format!(
            "usage: {}\n\n{}\n",
            filled(verb.usage, 72, "       "),
            filled(verb.doc, 80, "")
        );
        let words = (!verb.words.name.is_empty()).then_some((verb.words.name, verb.words.doc));
        let own = words.into_iter().chain(verb.options.iter().map(pair));
        text.push('\n');
        for (form, doc) in own.chain(COMMON.iter().map(pair)) {
            text += &line(form, doc);
        }
        text
    }
}

fn pair(option: &Opt) -> (&'static str, &'static str) {
    (option.form, option.doc)
}

/// The column that what an option does starts in.
const COLUMN: usize = 17;

fn line(form: &str, doc: &str) -> String {
    let indent = " ".repeat(COLUMN);
    let doc = filled(doc, 80 - COLUMN, &indent);
    match form.len() + 3 <= COLUMN {
        true => format!("  {form:<15}{doc}\n"),
        false => format!("  {form}\n{indent}{doc}\n"),
    }
}

/// Breaks a text at blanks so that no line is longer than `width`; lines after the first start with `indent`.
fn filled(text: &str, width: usize, indent: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        let len = word.chars().count();
        if column > 0 && column + 1 + len > width {
            out += "\n";
            out += indent;
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out += word;
        column += len;
    }
    out
}
