//! The rules of `spec/src/layout/place.rs`, one case each: TOML in, places out. Each number here was worked out from the
//! System V ABI for x86-64 by hand; that compilers agree is proven by the oracle in `tests/`.

use std::{fmt::Write as _, io, path::Path};

use bpf_layout_spec::{
    Failure, Loaded, Options,
    diag::Code,
    layout::{BitRun, MAX_SIZE, MAX_SIZE_WITH_BITS, Member, Room, SCRATCH_MAX},
    load_with,
    model::{Record, RecordKind, TypeDef},
};

fn load(text: &str, profile: Option<&str>) -> Result<Loaded, Failure> {
    let text = format!("spec = 1\n{text}");
    let mut reader = |_: &Path| -> io::Result<String> { Ok(text.clone()) };
    load_with(Path::new("layouts.toml"), &mut reader, &Options { profile: profile.map(str::to_owned) })
}

/// The record `name` of a spec, as `size align: member@offset+size …`, in a run of bitfields `{member@bit:width …}`.
fn show(text: &str, profile: Option<&str>, name: &str) -> String {
    let loaded = load(text, profile).unwrap_or_else(|failure| panic!("{text}\n{:#?}", failure.diagnostics));
    let layouts = loaded.layouts;
    let (id, record) = layouts.model.records().find(|(_, record)| record.name.spec == name).expect("the record exists");
    let layout = layouts.of(id);
    assert_no_byte_is_left_out(record, layout.size, &layout.members);
    let members: Vec<String> = layout.members.iter().map(|member| show_member(record, member)).collect();
    format!("{} {}: {}", layout.size, layout.align, members.join(" "))
}

fn show_member(record: &Record, member: &Member) -> String {
    match member {
        Member::Field { field, offset, size, .. } => format!("{}@{offset}+{size}", field_name(record, *field)),
        Member::Padding { index, offset, len } => format!("_pad{index}@{offset}+{len}"),
        Member::Bits(run) => show_bits(record, run),
    }
}

fn show_bits(record: &Record, run: &BitRun) -> String {
    let mut text = format!("{}+{}{{", run.offset, run.len);
    for (number, bits) in run.bits.iter().enumerate() {
        let name = bits.field.map_or_else(|| format!("_pad{}", bits.pad_index), |field| field_name(record, field));
        let space = if number > 0 { " " } else { "" };
        let _ = write!(text, "{space}{name}@{}:{}", bits.bit_offset, bits.width);
    }
    text + "}"
}

fn field_name(record: &Record, field: usize) -> String {
    let field = &record.fields[field];
    if field.anonymous { field.name.rust.to_string() } else { field.name.spec.to_string() }
}

/// The promise of `TypeLayout::members`, whatever the case is about.
fn assert_no_byte_is_left_out(record: &Record, size: u64, members: &[Member]) {
    if record.kind == RecordKind::Union {
        return;
    }
    let mut bit = 0;
    for member in members {
        match member {
            Member::Field { offset, size, .. } | Member::Padding { offset, len: size, .. } => {
                assert_eq!(offset * 8, bit, "{}: {members:?}", record.name.spec);
                bit += size * 8;
            }
            Member::Bits(run) => {
                assert_eq!(run.offset * 8, bit, "{}: {members:?}", record.name.spec);
                for bits in &run.bits {
                    assert_eq!(bits.bit_offset, bit, "{}: {members:?}", record.name.spec);
                    bit += u64::from(bits.width);
                }
                assert_eq!((run.offset + run.len) * 8, bit, "{}: {members:?}", record.name.spec);
            }
        }
    }
    assert_eq!(bit, size * 8, "{}: {members:?}", record.name.spec);
}

/// One row: what the struct `s` says beside its fields, its fields, and how it lies.
fn check(cases: &[(&str, &str, &str)]) {
    for (keys, fields, expected) in cases {
        let text = format!(
            "[struct.inner]\nfields = [{{ name = \"a\", type = \"u8\" }}, {{ name = \"b\", type = \"u32\" }}]\n[struct.s]\n{keys}\nfields = [{}]\n",
            written(fields)
        );
        assert_eq!(show(&text, None, "s"), *expected, "{keys}\n{fields}");
    }
}

