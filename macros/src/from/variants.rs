//! The variants of an enum, and what each stands for.

use proc_macro2::{Ident, Span};
use syn::{DataEnum, Fields, Type, Variant, ext::IdentExt as _, spanned::Spanned as _};

use super::{
    Problems,
    attribute::{Policy, Said},
    input::Body,
};

/// A variant that stands for a value.
pub(super) struct Unit {
    pub(super) name: Ident,
    pub(super) constant: Ident,
}

/// The variant for all other values.
pub(super) struct Other {
    pub(super) name: Ident,
    /// What it holds.
    pub(super) ty: Option<Box<Type>>,
}

/// A variant that stands for a member or event.
pub(super) struct Member {
    pub(super) name: Ident,
    pub(super) member: Ident,
    /// What it holds; `None` if nothing of the member is wanted.
    pub(super) ty: Option<Type>,
    pub(super) policy: Policy,
}

const ON_VARIANTS: &str = "`variant = \"…\"` and `other`";
const ON_MEMBERS: &str = "`variant = \"…\"`, `other`, `lossy`, `deny_truncated` and `monotonic`";

/// Variants without data stand for values, others for members.
pub(super) fn read(data: DataEnum, problems: &mut Problems) -> Body {
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
    Some(Other { ty: single(variant.fields, problems)?.map(Box::new), name: variant.ident })
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
