//! Whole specs through every stage.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
};

use bpf_layout_spec::{
    Failure, Loaded, Options,
    diag::{Code, Diagnostic},
    load, load_with,
    model::{ConstKind, RecordKind, TagValue, Type, TypeDef},
    wakeup::Wakeup,
};

/// Loads a spec that consists of the given files; the first is the one asked for.
fn load_files(files: &[(&str, &str)], profile: Option<&str>) -> Result<Loaded, Failure> {
    let texts: HashMap<PathBuf, String> =
        files.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned())).collect();
    let mut reader = |path: &Path| texts.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into());
    load_with(Path::new(files[0].0), &mut reader, &Options { profile: profile.map(str::to_owned) })
}

fn good(text: &str, profile: Option<&str>) -> Loaded {
    load_files(&[("layouts.toml", text)], profile).unwrap_or_else(|failure| panic!("{:#?}", failure.diagnostics))
}

fn bad(text: &str, profile: Option<&str>) -> Vec<Diagnostic> {
    load_files(&[("layouts.toml", text)], profile).expect_err("an error is expected").diagnostics
}

fn codes(diagnostics: &[Diagnostic]) -> Vec<Code> {
    diagnostics.iter().map(|diagnostic| diagnostic.code).collect()
}

#[test]
fn the_projects_own_spec_loads_under_every_profile() {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../layouts.toml"));
    for profile in [None, Some("before"), Some("after")] {
        let options = Options { profile: profile.map(str::to_owned) };
        let loaded = load(path, &options).unwrap_or_else(|failure| panic!("{:#?}", failure.diagnostics));
        assert!(loaded.warnings.is_empty(), "{:#?}", loaded.warnings);
        assert_eq!(loaded.layouts.model.stem, "layouts");
        assert!(loaded.layouts.model.maps.iter().any(|map| map.name.spec == "execs"));
    }
}

const DESIGN: &str = include_str!("specs/design.toml");

#[test]
fn the_example_of_the_design_loads() {
    let loaded = good(DESIGN, None);
    let model = &loaded.layouts.model;
    let constants: Vec<(&str, u64)> =
        model.constants.iter().map(|constant| (constant.name.c.as_str(), constant.value)).collect();
    assert_eq!(
        constants,
        [
            ("COMM_LEN", 16),
            ("PATH_LEN", 512),
            ("ARG_LEN", 256),
            ("ARGS_LEN", 5120),
            ("SOCKETS_MAX_ENTRIES", 16384),
            ("EXECS_MAX_ENTRIES", 1024)
        ]
    );
    let names: Vec<&str> = model.types.iter().map(|def| def.name().rust.as_str()).collect();
    assert_eq!(names, ["FileOp", "OpenFlags", "SocketKey", "SocketValue", "FileEvent"]);
    let sockets = &model.maps[0];
    assert_eq!((sockets.kind.name, sockets.budget), ("hash", Some(20 << 20)));
    let budget = model.budget.expect("the spec has a [budget]");
    assert_eq!((budget.total, budget.cpus), (Some(24 << 20), Some(64)));
    assert_eq!(sockets.max_entries.as_ref().map(|count| count.value), Some(16384));
    assert!(model.maps[1].pinned_by_name);
    assert_eq!(model.maps[1].flags[0].c, "BPF_F_NO_COMMON_LRU");
    assert_eq!(model.maps[2].events.len(), 1);
}

#[test]
fn a_profile_overrides_and_omits() {
    let value_size = |profile| {
        let loaded = good(DESIGN, profile);
        let (id, record) =
            loaded.layouts.model.records().find(|(_, record)| record.name.spec == "socket_value").unwrap();
        let omitted: Vec<&str> =
            record.fields.iter().filter(|field| field.omitted).map(|field| field.name.spec.as_str()).collect();
        (loaded.layouts.of(id).size, omitted.join(" "))
    };
    // The numbers of Inspektor Gadget's socket enricher less its 40 bytes of ptask, ipv6only and padding.
    assert_eq!(value_size(None), (40 + 2 * 512, String::new()));
    assert_eq!(value_size(Some("before")), (40 + 2 * 4096, String::new()));
    assert_eq!(value_size(Some("lean")), (40 + 128, "cwd".to_owned()));
}