/// `a:u8 b:u32,bits=3` as TOML.
fn written(fields: &str) -> String {
    let field = |field: &str| {
        let mut parts = field.split(',');
        let (name, ty) = parts.next().and_then(|first| first.split_once(':')).expect("name:type");
        let keys: String = parts.map(|key| format!(", {key}")).collect();
        format!("{{ name = \"{name}\", type = \"{ty}\"{keys} }}")
    };
    fields.split_whitespace().map(field).collect::<Vec<_>>().join(", ")
}

fn codes(text: &str) -> Vec<Code> {
    load(text, None).expect_err(text).diagnostics.iter().map(|found| found.code).collect()
}

fn refused(keys: &str, fields: &str) -> Vec<Code> {
    codes(&format!("[struct.s]\n{keys}\nfields = [{}]\n", written(fields)))
}

#[test]
fn a_member_lies_at_the_next_multiple_of_its_alignment() {
    check(&[
        ("", "a:u8 b:u16 c:u8 d:u32", "12 4: a@0+1 _pad0@1+1 b@2+2 c@4+1 _pad1@5+3 d@8+4"),
        ("", "a:u8 b:u64", "16 8: a@0+1 _pad0@1+7 b@8+8"),
        ("", "a:u8 b:u128 c:u8", "48 16: a@0+1 _pad0@1+15 b@16+16 c@32+1 _pad1@33+15"),
        ("", "a:bool b:be16 c:be32 d:be64", "16 8: a@0+1 _pad0@1+1 b@2+2 c@4+4 d@8+8"),
        ("", "a:u8 b:ktime c:ptr", "24 8: a@0+1 _pad0@1+7 b@8+8 c@16+8"),
    ]);
}

#[test]
fn runs_of_bytes_need_no_alignment() {
    check(&[
        ("", "a:u8 b:mac c:ipv6 d:str[5] e:bytes[3]", "31 1: a@0+1 b@1+6 c@7+16 d@23+5 e@28+3"),
        ("", "a:u8 b:ipv4", "8 4: a@0+1 _pad0@1+3 b@4+4"),
    ]);
}

#[test]
fn the_size_is_a_multiple_of_the_alignment() {
    check(&[
        ("", "a:u32 b:u16", "8 4: a@0+4 b@4+2 _pad0@6+2"),
        ("", "a:u64 b:u8", "16 8: a@0+8 b@8+1 _pad0@9+7"),
        ("", "a:u8 b:u8 c:u8", "3 1: a@0+1 b@1+1 c@2+1"),
    ]);
}

#[test]
fn arrays_are_aligned_as_their_elements() {
    check(&[
        ("", "a:u8 b:u16[3]", "8 2: a@0+1 _pad0@1+1 b@2+6"),
        ("", "a:u8 b:u8[2][3] c:str[4][2]", "15 1: a@0+1 b@1+6 c@7+8"),
        ("", "a:u8 b:inner[2]", "20 4: a@0+1 _pad0@1+3 b@4+16"),
    ]);
}

#[test]
fn packed_lowers_alignment_to_its_number_and_no_further() {
    check(&[
        ("packed = true", "a:u8 b:u32 c:u16 d:u64", "15 1: a@0+1 b@1+4 c@5+2 d@7+8"),
        ("packed = 1", "a:u8 b:u128", "17 1: a@0+1 b@1+16"),
        ("packed = 2", "a:u8 b:u32 c:u8", "8 2: a@0+1 _pad0@1+1 b@2+4 c@6+1 _pad1@7+1"),
        ("packed = 4", "a:u8 b:u64 c:u16", "16 4: a@0+1 _pad0@1+3 b@4+8 c@12+2 _pad1@14+2"),
        ("packed = 8", "a:u8 b:u128", "24 8: a@0+1 _pad0@1+7 b@8+16"),
        ("packed = 8", "a:u8 b:u32", "8 4: a@0+1 _pad0@1+3 b@4+4"),
        ("packed = 1", "a:u8 b:inner", "9 1: a@0+1 b@1+8"),
    ]);
}

