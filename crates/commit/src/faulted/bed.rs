//! A host below a temporary directory, and a world around the verbs that run on it.

use super::super::desk::Desk;
use super::super::desk::Outside;
use super::super::judge::Judge;
use super::super::listen::Heard;
use super::super::live::{confirm_at, rollback_now};
use super::super::reload::Follows;
use super::super::trying::guard_at;
use cleat_cli::End;
use cleat_diag::{Diagnostic, Sources, render};
use cleat_faults::Faults;
use cleat_model::apply::Verdict;
use cleat_model::kernel::KernelError;
use cleat_root::{Root, paths};
use cleat_settings::Check;
use cleat_store::{Before, Companion, Content, Staging, Timestamp};
use std::cell::{Cell, RefCell};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

pub const OLD: &str = "auto lo\niface lo inet loopback\nauto eno1\niface eno1 inet static\n    address 192.0.2.1/24\n\
                       source interfaces.d/*\n";
pub const NEW: &str = "auto lo\niface lo inet loopback\nauto eno1\niface eno1 inet static\n    address 192.0.2.2/24\n\
                       source interfaces.d/*\n";
/// What is applied at the very end: the host can go on.
pub const THIRD: &str = "auto lo\niface lo inet loopback\nauto eno1\niface eno1 inet static\n    address 192.0.2.3/24\n\
                         source interfaces.d/*\n";
/// A file that is sourced, and never changes.
pub const MORE: (&str, &str) = ("/etc/network/interfaces.d/more", "iface eno2 inet manual\n");
/// A snippet of ours, which never changes.
pub const SNIPPET: (&str, &str) = ("/etc/sysctl.d/60-cleat.conf", "net.ipv4.ip_forward = 1\n");
/// A file that goes with the staged one.
pub const LINK: &str = "/etc/systemd/network/10-cleat-eno1.link";
pub const OLD_LINK: &str = "[Match]\nMACAddress=02:00:00:00:00:01\n[Link]\nName=eno1\n";
pub const NEW_LINK: &str = "[Match]\nMACAddress=02:00:00:00:00:02\n[Link]\nName=eno1\n";

/// How a trial ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ends {
    /// Enter is pressed.
    #[default]
    Enter,
    /// `confirm` from another login, twice where it fails.
    Confirmed,
    /// `rollback --now` from another login, twice where it fails.
    RolledBack,
    /// Nobody does anything; the guard acts.
    Time,
    /// The terminal hangs up; the guard acts.
    HangUp,
}

/// A process that waits for what will never come is killed: a payload for [`resume_unwind`].
struct Killed;

/// The world around a host.
#[derive(Debug, Default)]
pub struct World {
    /// The live file that the kernel follows.
    pub kernel: RefCell<String>,
    /// Whether the reload with [`NEW`] fails.
    pub refuses_new: bool,
    /// Whether the check of a first boot fails.
    pub is_ill: bool,
    pub ends: Ends,
    /// What was told.
    pub said: RefCell<String>,
    pub pauses: Cell<u32>,
    /// The guard, once it has begun.
    pub guard: RefCell<Option<Desk>>,
    pub has_begun: Cell<bool>,
}

impl World {
    /// A guard will watch over what this desk tries.
    pub fn guarded(&self, desk: &Desk) {
        self.guard.replace(Some(desk.clone()));
    }

    /// The guard comes to its turn.
    fn let_guard(&self) {
        if self.has_begun.get()
            && let Some(desk) = self.guard.take()
        {
            let _ = guard_at(&desk);
        }
    }

    /// The programs of this world end.
    pub fn end(&self) {
        self.guard.take();
        self.pauses.set(0);
    }

    fn say(&self, text: &str) {
        self.said.borrow_mut().push_str(text);
    }
}

impl Outside for World {
    fn judge(&self, _root: &Root) -> Result<Judge, KernelError> {
        Ok(Judge::of_files())
    }

    fn reload(&self, root: &Root) -> bool {
        let Ok(bytes) = root.read(paths::INTERFACES) else {
            return false;
        };
        let text = String::from_utf8(bytes).unwrap();
        let follows = !(self.refuses_new && text == NEW);
        if follows {
            self.kernel.replace(text);
        }
        follows
    }

