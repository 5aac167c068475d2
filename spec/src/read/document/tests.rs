//! What [`plain`] takes is what `toml` takes, and the same.

use std::{fs, path::Path};

use proptest::prelude::*;

use super::{Kind, Table, Value, by_toml, halves, plain};

/// All of a document, with every place.
fn shown(table: &Table<'_>) -> String {
    let entry = |entry: &super::Entry<'_>| {
        format!("{:?} at {:?} = {}", entry.name(), entry.key_span(), shown_value(entry.value()))
    };
    format!("{{{}}}", table.entries.iter().map(entry).collect::<Vec<_>>().join(", "))
}

fn shown_value(value: &Value<'_>) -> String {
    let kind = match value.get_ref() {
        Kind::Table(table) => shown(table),
        Kind::Array(array) => format!("[{}]", array.items.iter().map(shown_value).collect::<Vec<_>>().join(", ")),
        other => format!("{other:?}"),
    };
    format!("{kind} at {:?}", value.span())
}

/// Whether it is plain; panics if it is, or its halves are, and `toml` says otherwise.
fn is_plain(text: &str) -> bool {
    let [whole, halves] = [plain::parse(text), halves::parse(text)].map(|document| document.as_ref().map(shown));
    for document in whole.iter().chain(&halves) {
        match by_toml(text) {
            Ok(expected) => assert_eq!(document, &shown(&expected), "{text}"),
            Err(errors) => panic!("{text}\nis no TOML: {errors:?}"),
        }
    }
    whole.is_some()
}

/// Every `.toml` in a folder and those in it.
fn for_each_spec(folder: &Path, see: &mut dyn FnMut(&str)) {
    let mut entries: Vec<_> = fs::read_dir(folder).expect("readable").map(|entry| entry.expect("one").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            for_each_spec(&path, see);
        } else if path.extension().is_some_and(|extension| extension == "toml")
            && let Ok(text) = fs::read_to_string(&path)
        {
            see(&text);
        }
    }
}

#[test]
fn every_spec_of_the_tests_is_read_as_toml_reads_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (mut plain, mut all) = (0, 0);
    for folder in ["tests", "spec/tests", "examples", "cli/tests"] {
        for_each_spec(&root.join(folder), &mut |text| {
            all += 1;
            plain += usize::from(is_plain(text));
        });
    }
    assert!(all > 200, "{all} files");
    assert!(plain * 10 > all * 9, "{plain} of {all} are plain");
    let own = fs::read_to_string(root.join("layouts.toml")).expect("readable");
    assert!(is_plain(&own));
}

#[test]
fn what_specs_have_is_plain() {
    for text in [
        "",
        "# nothing\n",
        "spec = 1\n[lengths]\nPATH = 0x10\nCOMM = 1_6 # why\n",
        "[a]\n[a.b]\n[c]\n[a.d]\n",
        "[[allow]]\na = 1\n[[allow]]\na = 1\n",
        "[outside]\nmap.a = \"x\"\nmap.\"b c\" = 'y'\nstruct.d = \"\"\"\n  z\\\n  \"\"\"\n",
        "a = [1, [2, { b = 3, c.d = 4, c.e = [] }],\n # five\n]\n",
        "\u{feff}a = \"\\u00e9\\n\"\r\n",
    ] {
        assert!(is_plain(text), "{text:?}");
    }
}

/// More tables in one than are looked through one by one.
fn many() -> String {
    (0..40).map(|number| format!("[a.n{number}]\n")).collect()
}

#[test]
fn of_many_tables_only_the_last_is_added_to() {
    let many = many();
    assert!(is_plain(&many));
    assert!(is_plain(&format!("{many}[a.n39.x]\ny = 1\n")));
    let earlier = format!("{many}[a.n3.x]\n");
    assert!(!is_plain(&earlier) && by_toml(&earlier).is_ok());
}

#[test]
fn what_lies_deep_is_left_to_toml() {
    for (depth, plain) in [(63, true), (64, false)] {
        let arrays = format!("a = {}{}", "[".repeat(depth), "]".repeat(depth));
        let tables = format!("a = {}{}", "{ b = ".repeat(depth - 1) + "{", "}".repeat(depth));
        let keys = format!("a{} = 1", ".a".repeat(depth - 1));
        let is_table = |level: usize| (depth - level) % 2 == 1;
        let open = |level| if is_table(level) { "{ b = " } else { "[" };
        let mixed: String = (0..depth - 1).map(open).chain(["{"]).collect();
        let close: String = (0..depth).rev().map(|level| if is_table(level) { "}" } else { "]" }).collect();
        for text in [arrays, tables, keys, format!("a = {mixed}{close}")] {
            assert_eq!(is_plain(&text), plain, "{text}");
            assert!(by_toml(&text).is_ok(), "{text}");
        }
    }
}

#[test]
fn what_is_no_toml_is_not_plain() {
    let many = many();
    for text in [
        "a = 1\na = 2\n",
        "[a]\n[a]\n",
        "[a.b]\n[a]\nb = 1\n",
        "[a]\nb = {}\n[a.b]\n",
        "[a]\nb = {}\n[a.b.c]\n",
        "[a]\nb.c = 1\n[a.b]\n",
        "[a]\nb.c = 1\n[a.b.d]\n",
        "a.b = 1\na.b.c = 2\n",
        "a = {}\na.b = 1\n",
        "a = { b = 1, b = 2 }\n",
        "a = { b.c = 1, b = 2 }\n",
        "[[a]]\n[a]\n",
        "[a]\n[[a]]\n",
        "a = []\n[[a]]\n",
        "a = 01\n",
        "a = \"\\q\"\n",
        "a = 1 b = 2\n",
        "a = \"x\n",
        "a = 2020-13-01\n",
        "# \u{7}\n",
        "a = 1\r",
        "a = [\r1]",
        "a\n",
        "= 1\n",
        "[a\n",
        &format!("{many}[a.n0]\n"),
        &format!("{many}[a.n3]\nx = 1\n"),
        &format!("a = {}{}", "[".repeat(200), "]".repeat(200)),
        &format!("a{} = 1", ".a".repeat(200)),
    ] {
        assert!(!is_plain(text), "{text:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    /// Few names, so that they meet.
    #[test]
    fn any_lines_are_read_as_toml_reads_them(lines in prop::collection::vec(prop_oneof![
        Just("[a]"), Just("[b]"), Just("[a.b]"), Just("[a.a]"), Just("[b.a.b]"), Just("[[a]]"), Just("[[a.b]]"), Just("[[c]]"),
        Just("[c.a]"), Just("a = 1"), Just("b = \"x\""), Just("a.b = true"), Just("a.c = 0b1"), Just("b.a.b = []"),
        Just("b.a.c = 'y'"), Just("c = { a = 1, b.a = 2, b.c = 3 }"), Just("d = [{ a = 1 }, [], 2.5]"), Just("e = [{ a = 1, a = 2 }]"),
        Just("f = {"), Just("}"), Just("g = [\n 1,\n]"), Just("# c"), Just(""), Just("h = 1e3"), Just("\"a\" = 'b'"),
    ], 0..9)) {
        is_plain(&lines.join("\n"));
    }

    #[test]
    fn any_text_of_its_signs_is_read_as_toml_reads_it(text in "[ab.=\\[\\]{},\"'#\n 1-]{0,24}") {
        is_plain(&text);
    }
}