#[test]
fn align_raises_alignment_and_size() {
    check(&[
        ("align = 8", "a:u32", "8 8: a@0+4 _pad0@4+4"),
        ("align = 64", "a:u8", "64 64: a@0+1 _pad0@1+63"),
        ("align = 4", "a:u32", "4 4: a@0+4"),
        ("", "a:u8 b:u8,align=4 c:u8", "8 4: a@0+1 _pad0@1+3 b@4+1 c@5+1 _pad1@6+2"),
        ("", "a:u8 b:u32,align=2", "8 4: a@0+1 _pad0@1+3 b@4+4"),
        ("packed = 1\nalign = 4", "a:u8 b:u32", "8 4: a@0+1 b@1+4 _pad0@5+3"),
        ("packed = 1", "a:u8 b:u32,align=4", "8 4: a@0+1 _pad0@1+3 b@4+4"),
        ("packed = 1", "a:u8 b:u32,align=2 c:u8", "8 2: a@0+1 _pad0@1+1 b@2+4 c@6+1 _pad1@7+1"),
    ]);
}

#[test]
fn align_below_a_fields_own_is_refused() {
    assert_eq!(refused("align = 2", "a:u32"), [Code::Placement]);
    assert_eq!(refused("align = 8", "a:u128"), [Code::Placement]);
}

#[test]
fn a_fixed_offset_leaves_padding_before_it() {
    check(&[
        ("", "a:u8 b:u32,offset=8", "12 4: a@0+1 _pad0@1+7 b@8+4"),
        ("", "a:u8,offset=3", "4 1: _pad0@0+3 a@3+1"),
        ("", "a:u32,offset=0 b:u32,offset=4", "8 4: a@0+4 b@4+4"),
        ("packed = true", "a:u8 b:u32,offset=3", "7 1: a@0+1 _pad0@1+2 b@3+4"),
    ]);
}

#[test]
fn a_fixed_offset_that_cannot_be_is_refused() {
    assert_eq!(refused("", "a:u64 b:u8,offset=7"), [Code::Placement], "overlaps");
    assert_eq!(refused("", "a:u8 b:u32,offset=6"), [Code::Placement], "unaligned");
    assert_eq!(refused("packed = 2", "a:u8 b:u32,offset=5"), [Code::Placement], "unaligned for packed = 2");
    assert_eq!(refused("", "a:u32,bits=3 b:u8,offset=0"), [Code::Placement], "overlaps a bitfield");
    assert_eq!(refused("packed = true", "a:u32,align=4,offset=2"), [Code::Placement], "unaligned for its own align");
}

#[test]
fn bitfields_share_units_whatever_their_types() {
    check(&[
        ("", "a:u32,bits=3 b:u32,bits=5", "4 4: 0+1{a@0:3 b@3:5} _pad0@1+3"),
        ("", "a:u8,bits=3 b:u32,bits=20", "4 4: 0+3{a@0:3 b@3:20 _pad0@23:1} _pad1@3+1"),
        ("", "a:u64,bits=40 b:u8,bits=4", "8 8: 0+6{a@0:40 b@40:4 _pad0@44:4} _pad1@6+2"),
        ("", "a:u32,bits=32 b:u32,bits=1", "8 4: 0+5{a@0:32 b@32:1 _pad0@33:7} _pad1@5+3"),
        ("", "a:bool,bits=1 b:i8,bits=7", "1 1: 0+1{a@0:1 b@1:7}"),
    ]);
}

#[test]
fn a_bitfield_that_would_lie_across_two_units_starts_the_next() {
    check(&[
        ("", "a:u8,bits=5 b:u8,bits=4", "2 1: 0+2{a@0:5 _pad0@5:3 b@8:4 _pad1@12:4}"),
        ("", "a:u16,bits=10 b:u16,bits=7", "4 2: 0+3{a@0:10 _pad0@10:6 b@16:7 _pad1@23:1} _pad2@3+1"),
        ("", "a:u32,bits=30 b:u32,bits=4", "8 4: 0+5{a@0:30 _pad0@30:2 b@32:4 _pad1@36:4} _pad2@5+3"),
        ("", "a:u64,bits=60 b:u64,bits=5", "16 8: 0+9{a@0:60 _pad0@60:4 b@64:5 _pad1@69:3} _pad2@9+7"),
    ]);
}

