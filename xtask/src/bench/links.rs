//! The links that everyone has to make, in each one's words.

use std::fmt::Write;

/// What kind of links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// VXLAN tunnels, each with its own id, on no underlying device.
    Vxlan,
    /// Virtual Ethernet pairs, both ends configured: half as many pairs as links.
    Veth,
}

impl Shape {
    /// The word for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vxlan => "vxlan",
            Self::Veth => "veth",
        }
    }

    /// The number of links made for `wanted` ones: pairs come in twos.
    pub fn count(self, wanted: usize) -> usize {
        match self {
            Self::Vxlan => wanted,
            Self::Veth => wanted / 2 * 2,
        }
    }

    /// interfaces(5) for us and for ifupdown2. `lo` is in it because ifupdown2 wants it.
    pub fn interfaces(self, wanted: usize) -> String {
        let mut text = String::from("auto lo\niface lo inet loopback\n");
        // Writing to a String cannot fail, here and below.
        for n in 1..=wanted {
            if self == Self::Vxlan {
                let _ = write!(
                    text,
                    "\nauto vx{n}\niface vx{n}\n    vxlan-id {n}\n    vxlan-local-tunnelip 192.0.2.1\n    vxlan-learning off\n"
                );
            } else if n <= wanted / 2 {
                for (one, other) in [("va", "vb"), ("vb", "va")] {
                    let _ = write!(
                        text,
                        "\nauto {one}{n}\niface {one}{n}\n    link-type veth\n    veth-peer-name {other}{n}\n"
                    );
                }
            }
        }
        text
    }

    /// interfaces(5) for classic ifupdown, which can make neither kind itself.
    pub fn classic(self, wanted: usize) -> String {
        let mut text = String::from("auto lo\niface lo inet loopback\n");
        for n in 1..=wanted {
            if self == Self::Vxlan {
                let _ = write!(
                    text,
                    "\nauto vx{n}\niface vx{n} inet manual\n    pre-up ip link add {}\n    up ip link set vx{n} up\n",
                    self.add(n)
                );
            } else if n <= wanted / 2 {
                let _ = write!(
                    text,
                    "\nauto va{n}\niface va{n} inet manual\n    pre-up ip link add {}\n    up ip link set va{n} up\n\
                     \nauto vb{n}\niface vb{n} inet manual\n    up ip link set vb{n} up\n",
                    self.add(n)
                );
            }
        }
        text
    }

    /// The same links for `ip -batch`.
    pub fn batch(self, wanted: usize) -> String {
        let mut text = String::from("link set lo up\n");
        for n in 1..=wanted {
            if self == Self::Vxlan {
                let _ = writeln!(text, "link add up {}", self.add(n));
            } else if n <= wanted / 2 {
                let _ = writeln!(text, "link add up {}\nlink set vb{n} up", self.add(n));
            }
        }
        text
    }

    /// What follows `ip link add` for the n-th link or pair.
    fn add(self, n: usize) -> String {
        match self {
            Self::Vxlan => format!("vx{n} type vxlan id {n} local 192.0.2.1 dstport 4789 nolearning"),
            Self::Veth => format!("va{n} type veth peer name vb{n}"),
        }
    }

    /// Whether a link of this name is one of those.
    pub fn names(self, link: &str) -> bool {
        match self {
            Self::Vxlan => link.starts_with("vx"),
            Self::Veth => link.starts_with("va") || link.starts_with("vb"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Second witness: the kernel, asked by ip. The floor and the configurations must describe one set of links.
    #[test]
    fn the_batch_makes_as_many_links_as_there_are_stanzas() {
        let _room = cleat_netns::enter!(Vxlan, Veth);
        for shape in [Shape::Vxlan, Shape::Veth] {
            let file = std::env::temp_dir().join(format!("cleat-bench-{}-{}", std::process::id(), shape.name()));
            std::fs::write(&file, shape.batch(5)).expect("a scratch file");
            cleat_netns::run(&format!("ip -batch {}", file.display()));
            std::fs::remove_file(&file).expect("the scratch file is there");
            let links = cleat_netns::ip_json(&["link", "show", "up"]);
            let made = links
                .as_array()
                .expect("a list")
                .iter()
                .filter(|link| shape.names(link["ifname"].as_str().expect("a name")))
                .count();
            assert_eq!(made, shape.count(5));
            for text in [shape.interfaces(5), shape.classic(5)] {
                assert_eq!(text.matches("\nauto v").count(), made, "{text}");
                assert_eq!(text.matches("\niface v").count(), made, "{text}");
            }
        }
    }
}
