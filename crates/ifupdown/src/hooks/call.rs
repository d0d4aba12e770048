//! What one interface's hooks are called with: the phase, the lines, and the environment.

use cleat_model::desired::{HookVars, Phase};
use cleat_model::name::IfName;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// What hooks are told of a phase.
pub trait Told {
    /// `PHASE` as classic ifupdown tells it: if-up.d runs in `post-up`, if-down.d in `pre-down`.
    fn told(self) -> &'static str;
    /// `MODE`.
    fn mode(self) -> &'static str;
}

impl Told for Phase {
    fn told(self) -> &'static str {
        match self {
            Phase::PreUp => "pre-up",
            Phase::Up | Phase::PostUp => "post-up",
            Phase::PreDown | Phase::Down => "pre-down",
            Phase::PostDown => "post-down",
        }
    }

    fn mode(self) -> &'static str {
        match self {
            Phase::PreUp | Phase::Up | Phase::PostUp => "start",
            Phase::PreDown | Phase::Down | Phase::PostDown => "stop",
        }
    }
}

/// All hooks of one interface in one phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The interface.
    pub iface: IfName,
    /// The stanza it is configured by; the interface's own name unless a mapping or `IFACE=LOGICAL` chose another.
    pub logical: String,
    /// When.
    pub phase: Phase,
    /// Its lines of that phase, in the order written.
    pub lines: Vec<String>,
    /// Whether the scripts of the directory run too (not with `no-scripts`).
    pub scripts: bool,
    /// What its stanzas say.
    pub vars: HookVars,
}

impl Call {
    /// Family and method of each stanza that scripts run for, no pair twice; one pair at least.
    pub fn stanzas(&self) -> Vec<(String, String)> {
        let mut stanzas: Vec<(String, String)> = Vec::new();
        for (family, method) in self.vars.stanzas() {
            let family = if family.is_empty() { "inet" } else { family };
            let pair = (family.to_owned(), method.to_owned());
            if !stanzas.contains(&pair) {
                stanzas.push(pair);
            }
        }
        if stanzas.is_empty() {
            stanzas.push(("inet".to_owned(), "manual".to_owned()));
        }
        stanzas
    }

    /// The environment for one stanza, complete: nothing of the caller's environment is handed on.
    ///
    /// *Shape*: as interfaces(5) of classic ifupdown says, measured there: values of a repeated key in one variable, a
    /// line each. Values stand as written but for addresses: `IF_ADDRESS` has no prefix length, `IF_NETMASK` is the mask
    /// where none is written, and where there are stanzas of both families each is given its own.
    pub fn environment(&self, family: &str, method: &str, verbose: bool) -> BTreeMap<String, String> {
        let mut environment: BTreeMap<String, String> = BTreeMap::new();
        let mut masks: Vec<String> = Vec::new();
        for (key, value) in self
            .vars
            .options()
            .filter(|(key, value)| self.is_for(family, key, value))
        {
            let plain = match key {
                "address" => value.split('/').next().unwrap_or(value),
                _ => value,
            };
            masks.extend(mask(value).filter(|_| key == "address"));
            let all = environment.entry(HookVars::variable(key));
            all.and_modify(|values| *values += &format!("\n{plain}"))
                .or_insert_with(|| plain.to_owned());
        }
        if !masks.is_empty() {
            environment
                .entry("IF_NETMASK".to_owned())
                .or_insert_with(|| masks.join("\n"));
        }
        let fixed = [
            ("IFACE", self.iface.as_str()),
            ("LOGICAL", &self.logical),
            ("ADDRFAM", family),
            ("METHOD", method),
            ("MODE", self.phase.mode()),
            ("PHASE", self.phase.told()),
            ("VERBOSITY", if verbose { "1" } else { "0" }),
            ("PATH", PATH),
        ];
        environment.extend(fixed.map(|(key, value)| (key.to_owned(), value.to_owned())));
        environment
    }
}

impl Call {
    /// Whether a stanza of this family is given the option: an address or gateway of another family that has a stanza of
    /// its own belongs there.
    fn is_for(&self, family: &str, key: &str, value: &str) -> bool {
        if !matches!(key, "address" | "gateway") {
            return true;
        }
        let of = if value.contains(':') { "inet6" } else { "inet" };
        of == family || !self.vars.stanzas().any(|(other, _)| other == of)
    }
}

