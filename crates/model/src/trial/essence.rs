//! What a kernel has, as text: to see whether it is as it was.

use crate::fake::FakeKernel;
use crate::nla::Attrs;
use crate::types::{Address, Route};
use std::collections::BTreeMap;

/// What the kernel has, by name, without indexes and without what it makes itself.
pub(crate) fn essence(kernel: &FakeKernel) -> BTreeMap<String, String> {
    let now = kernel.now();
    let names = |index: Option<u32>| index.and_then(|index| now.by_index(index)).map(|link| link.name);
    let mut all = BTreeMap::new();
    for link in now.links() {
        let sorted = |mut list: Vec<String>| {
            list.sort();
            list
        };
        let attrs = |attrs: &Attrs| {
            sorted(
                attrs
                    .iter()
                    .filter(|(number, _)| *number != 11)
                    .map(|(number, bytes)| format!("{number}={bytes:?}"))
                    .collect(),
            )
        };
        let addresses = now.addresses(link.index).iter().map(Address::to_string).collect();
        let routes = now.routes(link.index).iter().map(Route::to_string).collect();
        let text = format!(
            "{:?} up={} master={:?} parent={:?} {:?} data={:?} port={:?} conf={:?}{:?} addr={:?} routes={:?} vlans={:?} fdb={:?}",
            link.kind,
            link.is_up(),
            names(link.master),
            names(link.parent),
            attrs(&link.attrs),
            attrs(&link.data),
            attrs(&link.port),
            link.conf4,
            link.conf6,
            sorted(addresses),
            sorted(routes),
            now.vlans(link.index),
            now.fdb(link.index),
        );
        all.insert(link.name.to_string(), text);
    }
    all.insert("ip rule".to_owned(), format!("{:?}", now.rules));
    all
}

/// The words that differ, per link.
pub(crate) fn differing(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> String {
    let mut text = String::new();
    for name in before
        .keys()
        .chain(after.keys().filter(|name| !before.contains_key(*name)))
    {
        let words = |all: &BTreeMap<String, String>| -> Vec<String> {
            all.get(name)
                .map(|text| text.split(" ").map(str::to_owned).collect())
                .unwrap_or_default()
        };
        let (old, new) = (words(before), words(after));
        if old != new {
            let gone: Vec<&String> = old.iter().filter(|word| !new.contains(word)).collect();
            let come: Vec<&String> = new.iter().filter(|word| !old.contains(word)).collect();
            text += &format!("{name}: was {gone:?}, is {come:?}\n");
        }
    }
    text
}
