//! Names that are trouble in at least one of the languages that output is written in.

use crate::rng::Rng;

/// Words that C, C++ or Rust reserve, and plain words that output might use for itself. All are fine names in a spec.
const NASTY: &[&str] = &[
    // C
    "auto",
    "break",
    "case",
    "char",
    "const",
    "continue",
    "default",
    "do",
    "double",
    "else",
    "enum",
    "extern",
    "float",
    "for",
    "goto",
    "if",
    "inline",
    "int",
    "long",
    "register",
    "restrict",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "struct",
    "switch",
    "typedef",
    "union",
    "unsigned",
    "void",
    "volatile",
    "while",
    "typeof",
    "asm",
    // C++
    "class",
    "template",
    "namespace",
    "this",
    "operator",
    "private",
    "public",
    "new",
    "delete",
    "virtual",
    "friend",
    "explicit",
    "mutable",
    "typename",
    "using",
    "throw",
    "catch",
    "export",
    "and",
    "not",
    "xor",
    "bitand",
    "nullptr",
    "constexpr",
    "decltype",
    "noexcept",
    "alignas",
    "thread_local",
    "concept",
    "requires",
    "co_await",
    "wchar_t",
    // Rust
    "as",
    "async",
    "await",
    "crate",
    "dyn",
    "fn",
    "impl",
    "in",
    "let",
    "loop",
    "match",
    "mod",
    "move",
    "mut",
    "pub",
    "ref",
    "self",
    "super",
    "trait",
    "type",
    "unsafe",
    "use",
    "where",
    "abstract",
    "become",
    "box",
    "final",
    "macro",
    "override",
    "priv",
    "try",
    "unsized",
    "yield",
    "gen",
    "raw",
    // What generated code might call its own parts
    "size",
    "align",
    "offset",
    "data",
    "bytes",
    "value",
    "len",
    "ptr",
    "src",
    "dst",
    "p",
    "i",
    "n",
    "get",
    "set",
    "parse",
    "clone",
    "hash",
    "eq",
    "fmt",
    "from",
    "into",
    "core",
    "std",
    "alloc",
    "str_",
    "u8_",
    "index",
    "name",
    "item",
];

/// Field names that do not repeat within one record.
pub(crate) struct Names {
    next: u32,
    taken: Vec<String>,
}

impl Names {
    pub(crate) fn new() -> Self {
        Names { next: 0, taken: Vec::new() }
    }

    /// None of which is this one.
    pub(crate) fn without(name: &str) -> Self {
        Names { next: 0, taken: vec![name.to_owned()] }
    }

    /// Whether no other name is the same in capitals, so far.
    pub(crate) fn is_alone(&self, name: &str) -> bool {
        self.taken.iter().filter(|other| other.eq_ignore_ascii_case(name)).count() == 1
    }

    /// A name not given before, sometimes one that differs from another only in case.
    pub(crate) fn next(&mut self, rng: &mut Rng) -> String {
        let name = if rng.chance(30) {
            (*rng.pick(NASTY)).to_owned()
        } else if !self.taken.is_empty() && rng.chance(10) {
            in_other_case(rng.pick::<String>(&self.taken))
        } else {
            String::new()
        };
        let name = if name.is_empty() || self.taken.contains(&name) {
            self.next += 1;
            format!("f{}", self.next)
        } else {
            name
        };
        self.taken.push(name.clone());
        name
    }
}

/// The name with its first letter in the other case, which no language here reserves but for Rust's `Self`.
fn in_other_case(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    let other = match first {
        lower if lower == lower.to_ascii_lowercase() => lower.to_ascii_uppercase(),
        upper => upper.to_ascii_lowercase(),
    };
    format!("{other}{rest}")
}
