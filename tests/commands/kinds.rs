//! Every kind of link, on a kernel: made from the shortest stanza that its row tells, changed and changed back in each
//! option, read back, and taken away. Second witness: `ip -d -j link`.

use super::bed::{call, host, write_interfaces};
use cleat_model::kernel_attr::Release;
use cleat_model::kinds;
use cleat_model::table;
use cleat_model::trial::trip::{LOWER, NAME, PORT, changes, file, stanza};
use cleat_netns::{Room, ip_json, run, try_run};
use serde_json::{Map, Value};

macro_rules! trips {
    ($($test:ident: $($kind:ident)+ = $word:literal),+ $(,)?) => {
        /// The kinds that have a test.
        const TRIED: &[&str] = &[$($word),+];

        $(
            #[test]
            fn $test() {
                let room = cleat_netns::enter!($($kind,)+ Inet6);
                trip(&room, $word);
            }
        )+
    };
}

trips! {
    a_bridge_makes_the_whole_trip: Bridge VlanFiltering = "bridge",
    a_bond_makes_the_whole_trip: Bond = "bond",
    a_vxlan_makes_the_whole_trip: Vxlan = "vxlan",
    a_vrf_makes_the_whole_trip: Vrf = "vrf",
    a_veth_pair_makes_the_whole_trip: Veth = "veth",
    a_macvlan_makes_the_whole_trip: Macvlan = "macvlan",
    a_dummy_makes_the_whole_trip: Dummy = "dummy",
    a_vlan_makes_the_whole_trip: Vlan = "vlan",
}

#[test]
fn every_kind_is_tried() {
    let rows: Vec<&str> = kinds::all().map(|row| row.word).collect();
    assert_eq!(TRIED, rows);
}

/// What `ip` shows of the link that stays the same while nobody changes it.
fn shown() -> Map<String, Value> {
    let all = ip_json(&["-d", "link", "show", NAME]);
    let data = all[0]["linkinfo"]["info_data"].as_object().cloned().unwrap_or_default();
    let stays = |key: &String| !key.contains("timer") && !key.contains("topology") && !key.ends_with("_id");
    let data = data.into_iter().filter(|(key, _)| stays(key));
    let of_link = ["mtu", "link", "address", "txqlen"].map(|key| (format!("of the link: {key}"), all[0][key].clone()));
    let kind = ("info_kind".to_owned(), all[0]["linkinfo"]["info_kind"].clone());
    data.chain(of_link).chain([kind]).collect()
}

/// Whether both are the same; the kernel keeps intervals in ticks of its own, which need not divide a hundredth of a second.
fn same(key: &str, was: Option<&Value>, is: Option<&Value>) -> bool {
    match (was.and_then(Value::as_u64), is.and_then(Value::as_u64)) {
        (Some(was), Some(is)) if key.ends_with("_intvl") => was.abs_diff(is) <= 1,
        _ => was == is,
    }
}

/// What differs, a line each.
fn unlike(was: &Map<String, Value>, is: &Map<String, Value>) -> String {
    let keys = was.keys().chain(is.keys().filter(|key| !was.contains_key(*key)));
    let differing = keys.filter(|key| !same(key, was.get(*key), is.get(*key)));
    differing
        .map(|key| format!("{key}: {:?}, now {:?}\n", was.get(key), is.get(key)))
        .collect()
}

/// Whether the `ip` of this machine is as new as an option, so that it shows the option.
fn is_shown(option: &str) -> bool {
    let version = run("ip -V");
    let numbers = version.split_once("iproute2-").expect("ip names its release").1;
    let mut numbers = numbers.split(['.', ',']).map(|number| number.parse().unwrap());
    let ip = Release(numbers.next().unwrap(), numbers.next().unwrap());
    let attrs = table::find(option).unwrap().wire.attrs();
    attrs.iter().all(|attr| attr.since <= ip)
}

/// Nothing is left to do, and nothing is missing.
#[track_caller]
fn assert_settled(text: &str) {
    let again = call("ifreload -a -n");
    assert_eq!(again.out, "nothing to do\n", "{text}{}", again.err);
    let check = call(&format!("ifquery -c {NAME}"));
    assert_eq!(check.code, 0, "{text}{}{}", check.out, check.err);
}

/// Brings the host to the file; whether this kernel is too old for an option of it.
#[track_caller]
fn reload(text: &str) -> bool {
    write_interfaces(text);
    let done = call("ifreload -a");
    assert_eq!(done.code, 0, "{text}{}{}", done.out, done.err);
    assert_settled(text);
    done.err.contains("[newer-kernel]")
}

fn trip(room: &Room, word: &str) {
    let row = kinds::of_word(word).unwrap();
    let plain = file(&stanza(row));
    host(room, &[LOWER, PORT], &plain);
    call("ifup -a").quietly();
    assert_settled(&plain);
    let fresh = shown();
    assert_eq!(fresh["info_kind"], word);
    for lines in changes(row) {
        let option = lines.last().unwrap().0;
        let with: Vec<_> = stanza(row).into_iter().chain(lines).collect();
        let with = file(&with);
        let too_old = reload(&with);
        let differs = !unlike(&fresh, &shown()).is_empty();
        assert_eq!(differs, !too_old && is_shown(option), "{with}");
        reload(&plain);
        assert_eq!(unlike(&fresh, &shown()), "", "back from {with}");
    }
    let running = call(&format!("ifquery -r {NAME}"));
    reload(&running.out);
    assert_eq!(unlike(&fresh, &shown()), "", "{}", running.out);
    // A file in which nothing comes up is refused: here it is meant.
    write_interfaces("auto lo\niface lo\n");
    let gone = call("ifreload -a --force");
    assert_eq!(gone.code, 0, "{}{}", gone.out, gone.err);
    assert!(
        try_run(&format!("ip link show {NAME}")).is_err(),
        "{word} is still there"
    );
}
