//! `cleat log`: what the last runs did.

use super::options::Options;
use super::{End, complain, print};
use cleat_cli::Call;
use cleat_cli::report::json_text;
use cleat_diag::escaped;
use cleat_ifupdown::state::run_files::RunFiles;
use cleat_ifupdown::state::runs::{Done, Run};
use cleat_root::Root;
use serde_json::json;

/// Runs that are shown where nobody says how many.
const USUAL: usize = 10;

/// Shows the last runs, the newest at the end; with an interface only those that touched it, and of them what did.
pub fn run(call: &Call) -> End {
    let options = match Options::of(call) {
        Ok(options) => options,
        Err(text) => {
            complain(&text);
            return End::Usage;
        }
    };
    let root = Root::real();
    let files = RunFiles::of_this_namespace(&root);
    let mut runs = match Run::recorded(&root, &files.runs) {
        Ok(runs) => runs,
        Err(error) => {
            complain(&format!("the record of runs cannot be read: {error}"));
            return End::Fault;
        }
    };
    if let Some(iface) = call.word() {
        runs = runs.into_iter().filter_map(|run| about(run, &iface)).collect();
    }
    let from = runs.len().saturating_sub(options.lines.unwrap_or(USUAL));
    let runs = runs.get(from..).unwrap_or_default();
    if options.json {
        return print(&json_text(&json!({ "runs": runs })));
    }
    if runs.is_empty() {
        return print(match call.word() {
            Some(_) => "no run on record touched it\n",
            None => "no run is on record since the host came up\n",
        });
    }
    print(&runs.iter().map(page).collect::<String>())
}

/// What of a run is about one interface; `None` where nothing is.
fn about(mut run: Run, iface: &str) -> Option<Run> {
    run.steps.retain(|step| step.ifaces.iter().any(|name| name == iface));
    run.faults.retain(|fault| fault.iface.as_deref() == Some(iface));
    (!run.steps.is_empty() || !run.faults.is_empty()).then_some(run)
}

/// A line for the run, and one for each step and each fault.
fn page(run: &Run) -> String {
    let exit = match run.exit {
        0 => String::new(),
        code => format!(" (exit code {code})"),
    };
    let mut lines = vec![
        format!("{}  {}, by {}{exit}", run.time, run.command, run.by),
        match run.generation {
            Some(number) => format!("    {}; generation {number}", run.summary),
            None => format!("    {}", run.summary),
        },
    ];
    lines.extend(run.steps.iter().map(step));
    if run.unlisted > 0 {
        lines.push(format!("      ... and {} more", run.unlisted));
    }
    for fault in &run.faults {
        let iface = fault
            .iface
            .as_deref()
            .map(|iface| format!(" {iface}"))
            .unwrap_or_default();
        lines.push(format!("      {}[{}]{iface}", fault.severity, fault.code));
    }
    // A word of the command line, or the name of a process, can hold any character.
    let clean = lines.iter().map(|line| escaped(line).into_owned() + "\n");
    clean.collect()
}

fn step(done: &Done) -> String {
    let error = done
        .error
        .as_deref()
        .map(|error| format!(": {error}"))
        .unwrap_or_default();
    format!("      {} ... {}{error}", done.step, done.result)
}
