//! Pictures are read back here: lines are followed with the finger, and what they say must be the topology.

use super::style::Style;
use super::terminal;
use super::topology::{Class, Edge, Node, Row, Topology};
use super::{layout, svg};
use crate::links::LinkState;
use cleat_eni::ConfigSet;
use cleat_model::kinds::Drawn;
use cleat_root::Root;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn node(name: &str, class: Class, rows: &[Row]) -> Node {
    Node {
        name: name.to_owned(),
        class,
        label: class.legend().to_owned(),
        state: LinkState::Up,
        rows: rows.to_vec(),
        layer: 0,
    }
}

fn topology(nodes: Vec<Node>, edges: &[(usize, usize)]) -> Topology {
    let line = |(lower, upper): &(usize, usize)| Edge {
        lower: *lower,
        upper: *upper,
        broken: false,
    };
    let mut all = Topology {
        nodes,
        edges: edges.iter().map(line).collect(),
    };
    all.layer();
    all
}

fn bond_with_a_missing_nic() -> Topology {
    let address = Row::Address("10.10.10.2/24".to_owned());
    let gateway = Row::Gateway("gateway 10.10.10.1".to_owned());
    let ports = [
        Row::Port("tap100i0  VM 100".to_owned(), LinkState::Up),
        Row::Port("veth101i0  CT 101".to_owned(), LinkState::Down),
    ];
    let mut all = topology(
        vec![
            node("eno1", Class::Link(Drawn::Nic), &[]),
            node("eno2", Class::Link(Drawn::Nic), &[]),
            node("bond0", Class::Link(Drawn::Bond), &[Row::Detail("802.3ad".to_owned())]),
            node("bond0.5", Class::Link(Drawn::Vlan), &[]),
            node("vmbr0v5", Class::Link(Drawn::Bridge), &[address, gateway]),
            node("vmbr0", Class::Link(Drawn::Bridge), &[]),
            node("2 guest ports", Class::Guests, &ports),
        ],
        &[(0, 2), (1, 2), (2, 3), (3, 4), (2, 5), (5, 6)],
    );
    all.nodes[1].state = LinkState::Missing;
    all
}

fn style(width: usize) -> Style {
    Style {
        width,
        ascii: false,
        color: false,
    }
}

// Looked at by eye, at 120, 80 and 60 columns.
#[test]
fn a_bond_with_a_missing_nic_is_drawn_in_layers() {
    assert_eq!(
        format!("\n{}", terminal::draw(&bond_with_a_missing_nic(), style(120))),
        "
                           ╭─ VLAN ────╮   ╭─ bridge ───────────╮
╭─ NIC ──╮               ╭─┤ ● bond0.5 ├───┤ ● vmbr0v5          │
│ ● eno1 ├─╮ ╭─ bond ──╮ │ ╰───────────╯   │ 10.10.10.2/24      │
╰────────╯ ├─┤ ● bond0 ├─┤                 │ gateway 10.10.10.1 │
╭╌ NIC ╌╌╮ │ │ 802.3ad │ │                 ╰────────────────────╯   ╭─ guests ────────────╮
╎ ✗ eno2 ├─╯ ╰─────────╯ │                 ╭─ bridge ───────────╮ ╭─┤ ● tap100i0  VM 100  │
╰╌╌╌╌╌╌╌╌╯               ╰─────────────────┤ ● vmbr0            ├─╯ │ ○ veth101i0  CT 101 │
                                           ╰────────────────────╯   ╰─────────────────────╯

● up   ○ down   ✗ missing
"
    );
}

#[test]
fn a_narrow_terminal_gets_tighter_boxes_and_then_an_outline() {
    assert_eq!(
        format!("\n{}", terminal::draw(&bond_with_a_missing_nic(), style(81))),
        "
                       ╭─ VLAN ──╮   ╭─ bridge ─────────╮
╭─ NIC ╮             ╭─┤● bond0.5├───┤● vmbr0v5         │
│● eno1├─╮ ╭─ bond ╮ │ ╰─────────╯   │10.10.10.2/24     │
╰──────╯ ├─┤● bond0├─┤               │gateway 10.10.10.1│
╭╌ NIC ╮ │ │802.3ad│ │               ╰──────────────────╯   ╭─ guests ──────────╮
╎✗ eno2├─╯ ╰───────╯ │               ╭─ bridge ─────────╮ ╭─┤● tap100i0  VM 100 │
╰╌╌╌╌╌╌╯             ╰───────────────┤● vmbr0           ├─╯ │○ veth101i0  CT 101│
                                     ╰──────────────────╯   ╰───────────────────╯

● up   ○ down   ✗ missing
"
    );
    assert_eq!(
        terminal::draw(&bond_with_a_missing_nic(), style(60)),
        "\
● vmbr0v5 bridge  10.10.10.2/24  gateway 10.10.10.1
╰─ ● bond0.5 VLAN
   ╰─ ● bond0 bond  802.3ad
      ├─ ● eno1 NIC
      ╰─ ✗ eno2 NIC
● vmbr0 bridge
├─ ● bond0 bond (see above)
╰─ 2 guest ports
   ├─ ● tap100i0  VM 100
   ╰─ ○ veth101i0  CT 101

● up   ○ down   ✗ missing
"
    );
}

