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

/// What building a program with these definitions comes to, its warnings if all goes well, and the files that it leaves.
fn build(definitions: &str) -> (Result<Vec<String>, String>, Vec<String>) {
    build_all(&[("tracer", definitions)])
}

/// Likewise for several programs, by name.
fn build_all(programs: &[(&str, &str)]) -> (Result<Vec<String>, String>, Vec<String>) {
    let folder = TempDir::new().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name);
    fs::write(path("layouts.toml"), SPEC).expect("writable");
    for (name, definitions) in programs {
        let program = format!(
            "#include <linux/bpf.h>\n#include <linux/types.h>\n#include <bpf/bpf_helpers.h>\n{definitions}\n\
             char LICENSE[] SEC(\"license\") = \"GPL\";\n\n\
             SEC(\"raw_tp/sys_enter\")\nint enter(void *ctx)\n{{\n\
             \tstruct open_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);\n\n\
             \tif (event)\n\t\tbpf_ringbuf_discard(event, 0);\n\treturn 0;\n}}\n"
        );
        fs::write(path(&format!("{name}.bpf.c")), program).expect("writable");
    }
    fs::create_dir(path("out")).expect("a folder");
    let builder = Builder::new(path("layouts.toml")).out_dir(path("out"));
    let builder = programs.iter().fold(builder, |all, (name, _)| all.source(path(&format!("{name}.bpf.c"))));
    let built = builder.build().map(|output| output.warnings);
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
    assert_eq!(built, Ok(Vec::new()));
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

#[test]
fn a_record_of_another_size_stops_the_build_at_the_line_of_c() {
    if !has_clang() {
        return;
    }
    let (built, files) = build(
        "#include \"layouts.h\"\n\nDEFINE_EVENTS_MAP;\n\n\
         SEC(\"raw_tp/sys_exit\")\nint leave(void *ctx)\n{\n\
         \tbpf_ringbuf_output(&events, ctx, sizeof(struct open_event) - 4, 0);\n\treturn 0;\n}\n",
    );
    let error = built.expect_err("an event has 68 bytes");
    for expected in [
        "error[event-size]: `events` gets 64 bytes in tracer.bpf.o, DIR/layouts.toml says 68 bytes",
        "tracer.bpf.c:11:2\n",
        "11 |     bpf_ringbuf_output(&events, ctx, sizeof(struct open_event) - 4, 0);",
        "::: DIR/layouts.toml:6:8",
        "68 bytes here",
        "note: in the object: bpf_ringbuf_output() in leave(), raw_tp/sys_exit+0x",
    ] {
        assert!(error.contains(expected), "{expected} is not in\n{error}");
    }
    assert!(!files.iter().any(|file| file.ends_with(".o") || file.ends_with(".skel.rs")), "{files:?}");
}

#[test]
fn what_the_spec_does_not_have_is_a_warning() {
    if !has_clang() {
        return;
    }
    let (built, files) = build(
        "#include \"layouts.h\"\n\nDEFINE_EVENTS_MAP;\n\nstruct conn {\n\t__u64 since;\n};\n\n\
         struct {\n\t__uint(type, BPF_MAP_TYPE_HASH);\n\t__uint(max_entries, 16);\n\t__type(key, __u32);\n\
         \t__type(value, struct conn);\n} conns SEC(\".maps\");\n\n\
         struct {\n\t__uint(type, BPF_MAP_TYPE_RINGBUF);\n\t__uint(max_entries, 4096);\n} own SEC(\".maps\");\n\n\
         SEC(\"raw_tp/sys_exit\")\nint leave(void *ctx)\n{\n\
         \tbpf_ringbuf_output(&own, ctx, sizeof(struct conn), 0);\n\treturn 0;\n}\n",
    );
    let warnings = built.expect("warnings stop nothing");
    let [conns, own] = warnings.as_slice() else { panic!("{warnings:#?}") };
    let expected =
        "warning[unlisted-struct]: `conns.value` is struct conn of 8 bytes in tracer.bpf.o, not in the spec; ";
    assert!(conns.starts_with(expected), "{conns}");
    let expected = "tracer.bpf.c:27: warning[unlisted-buffer]: `own` carries records of 8 bytes in tracer.bpf.o, not in the spec; ";
    assert!(own.contains(expected), "{own}");
    assert!(own.ends_with("or under `[outside]` `map.own = \"why it is not in the spec\"`"), "{own}");
    assert!(files.contains(&"tracer.skel.rs".to_owned()), "{files:?}");
}

