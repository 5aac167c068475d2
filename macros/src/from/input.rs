//! What the derive was put on, read and checked as far as syntax goes.

use proc_macro2::{Ident, Span};
use syn::{
    Data, DataEnum, DeriveInput, ExprPath, Fields, Generics, Type, Variant, ext::IdentExt as _, spanned::Spanned as _,
};

use super::{
    Problems,
    attribute::{Policy, Said},
};

/// A type to convert into.
pub(super) struct Input {
    pub(super) name: Ident,
    /// What to convert from.
    pub(super) sources: Vec<Type>,
    /// For all fields.
    pub(super) policy: Policy,
    pub(super) body: Body,
}

/// What it is made of.
pub(super) enum Body {
    /// Named fields, from those of a record.
    Struct(Vec<Field>),
    /// One field without a name, from the whole.
    Newtype(Box<Type>),
    /// The values of an enum of the spec, and what stands for all others.
    Values(Vec<Unit>, Option<Other>),
    /// The members of a union or the events of a buffer, and the variant for all others.
    Members(Vec<Member>, Option<Ident>),
}

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

/// A variant that stands for a value.
pub(super) struct Unit {
    pub(super) name: Ident,
    pub(super) constant: Ident,
}

/// The variant for all other values.
pub(super) struct Other {
    pub(super) name: Ident,
    /// What it holds.
    pub(super) ty: Option<Type>,
}

/// A variant that stands for a member or event.
pub(super) struct Member {
    pub(super) name: Ident,
    pub(super) member: Ident,
    /// What it holds; `None` if nothing of the member is wanted.
    pub(super) ty: Option<Type>,
    pub(super) policy: Policy,
}

const ON_TYPES: &str = "the types to convert from, `lossy`, `deny_truncated` and `monotonic`";
const ON_FIELDS: &str = "`field = \"…\"`, `accessor`, `len = \"…\"`, `with = \"…\"`, `try_with = \"…\"`, `whole`, `skip`, \
                         `lossy`, `deny_truncated` and `monotonic`";
const ON_VARIANTS: &str = "`variant = \"…\"` and `other`";
const ON_MEMBERS: &str = "`variant = \"…\"`, `other`, `lossy`, `deny_truncated` and `monotonic`";

impl Input {
    /// `None` only if a problem was found.
    pub(super) fn read(input: DeriveInput, problems: &mut Problems) -> Option<Self> {
        refuse_generics(&input.generics, problems);
        let mut said = Said::read(&input.attrs, problems);
        let policy = said.policy(problems);
        let sources = said.types();
        said.finish("a type", ON_TYPES, problems);
        if sources.is_empty() {
            let message = "what is it made from? Name the generated type: `#[from_layout(ExecEvent)]`";
            problems.at(input.ident.span(), message);
        }
        let body = match input.data {
            Data::Struct(data) => read_struct(data.fields, input.ident.span(), problems),
            Data::Enum(data) => Some(read_enum(data, problems)),
            Data::Union(data) => {
                let message = "a union cannot say which member is in use: make it an enum with a variant for each";
                problems.at(data.union_token.span, message);
                None
            }
        };
        Some(Input { name: input.ident, sources, policy, body: body? })
    }
}

fn refuse_generics(generics: &Generics, problems: &mut Problems) {
    if let Some(parameter) = generics.params.first() {
        let message = "what is made from a record owns what it holds, and has no parameters: write the types out \
                       (`String` for `&str`)";
        problems.at(parameter.span(), message);
    }
}

fn read_struct(fields: Fields, span: Span, problems: &mut Problems) -> Option<Body> {
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
    let skip = said.word("skip", problems);
    let renamed = said.ident("field", problems);
    let accessor = said.word("accessor", problems);
    let whole = said.word("whole", problems);
    let len = said.ident("len", problems);
    let with = said.function("with", problems);
    let try_with = said.function("try_with", problems);
    let policy = said.policy(problems);

    let function =
        with.as_ref().map(|path| ("with", path.span())).or(try_with.as_ref().map(|path| ("try_with", path.span())));
    let field = renamed.as_ref().map(|name| ("field", name.span()));
    let accessor_said = accessor.map(|span| ("accessor", span));
    let whole_said = whole.map(|span| ("whole", span));
    let len_said = len.as_ref().map(|len| ("len", len.span()));
    for (one, other) in [
        (skip.map(|span| ("skip", span)), [field, accessor_said, whole_said, len_said, function, policy.first()]),
        (whole_said, [field, accessor_said, len_said, None, None, None]),
        (
            function,
            [
                len_said,
                policy.first(),
                with.as_ref().and(try_with.as_ref()).map(|path| ("try_with", path.span())),
                None,
                None,
                None,
            ],
        ),
        (accessor_said, [len_said, None, None, None, None, None]),
    ] {
        exclude(one, &other, problems);
    }
    if let (Some((_, span)), None) = (whole_said, function) {
        problems
            .at(span, "what is made of the whole record? Say so by `with = \"function\"` or `try_with = \"function\"`");
    }

    if skip.is_some() {
        return From::Default;
    }
    let of = renamed.unwrap_or_else(|| name.clone());
    let access = match (whole, accessor) {
        (Some(_), _) => Access::Whole,
        (None, Some(_)) => Access::Accessor(of),
        (None, None) => Access::Field(of),
    };
    let by = match (with, try_with, len) {
        (Some(function), _, _) => By::With(function),
        (None, Some(function), _) => By::TryWith(function),
        (None, None, Some(len)) => By::Prefix(len, policy),
        (None, None, None) => By::Trait(policy),
    };
    From::Value { access, by }
}

