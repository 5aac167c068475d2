//! What the build refuses although clang takes it: objects that are not as the spec says.

mod common;

use std::fs;

use bpf_layout_codegen::Builder;
use tempfile::TempDir;

use crate::common::has_clang;

const SPEC: &str = r#"spec = 1

[lengths]
PATH = 64

[event.open]
fields = [
  { name = "pid",  type = "u32" },
  { name = "path", type = "str[PATH]" },
]

[map.events]
type = "ringbuf"
max_entries = "256 KiB"
events = ["open"]
"#;

/// What building a program with these definitions comes to, and the files that it leaves.
fn build(definitions: &str) -> (Result<(), String>, Vec<String>) {
    let folder = TempDir::new().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name);
    fs::write(path("layouts.toml"), SPEC).expect("writable");
    let program = format!(
        "#include <linux/bpf.h>\n#include <linux/types.h>\n#include <bpf/bpf_helpers.h>\n{definitions}\n\
         char LICENSE[] SEC(\"license\") = \"GPL\";\n\n\
         SEC(\"raw_tp/sys_enter\")\nint enter(void *ctx)\n{{\n\
         \tstruct open_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);\n\n\
         \tif (event)\n\t\tbpf_ringbuf_discard(event, 0);\n\treturn 0;\n}}\n"
    );
    fs::write(path("tracer.bpf.c"), program).expect("writable");
    fs::create_dir(path("out")).expect("a folder");
    let builder = Builder::new(path("layouts.toml")).source(path("tracer.bpf.c")).out_dir(path("out"));
    let built = builder.build().map(|_| ());
    let text = built.map_err(|error| error.to_string().replace(&folder.path().display().to_string(), "DIR"));
    let entries = fs::read_dir(path("out")).expect("the folder can be read");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    (text, names.collect())
}

#[test]
fn what_includes_the_header_is_built() {
    if !has_clang() {
        return;
    }
    let (built, files) = build("#include \"layouts.h\"\n\nDEFINE_EVENTS_MAP;");
    assert_eq!(built, Ok(()));
    assert!(files.contains(&"tracer.skel.rs".to_owned()), "{files:?}");
}

#[test]
fn a_struct_repeated_by_hand_stops_the_build_at_the_line_of_the_spec() {
    if !has_clang() {
        return;
    }
    let (built, files) = build(
        "struct open_event {\n\t__u64 pid;\n\tchar path[64];\n};\n\n\
         struct {\n\t__uint(type, BPF_MAP_TYPE_RINGBUF);\n\t__uint(max_entries, 4096);\n} events SEC(\".maps\");\n\n\
         struct open_event uses_open_event;",
    );
    let error = built.expect_err("pid has 8 bytes in C, 4 in the spec");
    for expected in [
        "error[type-size]: `open` has 72 bytes in tracer.bpf.o, DIR/layouts.toml says 68 bytes",
        "error[field-size]: `open.pid` has 8 bytes in tracer.bpf.o, DIR/layouts.toml says 4 bytes",
        "error[field-offset]: `open.path` starts at byte 8 in tracer.bpf.o, DIR/layouts.toml says byte 4",
        "--> DIR/layouts.toml:9:12",
        "error[map-max-entries]: `events.max_entries` is 4096 in tracer.bpf.o, DIR/layouts.toml says 262144",
        "help: take types and maps from the generated header",
    ] {
        assert!(error.contains(expected), "{expected} is not in\n{error}");
    }
    assert!(!files.iter().any(|file| file.ends_with(".o") || file.ends_with(".skel.rs")), "{files:?}");
}
