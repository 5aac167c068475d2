//! Records that real programs hand to userspace, and maps that the spec does not have.

mod support;

use std::{fmt::Write as _, fs, ops::RangeInclusive, process::Command};

use bpf_layout_check::{Outcome, check, plain};
use bpf_layout_emit::c;
use bpf_layout_spec::{
    compare::{Difference, Value},
    diag::Severity,
    layout::Layouts,
    model::{Map, Name, TypeId},
};
use support::{COMPILERS, Compiler, compile, everything, folder, has_tool, spec, specs};

/// One call in a program of its own.
struct Call<'a> {
    buffer: &'a Map,
    /// How the line of C is marked.
    mark: String,
    /// The size that it has, and those that it should have.
    size: (u64, Vec<RangeInclusive<u64>>),
}

/// Appends a program that makes this call.
fn add_program(text: &mut String, mark: &str, call: &str) {
    let _ = write!(
        text,
        "SEC(\"raw_tp/sys_enter\")\nint {mark}(void *ctx)\n{{\n\
         \t{call} /* {mark} */\n\treturn 0;\n}}\n\n"
    );
}

/// A call that hands `size`, an expression, to a buffer.
fn output(buffer: &Map, size: &str) -> String {
    let name = &buffer.name.c;
    match buffer.kind.name {
        "ringbuf" => format!("bpf_ringbuf_output(&{name}, ctx, {size}, 0);"),
        _ => format!("bpf_perf_event_output(ctx, &{name}, BPF_F_CURRENT_CPU, ctx, {size});"),
    }
}

/// Sizes that records of an event have.
fn sizes(layouts: &Layouts, id: TypeId) -> RangeInclusive<u64> {
    layouts.of(id).size..=layouts.largest(id)
}

/// The events of each buffer.
fn events(layouts: &Layouts) -> impl Iterator<Item = (&Map, &Name, TypeId)> {
    let buffers = layouts.model.maps.iter().filter(|map| matches!(map.kind.name, "ringbuf" | "perf_event_array"));
    buffers.flat_map(move |map| map.events.iter().map(move |id| (map, layouts.model.ty(*id).name(), *id)))
}

/// Programs that hand every event to its buffers, in the ways that there are.
fn right_programs(layouts: &Layouts) -> (String, usize) {
    let mut text = String::new();
    let mut count = 0;
    for (buffer, event, id) in events(layouts) {
        let c_type = format!("sizeof(struct {})", event.c);
        let mut calls = vec![output(buffer, &c_type)];
        if buffer.kind.name == "ringbuf" {
            let submit = "if (p)\n\t\tbpf_ringbuf_submit(p, 0);";
            // What has fields of variable length grows elsewhere, also if the profile omits them all.
            if layouts.room(id).is_none() {
                calls.push(format!("struct {0} *p = {0}_reserve(&{1});\n\t{submit}", event.c, buffer.name.c));
            }
            calls.push(format!("void *p = bpf_ringbuf_reserve(&{}, {c_type}, 0);\n\t{submit}", buffer.name.c));
        }
        for call in calls {
            add_program(&mut text, &format!("call{count}"), &call);
            count += 1;
        }
    }
    (text, count)
}

/// Programs of which each hands something to a buffer that is no event of it.
fn wrong_programs(layouts: &Layouts) -> (String, Vec<Call<'_>>) {
    let (mut text, mut calls) = (String::new(), Vec::new());
    for (buffer, event, id) in events(layouts) {
        let sizes = self::sizes(layouts, id);
        let right: Vec<_> = buffer.events.iter().map(|id| self::sizes(layouts, *id)).collect();
        let (smallest, largest) = (*sizes.start(), *sizes.end());
        for wrong in [largest + 1, smallest - 1, largest + 8] {
            if !right.iter().any(|right| right.contains(&wrong)) && wrong > 0 {
                let mark = format!("wrong{}", calls.len());
                let change = i128::from(wrong) - i128::from(smallest);
                add_program(&mut text, &mark, &output(buffer, &format!("sizeof(struct {}) + {change}", event.c)));
                calls.push(Call { buffer, mark, size: (wrong, right.clone()) });
            }
        }
    }
    (text, calls)
}