#[test]
fn a_bitfield_begins_in_the_free_bytes_of_its_unit() {
    check(&[
        ("", "a:u8 b:u32,bits=5", "4 4: a@0+1 1+1{b@8:5 _pad0@13:3} _pad1@2+2"),
        ("", "a:u8 b:u32,bits=24", "4 4: a@0+1 1+3{b@8:24}"),
        ("", "a:u8 b:u32,bits=25", "8 4: a@0+1 _pad0@1+3 4+4{b@32:25 _pad1@57:7}"),
        ("", "a:u32,bits=3 b:u8 c:u16", "4 4: 0+1{a@0:3 _pad0@3:5} b@1+1 c@2+2"),
        ("", "a:u64,bits=3 b:u32", "8 8: 0+1{a@0:3 _pad0@3:5} _pad1@1+3 b@4+4"),
    ]);
}

#[test]
fn packed_bitfields_lie_bit_by_bit() {
    check(&[
        ("packed = true", "a:u8,bits=5 b:u8,bits=4 c:u8,bits=7", "2 1: 0+2{a@0:5 b@5:4 c@9:7}"),
        ("packed = true", "a:u32,bits=30 b:u32,bits=4", "5 1: 0+5{a@0:30 b@30:4 _pad0@34:6}"),
        ("packed = true", "a:u8 b:u32,bits=25 c:u8", "6 1: a@0+1 1+4{b@8:25 _pad0@33:7} c@5+1"),
        ("packed = 2", "a:u32,bits=29 b:u32,bits=31 c:u8", "10 2: 0+8{a@0:29 b@29:31 _pad0@60:4} c@8+1 _pad1@9+1"),
        ("packed = 8", "a:u32,bits=29 b:u32,bits=31 c:u8", "12 4: 0+8{a@0:29 b@29:31 _pad0@60:4} c@8+1 _pad1@9+3"),
    ]);
}

#[test]
fn a_bitfield_at_a_fixed_offset_starts_on_its_byte() {
    check(&[
        ("", "a:u32,bits=3 b:u32,bits=5,offset=2", "4 4: 0+3{a@0:3 _pad0@3:13 b@16:5 _pad1@21:3} _pad2@3+1"),
        ("", "a:u8 b:u8,bits=4,offset=4", "5 1: a@0+1 _pad0@1+3 4+1{b@32:4 _pad1@36:4}"),
    ]);
}

#[test]
fn align_of_a_bitfield_starts_it_on_a_byte() {
    check(&[
        ("", "a:u8,bits=3 b:u8,bits=2,align=1", "2 1: 0+2{a@0:3 _pad0@3:5 b@8:2 _pad1@10:6}"),
        ("", "a:u8 b:u32,bits=4,align=2 c:u8", "4 4: a@0+1 1+2{_pad0@8:8 b@16:4 _pad1@20:4} c@3+1"),
        ("", "a:u8 b:u32,bits=30,align=2", "8 4: a@0+1 _pad0@1+3 4+4{b@32:30 _pad1@62:2}"),
        ("packed = true", "a:u8 b:u32,bits=30,align=2", "6 2: a@0+1 1+5{_pad0@8:8 b@16:30 _pad1@46:2}"),
    ]);
}

#[test]
fn a_bitfield_at_an_offset_that_splits_its_unit_is_refused_unless_packed() {
    assert_eq!(refused("", "a:u32,bits=3 b:u32,bits=20,offset=2"), [Code::Placement]);
    assert_eq!(refused("packed = true", "a:u8 b:u32,bits=3,align=4,offset=2"), [Code::Placement], "its own align");
    check(&[("packed = true", "a:u32,bits=3 b:u32,bits=20,offset=2", "5 1: 0+5{a@0:3 _pad0@3:13 b@16:20 _pad1@36:4}")]);
}