type Word = (&'static str, Span);

/// Two that contradict each other.
fn exclude(one: Option<Word>, others: &[Option<Word>], problems: &mut Problems) {
    let Some((one, _)) = one else { return };
    for (other, span) in others.iter().flatten() {
        problems.at(*span, format!("`{other}` says nothing beside `{one}`: leave one of them out"));
    }
}

fn read_enum(data: DataEnum, problems: &mut Problems) -> Body {
    let mut others = Vec::new();
    let mut variants = Vec::new();
    for variant in data.variants {
        let mut said = Said::read(&variant.attrs, problems);
        match said.word("other", problems) {
            Some(span) => others.push((span, variant, said)),
            None => variants.push((variant, said)),
        }
    }
    let has_data = variants.iter().any(|(variant, _)| !matches!(variant.fields, Fields::Unit));
    if has_data {
        let members = read_members(variants, problems);
        let other = read_others(others, problems);
        Body::Members(members, read_unit_other(other, problems))
    } else {
        Body::Values(read_values(variants, problems), read_others(others, problems))
    }
}

/// The only variant that stands for all others.
fn read_others(others: Vec<(Span, Variant, Said)>, problems: &mut Problems) -> Option<Other> {
    let mut first = None;
    for (index, (span, variant, said)) in others.into_iter().enumerate() {
        let other = read_other(variant, said, problems);
        if index == 0 {
            first = other;
        } else {
            problems.at(span, "there is one `other` already");
        }
    }
    first
}

fn read_other(variant: Variant, mut said: Said, problems: &mut Problems) -> Option<Other> {
    if let Some(text) = said.text("variant", problems) {
        problems.at(text.span(), "`other` stands for what has no variant, so it has no name there");
    }
    said.finish("the variant `other`", "nothing else", problems);
    Some(Other { ty: single(variant.fields, problems)?, name: variant.ident })
}

/// What a variant holds: nothing or one value. `None` if it is neither.
fn single(fields: Fields, problems: &mut Problems) -> Option<Option<Type>> {
    match fields {
        Fields::Unit => Some(None),
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
            let field = fields.unnamed.into_iter().next()?;
            Said::read(&field.attrs, problems).finish(
                "what a variant holds",
                "nothing (put it on the variant)",
                problems,
            );
            Some(Some(field.ty))
        }
        fields => {
            let message =
                "a variant holds one value, or nothing: `V4(Ipv4Addr)`; give what has more a struct of its own";
            problems.at(fields.span(), message);
            None
        }
    }
}

fn read_unit_other(other: Option<Other>, problems: &mut Problems) -> Option<Ident> {
    let Other { name, ty } = other?;
    if let Some(ty) = ty {
        let message = "`other` stands for members that have nothing in common, so it can hold nothing";
        problems.at(ty.span(), message);
    }
    Some(name)
}

fn read_values(variants: Vec<(Variant, Said)>, problems: &mut Problems) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    for (variant, mut said) in variants {
        let renamed = said.ident("variant", problems);
        said.finish("a variant", ON_VARIANTS, problems);
        let constant = || Ident::new(&upper_snake(&variant.ident.unraw().to_string()), variant.ident.span());
        let constant = renamed.unwrap_or_else(constant);
        refuse_second(&constant, units.iter().map(|unit| (&unit.constant, &unit.name)), problems);
        units.push(Unit { name: variant.ident, constant });
    }
    units
}

fn read_members(variants: Vec<(Variant, Said)>, problems: &mut Problems) -> Vec<Member> {
    let mut members: Vec<Member> = Vec::new();
    for (variant, mut said) in variants {
        let renamed = said.ident("variant", problems);
        let policy = said.policy(problems);
        said.finish("a variant", ON_MEMBERS, problems);
        let member = renamed.unwrap_or_else(|| variant.ident.clone());
        refuse_second(&member, members.iter().map(|member| (&member.member, &member.name)), problems);
        if let Some(ty) = single(variant.fields, problems) {
            members.push(Member { name: variant.ident, member, ty, policy });
        }
    }
    members
}

/// A second variant for the same value would never be made.
fn refuse_second<'a>(name: &Ident, mut taken: impl Iterator<Item = (&'a Ident, &'a Ident)>, problems: &mut Problems) {
    if let Some((_, first)) = taken.find(|(taken, _)| *taken == name) {
        problems.at(name.span(), format!("the variant `{first}` stands for `{name}` already"));
    }
}

/// `OpenAt` as the constant that the value `open_at` has: `OPEN_AT`.
fn upper_snake(name: &str) -> String {
    let mut upper = String::with_capacity(name.len() + 4);
    let mut previous = '_';
    for c in name.chars() {
        if c.is_ascii_uppercase() && (previous.is_ascii_lowercase() || previous.is_ascii_digit()) {
            upper.push('_');
        }
        upper.push(c.to_ascii_uppercase());
        previous = c;
    }
    upper
}
