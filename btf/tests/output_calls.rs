//! Calls that hand records to userspace, as every compiler makes them.

mod support;

use bpf_layout_btf::{Object, OutputCall};
use support::compile::{COMPILERS, compile, has_tool};

/// A call: helper, map, size and function.
type Row<'a> = (&'a str, Option<&'a str>, Option<u32>, &'a str);

/// What is expected of the call on the line with this comment.
const EXPECTED: &[(&str, Row<'static>)] = &[
    ("reserves", ("bpf_ringbuf_reserve", Some("ring"), Some(32), "reserves")),
    ("outputs", ("bpf_ringbuf_output", Some("ring"), Some(32), "outputs")),
    ("perf", ("bpf_perf_event_output", Some("perf"), Some(24), "outputs")),
    ("skb", ("bpf_skb_output", Some("perf"), Some(24), "packets")),
    ("xdp", ("bpf_xdp_output", Some("perf"), Some(16), "packets")),
    ("dynptr", ("bpf_ringbuf_reserve_dynptr", Some("ring"), Some(40), "dynptrs")),
    ("loops", ("bpf_ringbuf_reserve", Some("ring"), Some(32), "loops")),
    ("any_map", ("bpf_ringbuf_output", None, Some(8), "any_map")),
    ("any_size", ("bpf_ringbuf_output", Some("ring"), None, "any_size")),
    ("either", ("bpf_ringbuf_output", Some("ring"), Some(8), "either")),
    ("either", ("bpf_ringbuf_output", Some("ring"), Some(16), "either")),
    ("either_map", ("bpf_ringbuf_output", Some("ring"), Some(32), "either_map")),
    ("either_map", ("bpf_ringbuf_output", Some("perf"), Some(32), "either_map")),
];

const PROGRAM: &str = include_str!("programs/output_calls.c");

fn row<'a>(call: &OutputCall<'a>) -> Row<'a> {
    (call.helper, call.map, call.size, call.function)
}

#[test]
fn map_size_and_line_of_each_call_are_known_where_they_can_be() {
    for compiler in COMPILERS.iter().filter(|compiler| has_tool(compiler.0)) {
        let bytes = compile(*compiler, PROGRAM).unwrap_or_else(|said| panic!("{compiler:?}: {said}"));
        let object = Object::parse(&bytes).expect("a compiler wrote it");
        let calls = object.output_calls().expect("a compiler wrote it");
        let mut found: Vec<Row<'_>> = calls.iter().map(row).collect();
        let mut expected: Vec<Row<'_>> = EXPECTED.iter().map(|(_, row)| *row).collect();
        for call in &calls {
            assert_eq!(call.always, !call.function.starts_with("either"), "{compiler:?}: {call:?}");
        }
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{compiler:?}");
        // GCC 12 writes no lines.
        if compiler.0 != "bpf-gcc" {
            check_lines(&calls);
        }
    }
}

fn check_lines(calls: &[OutputCall<'_>]) {
    for (comment, (_, _, _, function)) in EXPECTED {
        let comment = format!("/* {comment} */");
        let line = calls
            .iter()
            .filter(|call| call.function == *function)
            .find_map(|call| call.line.filter(|line| line.text.contains(&comment)));
        let line = line.unwrap_or_else(|| panic!("{comment} in {calls:#?}"));
        let text = PROGRAM.lines().nth(line.line as usize - 1).expect("a line of the program");
        assert_eq!(line.text, text);
        assert!(line.file.ends_with("program.c") && line.column > 0, "{line:?}");
    }
}

#[test]
fn an_object_without_lines_has_calls_all_the_same() {
    for compiler in COMPILERS.iter().filter(|compiler| has_tool(compiler.0)) {
        let mut bytes = compile(*compiler, PROGRAM).expect("it compiles");
        let name = bytes.windows(9).rposition(|window| window == b".BTF.ext\0").expect("its name");
        bytes[name + 1] = b'X';
        let object = Object::parse(&bytes).expect("only a name has changed");
        let calls = object.output_calls().expect("only a name has changed");
        assert_eq!(calls.len(), EXPECTED.len());
        assert!(calls.iter().all(|call| call.line.is_none()));
    }
}
