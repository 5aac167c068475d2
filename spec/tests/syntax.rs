//! What is said of a file that is no TOML: which errors, and at which bytes.

use std::{io, path::Path};

use bpf_layout_spec::{
    Options,
    diag::{Code, Diagnostic},
    load_with,
    source::Span,
};

fn errors(text: &str) -> Vec<Diagnostic> {
    let mut reader = |_: &Path| -> io::Result<String> { Ok(text.to_owned()) };
    load_with(Path::new("layouts.toml"), &mut reader, &Options::default()).expect_err("no TOML").diagnostics
}

/// Start and end, in bytes.
type Place = (usize, usize);

fn at(span: Span) -> Place {
    (span.start as usize, span.end as usize)
}

/// Bytes of the `number`th place, from 0, at which `what` stands.
fn place(text: &str, what: &str, number: usize) -> Place {
    let (start, _) = text.match_indices(what).nth(number).expect("it stands there");
    (start, start + what.len())
}

/// Every key that stands twice, and where it is said to stand first.
fn duplicates(text: &str) -> Vec<(Place, Option<Place>)> {
    let found = errors(text);
    assert!(found.iter().all(|error| error.code == Code::DuplicateName), "{text}\n{found:#?}");
    let places = |error: &Diagnostic| {
        let again = error.primary.as_ref().expect("a place");
        (at(again.span), error.secondary.first().map(|label| at(label.span)))
    };
    found.iter().map(places).collect()
}

#[test]
fn a_key_that_stands_twice_is_shown_with_the_first() {
    for text in [
        "spec = 1\nspec = 2\n",
        "# spec = 0\nspec = 1\n\n# spec\nspec = 2\n",
        "spec = 1\n[lengths]\n  A = 1\n  B = 2\n  A = 3\n",
        "spec = 1\n[lengths]\n\"A\" = 1\n\"A\" = 3\n",
        "spec = 1\n[lengths]\nA = 1\n[capacities]\nB = 1\n[lengths]\n",
        "[lengths]\nA = 1\n  [lengths]\n",
    ] {
        let again = if text.matches("[lengths]").count() == 2 {
            "lengths"
        } else if text.contains("\"A\"") {
            "\"A\""
        } else if text.contains("A = 1") {
            "A"
        } else {
            "spec"
        };
        let found = duplicates(text);
        assert_eq!(found.len(), 1, "{text}");
        let last = text.matches(again).count() - 1;
        assert_eq!(found[0].0, place(text, again, last), "{text}");
        let indented = text.contains("\n  [");
        let first = usize::from(text.starts_with('#'));
        assert_eq!(found[0].1, (!indented).then(|| place(text, again, first)), "{text}");
    }
}

#[test]
fn an_equal_key_of_another_table_is_not_the_first() {
    let text = "spec = 1\n[lengths]\nA = 1\n[capacities]\nA = 1\nAB = 1\nB.A = 2\nA = 3\n";
    assert_eq!(duplicates(text), [(place(text, "A", 4), Some(place(text, "A", 1)))]);
    let inline = "spec = 1\n[capacities]\nx = 1\n[lengths]\nA = { x = 1, x = 2 }\n";
    assert_eq!(duplicates(inline), [(place(inline, "x", 2), None)]);
}

#[test]
fn what_stands_in_a_table_that_is_defined_twice_is_not_told() {
    let text = "[a]\nb = 1\nc = 2\n[a]\nb = 1\nc = 2\n[d]\ne = 1\ne = 2\n";
    let expected = [(place(text, "a", 1), Some(place(text, "a", 0))), (place(text, "e", 1), Some(place(text, "e", 0)))];
    assert_eq!(duplicates(text), expected);
    let twice = "[a]\nb = 1\nb = 2\nc = 1\nc = 2\n";
    let expected = ["b", "c"].map(|key| (place(twice, key, 1), Some(place(twice, key, 0))));
    assert_eq!(duplicates(twice), expected, "each key of a table that is defined once");
}

#[test]
fn the_first_error_of_each_line_is_shown_up_to_twenty() {
    let text = "spec = 1\na = 01 02 03\nb = ,,\n";
    let lines: Vec<usize> = errors(text).iter().map(|error| line(text, error)).collect();
    assert_eq!(lines, [2, 3]);
    let many = "x = 01\n".repeat(3) + &(0..40).map(|number| format!("y{number} = 01\n")).collect::<String>();
    assert_eq!(errors(&many).len(), 20);
}

fn line(text: &str, error: &Diagnostic) -> usize {
    let span = error.primary.as_ref().expect("a place").span;
    1 + text[..span.start as usize].matches('\n').count()
}

#[test]
fn a_quote_that_is_missing_is_named() {
    let help = |text: &str| {
        let found = errors(text);
        assert_eq!(found[0].code, Code::Syntax, "{text}");
        found[0].help.clone()
    };
    let missing = ["a string on this line may lack its closing `\"`"];
    assert_eq!(help("a = \"b\nc = 1\n"), missing);
    assert_eq!(help("a = 1\nc = \"b\", \"d\n"), missing);
    assert_eq!(help("a = 1 \"b\" # \"\n"), Vec::<String>::new());
    assert_eq!(help("a = \"b\" \"c\"\n"), Vec::<String>::new());
    assert_eq!(help("a = 1 2\n"), Vec::<String>::new());
}
