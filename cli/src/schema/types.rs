//! Enums, flags, records with their fields, and extern types.

use bpf_layout_spec::{
    kernel::KERNEL_FIELDS,
    scalar::{SCALARS, ScalarClass},
};
use serde_json::{Map, Value, json};

use super::parts::{
    align, described, doc, explained, integer, list_of, name, object, reference, some_of, string, word,
};

/// Everything that other schemas refer to.
pub(super) fn definitions() -> Map<String, Value> {
    let definitions = [
        ("type", ty()),
        ("enum", values("Named values of an integer.", "variants", is_integer)),
        ("flags", values("Named bits of an integer.", "bits", |class| class == ScalarClass::Unsigned)),
        ("selector", selector()),
        ("since", integer("The version of the spec that it came in.", 1, u32::MAX.into())),
        ("packed", packed()),
        ("struct", record("A struct or union.", [])),
        ("event", record("A struct that travels through a buffer.", [("tag", event_tag()), ("rooms", rooms())])),
        ("fields", some_of("In the order of memory.", &reference("field"))),
        ("field", field()),
        ("extern", foreign()),
    ];
    definitions.map(|(name, schema)| (name.to_owned(), schema)).into_iter().collect()
}

/// A type: the words that it begins with are offered, and anything that is text is taken.
fn ty() -> Value {
    let scalars = SCALARS.iter().map(|scalar| (scalar.name, scalar.doc.to_owned()));
    let kernel = KERNEL_FIELDS.iter().map(|field| {
        let doc = format!("a field of the kernel in map values, {} bytes, since Linux {}", field.size, field.since);
        (field.name, doc)
    });
    json!({
        "description": "A type: `u32`, `str[PATH]`, `bytes[16]`, `u8[4]`, `u8[]`, `intern[PATH]`, in events `str[..PATH]`, or the name of a definition.",
        "type": "string",
        "minLength": 1,
        "anyOf": [explained("A type that needs no definition.", scalars.chain(kernel)), { "type": "string" }],
    })
}

/// `[enum.NAME]` and `[flags.NAME]`: `list` names the values, and `may` says which integers hold them.
fn values(doc_of: &str, list: &str, may: fn(ScalarClass) -> bool) -> Value {
    let is_enum = list == "variants";
    let required: &[&str] = if is_enum { &["name"] } else { &["name", "value"] };
    let second =
        is_enum.then(|| ("same_as", named_here("The variant that it is a second name of, in place of a value.")));
    let mut value = object(
        "A name and its value.",
        required,
        [
            ("name", named_here("Its name.")),
            ("c", string("The constant in C, if it is another.")),
            ("value", reference("number")),
            ("doc", doc()),
            ("since", reference("since")),
        ]
        .into_iter()
        .chain(second),
    );
    if is_enum {
        value["anyOf"] = json!([{ "required": ["value"] }, { "required": ["same_as"] }]);
    }
    // Flags have no type of their own in C.
    let c = is_enum.then(|| ("c", string("How C names it: `enum file_op`, or the name of a typedef.")));
    let reprs = SCALARS.iter().filter(|scalar| scalar.size <= 8 && may(scalar.class)).map(|scalar| scalar.name);
    object(
        doc_of,
        &["repr", list],
        [
            (list, some_of("Each with its value.", &value)),
            ("repr", word("The integer that holds it.", reprs)),
            ("prefix", string("What stands before each name in C; the definition's own name if left out.")),
            ("doc", doc()),
            ("reserved", list_of("Numbers and names that were removed, and cannot come back.", &reference("selector"))),
        ]
        .into_iter()
        .chain(c),
    )
}

fn is_integer(class: ScalarClass) -> bool {
    matches!(class, ScalarClass::Unsigned | ScalarClass::Signed)
}

/// A name as the value of a key.
fn named_here(doc: &str) -> Value {
    let mut schema = name();
    schema["type"] = json!("string");
    schema["description"] = json!(doc);
    schema
}

