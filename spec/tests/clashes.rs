//! Every name that is generated, claimed by a second definition, and names that are not generated, which stay free.

mod support;

use bpf_layout_spec::diag::Code;
use support::try_load;

/// What clashes in a spec of these definitions: `NAME in LANGUAGE`. There may be nothing else wrong with it.
fn clashes(definitions: &str) -> Vec<String> {
    let text = format!("spec = 1\n{definitions}");
    let Err(failure) = try_load(&text, None) else { return Vec::new() };
    let clash = |message: &str| {
        let (_, name) = message.split_once(" both need the name `").expect("what they both need");
        name.replace('`', "")
    };
    let found = failure.diagnostics.iter();
    found
        .map(|one| {
            assert_eq!(one.code, Code::ClashingName, "{}\n{text}", one.message);
            clash(&one.message)
        })
        .collect()
}

/// Definitions and the names that each generates, or does not generate.
struct Case {
    definitions: &'static str,
    generated: &'static [&'static str],
    free: &'static [&'static str],
}

/// Holds each name against another definition that has it.
fn check(cases: &[Case], other: impl Fn(&str) -> String, language: &str) {
    for case in cases {
        assert_eq!(clashes(case.definitions), [""; 0], "{}", case.definitions);
        for (names, expected) in [(case.generated, 1), (case.free, 0)] {
            for name in names {
                let found = clashes(&format!("{}\n{}", case.definitions, other(name)));
                let expected: Vec<String> = (0..expected).map(|_| format!("{name} {language}")).collect();
                assert_eq!(found, expected, "{name} beside\n{}", case.definitions);
            }
        }
    }
}

/// A struct that C has as a typedef, among functions and variables.
fn typedef(name: &str) -> String {
    format!("[struct.other]\nc = \"{name}\"\nfields = [{{ name = \"a\", type = \"u32\" }}]")
}

/// A struct that C has by its tag.
fn tag(name: &str) -> String {
    typedef(&format!("struct {name}"))
}

/// An extern type that Rust has by this name.
fn rust_type(name: &str) -> String {
    format!("[extern.{name}]\nc = \"struct other\"\ninclude = \"<other.h>\"\nsize = 4\nalign = 4")
}

#[test]
fn functions_variables_and_typedefs_of_c() {
    let cases = [
        Case {
            definitions: "[struct.pair]\nfields = [{ name = \"a\", type = \"u32\" }, { name = \"text\", type = \"str[8]\" }]",
            generated: &[
                "pair_init",
                "pair_scratch",
                "pair_read_text_kernel",
                "pair_read_text_user",
                "DEFINE_PAIR_SCRATCH",
            ],
            free: &["pair_reserve", "pair_submit", "pair_read_a_kernel", "pair_cut_text"],
        },
        Case {
            definitions: "[struct.pair]\nc = \"pair_t\"\nfields = [{ name = \"texts\", type = \"str[8][2]\" }]",
            generated: &["pair_t", "pair_t_init", "pair_t_read_texts_user"],
            free: &["pair_init"],
        },
        Case {
            definitions: "[union.either]\nfields = [{ struct = [{ name = \"a\", type = \"u32\" }, { name = \"b\", type = \"u32\" }] }, { name = \"c\", type = \"u64\" }]",
            generated: &["either_init"],
            free: &["either_read_c_user"],
        },
        Case {
            definitions: "[event.exec]\nfields = [{ name = \"pid\", type = \"u32\" }]",
            generated: &["exec_event_init", "exec_event_reserve"],
            free: &["exec_event_submit", "exec_event_perf_submit", "exec_event_discard"],
        },
        Case {
            definitions: "[event.exec]\nfields = [{ name = \"pid\", type = \"u32\" }, { name = \"path\", type = \"str[..64]\" }, { name = \"raw\", type = \"bytes[..64]\" }, { name = \"args\", type = \"str[..64][..4]\" }]",
            generated: &[
                "exec_event_init",
                "exec_event_submit",
                "exec_event_perf_submit",
                "exec_event_discard",
                "exec_event_read_path_kernel",
                "exec_event_read_path_user",
                "exec_event_cut_path",
                "exec_event_copy_path",
                "exec_event_cut_raw",
                "exec_event_read_raw_user",
            ],
            free: &["exec_event_reserve", "exec_event_copy_raw", "exec_event_read_pid_user"],
        },
        Case {
            definitions: "[struct.pair]\nfields = [{ name = \"a\", type = \"u32\" }, { name = \"b\", type = \"u32\", optional = true }]",
            generated: &["PAIR_HAS_B"],
            free: &["PAIR_HAS_A", "pair_read_b_user"],
        },
        Case {
            definitions: "[lengths]\nPATH = 64\nODD = 65\n[capacities]\nTASKS = 100",
            generated: &["PATH_LEN", "PATH_LEN_MASK", "ODD_LEN", "TASKS_MAX_ENTRIES"],
            free: &["ODD_LEN_MASK", "TASKS_MAX_ENTRIES_MASK"],
        },
        Case {
            definitions: "[enum.op]\nrepr = \"u64\"\nvariants = [{ name = \"a\", value = 4294967295 }, { name = \"b\", value = 4294967296 }]",
            generated: &["OP_A", "OP_B"],
            free: &["OP"],
        },
        Case {
            definitions: "[enum.op]\nc = \"op_t\"\nrepr = \"u32\"\nvariants = [{ name = \"a\", value = 1 }]",
            generated: &["op_t"],
            free: &["op", "OP_A_"],
        },
        Case {
            definitions: "[map.events]\ntype = \"ringbuf\"\nmax_entries = 4096",
            generated: &["events", "events_wakeup", "events_submit", "DEFINE_EVENTS_MAP"],
            free: &["events_init"],
        },
        Case {
            definitions: "[map.counts]\ntype = \"array\"\nvalue = \"u64\"\nmax_entries = 1",
            generated: &["counts", "DEFINE_COUNTS_MAP"],
            free: &["counts_wakeup", "counts_submit"],
        },
    ];
    check(&cases, typedef, "in C");
}

