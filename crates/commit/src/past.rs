//! `history`, `show` and `diff`.

use super::outside::at_desk;
use cleat_cli::report::json_text;
use cleat_cli::{Call, End, Page, complain, print};
use cleat_diag::{escaped, escaped_lines};
use cleat_store::{Content, Files, Found, Generation, Health, Occasion, Zone};
use serde_json::{Value, json};
use std::ffi::OsStr;

/// The number of a generation on the command line.
pub(super) fn number(word: &OsStr) -> Result<u32, End> {
    let parsed = word.to_str().and_then(|text| text.parse().ok());
    parsed.filter(|number| *number > 0).ok_or_else(|| {
        let word = word.to_string_lossy();
        complain(&format!(
            "`{word}` is not a number of a generation; `cleat-commit history` has them"
        ));
        End::Usage
    })
}

/// Whether colours are wanted on standard output.
pub(super) fn color(call: &Call) -> Result<bool, End> {
    let color = call.color().map_err(|text| {
        complain(&text);
        End::Usage
    })?;
    Ok(Page::of(color, None).color)
}

/// `history`.
pub fn history(call: &Call) -> End {
    at_desk(call, |desk| {
        let color = color(call)?;
        let (generations, found) = desk.store.history();
        found.into_iter().for_each(|found| desk.say(found));
        // A file that cannot be read is a reason to look here.
        let read = desk.store.live().map_err(|error| desk.fail(&error));
        let live = read.as_ref().ok().and_then(|live| live_one(&generations, live));
        let end = read.err().unwrap_or(End::Well);
        if call.has("json") {
            let list: Vec<Value> = generations.iter().map(|one| entry(one, live)).collect();
            let keep = desk.keep();
            let keep = json!({ "generations": keep.count, "bytes": keep.bytes });
            return Ok(worse(
                print(&json_text(&json!({ "generations": list, "keep": keep }))),
                end,
            ));
        }
        if generations.is_empty() {
            return Ok(print("nothing was committed yet\n"));
        }
        let zone = Zone::here(&desk.root);
        let lines = generations.iter().map(|one| line(one, live, &zone, color));
        Ok(worse(print(&lines.collect::<String>()), end))
    })
}

/// How a verb ends that could do only a part.
fn worse(one: End, other: End) -> End {
    if one == End::Well { other } else { one }
}

/// The newest generation that holds what is live.
fn live_one(generations: &[Generation], live: &Files) -> Option<u32> {
    let digest = live.digest();
    let mut same = generations.iter().rev().filter(|one| one.digest == digest);
    same.next().map(|one| one.number)
}

/// `* 3  2026-11-23 10:40:12 CET  healthy  ifreload -a, by root on pts/0, from bash`, and below it what changed; the star
/// marks what is live.
fn line(generation: &Generation, live: Option<u32>, zone: &Zone, color: bool) -> String {
    let Generation {
        number,
        time,
        origin,
        by,
        summary,
        health,
        ..
    } = generation;
    let mark = if live == Some(*number) { '*' } else { ' ' };
    let by = if by.is_empty() {
        String::new()
    } else {
        format!(", by {}", escaped(by))
    };
    let time = zone.show(*time);
    let (ink, word) = match health {
        Health::Healthy { .. } => ("32", "healthy"),
        Health::Failed { .. } => ("31", "failed"),
        Health::Unknown => ("2", "unknown"),
    };
    let mut text = format!(
        "{mark} {number:>3}  {time}  {}  {origin}{by}\n",
        inked(&format!("{word:<7}"), ink, color)
    );
    if !summary.is_empty() {
        text += &format!("       {}\n", escaped(summary));
    }
    if let Health::Failed { reason, .. } = health {
        text += &format!("       it failed: {}\n", escaped(reason));
    }
    text
}