#[test]
fn of_types_that_never_end_nothing_else_is_said() {
    let clash = "[struct.b_c]\nfields = [{ name = \"x\", type = \"u32\" }]\n[struct.BC]\nfields = [{ name = \"x\", type = \"u32\" }]\n";
    let circle = "[struct.a]\nfields = [{ name = \"x\", type = \"a\" }]\n";
    assert_eq!(codes(&bad(&format!("spec = 1\n{clash}"), None)), [Code::ClashingName]);
    for spec in [format!("spec = 1\n{circle}{clash}"), format!("spec = 1\n{clash}{circle}")] {
        assert_eq!(codes(&bad(&spec, None)), [Code::Recursion], "{spec}");
    }
}

#[test]
fn a_profile_overrides_what_it_says_of_a_map() {
    let spec = "spec = 1\n[map.m]\ntype = \"hash\"\nkey = \"u32\"\nvalue = \"u64\"\nmax_entries = 10\n\
        [map.other]\ntype = \"hash\"\nkey = \"u32\"\nvalue = \"u64\"\nmax_entries = 10\npinning = \"by_name\"\n\
        [map.ring]\ntype = \"ringbuf\"\nmax_entries = 4096\n\
        [profile.p]\nmap.m = { type = \"lru_hash\", max_entries = 20, flags = [\"no_common_lru\"], pinning = \"by_name\" }\n\
        map.other.pinning = \"none\"\n\
        map.ring = { max_entries = 8192, wakeup = \"never\" }\n";
    let maps = |profile| {
        let loaded = good(spec, profile);
        let one = |map: &bpf_layout_spec::model::Map| {
            let entries = map.max_entries.as_ref().map_or(0, |count| count.value);
            let flags: Vec<&str> = map.flags.iter().map(|flag| flag.name).collect();
            let pinned = if map.pinned_by_name { "pinned" } else { "" };
            format!("{} {entries} {} {pinned}", map.kind.name, flags.join(" "))
        };
        let wakeups: Vec<String> = loaded.layouts.model.maps.iter().map(|map| format!("{:?}", map.wakeup)).collect();
        (loaded.layouts.model.maps.iter().map(one).collect::<Vec<_>>(), wakeups)
    };
    let (plain, always) = maps(None);
    assert_eq!(plain, ["hash 10  ", "hash 10  pinned", "ringbuf 4096  "]);
    let (changed, never) = maps(Some("p"));
    assert_eq!(changed, ["lru_hash 20 no_common_lru pinned", "hash 10  ", "ringbuf 8192  "]);
    assert!(always[..2] == never[..2] && always[2] != never[2], "{always:?} {never:?}");
}

#[test]
fn what_is_wrong_of_a_profile_is_said_once_applied_or_not() {
    let spec = "spec = 1\n[map.m]\ntype = \"hash\"\nkey = \"u32\"\nvalue = \"u64\"\nmax_entries = 10\n\
        [profile.p]\nmap.m = { flags = [\"no\"], pinning = \"no\" }\n";
    for profile in [None, Some("p")] {
        assert_eq!(codes(&bad(spec, profile)), [Code::MapFlag, Code::InvalidValue], "{profile:?}");
    }
}