/// Each object by itself is right, and whoever reads both maps as one struct is wrong.
#[test]
fn two_layouts_of_one_name_in_two_objects_are_a_warning() {
    if !has_clang() {
        return;
    }
    let program = |fields: &str| {
        format!(
            "#include \"layouts.h\"\n\nDEFINE_EVENTS_MAP;\n\nstruct conn {{\n{fields}}};\n\n\
             struct {{\n\t__uint(type, BPF_MAP_TYPE_HASH);\n\t__uint(max_entries, 16);\n\t__type(key, __u32);\n\
             \t__type(value, struct conn);\n}} conns SEC(\".maps\");\n"
        )
    };
    let (one, other) = (program("\t__u64 since;\n"), program("\t__u32 port;\n\t__u32 since;\n"));
    let about_twins = |programs: &[(&str, &str)]| {
        let warnings = build_all(programs).0.expect("warnings stop nothing");
        warnings.into_iter().filter(|warning| warning.starts_with("warning[two-layouts]: ")).collect::<Vec<_>>()
    };
    let warnings = about_twins(&[("one", &one), ("other", &other)]);
    assert!(!warnings.is_empty());
    let both = |warning: &String| warning.contains("one.bpf.o") && warning.contains("other.bpf.o");
    assert!(warnings.iter().all(both), "{warnings:#?}");
    assert_eq!(about_twins(&[("one", &one), ("other", &one)]), Vec::<String>::new());
}

/// What a program comes to with other headers beside it, which are given by name.
fn clashes(spec: &str, headers: &[(&str, &str)], includes: &str) -> String {
    let folder = TempDir::new().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name);
    fs::write(path("layouts.toml"), spec).expect("writable");
    headers.iter().for_each(|(name, text)| fs::write(path(name), text).expect("writable"));
    fs::write(path("tracer.bpf.c"), includes).expect("writable");
    fs::create_dir(path("out")).expect("a folder");
    let builder = Builder::new(path("layouts.toml")).source(path("tracer.bpf.c")).out_dir(path("out"));
    let error = builder.build().expect_err("a name is defined twice").to_string();
    error.replace(&folder.path().display().to_string(), "DIR")
}

/// `struct key`, `union node` and `enum key_state` are the kernel's, too.
#[test]
fn a_name_that_the_kernel_has_too_is_explained_with_the_line_of_the_spec() {
    if !has_clang() {
        return;
    }
    let spec = "spec = 1\n[struct.key]\nfields = [{ name = \"id\", type = \"u32\" }]\n\
                [union.node]\nfields = [{ name = \"id\", type = \"u32\" }]\n\
                [enum.state]\nrepr = \"u8\"\nprefix = \"KEY_IS_\"\nvariants = [{ name = \"positive\", value = 1 }]\n";
    let vmlinux = "struct key {\n\tint serial;\n};\nstruct node {\n\tint dev;\n};\nenum key_state {\n\tKEY_IS_POSITIVE = 1,\n};\n";
    let help = [
        "help: `key` of DIR/layouts.toml:2:9 is `struct key` in C, and so is the kernel's, in vmlinux.h: give it another name in \
         the spec, such as `layouts_key`",
        "help: `node` of DIR/layouts.toml:4:8 is `union node` in C, and so is the kernel's, in vmlinux.h: give it another name in \
         the spec, such as `layouts_node`",
        "help: DIR/layouts.toml:9:22 is `KEY_IS_POSITIVE` in C, and so is the kernel's, in vmlinux.h: give the enum `state` \
         another `prefix`",
    ];
    for includes in
        ["#include \"vmlinux.h\"\n#include \"layouts.h\"\n", "#include \"layouts.h\"\n#include \"vmlinux.h\"\n"]
    {
        let error = clashes(spec, &[("vmlinux.h", vmlinux)], includes);
        assert!(error.contains("error: redefinition of 'key'"), "{error}");
        help.iter().for_each(|help| assert!(error.contains(help), "{help} is not in\n{error}"));
        assert_eq!(error.matches("= help: ").count(), help.len(), "each once:\n{error}");
    }
}

#[test]
fn a_struct_that_another_header_has_too_is_explained() {
    if !has_clang() {
        return;
    }
    let own = "struct open_event {\n\tint pid;\n};\nstruct own {\n\tint a;\n};\nstruct own {\n\tint a;\n};\n";
    let error = clashes(SPEC, &[("own.h", own)], "#include \"own.h\"\n#include \"layouts.h\"\n");
    let help = "help: `open` of DIR/layouts.toml:6:8 is `struct open_event` in C, and so is that of DIR/own.h: give it another name in \
                the spec, such as `layouts_open`, or remove that one and use the generated one";
    assert!(error.ends_with(help), "{error}");
    assert!(error.contains("redefinition of 'own'"), "{error}");
    assert_eq!(error.matches("= help: ").count(), 1, "`own` is not of the spec:\n{error}");
}