/// The text in a colour (ECMA-48 SGR).
fn inked(text: &str, ink: &str, color: bool) -> String {
    match color {
        true => format!("\x1b[{ink}m{text}\x1b[0m"),
        false => text.to_owned(),
    }
}

/// One generation of `history --json`.
///
/// *Shape*: `{"number", "time" (seconds since 1970), "origin", "of", "by", "summary", "digest", "health", "reason", "live",
/// "bytes", "files": [path]}`; `origin` is `found`, `boot`, `live`, `takeover`, `ifup`, `ifreload`, `rollback` or `undo`, `of` the
/// generation that the last two speak of; `health` is `unknown`, `healthy` or `failed`.
fn entry(generation: &Generation, live: Option<u32>) -> Value {
    let (origin, of) = match generation.origin {
        Occasion::Found => ("found", None),
        Occasion::Boot => ("boot", None),
        Occasion::Live => ("live", None),
        Occasion::Takeover => ("takeover", None),
        Occasion::Ifup => ("ifup", None),
        Occasion::Ifreload => ("ifreload", None),
        Occasion::Rollback { of } => ("rollback", Some(of)),
        Occasion::Undo { of } => ("undo", Some(of)),
    };
    let (health, reason) = match &generation.health {
        Health::Unknown => ("unknown", None),
        Health::Healthy { .. } => ("healthy", None),
        Health::Failed { reason, .. } => ("failed", Some(reason)),
    };
    let files: Vec<String> = generation
        .files
        .0
        .keys()
        .map(|path| path.display().to_string())
        .collect();
    json!({
        "number": generation.number,
        "time": generation.time,
        "origin": origin,
        "of": of,
        "by": generation.by,
        "summary": generation.summary,
        "digest": generation.digest,
        "health": health,
        "reason": reason,
        "live": live == Some(generation.number),
        "bytes": generation.size(),
        "files": files,
    })
}

/// `show N`.
pub fn show(call: &Call) -> End {
    at_desk(call, |desk| {
        let number = number(call.words.first().map(|word| word.as_os_str()).unwrap_or_default())?;
        let generation = desk.store.generation(number).map_err(|error| desk.fail(&error))?;
        let text = |content: &Content| String::from_utf8_lossy(&content.bytes).into_owned();
        if call.has("json") {
            let mut document = entry(&generation, None);
            let files = generation.files.0.iter().map(|(path, content)| {
                json!({ "path": path.display().to_string(), "mode": format!("{:o}", content.mode), "text": text(content) })
            });
            document["files"] = files.collect();
            // Whether it is live was not looked at.
            document.as_object_mut().map(|fields| fields.remove("live"));
            return Ok(print(&json_text(&document)));
        }
        let files = generation.files.0.iter();
        let shown = files.map(|(path, content)| {
            let path = path.display().to_string();
            let (path, text) = (escaped(&path), text(content));
            let text = escaped_lines(&text);
            let end = if text.is_empty() || text.ends_with('\n') {
                ""
            } else {
                "\n"
            };
            format!("==> {path} <==\n{text}{end}")
        });
        let shown = shown.collect::<Vec<_>>().join("\n");
        let head = line(&generation, None, &Zone::here(&desk.root), false);
        Ok(print(&format!("{}\n{shown}", head.trim_start())))
    })
}