#[test]
fn a_record_with_bitfields_is_aligned_as_their_types() {
    check(&[
        ("", "a:u64,bits=1", "8 8: 0+1{a@0:1 _pad0@1:7} _pad1@1+7"),
        ("packed = true", "a:u64,bits=1", "1 1: 0+1{a@0:1 _pad0@1:7}"),
        ("", "a:u8 b:u32,bits=4,align=8", "16 8: a@0+1 _pad0@1+7 8+1{b@64:4 _pad1@68:4} _pad2@9+7"),
    ]);
}

fn show_union(keys: &str, fields: &str) -> String {
    show(&format!("[union.u]\n{keys}\nfields = [{}]\n", written(fields)), None, "u")
}

#[test]
fn a_union_is_as_large_as_its_largest_member() {
    assert_eq!(show_union("", "a:u8 b:u32 c:u16"), "4 4: a@0+1 b@0+4 c@0+2");
    assert_eq!(show_union("", "a:u32 b:bytes[5]"), "8 4: a@0+4 b@0+5 _pad0@0+8");
    assert_eq!(show_union("align = 16", "a:u32"), "16 16: a@0+4 _pad0@0+16");
    assert_eq!(show_union("packed = true", "a:u32 b:bytes[5]"), "5 1: a@0+4 b@0+5");
}

#[test]
fn a_union_member_elsewhere_than_at_zero_is_refused() {
    let text = |offset| format!("[union.u]\nfields = [{}]\n", written(&format!("a:u32 b:u32,offset={offset}")));
    assert_eq!(codes(&text(4)), [Code::Placement]);
    assert!(load(&text(0), None).is_ok());
}

#[test]
fn padding_is_counted_through_unnamed_members() {
    let text = r#"
        [struct.s]
        fields = [
          { name = "a", type = "u8" },
          { struct = [{ name = "b", type = "u16" }, { name = "c", type = "u8" }] },
          { name = "d", type = "u64" },
        ]
    "#;
    assert_eq!(show(text, None, "s"), "16 8: a@0+1 _pad0@1+1 anon0@2+4 _pad2@6+2 d@8+8");
    assert_eq!(show(text, None, "s__anon0"), "4 2: b@0+2 c@2+1 _pad1@3+1");
}

#[test]
fn an_omitted_field_takes_no_room() {
    let text = format!(
        "[struct.s]\nfields = [{}]\n[profile.lean]\nomit = [\"s.b\"]\n",
        written("a:u8 b:u64,optional=true c:u16")
    );
    assert_eq!(show(&text, None, "s"), "24 8: a@0+1 _pad0@1+7 b@8+8 c@16+2 _pad1@18+6");
    assert_eq!(show(&text, Some("lean"), "s"), "4 2: a@0+1 _pad0@1+1 c@2+2");
}

#[test]
fn a_record_without_fields_left_is_refused() {
    let text =
        "[struct.s]\nfields = [{ name = \"a\", type = \"u8\", optional = true }]\n[profile.none]\nomit = [\"s.a\"]\n";
    let failure = load(text, Some("none")).expect_err("nothing is left");
    assert!(failure.diagnostics.iter().any(|found| found.code == Code::EmptyType), "{:#?}", failure.diagnostics);
    assert!(load(text, None).is_ok());
}

#[test]
fn what_btf_cannot_describe_is_refused() {
    let text = |size: u64| format!("[struct.s]\nfields = [{{ name = \"a\", type = \"bytes[{size}]\" }}]\n");
    assert!(load(&text(MAX_SIZE), None).is_ok());
    assert_eq!(codes(&text(MAX_SIZE + 1)), [Code::TooLarge]);
    assert_eq!(codes(&text(u64::MAX / 2)), [Code::TooLarge]);
    let overflow = "[struct.s]\nfields = [{ name = \"a\", type = \"u64[4294967295][4294967295][4294967295]\" }]\n";
    assert_eq!(codes(overflow), [Code::TooLarge]);
}

