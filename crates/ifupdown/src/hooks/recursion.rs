//! A hook that calls for the interface that it runs for: it is told so at once, and waits for nothing.

use crate::args::Args;
use cleat_diag::Diagnostic;
use cleat_model::name::IfName;

/// The environment variable that tells a command run by a hook which interfaces hooks are running for: their names with
/// spaces between, the outermost first.
pub const HOOK_OF: &str = "CLEAT_HOOK_OF";

/// The interfaces whose hooks this run was called by.
pub fn chain() -> Vec<String> {
    let names = std::env::var(HOOK_OF).unwrap_or_default();
    names.split_whitespace().map(str::to_owned).collect()
}

/// What is wrong with a command line inside of a hook: all interfaces are asked for, or one whose hooks are running.
pub fn of_arguments(args: &Args) -> Option<Diagnostic> {
    let chain = chain();
    let of_all = args.all && args.classes.is_empty();
    let named = args.names.iter().find(|named| chain.contains(&named.name));
    match (chain.last(), named) {
        (Some(_), Some(named)) => Some(fault(args, &named.name)),
        (Some(inner), None) if of_all => Some(fault(args, inner)),
        _ => None,
    }
}

/// The same once it is known which interfaces the command line means.
pub fn of_scope(args: &Args, names: &[IfName]) -> Option<Diagnostic> {
    let chain = chain();
    let met = names.iter().find(|name| chain.iter().any(|of| of == name.as_str()))?;
    Some(fault(args, met.as_str()))
}

fn fault(args: &Args, iface: &str) -> Diagnostic {
    let command = args.command.to_string();
    let text = format!("`{command}` for {iface} is called by a hook of {iface} itself: nothing is done");
    Diagnostic::error("hook-recursion", text)
        .on(iface)
        .help("a hook may bring up or take down other interfaces by their names")
}
