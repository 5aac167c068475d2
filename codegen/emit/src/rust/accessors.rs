//! Methods of records: bitfields, optional fields, tagged unions.

use bpf_layout_spec::{
    layout::{Layouts, Member},
    model::{Field, Record, Type, TypeId},
};

use super::{
    bits, docs,
    names::{Names, record_methods},
    open_impl,
    out::Out,
    records::is_aligned,
    tagged,
    types::Scope,
};

/// `impl ExecEvent { … }`, if there is anything to say.
pub(super) fn write(out: &mut Out, layouts: &Layouts, names: &Names, (id, record): (TypeId, &Record)) {
    let mut methods = Out::default();
    methods.indented();
    for bitfield in bits::fields(layouts, (id, record)) {
        bits::accessors(&mut methods, layouts, &record.kind, bitfield);
    }
    let mut taken = record_methods(record);
    for (index, field) in record.fields.iter().enumerate() {
        if matches!(field.ty, Type::Variable(_)) {
            continue; // read from the view
        }
        // In packed records by value: see `optional`.
        let by_value = field.optional && record.packed.is_some();
        if !by_value && tagged::accessors(&mut methods, layouts, names, (id, record), index, &mut taken) {
            continue;
        }
        if field.optional {
            optional(&mut methods, layouts, (id, record), index, field);
        }
    }
    write_impl(out, &record.rust_struct(), &methods.finish());
}

/// The methods of a union: its bitfields. Members of whole bytes have theirs from `layout_union!`.
pub(super) fn write_union(out: &mut Out, layouts: &Layouts, (id, record): (TypeId, &Record)) {
    let mut methods = Out::default();
    methods.indented();
    for bitfield in bits::fields(layouts, (id, record)) {
        bits::accessors(&mut methods, layouts, &record.kind, bitfield);
    }
    write_impl(out, &record.name.rust, &methods.finish());
}

fn write_impl(out: &mut Out, of: &str, methods: &str) {
    if methods.is_empty() {
        return;
    }
    out.blank();
    open_impl(out, &format!("impl {of}"), methods);
    out.verbatim(methods);
    out.close();
}

/// `fn cwd(&self) -> Option<&Str<PATH_LEN>>`, in every profile. In packed records by value: a reference to a field that
/// lies askew would have another type, and whether it does depends on the profile.
fn optional(out: &mut Out, layouts: &Layouts, (id, record): (TypeId, &Record), index: usize, field: &Field) {
    if field.bits.is_some() && !field.omitted {
        return; // its getter says so itself
    }
    let scope = Scope::top(layouts);
    let member =
        layouts.of(id).members.iter().find(|member| matches!(member, Member::Field { field, .. } if *field == index));
    let aligned = member.is_none_or(|member| is_aligned(layouts, id, member));
    let by_value = record.packed.is_some() || field.bits.is_some();
    let name = &field.name.rust;
    let (ty, value) = match (by_value, aligned) {
        (true, true) => (scope.ty(&field.ty), format!("self.{name}")),
        (true, false) => (scope.ty(&field.ty), format!("self.{name}.get()")),
        (false, _) => (format!("&{}", scope.placed(&field.ty, aligned)).into(), format!("&self.{name}")),
    };
    let ty = if field.bits.is_some() && ty == "::bpf_layout::Bool" { "bool".into() } else { ty };
    out.blank();
    docs::write(out, field.doc.as_deref(), Some(&format!("Field `{}`.", field.name.spec)));
    out.line("///");
    out.line("/// `None` in profiles that omit it.");
    out.line("#[must_use]");
    let body = if field.omitted {
        "::core::option::Option::None".to_owned()
    } else {
        format!("::core::option::Option::Some({value})")
    };
    out.method(name, &["&self"], Some(&format!("::core::option::Option<{ty}>")), &[body]);
}

#[cfg(test)]
mod tests {
    use crate::testing::layouts;