#[test]
fn policies_of_wakeups_are_words_or_numbers() {
    let Wakeup::Adaptive { share: usual, after_ms } = Wakeup::ADAPTIVE else { panic!("{:?}", Wakeup::ADAPTIVE) };
    let half = "1/2".parse().expect("a share");
    for (written, expected) in [
        ("\"always\"", Wakeup::Always),
        ("\"never\"", Wakeup::Never),
        ("\"adaptive\"", Wakeup::ADAPTIVE),
        ("{ share = \"1/2\", after = \"1 s\" }", Wakeup::Adaptive { share: half, after_ms: 1000 }),
        ("{ share = \"1/2\" }", Wakeup::Adaptive { share: half, after_ms }),
        ("{ after = \"1 s\" }", Wakeup::Adaptive { share: usual, after_ms: 1000 }),
    ] {
        let text = format!("spec = 1\n[map.ring]\ntype = \"ringbuf\"\nmax_entries = 4096\nwakeup = {written}\n");
        assert_eq!(good(&text, None).layouts.model.maps[0].wakeup, expected, "{written}");
    }
}

#[test]
fn an_unknown_profile_is_named_with_those_that_exist() {
    let found = bad(DESIGN, Some("leen"));
    assert_eq!(codes(&found), [Code::UnknownName]);
    assert_eq!(found[0].help, ["did you mean `lean`?"]);
    assert_eq!(found[0].notes, ["the spec has `before` and `lean`"]);
    assert!(found[0].primary.is_none());
}

#[test]
fn included_files_come_first_and_are_read_once() {
    let top = "spec = 1\ninclude = [\"a/one.toml\", \"./two.toml\"]\n\
               [struct.top]\nfields = [{ name = \"x\", type = \"shared\" }, { name = \"y\", type = \"one\" }]";
    let one = "spec = 1\ninclude = [\"../two.toml\"]\n[struct.one]\nfields = [{ name = \"x\", type = \"shared\" }]";
    let two = "spec = 1\n[lengths]\nUNUSED_HERE = 3\n[alias]\nshared = \"u32\"";
    let files = [("dir/top.toml", top), ("dir/a/one.toml", one), ("dir/a/../two.toml", two), ("dir/./two.toml", two)];
    let loaded = load_files(&files, None).unwrap_or_else(|failure| panic!("{:#?}", failure.diagnostics));
    let names: Vec<&str> = loaded.layouts.model.types.iter().map(|def| def.name().spec.as_str()).collect();
    assert_eq!(names, ["one", "top"]);
    let paths: Vec<&Path> = loaded.sources.paths().collect();
    assert_eq!(paths, [Path::new("dir/top.toml"), Path::new("dir/a/one.toml"), Path::new("dir/a/../two.toml")]);
    assert!(loaded.warnings.is_empty(), "constants of included files may serve others");
}

#[test]
fn definitions_keep_the_order_of_the_file_unless_one_needs_another() {
    let text = "spec = 1\n\
        [struct.z]\nfields = [{ name = \"b\", type = \"b[2]\" }]\n\
        [enum.y]\nrepr = \"u8\"\nvariants = [{ name = \"one\", value = 1 }]\n\
        [struct.a]\nfields = [{ name = \"x\", type = \"u8\" }]\n\
        [union.b]\nfields = [{ struct = [{ name = \"y\", type = \"y\" }] }, { name = \"n\", type = \"u8\" }]";
    let loaded = good(text, None);
    let names: Vec<&str> = loaded.layouts.model.types.iter().map(|def| def.name().spec.as_str()).collect();
    assert_eq!(names, ["y", "b__anon0", "b", "z", "a"]);
}

#[test]
fn inner_maps_come_before_those_that_hold_them() {
    let text = "spec = 1\n\
        [map.outer]\ntype = \"hash_of_maps\"\nkey = \"u64\"\nmax_entries = 4\ninner = \"inner\"\n\
        [map.first]\ntype = \"array\"\nvalue = \"u64\"\nmax_entries = 1\n\
        [map.inner]\ntype = \"array\"\nvalue = \"u64\"\nmax_entries = 1";
    let model = good(text, None).layouts.model;
    let names: Vec<&str> = model.maps.iter().map(|map| map.name.spec.as_str()).collect();
    assert_eq!(names, ["inner", "outer", "first"]);
    assert_eq!(model.map(model.maps[1].inner.unwrap()).name.spec, "inner");
}

