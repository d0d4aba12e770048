//! What the parser makes of whole files. Expected values are those of classic ifupdown 0.8.41's `ifquery`, run on
//! the same text, where a test does not name another witness.

#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use cleat_diag::{FileId, Source, Sources, render};
use cleat_eni::{Document, Family, Iface, Item, parse};
use std::sync::Arc;

/// Parses `text` as `/f` and gives the diagnostics as log lines.
fn read(text: &[u8]) -> (Document, Vec<String>) {
    let mut sources = Sources::new();
    let file = sources.add("/f", text.to_vec());
    let source = Arc::clone(sources.get(file).unwrap());
    let (document, diagnostics) = parse(file, &source);
    assert_eq!(document.to_bytes(), text);
    (
        document,
        diagnostics
            .iter()
            .map(|diagnostic| render::line(diagnostic, &sources))
            .collect(),
    )
}

fn ifaces(document: &Document) -> Vec<&Iface> {
    document.items().iter().filter_map(Item::as_iface).collect()
}

/// `key=value` of each option.
fn options(iface: &Iface) -> Vec<String> {
    iface
        .options
        .iter()
        .map(|option| format!("{}={}", option.key.value, option.value.text))
        .collect()
}

#[test]
fn options_read_as_classic_ifquery_prints_them() {
    let text = b"auto a\niface a inet manual\n  # comment \\\n  alpha 1\n  beta x \\\n  # y\n  gamma 2\\\n3\n  delta a\\b\\\\\n  \
        eps 5\n  zeta z\\ \n  eta 6 # note\n\n  after blank\n iota a \\\n\n  kappa 4\n   lam\\\n bda 3\n";
    let (document, found) = read(text);
    let expected = [
        "alpha=1",
        "beta=x   # y",
        "gamma=23",
        "delta=a\\b\\  eps 5",
        "zeta=z\\",
        "eta=6 # note",
        "after=blank",
        "iota=a",
        "kappa=4",
        "lam=bda 3",
    ];
    assert_eq!(options(ifaces(&document)[0]), expected);
    assert_eq!(
        found,
        [
            "warning: a comment has to stand on a line of its own (/f:6:3) [trailing-comment]; help: move the comment to the line above",
            "warning: the backslash joins two words into one (/f:7:10) [joined-words]; help: put a space before the backslash, or indent the next line",
            "warning: a comment has to stand on a line of its own (/f:12:9) [trailing-comment]; help: move the comment to the line above",
        ]
    );
}

#[test]
fn heads_keep_what_they_say() {
    let text = b"auto lo eth0\nallow-auto b\nallow-hotplug /eth*=work\nno-auto-down c\nno-scripts d e\nrename mac/00:11=lan0 x=y\n\
        iface lo inet loopback\niface eth0\niface w inet6 auto inherits base more\niface v inherits base\ntemplate t can odd\n\
        source-directory interfaces.d\nsource a b*\n";
    let (document, found) = read(text);
    assert_eq!(found, [""; 0]);
    let mut seen = Vec::new();
    for item in document.items() {
        let list = |words: &[cleat_eni::Word]| {
            words
                .iter()
                .map(|word| word.value.clone())
                .collect::<Vec<_>>()
                .join(",")
        };
        seen.push(match item {
            Item::Auto(class) => format!("class {} {}", class.class.value, list(&class.names)),
            Item::NoAutoDown(class) => format!("keep {}", list(&class.names)),
            Item::NoScripts(class) => format!("quiet {}", list(&class.names)),
            Item::Rename(pairs) => pairs
                .iter()
                .map(|pair| format!("{}>{};", pair.from.value, pair.to.value))
                .collect::<String>(),
            Item::Iface(iface) => {
                let family = iface
                    .family
                    .as_ref()
                    .map_or(String::new(), |family| family.value.to_string());
                let method = iface.method.as_ref().map_or("", |method| &method.value);
                let kind = if iface.template { "template" } else { "iface" };
                format!(
                    "{kind} {}|{family}|{method}|{}",
                    iface.name.value,
                    list(&iface.inherits)
                )
            }
            Item::Source(include) => format!("source {}", list(&include.targets)),
            Item::SourceDirectory(include) => format!("dir {}", list(&include.targets)),
            Item::Mapping(_) => unreachable!("no mapping in the text"),
        });
    }
    let expected = [
        "class auto lo,eth0",
        "class auto b",
        "class hotplug /eth*=work",
        "keep c",
        "quiet d,e",
        "mac/00:11>lan0;x>y;",
        "iface lo|inet|loopback|",
        "iface eth0|||",
        "iface w|inet6|auto|base,more",
        "iface v|||base",
        "template t|can|odd|",
        "dir interfaces.d",
        "source a,b*",
    ];
    assert_eq!(seen, expected);
    assert_eq!(ifaces(&document)[0].family.as_ref().unwrap().value, Family::Inet);
}

