//! Runs the hooks of an interface in one phase.

use super::call::Call;
use super::process::{self, Fault};
use super::recursion;
use super::scripts::{self, Script};
use crate::state::lock::HOLDER;
use cleat_cli::logging::LOG_TARGET;
use cleat_model::desired::Phase;
use cleat_model::name::IfName;
use cleat_model::plan::Scripts;
use cleat_root::Root;
use log::{debug, info};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A command or script that failed.
#[derive(Debug)]
pub struct Failed {
    /// For which interface.
    pub iface: IfName,
    /// In which phase.
    pub phase: Phase,
    /// The command as written, or the path of the script.
    pub what: String,
    /// How.
    pub fault: Fault,
    /// The last line that it printed.
    pub said: Option<String>,
}

impl fmt::Display for Failed {
    /// `post-up command failed: exit code 1 (iptables ...)`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.what.starts_with("/etc/network/if-") {
            "script"
        } else {
            "command"
        };
        write!(
            out,
            "{} {kind} failed: {}: `{}`",
            self.phase.word(),
            self.fault,
            shown(&self.what)
        )?;
        match &self.said {
            Some(said) => write!(out, ": {said}"),
            None => Ok(()),
        }
    }
}

/// The first word of a command, of an assignment the name: what follows may be a password, and the journal is read by
/// others. A path of a script has no such words.
fn shown(command: &str) -> String {
    let ends = |char: char| char.is_whitespace() || "=;|&<>()'\"`$".contains(char);
    match command.trim_start().split_once(ends) {
        Some((word, _)) => format!("{word} ...").trim_start().to_owned(),
        _ => command.trim().to_owned(),
    }
}

/// Runs hooks one after the other.
#[derive(Debug)]
pub struct Runner {
    root: Root,
    limit: Duration,
    verbose: bool,
    scripts: HashMap<Phase, Vec<Script>>,
    /// The process that holds the lock: this one, or the one that called the hook that called this one.
    holder: u32,
    /// The interfaces whose hooks this run was called by.
    chain: Vec<String>,
    /// Scripts that ran over their time, with the interfaces that they did not run for since.
    hung: BTreeMap<PathBuf, BTreeSet<IfName>>,
}

impl Runner {
    /// *Units*: `limit` is for each command and each script.
    pub fn new(root: Root, limit: Duration, verbose: bool) -> Self {
        Self {
            root,
            limit,
            verbose,
            scripts: HashMap::new(),
            holder: std::process::id(),
            chain: Vec::new(),
            hung: BTreeMap::new(),
        }
    }

    /// Its hooks are part of a run that a hook called, while that process holds the lock.
    pub fn within(&mut self, holder: u32) {
        self.holder = holder;
        self.chain = recursion::chain();
    }

    /// Scripts that ran over their time and so did not run for further interfaces: path, and those interfaces.
    pub fn passed_over(&self) -> impl Iterator<Item = (&Path, &BTreeSet<IfName>)> {
        let hung = self.hung.iter().filter(|(_, names)| !names.is_empty());
        hung.map(|(path, names)| (path.as_path(), names))
    }

    /// Whether a script ran over its time in this run: it would do so for each further interface, and the boot would last
    /// longer than its unit may.
    fn passes_over(&mut self, path: &Path, iface: IfName) -> bool {
        match self.hung.get_mut(path) {
            Some(names) => {
                names.insert(iface);
                true
            }
            None => false,
        }
    }

    /// Which interfaces the scripts of a phase run for; none where there are no scripts.
    pub fn wanted(&mut self, phase: Phase) -> Option<Scripts> {
        let scripts = self.scripts(phase);
        if scripts.is_empty() {
            return None;
        }
        let reads: Option<Vec<_>> = scripts.iter().map(|script| Some(script.known?.reads)).collect();
        Some(reads.map_or(Scripts::All, |reads| Scripts::Reading(reads.concat())))
    }

    /// The scripts of a phase, read once.
    fn scripts(&mut self, phase: Phase) -> &[Script] {
        let root = &self.root;
        self.scripts
            .entry(phase)
            .or_insert_with(|| scripts::of_phase(root, phase))
    }

