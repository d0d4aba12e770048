//! `cleat-sysctl ipv6`, `forward` and `proxy-arp`: settings that people switch, kept over a boot.

use super::breaks;
use super::snippet::Snippet;
use crate::{Key, Reading, Settings, Wanted, apply, check, differences, is_one_setting, last_of_names, resets};
use cleat_cli::logging::Reporter;
use cleat_cli::{Call, End, Hint, Verb, Words, YES, complain, print};
use cleat_diag::{Diagnostic, Sources, Summary};
use cleat_model::name::IfName;
use cleat_root::{Root, paths};
use std::path::Path;

/// IPv6 off and on.
pub(super) const IPV6: Verb = Verb {
    name: "ipv6",
    usage: "cleat-sysctl ipv6 off|on [IFACE...] [-y]",
    short: "switches IPv6 off or on, for the host or for interfaces",
    doc: "Switches IPv6 off, now and at every boot, for the host (`all` and `default`, so for links that come later, too) \
          or for the interfaces named; `on` takes that back, with what was so before. Addresses and routes of \
          IPv6 go with `off`; those that the kernel makes come back with `on`, those of /etc/network/interfaces with \
          `ifreload -a`.",
    words: words(
        "off|on [IFACE...]",
        "the state, and the interfaces where not all of them",
        1,
        usize::MAX,
        Hint::Switch(&["off", "on"]),
    ),
    options: &[YES],
    run: |call| ipv6(call).unwrap_or_else(|text| usage(&text)),
};

/// Forwarding.
pub(super) const FORWARD: Verb = Verb {
    name: "forward",
    usage: "cleat-sysctl forward on|off [v4|v6]",
    short: "switches routing between interfaces on or off",
    doc: "Switches forwarding of packets between interfaces, now and at every boot, for IPv4, IPv6 or both. It sets \
          `forwarding` of every interface; what sysctl.d says of single ones is written again after it.",
    words: words(
        "on|off [v4|v6]",
        "the state, and the family where not both",
        1,
        2,
        Hint::OneOf(&["on", "off", "v4", "v6"]),
    ),
    options: &[],
    run: |call| forward(call).unwrap_or_else(|text| usage(&text)),
};

/// Proxy ARP.
pub(super) const PROXY_ARP: Verb = Verb {
    name: "proxy-arp",
    usage: "cleat-sysctl proxy-arp on|off IFACE",
    short: "switches answering ARP requests for others on or off",
    doc: "Switches, now and at every boot, whether the host answers on this interface ARP requests for addresses that it \
          would route to another one.",
    words: words(
        "on|off IFACE",
        "the state, and the interface",
        2,
        2,
        Hint::Switch(&["on", "off"]),
    ),
    options: &[],
    run: |call| proxy_arp(call).unwrap_or_else(|text| usage(&text)),
};

const fn words(name: &'static str, doc: &'static str, least: usize, most: usize, hint: Hint) -> Words {
    Words {
        name,
        doc,
        least,
        most,
        hint,
    }
}

fn usage(text: &str) -> End {
    complain(text);
    End::Usage
}

/// The first word as on or off, and the others.
fn state(call: &Call) -> Result<(bool, Vec<String>), String> {
    let mut words = call.words.iter().map(|word| word.to_string_lossy().into_owned());
    match words.next().as_deref() {
        Some("on") => Ok((true, words.collect())),
        Some("off") => Ok((false, words.collect())),
        other => Err(format!(
            "`{}` takes on or off, not `{}`",
            call.verb.name,
            other.unwrap_or_default()
        )),
    }
}

fn links(names: &[String]) -> Result<Vec<String>, String> {
    let bad = names
        .iter()
        .find(|name| IfName::new(name).is_err() || Key::new(name).is_pattern());
    bad.map_or(Ok(names.to_vec()), |name| {
        Err(format!("`{name}` cannot be the name of an interface"))
    })
}

fn ipv6(call: &Call) -> Result<End, String> {
    let (on, names) = state(call)?;
    let names = links(&names)?;
    let which: Vec<&str> = match names.as_slice() {
        [] => vec!["all", "default"],
        names => names.iter().map(String::as_str).collect(),
    };
    let asked = which.iter().map(|link| {
        (
            Key::new(&format!("net/ipv6/conf/{link}/disable_ipv6")),
            if on { "0" } else { "1" },
        )
    });
    let found = match on {
        true => Vec::new(),
        false if breaks::session_is_ipv6() && !call.has("yes") => {
            complain("this session came over IPv6 and may end with it; `-y` does it all the same");
            return Ok(End::Fault);
        }
        false => breaks::without_ipv6(&names),
    };
    Ok(set(call, "ipv6", &asked.collect::<Vec<_>>(), found))
}

