//! The fields of a struct, and where each comes from.

use proc_macro2::{Ident, Span};
use syn::{ExprPath, Fields, Type};

use super::{
    Problems,
    attribute::{Policy, Said},
    input::Body,
};

/// One field of a struct.
pub(super) struct Field {
    pub(super) name: Ident,
    pub(super) ty: Type,
    pub(super) from: From,
}

/// Where a field comes from.
pub(super) enum From {
    /// Nowhere.
    Default,
    /// A value of the record.
    Value { access: Access, by: By },
}

/// What of the record is converted.
pub(super) enum Access {
    /// A field of this name.
    Field(Ident),
    /// What a method of this name gives.
    Accessor(Ident),
    /// All of it.
    Whole,
}

/// What converts it.
pub(super) enum By {
    /// The trait, under this policy.
    Trait(Policy),
    /// The trait, the first elements only, as many as this field says.
    Prefix(Ident, Policy),
    /// A function that cannot fail.
    With(ExprPath),
    /// A function that can.
    TryWith(ExprPath),
}

const ON_FIELDS: &str = "`field = \"…\"`, `accessor`, `len = \"…\"`, `with = \"…\"`, `try_with = \"…\"`, `whole`, `skip`, \
                         `lossy`, `deny_truncated` and `monotonic`";

/// What makes other words on the same field meaningless.
const CONTRADICTIONS: &[(&str, &[&str])] = &[
    ("skip", &["field", "accessor", "whole", "len", "with", "try_with", "lossy", "deny_truncated", "monotonic"]),
    ("whole", &["field", "accessor", "len"]),
    ("with", &["try_with", "len", "lossy", "deny_truncated", "monotonic"]),
    ("try_with", &["len", "lossy", "deny_truncated", "monotonic"]),
    ("accessor", &["len"]),
];

/// `None` only if a problem was found.
pub(super) fn read(fields: Fields, span: Span, problems: &mut Problems) -> Option<Body> {
    match fields {
        Fields::Named(fields) => {
            Some(Body::Struct(fields.named.into_iter().filter_map(|field| read_field(field, problems)).collect()))
        }
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
            let field = fields.unnamed.into_iter().next()?;
            Said::read(&field.attrs, problems).finish("the field of a newtype", "nothing", problems);
            Some(Body::Newtype(Box::new(field.ty)))
        }
        _ => {
            problems.at(span, "fields are converted by name: give it named fields, or a single one without a name");
            None
        }
    }
}

fn read_field(field: syn::Field, problems: &mut Problems) -> Option<Field> {
    let mut said = Said::read(&field.attrs, problems);
    let name = field.ident?;
    let from = read_from(&name, &mut said, problems);
    said.finish("a field", ON_FIELDS, problems);
    Some(Field { name, ty: field.ty, from })
}

fn read_from(name: &Ident, said: &mut Said, problems: &mut Problems) -> From {
    said.refuse_beside(CONTRADICTIONS, problems);
    let skip = said.word("skip", problems);
    let of = said.ident("field", problems).unwrap_or_else(|| name.clone());
    let accessor = said.word("accessor", problems);
    let whole = said.word("whole", problems);
    let by = read_by(said, problems);
    if let (Some(span), By::Trait(_) | By::Prefix(..)) = (whole, &by) {
        let message = "what is made of the whole record? Say so by `with = \"function\"` or `try_with = \"function\"`";
        problems.at(span, message);
    }
    if skip.is_some() {
        return From::Default;
    }
    let access = match (whole, accessor) {
        (Some(_), _) => Access::Whole,
        (None, Some(_)) => Access::Accessor(of),
        (None, None) => Access::Field(of),
    };
    From::Value { access, by }
}

fn read_by(said: &mut Said, problems: &mut Problems) -> By {
    let with = said.function("with", problems);
    let try_with = said.function("try_with", problems);
    let len = said.ident("len", problems);
    let policy = said.policy(problems);
    match (with, try_with, len) {
        (Some(function), _, _) => By::With(function),
        (None, Some(function), _) => By::TryWith(function),
        (None, None, Some(len)) => By::Prefix(len, policy),
        (None, None, None) => By::Trait(policy),
    }
}
