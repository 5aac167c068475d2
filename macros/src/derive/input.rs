//! The struct as it is written: its attributes, its representation, its fields.

use bpf_layout_spec::suggest;
use proc_macro2::Span;
use quote::ToTokens as _;
use syn::{Attribute, Data, DeriveInput, Field, Fields, Ident, LitStr, Member, Type, meta::ParseNestedMeta};

use super::errors::Errors;

/// A struct that a layout can be derived for.
pub(super) struct Input<'a> {
    pub(super) ident: &'a Ident,
    pub(super) options: Options,
    /// Whether it is `packed`.
    pub(super) packed: bool,
    pub(super) body: Body<'a>,
}

/// `#[bpf_layout(...)]` on the struct.
#[derive(Default)]
pub(super) struct Options {
    /// Name in the spec.
    pub(super) name: Option<LitStr>,
    /// Path of the spec.
    pub(super) spec: Option<LitStr>,
    pub(super) profile: Option<LitStr>,
    /// `derive(Debug, ...)`: traits to be had as generated types have them.
    pub(super) traits: Vec<Ident>,
}

pub(super) enum Body<'a> {
    /// `repr(C)`
    Struct(Vec<UserField<'a>>),
    /// `repr(transparent)`
    Newtype(Wrapped<'a>),
}

/// The only field of a newtype.
pub(super) struct Wrapped<'a> {
    pub(super) member: Member,
    pub(super) ty: &'a Type,
}

/// A field of the struct.
pub(super) struct UserField<'a> {
    pub(super) ident: &'a Ident,
    pub(super) ty: &'a Type,
    /// `#[bpf_layout(name = "...")]`
    pub(super) name: Option<LitStr>,
    /// `#[bpf_layout(padding)]` or `#[bpf_layout(bits)]`
    pub(super) role: Option<Role>,
}

/// What a field is that the spec has no name for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Padding,
    Bits,
}

/// The traits of `derive(...)`.
const TRAITS: &[&str] = &["Debug", "Default", "PartialEq", "Eq", "Hash", "Serialize", "Pod"];

/// Of a field that has more than one of them.
const ONE_THING: &str = "a field is one thing: a `name` of the spec, `padding`, or `bits`";

impl<'a> Input<'a> {
    /// Reads it; `None` if nothing can be checked.
    pub(super) fn read(input: &'a DeriveInput, errors: &mut Errors) -> Option<Self> {
        let options = Options::read(&input.attrs, errors);
        let repr = Repr::read(&input.attrs, errors);
        let fields = struct_fields(input, errors)?;
        if !input.generics.params.is_empty() {
            let message = format!("`{}` has generic parameters, and so no one layout: take them away", input.ident);
            errors.over(&input.generics.params, message);
            return None;
        }
        let body =
            if repr.transparent { newtype(input, fields, errors) } else { structure(input, fields, &repr, errors) };
        Some(Input { ident: &input.ident, options, packed: repr.packed, body: body? })
    }
}

fn struct_fields<'a>(input: &'a DeriveInput, errors: &mut Errors) -> Option<&'a Fields> {
    let ident = &input.ident;
    let message = match &input.data {
        Data::Struct(data) => return Some(&data.fields),
        Data::Enum(_) => format!(
            "`{ident}` is an enum, which must not hold a value that it does not know: use the generated type, or write \
             `#[repr(transparent)] struct {ident}(u8);` with constants"
        ),
        Data::Union(_) => {
            format!("`{ident}` is a union, whose bytes need not be initialised: use the generated type, or `[u8; N]`")
        }
    };
    errors.at(ident.span(), message);
    None
}

fn newtype<'a>(input: &DeriveInput, fields: &'a Fields, errors: &mut Errors) -> Option<Body<'a>> {
    let mut all = fields.iter();
    let (Some(field), None) = (all.next(), all.next()) else {
        errors.at(input.ident.span(), format!("the newtype `{}` must have one field, and no other", input.ident));
        return None;
    };
    let member = field.ident.clone().map_or(Member::from(0), Member::from);
    Some(Body::Newtype(Wrapped { member, ty: &field.ty }))
}

fn structure<'a>(input: &DeriveInput, fields: &'a Fields, repr: &Repr, errors: &mut Errors) -> Option<Body<'a>> {
    let ident = &input.ident;
    let Fields::Named(fields) = fields else {
        let message = format!(
            "`{ident}` has no named fields to compare with the spec: name them, or write `#[repr(transparent)]` if it is a \
             newtype of one field"
        );
        errors.at(ident.span(), message);
        return None;
    };
    let fields = fields.named.iter().filter_map(|field| UserField::read(field, errors)).collect();
    if !repr.c {
        errors.at(ident.span(), format!("`{ident}` needs `#[repr(C)]`: without it rustc puts fields where it likes"));
        return None;
    }
    Some(Body::Struct(fields))
}

