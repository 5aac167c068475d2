//! A table, in Rust, of every parser that was generated.

use std::fmt::Write as _;

use bpf_layout_spec::{layout::Layouts, model::RecordKind};

/// Rows for records and for buffers, for a module beside the generated types.
pub(crate) fn source(layouts: &Layouts) -> String {
    let (mut records, mut buffers) = (String::new(), String::new());
    for (_, record) in layouts.model.records() {
        let (spec, rust) = (&record.name.spec, record.rust_struct());
        let tagged = matches!(record.kind, RecordKind::Event { tag: Some(_) });
        let _ = writeln!(
            records,
            "    Parser {{ name: \"{spec}\", size: size_of::<super::{rust}>(), tagged: {tagged}, \
             parse: exercise::<super::{rust}> }},"
        );
    }
    for map in layouts.model.maps.iter().filter(|map| !map.events.is_empty()) {
        let (spec, rust) = (&map.name.spec, &map.name.rust);
        let _ = writeln!(
            buffers,
            "    Buffer {{ name: \"{spec}\", parse: |bytes| <super::maps::{rust} as bpf_layout::Buffer>::parse(bytes) \
             .map(|record| format!(\"{{record:?}}\")) }},"
        );
    }
    format!("\npub static PARSERS: &[Parser] = &[\n{records}];\n\npub static BUFFERS: &[Buffer] = &[\n{buffers}];\n")
}
