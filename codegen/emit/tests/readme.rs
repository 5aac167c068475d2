//! What the README shows is what comes out.

use std::path::Path;

use bpf_layout_emit::{c, render, rust};
use bpf_layout_spec::{Failure, Loaded, Options};

const README: &str = include_str!("../../../README.md");

/// The first block of this language that contains a text.
fn block(language: &str, with: &str) -> &'static str {
    let fence = format!("```{language}\n");
    let blocks = README.split(&fence).skip(1).filter_map(|rest| rest.split_once("```").map(|(block, _)| block));
    blocks.into_iter().find(|block| block.contains(with)).unwrap_or_else(|| panic!("no {language} block with `{with}`"))
}

fn load(text: &str) -> Result<Loaded, Failure> {
    let mut read = |_: &Path| Ok(text.to_owned());
    bpf_layout_spec::load_with(Path::new("layouts.toml"), &mut read, &Options::default())
}

fn example() -> Loaded {
    let loaded = load(block("toml", "spec = 1")).expect("the README's spec is valid");
    assert_eq!(loaded.warnings, []);
    loaded
}

#[test]
fn its_struct_is_the_one_of_the_header() {
    let header = c::header(&example().layouts);
    let shown = block("c", "struct exec_event {");
    let (body, _) = shown.split_once("__attribute__").expect("the struct has an alignment");
    assert!(header.contains(body), "the header has another struct than\n{body}\n{header}");
    for part in
        ["__BPF_LAYOUT_SIZE(struct exec_event, 544, 8);", "exec_event_reserve(void *ringbuf)", "DEFINE_EXECS_MAP"]
    {
        assert!(shown.contains(part) && header.contains(part), "{part}");
    }
    assert!(header.contains("exec_event_read_cwd_user(struct exec_event *p"), "{header}");
}

#[test]
fn its_rust_names_exist() {
    let module = rust::module(&example().layouts);
    let shown = block("rust,ignore", "include_layouts!");
    for (used, defined) in [
        ("maps::Events::parse", "pub struct Events;"),
        ("maps::EventsRecord::Exec", "pub enum EventsRecord for Events(\"events\") {"),
        ("event.cwd", "pub cwd: ::bpf_layout::Str<PATH_LEN> = 32,"),
    ] {
        assert!(shown.contains(used), "{used}");
        assert!(module.contains(defined), "{defined}\n{module}");
    }
}

#[test]
fn its_errors_are_those_of_the_tool() {
    let wrong = "\
spec = 1

[event.exec]
fields = [
  { name = \"pid\",  type = \"u23\" },
]


[map.events]
type = \"ringbuf\"
max_entries = \"100 KiB\"
events = [\"exec\"]
";
    let failure = load(wrong).expect_err("two mistakes");
    let rendered = render::plain(&failure.diagnostics, &failure.sources);
    assert_eq!(rendered.trim_end(), block("text", "error[unknown-type]").trim_end());
}
