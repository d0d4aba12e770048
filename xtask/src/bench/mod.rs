//! `cargo xtask bench`: the same links made by us, by `ip -batch` and by the peers, in one run, as ratios.
//!
//! Every figure is taken in a fresh network and mount namespace with empty hook directories. Runs of the floor and of
//! ours alternate, so that a slower minute of the machine meets both; figures are medians of wall-clock time.

mod commit;
mod dumps;
mod links;
pub mod measure;
pub mod requests;
mod rooms;
mod table;
mod tools;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use crate::packages::{self, Consent};
use crate::peer::Peer;
use crate::tree;

use links::Shape;
use measure::{Figures, median};
use table::{Bar, Row, Unit, millis};
use tools::Ours;

struct Options {
    links: usize,
    repeat: usize,
    peers: bool,
    release: bool,
    only: Option<String>,
}

/// `cargo xtask bench [--links N] [--repeat N] [--no-peers] [--only WORD] [--debug-build]`: status 0 only if every
/// bar holds.
pub fn main(args: lexopt::Parser) -> Result<ExitCode, String> {
    let options = options(args)?;
    packages::ensure(packages::TO_BENCH, Consent::AskOnTerminal)?;
    let scratch = tree::fresh_scratch("bench")?;
    let bench = Bench {
        ours: Ours::build(options.release, &scratch)?,
        ifupdown2: peer("ifupdown2", options.peers),
        ifupdown: peer("ifupdown", options.peers),
        options,
        scratch,
    };
    let mut rows = Vec::new();
    for shape in [Shape::Vxlan, Shape::Veth] {
        if bench.wanted(shape.name()) {
            bench.links(shape, &mut rows);
        }
    }
    if bench.wanted("ifquery") {
        bench.query(&mut rows);
    }
    if bench.wanted("commit") {
        bench.commit(&mut rows);
    }
    if bench.wanted("requests") {
        bench.requests(&mut rows);
    }
    println!("\n{}", table::render(&rows));
    let missed = rows.iter().filter(|row| row.holds() == Some(false)).count();
    let held = rows.iter().filter(|row| row.holds() == Some(true)).count();
    println!("{held} bars hold, {missed} missed");
    let _ = std::fs::remove_dir_all(&bench.scratch);
    Ok(ExitCode::from(u8::from(missed > 0)))
}

fn options(mut args: lexopt::Parser) -> Result<Options, String> {
    use lexopt::prelude::*;
    let mut options = Options {
        links: 1000,
        repeat: 5,
        peers: true,
        release: true,
        only: None,
    };
    let text = |error: lexopt::Error| error.to_string();
    while let Some(argument) = args.next().map_err(text)? {
        match argument {
            Long("links") => options.links = args.value().and_then(|value| value.parse()).map_err(text)?,
            Long("repeat") => options.repeat = args.value().and_then(|value| value.parse()).map_err(text)?,
            Long("no-peers") => options.peers = false,
            Long("debug-build") => options.release = false,
            Long("only") => options.only = Some(args.value().and_then(ValueExt::string).map_err(text)?),
            other => return Err(other.unexpected().to_string()),
        }
    }
    if options.links < 2 || options.repeat == 0 {
        return Err("error: --links is at least 2 and --repeat at least 1".to_owned());
    }
    Ok(options)
}

fn peer(name: &'static str, wanted: bool) -> Result<Peer, String> {
    if wanted {
        Peer::unpack(name)
    } else {
        Err("left out (--no-peers)".to_owned())
    }
}

struct Bench {
    options: Options,
    scratch: PathBuf,
    ours: Ours,
    ifupdown2: Result<Peer, String>,
    ifupdown: Result<Peer, String>,
}