#[test]
fn tags_resolve_to_variants_and_numbers() {
    let loaded = good(include_str!("specs/tags.toml"), None);
    let model = &loaded.layouts.model;
    let record = |name: &str| model.records().find(|(_, record)| record.name.spec == name).unwrap().1;
    let addr = record("addr");
    assert!(matches!(addr.fields[0].when[..], [TagValue::Variant(_, 0)]));
    assert!(matches!(addr.fields[1].when[..], [TagValue::Variant(_, 1), TagValue::Variant(_, 2)]));
    assert_eq!(record("socket").fields[1].tag, Some(0));
    let exit = record("exit");
    let RecordKind::Event { tag: Some(tag) } = &exit.kind else { panic!("{:?}", exit.kind) };
    assert_eq!((tag.field, &tag.value), (0, &TagValue::Number(2)));
    let unnamed = record("message__anon0");
    assert_eq!(unnamed.fields[0].when, [TagValue::Number(-1)]);
    assert_eq!(record("message").fields[1].name.rust, "anon0");
}

#[test]
fn only_so_many_suggestions_are_looked_for() {
    let fields: String = (0..60).map(|n| format!("{{ name = \"f{n}\", type = \"u23\" }}, ")).collect();
    let found = bad(&format!("spec = 1\n[struct.s]\nfields = [{fields}]"), None);
    let suggested = found.iter().filter(|one| one.help.iter().any(|help| help == "did you mean `u32`?"));
    assert_eq!((found.len(), suggested.count()), (60, 50));
}

#[test]
fn what_is_said_of_an_unnamed_member_is_said_of_the_field() {
    let text = "spec = 1\n[struct.s]\nfields = [{ name = \"a\", type = \"u32\" }, \
        { union = [{ name = \"b\", type = \"u32\" }], doc = \"Either.\" }]\n";
    let model = good(text, None).layouts.model;
    let docs = |name: &str| {
        let record = model.records().find(|(_, record)| record.name.spec == name).unwrap().1;
        (record.doc.as_deref(), record.fields.iter().map(|field| field.doc.as_deref()).collect::<Vec<_>>())
    };
    assert_eq!(docs("s"), (None, vec![None, Some("Either.")]));
    assert_eq!(docs("s__anon0"), (None, vec![None]));
}

#[test]
fn tags_are_of_their_enum_wherever_it_is_defined() {
    // What a record holds goes before it, so that the ids of all of these change.
    let text = "spec = 1\n[event.e]\ntag = { kind = \"b\" }\n\
        fields = [{ name = \"kind\", type = \"kind\" }, { name = \"u\", type = \"u\", tag = \"kind\" }]\n\
        [union.u]\nfields = [{ name = \"x\", type = \"u32\", when = \"a\" }, { name = \"y\", type = \"u8\", when = \"b\" }]\n\
        [struct.z]\nfields = [{ name = \"e\", type = \"u32\" }]\n\
        [enum.kind]\nrepr = \"u8\"\nvariants = [{ name = \"a\", value = 1 }, { name = \"b\", value = 2 }]\n";
    let model = good(text, None).layouts.model;
    let record = |name: &str| model.records().find(|(_, record)| record.name.spec == name).unwrap().1;
    let RecordKind::Event { tag: Some(tag) } = &record("e").kind else { panic!("{:?}", record("e").kind) };
    let fields = &record("u").fields;
    for (value, expected) in [(&tag.value, 1), (&fields[0].when[0], 0), (&fields[1].when[0], 1)] {
        let TagValue::Variant(id, index) = value else { panic!("{value:?}") };
        assert_eq!((&*model.ty(*id).name().spec, *index), ("kind", expected));
    }
}

