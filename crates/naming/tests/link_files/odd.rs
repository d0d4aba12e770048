//! Files of which something is odd.

use super::Files;

/// One file of the strongest directory.
fn only(bytes: impl AsRef<[u8]>) -> Files {
    vec![(0, "10-a.link".to_owned(), Some(bytes.as_ref().to_vec()))]
}

/// Files of which something is odd, each with what is odd in it.
pub fn all() -> Vec<(&'static str, Files)> {
    let text = |directory: usize, name: &str, text: &str| (directory, name.to_owned(), Some(text.as_bytes().to_vec()));
    let named = |name: &str| format!("[Match]\nOriginalName=*\n[Link]\nName={name}\n");
    vec![
        (
            "byte order mark",
            only("\u{feff}[Match]\nOriginalName=*\n[Link]\nName=bom0\n"),
        ),
        (
            "byte order mark on a comment",
            only("\u{feff}# x\n[Match]\nOriginalName=*\n[Link]\nName=bom0\n"),
        ),
        (
            "CRLF",
            only("[Match]\r\nOriginalName=lan0 end0\r\n[Link]\r\nName=crlf0\r\n"),
        ),
        ("CR alone", only("[Match]\rOriginalName=lan0\r[Link]\rName=cr0\r")),
        (
            "NUL ends a line",
            only("[Match]\0OriginalName=lan0\0[Link]\nName=nul0\n"),
        ),
        ("no final line end", only("[Match]\nOriginalName=*\n[Link]\nName=end9")),
        (
            "bad header behind all",
            only("[Match]\nOriginalName=*\n[Link]\nName=x0\n[Broken\n"),
        ),
        (
            "bad sign in a header",
            only("[Match]\nOriginalName=*\n[Li\"nk]\n[Link]\nName=x0\n"),
        ),
        ("not UTF-8", only(b"[Match]\nOriginalName=*\n[Link]\nName=x0\n# \xff\n")),
        (
            "not UTF-8 in a value",
            only(b"[Match]\nOriginalName=*\n[Link]\nName=x0\nAlias=\xff\n"),
        ),
        (
            "unknown section and keys",
            only("[Mine]\nA=b\n[Match]\nOriginalName=*\nFoo=bar\n[Link]\nBar=foo\nName=x0\n"),
        ),
        (
            "keys in the wrong case",
            only("[Match]\nOriginalName=*\nmacaddress=1:2:3:4:5:6\n[Link]\nname=x0\nName=y0\n"),
        ),
        (
            "key before any section",
            only("OriginalName=*\n[Match]\nType=ether\n[Link]\nName=x0\n"),
        ),
        (
            "no equals sign",
            only("[Match]\nOriginalName=*\nType\n=x\n[Link]\nName=x0\n"),
        ),
        ("empty [Match]", only("[Match]\n[Link]\nName=x0\n")),
        (
            "[Match] with only a bad address",
            only("[Match]\nMACAddress=zz\n[Link]\nName=x0\n"),
        ),
        (
            "bad address beside a type",
            only("[Match]\nMACAddress=zz\nType=ether\n[Link]\nName=x0\n"),
        ),
        (
            "good behind a bad address",
            only("[Match]\nMACAddress=zz bc:24:11:00:00:01\n[Link]\nName=x0\n"),
        ),
        (
            "addresses over lines",
            only("[Match]\nMACAddress=bc:24:11:00:00:01\nMACAddress=BC-24-11-00-00-02\n[Link]\nName=x0\n"),
        ),
        (
            "addresses reset",
            only("[Match]\nMACAddress=bc:24:11:00:00:01\nMACAddress=\nType=ether\n[Link]\nName=x0\n"),
        ),
        (
            "dotted address",
            only("[Match]\nMACAddress=bc24.1100.0002\n[Link]\nName=x0\n"),
        ),
        (
            "short bytes",
            only("[Match]\nMACAddress=bc:24:11:0:0:2\n[Link]\nName=x0\n"),
        ),
        (
            "continued list",
            only("[Match]\nMACAddress=1:2:3:4:5:6 \\\n# comment\n  bc:24:11:00:00:02\n[Link]\nName=x0\n"),
        ),
        (
            "continued header",
            only("[Ma\\\ntch]\nOriginalName=*\n[Link]\nName=x0\n"),
        ),
        (
            "continuation at the end",
            only("[Match]\nOriginalName=*\n[Link]\nName=x0 \\"),
        ),
        ("type with a negation", only("[Match]\nType=!bridge\n[Link]\nName=x0\n")),
        (
            "negated list",
            only("[Match]\nOriginalName=!lan0 vmbr0\n[Link]\nName=x0\n"),
        ),
        (
            "negation and wish",
            only("[Match]\nOriginalName=!lan0\nOriginalName=l* e*\n[Link]\nName=x0\n"),
        ),
        (
            "negation inside a list",
            only("[Match]\nOriginalName=lan0 !end0\n[Link]\nName=x0\n"),
        ),
        ("quotes", only("[Match]\nKind=\"veth\" 'bridge'\n[Link]\nName=x0\n")),
        ("open quote", only("[Match]\nKind=veth \"bridge\n[Link]\nName=x0\n")),
        (
            "quoted original name",
            only("[Match]\nOriginalName=\"lan0\"\n[Link]\nName=x0\n"),
        ),
        (
            "too long original name",
            only("[Match]\nOriginalName=lan0 sixteenbytesname\n[Link]\nName=x0\n"),
        ),
        (
            "only a too long original name",
            only("[Match]\nOriginalName=sixteenbytesname\n[Link]\nName=x0\n"),
        ),
        ("globs", only("[Match]\nOriginalName=[!v]??[0-9]\n[Link]\nName=x0\n")),
        (
            "named class in a glob",
            only("[Match]\nOriginalName=lan[[:digit:]]\n[Link]\nName=x0\n"),
        ),
        (
            "class with a backslash",
            only("[Match]\nKind=[a\\v]eth\n[Link]\nName=x0\n"),
        ),
        ("path", only("[Match]\nPath=*-usb-l*\n[Link]\nName=x0\n")),
        (
            "property",
            only("[Match]\nProperty=\"ID_VENDOR=A maker\" ID_PATH=*lan0\n[Link]\nName=x0\n"),
        ),
        (
            "property with an escape",
            only("[Match]\nProperty=ID_VENDOR=A\\x20maker\n[Link]\nName=x0\n"),
        ),
        (
            "property without a value",
            only("[Match]\nProperty=ID_VENDOR\nType=ether\n[Link]\nName=x0\n"),
        ),
        (
            "negated property",
            only("[Match]\nProperty=!ID_PATH=*lan0\n[Link]\nName=x0\n"),
        ),
        (
            "permanent address where there is none",
            only("[Match]\nPermanentMACAddress=bc:24:11:00:00:01\n[Link]\nName=x0\n"),
        ),
        ("driver", only("[Match]\nDriver=br*\n[Link]\nName=x0\n")),
        ("condition", only("[Match]\nOriginalName=*\nHost=!*\n[Link]\nName=x0\n")),
        ("condition alone", only("[Match]\nHost=*\n[Link]\nName=x0\n")),
        (
            "condition replaced",
            only("[Match]\nHost=!*\nHost=*\n[Link]\nName=x0\n"),
        ),
        (
            "command line",
            only("[Match]\nKernelCommandLine=!no.such.word\n[Link]\nName=x0\n"),
        ),
        (
            "kernel version",
            only("[Match]\nKernelVersion=[0-9]*\n[Link]\nName=x0\n"),
        ),
        ("architecture", only("[Match]\nArchitecture=!x86-64\n[Link]\nName=x0\n")),
        ("bad name", only("[Match]\nOriginalName=*\n[Link]\nName=a:b\n")),
        (
            "bad name behind a good one",
            only("[Match]\nOriginalName=*\n[Link]\nName=good0\nName=123\n"),
        ),
        (
            "name of 16 bytes",
            only("[Match]\nOriginalName=*\n[Link]\nName=sixteenbytesname\n"),
        ),
        (
            "name of 15 bytes",
            only("[Match]\nOriginalName=*\n[Link]\nName=fifteenbytesnam\n"),
        ),
        (
            "name reset",
            only("[Match]\nOriginalName=*\n[Link]\nName=good0\nName=\n"),
        ),
        (
            "name with blanks",
            only("[Match]\nOriginalName=*\n[Link]\nName=good0 bad0\n"),
        ),
        (
            "drop-in renames",
            vec![
                text(3, "10-a.link", &named("main0")),
                text(0, "10-a.link.d/5.conf", "[Link]\nName=five0\n"),
                text(2, "10-a.link.d/6.conf", "[Link]\nName=six0\n"),
                text(1, "10-a.link.d/5.conf", "[Link]\nName=hidden0\n"),
                text(1, "10-a.link.d/7.txt", "[Link]\nName=seven0\n"),
            ],
        ),
        (
            "drop-in narrows",
            vec![
                text(1, "10-a.link", &named("main0")),
                text(3, "10-a.link.d/x.conf", "[Match]\nMACAddress=bc:24:11:00:00:02\n"),
            ],
        ),
        (
            "masked drop-in",
            vec![
                text(1, "10-a.link", &named("main0")),
                text(3, "10-a.link.d/x.conf", "[Link]\nName=drop0\n"),
                (0, "10-a.link.d/x.conf".to_owned(), None),
            ],
        ),
        (
            "broken drop-in",
            vec![
                text(1, "10-a.link", &named("main0")),
                text(3, "10-a.link.d/x.conf", "[Link\n"),
            ],
        ),
        (
            "drop-in that is a directory",
            vec![
                text(1, "10-a.link", &named("main0")),
                text(3, "10-a.link.d/x.conf/y", "[Link]\nName=y0\n"),
            ],
        ),
        (
            "a directory of the name",
            vec![
                text(0, "10-a.link/x", ""),
                text(1, "10-a.link", &named("main0")),
                text(1, "20-a.link", &named("next0")),
            ],
        ),
        (
            "masked",
            vec![(0, "10-a.link".to_owned(), None), text(3, "10-a.link", &named("main0"))],
        ),
        (
            "empty is masked",
            vec![text(0, "10-a.link", ""), text(3, "10-a.link", &named("main0"))],
        ),
        (
            "blank is not masked",
            vec![text(0, "10-a.link", "\n"), text(3, "10-a.link", &named("main0"))],
        ),
        (
            "hidden file",
            vec![
                text(0, ".10-a.link", &named("dot0")),
                text(3, "20-a.link", &named("main0")),
            ],
        ),
        (
            "byte order of names",
            vec![
                text(0, "9-a.link", &named("nine0")),
                text(3, "10-a.link", &named("ten0")),
                text(0, "A.link", &named("letter0")),
            ],
        ),
    ]
}
