//! A state file of a later version, or damaged in part: what can be understood of it, and what is kept for others.

use cleat_model::name::IfName;
use cleat_model::owned::{Owned, OwnedLink};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What this program does not know of a state file, to be written back as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unknown {
    /// Beside the links.
    top: Map<String, Value>,
    /// Of each link.
    links: BTreeMap<IfName, Map<String, Value>>,
}

impl Unknown {
    pub fn is_empty(&self) -> bool {
        self.top.is_empty() && self.links.is_empty()
    }

    /// Adds it to what is written, for the links that are still in there.
    pub fn put_back(&self, document: &mut Value) {
        for (key, value) in &self.top {
            document[key] = value.clone();
        }
        for (name, fields) in &self.links {
            let link = document["links"].get_mut(name.as_str()).and_then(Value::as_object_mut);
            if let Some(link) = link {
                link.extend(fields.clone());
            }
        }
    }
}

/// The links of a document, each with those fields that can be read. `None` where there are no links in it at all.
pub(crate) fn in_part(document: &Value) -> Option<(Owned, Unknown)> {
    let mut owned = Owned::default();
    let mut unknown = Unknown::default();
    for (key, value) in document.as_object()? {
        if !matches!(key.as_str(), "version" | "links" | "rules" | "owed") {
            unknown.top.insert(key.clone(), value.clone());
        }
    }
    let rules = document.get("rules").cloned().map(serde_json::from_value);
    owned.rules = rules.and_then(Result::ok).unwrap_or_default();
    let owed = document.get("owed").cloned().map(serde_json::from_value);
    owned.owed = owed.and_then(Result::ok).unwrap_or_default();
    for (name, fields) in document.get("links")?.as_object()? {
        let (Ok(name), Some(fields)) = (IfName::new(name), fields.as_object()) else {
            continue;
        };
        let mut known = Map::new();
        let mut others = Map::new();
        for (key, value) in fields {
            match read_field(key, value) {
                Some(_) if !is_known(key) => drop(others.insert(key.clone(), value.clone())),
                Some(_) => drop(known.insert(key.clone(), value.clone())),
                None => {}
            }
        }
        owned.links.insert(name, read(&known).unwrap_or_default());
        if !others.is_empty() {
            unknown.links.insert(name, others);
        }
    }
    Some((owned, unknown))
}

/// Whether the record has a field of that name: no field of it can be a number that is not whole.
fn is_known(key: &str) -> bool {
    read_field(key, &Value::from(-7.5)).is_none()
}

fn read_field(key: &str, value: &Value) -> Option<OwnedLink> {
    read(&Map::from_iter([(key.to_owned(), value.clone())]))
}

fn read(fields: &Map<String, Value>) -> Option<OwnedLink> {
    serde_json::from_value(Value::Object(fields.clone())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_the_record_are_known_and_no_others() {
        let Ok(Value::Object(fields)) = serde_json::to_value(OwnedLink::default()) else {
            panic!("the record is an object");
        };
        // Those that are left out where they are empty.
        let more = [
            "addresses",
            "routes",
            "vlans",
            "fdb",
            "knobs",
            "hooks",
            "vars",
            "no_auto_down",
            "no_scripts",
        ];
        for key in fields.keys().map(String::as_str).chain(more) {
            assert!(is_known(key), "{key}");
        }
        assert!(!is_known("colour"));
    }
}