#[test]
fn tags_of_c() {
    let cases = [
        Case {
            definitions: "[struct.pair]\nfields = [{ name = \"a\", type = \"u32\" }]",
            generated: &["pair", "DEFINE_PAIR_SCRATCH"],
            free: &["pair_init", "pair_room"],
        },
        Case {
            definitions: "[event.exec]\nfields = [{ name = \"pid\", type = \"u32\" }, { name = \"path\", type = \"str[..64]\" }]",
            generated: &["exec_event", "exec_event_room"],
            free: &["exec_event_submit"],
        },
        Case {
            definitions: "[enum.op]\nrepr = \"u64\"\nvariants = [{ name = \"a\", value = 4294967295 }, { name = \"b\", value = 4294967296 }, { name = \"c\", value = 0 }]",
            generated: &["op", "OP_B"],
            free: &["OP_A", "OP_C"],
        },
        Case {
            definitions: "[enum.op]\nrepr = \"i64\"\nvariants = [{ name = \"a\", value = -2147483648 }, { name = \"b\", value = -2147483649 }]",
            generated: &["OP_B"],
            free: &["OP_A"],
        },
        Case {
            definitions: "[flags.mode]\nrepr = \"u32\"\nbits = [{ name = \"a\", value = 1 }]",
            generated: &["mode"],
            free: &["MODE_A"],
        },
    ];
    check(&cases, tag, "in C");
}

#[test]
fn types_of_rust() {
    let cases = [
        Case {
            definitions: "[enum.kind]\nrepr = \"u8\"\nvariants = [{ name = \"a\", value = 1 }]\n[union.pick]\nfields = [{ name = \"a\", type = \"u32\", when = \"a\" }]\n[struct.pair]\nfields = [{ name = \"kind\", type = \"kind\" }, { name = \"pick\", type = \"pick\", tag = \"kind\" }]",
            generated: &["Kind", "Pick", "PickRef", "Pair"],
            free: &["PairRef", "KindRef", "PickHeader"],
        },
        Case {
            definitions: "[event.exec]\nfields = [{ name = \"pid\", type = \"u32\" }, { name = \"path\", type = \"str[..64]\" }]",
            generated: &["ExecEvent", "ExecEventHeader"],
            free: &["ExecEventRoom"],
        },
        Case {
            definitions: "[event.exec]\nfields = [{ name = \"pid\", type = \"u32\" }]",
            generated: &["ExecEvent"],
            free: &["ExecEventHeader"],
        },
    ];
    check(&cases, rust_type, "in Rust");
}

#[test]
fn maps_of_rust() {
    let array = |name: &str| format!("[map.{name}]\ntype = \"array\"\nvalue = \"u64\"\nmax_entries = 1");
    let cases = [
        Case {
            definitions: "[event.exec]\nfields = [{ name = \"pid\", type = \"u32\" }]\n[map.events]\ntype = \"ringbuf\"\nmax_entries = 4096\nevents = [\"exec\"]",
            generated: &["EventsRecord"],
            free: &["EventsSubmit"],
        },
        Case {
            definitions: "[map.all_events]\ntype = \"ringbuf\"\nmax_entries = 4096",
            generated: &[],
            free: &["AllEventsRecord"],
        },
    ];
    check(&cases, array, "in Rust");
}