    const SPEC: &str = r#"spec = 1
[union.addr]
fields = [
  { name = "v4", type = "u8[4]", when = 4 },
  { name = "v6", type = "u8[16]", when = 6 },
  { name = "raw", type = "u8[16]", when = 9, optional = true },
  { name = "Raw", type = "u8[8]", when = 10 },
]
[struct.packed]
packed = true
fields = [{ name = "family", type = "u8" }, { name = "addr", type = "addr", tag = "family" }]
[struct.plain]
fields = [{ name = "family", type = "u8" }, { name = "addr", type = "addr", tag = "family", optional = true }]
[struct.bits]
fields = [
  { name = "a", type = "bool", bits = 1, optional = true },
  { name = "b", type = "u8", bits = 3, optional = true },
  { name = "c", type = "bool", optional = true },
  { name = "d", type = "u8" },
]
[struct.taken]
fields = [
  { name = "family", type = "u8" },
  { name = "addr", type = "addr", tag = "family" },
  { name = "set_addr_v4", type = "u8", optional = true },
  { name = "set_addr_v6", type = "u8", bits = 3 },
]
[profile.lean]
omit = ["bits.a", "bits.b", "bits.c", "plain.addr", "addr.raw"]
"#;

    fn module(profile: Option<&str>) -> String {
        super::super::module(&layouts(SPEC, profile))
    }

    /// The functions of a type, in order.
    fn functions(profile: Option<&str>, of: &str) -> Vec<String> {
        let module = module(profile);
        let (_, rest) = module.split_once(&format!("impl {of} {{\n")).expect("it has methods");
        let lines = rest.lines().take_while(|line| *line != "}").map(str::trim_start);
        let functions = lines.filter_map(|line| line.strip_prefix("pub ")?.split_once("fn "));
        functions.map(|(_, function)| function.trim_end_matches(" {").to_owned()).collect()
    }

    #[test]
    fn readers_are_the_same_in_every_profile() {
        let expected: [(&str, &[&str]); 3] = [
            ("Packed", &["addr(&self) -> AddrRef<'_>"]),
            ("Plain", &["addr(&self) -> ::core::option::Option<AddrRef<'_>>"]),
            (
                "Bits",
                &[
                    "a(&self) -> ::core::option::Option<bool>",
                    "b(&self) -> ::core::option::Option<u8>",
                    "c(&self) -> ::core::option::Option<&::bpf_layout::Bool>",
                ],
            ),
        ];
        for (of, expected) in expected {
            for profile in [None, Some("lean")] {
                let mut readers = functions(profile, of);
                readers.retain(|function| !function.starts_with("set_"));
                assert_eq!(readers, expected, "{of} under {profile:?}");
            }
        }
    }

    #[test]
    fn what_a_profile_omits_is_not_set() {
        let setters = |profile, of| {
            let mut setters = functions(profile, of);
            setters.retain(|function| function.starts_with("set_"));
            setters.len()
        };
        assert_eq!(["Packed", "Plain", "Bits"].map(|of| setters(None, of)), [4, 4, 2]);
        assert_eq!(["Packed", "Plain", "Bits"].map(|of| setters(Some("lean"), of)), [3, 0, 0]);
    }

    #[test]
    fn members_that_are_left_out_are_no_variants() {
        for (profile, both) in [(None, true), (Some("lean"), false)] {
            let module = module(profile);
            let (_, variants) = module.split_once("pub enum AddrRef<'a> {").expect("an enum over the members");
            let (variants, _) = variants.split_once("\n}\n").expect("its end");
            let found = ["V4(", "V6(", "Raw(", "Raw_("].map(|variant| variants.contains(variant));
            assert_eq!(found, [true, true, true, both], "{variants}");
        }
    }

    #[test]
    fn setters_keep_clear_of_fields() {
        let functions = functions(None, "Taken");
        for name in ["set_addr_v4", "set_addr_v6"] {
            let found = |start: String| functions.iter().filter(|function| function.starts_with(&start)).count();
            assert_eq!(
                [found(format!("{name}(&self)")), found(format!("{name}_(&mut self"))],
                [1, 1],
                "{functions:#?}"
            );
        }
    }
}