#[test]
fn bitfields_must_lie_where_btf_can_say() {
    let fields = |size: u64| format!("a:bytes[{size}] b:u8,bits=1");
    let text = |size: u64| format!("[struct.s]\nfields = [{}]\n", written(&fields(size)));
    assert!(load(&text(MAX_SIZE_WITH_BITS - 1), None).is_ok());
    assert_eq!(codes(&text(MAX_SIZE_WITH_BITS)), [Code::TooLarge]);
}

#[test]
fn every_bad_record_is_reported_in_one_run() {
    let text = "[struct.a]\nalign = 2\nfields = [{ name = \"x\", type = \"u64\" }]\n\
                [struct.b]\nfields = [{ name = \"x\", type = \"u8\" }, { name = \"y\", type = \"u32\", offset = 2 }]\n";
    assert_eq!(codes(text), [Code::Placement, Code::Placement]);
}

#[test]
fn enums_and_flags_lie_as_their_repr() {
    let text = r#"
        [enum.small]
        repr = "u8"
        variants = [{ name = "x", value = 1 }]
        [flags.wide]
        repr = "u64"
        bits = [{ name = "y", value = 1 }]
        [struct.s]
        fields = [{ name = "a", type = "small" }, { name = "b", type = "wide" }, { name = "c", type = "small", bits = 3 }]
    "#;
    assert_eq!(show(text, None, "s"), "24 8: a@0+1 _pad0@1+7 b@8+8 16+1{c@128:3 _pad1@131:5} _pad2@17+7");
}

#[test]
fn definitions_are_laid_out_before_their_users() {
    let text = "[struct.outer]\nfields = [{ name = \"i\", type = \"later\" }]\n\
                [struct.later]\nfields = [{ name = \"x\", type = \"u32\" }]\n";
    assert_eq!(show(text, None, "outer"), "4 4: i@0+4");
    let order: Vec<_> = load(text, None)
        .expect("valid")
        .layouts
        .model
        .types
        .iter()
        .map(TypeDef::name)
        .map(|n| n.spec.clone())
        .collect();
    assert_eq!(order, ["later", "outer"]);
}

#[test]
fn an_array_of_no_length_takes_no_room_but_aligns() {
    check(&[
        ("", "a:u8 m:u32[] b:u8 t:u64[]", "8 8: a@0+1 _pad0@1+3 m@4+0 b@4+1 _pad1@5+3 t@8+0"),
        ("packed = true", "a:u8 m:u32[]", "1 1: a@0+1 m@1+0"),
        ("", "a:u8 m:u8[][4]", "1 1: a@0+1 m@1+0"),
    ]);
}

#[test]
fn padding_is_numbered_past_fields_that_c_calls_so() {
    let text = "[struct.s]\nfields = [{ name = \"a\", type = \"u8\" }, { name = \"b\", type = \"u16\", c = \"_pad0\" }, \
                { struct = [{ name = \"c\", type = \"u8\", c = \"_pad2\" }, { name = \"d\", type = \"u64\" }] }]\n";
    let loaded = load(text, None).unwrap_or_else(|failure| panic!("{:#?}", failure.diagnostics));
    let numbers: Vec<u32> = loaded
        .layouts
        .types
        .iter()
        .flat_map(|layout| &layout.members)
        .filter_map(|member| match member {
            Member::Padding { index, .. } => Some(*index),
            Member::Field { .. } | Member::Bits(_) => None,
        })
        .collect();
    // The unnamed struct stands before the one around it, which numbers its own padding first.
    assert_eq!(numbers, [4, 1, 3]);
}

#[test]
fn what_a_named_member_calls_so_is_no_name_of_the_record_around_it() {
    let text = "[struct.inner]\nfields = [{ name = \"a\", type = \"u8\", c = \"_pad0\" }]\n\
                [struct.s]\nfields = [{ name = \"b\", type = \"inner\" }, { name = \"d\", type = \"u64\" }]\n";
    assert_eq!(show(text, None, "s"), "16 8: b@0+1 _pad0@1+7 d@8+8");
}

#[test]
fn limits_are_those_of_records_that_could_be_laid_out() {
    let map = "[map.m]\ntype = \"percpu_array\"\nkey = \"u32\"\nvalue = \"bytes[40000]\"\nmax_entries = 1\n";
    assert_eq!(codes(map), [Code::MapLimit]);
    let bad = "[struct.a]\nalign = 2\nfields = [{ name = \"x\", type = \"u64\" }]\n";
    assert_eq!(codes(&format!("{bad}{map}")), [Code::Placement], "a stage runs only on what all before it found sound");
}

