//! Which definition of the spec a struct is meant to be.

use bpf_layout_spec::{
    Loaded,
    model::{Name, Record, RecordKind, TypeDef, TypeId},
    suggest,
};
use proc_macro2::Span;

use super::{
    errors::Errors,
    input::{Body, Input, plain},
};

/// What was found.
pub(super) enum Definition<'a> {
    /// For a struct: a struct or event.
    Record(TypeId, &'a Record),
    /// For a newtype: an enum or flags.
    Names(TypeId),
}

impl<'a> Definition<'a> {
    /// Finds it, or says why not.
    pub(super) fn find(input: &Input<'_>, spec: &'a Loaded, errors: &mut Errors) -> Option<Self> {
        let found = match &input.options.name {
            Some(name) => find_named(spec, &name.value()),
            None => find_like(spec, &plain(input.ident)),
        };
        let (name, span) = match &input.options.name {
            Some(name) => (name.value(), name.span()),
            None => (snake_case(&plain(input.ident)), input.ident.span()),
        };
        let Some((id, def)) = found else {
            errors.at(span, unknown(input, spec, &name));
            return None;
        };
        match (def, &input.body) {
            (TypeDef::Record(record), Body::Struct(_)) if record.kind != RecordKind::Union => {
                Some(Definition::Record(id, record))
            }
            (TypeDef::Enum(_) | TypeDef::Flags(_), Body::Newtype(_)) => Some(Definition::Names(id)),
            _ => {
                mismatch(input, spec, def, span, errors);
                None
            }
        }
    }
}

/// By the name in the spec, or the one in C.
fn find_named<'a>(spec: &'a Loaded, name: &str) -> Option<(TypeId, &'a TypeDef)> {
    let by_spec = find_by(spec, |known| known.spec == name);
    by_spec.or_else(|| find_by(spec, |known| known.c == name))
}

/// By the name in Rust: as the generated type is called, or in snake case as in the spec.
fn find_like<'a>(spec: &'a Loaded, ident: &str) -> Option<(TypeId, &'a TypeDef)> {
    find_named(spec, &snake_case(ident)).or_else(|| find_by(spec, |known| known.rust == ident))
}

fn find_by(spec: &Loaded, matches: impl Fn(&Name) -> bool) -> Option<(TypeId, &TypeDef)> {
    (0..).map(TypeId).zip(&spec.layouts.model.types).find(|(_, def)| matches(def.name()))
}

fn unknown(input: &Input<'_>, spec: &Loaded, name: &str) -> String {
    let types = &spec.layouts.model.types;
    let fits = |def: &&TypeDef| match (&input.body, def) {
        (Body::Struct(_), TypeDef::Record(record)) => record.kind != RecordKind::Union,
        (Body::Newtype(_), TypeDef::Enum(_) | TypeDef::Flags(_)) => true,
        _ => false,
    };
    let names = types.iter().filter(fits).map(|def| def.name().spec.as_str());
    let (what, path) = match input.body {
        Body::Struct(_) => ("struct or event", spec_path(spec)),
        Body::Newtype(_) => ("enum or flags", spec_path(spec)),
    };
    let help = match suggest::nearest(name, names) {
        Some(near) => {
            let at = types
                .iter()
                .find(|def| def.name().spec == near)
                .map_or_else(String::new, |def| format!(" ({})", spec.sources.line(def.name().span)));
            format!("did you mean `#[bpf_layout(name = \"{near}\")]`{at}?")
        }
        None => "write its name there as `#[bpf_layout(name = \"...\")]`".to_owned(),
    };
    format!("there is no {what} `{name}` in {path}: {help}")
}

fn spec_path(spec: &Loaded) -> String {
    spec.sources.paths().next().map_or_else(String::new, |path| path.display().to_string())
}

fn mismatch(input: &Input<'_>, spec: &Loaded, def: &TypeDef, span: Span, errors: &mut Errors) {
    let name = def.name();
    let (spec_name, at, rust) = (&name.spec, spec.sources.line(name.span), &name.rust);
    let message = match (def, &input.body) {
        (TypeDef::Record(record), _) if record.kind == RecordKind::Union => {
            format!("`{spec_name}` is a union ({at}): use the generated type `{rust}`, or `[u8; N]`")
        }
        (TypeDef::Extern(_), _) => {
            format!("`{spec_name}` is defined elsewhere ({at}): the spec does not know its fields; use `[u8; N]`")
        }
        (TypeDef::Record(_), _) => {
            format!(
                "`{spec_name}` is a struct ({at}), and a transparent newtype is no struct: write `#[repr(C)]` and fields"
            )
        }
        (TypeDef::Enum(_) | TypeDef::Flags(_), _) => format!(
            "`{spec_name}` is an enum or flags ({at}): use the generated type `{rust}`, or write `#[repr(transparent)] \
             struct {}(...);` with its integer",
            input.ident
        ),
    };
    errors.at(span, message);
}

/// `SocketKey` as `socket_key`, `TCPInfo` as `tcp_info`.
fn snake_case(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 4);
    for (index, &c) in chars.iter().enumerate() {
        let after_lower = index > 0 && (chars[index - 1].is_lowercase() || chars[index - 1].is_ascii_digit());
        let ends_acronym = index > 0
            && chars[index - 1].is_uppercase()
            && chars.get(index + 1).is_some_and(|next| next.is_lowercase());
        if c.is_uppercase() && (after_lower || ends_acronym) {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::snake_case;

    #[test]
    fn names_in_snake_case() {
        for (name, expected) in [
            ("SocketKey", "socket_key"),
            ("Key", "key"),
            ("TCPInfo", "tcp_info"),
            ("Ipv4Addr", "ipv4_addr"),
            ("HTTP2Frame", "http2_frame"),
            ("socket_key", "socket_key"),
            ("A", "a"),
        ] {
            assert_eq!(snake_case(name), expected, "{name}");
        }
    }
}
