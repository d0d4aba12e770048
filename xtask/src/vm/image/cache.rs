//! What is kept between runs, by what it was made from; safe for several runs at once, and bounded.
//!
//! Each thing is a folder `WHAT-HASH` in `${XDG_CACHE_HOME:-~/.cache}/cleat-vm`, whole from the moment it is there. A run
//! holds a shared lock on what it uses; who makes or removes a thing holds the lock alone.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use nix::fcntl::{Flock, FlockArg};

/// Of things of one kind that nobody has asked for in the last [`FRESH`], so many stay: what two branches need.
const KEEP: usize = 2;
/// Someone may be working with it.
const FRESH: Duration = Duration::from_secs(3600);
/// After this long without use nothing stays.
const STALE: Duration = Duration::from_secs(14 * 24 * 3600);

/// A thing that is kept; nobody removes it while this is there.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its folder.
    pub folder: PathBuf,
    _used: Arc<Flock<File>>,
}

/// The folder of everything that is kept.
pub fn folder() -> Result<PathBuf, String> {
    let base = std::env::var_os("XDG_CACHE_HOME")
        .filter(|set| Path::new(set).is_absolute())
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))
        .ok_or("neither XDG_CACHE_HOME nor HOME is set: nowhere to keep the images")?;
    Ok(base.join("cleat-vm"))
}

/// The thing of a recipe; made by `make` in an empty folder if it is not there.
pub fn kept(what: &str, recipe: &[String], make: impl FnOnce(&Path) -> Result<(), String>) -> Result<Kept, String> {
    kept_in(&folder()?, what, recipe, make)
}

/// Whether it is there already.
pub fn is_there(what: &str, recipe: &[String]) -> Result<bool, String> {
    Ok(folder()?.join(format!("{what}-{}", hash(recipe)?)).exists())
}

fn kept_in(
    cache: &Path,
    what: &str,
    recipe: &[String],
    make: impl FnOnce(&Path) -> Result<(), String>,
) -> Result<Kept, String> {
    let folder = cache.join(format!("{what}-{}", hash(recipe)?));
    let failed = |error: std::io::Error| format!("cannot keep {}: {error}", folder.display());
    std::fs::create_dir_all(cache).map_err(failed)?;
    // Alone, until it is there; then one of many.
    let lock = locked(&folder, FlockArg::LockExclusiveNonblock)
        .or_else(|_| {
            if !folder.exists() {
                eprintln!("vm: another run makes {}: waiting", folder.display());
            }
            locked(&folder, FlockArg::LockShared)
        })
        .map_err(failed)?;
    if !folder.exists() {
        // Who made it may have failed.
        lock.relock(FlockArg::LockExclusive)
            .map_err(|error| failed(error.into()))?;
    }
    if !folder.exists() {
        made(&folder, make)?;
    }
    lock.relock(FlockArg::LockShared)
        .map_err(|error| failed(error.into()))?;
    // The time of the last use, for those who tidy up.
    let _ = File::open(&folder).and_then(|opened| opened.set_modified(SystemTime::now()));
    tidy(cache);
    Ok(Kept {
        folder,
        _used: Arc::new(lock),
    })
}

/// Makes a thing under another name and renames it at the end: what is there under its own name is whole.
fn made(folder: &Path, make: impl FnOnce(&Path) -> Result<(), String>) -> Result<(), String> {
    let part = folder.with_extension("part");
    let failed = |error: std::io::Error| format!("cannot keep {}: {error}", folder.display());
    let _ = std::fs::remove_dir_all(&part);
    std::fs::create_dir_all(&part).map_err(failed)?;
    eprintln!("vm: making {}", folder.display());
    let done = make(&part).and_then(|()| std::fs::rename(&part, folder).map_err(failed));
    if done.is_err() {
        let _ = std::fs::remove_dir_all(&part);
    }
    done
}

fn locked(folder: &Path, how: FlockArg) -> std::io::Result<Flock<File>> {
    // Not removed with the thing: someone may wait for it.
    let file = File::create(folder.with_extension("lock"))?;
    Flock::lock(file, how).map_err(|(_, error)| error.into())
}