fn forward(call: &Call) -> Result<End, String> {
    let (on, family) = state(call)?;
    let value = if on { "1" } else { "0" };
    let v4 = vec![(Key::new("net/ipv4/ip_forward"), value)];
    let v6 = ["all", "default"].map(|link| (Key::new(&format!("net/ipv6/conf/{link}/forwarding")), value));
    let asked = match family.first().map(String::as_str) {
        None => v4.into_iter().chain(v6).collect(),
        Some("v4") => v4,
        Some("v6") => v6.into(),
        Some(other) => return Err(format!("`forward` takes v4 or v6, not `{other}`")),
    };
    let of_v6 = asked.iter().any(|(key, _)| key.as_str().starts_with("net/ipv6"));
    let found = if on && of_v6 {
        breaks::as_ipv6_router(&Root::real())
    } else {
        Vec::new()
    };
    Ok(set(call, "forward", &asked, found))
}

fn proxy_arp(call: &Call) -> Result<End, String> {
    let (on, names) = state(call)?;
    let names = links(&names)?;
    let asked = names.iter().map(|link| {
        (
            Key::new(&format!("net/ipv4/conf/{link}/proxy_arp")),
            if on { "1" } else { "0" },
        )
    });
    let all = Reading::read(&Root::real(), &Key::new("net/ipv4/conf/all/proxy_arp"));
    let mut found = Vec::new();
    if !on && all == Reading::Value("1".into()) {
        let text = "`net.ipv4.conf.all.proxy_arp` is on, and with it every interface";
        found.push(Diagnostic::warning("switch-of-all", text).help("set it to 0: then what each interface says holds"));
    }
    Ok(set(call, "proxy-arp", &asked.collect::<Vec<_>>(), found))
}

/// Makes the settings so, now and in the switch's own file, and looks whether they are.
fn set(call: &Call, switch: &str, asked: &[(Key, &str)], warnings: Vec<Diagnostic>) -> End {
    let reporter = Reporter::new(call.verbosity);
    reporter.print(&warnings, &Sources::new());
    let root = Root::real();
    let (found, sources) = match carry_out(&root, switch, asked) {
        Ok(found) => found,
        Err(error) => {
            complain(&error);
            return End::Fault;
        }
    };
    reporter.print(&found, &sources);
    if Summary::of(&found).errors > 0 {
        return End::Fault;
    }
    let text = asked.iter().map(|(key, value)| format!("{key} = {value}\n"));
    print(&text.collect::<String>())
}

/// What was found wrong, and the files that it speaks of.
pub(super) fn carry_out(
    root: &Root,
    switch: &str,
    asked: &[(Key, &str)],
) -> Result<(Vec<Diagnostic>, Sources), String> {
    let mut snippet = Snippet::read(root, switch)?;
    let mut sources = Sources::new();
    let (settings, _) = Settings::load(root, &mut sources);
    let asked = &with_links(root, asked, &snippet, &settings);
    let opposite = asked
        .iter()
        .filter(|(key, value)| snippet.get(key).is_some_and(|said| said != *value));
    let opposite: Vec<Key> = opposite.map(|(key, _)| key.clone()).collect();
    let back = snippet.take_back(&opposite);
    // With the switch's own word gone, another file or what was so before may say what is asked. The kernel begins with 0.
    let mut others = settings;
    if !opposite.is_empty() {
        snippet.write(root)?;
        sources = Sources::new();
        others = Settings::load(root, &mut sources).0;
    }
    let mut added = false;
    let net = [Key::new("net")];
    let (by_others, _) = others.wanted(root, &net);
    for (key, value) in asked {
        if snippet.get(key).is_some() {
            continue;
        }
        // What is said of all links is said of one that nothing else speaks of.
        let of_all = || by_others.iter().rfind(|wanted| resets(&wanted.key, key));
        let said = others.value_of(&by_others, key);
        let said = said.or_else(|| of_all().map(|wanted| wanted.value.clone()));
        let said = said.map(|value| value.to_string());
        let before = back
            .iter()
            .find(|(known, _)| known == key)
            .map(|(_, value)| value.clone());
        if said.or(before).unwrap_or_else(|| "0".to_owned()) != *value {
            snippet.add(key.clone(), value, before_it(root, key));
            added = true;
        }
    }
    let mut settings = others;
    if added {
        snippet.write(root)?;
        sources = Sources::new();
        settings = Settings::load(root, &mut sources).0;
    }
    let mut wanted = last_of_names(settings.wanted(root, &net).0);
    let unsaid = |key: &Key| settings.value_of(&wanted, key).is_none();
    for (key, value) in asked.iter().filter(|(key, _)| unsaid(key)) {
        put_back(root, key, value);
    }
    let is_asked = |key: &Key| asked.iter().any(|(known, _)| known == key);
    for (key, value) in back.iter().filter(|(key, _)| unsaid(key) && !is_asked(key)) {
        put_back(root, key, value);
    }
    let touched = |key: &Key| asked.iter().any(|(cause, _)| cause == key || resets(cause, key));
    wanted.retain(|wanted| touched(&wanted.key));
    let (_, mut found) = apply(root, &wanted);
    if found.is_empty() {
        found = differences(&wanted, &check(root, &wanted));
    }
    found.extend(not_so(root, asked));
    found.extend(wanted.iter().filter_map(|wanted| excepted(wanted, asked)));
    // Which of them systemd-sysctl will leave reset at a boot.
    let keys: Vec<Key> = wanted.into_iter().map(|wanted| wanted.key).collect();
    if !keys.is_empty() {
        found.extend(settings.wanted(root, &keys).1);
    }
    Ok((found, sources))
}