#[test]
fn types_resolve_outermost_dimension_first() {
    let text = "spec = 1\n[lengths]\nN = 3\n[alias]\npair = \"u16[2]\"\n\
        [struct.s]\nfields = [{ name = \"a\", type = \"pair[N]\" }, { name = \"b\", type = \"str[16][4]\" }]";
    let loaded = good(text, None);
    let TypeDef::Record(record) = &loaded.layouts.model.types[0] else { panic!() };
    let Type::Array(element, outer) = &record.fields[0].ty else { panic!() };
    assert!(matches!(&**element, Type::Array(_, inner) if inner.value == 2) && outer.value == 3);
    let Type::Array(element, outer) = &record.fields[1].ty else { panic!() };
    assert!(matches!(&**element, Type::Str(inner) if inner.value == 16) && outer.value == 4);
    assert_eq!(loaded.layouts.size_align(&record.fields[1].ty), (64, 1));
}

#[test]
fn every_map_type_can_be_written_down() {
    let loaded = good(include_str!("specs/maps.toml"), None);
    let maps = &loaded.layouts.model.maps;
    for kind in bpf_layout_spec::kernel::MAP_KINDS {
        assert!(maps.iter().any(|map| map.kind.name == kind.name), "{}", kind.name);
    }
    for flag in bpf_layout_spec::kernel::MAP_FLAGS {
        assert!(maps.iter().any(|map| map.flags.iter().any(|used| used.name == flag.name)), "{}", flag.name);
    }
}

#[test]
fn constants_say_how_they_are_written() {
    let model = good(DESIGN, None).layouts.model;
    let args = model.constants.iter().find(|constant| constant.name.spec == "ARGS").unwrap();
    assert_eq!((args.kind, args.name.spec.as_str()), (ConstKind::Length, "ARGS"));
    assert!(matches!(&args.expr, bpf_layout_spec::model::Expr::Binary(op, ..) if op.symbol() == "*"));
}

#[test]
fn problems_of_one_stage_come_in_one_run_and_in_file_order() {
    let text = "spec = 1\n[lengths]\nA = 0\n[struct.s]\n\
        fields = [{ name = \"a\", type = \"u23\" }, { name = \"a\", type = \"str[B]\" }]\n\
        [map.m]\ntype = \"hash\"\nkey = \"s\"\nvalue = \"s\"\nmax_entries = \"C\"\n";
    let found = bad(text, None);
    assert_eq!(
        codes(&found),
        [Code::ZeroLength, Code::UnknownType, Code::DuplicateName, Code::UnknownName, Code::UnknownName]
    );
    let starts: Vec<u32> = found.iter().map(|found| found.primary.as_ref().unwrap().span.start).collect();
    assert!(starts.is_sorted(), "{starts:?}");
}

#[test]
fn an_error_is_said_once() {
    // Whoever uses what is wrong is not told again.
    let text = "spec = 1\n[lengths]\nA = 0\nB = \"A + 1\"\n[alias]\nt = \"nothing\"\n[struct.s]\n\
        fields = [{ name = \"a\", type = \"str[A]\" }, { name = \"b\", type = \"t\" }, { name = \"c\" }]\n\
        [struct.u]\nfields = [{ name = \"s\", type = \"s[B]\" }]\n\
        [map.m]\ntype = \"hash\"\nkey = \"s\"\nvalue = \"u\"\nmax_entries = 1\n";
    assert_eq!(codes(&bad(text, None)), [Code::ZeroLength, Code::UnknownType, Code::MissingKey]);
}

#[test]
fn places_inside_strings_survive_escapes_and_other_quotes() {
    let shown = |field: &str| {
        let text = format!("spec = 1\n[struct.s]\nfields = [{{ name = \"a\", type = {field} }}]\n");
        let failure = load_files(&[("layouts.toml", &text)], None).unwrap_err();
        failure.sources.text(failure.diagnostics[0].primary.as_ref().unwrap().span).to_owned()
    };
    assert_eq!(shown("\"u8[LEN]\""), "LEN");
    assert_eq!(shown("'u8[LEN]'"), "LEN");
    assert_eq!(shown("\"\"\"u8[LEN]\"\"\""), "LEN");
    assert_eq!(shown("\"u8[\\u004cEN]\""), "\"u8[\\u004cEN]\"");
}