    /// Runs the lines in the order written, then the scripts in the order of their names, these once for each family
    /// and method of the interface's stanzas. One that fails does not keep the others from running.
    pub fn run(&mut self, call: &Call) -> Vec<Failed> {
        let mut failed = Vec::new();
        let stanzas = call.stanzas();
        let (family, method) = &stanzas[0];
        for line in &call.lines {
            // The log is read by others than root: what follows may be a password.
            debug!("{}: {}: {}", call.iface, call.phase.word(), shown(line));
            let shell = [OsStr::new("-c"), OsStr::new(line)];
            self.one(call, OsStr::new("/bin/sh"), &shell, (family, method), line, &mut failed);
        }
        if !call.scripts {
            return failed;
        }
        for Script { path, known } in self.scripts(call.phase).to_vec() {
            let what = path.display().to_string();
            if known.is_some_and(|known| !call.vars.has_variable(known.reads)) {
                debug!(
                    "{}: {}: {what}: not run, it reads none of the options",
                    call.iface,
                    call.phase.word()
                );
                continue;
            }
            for (family, method) in &stanzas {
                if self.passes_over(&path, call.iface) {
                    continue;
                }
                debug!("{}: {}: {what}", call.iface, call.phase.word());
                let program = self.root.host_path(&path);
                let before = failed.len();
                self.one(call, program.as_os_str(), &[], (family, method), &what, &mut failed);
                if failed[before..]
                    .iter()
                    .any(|failed| matches!(failed.fault, Fault::Late(_)))
                {
                    self.hung.entry(path.clone()).or_default();
                }
            }
        }
        failed
    }

