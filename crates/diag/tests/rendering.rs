//! Whole rendered diagnostics. The form is that of the style guide (docs and CONTRIBUTING.md show it); rustc's own
//! output of a like message is the witness for gutter, arrow and caret columns.

#![allow(clippy::unwrap_used)]

use cleat_diag::{Diagnostic, FileId, Place, Sources, Span, Summary, render};

/// A file `/f` and the place of the `nth` (from 0) `part` in it.
fn file(text: &[u8]) -> Sources {
    let mut sources = Sources::new();
    sources.add("/f", text.to_vec());
    sources
}

fn place(sources: &Sources, part: &str) -> Place {
    let bytes = sources.get(FileId(0)).unwrap().bytes();
    let at = bytes
        .windows(part.len())
        .position(|window| window == part.as_bytes())
        .unwrap();
    Place {
        file: FileId(0),
        span: Span::new(at, at + part.len()),
    }
}

/// Renders an error `it is wrong` at `part`.
fn shown(text: &[u8], part: &str) -> String {
    let sources = file(text);
    render::terminal(
        &Diagnostic::error("code", "it is wrong").at(place(&sources, part), "here"),
        &sources,
        false,
    )
}

#[test]
fn a_diagnostic_looks_as_the_style_guide_shows() {
    let mut text = "\n".repeat(11);
    text += "    bond-mode active-backup\n    bond-slaves eno1\n    bond-lacp-rate fast\n";
    let mut sources = Sources::new();
    sources.add("/etc/network/interfaces", text.into_bytes());
    let diagnostic = Diagnostic::error(
        "bond-needs-lacp",
        "`bond-lacp-rate` has no effect in mode active-backup",
    )
    .on("bond0")
    .at(place(&sources, "bond-lacp-rate"), "needs bond-mode 802.3ad")
    .note_at(place(&sources, "active-backup"), "bond-mode is set")
    .note("a plain note")
    .help("remove this line, or write `bond-mode 802.3ad`");
    let expected = "\
error[bond-needs-lacp]: `bond-lacp-rate` has no effect in mode active-backup
  --> /etc/network/interfaces:14:5
   |
14 |     bond-lacp-rate fast
   |     ^^^^^^^^^^^^^^ needs bond-mode 802.3ad
   = note: bond-mode is set at /etc/network/interfaces:12:15
   = note: a plain note
   = help: remove this line, or write `bond-mode 802.3ad`";
    assert_eq!(render::terminal(&diagnostic, &sources, false), expected);
    assert_eq!(
        render::line(&diagnostic, &sources),
        "error: bond0: `bond-lacp-rate` has no effect in mode active-backup (/etc/network/interfaces:14:5) \
         [bond-needs-lacp]; help: remove this line, or write `bond-mode 802.3ad`"
    );
}

#[test]
fn without_a_place_the_interface_is_named() {
    let diagnostic = Diagnostic::warning("no-nic", "it is missing")
        .on("eno1")
        .help("plug it in");
    let expected = "warning[no-nic]: eno1: it is missing\n  = help: plug it in";
    assert_eq!(render::terminal(&diagnostic, &Sources::new(), false), expected);
    let elsewhere = diagnostic.at(
        Place {
            file: FileId(3),
            span: Span::new(0, 1),
        },
        "gone",
    );
    assert_eq!(render::terminal(&elsewhere, &Sources::new(), false), expected);
}

#[test]
fn carets_stand_right_behind_tabs() {
    let expected = "\
error[code]: it is wrong
 --> /f:1:5
  |
1 |     ab  cd  ef
  |         ^^ here";
    assert_eq!(shown(b"\tab\tcd  ef", "cd"), expected);
}

#[test]
fn carets_stand_right_behind_wide_and_combined_characters() {
    let expected = "\
error[code]: it is wrong
 --> /f:1:8
  |
1 | 漢字 e\u{301}é wörd x
  |         ^^^^ here";
    assert_eq!(shown("漢字 e\u{301}é wörd x\n".as_bytes(), "wörd"), expected);
}