/// Source: proxmox.md section 2.5 number 1; the admin guide's own sample has a blank line before `post-up`.
#[test]
fn a_blank_line_does_not_end_a_stanza() {
    let text = std::fs::read("../../examples/masquerading.interfaces").unwrap();
    let (document, found) = read(&text);
    assert_eq!(found, [""; 0]);
    let ifaces = ifaces(&document);
    assert_eq!(
        ifaces.iter().map(|iface| iface.name.value.as_str()).collect::<Vec<_>>(),
        ["lo", "eno1", "vmbr0"]
    );
    let hooks: Vec<_> = ifaces[2]
        .options_named("post_up")
        .map(|option| option.value.text.as_str())
        .collect();
    assert_eq!(
        hooks,
        [
            "echo 1 > /proc/sys/net/ipv4/ip_forward",
            "iptables -t nat -A POSTROUTING -s '10.10.10.0/24' -o eno1 -j MASQUERADE",
            "iptables -t raw -I PREROUTING -i fwbr+ -j CT --zone 1",
        ]
    );
}

#[test]
fn places_lead_back_to_the_bytes() {
    let text = b"iface a inet static\n\tbridge_ports eno1 \\\n\t\teno2\\\n,x # y\n";
    let (document, _) = read(text);
    let option = &ifaces(&document)[0].options[0];
    assert_eq!(
        (option.key.value.as_str(), option.written()),
        ("bridge-ports", "bridge_ports")
    );
    let at = |place: cleat_diag::Place| String::from_utf8(text[place.span.range()].to_vec()).unwrap();
    assert_eq!(at(option.place), "bridge_ports eno1 \\\n\t\teno2\\\n,x # y");
    assert_eq!(at(option.key.place), "bridge_ports");
    assert_eq!(at(option.value.place), "eno1 \\\n\t\teno2\\\n,x # y");
    let words: Vec<_> = option
        .value
        .words()
        .into_iter()
        .map(|word| (word.value, at(word.place)))
        .collect();
    let pair = |value: &str, bytes: &str| (value.to_owned(), bytes.to_owned());
    assert_eq!(
        words,
        [
            pair("eno1", "eno1"),
            pair("eno2,x", "eno2\\\n,x"),
            pair("#", "#"),
            pair("y", "y")
        ]
    );
}

#[test]
fn windows_line_ends_and_a_missing_last_one_change_nothing() {
    let (document, found) = read(b"auto a\r\niface a inet static\r\n  mtu 9000 \\\r\n  \r\n  address 192.0.2.1/24");
    assert_eq!(found, [""; 0]);
    assert_eq!(options(ifaces(&document)[0]), ["mtu=9000", "address=192.0.2.1/24"]);
}

#[test]
fn stray_lines_are_one_error_a_run() {
    let (_, found) = read(b"foo bar\n baz\n\nauto a\n x 1\niface a\n y 1\n");
    assert_eq!(
        found,
        [
            "error: `foo` belongs to no stanza (/f:1:1) [no-stanza]; help: move it below the `iface` line that it belongs to",
            "error: `x` belongs to no stanza (/f:5:2) [no-stanza]; help: move it below the `iface` line that it belongs to",
        ]
    );
}

/// What stood below such a line was taken for lines of the stanza above: the loopback had the address of a NIC. Second
/// witness: ifupdown2, which reports the line and brings neither up as meant.
#[test]
fn a_slip_in_the_word_that_begins_a_stanza_leaves_out_that_stanza_alone() {
    let text = b"iface lo inet loopback\n mtu 1400\nifcae eno1 inet static\n address 192.0.2.1/24\n\
                 iface eno2\n address 192.0.2.2/24\nsouce interfaces.d/*\n";
    let (document, found) = read(text);
    let read: Vec<_> = ifaces(&document)
        .iter()
        .map(|iface| (iface.name.value.as_str(), options(iface)))
        .collect();
    assert_eq!(
        read,
        [
            ("lo", vec!["mtu=1400".to_owned()]),
            ("eno2", vec!["address=192.0.2.2/24".to_owned()])
        ]
    );
    assert_eq!(
        found,
        [
            "error: `ifcae` does not begin a stanza (/f:3:1) [misspelt-stanza]; help: did you mean `iface`?",
            "error: `souce` does not begin a stanza (/f:7:1) [misspelt-stanza]; help: did you mean `source`?",
        ]
    );
    assert_eq!(document.to_bytes(), text);
}

#[test]
fn a_line_of_no_stanza_is_told_which_word_was_meant() {
    let (_, found) = read(b"aut eno1\niface eno1\n");
    assert_eq!(
        found,
        ["error: `aut` belongs to no stanza (/f:1:1) [no-stanza]; help: did you mean `auto`?"]
    );
}

#[test]
fn a_binary_file_is_one_error() {
    let (document, found) = read(b"\x7fELF\0\n x \0 1\nfoo\n");
    assert!(document.items().is_empty());
    assert_eq!(
        found,
        [
            "error: this is not a text file: it holds a NUL byte (/f:1:5) [binary-file]; help: restore the file from a backup; nothing of it was used"
        ]
    );
}