    fn bring_back(&self, root: &Root, before: Option<&Before>) -> Follows {
        let follows = match before {
            None => self.reload(root),
            Some(before) => {
                let (config, _) = before.config(root);
                let first = config.files().next();
                let source = first.and_then(|(file, _)| config.sources.get(file));
                let bytes = source.map(|source| source.bytes().to_vec());
                bytes.is_some_and(|bytes| {
                    self.kernel.replace(String::from_utf8(bytes).unwrap());
                    true
                })
            }
        };
        if follows { Follows::Whole } else { Follows::Later }
    }

    fn remember(&self, _root: &Root, _files: String) {}

    fn recall(&self, _root: &Root) {}

    fn went_live(&self, _root: &Root) {}

    fn begin_back(&self, _root: &Root) {}

    fn compare(&self, _root: &Root, _files: &str) -> Option<Verdict> {
        None
    }

    fn forget(&self, _root: &Root) {}

    fn check(&self, check: &Check, _root: &Root, _limit: Duration) -> Result<(), Vec<String>> {
        match check {
            Check::Gateway if self.is_ill && *self.kernel.borrow() == NEW => {
                Err(vec!["gateway 192.0.2.254 on eno1 does not answer".to_owned()])
            }
            _ => Ok(()),
        }
    }

    fn start_guard(&self, root: &Root) -> Result<(), String> {
        super::super::guard::announce(root)?;
        self.has_begun.set(true);
        Ok(())
    }

    fn listen(&self, desk: &Desk, generation: u32) -> Heard {
        let decide = match self.ends {
            Ends::Enter => return Heard::Enter,
            Ends::HangUp => return Heard::HangUp,
            Ends::Time => {
                self.let_guard();
                return Heard::Time;
            }
            Ends::Confirmed => confirm_at,
            Ends::RolledBack => |desk: &Desk| rollback_now(desk, None),
        };
        for _ in 0..2 {
            if desk.waits(generation) && decide(desk).is_ok() {
                return Heard::Decided;
            }
        }
        Heard::Time
    }

    /// While one waits, the guard is at work. Whoever waits for long is killed.
    fn pause(&self, _length: Duration) {
        self.pauses.set(self.pauses.get() + 1);
        if self.pauses.get() > 12 {
            resume_unwind(Box::new(Killed));
        }
        self.let_guard();
    }

    fn print(&self, text: &str) -> End {
        self.say(text);
        End::Well
    }

    fn complain(&self, text: &str) {
        self.say(&format!("cleat-commit: {text}\n"));
    }

    fn report(&self, found: &[Diagnostic], sources: &Sources) {
        for found in found {
            self.say(&format!("{}\n", render::line(found, sources)));
        }
    }

    fn report_notes(&self, _found: &[Diagnostic], _sources: &Sources) {}

    fn report_places(&self, _found: &[Diagnostic], _sources: &Sources) {}

    fn close(&self, _found: &[Diagnostic], outcome: &str) {
        self.say(&format!("{outcome}\n"));
    }
}

/// What a program came to: its end, or that it was killed.
pub fn run(desk: &Desk, verb: impl FnOnce(&Desk) -> Result<End, End>) -> Option<End> {
    let ended = catch_unwind(AssertUnwindSafe(|| verb(desk).unwrap_or_else(|end| end)));
    match ended {
        Ok(end) => Some(end),
        Err(payload) if payload.is::<Killed>() => None,
        Err(payload) => resume_unwind(payload),
    }
}

/// What lies in a host's directory.
#[derive(Clone, Debug)]
enum Entry {
    Directory,
    File(Vec<u8>, u32),
    Link(PathBuf),
}

/// All of a host's files, to lay out hosts like it.
#[derive(Clone, Debug)]
pub struct Template(Vec<(PathBuf, Entry)>);

impl Template {
    pub fn host(&self) -> Host {
        let host = Host::empty();
        for (path, entry) in &self.0 {
            let path = host.directory.path().join(path);
            match entry {
                Entry::Directory => fs::create_dir(&path).unwrap(),
                Entry::Link(target) => symlink(target, &path).unwrap(),
                Entry::File(bytes, mode) => {
                    fs::write(&path, bytes).unwrap();
                    fs::set_permissions(&path, fs::Permissions::from_mode(*mode)).unwrap();
                }
            }
        }
        host
    }
}

/// A host.
pub struct Host {
    directory: TempDir,
    pub root: Root,
}

impl Host {
    /// On a file system in memory where there is one: thousands of hosts are made and flushed.
    fn empty() -> Self {
        let directory = tempfile::tempdir_in("/dev/shm")
            .or_else(|_| tempfile::tempdir())
            .unwrap();
        let root = Root::at(directory.path());
        Self { directory, root }
    }