/// Fields of one record: those that have methods in Rust cannot be named as a setter, all others can.
#[test]
fn methods_of_rust() {
    let tagged = "[enum.kind]\nrepr = \"u8\"\nvariants = [{ name = \"x\", value = 1 }, { name = \"set_x\", value = 2 }]\n[union.pick]\nfields = [{ name = \"x\", type = \"u32\", when = \"x\" }]\n";
    let untagged = "[enum.kind]\nrepr = \"u8\"\nvariants = [{ name = \"x\", value = 1 }]\n";
    let record = |fields: &str| {
        let kind = if fields.contains("tag") { tagged } else { untagged };
        format!("{kind}[struct.record]\nfields = [{{ name = \"kind\", type = \"kind\" }}, {fields}]")
    };
    let setter = "{ name = \"x\", type = \"u32\", bits = 3 }";
    let clash = ["set_x in Rust"];
    for method in [
        "{ name = \"set_x\", type = \"u32\", bits = 4 }",
        "{ name = \"set_x\", type = \"u32\", optional = true }",
        "{ name = \"set_x\", type = \"pick\", tag = \"kind\" }",
    ] {
        assert_eq!(clashes(&record(&format!("{setter}, {method}"))), clash, "{method}");
        assert_eq!(clashes(&record(&format!("{{ name = \"x\", type = \"u32\" }}, {method}"))), [""; 0], "{method}");
    }
    assert_eq!(clashes(&record(&format!("{setter}, {{ name = \"set_x\", type = \"u32\" }}"))), [""; 0]);

    let event =
        |last: &str| format!("[event.e]\nfields = [{setter}, {{ name = \"p\", type = \"bytes[..8]\" }}, {last}]");
    assert_eq!(clashes(&event("{ name = \"set_x\", type = \"str[..8]\" }")), clash);
    assert_eq!(clashes(&event("{ name = \"as_bytes\", type = \"str[..8]\" }")), ["as_bytes in Rust"]);
    assert_eq!(clashes(&event("{ name = \"set_p\", type = \"str[..8]\" }")), [""; 0]);

    // Where every field has a method, too.
    assert_eq!(
        clashes(&format!("[struct.s]\nfields = [{setter}, {{ name = \"set_x\", type = \"u32\", bits = 3 }}]")),
        clash
    );
    let variable = "{ name = \"p\", type = \"bytes[..8]\" }, { name = \"parse\", type = \"bytes[..8]\" }";
    assert_eq!(clashes(&format!("[event.e]\nfields = [{variable}]")), ["parse in Rust"]);

    let fields = "{ name = \"x\", type = \"u32\" }, { name = \"set_x\", type = \"u32\" }";
    assert_eq!(clashes(&format!("[union.either]\nfields = [{fields}]")), clash);
    assert_eq!(clashes(&format!("[struct.both]\nfields = [{fields}]")), [""; 0]);
}

/// In C, what lies in unnamed members is beside what the record has itself.
#[test]
fn members_of_c() {
    let record = |second: &str, name: &str| {
        format!(
            "[struct.record]\nfields = [{{ name = \"first\", c = \"word\", type = \"u32\" }}, \
             {{ union = [{{ name = \"{second}\", type = \"u32\" }}, {{ name = \"other\", type = \"i32\" }}] }}]\n\
             [struct.{name}]\nfields = [{{ name = \"inner\", c = \"first\", type = \"pair\" }}]\n\
             [struct.pair]\nfields = [{{ name = \"first\", type = \"u32\" }}]"
        )
    };
    assert_eq!(clashes(&record("word", "beside")), ["word in C"]);
    assert_eq!(clashes(&record("words", "beside")), [""; 0]);
    let pair = "[struct.pair]\nfields = [{ name = \"first\", type = \"u32\" }]\n";
    let named = "{ name = \"a\", type = \"pair\" }, { name = \"b\", c = \"first\", type = \"u32\" }";
    assert_eq!(clashes(&format!("{pair}[struct.s]\nfields = [{named}]")), [""; 0]);
    for fields in [
        "{ name = \"a\", c = \"word\", type = \"u32\" }, { name = \"b\", c = \"word\", type = \"u32\" }",
        "{ union = [{ name = \"a\", c = \"word\", type = \"u32\" }] }, { union = [{ name = \"b\", c = \"word\", type = \"u32\" }] }",
    ] {
        assert_eq!(clashes(&format!("[struct.s]\nfields = [{fields}]")), ["word in C"], "{fields}");
    }
}