/// What is wrong with the shape of a table is all that is said of it.
#[test]
fn what_has_a_wrong_shape_is_not_looked_at_further() {
    let map = "[map.m]\ntype = \"hash\"\nkey = \"u32\"\nmax_entries = 4\n";
    let ring = "[map.r]\ntype = \"ringbuf\"\nmax_entries = 4095\n";
    let of = |field: &str| format!("[struct.s]\nfields = [{field}]\n");
    for (text, code) in [
        ("[enum.e]\nrepr = 8\nvariants = [{ name = \"a\", value = 1 }]\n".to_owned(), Code::WrongType),
        ("[enum.e]\nrepr = \"u8\"\nvariants = [{ name = 1, value = 1 }]\n".to_owned(), Code::WrongType),
        ("[enum.e]\nrepr = \"u8\"\nvariants = [{ name = \"a\", value = true }]\n".to_owned(), Code::WrongType),
        (of("{ name = 1, type = \"u8\" }"), Code::WrongType),
        (of("{ name = \"a\", type = 1 }"), Code::WrongType),
        (of("{ name = \"a\", type = \"nope\", bite = 1 }"), Code::UnknownKey),
        (format!("{map}budget = true\n"), Code::WrongType),
        (format!("{ring}wakeup = {{ shar = \"1/4\" }}\n"), Code::UnknownKey),
    ] {
        assert_eq!(codes(&bad(&format!("spec = 1\n{text}"), None)), [code], "{text}");
    }
    assert_eq!(codes(&bad(&format!("spec = 1\n{map}budget = 4096\n"), None)), [Code::MapParameter]);
    assert_eq!(codes(&bad(&format!("spec = 1\n{ring}wakeup = {{ share = \"1/4\" }}\n"), None)), [Code::NotPowerOfTwo]);
}

#[test]
fn numbers_beyond_64_bits_are_refused_where_they_stand() {
    for number in ["18446744073709551617", "-18446744073709551617", "340282366920938463463374607431768211456"] {
        let found = bad(&format!("spec = 1\n[lengths]\nA = {number}\n"), None);
        assert_eq!(codes(&found), [Code::Overflow], "{number}");
        assert_eq!(found[0].message, "the number does not fit 64 bits", "{number}");
    }
    let found = bad("spec = 1\n[lengths]\nA = 18446744073709551616\n", None);
    assert_ne!(found[0].message, "the number does not fit 64 bits");
}

#[test]
fn an_unnamed_member_stands_where_it_says() {
    let union = "{ union = [{ name = \"b\", type = \"u32\" }], offset = 12 }";
    let text = format!("spec = 1\n[struct.s]\nfields = [{{ name = \"a\", type = \"u8\" }}, {union}]\n");
    let layouts = good(&text, None).layouts;
    let (id, _) = layouts.model.records().find(|(_, record)| record.name.spec == "s").expect("it is there");
    assert_eq!(layouts.of(id).size, 16);
}

/// A spec long enough to be read and checked by several threads.
#[test]
fn what_is_wrong_far_apart_is_told_in_the_order_of_the_file() {
    let structs = (0..400).map(|n| match n {
        3 => "[struct.s3]\nfields = [{ name = \"a\", typ = \"u32\" }]\n".to_owned(),
        390 => "[struct.s390]\nfields = [{ name = \"a\", type = 7 }]\n".to_owned(),
        _ => format!("[struct.s{n}]\nfields = [{{ name = \"a\", type = \"u32\" }}]\n"),
    });
    let text = format!("spec = 1\n{}", structs.collect::<String>());
    assert_eq!(codes(&bad(&text, None)), [Code::MissingKey, Code::UnknownKey, Code::WrongType]);

    let clashing = "[struct.S3]\nfields = [{ name = \"a\", type = \"u32\" }]\n";
    let text = text.replace("typ =", "type =").replace("type = 7", "type = \"u32\"") + clashing;
    assert_eq!(codes(&bad(&text, None)), [Code::ClashingName]);
}
