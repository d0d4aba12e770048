//! A host below a temporary directory.

#![allow(dead_code, clippy::disallowed_methods, clippy::unwrap_used)]

use cleat_root::Root;
use cleat_store::{
    CommitOptions, Content, Locked, Occasion, Outcome, Staging, Store, StoreError, Timestamp, Watch, What,
};
use std::fs;
use std::path::Path;
use std::time::Duration;

pub const OLD: &str = "auto lo\niface lo inet loopback\nauto eno1\niface eno1 inet static\n    address 192.0.2.1/24\n";
pub const NEW: &str = "auto lo\niface lo inet loopback\nauto eno1\niface eno1 inet static\n    address 192.0.2.2/24\n";

pub struct Host {
    directory: tempfile::TempDir,
    pub root: Root,
}

impl Host {
    /// With [`OLD`] as its configuration, and a history to write to.
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = Root::at(directory.path());
        let host = Self { directory, root };
        host.write("/etc/network/interfaces", OLD);
        host.write("/proc/sys/kernel/random/boot_id", "boot-1\n");
        host.root.create_dir_all("/var/lib/cleat/generations").unwrap();
        host
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    pub fn now(&self) -> Timestamp {
        Timestamp(1_795_426_812)
    }

    pub fn store(&self) -> Store {
        Store::new(&self.root, self.now())
    }

    pub fn locked<T>(&self, run: impl FnOnce(&Locked<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let store = self.store();
        run(&store.lock(Duration::ZERO)?)
    }

    pub fn write(&self, path: &str, text: &str) {
        let host = self.root.host_path(path);
        fs::create_dir_all(host.parent().unwrap()).unwrap();
        fs::write(host, text).unwrap();
    }

    pub fn read(&self, path: &(impl AsRef<str> + ?Sized)) -> Option<String> {
        fs::read_to_string(self.root.host_path(path.as_ref())).ok()
    }

    pub fn content(&self, path: &(impl AsRef<str> + ?Sized)) -> Option<Content> {
        self.read(path).map(|text| Content {
            bytes: text.into_bytes(),
            mode: 0o644,
        })
    }

    /// Every path below one.
    pub fn names_below(&self, path: &str) -> Vec<String> {
        let mut names = Vec::new();
        let mut waiting = vec![self.root.host_path(path)];
        while let Some(directory) = waiting.pop() {
            for entry in fs::read_dir(directory).unwrap() {
                let entry = entry.unwrap();
                names.push(entry.path().to_string_lossy().into_owned());
                if entry.file_type().unwrap().is_dir() {
                    waiting.push(entry.path());
                }
            }
        }
        names
    }

    /// Stages a text, made from the live file as it is.
    pub fn stage(&self, text: &str) {
        let staging = Staging {
            bytes: text.as_bytes().to_vec(),
            base: self.content("/etc/network/interfaces"),
            by: "root on pts/0".to_owned(),
            replace: true,
            ..Staging::default()
        };
        self.locked(|locked| locked.stage(staging)).unwrap();
    }

    /// Commits with a judge that finds no fault.
    pub fn commit(&self, what: What, options: CommitOptions) -> Result<Outcome, StoreError> {
        self.locked(|locked| locked.commit(what, &options, &|_| Vec::new()))
    }

    pub fn reboot(&self) {
        self.write("/proc/sys/kernel/random/boot_id", "boot-2\n");
    }
}

pub fn boot() -> CommitOptions {
    CommitOptions {
        origin: Occasion::Boot,
        by: "cleat-commit boot".to_owned(),
        watch: None,
        keep_refused: false,
    }
}

pub fn live(watch: Watch) -> CommitOptions {
    CommitOptions {
        origin: Occasion::Live,
        by: "root".to_owned(),
        watch: Some(watch),
        keep_refused: false,
    }
}
