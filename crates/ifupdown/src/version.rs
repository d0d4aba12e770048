//! What `-V` answers.

/// The text of `-V`.
///
/// *Shape*: `ifupdown2:3.9.0-1+pmx-cleat0.1.0`. Proxmox VE refuses to apply a configuration unless `ifreload -V` looks
/// like a version of ifupdown2 of at least 1.2.8 whose revision names `pve`, `pmx` or `proxmox`; 3.9.0 is the version
/// whose vocabulary this program speaks.
pub fn version() -> String {
    format!("ifupdown2:3.9.0-1+pmx-cleat{}", env!("CARGO_PKG_VERSION"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pattern is Proxmox VE's demand as measured: `ifupdown2:MAJOR.MINOR.EXTRA-REVISION`, the revision with
    /// `pve`, `pmx` or `proxmox` in it, and at least 1.2.8.
    #[test]
    fn proxmox_ve_takes_the_version_for_a_good_one() {
        let shape = regex_lite::Regex::new(r"^ifupdown2:(\d+)\.(\d+)\.(\d+)-(.*(pve|pmx|proxmox).*)$").unwrap();
        let text = version();
        let parts = shape.captures(&text).unwrap();
        let number = |at: usize| parts[at].parse::<u32>().unwrap();
        assert!((number(1), number(2), number(3)) >= (1, 2, 8));
    }
}