fn build(compiler: Compiler, layouts: &Layouts, programs: &str) -> Vec<u8> {
    // Headers of the host have no `bpf_helpers.h`; the helpers are declared in libbpf's.
    let header = format!("#include <linux/bpf.h>\n{}", c::header(layouts));
    let text = everything(layouts, &header) + programs;
    compile(compiler, folder().path(), "calls", &text).unwrap_or_else(|said| panic!("{compiler:?}: {said}"))
}

fn checked(layouts: &Layouts, object: &[u8]) -> Outcome {
    check(layouts, [("calls.o", object)]).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn programs_that_hand_over_events_are_never_accused() {
    let (mut objects, mut calls) = (0, 0);
    for compiler in COMPILERS.iter().filter(|compiler| has_tool(compiler.0)) {
        for (name, loaded) in specs() {
            let (programs, count) = right_programs(&loaded.layouts);
            if count == 0 {
                continue;
            }
            let bytes = build(*compiler, &loaded.layouts, &programs);
            let found =
                bpf_layout_btf::Object::parse(&bytes).expect("it is sound").output_calls().expect("it is sound");
            assert_eq!(found.len(), count, "{name} by {compiler:?}");
            assert!(
                found.iter().all(|call| call.map.is_some() && call.size.is_some()),
                "{name} by {compiler:?}: {found:#?}"
            );
            let outcome = checked(&loaded.layouts, &bytes);
            let told = plain(&outcome.differences, &loaded.sources);
            assert!(outcome.differences.is_empty(), "{name} by {compiler:?}:\n{told}");
            objects += 1;
            calls += count;
        }
    }
    println!("{objects} objects, {calls} calls, all of known map and size, none accused");
}

#[test]
fn records_of_other_sizes_are_told_at_their_lines() {
    let mut caught = 0;
    for compiler in COMPILERS.iter().filter(|compiler| has_tool(compiler.0)) {
        for (name, loaded) in specs() {
            let (programs, calls) = wrong_programs(&loaded.layouts);
            if calls.is_empty() {
                continue;
            }
            let outcome = checked(&loaded.layouts, &build(*compiler, &loaded.layouts, &programs));
            assert_eq!(outcome.differences.len(), calls.len(), "{name} by {compiler:?}");
            for call in &calls {
                assert!(
                    outcome.differences.iter().any(|difference| is_told(difference, call, compiler.0)),
                    "{name} by {compiler:?}: {} not in {:#?}",
                    call.mark,
                    outcome.differences
                );
            }
            caught += calls.len();
        }
    }
    println!("{caught} calls with another size, all caught");
}

/// `24 bytes`, `24 to 5432 bytes`
fn told(sizes: &RangeInclusive<u64>) -> String {
    if sizes.start() == sizes.end() {
        format!("{} bytes", sizes.start())
    } else {
        format!("{} to {} bytes", sizes.start(), sizes.end())
    }
}

fn is_told(difference: &Difference, call: &Call<'_>, compiler: &str) -> bool {
    let (found, sizes) = &call.size;
    let expected = match (&difference.expected, sizes.as_slice()) {
        (Value::Number(number), [only]) => only.start() == only.end() && *number == i128::from(*only.start()),
        (Value::Text(text), sizes) => sizes.iter().all(|sizes| text.contains(&told(sizes))),
        _ => false,
    };
    let line = difference.source.as_ref();
    // GCC 12 writes no lines.
    let line = compiler == "bpf-gcc" || line.is_some_and(|line| line.text.ends_with(&format!("/* {} */", call.mark)));
    difference.rule.id == "event-size"
        && difference.what == call.buffer.name.spec
        && difference.found == Value::from(*found)
        && difference.place.contains(&format!("{}()", call.mark))
        && expected
        && line
}

const SPEC: &str = r#"spec = 1

[event.open]
fields = [{ name = "pid", type = "u32" }, { name = "uid", type = "u32" }]

[map.events]
type = "ringbuf"
max_entries = 4096
events = ["open"]
"#;

/// A program that shares more than its spec has.
const AGENT: &str = r#"
struct conn {
	__u64 since;
	__u32 saddr, daddr;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, struct open_event);
	__type(value, struct conn);
} conns SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} closed SEC(".maps");