/// Runs in one room: bringing up, and then as often as asked a reload that has nothing to do.
#[derive(Default)]
struct Runs {
    up: Vec<Figures>,
    /// The first reload after a change that asks for nothing, apart from the others: ours makes its plan then and remembers
    /// the answer.
    first_reload: Vec<Figures>,
    /// The first reload after a change of a comment: ours sees that nothing is said that was not said before.
    reworded_reload: Vec<Figures>,
    reload: Vec<Figures>,
    dumps: Vec<Duration>,
}

impl Runs {
    fn up(&self) -> Result<Figures, String> {
        median(&self.up).ok_or_else(|| "no run".to_owned())
    }

    fn reload_millis(&self) -> Result<f64, String> {
        median(&self.reload)
            .map(|figures| millis(figures.wall))
            .ok_or_else(|| "no run".to_owned())
    }

    fn first_reload_millis(&self) -> Result<f64, String> {
        median(&self.first_reload)
            .map(|figures| millis(figures.wall))
            .ok_or_else(|| "no run".to_owned())
    }

    fn reworded_reload_millis(&self) -> Result<f64, String> {
        median(&self.reworded_reload)
            .map(|figures| millis(figures.wall))
            .ok_or_else(|| "no run".to_owned())
    }

    fn dumps_millis(&self) -> Result<f64, String> {
        let mut all = self.dumps.clone();
        all.sort();
        all.get(all.len() / 2)
            .map(|time| millis(*time))
            .ok_or_else(|| "no run".to_owned())
    }
}

impl Bench {
    fn wanted(&self, part: &str) -> bool {
        self.options.only.as_deref().is_none_or(|only| part.contains(only))
    }