    fn one(
        &self,
        call: &Call,
        program: &OsStr,
        arguments: &[&OsStr],
        (family, method): (&str, &str),
        what: &str,
        failed: &mut Vec<Failed>,
    ) {
        let mut environment = call.environment(family, method, self.verbose);
        environment.insert(HOLDER.to_owned(), self.holder.to_string());
        let chain = self.chain.iter().map(String::as_str).chain([call.iface.as_str()]);
        environment.insert(recursion::HOOK_OF.to_owned(), chain.collect::<Vec<_>>().join(" "));
        let ended = process::run(program, arguments, &environment, None, self.limit);
        for line in ended.output.lines().filter(|line| !line.trim().is_empty()) {
            info!(target: LOG_TARGET, "{}: {}: {line}", call.iface, call.phase.word());
        }
        if let Some(fault) = ended.fault {
            let last = ended.output.lines().rev().find(|line| !line.trim().is_empty());
            failed.push(Failed {
                iface: call.iface,
                phase: call.phase,
                what: what.to_owned(),
                fault,
                said: last.map(|line| line.trim().to_owned()),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cleat_model::desired::HookVars;
    use std::os::unix::fs::PermissionsExt;

    fn call(lines: &[&str]) -> Call {
        let mut vars = HookVars::default();
        vars.add_stanza("inet", "static");
        vars.add_stanza("inet6", "manual");
        Call {
            iface: IfName::new("vmbr0").unwrap(),
            logical: "vmbr0".to_owned(),
            phase: Phase::Up,
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
            scripts: true,
            vars,
        }
    }

    fn script(directory: &Path, name: &str, mode: u32) {
        let path = directory.join(name);
        let text = format!(
            "#!/bin/sh\necho \"{name} $IFACE $ADDRFAM $METHOD\" >> {}/ran\n",
            directory.display()
        );
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    /// The names and the order are those that run-parts(8) takes; `bridge` is done natively.
    #[test]
    fn scripts_run_in_order_and_only_those_with_good_names() {
        let tree = tempfile::tempdir().unwrap();
        let directory = tree.path().join("etc/network/if-up.d");
        std::fs::create_dir_all(&directory).unwrap();
        for name in ["b-two", "a_one", "c.dpkg-old", "d~", "bridge", "mtu"] {
            script(&directory, name, 0o755);
        }
        script(&directory, "plain", 0o644);
        let mut runner = Runner::new(Root::at(tree.path()), Duration::from_secs(10), false);
        let failed = runner.run(&call(&[]));
        assert!(failed.is_empty(), "{failed:?}");
        let ran = std::fs::read_to_string(directory.join("ran")).unwrap();
        assert_eq!(
            ran,
            "a_one vmbr0 inet static\na_one vmbr0 inet6 manual\nb-two vmbr0 inet static\nb-two vmbr0 inet6 manual\n"
        );
    }

    /// Second witness of the texts: `sha256sum` of the files in Debian's packages of ethtool.
    #[test]
    fn a_known_script_runs_only_where_it_reads_an_option() {
        let tree = tempfile::tempdir().unwrap();
        let directory = tree.path().join("etc/network/if-pre-up.d");
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join("ethtool");
        let text = "#!/bin/sh\n\nETHTOOL=/sbin/ethtool\n\ntest -x $ETHTOOL || exit 0\n\n[ \"$IFACE\" != \"lo\" ] || exit \
                    0\n\n# Gather together the mixed bag of settings applied with -s/--change\nSETTINGS=\"\\\n\
                    ${IF_ETHERNET_PORT:+ port $IF_ETHERNET_PORT}\\\n\
                    ${IF_DRIVER_MESSAGE_LEVEL:+ msglvl $IF_DRIVER_MESSAGE_LEVEL}\\\n\"\n\
                    [ -z \"$SETTINGS\" ] || $ETHTOOL --change \"$IFACE\" $SETTINGS\n";
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let wanted = || Runner::new(Root::at(tree.path()), Duration::from_secs(10), false).wanted(Phase::PreUp);
        let mut vars = HookVars::default();
        vars.add_option("bridge-ports", "eno1");
        let known = wanted().expect("there is a script");
        assert!(!known.run_for(&vars));
        // What is done here need not be done by a script; a value that only the script takes is left to it.
        vars.add_option("driver-message-level", "7");
        assert!(!known.run_for(&vars));
        vars.add_option("ethernet-port", "fibre2");
        assert!(known.run_for(&vars));
        // A word of the administrator, and it is a script like any other.
        std::fs::write(&path, format!("{text}logger $IFACE\n")).unwrap();
        assert_eq!(wanted(), Some(Scripts::All));
        std::fs::remove_file(&path).unwrap();
        assert_eq!(wanted(), None);
    }

    #[test]
    fn a_failing_line_is_told_with_its_last_words_and_the_next_still_runs() {
        let tree = tempfile::tempdir().unwrap();
        let mark = tree.path().join("mark");
        let mut runner = Runner::new(Root::at(tree.path()), Duration::from_secs(10), false);
        let second = format!("echo \"$IFACE $PHASE $MODE\" > {}", mark.display());
        let failed = runner.run(&call(&["echo oh no; exit 7", &second]));
        let told: Vec<String> = failed.iter().map(Failed::to_string).collect();
        assert_eq!(told, ["up command failed: exit code 7: `echo ...`: oh no"]);
        assert_eq!(std::fs::read_to_string(mark).unwrap(), "vmbr0 post-up start\n");
    }

    #[test]
    fn what_follows_the_first_word_of_a_command_is_not_told() {
        for (command, told) in [
            ("false", "false"),
            ("curl -u admin:secret http://192.0.2.1/", "curl ..."),
            ("TOKEN=secret curl", "TOKEN ..."),
            ("login</root/secret", "login ..."),
            ("\"$LOGIN\" secret", "..."),
            ("/etc/network/if-up.d/mtu", "/etc/network/if-up.d/mtu"),
        ] {
            assert_eq!(shown(command), told);
        }
    }

    #[test]
    fn with_no_scripts_only_the_lines_run() {
        let tree = tempfile::tempdir().unwrap();
        let directory = tree.path().join("etc/network/if-up.d");
        std::fs::create_dir_all(&directory).unwrap();
        script(&directory, "one", 0o755);
        let mut runner = Runner::new(Root::at(tree.path()), Duration::from_secs(10), false);
        let call = Call {
            scripts: false,
            ..call(&["true"])
        };
        assert!(runner.run(&call).is_empty());
        assert!(!directory.join("ran").exists());
    }
}