#[test]
fn bytes_that_are_no_text_cannot_trick_a_terminal() {
    let expected = "\
error[code]: it is wrong
 --> /f:1:11
  |
1 | \u{fffd}[31m\u{fffd} \u{fffd}x y
  |           ^ here";
    assert_eq!(shown("\x1b[31m\u{202e} \u{7f}x y\r\n".as_bytes(), "y"), expected);
    let hostile = Diagnostic::warning("code", "a\x1b[0m\nb").help("c\rd");
    assert_eq!(
        render::line(&hostile, &Sources::new()),
        "warning: a\u{fffd}[0m b [code]; help: c\u{fffd}d"
    );
    assert_eq!(shown(b"\xff\xfe y", "y").lines().last().unwrap(), "  |    ^ here");
}

#[test]
fn a_label_over_several_lines_is_cut_to_the_first() {
    let expected = "\
error[code]: it is wrong
 --> /f:2:2
  |
2 |  one \\
  |  ^^^^^ here";
    assert_eq!(shown(b"iface a\r\n one \\\r\n  two\r\n", "one \\\r\n  two"), expected);
}

#[test]
fn an_empty_label_and_one_at_the_end_get_one_caret() {
    let sources = file(b"ab\ncd");
    let at = |start, end| Place {
        file: FileId(0),
        span: Span::new(start, end),
    };
    let last = |place| {
        let text = render::terminal(&Diagnostic::info("code", "x").at(place, ""), &sources, false);
        text.lines().skip(3).collect::<Vec<_>>().join("/")
    };
    assert_eq!(last(at(1, 1)), "1 | ab/  |  ^");
    assert_eq!(last(at(2, 3)), "1 | ab/  |   ^");
    assert_eq!(last(at(5, 5)), "2 | cd/  |   ^");
}

#[test]
fn a_wide_line_is_cut_around_the_label() {
    let text = format!("{}WRONG{}", "a".repeat(300), "b".repeat(300));
    let lines = shown(text.as_bytes(), "WRONG");
    let lines: Vec<_> = lines.lines().skip(1).collect();
    assert_eq!(lines[0], " --> /f:1:301");
    assert_eq!(
        lines[2],
        format!("1 | ...{}WRONG{}...", "a".repeat(40), "b".repeat(115))
    );
    assert_eq!(lines[3], format!("  | {}^^^^^ here", " ".repeat(43)));
    let near = shown(format!("xx WRONG {}", "b".repeat(300)).as_bytes(), "WRONG");
    let near: Vec<_> = near.lines().skip(3).collect();
    assert_eq!(near[0], format!("1 | xx WRONG {}...", "b".repeat(151)));
    assert_eq!(near[1], "  |    ^^^^^ here");
    let all = "c".repeat(500);
    assert_eq!(
        shown(all.as_bytes(), &all).lines().last().unwrap(),
        format!("  | {} here", "^".repeat(160))
    );
}

/// Characters of one, two and three bytes, and bytes that are not UTF-8, so that strides end within some of them.
fn long_line() -> Vec<u8> {
    let mut line = Vec::new();
    for number in 0..3_000 {
        line.extend_from_slice(format!("w{number} ä ☃ ").as_bytes());
        line.extend_from_slice(if number % 7 == 0 { b"\xff\x80\x80 " } else { b"" });
    }
    line
}

/// Second witness: the definition, which counts from the start of the line.
#[test]
fn a_position_on_a_long_line_is_that_of_a_count_from_its_start() {
    let line = long_line();
    let text = [b"first\n", &line[..], b"\n", &line[..], b"\nlast"].concat();
    let sources = file(&text);
    let source = sources.get(FileId(0)).unwrap();
    let starts = [6, 6 + line.len() + 1];
    for (number, start) in (2..).zip(starts) {
        for offset in (0..line.len()).step_by(7).chain([1_023, 1_024, 1_025, line.len()]) {
            let column = String::from_utf8_lossy(&line[..offset]).chars().count() + 1;
            let position = source.position((start + offset) as u32);
            assert_eq!((position.line, position.column as usize), (number, column), "{offset}");
        }
    }
    let last = source.position(text.len() as u32);
    assert_eq!((last.line, last.column), (4, 5));
}

#[test]
fn what_is_shown_of_a_long_line_is_what_stands_around_the_label() {
    let around = format!("{}WRONG{}", "a ".repeat(500), " b".repeat(500));
    let within = format!("{}{around}{}", "x\t☃ ".repeat(5_000), " y".repeat(5_000));
    let shown_of = |text: &str| -> Vec<String> {
        let shown = shown(text.as_bytes(), "WRONG");
        shown.lines().skip(3).map(str::to_owned).collect()
    };
    assert_eq!(shown_of(&within), shown_of(&around));
    let sources = file(within.as_bytes());
    let position = sources.locate(place(&sources, "WRONG")).unwrap().1;
    assert_eq!(position.column, 5_000 * 4 + 1_001);
    // Where the line is cut before the label without being too wide for it.
    let marks = format!("{}WRONG", "e\u{301}".repeat(1_000));
    let cut = shown_of(&marks);
    assert!(cut[0].starts_with("1 | ...") && cut[0].ends_with("WRONG"), "{cut:?}");
}

/// Where each showed and counted the whole line this took minutes.
#[test]
fn ten_thousand_faults_on_one_line_are_shown_each_by_its_own_part() {
    let sources = file("eno1 ".repeat(10_000).as_bytes());
    let mut longest = 0;
    for word in 0..10_000 {
        let place = Place {
            file: FileId(0),
            span: Span::new(5 * word, 5 * word + 4),
        };
        let fault = Diagnostic::warning("code", "it is wrong").at(place, "here");
        let text = render::terminal(&fault, &sources, false);
        assert!(text.contains(&format!("--> /f:1:{}\n", 5 * word + 1)), "{text}");
        assert!(render::line(&fault, &sources).ends_with(&format!("(/f:1:{}) [code]", 5 * word + 1)));
        longest = longest.max(text.len());
    }
    assert!(longest < 1_000, "{longest} bytes");
}

#[test]
fn colours_are_put_around_the_same_text() {
    let sources = file(b"ab cd\n");
    let diagnostic = Diagnostic::error("code", "wrong")
        .at(place(&sources, "cd"), "here")
        .note("n")
        .help("h");
    let painted = render::terminal(&diagnostic, &sources, true);
    assert!(
        painted.starts_with("\x1b[1;31merror[code]\x1b[0m: \x1b[1mwrong\x1b[0m\n"),
        "{painted:?}"
    );
    assert!(painted.contains("\x1b[1;31m^^ here\x1b[0m"), "{painted:?}");
    let mut plain = painted;
    for code in ["\x1b[0m", "\x1b[1m", "\x1b[1;31m", "\x1b[1;34m"] {
        plain = plain.replace(code, "");
    }
    assert_eq!(plain, render::terminal(&diagnostic, &sources, false));
}

#[test]
fn a_replaced_file_keeps_its_name() {
    let mut sources = file(b"old\n");
    let source = sources.replace(FileId(0), b"a\nnew\n".to_vec()).unwrap();
    assert_eq!(
        (
            source.path.to_str().unwrap(),
            source.line(2).as_str(),
            source.line(9).as_str()
        ),
        ("/f", "new", "")
    );
    assert!(sources.replace(FileId(1), Vec::new()).is_none());
}

#[test]
fn a_summary_counts_in_words() {
    let all = [
        Diagnostic::error("a", ""),
        Diagnostic::warning("b", ""),
        Diagnostic::error("c", ""),
        Diagnostic::info("d", ""),
    ];
    assert_eq!(Summary::of(&all).to_string(), "2 errors, 1 warning");
    assert_eq!(Summary::of([]).to_string(), "0 errors, 0 warnings");
}

#[test]
fn a_sentence_as_long_as_a_file_is_cut_and_its_place_stays() {
    let value = "ä".repeat(25_000_000);
    let sources = file(b"mtu x\n");
    let found = Diagnostic::error("bad-value", format!("`{value}` is wrong"))
        .at(place(&sources, "x"), "here")
        .help(format!("not `{value}`"));
    let line = render::line(&found, &sources);
    assert!(line.len() < 20_000, "{} bytes", line.len());
    assert!(line.contains("ä... (/f:1:5) [bad-value]; help: not `ä"), "{line}");
    assert!(line.ends_with("ä..."), "{line}");
    assert!(render::terminal(&found, &sources, false).len() < 20_000);
}
