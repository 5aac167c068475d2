//! Names: what an identifier is, what is reserved where, and how a name is written in C and in Rust.

mod reserved;

use rustc_hash::FxHashMap;

use self::reserved::{C_RESERVED, CPP_RESERVED, RUST_NEVER, RUST_RAW};
use crate::{
    kernel::KERNEL_FIELDS,
    model::{Name, Spellings},
    scalar::SCALARS,
    source::Span,
    spec::{At, Shape},
    word::Word,
};

/// Longest identifier. The kernel takes BTF names of up to 127 bytes (`btf_name_valid_identifier`, `KSYM_NAME_LEN`
/// before 6.1); generated functions add to a name.
pub(crate) const MAX_NAME: usize = 64;

/// Why a name cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BadName {
    /// It is no identifier.
    Invalid { message: String, help: Option<String> },
    /// Somebody else owns it.
    Reserved { message: String, help: String },
}

/// Checks that a name is an identifier that users may define.
pub(crate) fn check_identifier(name: &str) -> Result<(), BadName> {
    let invalid = |message: String, help: Option<String>| Err(BadName::Invalid { message, help });
    if name.is_empty() {
        return invalid("a name is empty".into(), Some("give it a name: letters, digits and `_`".into()));
    }
    if name.len() > MAX_NAME {
        return invalid(format!("the name is longer than {MAX_NAME} bytes"), None);
    }
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') || name.as_bytes()[0].is_ascii_digit() {
        let message = format!("`{}` is not an identifier", name.escape_debug());
        let written = as_identifier(name);
        return invalid(message, Some(format!("write `{written}`: letters, digits and `_`, no digit first")));
    }
    if name.bytes().all(|b| b == b'_') {
        return invalid(format!("`{name}` is not a name"), Some("use a name with letters".into()));
    }
    if name.starts_with("__") {
        let own = name.trim_start_matches('_');
        let help = format!("write `{own}`; what C calls otherwise says so with `c`");
        let message = format!("`{name}` starts with `__`, which belongs to the compiler and the kernel's headers");
        return Err(BadName::Reserved { message, help });
    }
    Ok(())
}

/// Names that the header's own macros, libbpf's and the kernel's typedefs need, besides those of [`SCALARS`].
const C_TAKEN: &[&str] = &["SEC", "__array", "__type", "__uint", "__ulong"];

/// Words of compilers that start with `__` and do not end so.
const C_COMPILER: &[&str] = &[
    "__alignof",
    "__amd64",
    "__asm",
    "__attribute",
    "__auto_type",
    "__complex",
    "__const",
    "__extension",
    "__fp16",
    "__i386",
    "__imag",
    "__inline",
    "__int128",
    "__k8",
    "__label",
    "__linux",
    "__nonnull",
    "__null",
    "__nullable",
    "__powerpc",
    "__real",
    "__restrict",
    "__riscv",
    "__s390",
    "__seg_fs",
    "__seg_gs",
    "__signed",
    "__thread",
    "__typeof",
    "__unix",
    "__volatile",
    "__x86_64",
];

/// Checks a name that C has as it is, in `c = "..."`. It may start with `__`, as many in the kernel's style do, but for
/// what compilers and the header itself call so, and be a word of C++, which then cannot include the header.
pub(crate) fn check_c_identifier(name: &str) -> Result<(), BadName> {
    let reserved = |why: &str| {
        let message = format!("`{}` {why}", name.escape_debug());
        Err(BadName::Reserved { message, help: "leave `c` out, and C has the name of the spec".into() })
    };
    match check_identifier(name) {
        // The first of these rules has made sure that it is an identifier.
        Err(BadName::Reserved { .. }) => {}
        other => other?,
    }
    let generated = ["__bpf_layout", "__BPF_LAYOUT", "__btf_type_", "__btf_map_"];
    let builtin = SCALARS.iter().any(|info| info.c == name) || KERNEL_FIELDS.iter().any(|info| info.name == name);
    if C_RESERVED.has(name) {
        return reserved("is a word of C");
    }
    if builtin || C_TAKEN.contains(&name) || generated.iter().any(|prefix| name.starts_with(prefix)) {
        return reserved("is needed by the header itself");
    }
    let compilers = name.strip_prefix("__").is_some_and(|rest| {
        rest.ends_with("__") || rest.starts_with("builtin_") || rest.starts_with(|c: char| c.is_ascii_uppercase())
    });
    if compilers || C_COMPILER.contains(&name) {
        return reserved("is a name of compilers");
    }
    Ok(())
}

