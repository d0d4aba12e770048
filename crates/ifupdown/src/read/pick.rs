//! Which interfaces a command line means.

use crate::args::{Args, Named};
use cleat_diag::Diagnostic;
use cleat_model::decl::Decls;
use cleat_model::name::IfName;
use cleat_model::pattern;
use regex_lite::Regex;
use std::borrow::Cow;

/// The interfaces that are meant, without what they depend on, and what is wrong with the way they are named.
///
/// *Shape*: with names, these in the order given (with `--allow` only those in one of the classes); else all of the
/// classes, or of class auto, in the order of the file. Names that `--exclude` matches anywhere are left out.
/// `known` says whether a name without a stanza is something all the same (recorded as up, or in the kernel).
pub fn pick(args: &Args, decls: &Decls, known: &dyn Fn(IfName) -> bool) -> (Vec<IfName>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let exclude = expressions(&args.exclude, &mut diagnostics);
    let in_class = |name: IfName| {
        let decl = decls.get(name);
        let class = |class: &str| decl.is_some_and(|decl| decl.is_in(class));
        match args.classes.as_slice() {
            [] => args.names.is_empty() && class("auto") || !args.names.is_empty(),
            classes => classes.iter().any(|name| class(name)),
        }
    };
    let mut names: Vec<IfName> = Vec::new();
    if args.names.is_empty() {
        names.extend(decls.iter().map(|decl| decl.name));
    }
    for named in &args.names {
        if pattern::of_names(&named.name).is_some() {
            let text = format!("no stanza matches `{}`", named.name);
            diagnostics.push(Diagnostic::error("interface-unknown", text));
            continue;
        }
        match IfName::new(&named.name) {
            Ok(name) if decls.get(name).is_some() || known(name) => {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            // `ifup --allow hotplug eno9` of a NIC that nobody declared: there is nothing to do for it.
            Ok(_) if !args.classes.is_empty() || args.hotplug => {}
            Ok(name) => diagnostics.push(unknown(&name.to_string(), decls)),
            Err(error) => {
                let text = format!("`{}` is not an interface name: {error}", named.name);
                diagnostics.push(Diagnostic::error("bad-interface", text));
            }
        }
    }
    names.retain(|name| in_class(*name) && !exclude.iter().any(|expression| expression.is_match(name.as_str())));
    (names, diagnostics)
}

/// The arguments with the declared interfaces in place of each shell pattern among the names: `ifup '/eth*'`. One that
/// matches none stays, and is reported by [`pick`].
pub fn expand<'a>(args: &'a Args, decls: &Decls) -> Cow<'a, Args> {
    let is_pattern = |named: &Named| pattern::of_names(&named.name).is_some();
    if !args.names.iter().any(is_pattern) {
        return Cow::Borrowed(args);
    }
    let mut args = args.clone();
    let names = std::mem::take(&mut args.names);
    args.names = names
        .into_iter()
        .flat_map(|named| match decls.matching(&named.name) {
            Some(names) if !names.is_empty() => names
                .iter()
                .map(|name| Named {
                    name: name.to_string(),
                    logical: named.logical.clone(),
                })
                .collect(),
            _ => vec![named],
        })
        .collect();
    Cow::Owned(args)
}

fn expressions(words: &[String], diagnostics: &mut Vec<Diagnostic>) -> Vec<Regex> {
    let mut expressions = Vec::new();
    for word in words {
        match Regex::new(word) {
            Ok(expression) => expressions.push(expression),
            Err(error) => {
                let text = format!("`--exclude {word}` is not a regular expression: {error}");
                diagnostics.push(Diagnostic::error("bad-expression", text));
            }
        }
    }
    expressions
}

fn unknown(name: &str, decls: &Decls) -> Diagnostic {
    let diagnostic = Diagnostic::error("interface-unknown", format!("no stanza names `{name}`")).on(name);
    let near = decls
        .iter()
        .map(|decl| (cleat_model::table::distance(name, decl.name.as_str()), decl.name))
        .filter(|(distance, _)| *distance <= 1)
        .min();
    match near {
        Some((_, near)) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Command;
    use cleat_diag::Sources;

    const FILE: &str = "iface lo inet loopback\niface eth0\niface vmbr0\niface eth1\niface eth10\n";

    /// The names meant, and the faults told.
    fn of(names: &[&str]) -> (Vec<String>, Vec<String>) {
        let mut sources = Sources::new();
        let file = sources.add("interfaces", FILE.as_bytes().to_vec());
        let (document, _) = cleat_eni::parse(file, sources.get(file).unwrap());
        let (decls, _) = cleat_model::decl::declare(document.items());
        let mut args = Args::new(Command::Ifup);
        let named = |name: &&str| Named {
            name: (*name).to_owned(),
            logical: None,
        };
        args.names = names.iter().map(named).collect();
        let (names, found) = pick(&expand(&args, &decls), &decls, &|_| false);
        let told = found.into_iter().map(|fault| fault.message).collect();
        (names.iter().map(IfName::to_string).collect(), told)
    }

    // Second witness: interfaces(5) of ifupdown 0.8.41, "pattern matching interfaces".
    #[test]
    fn patterns_on_the_command_line_mean_the_declared_interfaces_that_they_match() {
        assert_eq!(of(&["/eth*"]).0, ["eth0", "eth1", "eth10"]);
        assert_eq!(of(&["/eth?"]).0, ["eth0", "eth1"]);
        assert_eq!(of(&["/eth*/2"]).0, ["eth1"]);
        assert_eq!(of(&["eth[01]", "vmbr0", "/*0"]).0, ["eth0", "eth1", "vmbr0", "eth10"]);
        assert_eq!(of(&["/eth*"]).1, Vec::<String>::new());
    }

    #[test]
    fn a_pattern_that_matches_nothing_is_an_error_and_means_nothing() {
        let (names, told) = of(&["/eno*", "/eth*/4"]);
        assert_eq!(names, Vec::<String>::new());
        assert_eq!(told, ["no stanza matches `/eno*`", "no stanza matches `/eth*/4`"]);
    }
}