/// The mask of `ADDRESS/LENGTH` as classic ifupdown gives it: `255.255.255.0` for IPv4, the length for IPv6. A mask behind
/// the stroke is one already.
fn mask(value: &str) -> Option<String> {
    let (address, length) = value.split_once('/')?;
    match (address.contains(':'), length.parse::<u32>()) {
        (false, Ok(bits @ 0..=32)) => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            Some(Ipv4Addr::from(mask).to_string())
        }
        _ => Some(length.to_owned()),
    }
}

/// Where hooks, scripts and checks look for programs: the search path of classic ifupdown.
pub const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

#[cfg(test)]
mod tests {
    use super::*;

    fn call() -> Call {
        let mut vars = HookVars::default();
        vars.add_stanza("inet", "static");
        vars.add_stanza("inet6", "static");
        vars.add_option("address", "10.0.0.1/24");
        vars.add_option("dns-nameservers", "1.1.1.1");
        vars.add_option("dns-nameservers", "2.2.2.2");
        Call {
            iface: IfName::new("d0").unwrap(),
            logical: "d0".to_owned(),
            phase: Phase::Up,
            lines: Vec::new(),
            scripts: true,
            vars,
        }
    }

    /// Witness: `ifup -v d0` of ifupdown 0.8.41 with an if-up.d script that prints its environment.
    #[test]
    fn the_environment_is_that_of_classic_ifupdown() {
        let environment = call().environment("inet", "static", true);
        let lines: Vec<String> = environment
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        assert_eq!(
            lines,
            [
                "ADDRFAM=inet",
                "IFACE=d0",
                "IF_ADDRESS=10.0.0.1",
                "IF_DNS_NAMESERVERS=1.1.1.1\n2.2.2.2",
                "IF_NETMASK=255.255.255.0",
                "LOGICAL=d0",
                "METHOD=static",
                "MODE=start",
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "PHASE=post-up",
                "VERBOSITY=1",
            ]
        );
    }

    /// Witness: ifupdown 0.8.41, `up env` in stanzas with these addresses; ucarp's if-up.d script calls
    /// `ucarp -s "$IF_ADDRESS"`, which takes no prefix length.
    #[test]
    fn addresses_and_masks_are_those_of_classic_ifupdown() {
        let told = |options: &[(&str, &str)], family: &str| {
            let mut call = call();
            call.vars = HookVars::default();
            call.vars.add_stanza("inet", "static");
            call.vars.add_stanza("inet6", "static");
            options.iter().for_each(|(key, value)| call.vars.add_option(key, value));
            let environment = call.environment(family, "static", false);
            let told = environment.into_iter().filter(|(key, _)| key.starts_with("IF_"));
            told.map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>()
        };
        let both = [
            ("address", "192.0.2.10/24"),
            ("gateway", "192.0.2.1"),
            ("address", "2001:db8::10/64"),
            ("gateway", "2001:db8::1"),
        ];
        let inet = [
            "IF_ADDRESS=192.0.2.10",
            "IF_GATEWAY=192.0.2.1",
            "IF_NETMASK=255.255.255.0",
        ];
        assert_eq!(told(&both, "inet"), inet);
        let inet6 = ["IF_ADDRESS=2001:db8::10", "IF_GATEWAY=2001:db8::1", "IF_NETMASK=64"];
        assert_eq!(told(&both, "inet6"), inet6);
        let written = [("address", "198.51.100.9"), ("netmask", "28")];
        assert_eq!(told(&written, "inet"), ["IF_ADDRESS=198.51.100.9", "IF_NETMASK=28"]);
        let two = [("address", "192.0.2.10/24"), ("address", "192.0.2.11/32")];
        assert_eq!(
            told(&two, "inet"),
            [
                "IF_ADDRESS=192.0.2.10\n192.0.2.11",
                "IF_NETMASK=255.255.255.0\n255.255.255.255"
            ]
        );
        assert_eq!(told(&[("address", "192.0.2.10/0")], "inet")[1], "IF_NETMASK=0.0.0.0");
    }

    #[test]
    fn scripts_run_once_for_each_family_and_method() {
        let mut call = call();
        call.vars.add_stanza("inet", "static");
        call.vars.add_stanza("", "static");
        let families: Vec<String> = call.stanzas().into_iter().map(|(family, _)| family).collect();
        assert_eq!(families, ["inet", "inet6"]);
    }

    #[test]
    fn a_key_cannot_replace_what_the_program_tells() {
        let mut call = call();
        call.vars.add_option("ace", "x");
        assert_eq!(call.environment("inet", "static", false)["IFACE"], "d0");
        assert_eq!(HookVars::variable("bridge_ports"), "IF_BRIDGE_PORTS");
        assert_eq!(HookVars::variable("a.b-c"), "IF_A_B_C");
    }
}