/// Checks the name of a field, besides [`check_identifier`].
pub(crate) fn check_field(name: &str) -> Result<(), BadName> {
    let counted = |prefix: &str| {
        name.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    if !(counted("anon") || counted("_pad") || counted("_bits")) {
        return Ok(());
    }
    let message = format!("`{name}` is a name that generated code gives to padding, bitfields and unnamed members");
    Err(BadName::Reserved { message, help: "choose a name that says what the field holds".into() })
}

/// The nearest identifier, to suggest.
fn as_identifier(name: &str) -> String {
    let mut written: String =
        name.chars().take(MAX_NAME - 1).map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
    if written.starts_with(|c: char| c.is_ascii_digit()) {
        written.insert(0, '_');
    }
    written
}

/// `class` is `class_` in C.
fn in_c(name: &Word) -> Word {
    if C_RESERVED.has(name) || CPP_RESERVED.has(name) { [name, "_"].concat().into() } else { name.clone() }
}

/// `type` is `r#type` in Rust, `self` is `self_`.
fn in_rust(name: &Word) -> Word {
    if RUST_NEVER.has(name) {
        [name, "_"].concat().into()
    } else if RUST_RAW.has(name) {
        ["r#", name].concat().into()
    } else {
        name.clone()
    }
}

/// `socket_key` as the name of a Rust type: `SocketKey`. An underscore between two digits stays.
pub(crate) fn upper_camel(name: &str) -> Word {
    let mut camel = String::with_capacity(name.len());
    let mut chars = name.chars().peekable();
    let mut start_of_word = true;
    while let Some(c) = chars.next() {
        if c != '_' {
            camel.push(if start_of_word { c.to_ascii_uppercase() } else { c });
            start_of_word = false;
            continue;
        }
        start_of_word = true;
        let between_digits =
            camel.ends_with(|c: char| c.is_ascii_digit()) && chars.peek().is_some_and(char::is_ascii_digit);
        if between_digits {
            camel.push('_');
        }
    }
    if camel.starts_with(|c: char| c.is_ascii_digit()) {
        camel.insert(0, '_');
    }
    in_rust(&camel.into())
}

/// `socket_key` and `SocketKey` as a constant: `SOCKET_KEY`.
pub(crate) fn upper_snake(name: &str) -> Word {
    if !name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Word::in_upper_case(name);
    }
    let mut upper = String::with_capacity(name.len() + 4);
    let mut previous = '_';
    for c in name.chars() {
        if c.is_ascii_uppercase() && (previous.is_ascii_lowercase() || previous.is_ascii_digit()) {
            upper.push('_');
        }
        upper.push(c.to_ascii_uppercase());
        previous = c;
    }
    upper.into()
}

/// A struct, event or union. An event's C name ends in `_event`, because the kernel has a `struct file`.
pub(crate) fn record(name: &At<String>, shape: Shape) -> Name {
    let own = &name.value;
    let full = match shape {
        Shape::Event if own != "event" && !own.ends_with("_event") => format!("{own}_event"),
        Shape::Event | Shape::Struct | Shape::Union => own.clone(),
    };
    type_name(own, &full, name.span)
}

/// An enum, flags or an extern type.
pub(crate) fn definition(name: &At<String>) -> Name {
    type_name(&name.value, &name.value, name.span)
}

/// The type of an unnamed member: `sockets__anon0`, `SocketsAnon0`. C never writes it.
pub(crate) fn unnamed_type(parent: &Name, index: usize, span: Span) -> Name {
    let spellings = Spellings {
        spec: format!("{}__anon{index}", parent.spec).into(),
        c: format!("{}__anon{index}", parent.c).into(),
        rust: format!("{}Anon{index}", parent.rust.trim_end_matches('_')).into(),
        upper: format!("{}__ANON{index}", parent.upper).into(),
    };
    Name::new(spellings, span)
}

/// The field that an unnamed member is.
pub(crate) fn unnamed_field(index: usize, span: Span) -> Name {
    let name: Word = format!("anon{index}").into();
    let upper = Word::in_upper_case(&name);
    Name::new(Spellings { upper, c: name.clone(), rust: name.clone(), spec: name }, span)
}

fn type_name(spec: &str, full: &str, span: Span) -> Name {
    let own: Word = spec.into();
    let full = if full == spec { own.clone() } else { full.into() };
    Name::new(Spellings { spec: own, c: in_c(&full), rust: upper_camel(&full), upper: upper_snake(&full) }, span)
}

/// The names of fields. Most of a spec are called as another is, and share its text.
#[derive(Default)]
pub(crate) struct FieldNames<'a>(FxHashMap<&'a str, Name>);

impl<'a> FieldNames<'a> {
    /// The name of a field.
    pub(crate) fn of(&mut self, name: &'a At<String>) -> Name {
        self.0.entry(&name.value).or_insert_with(|| field(name)).at(name.span)
    }
}