/// Whether C needs `packed` for a struct.
fn needs_packed(keys: &str, fields: &str) -> bool {
    let text = format!("[struct.s]\n{keys}\nfields = [{}]\n", written(fields));
    let layouts = load(&text, None).expect("valid").layouts;
    let (id, _) = layouts.model.records().next().expect("a record");
    layouts.of(id).needs_packed()
}

#[test]
fn c_needs_packed_where_its_own_rules_would_put_a_member_elsewhere() {
    for (keys, fields, expected) in [
        ("", "a:u8 b:u32", false),
        ("packed = true", "a:u8 b:u8", false),
        ("packed = true", "a:u8 b:u32", true),
        ("packed = true\nalign = 4", "a:u32 b:u8 c:u16", true),
        ("packed = true\nalign = 4", "a:u32 b:u32", false),
        ("packed = 4", "a:u64", true),
        ("packed = 4", "a:u32 b:u32", false),
        ("", "a:u32,bits=30 b:u32,bits=4", false),
        ("packed = true\nalign = 4", "a:u32,bits=30 b:u32,bits=4", true),
        ("packed = true\nalign = 4", "a:u32,bits=30 b:u32,bits=2", false),
        ("packed = true\nalign = 4", "a:u32,bits=32 b:u32,bits=4", false),
        ("packed = true\nalign = 8", "a:u32,bits=32 b:u32,bits=4", false),
        ("", "a:u64[40] b:u32,bits=4", false),
        ("packed = true", "a:u32,bits=3", true),
        ("packed = true", "a:u8,bits=3", false),
    ] {
        assert_eq!(needs_packed(keys, fields), expected, "{keys}\n{fields}");
    }
}

/// The room of the event `e`, and the size of its largest record.
fn room(keys: &str, fields: &str) -> (Option<Room>, u64) {
    let text = format!("[event.e]\n{keys}\nfields = [{}]\n", written(fields));
    let layouts = load(&text, None).unwrap_or_else(|failure| panic!("{text}\n{:#?}", failure.diagnostics)).layouts;
    let (id, _) = layouts.model.records().next().expect("a record");
    (layouts.room(id), layouts.largest(id))
}

#[test]
fn a_compact_event_grows_in_a_room_for_its_largest_record_and_a_byte_more() {
    let one =
        Room { smallest: 0, typical: 0, worst: 0, count: 1, account: 16, header: 16, spare: 0, size: 0, align: 8 };
    // Two counters of 8 bytes; 12 bytes of struct, up to 100 and 4 * 32 bytes behind it; 64 of each are typical.
    let expected = Room { smallest: 12, typical: 140, worst: 240, spare: 8, size: 264, ..one };
    assert_eq!(room("", "pid:u32 path:str[..100] args:str[..32][..4]"), (Some(expected), 240));
    // A field that takes less than 64 bytes is typically full; one byte is left at least.
    let expected = Room { smallest: 8, typical: 31, worst: 31, spare: 1, size: 48, ..one };
    assert_eq!(room("", "pid:u32 data:bytes[..23]"), (Some(expected), 31));
    let expected = Room { smallest: 64, typical: 74, worst: 74, header: 64, spare: 54, size: 192, align: 64, ..one };
    assert_eq!(room("align = 64", "pid:u32 data:bytes[..10]"), (Some(expected), 74));
    // Where there are several, each has a third counter.
    let expected =
        Room { smallest: 8, typical: 31, worst: 31, count: 3, account: 24, header: 24, spare: 1, size: 56, ..one };
    assert_eq!(room("rooms = 3", "pid:u32 data:bytes[..23]"), (Some(expected), 31));
    assert_eq!(room("", "pid:u32 path:str[100]"), (None, 104), "a fixed event needs none");
    assert_eq!(SCRATCH_MAX, 32_768, "PCPU_MIN_UNIT_SIZE");
}