/// Removes what nobody uses: of each kind all but the last [`KEEP`], and what is [`STALE`]. What cannot be removed stays.
fn tidy(cache: &Path) {
    let now = SystemTime::now();
    let mut things: Vec<(SystemTime, PathBuf)> = std::fs::read_dir(cache)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .filter_map(|path| Some((path.metadata().ok()?.modified().ok()?, path)))
        .collect();
    things.sort();
    things.reverse();
    let mut seen: Vec<String> = Vec::new();
    for (used, path) in things {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let what = name.rsplit_once('-').map_or("", |(what, _)| what).to_owned();
        let unused = now.duration_since(used).unwrap_or_default();
        let newer = seen.iter().filter(|known| **known == what).count();
        let outdated = name.ends_with(".part") || newer >= KEEP || unused > STALE;
        if !name.ends_with(".part") {
            seen.push(what);
        }
        if outdated && unused > FRESH && locked(&path.with_extension(""), FlockArg::LockExclusiveNonblock).is_ok() {
            eprintln!("vm: removing {}, which nobody has used lately", path.display());
            let _ = std::fs::remove_dir_all(&path);
        }
    }
}

/// The first 16 digits of the SHA-256 of all parts, each closed by a zero byte.
fn hash(parts: &[String]) -> Result<String, String> {
    let failed = |error| format!("cannot run sha256sum: {error}");
    let mut child = Command::new("sha256sum")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(parts.join("\0").as_bytes()).map_err(failed)?;
    }
    let output = child.wait_with_output().map_err(failed)?;
    Ok(String::from_utf8_lossy(&output.stdout).chars().take(16).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("cleat-cache-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a folder");
        path
    }

    fn recipe(text: &str) -> Vec<String> {
        vec![text.to_owned()]
    }

    // Second witness: sha256sum itself, `printf 'a\0b' | sha256sum`.
    #[test]
    fn the_hash_of_a_recipe_is_the_start_of_its_sha256() {
        assert_eq!(
            hash(&["a".to_owned(), "b".to_owned()]).as_deref(),
            Ok("59b271ae1bbcb1d3")
        );
    }

    #[test]
    fn a_thing_is_made_once_and_one_that_failed_leaves_nothing() {
        let cache = scratch("once");
        let failed = kept_in(&cache, "x", &recipe("1"), |_| Err("no archive".to_owned()));
        assert_eq!(failed.err().as_deref(), Some("no archive"));
        let make = |folder: &Path| std::fs::write(folder.join("f"), "1").map_err(|error| error.to_string());
        let first = kept_in(&cache, "x", &recipe("1"), make).expect("it is made");
        let again = kept_in(&cache, "x", &recipe("1"), |_| Err("made twice".to_owned())).expect("it is there");
        assert_eq!(first.folder, again.folder);
        assert!(again.folder.join("f").exists());
        let _ = std::fs::remove_dir_all(&cache);
    }

    #[test]
    fn what_nobody_has_used_lately_goes_but_for_the_last_two_and_what_is_in_use() {
        let cache = scratch("tidy");
        let make = |_: &Path| Ok(());
        let long_ago = SystemTime::now() - 2 * FRESH;
        let age = |thing: &Path, by: u64| {
            let time = long_ago - Duration::from_secs(by);
            File::open(thing)
                .and_then(|opened| opened.set_modified(time))
                .expect("aged");
        };
        let held = kept_in(&cache, "x", &recipe("0"), make).expect("made");
        age(&held.folder, 100);
        let mut others = Vec::new();
        for by in [3_u64, 2, 1] {
            let thing = kept_in(&cache, "x", &recipe(&by.to_string()), make)
                .expect("made")
                .folder;
            age(&thing, by);
            others.push(thing);
        }
        tidy(&cache);
        let there: Vec<bool> = others.iter().map(|thing| thing.exists()).collect();
        assert_eq!(there, [false, true, true]);
        assert!(held.folder.exists(), "it is in use");
        drop(held);
        tidy(&cache);
        assert_eq!(
            std::fs::read_dir(&cache)
                .expect("a folder")
                .filter_map(Result::ok)
                .filter(|entry| entry.path().is_dir())
                .count(),
            2
        );
        let _ = std::fs::remove_dir_all(&cache);
    }
}
