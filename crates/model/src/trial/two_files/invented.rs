//! Pairs of files by chance: examples, changed line by line and byte by byte.

use super::BETWEEN;

/// Files to begin with: those that the documentation shows, and some that hang together in more ways.
pub const EXAMPLES: [&str; 12] = [
    include_str!("../../../../../examples/bond-bridge-port.interfaces"),
    include_str!("../../../../../examples/bond-storage.interfaces"),
    include_str!("../../../../../examples/bond-vlan.interfaces"),
    include_str!("../../../../../examples/default-bridge.interfaces"),
    include_str!("../../../../../examples/mac-learning-off.interfaces"),
    include_str!("../../../../../examples/routed.interfaces"),
    include_str!("../../../../../examples/vlan-aware.interfaces"),
    include_str!("../../../../../examples/vlan-traditional.interfaces"),
    "auto lo\niface lo inet loopback\nauto blue\niface blue\n\tvrf-table 1010\nauto eno1\niface eno1\n\taddress 192.0.2.10/24\n\
     \tgateway 192.0.2.1\n\tvrf blue\nauto vmbr0\niface vmbr0\n\taddress 198.51.100.1/24\n\tbridge-ports eno2\n\tvrf blue\n",
    "auto lo\niface lo inet loopback\nauto va\niface va\n\tlink-type veth\n\tveth-peer-name vb\n\taddress 10.0.0.1/24\n\
     auto vmbr1\niface vmbr1\n\tbridge-ports vb eno3\n\tbridge-stp off\n\tbridge-fd 0\n",
    "auto lo\niface lo inet loopback\nauto eno1\niface eno1\n\taddress 192.0.2.10/24\n\tgateway 192.0.2.1\n\tmtu 9000\n\
     auto vx5\niface vx5\n\tvxlan-id 5\n\tvxlan-local-tunnelip 192.0.2.10\n\tvxlan-remoteip 192.0.2.20\n\
     auto vmbr5\niface vmbr5\n\tbridge-ports vx5\n\tbridge-learning off\n",
    "auto lo\niface lo inet loopback\nauto dum\niface dum\n\tlink-type dummy\n\taddress 2001:db8::1/64\n\tgateway 2001:db8::ff\n\
     auto dum.7\niface dum.7\n\taddress 10.7.0.1/24\n\tmtu 1400\nauto eno4\niface eno4\n\taddress 10.4.0.1/30\n\taddress 10.4.0.2/30\n",
];

/// Words that are written in place of others.
const WORDS: [&str; 40] = [
    "eno1",
    "eno2",
    "eno3",
    "eno4",
    "bond0",
    "vmbr0",
    "vmbr1",
    "blue",
    "va",
    "vb",
    "dum",
    "eno1.5",
    "bond0.5",
    "vmbr0.5",
    "10.10.10.2/24",
    "10.10.10.2/28",
    "10.10.10.1",
    "192.168.10.2/24",
    "192.0.2.10/24",
    "2001:db8::9/64",
    "10.0.0.1",
    "none",
    "yes",
    "no",
    "off",
    "1500",
    "9000",
    "1280",
    "5",
    "100",
    "static",
    "manual",
    "active-backup",
    "802.3ad",
    "balance-rr",
    "auto",
    "iface",
    "lo",
    "1010",
    "0",
];

/// Lines that are put in.
const LINES: [&str; 20] = [
    "\taddress 10.10.10.2/24",
    "\taddress 192.0.2.10/24",
    "\taddress 2001:db8::9/64",
    "\tgateway 10.10.10.1",
    "\tgateway 192.0.2.1",
    "\tmtu 1400",
    "\tmtu 9000",
    "\tbridge-ports eno1",
    "\tbridge-ports none",
    "\tbridge-vlan-aware yes",
    "\tbridge-vids 2-4094",
    "\tvrf blue",
    "\talias uplink",
    "\thwaddress 02:00:00:00:aa:01",
    "\tip-forward on",
    "\tbond-slaves eno2 eno3",
    "\tbond-mode 802.3ad",
    "\tlink-down yes",
    "auto eno2",
    "iface eno2",
];

/// The pair of that number: the same number gives the same bytes.
pub fn invented(number: u64) -> Vec<u8> {
    let mut dice = Dice(number);
    let first = EXAMPLES[dice.below(EXAMPLES.len())].to_owned();
    let second = match dice.below(3) {
        0 => EXAMPLES[dice.below(EXAMPLES.len())].to_owned(),
        _ => first.clone(),
    };
    let (mut before, mut after) = (first, second);
    for _ in 0..dice.below(3) {
        change(&mut before, &mut dice);
    }
    for _ in 0..dice.below(5) {
        change(&mut after, &mut dice);
    }
    let mut input = vec![dice.byte()];
    input.extend(before.into_bytes());
    input.extend(BETWEEN.as_bytes());
    input.extend(after.into_bytes());
    // A part of them damaged as no editor does it.
    if dice.below(5) == 0 {
        damage(&mut input, &mut dice);
    }
    input
}

fn change(text: &mut String, dice: &mut Dice) {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let at = dice.below(lines.len() + 1);
    match dice.below(6) {
        0 if at < lines.len() => drop(lines.remove(at)),
        1 => lines.insert(at, LINES[dice.below(LINES.len())].to_owned()),
        2 if at < lines.len() => {
            let other = dice.below(lines.len());
            lines.swap(at, other);
        }
        3 => {
            // A part of another file: stanzas that the first has, too.
            let other: Vec<&str> = EXAMPLES[dice.below(EXAMPLES.len())].lines().collect();
            let from = dice.below(other.len());
            let to = (from + 1 + dice.below(8)).min(other.len());
            lines.splice(at..at, other[from..to].iter().map(|line| (*line).to_owned()));
        }
        _ if at < lines.len() => {
            let mut words: Vec<String> = lines[at].split(' ').map(str::to_owned).collect();
            let word = dice.below(words.len());
            words[word] = WORDS[dice.below(WORDS.len())].to_owned();
            lines[at] = words.join(" ");
        }
        _ => {}
    }
    *text = lines.join("\n") + "\n";
}

fn damage(input: &mut Vec<u8>, dice: &mut Dice) {
    let from = 1 + dice.below(input.len() - 1);
    let to = (from + dice.below(40)).min(input.len());
    match dice.below(3) {
        0 => drop(input.drain(from..to)),
        1 => {
            let part = input[from..to].to_vec();
            let at = 1 + dice.below(input.len() - 1);
            input.splice(at..at, part);
        }
        _ => input[from] = dice.byte(),
    }
}

/// The generator of Knuth's MMIX: any will do, it only has to be the same each time.
struct Dice(u64);

impl Dice {
    fn byte(&mut self) -> u8 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 56) as u8
    }

    /// A number below that one, which is at least 1.
    fn below(&mut self, end: usize) -> usize {
        (usize::from(self.byte()) << 8 | usize::from(self.byte())) % end.max(1)
    }
}
