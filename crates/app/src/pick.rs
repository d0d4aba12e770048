//! Which interfaces a command line means.

use crate::args::Args;
use cleat_diag::Diagnostic;
use cleat_model::decl::Decls;
use cleat_model::name::IfName;
use regex_lite::Regex;

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
                let text = format!("`{}` is no interface name: {error}", named.name);
                diagnostics.push(Diagnostic::error("bad-interface", text));
            }
        }
    }
    names.retain(|name| in_class(*name) && !exclude.iter().any(|expression| expression.is_match(name.as_str())));
    (names, diagnostics)
}

fn expressions(words: &[String], diagnostics: &mut Vec<Diagnostic>) -> Vec<Regex> {
    let mut expressions = Vec::new();
    for word in words {
        match Regex::new(word) {
            Ok(expression) => expressions.push(expression),
            Err(error) => {
                let text = format!("`--exclude {word}` is no regular expression: {error}");
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