/// What `#[repr(...)]` says, as far as it matters here. Alignment is left to rustc, which knows the result.
#[derive(Default)]
struct Repr {
    c: bool,
    transparent: bool,
    packed: bool,
}

impl Repr {
    fn read(attributes: &[Attribute], errors: &mut Errors) -> Self {
        let mut repr = Repr::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("repr")) {
            let read = attribute.parse_nested_meta(|meta| {
                repr.c |= meta.path.is_ident("C");
                repr.transparent |= meta.path.is_ident("transparent");
                repr.packed |= meta.path.is_ident("packed");
                skip_argument(&meta)
            });
            read.unwrap_or_else(|error| errors.push(error));
        }
        repr
    }
}

/// `(8)` of `align(8)`.
fn skip_argument(meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    if meta.input.peek(syn::token::Paren) {
        let argument;
        syn::parenthesized!(argument in meta.input);
        argument.parse::<proc_macro2::TokenStream>()?;
    }
    Ok(())
}

impl Options {
    fn read(attributes: &[Attribute], errors: &mut Errors) -> Self {
        let mut options = Options::default();
        each_option(attributes, errors, |meta, errors| {
            if meta.path.is_ident("derive") {
                return options.read_traits(meta, errors);
            }
            let slot = match () {
                () if meta.path.is_ident("name") => &mut options.name,
                () if meta.path.is_ident("spec") => &mut options.spec,
                () if meta.path.is_ident("profile") => &mut options.profile,
                () => return Err(unknown_option(meta, &["name", "spec", "profile", "derive"])),
            };
            set_once(slot, meta)
        });
        options
    }

    fn read_traits(&mut self, meta: &ParseNestedMeta<'_>, errors: &mut Errors) -> syn::Result<()> {
        meta.parse_nested_meta(|inner| {
            match inner.path.get_ident() {
                Some(name) if TRAITS.iter().any(|known| name == known) => self.traits.push(name.clone()),
                _ => {
                    let message = format!("expected one of {}", list(TRAITS));
                    errors.over(&inner.path, message);
                }
            }
            Ok(())
        })
    }
}

impl<'a> UserField<'a> {
    fn read(field: &'a Field, errors: &mut Errors) -> Option<Self> {
        let mut read = UserField { ident: field.ident.as_ref()?, ty: &field.ty, name: None, role: None };
        each_option(&field.attrs, errors, |meta, _| match () {
            () if meta.path.is_ident("name") => set_once(&mut read.name, meta),
            () if meta.path.is_ident("padding") => read.set_role(Role::Padding, meta),
            () if meta.path.is_ident("bits") => read.set_role(Role::Bits, meta),
            () => Err(unknown_option(meta, &["name", "padding", "bits"])),
        });
        if let (Some(name), Some(_)) = (&read.name, read.role) {
            errors.at(name.span(), ONE_THING);
        }
        Some(read)
    }

    fn set_role(&mut self, role: Role, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        if self.role.is_some_and(|before| before != role) {
            return Err(meta.error(ONE_THING));
        }
        self.role = Some(role);
        Ok(())
    }

    /// The name that the spec is searched for.
    pub(super) fn spec_name(&self) -> String {
        self.name.as_ref().map_or_else(|| plain(self.ident), LitStr::value)
    }

    /// Where that name is written.
    pub(super) fn name_span(&self) -> Span {
        self.name.as_ref().map_or(self.ident.span(), LitStr::span)
    }
}

/// Calls `read` for each option of `#[bpf_layout(...)]`. One that is wrong is recorded, and the next attribute is read.
fn each_option(
    attributes: &[Attribute],
    errors: &mut Errors,
    mut read: impl FnMut(&ParseNestedMeta<'_>, &mut Errors) -> syn::Result<()>,
) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("bpf_layout")) {
        if let Err(error) = attribute.parse_nested_meta(|meta| read(&meta, errors)) {
            errors.push(error);
        }
    }
}

fn set_once(slot: &mut Option<LitStr>, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    if slot.is_some() {
        return Err(meta.error("is given twice"));
    }
    *slot = Some(meta.value()?.parse()?);
    Ok(())
}

fn unknown_option(meta: &ParseNestedMeta<'_>, known: &[&str]) -> syn::Error {
    let name = meta.path.to_token_stream().to_string();
    let message = match suggest::nearest(&name, known.iter().copied()) {
        Some(near) => format!("there is no option `{name}`: did you mean `{near}`?"),
        None => format!("there is no option `{name}`: expected one of {}", list(known)),
    };
    meta.error(message)
}

/// `a`, `b`, `c`
fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// An identifier without `r#`.
pub(super) fn plain(ident: &Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map_or(text.clone(), String::from)
}