fn field(name: &At<String>) -> Name {
    let own: Word = name.value.as_str().into();
    Name::new(Spellings { c: in_c(&own), rust: in_rust(&own), upper: upper_snake(&own), spec: own }, name.span)
}

/// A map: a C variable, and a Rust type of its own in the module `maps`.
pub(crate) fn map(name: &At<String>) -> Name {
    definition(name)
}

/// A length (`PATH_LEN`) or capacity (`SOCKETS_MAX_ENTRIES`).
pub(crate) fn constant(name: &At<String>, suffix: &str) -> Name {
    let upper = upper_snake(&name.value);
    let full: Word = if upper.ends_with(suffix) { upper } else { [&upper, suffix].concat().into() };
    let spec = name.value.as_str().into();
    Name::new(Spellings { spec, c: full.clone(), rust: full.clone(), upper: full }, name.span)
}

/// A variant: `FILE_OP_OPEN` in C, where `prefix` is `FILE_OP_`, and `OPEN` in Rust.
pub(crate) fn variant(name: &At<String>, prefix: &str) -> Name {
    let upper = upper_snake(&name.value);
    let c = in_c(&[prefix, &upper].concat().into());
    let spec = name.value.as_str().into();
    Name::new(Spellings { spec, c, rust: in_rust(&upper), upper }, name.span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{source::FileId, spec::start_of};

    fn at(name: &str) -> At<String> {
        At { value: name.to_owned(), span: start_of(FileId(0)) }
    }

    #[test]
    fn converts_case() {
        for (name, camel, snake) in [
            ("socket_key", "SocketKey", "SOCKET_KEY"),
            ("SocketKey", "SocketKey", "SOCKET_KEY"),
            ("v1_2", "V1_2", "V1_2"),
            ("ip_v4_addr", "IpV4Addr", "IP_V4_ADDR"),
            ("_x", "X", "_X"),
            ("_1", "_1", "_1"),
            ("self", "Self_", "SELF"),
            ("ABC", "ABC", "ABC"),
        ] {
            assert_eq!(upper_camel(name), camel);
            assert_eq!(upper_snake(name), snake);
        }
    }

    #[test]
    fn escapes_reserved_words() {
        for (name, c, rust) in [
            ("type", "type", "r#type"),
            ("class", "class_", "class"),
            ("self", "self", "self_"),
            ("static", "static_", "r#static"),
            ("linux", "linux_", "linux"),
        ] {
            let name = field(&at(name));
            assert_eq!((name.c.as_str(), name.rust.as_str()), (c, rust));
        }
    }

    #[test]
    fn events_do_not_take_the_kernels_names() {
        for (own, c, rust) in [
            ("file", "file_event", "FileEvent"),
            ("file_event", "file_event", "FileEvent"),
            ("event", "event", "Event"),
        ] {
            let name = record(&at(own), Shape::Event);
            assert_eq!((name.spec.as_str(), name.c.as_str(), name.rust.as_str()), (own, c, rust));
        }
        assert_eq!(constant(&at("PATH"), "_LEN").c, "PATH_LEN");
        assert_eq!(constant(&at("max_len"), "_LEN").c, "MAX_LEN");
    }

    #[test]
    fn knows_bad_names() {
        for name in ["", "1x", "a-b", "é", "_", "a b"] {
            assert!(matches!(check_identifier(name), Err(BadName::Invalid { .. })), "{name}");
        }
        assert!(matches!(check_identifier("__u8"), Err(BadName::Reserved { .. })));
        assert!(matches!(check_field("_pad0"), Err(BadName::Reserved { .. })));
        assert!(check_field("_padding").is_ok() && check_field("anonymous").is_ok());
    }

    #[test]
    fn knows_names_that_c_may_have() {
        for name in ["__reserved", "_pad0", "anon0", "type", "class", "PyPidData", "__qspinlock"] {
            assert_eq!(check_c_identifier(name), Ok(()), "{name}");
        }
        for name in [
            "double",
            "__u32",
            "_Bool",
            "__builtin_memset",
            "__attribute__",
            "__FILE__",
            "__inline",
            "__type",
            "__bpf_layout_id",
            "__btf_type_x",
            "bpf_spin_lock",
        ] {
            assert!(matches!(check_c_identifier(name), Err(BadName::Reserved { .. })), "{name}");
        }
        for name in ["", "a b", "x;", "1", "__"] {
            assert!(matches!(check_c_identifier(name), Err(BadName::Invalid { .. })), "{name}");
        }
    }

    #[test]
    fn reserved_lists_are_sorted() {
        assert!(C_TAKEN.is_sorted() && C_COMPILER.is_sorted());
    }
}
