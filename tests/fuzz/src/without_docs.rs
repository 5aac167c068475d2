//! Generated code without its comments, as a compiler takes it: what a documentation can change is nothing.

use bpf_layout_spec::{layout::Layouts, model::TypeDef};
use proc_macro2::{TokenStream, TokenTree};

/// The same layouts, documented by nobody.
#[must_use]
pub fn documentation_stripped(layouts: &Layouts) -> Layouts {
    let mut layouts = layouts.clone();
    for def in &mut layouts.model.types {
        match def {
            TypeDef::Record(record) => {
                record.doc = None;
                record.fields.iter_mut().for_each(|field| field.doc = None);
            }
            TypeDef::Enum(def) => {
                def.doc = None;
                def.variants.iter_mut().for_each(|variant| variant.doc = None);
            }
            TypeDef::Flags(def) => {
                def.doc = None;
                def.bits.iter_mut().for_each(|bit| bit.doc = None);
            }
            TypeDef::Extern(def) => def.doc = None,
        }
    }
    layouts.model.maps.iter_mut().for_each(|map| map.doc = None);
    layouts
}

/// C without its comments, words separated by one space: translation phases 1 to 3 of C11 (5.1.1.2), trigraphs included,
/// which compilers have behind an option.
///
/// # Panics
/// If a comment or string has no end.
#[must_use]
pub fn c_code(text: &str) -> String {
    let text = text.replace("??/", "\\").replace("\\\r\n", "").replace("\\\n", "");
    let mut code = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(c) = rest.chars().next() {
        let len = if let Some(comment) = rest.strip_prefix("/*") {
            code.push(' ');
            4 + comment.find("*/").expect("a comment ends")
        } else if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if c == '"' || c == '\'' {
            let len = literal(rest, c);
            code.push_str(&rest[..len]);
            len
        } else {
            code.push(c);
            c.len_utf8()
        };
        rest = &rest[len..];
    }
    let lines = code.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Bytes of the literal at the start of a text.
fn literal(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\n' => panic!("a literal ends on its line: {}", &text[..at]),
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    panic!("a literal ends: {text}")
}

/// The tokens of Rust, its documentation left out.
///
/// # Panics
/// If it is no Rust.
#[must_use]
pub fn rust_code(text: &str) -> String {
    if let Err(error) = syn::parse_file(text) {
        panic!("{error}\n{text}");
    }
    let tokens: TokenStream = text.parse().expect("it was just parsed");
    undocumented(tokens).to_string()
}

/// Without `#[doc = …]`, which is what `///` comes to.
fn undocumented(tokens: TokenStream) -> TokenStream {
    let mut kept: Vec<TokenTree> = Vec::new();
    for tree in tokens {
        match tree {
            TokenTree::Group(group) if is_doc(&group) && kept.last().is_some_and(is_hash) => drop(kept.pop()),
            TokenTree::Group(group) => {
                kept.push(proc_macro2::Group::new(group.delimiter(), undocumented(group.stream())).into());
            }
            other => kept.push(other),
        }
    }
    kept.into_iter().collect()
}

fn is_hash(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == '#')
}

fn is_doc(group: &proc_macro2::Group) -> bool {
    let mut tokens = group.stream().into_iter();
    let first = matches!(tokens.next(), Some(TokenTree::Ident(name)) if name == "doc");
    let second = matches!(tokens.next(), Some(TokenTree::Punct(punct)) if punct.as_char() == '=');
    let third = matches!(tokens.next(), Some(TokenTree::Literal(_)));
    first && second && third && tokens.next().is_none()
}