/// `diff [A] [B]`.
pub fn diff(call: &Call) -> End {
    at_desk(call, |desk| {
        let color = color(call)?;
        let numbers = call
            .words
            .iter()
            .map(|word| number(word))
            .collect::<Result<Vec<u32>, End>>()?;
        let files = |number: u32| -> Result<Files, End> {
            let generation = desk.store.generation(number).map_err(|error| desk.fail(&error))?;
            Ok(generation.files)
        };
        let live = || desk.store.live().map_err(|error| desk.fail(&error));
        let (from, to, text) = match numbers[..] {
            [from, to, ..] => (from.into(), to.into(), files(from)?.diff(&files(to)?)),
            [from] => (from.into(), Value::from("live"), files(from)?.diff(&live()?)),
            [] => match desk.store.staged().map_err(|error| desk.fail(&error))? {
                Found::Unfit(unfit) => return Err(desk.refuse(*unfit)),
                Found::Nothing => {
                    desk.document(&json!({ "from": "live", "to": "staged", "diff": null }));
                    return Ok(desk.print("nothing is staged\n"));
                }
                Found::Fit(staged) => (
                    Value::from("live"),
                    Value::from("staged"),
                    desk.store.staged_diff(&staged).map_err(|error| desk.fail(&error))?,
                ),
            },
        };
        Ok(print(&match call.has("json") {
            true => json_text(&json!({ "from": from, "to": to, "diff": text })),
            false => painted(&text, color),
        }))
    })
}

/// A diff in the colours of diff(1).
fn painted(text: &str, color: bool) -> String {
    let text = escaped_lines(text);
    let lines = text.lines().map(|line| {
        let ink = match line {
            _ if line.starts_with("---") || line.starts_with("+++") => "1",
            _ if line.starts_with('-') => "31",
            _ if line.starts_with('+') => "32",
            _ if line.starts_with("@@") => "36",
            _ => return format!("{line}\n"),
        };
        inked(line, ink, color) + "\n"
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cleat_store::{Digest, Timestamp};

    fn generation(number: u32, health: Health) -> Generation {
        Generation {
            number,
            time: Timestamp(1_795_426_812),
            origin: Occasion::Boot,
            by: "root on pts/0".to_owned(),
            summary: String::new(),
            digest: Digest::of(b""),
            health,
            files: Files::default(),
            spooled: false,
        }
    }

    #[test]
    fn a_line_of_the_history_says_number_time_health_and_maker() {
        let failed = Health::Failed {
            time: Timestamp(0),
            reason: "gateway 192.0.2.1 on eno1 does not answer".to_owned(),
        };
        let tree = tempfile::tempdir().unwrap();
        let utc = Zone::new(&cleat_root::Root::at(tree.path()), None);
        assert_eq!(
            line(&generation(3, failed), Some(4), &utc, false),
            "    3  2026-11-23 09:40:12 UTC  failed   boot, by root on pts/0\n       \
             it failed: gateway 192.0.2.1 on eno1 does not answer\n"
        );
        assert_eq!(
            line(&generation(12, Health::Unknown), Some(12), &utc, true),
            "*  12  2026-11-23 09:40:12 UTC  \x1b[2munknown\x1b[0m  boot, by root on pts/0\n"
        );
    }

    #[test]
    fn a_line_of_the_history_says_what_changed_and_moves_no_terminal() {
        let tree = tempfile::tempdir().unwrap();
        let utc = Zone::new(&cleat_root::Root::at(tree.path()), None);
        let time = Timestamp(0);
        let one = Generation {
            origin: Occasion::Ifreload,
            by: "root@pam\x1b[2J".to_owned(),
            summary: "en\u{202e}0 changed".to_owned(),
            ..generation(7, Health::Healthy { time })
        };
        assert_eq!(
            line(&one, None, &utc, false),
            "    7  2026-11-23 09:40:12 UTC  healthy  ifreload -a, by root@pam\\u001b[2J\n       en\\u202e0 changed\n"
        );
    }

    #[test]
    fn a_diff_is_painted_line_by_line() {
        let text = "--- a\n+++ b\n@@ -1 +1 @@\n same\n-old\n+new\n";
        assert_eq!(painted(text, false), text);
        assert_eq!(
            painted(text, true),
            "\x1b[1m--- a\x1b[0m\n\x1b[1m+++ b\x1b[0m\n\x1b[36m@@ -1 +1 @@\x1b[0m\n same\n\x1b[31m-old\x1b[0m\n\
             \x1b[32m+new\x1b[0m\n"
        );
    }
}