#[test]
fn an_ascii_picture_has_only_ascii() {
    let text = terminal::draw(
        &bond_with_a_missing_nic(),
        Style {
            ascii: true,
            ..style(120)
        },
    );
    assert!(text.is_ascii(), "{text}");
    assert!(text.contains(": x eno2 +-+"), "{text}");
}

#[test]
fn colours_add_codes_and_nothing_else() {
    let plain = terminal::draw(&bond_with_a_missing_nic(), style(120));
    let coloured = terminal::draw(
        &bond_with_a_missing_nic(),
        Style {
            color: true,
            ..style(120)
        },
    );
    let mut stripped = String::new();
    for part in coloured.split("\x1b[") {
        match part.split_once('m') {
            Some((code, rest)) if code.chars().all(|c| c.is_ascii_digit()) => stripped += rest,
            _ => stripped += part,
        }
    }
    let trimmed: Vec<&str> = stripped.lines().map(str::trim_end).collect();
    assert_eq!(trimmed.join("\n") + "\n", plain);
    assert!(coloured.contains("\x1b[31m✗\x1b[0m"), "{coloured:?}");
}

/// Networks as they can be: every link has at most one master and at most one parent.
fn networks() -> impl Strategy<Value = Topology> {
    (
        1..5usize,
        0..3usize,
        0..6usize,
        0..4usize,
        any::<Vec<proptest::sample::Index>>(),
    )
        .prop_map(|(nics, bonds, vlans, bridges, picks)| {
            let mut picks = picks.into_iter();
            let mut pick = |from: &[usize]| -> Option<usize> {
                let index = picks.next()?;
                let at = index.index(from.len() + 1);
                from.get(at).copied()
            };
            let classes = [
                (Class::Link(Drawn::Nic), nics),
                (Class::Link(Drawn::Bond), bonds),
                (Class::Link(Drawn::Vlan), vlans),
                (Class::Link(Drawn::Bridge), bridges),
            ];
            let mut nodes = Vec::new();
            let mut of: BTreeMap<Class, Vec<usize>> = BTreeMap::new();
            for (class, count) in classes {
                for _ in 0..count {
                    of.entry(class).or_default().push(nodes.len());
                    let rows = vec![Row::Detail("x".to_owned()); pick(&[1, 2]).unwrap_or(0)];
                    nodes.push(node(&format!("n{:02}", nodes.len()), class, &rows));
                }
            }
            let list = |class: Class| of.get(&class).cloned().unwrap_or_default();
            let (nics, bonds, vlans, bridges) = (
                list(Class::Link(Drawn::Nic)),
                list(Class::Link(Drawn::Bond)),
                list(Class::Link(Drawn::Vlan)),
                list(Class::Link(Drawn::Bridge)),
            );
            let mut edges = Vec::new();
            for nic in &nics {
                let masters: Vec<usize> = bonds.iter().chain(&bridges).copied().collect();
                edges.extend(pick(&masters).map(|master| (*nic, master)));
            }
            for bond in &bonds {
                edges.extend(pick(&bridges).map(|bridge| (*bond, bridge)));
            }
            for (at, vlan) in vlans.iter().enumerate() {
                let parents: Vec<usize> = nics.iter().chain(&bonds).chain(&vlans[..at]).copied().collect();
                edges.extend(pick(&parents).map(|parent| (parent, *vlan)));
                edges.extend(pick(&bridges).map(|bridge| (*vlan, bridge)));
            }
            topology(nodes, &edges)
        })
}