/// `[struct.NAME]`, `[event.NAME]` and `[union.NAME]`, with keys that only some have.
fn record<const N: usize>(description: &str, more: [(&str, Value); N]) -> Value {
    let keys = [
        ("fields", reference("fields")),
        ("c", string("How C names it: `struct socket_key`, or the name of a typedef.")),
        ("doc", doc()),
        ("packed", reference("packed")),
        ("align", align("It is aligned to at least this many bytes.")),
        ("reserved", list_of("Names of fields that were removed, and cannot come back.", &named_here("A name."))),
    ];
    object(description, &["fields"], keys.into_iter().chain(more))
}

/// A field, or an unnamed member: which of the two says its key `union` or `struct`.
fn field() -> Value {
    let mut field = object(
        "A field, or an unnamed member.",
        &[],
        [
            ("name", named_here("Its name.")),
            ("c", string("Its name in C, if it is another.")),
            ("type", reference("type")),
            ("doc", doc()),
            ("bits", integer("Makes it a bitfield of so many bits.", 1, 64)),
            ("offset", integer("The byte it starts at, for layouts that exist.", 0, u32::MAX.into())),
            ("align", align("It is aligned to at least this many bytes.")),
            ("optional", json!({ "description": "A profile may omit it.", "type": "boolean" })),
            ("tag", string("Of a union: the sibling that says which member is in use.")),
            ("when", when()),
            ("contains", string("Of `bpf_list_head` and `bpf_rb_root`: `struct.field` of the nodes.")),
            ("since", reference("since")),
            ("union", reference("fields")),
            ("struct", reference("fields")),
            ("packed", reference("packed")),
        ],
    );
    // In words of `required` alone: where a schema under a condition names properties, editors take those for all there are.
    let required = |keys: &[&str]| json!({ "required": keys });
    let only_named = ["name", "c", "type", "bits", "optional", "contains", "since"];
    let unnamed = ["union", "struct"];
    let mixed = unnamed.iter().flat_map(|shape| only_named.iter().map(move |key| [*shape, *key]));
    let excluded: Vec<Value> = mixed.chain([unnamed, ["name", "packed"]]).map(|pair| required(&pair)).collect();
    field["anyOf"] = json!([required(&["name", "type"]), required(&["union"]), required(&["struct"])]);
    field["not"] = json!({ "anyOf": excluded });
    field
}

/// The values of a tag that select a member.
fn when() -> Value {
    json!({
        "description": "In a tagged union: the value or values of the tag that select it.",
        "anyOf": [reference("selector"), { "type": "array", "items": reference("selector"), "minItems": 1 }],
    })
}

/// `tag = { kind = "exec" }`
fn event_tag() -> Value {
    json!({
        "description": "What tells it from others in its buffer: `{ FIELD = value }`.",
        "type": "object",
        "additionalProperties": reference("selector"),
        "minProperties": 1,
        "maxProperties": 1,
    })
}

/// `rooms = 4`
fn rooms() -> Value {
    let doc = "With fields of variable length: how many records programs can build on one CPU at the same time.";
    integer(doc, 1, 16)
}

fn selector() -> Value {
    json!({ "description": "The name of a variant, or a number.", "type": ["string", "integer"] })
}

fn packed() -> Value {
    json!({
        "description": "No field is aligned to more than so many bytes; `true` is 1.",
        "enum": [true, false, 1, 2, 4, 8],
    })
}

/// `[extern.NAME]`
fn foreign() -> Value {
    object(
        "A type that a C header defines.",
        &["size", "align", "c"],
        [
            ("size", described("`sizeof`.", "number")),
            ("align", align("`_Alignof`.")),
            ("c", string("How C names it: `struct sockaddr_in`.")),
            ("include", string("Where C finds it: `<linux/in.h>`. Left out if the program has it from vmlinux.h.")),
            ("rust", string("A type that implements `bpf_layout::Layout`; opaque bytes if left out.")),
            ("doc", doc()),
        ],
    )
}
