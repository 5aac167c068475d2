//! What the derive was put on, read and checked as far as syntax goes.

use proc_macro2::Ident;
use syn::{Data, DeriveInput, Generics, Type, spanned::Spanned as _};

use super::{
    Problems,
    attribute::{Policy, Said},
    fields::{self, Field},
    variants::{self, Member, Other, Unit},
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

const ON_TYPES: &str = "the types to convert from, `lossy`, `deny_truncated` and `monotonic`";
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
            Data::Struct(data) => fields::read(data.fields, input.ident.span(), problems),
            Data::Enum(data) => Some(variants::read(data, problems)),
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