/// Follows the lines that leave the box named `from`, rightwards, and gives the names of the boxes they reach.
fn reached(grid: &[Vec<char>], joints: &BTreeMap<(usize, usize), String>, start: (usize, usize)) -> BTreeSet<String> {
    const LEVEL: [char; 11] = ['─', '╮', '╯', '╭', '╰', '├', '┤', '┬', '┴', '┼', '│'];
    let arms = |c: char| -> &[u8] {
        match c {
            '─' => b"lr",
            '│' => b"ud",
            '╮' => b"ld",
            '╯' => b"lu",
            '╭' => b"rd",
            '╰' => b"ru",
            '├' => b"udr",
            '┤' => b"udl",
            '┬' => b"lrd",
            '┴' => b"lru",
            '┼' => b"lrud",
            _ => b"",
        }
    };
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut todo = vec![((start.0, start.1 + 1), b'r')];
    while let Some((at, way)) = todo.pop() {
        if !seen.insert((at, way)) {
            continue;
        }
        if let (b'r', Some(name)) = (way, joints.get(&at)) {
            found.insert(name.clone());
            continue;
        }
        let c = grid[at.0][at.1];
        assert!(LEVEL.contains(&c), "a line ends in {c:?} at {at:?}");
        let step = |way: u8| match way {
            b'r' => (at.0, at.1 + 1),
            b'u' => (at.0 - 1, at.1),
            _ => (at.0 + 1, at.1),
        };
        let back = match way {
            b'r' => b'l',
            b'u' => b'd',
            _ => b'u',
        };
        if !arms(c).contains(&back) {
            assert_eq!((way, c), (b'r', '│'), "a line runs into {c:?} at {at:?}");
            todo.push((step(b'r'), b'r'));
            continue;
        }
        for arm in arms(c).iter().filter(|arm| **arm != back && **arm != b'l') {
            todo.push((step(*arm), *arm));
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whoever_follows_the_lines_of_the_picture_reads_the_topology(all in networks()) {
        let text = terminal::draw(&all, style(10_000));
        let grid: Vec<Vec<char>> = text.lines().map(|line| line.chars().chain([' '; 200]).collect()).collect();
        let mut arrive = BTreeMap::new();
        let mut leave = BTreeMap::new();
        for (row, line) in grid.iter().enumerate() {
            for column in 0..line.len() - 3 {
                if line[column] == 'n' && line[column + 1].is_ascii_digit() && line[column + 2].is_ascii_digit() {
                    let name: String = line[column..column + 3].iter().collect();
                    let right = (column..).find(|at| ['│', '├'].contains(&line[*at])).unwrap();
                    arrive.insert((row, column - 4), name.clone());
                    if line[right] == '├' {
                        leave.insert(name, (row, right));
                    }
                }
            }
        }
        prop_assert_eq!(arrive.len(), all.nodes.len());
        for (index, node) in all.nodes.iter().enumerate() {
            let uppers = all.edges.iter().filter(|edge| edge.lower == index);
            let wanted: BTreeSet<String> = uppers.map(|edge| all.nodes[edge.upper].name.clone()).collect();
            let read = match leave.get(&node.name) {
                Some(start) => reached(&grid, &arrive, *start),
                None => BTreeSet::new(),
            };
            prop_assert_eq!(read, wanted, "lines of {}\n{}", node.name, text);
        }
    }

    #[test]
    fn no_two_boxes_of_the_svg_overlap(all in networks()) {
        let places = svg::places(&all);
        for (at, a) in places.iter().enumerate() {
            for b in &places[at + 1..] {
                let apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
                prop_assert!(apart, "{:?} overlaps {:?}", a, b);
            }
        }
        well_formed(&svg::draw(&all, "a network"));
    }
}

/// Reads a text as XML 1.0 sections 2.4 and 3.1 say: tags nest, attributes are quoted, `<` and `&` stand only where they may.
fn well_formed(text: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        entities(before);
        let (tag, next) = after.split_once('>').expect("every tag is closed");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "tags nest");
        } else {
            let name = tag.split([' ', '/']).next().unwrap();
            assert!(
                !name.is_empty() && name.chars().all(|c| c.is_ascii_alphabetic()),
                "{tag:?}"
            );
            let values: Vec<&str> = tag.split('"').collect();
            assert_eq!(values.len() % 2, 1, "quotes pair in {tag:?}");
            for value in values.iter().skip(1).step_by(2) {
                entities(value);
            }
            if !tag.ends_with('/') {
                open.push(name);
            }
        }
        rest = next;
    }
    assert_eq!(open, Vec::<&str>::new());
    assert_eq!(rest.trim(), "");
}

fn entities(text: &str) {
    for part in text.split('&').skip(1) {
        let entity = part.split_once(';').expect("an entity ends in `;`").0;
        assert!(["amp", "lt", "gt", "quot", "#39"].contains(&entity), "{entity:?}");
    }
    assert!(!text.contains(|c: char| c < ' ' && c != '\n'), "{text:?}");
}