/// What is asked, and for all links also each link that is there, where one pattern speaks of it and of all of them: it
/// would get the pattern's value again.
fn with_links<'a>(
    root: &Root,
    asked: &[(Key, &'a str)],
    snippet: &Snippet,
    settings: &Settings,
) -> Vec<(Key, &'a str)> {
    let mut all = asked.to_vec();
    for (key, value) in asked {
        let patterns: Vec<&Key> = settings.patterns_of(key).map(|setting| &setting.key).collect();
        if patterns.is_empty() {
            continue;
        }
        // A link that is gone may still be named by our file.
        let ours = snippet.settings.iter().map(|(known, _)| known);
        let ours = ours.filter(|known| resets(key, known)).cloned();
        for link in reset_by(root, key).into_iter().chain(ours) {
            let named = settings.get(&link).is_some() && snippet.get(&link).is_none();
            let is_asked = all.iter().any(|(known, _)| is_one_setting(known, &link));
            if !named && !is_asked && patterns.iter().any(|pattern| pattern.matches(&link)) {
                all.push((link, value));
            }
        }
    }
    all
}

/// A link that another line leaves as it is, where the switch is for all of them.
fn excepted(wanted: &Wanted, asked: &[(Key, &str)]) -> Option<Diagnostic> {
    let (cause, value) = asked.iter().find(|(cause, _)| resets(cause, &wanted.key))?;
    let text = format!("`{}` stays `{}`, not `{value}` as `{cause}`", wanted.key, wanted.value);
    let differs = wanted.value.to_string() != *value && !asked.iter().any(|(key, _)| *key == wanted.key);
    let warning = || Diagnostic::warning("switch-excepted", text).at(wanted.place, "says so");
    differs.then(|| warning().help("remove this line to have it switched, too"))
}

/// What a setting is now, and every setting that it resets where that is another value.
fn before_it(root: &Root, key: &Key) -> Vec<(Key, String)> {
    let Reading::Value(now) = Reading::read(root, key) else {
        return Vec::new();
    };
    let others = reset_by(root, key)
        .into_iter()
        .filter_map(|other| match Reading::read(root, &other) {
            Reading::Value(found) if found != now => Some((other, found)),
            _ => None,
        });
    let others: Vec<_> = others.collect();
    std::iter::once((key.clone(), now)).chain(others).collect()
}

/// The settings of single links that writing `key` resets.
fn reset_by(root: &Root, key: &Key) -> Vec<Key> {
    let (table, name) = match key.as_str() {
        "net/ipv4/ip_forward" => ("net/ipv4/conf", "forwarding"),
        other => match other.split_once("/all/") {
            Some(split) => split,
            None => return Vec::new(),
        },
    };
    let links = root
        .read_dir(Path::new(paths::PROC_SYS).join(table))
        .unwrap_or_default();
    let keys = links
        .iter()
        .map(|link| Key::new(&format!("{table}/{}/{name}", link.to_string_lossy())));
    keys.filter(|other| resets(key, other)).collect()
}

/// A link that is gone takes its settings with it: what cannot be put back then need not be.
fn put_back(root: &Root, key: &Key, value: &str) {
    if !matches!(Reading::read(root, key), Reading::Value(now) if now == value)
        && let Err(error) = root.write_in_place(key.path(), format!("{value}\n").as_bytes())
    {
        log::info!("{error}");
    }
}

/// What is asked and is not so: another file says otherwise, or the kernel lacks the setting.
fn not_so(root: &Root, asked: &[(Key, &str)]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (key, value) in asked {
        let text = match Reading::read(root, key) {
            Reading::Value(now) if now == *value => continue,
            Reading::Value(now) => format!("`{key}` is `{now}`, not `{value}`"),
            Reading::Nothing => format!("there is no setting `{key}` in this kernel now; it holds when there is"),
            Reading::Place => format!("`{key}` is not the name of one setting"),
            Reading::Unreadable(reason) => format!("cannot read `{key}`: {reason}"),
        };
        let missing = Reading::read(root, key) == Reading::Nothing;
        found.push(match missing {
            true => Diagnostic::warning("switch-absent", text),
            false => {
                Diagnostic::error("switch-not-so", text).help("`cleat-sysctl check` shows which line says otherwise")
            }
        });
    }
    found
}