const volatile struct conn settings = {};
struct conn state;

SEC("raw_tp/sys_enter")
int enter(void *ctx)
{
	struct conn c = { .since = settings.since };

	state.since = 1;
	bpf_ringbuf_output(&events, &c, sizeof(c), 0);
	bpf_perf_event_output(ctx, &closed, BPF_F_CURRENT_CPU, &c, sizeof(c));
	return 0;
}
"#;

#[test]
fn what_the_spec_does_not_have_is_a_warning_until_it_is_outside() {
    let loaded = spec(SPEC);
    for compiler in COMPILERS.iter().filter(|compiler| has_tool(compiler.0)) {
        let bytes = build(*compiler, &loaded.layouts, AGENT);
        let outcome = checked(&loaded.layouts, &bytes);
        let told = plain(&outcome.differences, &loaded.sources);
        for expected in [
            "warning[unlisted-struct]: `conns.value` is struct conn of 16 bytes in calls.o, not in the spec",
            "error[event-size]: `events` gets 16 bytes in calls.o, layouts.toml says 8 bytes",
            "warning[unlisted-buffer]: `closed` carries records of 16 bytes in calls.o, not in the spec",
            "[event.open]",
            "8 bytes here",
            "= note: in the object: bpf_ringbuf_output() in enter(), raw_tp/sys_enter+0x",
            "= help: write the buffer and its events in the spec, or under `[outside]` `map.closed = ",
        ] {
            assert!(told.contains(expected), "{compiler:?}: {expected} is not in\n{told}");
        }
        if compiler.0 != "bpf-gcc" {
            assert!(told.contains("bpf_ringbuf_output(&events, &c, sizeof(c), 0);\n"), "{told}");
        }
        assert_eq!(outcome.differences.len(), 3, "{told}");
        assert!(!outcome.is_ok());

        let outside = format!("{SPEC}[outside]\nmap.conns = \"a cache\"\nmap.closed = \"read by another tool\"\n");
        let loaded = spec(&outside);
        let outcome = checked(&loaded.layouts, &bytes);
        let rules: Vec<&str> = outcome.differences.iter().map(|difference| difference.rule.id).collect();
        assert_eq!(rules, ["event-size"], "{compiler:?}");

        let loaded = spec(&format!("{SPEC}[outside]\nstruct.conn = \"private\"\nmap.events2 = \"not here\"\n"));
        let outcome = checked(&loaded.layouts, &bytes);
        let rules: Vec<&str> = outcome.differences.iter().map(|difference| difference.rule.id).collect();
        assert_eq!(rules, ["unlisted-buffer", "event-size"], "{compiler:?}");
    }
}

const TWO_EVENTS: &str = r#"spec = 1

[event.open]
tag = { kind = 1 }
fields = [{ name = "kind", type = "u32" }, { name = "name", type = "str[28]" }]

[event.close]
tag = { kind = 2 }
fields = [{ name = "kind", type = "u32" }, { name = "pid", type = "u32" }]

[map.events]
type = "ringbuf"
max_entries = 4096
events = ["open", "close"]
"#;

/// Two calls that clang makes one, to which each way brings a size of its own.
const BRANCHES: &str = r#"
SEC("raw_tp/sys_enter")
int enter(void *ctx)
{
	if (bpf_get_smp_processor_id() & 1) {
		struct open_event e = { .kind = 1 };

		bpf_get_current_comm(e.name, sizeof(e.name));
		bpf_ringbuf_output(&events, &e, sizeof(e), 0);
	} else {
		struct close_event e = { .kind = 2, .pid = bpf_get_current_pid_tgid() };

		bpf_ringbuf_output(&events, &e, sizeof(e), 0);
	}
	return 0;
}
"#;

