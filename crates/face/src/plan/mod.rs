//! `cleat plan`: what a reload would do now, and who would notice.

mod outlook;
#[cfg(test)]
mod tests;

use super::graph::canvas::{Canvas, Ink};
use super::options::Options;
use super::{End, complain, input, print};
use cleat_cli::report;
use cleat_diag::{Diagnostic, Severity, Sources, escaped};
use cleat_ifupdown::look::absent;
use cleat_ifupdown::plan::{forewarn, trust};
use cleat_ifupdown::read::severity::Situation;
use cleat_ifupdown::state::State;
use cleat_model::impact::Guests;
use cleat_model::name::IfName;
use outlook::{Group, Mark, Outlook};

/// Shows the plan of `ifreload -a`. Reads, and changes nothing.
pub fn run(options: &Options) -> End {
    let mut session = input::session(options);
    let now = match input::snapshot(&session) {
        Ok(now) => now,
        Err(text) => {
            complain(&format!("{text}\n"));
            return End::Fault;
        }
    };
    let desired = session.wanted(Some(&now));
    let state = State::peek(&session.root, &session.files.state).0;
    session
        .diagnostics
        .extend(absent::in_place(&desired, &now, state.owned()));
    session.doubt(state.owned());
    if options.file.is_none() {
        let mut found = trust::told(&session);
        session.diagnostics.append(&mut found);
    }
    if session.stops(Situation::Reload) {
        return refuse(options, &session.diagnostics, session.sources());
    }
    let (planned, mut found) = input::reload_plan(&mut session, &desired, &now, forewarn::impact);
    session.diagnostics.append(&mut found);
    let Some((plan, impact)) = planned else {
        return refuse(options, &session.diagnostics, session.sources());
    };
    let mut outlook = Outlook::new(&plan, impact, &desired, &now, session.sources());
    outlook.as_declared = input::differences(&session, &desired, &now).is_empty();
    let diagnostics = report::in_order(&session.diagnostics);
    let text = match options.json {
        true => {
            let mut document = outlook.document();
            document["diagnostics"] = report::document(&diagnostics, session.sources())["diagnostics"].take();
            report::json_text(&document)
        }
        false => {
            let color = options.page().color;
            told(&diagnostics, session.sources(), color) + &draw(&outlook, color)
        }
    };
    let errors = diagnostics.iter().any(|found| found.severity == Severity::Error);
    match (print(&text), errors) {
        (End::Well, false) if options.exit_code => answer(&outlook),
        (End::Well, false) => End::Well,
        _ => End::Fault,
    }
}

/// What `--exit-code` answers.
fn answer(outlook: &Outlook) -> End {
    match (outlook.groups.is_empty(), outlook.impact.interrupts()) {
        (true, _) => End::Well,
        (false, false) => End::Changes,
        (false, true) => End::Interrupts,
    }
}

/// A reload stops at errors: they are what there is to show.
fn refuse(options: &Options, diagnostics: &[Diagnostic], sources: &Sources) -> End {
    let diagnostics = report::in_order(diagnostics);
    let text = match options.json {
        true => report::json_text(&report::document(&diagnostics, sources)),
        false => {
            report::page(&diagnostics, sources, options.page().color)
                + "a reload would stop here, with nothing changed\n"
        }
    };
    print(&text);
    End::Fault
}

/// What the plan says of itself: what it leaves out and why.
fn told(diagnostics: &[&Diagnostic], sources: &Sources, color: bool) -> String {
    let mut text = String::new();
    for found in diagnostics {
        text += cleat_diag::render::terminal(found, sources, color).trim_end();
        text += "\n\n";
    }
    text
}

/// The page for people.
fn draw(outlook: &Outlook, color: bool) -> String {
    match (outlook.groups.is_empty(), outlook.as_declared) {
        (true, true) => return "nothing to do: the network is as declared\n".to_owned(),
        (true, false) => return "nothing to do; what differs all the same is shown by `cleat status`\n".to_owned(),
        (false, _) => {}
    }
    let mut page = Lines::default();
    for group in &outlook.groups {
        page.group(group);
    }
    let impact = &outlook.impact;
    let (word, ink) = match (impact.host.is_empty(), impact.interrupts()) {
        (_, false) => ("none", Ink::Green),
        (true, true) => ("for guests", Ink::Yellow),
        (false, true) => ("", Ink::Plain),
    };
    page.line(&[("interruptions: ", Ink::Bold), (word, ink)]);
    for found in &impact.host {
        page.line(&[("  ", Ink::Plain), (&found.text, Ink::Yellow)]);
    }
    for guests in &impact.guests {
        page.guests(guests);
    }
    if !impact.hooks.is_empty() {
        let names: Vec<&str> = impact.hooks.iter().map(IfName::as_str).collect();
        page.line(&[
            ("hooks run for: ", Ink::Bold),
            (&names.join(", "), Ink::Plain),
            ("; what they do is not judged", Ink::Plain),
        ]);
    }
    if !outlook.untouched.is_empty() {
        let names: Vec<&str> = outlook.untouched.iter().map(IfName::as_str).collect();
        page.line(&[("stays as it is: ", Ink::Bold), (&names.join(", "), Ink::Plain)]);
    }
    page.canvas.print(color)
}

/// Lines that are written one below the other.
#[derive(Debug)]
struct Lines {
    canvas: Canvas,
    row: i64,
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            canvas: Canvas::new(false),
            row: 0,
        }
    }
}

impl Lines {
    fn line(&mut self, parts: &[(&str, Ink)]) {
        let mut column = 0;
        for (text, ink) in parts {
            let text = escaped(text);
            self.canvas.text(self.row, column, &text, *ink);
            column += text.chars().count() as i64;
        }
        self.row += 1;
    }

    fn group(&mut self, group: &Group) {
        let what = match (group.exists, group.flap) {
            (false, _) => " is new".to_owned(),
            (true, None) => " changes".to_owned(),
            (true, Some(flap)) => format!(" {}", flap.text()),
        };
        self.line(&[(group.iface.as_str(), Ink::Bold), (&what, Ink::Plain)]);
        for line in &group.lines {
            let ink = match line.mark {
                Mark::Add => Ink::Green,
                Mark::Remove => Ink::Red,
                Mark::Change => Ink::Yellow,
                Mark::Hook => Ink::Magenta,
            };
            let sign = format!("  {} ", line.mark.sign());
            self.line(&[(&sign, ink), (&line.command, Ink::Plain)]);
        }
        self.row += 1;
    }

    fn guests(&mut self, guests: &Guests) {
        const SHOWN: usize = 6;
        let mut names: Vec<&str> = guests.ports.iter().take(SHOWN).map(IfName::as_str).collect();
        let more = format!("and {} more", guests.ports.len().saturating_sub(SHOWN));
        if guests.ports.len() > SHOWN {
            names.push(&more);
        }
        let head = format!("guests on {} ({}): ", guests.bridge, names.join(", "));
        match guests.notice.is_empty() {
            true => self.line(&[(&head, Ink::Bold), ("would notice nothing", Ink::Green)]),
            false => {
                self.line(&[(&head, Ink::Bold), ("would notice", Ink::Yellow)]);
                for found in &guests.notice {
                    self.line(&[("  ", Ink::Plain), (&found.text, Ink::Yellow)]);
                }
            }
        }
    }
}
