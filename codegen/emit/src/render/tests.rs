use std::time::{Duration, Instant};

use bpf_layout_spec::diag::Code;

use super::*;

/// Far more than any of these takes, even without optimisation on a busy machine, and far less than a quadratic
/// algorithm would.
const PATIENCE: Duration = Duration::from_secs(60);

const SPEC: &str = "spec = 1\n\n[lengths]\nPATH = 512\n\n[struct.a]\nfields = [{ name = \"x\", type = \"u31\" }]\n";

fn sources(text: &str) -> (Sources, FileId) {
    let mut sources = Sources::default();
    let file = sources.add("layouts.toml", text);
    (sources, file)
}

/// The place of the first `needle`.
fn find(text: &str, needle: &str, file: FileId) -> Span {
    let start = text.find(needle).expect("the needle is in the text");
    Span { file, start: start as u32, end: (start + needle.len()) as u32 }
}

#[test]
fn shows_place_label_note_and_help() {
    let (sources, file) = sources(SPEC);
    let diagnostic = Diagnostic::new(Code::UnknownType, "there is no type `u31`", find(SPEC, "u31", file), "unknown")
        .also(find(SPEC, "struct.a", file), "in this struct")
        .note("integers have 8, 16, 32, 64 or 128 bits")
        .help("write `u32`");
    let expected = "\
error[unknown-type]: there is no type `u31`
 --> layouts.toml:7:33
  |
6 | [struct.a]
  |  -------- in this struct
7 | fields = [{ name = \"x\", type = \"u31\" }]
  |                                 ^^^ unknown
  |
  = note: integers have 8, 16, 32, 64 or 128 bits
  = help: write `u32`
";
    assert_eq!(plain(std::slice::from_ref(&diagnostic), &sources), expected);
    assert_eq!(
        one_line(&diagnostic, &sources),
        "layouts.toml:7:33: error[unknown-type]: there is no type `u31`: unknown; layouts.toml:6:2: in this struct; \
         note: integers have 8, 16, 32, 64 or 128 bits; help: write `u32`"
    );
}

#[test]
fn lines_keep_their_numbers_when_only_a_part_of_the_file_is_shown() {
    let (sources, file) = sources(SPEC);
    let one = Diagnostic::new(Code::UnknownType, "m", find(SPEC, "u31", file), "");
    let text = plain(&[one], &sources);
    assert!(text.contains("7 | fields"), "{text}");
    assert!(!text.contains("PATH"), "{text}");
}

#[test]
fn a_diagnostic_without_a_place_is_a_sentence_with_its_notes() {
    let (sources, _) = sources(SPEC);
    let one = Diagnostic::without_place(Code::Unreadable, "cannot read `x.toml`").help("create it");
    assert_eq!(
        plain(std::slice::from_ref(&one), &sources),
        "error[unreadable]: cannot read `x.toml`\n |\n = help: create it\n"
    );
    assert_eq!(one_line(&one, &sources), "error[unreadable]: cannot read `x.toml`; help: create it");
}

#[test]
fn labels_in_two_files_are_shown_in_both() {
    let (mut sources, file) = sources(SPEC);
    let other = sources.add("common.toml", "spec = 1\n[alias]\nPATH = \"u8\"\n");
    let one = Diagnostic::new(Code::DuplicateName, "two", find(SPEC, "PATH", file), "again here")
        .also(find(&sources.get(other).text, "PATH", other), "first here");
    let text = plain(&[one], &sources);
    let (first, second) = (text.find("--> layouts.toml:4:1"), text.find("common.toml:3:1"));
    assert!(first.is_some() && first < second, "{text}");
}

#[test]
fn colours_only_where_asked() {
    let (sources, file) = sources(SPEC);
    let one = [Diagnostic::new(Code::UnknownType, "m", find(SPEC, "u31", file), "l")];
    assert!(!plain(&one, &sources).contains('\x1b'));
    assert!(styled(&one, &sources).contains('\x1b'));
}

#[test]
fn nothing_found_is_nothing_said() {
    assert_eq!(plain(&[], &Sources::default()), "");
}

#[test]
fn control_characters_of_a_spec_never_reach_the_terminal() {
    let text = "a = \"\x1b[31mred\x07\r\"\n";
    let (sources, file) = sources(text);
    let one = Diagnostic::new(Code::Syntax, "odd \x1b[2J name", find(text, "red", file), "\x1b[0m").note("\x07");
    for shown in [plain(std::slice::from_ref(&one), &sources), one_line(&one, &sources)] {
        assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
    }
}

#[test]
fn wild_spans_are_shown_and_never_panic() {
    let text = "ü = 1\n日本 = 2\n";
    let (sources, file) = sources(text);
    for start in 0..text.len() as u32 + 3 {
        for end in [0, start, start + 1, start + 5, u32::MAX] {
            let one = Diagnostic::new(Code::Syntax, "m", Span { file, start, end }, "l");
            assert!(plain(&[one], &sources).starts_with("error[syntax]: m\n --> layouts.toml:"));
        }
    }
}

#[test]
fn an_empty_file_has_a_place() {
    let (sources, file) = sources("");
    let one = Diagnostic::new(Code::SpecVersion, "m", Span { file, start: 0, end: 0 }, "here");
    let text = plain(&[one], &sources);
    assert!(text.contains("layouts.toml:1:1") && text.contains("^ here"), "{text}");
}

#[test]
fn long_lines_and_names_are_cut() {
    let name = "n".repeat(1 << 20);
    let text = format!("[struct.a]\nfields = [ {} {{ name = \"{name}\", type = \"u31\" }} ]\n", " ".repeat(1 << 20));
    let (sources, file) = sources(&text);
    let diagnostics = [
        Diagnostic::new(Code::UnknownType, "m", find(&text, "u31", file), "unknown"),
        Diagnostic::new(Code::InvalidName, format!("`{name}` is long"), find(&text, &name, file), name.as_str())
            .note(name.as_str())
            .help(name.as_str()),
    ];
    let started = Instant::now();
    let shown = plain(&diagnostics, &sources);
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
    assert!(shown.contains("u31") && shown.contains("unknown"), "{shown}");
    assert!(shown.len() < 20_000, "{} bytes", shown.len());
    assert!(one_line(&diagnostics[1], &sources).len() < 10_000);
}

#[test]
fn a_thousand_errors_of_a_large_file_take_no_time() {
    let line = "  { name = \"field\", type = \"u31\" },\n";
    let text = line.repeat(50_000);
    let (sources, file) = sources(&text);
    let diagnostics: Vec<_> = (0..1000)
        .map(|index| {
            let start = (index * 40 * line.len()) as u32 + 4;
            Diagnostic::new(Code::UnknownType, "m", Span { file, start, end: start + 4 }, "l")
        })
        .collect();
    let started = Instant::now();
    assert_eq!(plain(&diagnostics, &sources).matches("error[").count(), 1000);
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
}

/// A finding at a line of C and at a line of the spec.
fn in_c(text: &str, underlined: Range<usize>, primary: Option<Label>) -> Finding {
    Finding {
        id: "event-size",
        severity: Severity::Warning,
        message: "`events` gets 8 bytes".into(),
        excerpt: Some(Excerpt { path: "src/x.bpf.c".into(), line: 41, text: text.into(), underlined }),
        primary,
        secondary: Vec::new(),
        notes: vec!["in x.o".into()],
        help: Vec::new(),
    }
}

#[test]
fn a_line_of_c_stands_before_that_of_the_spec() {
    let text = "spec = 1\n[event.open]\n";
    let (sources, file) = sources(text);
    let label = Label { span: find(text, "open", file), text: "4 bytes here".into() };
    let finding = in_c("\toutput(&events, 8);", 1..7, Some(label));
    assert_eq!(
        plain_findings(std::slice::from_ref(&finding), &sources),
        "warning[event-size]: `events` gets 8 bytes
  --> src/x.bpf.c:41:2
   |
41 |     output(&events, 8);
   |     ^^^^^^
   |
  ::: layouts.toml:2:8
   |
 2 | [event.open]
   |        ---- 4 bytes here
   |
   = note: in x.o
"
    );
    assert_eq!(
        finding_in_one_line(&finding, &sources),
        "src/x.bpf.c:41: warning[event-size]: `events` gets 8 bytes: 4 bytes here; note: in x.o"
    );
}

#[test]
fn wild_lines_of_c_are_shown_and_never_panic() {
    let (sources, _) = sources("");
    for (text, start, end) in [("", 0, 0), ("ä\u{7}ö\rü", 1, 4), ("a\nb", 1, 900), ("x", 5, 2), ("\u{9b}31m\n", 2, 3)]
    {
        let shown = plain_findings(&[in_c(text, start..end, None)], &sources);
        assert!(shown.contains("src/x.bpf.c"), "{shown}");
        assert!(!shown.contains(['\u{7}', '\r', '\u{9b}']), "{shown:?}");
    }
}