/// Second witness: ifupdown2, which reports such a line and reads on.
#[test]
fn lines_with_nul_bytes_are_left_out_and_the_rest_is_read() {
    let told = |found: &[String], what: &str, place: &str| {
        let help = "a power cut may have lost a part of the file: look what is missing, and save it again";
        assert_eq!(
            *found,
            [format!(
                "error: {what} left out (/f:{place}) [binary-file]; help: {help}"
            )]
        );
    };
    let tail = [b"auto a\niface a\n x 1\n".as_slice(), &[0; 512]].concat();
    let (document, found) = read(&tail);
    assert_eq!(options(ifaces(&document)[0]), ["x=1"]);
    told(&found, "a line that holds NUL bytes is", "4:1");

    // One byte that is wrong costs its line.
    let (document, found) = read(b"iface a\n x \0 1\n y 2\n");
    assert_eq!(options(ifaces(&document)[0]), ["y=2"]);
    told(&found, "a line that holds NUL bytes is", "2:4");

    // Options below what may have been a head belong to no stanza that is known.
    for head in ["iface b\0", "\0", "x \0\0\0 2"] {
        let (document, found) = read(format!("iface a\n x 1\n{head}\n y 2\niface c\n z 3\n# c\0\n").as_bytes());
        let ifaces = ifaces(&document);
        assert_eq!(ifaces.len(), 2, "{head:?}");
        assert_eq!(
            (options(ifaces[0]), options(ifaces[1])),
            (vec!["x=1".to_owned()], vec!["z=3".to_owned()])
        );
        let column = 1 + head.find('\0').unwrap();
        told(&found, "2 lines that hold NUL bytes are", &format!("3:{column}"));
    }
}

/// Source: the issue: bytes that are no UTF-8 are handled in comments; a value that holds them cannot be meant.
#[test]
fn bytes_that_are_no_utf8_are_fine_in_comments_only() {
    let (document, found) = read(b"# caf\xe9\niface a\n x \xff1\n y 2\niface \xe9\n z 3\niface b\n");
    let ifaces = ifaces(&document);
    assert_eq!(ifaces.len(), 2);
    assert_eq!(options(ifaces[0]), ["y=2"]);
    assert_eq!(options(ifaces[1]), [""; 0]);
    assert_eq!(
        found,
        [
            "error: this line holds a byte that is not UTF-8 (/f:3:4) [not-utf8]; help: save the file as UTF-8",
            "error: this line holds a byte that is not UTF-8 (/f:5:7) [not-utf8]; help: save the file as UTF-8",
        ]
    );
}

#[test]
fn heads_that_say_too_little_or_too_much_are_reported() {
    let (document, found) = read(
        b"auto\niface\n x 1\niface a inet static more\niface b inet manual # note\nauto c # d\nvlan vmbr0.5\n y 1\nrename q\n\
        iface d inherits\nmapping e*\n script /x\n map a b\n foo\nsource\nallow- z\n",
    );
    assert_eq!(
        found,
        [
            "warning: `auto` names no interface (/f:1:1) [names-nothing]",
            "error: `iface` without a name (/f:2:1) [no-name]",
            "error: `more` is one word too many (/f:4:21) [extra-words]; help: an `iface` line is: iface NAME [FAMILY [METHOD]] [inherits NAME...]",
            "warning: a comment has to stand on a line of its own (/f:5:21) [trailing-comment]; help: move the comment to the line above",
            "warning: a comment has to stand on a line of its own (/f:6:8) [trailing-comment]; help: move the comment to the line above",
            "warning: `vlan` stanzas are not known (/f:7:1) [unknown-stanza]",
            "error: `q` is not of the form CUR=NEW (/f:9:8) [rename-form]; help: write the name it has now, `=`, and the name to give",
            "error: `inherits` without the name of a stanza (/f:10:9) [no-name]",
            "error: `foo` is not an option of a mapping (/f:14:2) [mapping-option]; help: a mapping has one `script` line and `map` lines",
            "error: `source` without a path (/f:15:1) [no-name]",
            "error: `allow-` without the name of a class (/f:16:1) [no-name]",
        ]
    );
    let names: Vec<_> = ifaces(&document).iter().map(|iface| iface.name.value.clone()).collect();
    assert_eq!(names, ["a", "b", "d"]);
}

#[test]
fn the_issues_examples_hold_no_fault() {
    let mut seen = 0;
    for entry in std::fs::read_dir("../../examples").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "interfaces") {
            let (document, found) = read(&std::fs::read(&path).unwrap());
            assert_eq!(found, [""; 0], "{}", path.display());
            assert!(
                ifaces(&document)
                    .iter()
                    .any(|iface| iface.name.value.starts_with("vmbr") || iface.name.value == "bond0")
            );
            seen += 1;
        }
    }
    assert_eq!(seen, 9);
}

#[test]
fn places_name_the_file_they_are_in() {
    let source = Arc::new(Source::new("/f", b"iface a\n x 1\n".to_vec()));
    let (document, _) = parse(FileId(7), &source);
    let iface = ifaces(&document)[0];
    assert_eq!(iface.options[0].value.words()[0].place.file, FileId(7));
    assert_eq!(iface.name.place.file, FileId(7));
}
