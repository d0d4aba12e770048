//! Who calls a program.

/// Who runs this: `root on pts/0`, or behind sudo(8) the one who called it.
pub fn who() -> String {
    let user = nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten();
    let user = std::env::var("SUDO_USER").ok().or_else(|| user.map(|user| user.name));
    let user = user.unwrap_or_else(|| format!("user {}", nix::unistd::getuid()));
    let terminal = nix::unistd::ttyname(std::io::stdin()).ok();
    match terminal.as_deref().and_then(|path| path.strip_prefix("/dev").ok()) {
        Some(terminal) => format!("{user} on {}", terminal.display()),
        None => user,
    }
}