// The kernel allows all of these in a name (dev_valid_name in net/core/dev.c).
#[test]
fn names_that_look_like_markup_stay_text() {
    let all = topology(vec![node("<a&\"b'>\u{7}", Class::Link(Drawn::Nic), &[])], &[]);
    let picture = svg::draw(&all, "<script>alert(1)</script> & more");
    well_formed(&picture);
    assert!(
        picture.contains("<text class=\"name\" x=\"56\" y=\"50\">&lt;a&amp;&quot;b&#39;&gt;\u{fffd}</text>"),
        "{picture}"
    );
    assert!(
        picture.contains("<title>&lt;script&gt;alert(1)&lt;/script&gt; &amp; more</title>"),
        "{picture}"
    );
}

/// Unicode Standard Annex 9: U+202E turns the direction of what follows, also in a browser.
#[test]
fn names_that_turn_the_direction_of_writing_are_written_out_in_a_picture() {
    let all = topology(vec![node("en\u{202e}0pm\u{9b}", Class::Link(Drawn::Nic), &[])], &[]);
    let picture = svg::draw(&all, "host\u{2066}");
    assert!(picture.contains(r">en\u202e0pm\u009b</text>"), "{picture}");
    assert!(picture.contains(r"<title>host\u2066</title>"), "{picture}");
    assert!(!picture.contains(['\u{202e}', '\u{9b}', '\u{2066}']), "{picture}");
}

/// The directory of `name` at the top of the project.
fn project(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

/// Draws one of the spec's examples and compares with tests/fixtures/graph/NAME.txt; `BLESS=1` writes that file.
fn example(name: &str) {
    let path = project("examples").join(format!("{name}.interfaces"));
    let bytes = std::fs::read(&path).unwrap();
    let (set, faults) = ConfigSet::from_bytes(Path::new("/etc/network/interfaces"), bytes, &Root::real());
    assert_eq!(faults, []);
    let (decls, faults) = cleat_model::decl::declare(set.items());
    assert_eq!(faults, []);
    let (desired, faults) = cleat_model::resolve::resolve(&decls, None);
    assert_eq!(faults, []);
    let text = terminal::draw(&Topology::declared(&desired, None), style(80));
    let expected = project("tests/fixtures/graph").join(format!("{name}.txt"));
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&expected, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&expected).unwrap());
}

macro_rules! examples {
    ($($test:ident: $name:literal,)*) => {
        $(#[test]
        fn $test() {
            example($name);
        })*

        #[test]
        fn every_example_of_the_spec_is_drawn() {
            let mut found: Vec<String> = std::fs::read_dir(project("examples"))
                .unwrap()
                .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".interfaces").map(str::to_owned))
                .collect();
            found.sort();
            assert_eq!(found, [$($name),*]);
        }
    };
}

// The expected pictures were looked at by eye, beside the figures of the spec (Proxmox VE manual, network
// configuration): the same links, joined the same way.
examples! {
    bond_as_bridge_port_is_drawn: "bond-bridge-port",
    bond_for_storage_is_drawn: "bond-storage",
    bond_with_vlan_is_drawn: "bond-vlan",
    default_bridge_is_drawn: "default-bridge",
    bridge_without_mac_learning_is_drawn: "mac-learning-off",
    masquerading_is_drawn: "masquerading",
    routed_setup_is_drawn: "routed",
    vlan_aware_bridge_is_drawn: "vlan-aware",
    traditional_vlan_is_drawn: "vlan-traditional",
}

#[test]
fn forty_vlans_with_a_bridge_each_run_level_and_do_not_cross() {
    let mut nodes = vec![node("eno1", Class::Link(Drawn::Nic), &[])];
    let mut edges = Vec::new();
    for vlan in 0..40 {
        let at = nodes.len();
        nodes.push(node(&format!("eno1.{vlan}"), Class::Link(Drawn::Vlan), &[]));
        let rows = vec![Row::Address("2001:db8::2/64".to_owned()); vlan % 3];
        nodes.push(node(&format!("vmbr{vlan}"), Class::Link(Drawn::Bridge), &rows));
        edges.extend([(0, at), (at, at + 1)]);
    }
    let all = topology(nodes, &edges);
    let items: Vec<layout::Item> = all
        .nodes
        .iter()
        .map(|node| layout::Item {
            layer: node.layer,
            height: 3 + node.rows.len() as i64,
            anchor: 1,
        })
        .collect();
    let measure = layout::Measure {
        gap: 0,
        wire: 1,
        staggered: false,
    };
    let layout = layout::place(&items, &edges, measure);
    for vlan in 0..40 {
        let (a, b) = (layout.cells[1 + 2 * vlan], layout.cells[2 + 2 * vlan]);
        assert_eq!(a.row(), b.row(), "eno1.{vlan} and its bridge");
    }
}
