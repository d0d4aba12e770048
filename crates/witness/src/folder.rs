//! Two folders of dumps, compared.

// Test support: it reads dumps wherever a test has put them.
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::{Links, Routes, addresses, difference, sysctls, vlans};

/// How two texts of one kind differ.
type Compare<'a> = &'a dyn Fn(&str, &str) -> Result<Option<String>, String>;

/// Compares the dumps in `found` with those in `golden`: `link.json`, `addr.json`, `route4.json`, `vlan.json` (as `ip -j`
/// and `bridge -j` print them), `sysctl.txt` (as `sysctl -a`) and `iptables.txt` (as `iptables-save`). What `golden`
/// does not have is not compared.
///
/// Gives one text for each kind of dump that differs.
///
/// *Errors*: a file of `golden` is not in `found` or cannot be read, or `golden` has none of them.
pub fn differences(golden: &Path, found: &Path) -> Result<Vec<String>, String> {
    let mut all = Vec::new();
    let mut compared = 0;
    let mut kind = |file: &str, compare: Compare| {
        if golden.join(file).exists() {
            compared += 1;
            all.extend(compare(&text(golden, file)?, &text(found, file)?)?);
        }
        Ok::<(), String>(())
    };
    kind("link.json", &|golden, found| {
        Ok(Links::of(&json(golden)?).difference(&Links::of(&json(found)?)))
    })?;
    kind("addr.json", &|golden, found| {
        Ok(difference(
            "addresses",
            &addresses(&json(golden)?),
            &addresses(&json(found)?),
        ))
    })?;
    kind("route4.json", &|golden, found| {
        Ok(Routes::of(&json(golden)?).difference(&Routes::of(&json(found)?)))
    })?;
    kind("vlan.json", &|golden, found| {
        Ok(difference("VLANs", &vlans(&json(golden)?), &vlans(&json(found)?)))
    })?;
    let interfaces = text(golden, "interfaces").unwrap_or_default();
    kind("sysctl.txt", &|golden, found| {
        let line = |(key, _, value): &(String, String, String)| format!("{key} = {value}");
        let wanted: BTreeSet<String> = sysctls(golden, &interfaces).iter().map(line).collect();
        // Only what the golden file names.
        let keys: BTreeSet<&str> = wanted.iter().filter_map(|line| line.split(" = ").next()).collect();
        let found = found
            .lines()
            .filter(|line| line.split(" = ").next().is_some_and(|key| keys.contains(key)));
        Ok(difference("sysctls", &wanted, &found.map(str::to_owned).collect()))
    })?;
    kind("iptables.txt", &|golden, found| {
        Ok(difference("iptables rules", &rules(golden), &rules(found)))
    })?;
    if compared == 0 {
        return Err(format!("{} has nothing to compare with", golden.display()));
    }
    Ok(all)
}

fn text(folder: &Path, file: &str) -> Result<String, String> {
    let path = folder.join(file);
    std::fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

fn json(text: &str) -> Result<Value, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| format!("no JSON: {error}"))?;
    if value.is_array() {
        Ok(value)
    } else {
        Err("no list, as ip -j and bridge -j print".to_owned())
    }
}

/// The rules of all tables, each with its place in its table: their order matters. Comments and counters vary.
fn rules(saved: &str) -> BTreeSet<String> {
    let mut table = "";
    let mut place = 0;
    let mut all = BTreeSet::new();
    for line in saved.lines() {
        if let Some(name) = line.strip_prefix('*') {
            table = name;
            place = 0;
        } else if line.starts_with("-A ") {
            place += 1;
            all.insert(format!("{table} {place}: {line}"));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `ip -d -j link` of iproute2 6.1 printed for a VLAN, shortened.
    const LINK: &str = r#"[{"ifname":"vlan5","link":"eno1","flags":["BROADCAST","UP"],"mtu":1500,"operstate":"UP",
        "linkinfo":{"info_kind":"vlan","info_data":{"protocol":"802.1Q","id":5,"flags":["REORDER_HDR"]}}}]"#;

    fn folders(name: &str, golden: &str, found: &str) -> Result<Vec<String>, String> {
        let base = std::env::temp_dir().join(format!("cleat-witness-{}-{name}", std::process::id()));
        for (folder, text) in [("golden", golden), ("found", found)] {
            std::fs::create_dir_all(base.join(folder)).expect("a folder");
            std::fs::write(base.join(folder).join("link.json"), text).expect("a file");
        }
        let result = differences(&base.join("golden"), &base.join("found"));
        let _ = std::fs::remove_dir_all(&base);
        result
    }

    #[test]
    fn a_wrong_vlan_id_is_a_difference_and_an_operstate_is_none() {
        assert_eq!(
            folders("same", LINK, &LINK.replace("\"UP\",\n", "\"DOWN\",\n")),
            Ok(vec![])
        );
        let found = folders("id", LINK, &LINK.replace("\"id\":5", "\"id\":6")).expect("both can be read");
        assert_eq!(
            found,
            ["links:\n  only golden: vlan5: data.id 5\n  only ours: vlan5: data.id 6"]
        );
    }

    #[test]
    fn a_link_that_is_missing_is_a_difference() {
        let found = folders("missing", LINK, "[]").expect("both can be read");
        assert!(
            found[0].starts_with("links:\n  only golden: vlan5 is there\n"),
            "{found:?}"
        );
    }

    #[test]
    fn nothing_to_compare_is_an_error() {
        let empty = std::env::temp_dir();
        let error = differences(&empty.join("no-such-folder"), &empty).expect_err("nothing there");
        assert!(error.ends_with("no-such-folder has nothing to compare with"), "{error}");
    }

    // The text is what iptables-save 1.8.9 prints.
    #[test]
    fn rules_keep_their_table_and_their_order() {
        let saved =
            "# x\n*nat\n:POSTROUTING ACCEPT [1:2]\n-A POSTROUTING -j MASQUERADE\nCOMMIT\n*raw\n-A OUTPUT -j ACCEPT\n";
        let rules: Vec<String> = rules(saved).into_iter().collect();
        assert_eq!(
            rules,
            ["nat 1: -A POSTROUTING -j MASQUERADE", "raw 1: -A OUTPUT -j ACCEPT"]
        );
    }
}
