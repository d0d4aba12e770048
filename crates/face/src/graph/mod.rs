//! `cleat graph`: the topology as a picture, in the terminal or as SVG.

pub mod canvas;
pub mod layout;
mod outline;
pub mod style;
pub mod svg;
pub mod terminal;
pub mod topology;
pub mod tracks;

#[cfg(test)]
mod tests;

use super::options::Options;
use super::{End, complain, input, print};
use cleat_diag::{Severity, Summary, render};
use cleat_root::{Durability, Root};
use std::io::Write;
use std::path::Path;
use style::Style;
use topology::Topology;

/// Draws what is declared, with the state the kernel has it in; a named file alone; or (`--live`) what the kernel has.
///
/// A file with errors is drawn as far as it can be understood, and the errors are told.
pub fn run(options: &Options) -> End {
    let (topology, title, end) = match options.live {
        true => match input::live() {
            Ok(snapshot) => (
                Topology::live(&snapshot),
                "the network as the kernel has it".to_owned(),
                End::Well,
            ),
            Err(text) => {
                complain(&format!("{text}\n"));
                return End::Fault;
            }
        },
        false => match declared(options) {
            Some(found) => found,
            None => return End::Fault,
        },
    };
    let page = options.page();
    let written = match &options.svg {
        Some(path) if path == Path::new("-") => print(&svg::draw(&topology, &title)),
        Some(path) => write_svg(path, &svg::draw(&topology, &title)),
        None => print(&terminal::draw(
            &topology,
            Style {
                width: page.width,
                ascii: options.ascii,
                color: page.color,
            },
        )),
    };
    match written {
        End::Well => end,
        fault => fault,
    }
}

fn declared(options: &Options) -> Option<(Topology, String, End)> {
    let mut session = input::session(options);
    let snapshot = match options.file {
        Some(_) => None,
        None => match input::live() {
            Ok(snapshot) => Some(snapshot),
            Err(text) => {
                complain(&format!("{text}\n"));
                return None;
            }
        },
    };
    let desired = session.wanted(snapshot.as_ref());
    let errors = session
        .diagnostics
        .iter()
        .filter(|found| found.severity == Severity::Error);
    for error in errors {
        let line = render::line(error, session.sources());
        // There is nowhere to tell that standard error cannot be written.
        let _ = writeln!(std::io::stderr(), "{}", line.trim_end());
    }
    let end = match Summary::of(&session.diagnostics).errors {
        0 => End::Well,
        _ => End::Fault,
    };
    let title = match &options.file {
        Some(path) => format!("the network of {}", path.display()),
        None => "the network as declared, and how the kernel has it".to_owned(),
    };
    Some((Topology::declared(&desired, snapshot.as_ref()), title, end))
}

fn write_svg(path: &Path, picture: &str) -> End {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    match Root::real().write_atomic(&absolute, picture.as_bytes(), Durability::Volatile) {
        Ok(()) => print(&format!("wrote {}\n", path.display())),
        Err(error) => {
            complain(&format!("{error}\n"));
            End::Fault
        }
    }
}
