//! What bytes mean, as the tables of `bpf_layout` say it: [`shape`] of types, [`details`] of records.
//!
//! A derived struct has the table that the generated type has, so that it prints, serializes and parses like it, whatever
//! types its fields are written with.

use bpf_layout_spec::{
    layout::{Layouts, Member},
    model::{EventTag, Field, Record, RecordKind, TagValue, Type, TypeDef, TypeId, Variable, VariableKind, Variant},
    scalar::{Scalar, ScalarClass},
};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// A `bpf_layout::Shape`; `None` for a struct, union or extern type, which has a table of its own.
pub(super) fn shape(layouts: &Layouts, ty: &Type) -> Option<TokenStream> {
    match ty {
        Type::Scalar(scalar) => Some(scalar_shape(*scalar)),
        Type::Str(count) => Some(sized("Str", count.value)),
        Type::Bytes(count) => {
            let count = Literal::u64_unsuffixed(count.value);
            Some(quote! { ::bpf_layout::Shape::Array(&::bpf_layout::Shape::Unsigned(1), #count) })
        }
        Type::Array(element, count) => {
            let (element, count) = (shape(layouts, element)?, Literal::u64_unsuffixed(count.value));
            Some(quote! { ::bpf_layout::Shape::Array(&#element, #count) })
        }
        Type::Variable(variable) => Some(variable_shape(variable)),
        Type::Kernel(field) => Some(sized("Opaque", field.info().size.into())),
        Type::Kptr(..) => Some(quote! { ::bpf_layout::Shape::Ptr }),
        Type::Def(id) => names_shape(layouts, *id),
    }
}

/// The shape of an enum or flags.
pub(super) fn names_shape(layouts: &Layouts, id: TypeId) -> Option<TokenStream> {
    match layouts.model.ty(id) {
        TypeDef::Enum(def) => {
            let info = names(&def.name.spec, def.repr, &def.variants, |variant| &variant.name.spec);
            Some(quote! { ::bpf_layout::Shape::Enum(&#info) })
        }
        TypeDef::Flags(def) => {
            let info = names(&def.name.spec, def.repr, &def.bits, |variant| &variant.name.rust);
            Some(quote! { ::bpf_layout::Shape::Flags(&#info) })
        }
        TypeDef::Record(_) | TypeDef::Extern(_) => None,
    }
}

fn names(name: &str, repr: Scalar, variants: &[Variant], shown: impl Fn(&Variant) -> &str) -> TokenStream {
    let (size, signed) = (Literal::u32_unsuffixed(repr.info().size), is_signed(repr));
    let values = variants.iter().filter(|variant| variant.same_as.is_none()).map(|variant| {
        let (name, value) = (shown(variant), number(variant.value));
        quote! { (#name, #value) }
    });
    quote! { ::bpf_layout::NamesInfo { name: #name, size: #size, signed: #signed, values: &[#(#values),*] } }
}

fn scalar_shape(scalar: Scalar) -> TokenStream {
    let info = scalar.info();
    let size = u64::from(info.size);
    match info.class {
        ScalarClass::Unsigned => sized("Unsigned", size),
        ScalarClass::Signed => sized("Signed", size),
        ScalarClass::BigEndian => sized("BigEndian", size),
        ScalarClass::Bool => quote! { ::bpf_layout::Shape::Bool },
        ScalarClass::Semantic => semantic_shape(scalar),
    }
}

fn semantic_shape(scalar: Scalar) -> TokenStream {
    match scalar {
        Scalar::Ipv4 => quote! { ::bpf_layout::Shape::Ipv4 },
        Scalar::Ipv6 => quote! { ::bpf_layout::Shape::Ipv6 },
        Scalar::Mac => quote! { ::bpf_layout::Shape::Mac },
        Scalar::Ptr => quote! { ::bpf_layout::Shape::Ptr },
        _ => quote! { ::bpf_layout::Shape::Ktime },
    }
}

/// Where the bytes of a field of variable length are.
fn variable_shape(variable: &Variable) -> TokenStream {
    let kind = match variable.kind {
        VariableKind::Str => quote! { Str },
        VariableKind::Bytes => quote! { Bytes },
        VariableKind::Strs(_) => quote! { Strs },
    };
    let (limit, most) = (Literal::u64_unsuffixed(variable.limit.value), Literal::u64_unsuffixed(variable.most()));
    quote! {
        ::bpf_layout::Shape::Variable(::bpf_layout::Variable {
            kind: ::bpf_layout::VariableKind::#kind,
            limit: #limit,
            most: #most,
        })
    }
}

/// `Shape::Str(16)`
pub(super) fn sized(variant: &str, size: u64) -> TokenStream {
    let (variant, size) = (quote::format_ident!("{variant}"), Literal::u64_unsuffixed(size));
    quote! { ::bpf_layout::Shape::#variant(#size) }
}

/// What a list of fields cannot say of a record, as elements of an array.
pub(super) fn details(layouts: &Layouts, (id, record): (TypeId, &Record)) -> Vec<TokenStream> {
    let mut details = bits_details(layouts, (id, record));
    if let RecordKind::Event { tag: Some(EventTag { field, value }) } = &record.kind {
        let (place, value) = (tag_place(layouts, (id, record), *field), number(tag_number(layouts, value)));
        details.push(quote! { ::bpf_layout::Detail::EventTag { place: #place, value: #value } });
    }
    let present = record.fields.iter().filter(|field| !field.omitted);
    details.extend(present.filter_map(|field| union_tag(layouts, (id, record), field)));
    details
}

fn bits_details(layouts: &Layouts, (id, record): (TypeId, &Record)) -> Vec<TokenStream> {
    let mut details = Vec::new();
    for member in &layouts.of(id).members {
        let Member::Bits(run) = member else { continue };
        for bits in &run.bits {
            let Some(field) = bits.field.map(|field| &record.fields[field]) else { continue };
            let Some(shape) = shape(layouts, &field.ty) else { continue };
            let (offset, len) = (Literal::u64_unsuffixed(run.offset), Literal::u64_unsuffixed(run.len));
            let first = Literal::u64_unsuffixed(bits.bit_offset - 8 * run.offset);
            let width = Literal::u32_unsuffixed(bits.width);
            let (name, signed) = (plain(field), is_signed(integer(layouts, &field.ty)));
            details.push(quote! {
                ::bpf_layout::Detail::Bits {
                    name: #name,
                    place: ::bpf_layout::Place {
                        offset: #offset,
                        size: #len,
                        bits: ::core::option::Option::Some((#first, #width)),
                        signed: #signed,
                    },
                    shape: #shape,
                }
            });
        }
    }
    details
}

/// Which member of a union its tag selects.
fn union_tag(layouts: &Layouts, (id, record): (TypeId, &Record), field: &Field) -> Option<TokenStream> {
    let (tag, Type::Def(union_id)) = (field.tag?, &field.ty) else { return None };
    let TypeDef::Record(union) = layouts.model.ty(*union_id) else { return None };
    let cases = positions(layouts, *union_id).enumerate().flat_map(|(position, member)| {
        let position = Literal::usize_unsuffixed(position);
        union.fields[member].when.iter().map(move |value| {
            let value = number(tag_number(layouts, value));
            quote! { (#value, #position) }
        })
    });
    let (name, place) = (plain(field), tag_place(layouts, (id, record), tag));
    Some(quote! { ::bpf_layout::Detail::UnionTag { field: #name, place: #place, cases: &[#(#cases),*] } })
}

/// The fields of a union in the order of its table: those of whole bytes, then bitfields.
fn positions(layouts: &Layouts, union: TypeId) -> impl Iterator<Item = usize> {
    let members = || layouts.of(union).members.iter();
    let whole = members().filter_map(|member| match member {
        Member::Field { field, .. } => Some(*field),
        Member::Bits(_) | Member::Padding { .. } => None,
    });
    let bits = members().flat_map(|member| match member {
        Member::Bits(run) => run.bits.as_slice(),
        Member::Field { .. } | Member::Padding { .. } => &[],
    });
    whole.chain(bits.filter_map(|bits| bits.field))
}

/// A `Place` of an integer of whole bytes.
fn tag_place(layouts: &Layouts, (id, record): (TypeId, &Record), tag: usize) -> TokenStream {
    let integer = integer(layouts, &record.fields[tag].ty);
    let offset = layouts.of(id).members.iter().find_map(|member| match member {
        Member::Field { field, offset, .. } if *field == tag => Some(*offset),
        _ => None,
    });
    let offset = Literal::u64_unsuffixed(offset.unwrap_or(0));
    let (size, signed) = (Literal::u32_unsuffixed(integer.info().size), is_signed(integer));
    quote! {
        ::bpf_layout::Place { offset: #offset, size: #size, bits: ::core::option::Option::None, signed: #signed }
    }
}

/// The integer that a tag or bitfield is made of.
fn integer(layouts: &Layouts, ty: &Type) -> Scalar {
    match ty {
        Type::Scalar(scalar) => *scalar,
        Type::Def(id) => match layouts.model.ty(*id) {
            TypeDef::Enum(def) => def.repr,
            TypeDef::Flags(def) => def.repr,
            TypeDef::Record(_) | TypeDef::Extern(_) => Scalar::U8,
        },
        Type::Str(_) | Type::Bytes(_) | Type::Variable(_) | Type::Array(..) | Type::Kernel(_) | Type::Kptr(..) => {
            Scalar::U8
        }
    }
}

fn tag_number(layouts: &Layouts, value: &TagValue) -> i128 {
    match value {
        TagValue::Number(number) => *number,
        TagValue::Variant(id, index) => match layouts.model.ty(*id) {
            TypeDef::Enum(def) => def.variants[*index].value,
            TypeDef::Flags(def) => def.bits[*index].value,
            TypeDef::Record(_) | TypeDef::Extern(_) => 0,
        },
    }
}

fn is_signed(scalar: Scalar) -> bool {
    scalar.info().class == ScalarClass::Signed
}

/// A name in Rust without `r#`.
fn plain(field: &Field) -> &str {
    field.name.rust.trim_start_matches("r#")
}

fn number(value: i128) -> Literal {
    Literal::i128_unsuffixed(value)
}