    /// With [`OLD`] as its configuration, and a history to write to.
    pub fn new() -> Self {
        let host = Self::empty();
        host.write(paths::INTERFACES, OLD);
        host.write(MORE.0, MORE.1);
        host.write(SNIPPET.0, SNIPPET.1);
        host.write(LINK, OLD_LINK);
        host.write(paths::BOOT_ID, "boot-1\n");
        fs::create_dir_all(host.root.host_path(paths::GENERATIONS)).unwrap();
        host
    }

    pub fn template(&self) -> Template {
        let mut entries = Vec::new();
        self.walk(Path::new(""), &mut entries);
        Template(entries)
    }

    fn walk(&self, below: &Path, entries: &mut Vec<(PathBuf, Entry)>) {
        for found in fs::read_dir(self.directory.path().join(below)).unwrap() {
            let found = found.unwrap();
            let (path, host) = (below.join(found.file_name()), found.path());
            let kind = found.file_type().unwrap();
            if kind.is_symlink() {
                entries.push((path, Entry::Link(fs::read_link(host).unwrap())));
            } else if kind.is_dir() {
                entries.push((path.clone(), Entry::Directory));
                self.walk(&path, entries);
            } else {
                let mode = found.metadata().unwrap().permissions().mode() & 0o7777;
                entries.push((path, Entry::File(fs::read(host).unwrap(), mode)));
            }
        }
    }

    pub fn write(&self, path: &str, text: &str) {
        let host = self.root.host_path(path);
        fs::create_dir_all(host.parent().unwrap()).unwrap();
        fs::write(host, text).unwrap();
    }

    pub fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.root.host_path(path)).ok()
    }

    /// The desk of a verb that runs with these faults; none are those of a disk that is well.
    pub fn desk(&self, faults: Option<&Arc<Faults>>, world: &Rc<World>) -> Desk {
        let root = faults.map_or_else(|| self.root.clone(), |faults| faults.on(&self.root));
        Desk::at(root, Timestamp(1_795_426_812), Rc::clone(world) as Rc<dyn Outside>)
    }

    /// Stages [`NEW`] with the link file that goes with it, as `cleat-link pin` does.
    pub fn stage(&self, world: &Rc<World>, confirm: Option<&str>) {
        let content = |path: &str| Content::read(&self.root, Path::new(path)).unwrap();
        let staging = Staging {
            bytes: NEW.as_bytes().to_vec(),
            base: content(paths::INTERFACES),
            by: "root on pts/0".to_owned(),
            confirm: confirm.map(str::to_owned),
            companions: vec![Companion {
                path: LINK.into(),
                base: content(LINK).map(|content| content.digest()),
                new: Some(Content {
                    bytes: NEW_LINK.as_bytes().to_vec(),
                    mode: 0o644,
                }),
            }],
            ..Staging::default()
        };
        self.desk(None, world).lock().unwrap().stage(staging).unwrap();
    }

    /// The machine goes down and comes up to where `cleat-commit boot` is run: /run is empty.
    pub fn reboot(&self, number: u32) {
        let run = self.root.host_path("/run");
        if run.exists() {
            fs::remove_dir_all(run).unwrap();
        }
        self.write(paths::BOOT_ID, &format!("boot-{number}\n"));
        // Where a file system is mounted in this test it is mounted late.
        let _ = fs::remove_file(self.root.host_path(paths::PROC_MOUNTS));
    }

    /// What programs left that are no more bears the number of a process that is no more (proc(5): the highest number
    /// that pid_max can have is 4194304).
    pub fn bury(&self) {
        let ours = format!("/.cleat-{}-", std::process::id());
        for name in self.names().iter().filter(|name| name.contains(&ours)) {
            let host = self.root.host_path(name);
            fs::rename(&host, self.root.host_path(name.replace(&ours, "/.cleat-4194305-"))).unwrap();
        }
    }

    /// What is half written and was left behind.
    pub fn litter(&self) -> Vec<String> {
        let signs = ["/.cleat-", "/.new-", "/.old-"];
        let is_litter = |name: &String| signs.iter().any(|sign| name.contains(sign));
        self.names().into_iter().filter(is_litter).collect()
    }

    pub fn names(&self) -> Vec<String> {
        let mut entries = Vec::new();
        self.walk(Path::new(""), &mut entries);
        let path = |(path, _): (PathBuf, Entry)| format!("/{}", path.display());
        entries.into_iter().map(path).collect()
    }
}