#[test]
fn what_one_branch_hands_over_is_told() {
    let loaded = spec(TWO_EVENTS);
    let (mut tried, mut as_branches) = (0, 0);
    // GCC 12 makes a call through a pointer of it, and then refuses its own code.
    let clangs = COMPILERS.iter().filter(|compiler| compiler.0 != "bpf-gcc");
    for compiler in clangs.filter(|compiler| has_tool(compiler.0)) {
        let outcome = checked(&loaded.layouts, &build(*compiler, &loaded.layouts, BRANCHES));
        assert!(outcome.differences.is_empty(), "{compiler:?}: {:#?}", outcome.differences);
        let wrong = BRANCHES.replace("&e, sizeof(e), 0);\n\t}\n\treturn", "&e, 4, 0);\n\t}\n\treturn");
        let outcome = checked(&loaded.layouts, &build(*compiler, &loaded.layouts, &wrong));
        let [found] = outcome.differences.as_slice() else { panic!("{compiler:?}: {:#?}", outcome.differences) };
        assert_eq!((found.what.as_str(), &found.found), ("events", &Value::Number(4)), "{compiler:?}");
        assert!(["event-size", "branch-event-size"].contains(&found.rule.id), "{compiler:?}: {}", found.rule.id);
        assert_eq!(outcome.is_ok(), found.rule.id == "branch-event-size");
        tried += 1;
        as_branches += usize::from(found.rule.id == "branch-event-size");
    }
    println!("{as_branches} of {tried} compilers made one call of both");
    assert!(as_branches > 0 || tried == 0, "the warning is not tried");
}

#[test]
fn linked_objects_are_followed_like_others() {
    if !has_tool("clang") || !has_tool("bpftool") {
        return;
    }
    let (loaded, folder) = (spec(SPEC), folder());
    let agent = build(("clang", COMPILERS[0].1), &loaded.layouts, AGENT);
    let other = "char LICENSE[] __attribute__((section(\"license\"), used)) = \"GPL\";\n\
                 __attribute__((section(\"raw_tp/sys_enter\"), used)) int first(void *ctx)\n{\n\treturn 0;\n}\n";
    let other = compile(("clang", COMPILERS[0].1), folder.path(), "other", other).expect("it compiles");
    for (name, bytes) in [("one.o", other), ("two.o", agent.clone())] {
        fs::write(folder.path().join(name), bytes).expect("writable");
    }
    let linked = Command::new("bpftool")
        .args(["gen", "object", "linked.o", "one.o", "two.o"])
        .current_dir(folder.path())
        .output()
        .expect("bpftool runs");
    assert!(linked.status.success(), "{}", String::from_utf8_lossy(&linked.stderr));
    let linked = fs::read(folder.path().join("linked.o")).expect("it wrote an object");
    // Its section begins with the other program, so every call has moved.
    let told = |object: &[u8]| -> Vec<_> {
        let outcome = checked(&loaded.layouts, object);
        outcome.differences.into_iter().map(|found| (found.rule.id, found.what, found.found, found.source)).collect()
    };
    assert_eq!(told(&linked), told(&agent));
    assert_eq!(told(&linked).len(), 3);
}

#[test]
fn warnings_alone_are_fine() {
    if !has_tool("clang") {
        return;
    }
    let loaded = spec(SPEC);
    let agent = AGENT.replace("\tbpf_ringbuf_output(&events, &c, sizeof(c), 0);\n", "");
    let outcome = checked(&loaded.layouts, &build(("clang", COMPILERS[0].1), &loaded.layouts, &agent));
    assert!(outcome.is_ok());
    assert_eq!(outcome.differences.len(), 2);
    assert!(outcome.differences.iter().all(|difference| difference.rule.severity == Severity::Warning));
}
