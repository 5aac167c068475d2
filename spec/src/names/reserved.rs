//! Words that C, C++ and Rust keep for themselves.

/// Words of a language, which nearly no name is.
pub(super) struct Words {
    /// In alphabetical order.
    words: &'static [&'static str],
    /// By a byte, how many words start with a smaller one: those that start with it stand from there on.
    before: [u8; 129],
}

impl Words {
    /// Of a list in alphabetical order. Fails to compile with a word that is empty or not ASCII.
    const fn new(words: &'static [&'static str]) -> Self {
        let mut before = [0; 129];
        let mut index = 0;
        while index < words.len() {
            let mut byte = words[index].as_bytes()[0] as usize + 1;
            assert!(byte < before.len(), "no word of ASCII");
            while byte < before.len() {
                before[byte] += 1;
                byte += 1;
            }
            index += 1;
        }
        Words { words, before }
    }

    /// Whether it is one of them.
    pub(super) fn has(&self, name: &str) -> bool {
        let Some(first) = name.bytes().next().map(usize::from).filter(|first| first + 1 < self.before.len()) else {
            return false;
        };
        let [start, end] = [first, first + 1].map(|byte| usize::from(self.before[byte]));
        self.words[start..end].contains(&name)
    }
}

/// Words that C up to C23 or a compiler's GNU mode (`linux`, `unix`) reserve, and what the kernel's headers define for
/// everybody.
pub(super) const C_RESERVED: Words = Words::new(&[
    "NULL",
    "alignas",
    "alignof",
    "asm",
    "auto",
    "bool",
    "break",
    "case",
    "char",
    "const",
    "constexpr",
    "continue",
    "default",
    "do",
    "double",
    "else",
    "enum",
    "extern",
    "false",
    "float",
    "for",
    "goto",
    "i386",
    "if",
    "inline",
    "int",
    "linux",
    "long",
    "nullptr",
    "register",
    "restrict",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "static_assert",
    "struct",
    "switch",
    "thread_local",
    "true",
    "typedef",
    "typeof",
    "union",
    "unix",
    "unsigned",
    "void",
    "volatile",
    "while",
]);

/// Words that C++20 reserves and C does not.
pub(super) const CPP_RESERVED: Words = Words::new(&[
    "and",
    "and_eq",
    "bitand",
    "bitor",
    "catch",
    "char16_t",
    "char32_t",
    "char8_t",
    "class",
    "co_await",
    "co_return",
    "co_yield",
    "compl",
    "concept",
    "const_cast",
    "consteval",
    "constinit",
    "decltype",
    "delete",
    "dynamic_cast",
    "explicit",
    "export",
    "friend",
    "mutable",
    "namespace",
    "new",
    "noexcept",
    "not",
    "not_eq",
    "operator",
    "or",
    "or_eq",
    "private",
    "protected",
    "public",
    "reinterpret_cast",
    "requires",
    "static_cast",
    "template",
    "this",
    "throw",
    "try",
    "typeid",
    "typename",
    "using",
    "virtual",
    "wchar_t",
    "xor",
    "xor_eq",
]);

/// Words of Rust 2024, strict and reserved (The Rust Reference, "Keywords"), that `r#` makes identifiers of.
pub(super) const RUST_RAW: Words = Words::new(&[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move",
    "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
]);

/// Words of Rust that stay reserved behind `r#`.
pub(super) const RUST_NEVER: Words = Words::new(&["Self", "crate", "self", "super"]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_and_nothing_else() {
        for list in [C_RESERVED, CPP_RESERVED, RUST_RAW, RUST_NEVER] {
            assert!(list.words.is_sorted());
            for word in list.words {
                assert!(list.has(word), "{word}");
                let other = format!("{}{}", &word[..1], "q".repeat(word.len() - 1));
                assert!(!list.has(&other) && !list.has(&format!("{word}_")), "{word}");
            }
            for name in ["", "pid", "timestamp", "étage", &"while".repeat(7), &"s".repeat(33)] {
                assert!(!list.has(name), "{name}");
            }
        }
    }
}