    /// Everything over one shape of links.
    fn links(&self, shape: Shape, rows: &mut Vec<Row>) {
        let count = shape.count(self.options.links);
        let what = |verb: &str| format!("{verb}, {count} {}", shape.name());
        let mut floor: Result<Runs, String> = Ok(Runs::default());
        let mut ours: Result<Runs, String> = Ok(Runs::default());
        for round in 1..=self.options.repeat {
            eprintln!("{} links, round {round} of {}", shape.name(), self.options.repeat);
            floor = floor.and_then(|runs| self.floor(shape, runs));
            ours = ours.and_then(|runs| self.ours(shape, runs));
        }
        eprintln!("{} links, the peers, once each", shape.name());
        let ifupdown2 = self
            .ifupdown2
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|peer| self.ifupdown2(shape, peer));
        let ifupdown = self
            .ifupdown
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|peer| self.ifupdown(shape, peer));

        fn wall(runs: &Result<Runs, String>) -> Result<f64, String> {
            Ok(millis(runs.as_ref().map_err(Clone::clone)?.up()?.wall))
        }
        fn cpu(runs: &Result<Runs, String>) -> Result<f64, String> {
            Ok(millis(runs.as_ref().map_err(Clone::clone)?.up()?.cpu))
        }
        fn of(runs: &Result<Runs, String>, take: fn(&Runs) -> Result<f64, String>) -> Result<f64, String> {
            take(runs.as_ref().map_err(Clone::clone)?)
        }
        let mut row = |what: String, ours, name, theirs, bar| {
            rows.push(Row {
                what,
                ours,
                other: Some((name, theirs)),
                unit: Unit::Millis,
                bar,
            });
        };
        row(
            what("ifup -a"),
            wall(&ours),
            "ip -batch",
            wall(&floor),
            Bar::RatioAtMost(1.5),
        );
        row(what("ifup -a, CPU"), cpu(&ours), "ip -batch", cpu(&floor), Bar::None);
        row(what("ifup -a"), wall(&ours), "ifupdown2", wall(&ifupdown2), Bar::None);
        row(what("ifup -a"), wall(&ours), "ifupdown", wall(&ifupdown), Bar::None);
        let no_op = of(&ours, Runs::reload_millis);
        let dumps = of(&ours, Runs::dumps_millis);
        let first = of(&ours, Runs::first_reload_millis);
        let reworded = of(&ours, Runs::reworded_reload_millis);
        row(
            what("no-op ifreload -a after a new stanza"),
            first,
            "bare dumps",
            dumps.clone(),
            Bar::RatioAtMost(2.0),
        );
        row(
            what("no-op ifreload -a after a new comment"),
            reworded,
            "bare dumps",
            dumps.clone(),
            Bar::RatioAtMost(1.5),
        );
        row(
            what("no-op ifreload -a"),
            no_op.clone(),
            "bare dumps",
            dumps,
            Bar::RatioAtMost(1.2),
        );
        let theirs = of(&ifupdown2, Runs::reload_millis);
        row(
            what("no-op ifreload -a"),
            no_op,
            "ifupdown2",
            theirs,
            Bar::RatioAtMost(1.0 / 50.0),
        );
    }

    /// The kernel's own floor: the same links from one process that only sends them.
    fn floor(&self, shape: Shape, mut runs: Runs) -> Result<Runs, String> {
        let batch = self.scratch.join("batch");
        std::fs::write(&batch, shape.batch(self.options.links)).map_err(|error| error.to_string())?;
        let figures = rooms::inside(|_| {
            let figures = measure::run(&["ip", "-batch", &batch.to_string_lossy()], &self.scratch)?;
            self.made(shape).map(|()| figures)
        })?;
        runs.up.push(figures);
        Ok(runs)
    }

    fn ours(&self, shape: Shape, runs: Runs) -> Result<Runs, String> {
        rooms::inside(|_| {
            let text = shape.interfaces(self.options.links);
            rooms::write_interfaces(&text)?;
            let commands = [self.ours.command("ifup"), self.ours.command("ifreload")];
            let mut runs = self.up_and_reload(shape, &commands, 0, runs)?;
            let reload = || measure::run(&[&commands[1], "-a"], &self.scratch);
            // In turns, so that a slower minute of the machine meets all of them.
            for change in 0..self.options.repeat {
                runs.dumps.push(dumps::once()?.0);
                // Not `auto`: it asks for nothing.
                let changed = format!("{text}\niface unused{change}\n");
                rooms::write_interfaces(&changed)?;
                runs.first_reload.push(reload()?);
                rooms::write_interfaces(&format!("{changed}\n# change {change}\n"))?;
                runs.reworded_reload.push(reload()?);
                runs.reload.push(reload()?);
            }
            self.made(shape).map(|()| runs)
        })
    }

    fn ifupdown2(&self, shape: Shape, peer: &Peer) -> Result<Runs, String> {
        rooms::inside(|room| {
            peer.move_in(room)
                .map_err(|error| format!("cannot set up {}: {error}", peer.name))?;
            rooms::write_interfaces(&shape.interfaces(self.options.links))?;
            let commands = [peer.command("ifup"), peer.command("ifreload")];
            self.up_and_reload(shape, &commands, self.options.repeat.min(3), Runs::default())
        })
    }

    fn up_and_reload(
        &self,
        shape: Shape,
        [ifup, ifreload]: &[String; 2],
        reloads: usize,
        mut runs: Runs,
    ) -> Result<Runs, String> {
        runs.up.push(measure::run(&[ifup, "-a"], &self.scratch)?);
        self.made(shape)?;
        if reloads > 0 {
            runs.first_reload.push(measure::run(&[ifreload, "-a"], &self.scratch)?);
        }
        for _ in 0..reloads {
            runs.reload.push(measure::run(&[ifreload, "-a"], &self.scratch)?);
        }
        self.made(shape)?;
        Ok(runs)
    }

    /// Classic ifupdown has no reload.
    fn ifupdown(&self, shape: Shape, peer: &Peer) -> Result<Runs, String> {
        rooms::inside(|room| {
            peer.move_in(room)
                .map_err(|error| format!("cannot set up {}: {error}", peer.name))?;
            rooms::write_interfaces(&shape.classic(self.options.links))?;
            let figures = measure::run(&[&peer.command("ifup"), "-a"], &self.scratch)?;
            self.made(shape)?;
            Ok(Runs {
                up: vec![figures],
                ..Runs::default()
            })
        })
    }

    /// A time counts only if the work was done: the kernel must have all the links, up.
    fn made(&self, shape: Shape) -> Result<(), String> {
        let links = cleat_netns::ip_json(&["link", "show", "up"]);
        let names = links
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|link| link["ifname"].as_str());
        let made = names.filter(|name| shape.names(name)).count();
        let wanted = shape.count(self.options.links);
        if made == wanted {
            Ok(())
        } else {
            Err(format!("only {made} of {wanted} links are up"))
        }
    }

    /// `ifquery lo`: what starting costs.
    fn query(&self, rows: &mut Vec<Row>) {
        eprintln!("ifquery lo");
        let ours = self.query_by(&self.ours.command("ifquery"), None);
        let by_peer = |peer: &Result<Peer, String>| {
            let peer = peer.as_ref().map_err(Clone::clone)?;
            self.query_by(&peer.command("ifquery"), Some(peer))
        };
        let (ifupdown2, ifupdown) = (by_peer(&self.ifupdown2), by_peer(&self.ifupdown));
        type Take = fn(&Figures) -> f64;
        let time: Take = |figures| millis(figures.wall);
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52 KiB")]
        let memory: Take = |figures| figures.rss_kib as f64 / 1024.0;
        for (what, unit, bar, classic, take) in [
            ("ifquery lo", Unit::Millis, 10.0, Bar::RatioAtMost(1.0), time),
            ("ifquery lo, memory", Unit::Mebibytes, 8.0, Bar::None, memory),
        ] {
            for (name, theirs, bar) in [
                ("ifupdown2", &ifupdown2, Bar::AtMost(bar)),
                ("ifupdown", &ifupdown, classic),
            ] {
                rows.push(Row {
                    what: what.to_owned(),
                    ours: ours.as_ref().map(take).map_err(Clone::clone),
                    other: Some((name, theirs.as_ref().map(take).map_err(Clone::clone))),
                    unit,
                    bar,
                });
            }
        }
    }

    fn query_by(&self, ifquery: &str, peer: Option<&Peer>) -> Result<Figures, String> {
        rooms::inside(|room| {
            if let Some(peer) = peer {
                peer.move_in(room)
                    .map_err(|error| format!("cannot set up {}: {error}", peer.name))?;
            }
            rooms::write_interfaces("auto lo\niface lo inet loopback\n")?;
            let mut runs = Vec::new();
            for _ in 0..(2 * self.options.repeat + 1) {
                runs.push(measure::run(&[ifquery, "lo"], &self.scratch)?);
                // Classic prints the options only, and lo has none.
                let said = std::fs::read_to_string(self.scratch.join("said")).unwrap_or_default();
                if !said.contains("iface lo inet loopback") && peer.is_none_or(|peer| peer.name != "ifupdown") {
                    return Err(format!("`ifquery lo` does not show the stanza, but: {}", said.trim()));
                }
            }
            median(&runs).ok_or_else(|| "no run".to_owned())
        })
    }

    /// Netlink requests for each port of a bridge with all VLANs.
    fn requests(&self, rows: &mut Vec<Row>) {
        eprintln!("netlink requests a port");
        let counted = requests::count(&self.ours, Path::new(&self.scratch));
        let mut row = |what: &str, ours, bar| {
            rows.push(Row {
                what: what.to_owned(),
                ours,
                other: None,
                unit: Unit::Requests,
                bar,
            });
        };
        let of = |take: fn(&requests::Requests) -> f64| counted.as_ref().map(take).map_err(Clone::clone);
        row(
            "requests a port, bridge-vids 2-4094",
            of(|requests| requests.for_vids),
            Bar::AtMost(4.0),
        );
        row("requests a port, all", of(|requests| requests.all), Bar::None);
    }
}
