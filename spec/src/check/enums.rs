//! Enums, flags and extern types.

use std::collections::HashMap;

use super::{
    c_names,
    constants::{Constants, Scope},
    duplicate, versions,
};
use crate::{
    diag::{Code, Diagnostic, Diagnostics},
    model::{Enum, Extern, Flags, Name, Variant},
    names,
    scalar::{Scalar, ScalarClass},
    source::is_deceptive,
    spec::{At, EnumDef, ExternDef, Number, VariantDef},
    suggest,
};

const ENUM_REPRS: &[Scalar] =
    &[Scalar::U8, Scalar::U16, Scalar::U32, Scalar::U64, Scalar::I8, Scalar::I16, Scalar::I32, Scalar::I64];

/// Largest alignment: that of a page, beyond which no memory of the kernel is aligned.
pub(super) const MAX_ALIGN: i128 = 4096;

/// `[enum.NAME]`
pub(super) fn check_enum(def: &EnumDef, constants: &mut Constants<'_>, cx: &mut Diagnostics) -> Option<Enum> {
    let repr = check_repr(def, ENUM_REPRS, cx);
    let name = names::definition(&def.name);
    let variants = check_variants(def, "enum", "variants", &name, repr, constants, cx);
    let variants = variants?;
    check_distinct(&variants, cx);
    let reserved = versions::check_reserved_values(def, "enum", repr?, &variants, cx);
    let (name, typedef) = c_names::type_name(name, "enum", def.c.as_ref(), cx)?;
    let checked = Enum { name, typedef, doc: def.doc.clone(), repr: repr?, variants, reserved };
    check_typedef(&checked, def, cx);
    Some(checked)
}

/// A typedef of an enum is an `int` in C.
fn check_typedef(checked: &Enum, def: &EnumDef, cx: &mut Diagnostics) {
    if !checked.typedef || checked.is_natural() {
        return;
    }
    let Some(c) = &def.c else { return };
    let (own, repr) = (&checked.name.c, checked.repr.info().name);
    let message = format!("`{own}` cannot be a typedef of an enum that is stored as `{repr}`");
    let label = "in C it would have the size of an `int`";
    cx.push(
        Diagnostic::new(Code::InvalidValue, message, c.span, label)
            .help(format!("write `c = \"enum {own}\"`: members are declared with the integer")),
    );
}

/// `[flags.NAME]`
pub(super) fn check_flags(def: &EnumDef, constants: &mut Constants<'_>, cx: &mut Diagnostics) -> Option<Flags> {
    let unsigned: Vec<Scalar> =
        ENUM_REPRS.iter().copied().filter(|repr| repr.info().class == ScalarClass::Unsigned).collect();
    let repr = check_repr(def, &unsigned, cx);
    let name = names::definition(&def.name);
    let bits = check_variants(def, "flags", "bits", &name, repr, constants, cx)?;
    let reserved = versions::check_reserved_values(def, "flags", repr?, &bits, cx);
    Some(Flags { name, doc: def.doc.clone(), repr: repr?, bits, reserved })
}

fn check_repr(def: &EnumDef, allowed: &[Scalar], cx: &mut Diagnostics) -> Option<Scalar> {
    let repr = def.repr.as_ref()?;
    let found = Scalar::from_name(&repr.value).filter(|scalar| allowed.contains(scalar));
    if found.is_none() {
        let names: Vec<&str> = allowed.iter().map(|scalar| scalar.info().name).collect();
        let message = format!("`{}` cannot be the `repr` of `{}`", repr.value.escape_debug(), def.name.value);
        cx.push(
            Diagnostic::new(Code::InvalidValue, message, repr.span, "not an integer type that fits")
                .help(format!("write one of {}", crate::read::list(&names))),
        );
    }
    found
}

fn check_variants(
    def: &EnumDef,
    what: &str,
    list: &str,
    owner: &Name,
    repr: Option<Scalar>,
    constants: &mut Constants<'_>,
    cx: &mut Diagnostics,
) -> Option<Vec<Variant>> {
    let defs = def.variants.as_ref()?;
    if defs.is_empty() {
        let have = if what == "flags" { "have" } else { "has" };
        let message = format!("the {what} `{}` {have} no {list}", def.name.value);
        cx.push(Diagnostic::new(Code::EmptyType, message, def.name.span, "nothing to choose from"));
        return None;
    }
    let prefix = check_prefix(def.prefix.as_ref(), owner, cx);
    let mut seen: HashMap<&str, &At<String>> = HashMap::new();
    let mut variants = Vec::with_capacity(defs.len());
    let mut complete = true;
    let own: Vec<Option<Variant>> =
        defs.iter().map(|variant| check_variant(variant, &prefix, repr, constants, cx)).collect();
    let firsts = Firsts::of(defs, &own);
    for (variant, own_value) in defs.iter().zip(&own) {
        let checked = match &variant.same_as {
            None => own_value.clone(),
            Some(same_as) => check_second(variant, same_as, &firsts, &prefix, cx),
        };
        if let Some(name) = &variant.name
            && let Some(first) = seen.insert(&name.value, name)
        {
            cx.push(duplicate("variant", name, first.span));
        }
        complete &= checked.is_some();
        variants.extend(checked);
    }
    complete.then_some(variants)
}

/// What stands before each constant in C; an empty one is fine.
fn check_prefix(prefix: Option<&At<String>>, owner: &Name, cx: &mut Diagnostics) -> String {
    let Some(prefix) = prefix else { return format!("{}_", owner.upper) };
    if !prefix.value.is_empty() && names::check_identifier(&prefix.value).is_err() {
        let message = format!("the prefix `{}` cannot start an identifier", prefix.value.escape_debug());
        cx.push(
            Diagnostic::new(Code::InvalidName, message, prefix.span, "stands before each constant in C")
                .help(format!("write `prefix = \"{}_\"`", owner.upper)),
        );
    }
    prefix.value.clone()
}

fn check_variant(
    def: &VariantDef,
    prefix: &str,
    repr: Option<Scalar>,
    constants: &mut Constants<'_>,
    cx: &mut Diagnostics,
) -> Option<Variant> {
    let name = def.name.as_ref()?;
    let name_fits = super::check_name(name, cx);
    if def.same_as.is_some() {
        return None;
    }
    let number = def.value.as_ref()?;
    let value = match number {
        Number::Integer(integer) => integer.value,
        Number::Expr(_) => i128::from(constants.count(number, Scope::All, cx)?.value),
    };
    if let Some((repr, (least, most))) = repr.and_then(|repr| Some((repr, repr.integer_range()?)))
        && !(least..=most).contains(&value)
    {
        let repr = repr.info().name;
        let message = format!("`{}` is {value}, which does not fit `{repr}`", name.value);
        cx.push(
            Diagnostic::new(Code::ValueOutOfRange, message, number.span(), format!("`{repr}` holds {least} to {most}"))
                .help("choose a wider `repr`, or another value"),
        );
        return None;
    }
    let since = versions::since(def.since.as_ref());
    let c_name = c_names::identifier(names::variant(name, prefix), def.c.as_ref(), cx)?;
    name_fits.then(|| Variant { name: c_name, doc: def.doc.clone(), value, same_as: None, since })
}

/// The variants of an enum, of which second names may be.
struct Firsts<'a> {
    defs: &'a [VariantDef],
    /// Each with the value that it has of its own.
    own: &'a [Option<Variant>],
    /// The first of each name.
    by_name: HashMap<&'a str, usize>,
}

impl<'a> Firsts<'a> {
    fn of(defs: &'a [VariantDef], own: &'a [Option<Variant>]) -> Self {
        let mut by_name = HashMap::new();
        for (index, def) in defs.iter().enumerate() {
            if let Some(name) = &def.name {
                by_name.entry(name.value.as_str()).or_insert(index);
            }
        }
        Firsts { defs, own, by_name }
    }
}

/// A second name of a value: that of a variant which has one of its own.
fn check_second(
    def: &VariantDef,
    same_as: &At<String>,
    Firsts { defs, own, by_name }: &Firsts<'_>,
    prefix: &str,
    cx: &mut Diagnostics,
) -> Option<Variant> {
    let name = def.name.as_ref()?;
    if let Some(value) = &def.value {
        let message = format!("`{}` has a value, and that of `{}`", name.value, same_as.value.escape_debug());
        cx.push(
            Diagnostic::new(Code::InvalidValue, message, value.span(), "a value of its own")
                .also(same_as.span, "the value of another variant")
                .help("leave out one of `value` and `same_as`"),
        );
        return None;
    }
    let Some(&first) = by_name.get(same_as.value.as_str()) else {
        let message = format!("there is no variant `{}`", same_as.value.escape_debug());
        let unknown = Diagnostic::new(Code::UnknownName, message, same_as.span, "not a variant of this enum");
        let names = defs.iter().filter_map(|def| def.name.as_ref()).map(|name| name.value.as_str());
        let near = suggest::nearest(&same_as.value, names.filter(|other| *other != name.value));
        cx.push(match near {
            Some(near) => unknown.help(format!("did you mean `{near}`?")),
            None => unknown.help("write the name of the variant that has the value"),
        });
        return None;
    };
    if let Some(further) = &defs[first].same_as {
        let message = format!("`{}` has no value of its own", same_as.value);
        let wrong = Diagnostic::new(Code::InvalidValue, message, same_as.span, "is itself a second name");
        cx.push(wrong.also(further.span, "of this").help("write the name of the variant that has the value"));
        return None;
    }
    let value = own[first].as_ref()?.value;
    let since = versions::since(def.since.as_ref());
    let c_name = c_names::identifier(names::variant(name, prefix), def.c.as_ref(), cx)?;
    let fits = names::check_identifier(&name.value).is_ok();
    fits.then(|| Variant { name: c_name, doc: def.doc.clone(), value, same_as: Some(first), since })
}

/// Variants must have distinct values: an event that arrives has one of them.
fn check_distinct(variants: &[Variant], cx: &mut Diagnostics) {
    let mut seen: HashMap<i128, &Variant> = HashMap::new();
    for variant in variants.iter().filter(|variant| variant.same_as.is_none()) {
        let Some(first) = seen.insert(variant.value, variant) else { continue };
        let message = format!("`{}` and `{}` are both {}", first.name.spec, variant.name.spec, variant.value);
        cx.push(
            Diagnostic::new(Code::DuplicateValue, message, variant.name.span, "has the same value")
                .also(first.name.span, "as this one")
                .help(format!(
                    "if it is a second name, write `same_as = \"{}\"` in place of its value",
                    first.name.spec
                )),
        );
    }
}

/// `[extern.NAME]`
pub(super) fn check_extern(def: &ExternDef, constants: &mut Constants<'_>, cx: &mut Diagnostics) -> Option<Extern> {
    let size = def.size.as_ref().and_then(|size| {
        let count = constants.count(size, Scope::All, cx)?;
        if count.value == 0 {
            let message = format!("the extern type `{}` has no bytes", def.name.value);
            cx.push(Diagnostic::new(Code::ZeroLength, message, size.span(), "must be at least 1"));
            return None;
        }
        Some(count.value)
    });
    let align = def.align.as_ref().and_then(|align| check_align(align, cx));
    let c_type = def.c.as_ref().and_then(|c| check_c_type(c, cx));
    let include = def.include.as_ref().map(|include| check_include(include, cx));
    let rust_type = def.rust.as_ref().map(|path| check_rust_path(path, cx));
    let (size, align) = (size?, align?);
    if !size.is_multiple_of(align.into()) {
        let message = format!("the extern type `{}` has {size} bytes, no multiple of its alignment", def.name.value);
        let span = def.size.as_ref().map_or(def.name.span, Number::span);
        cx.push(
            Diagnostic::new(Code::Placement, message, span, format!("expected a multiple of {align}"))
                .note("C: `sizeof` of every type is a multiple of its `_Alignof`"),
        );
        return None;
    }
    Some(Extern {
        name: names::definition(&def.name),
        doc: def.doc.clone(),
        size,
        align,
        c_type: c_type?,
        include: include.flatten(),
        rust_type: rust_type.flatten(),
    })
}

/// An alignment: a power of two up to a page.
pub(super) fn check_align(align: &At<i128>, cx: &mut Diagnostics) -> Option<u32> {
    let number = align.value;
    let value = u32::try_from(number).ok().filter(|value| value.is_power_of_two());
    match value {
        Some(value) if number <= MAX_ALIGN => Some(value),
        _ => {
            let message = format!("an alignment of {number} is not possible");
            let label = format!("expected a power of two, at most {MAX_ALIGN}");
            let wrong = Diagnostic::new(Code::NotPowerOfTwo, message, align.span, label);
            let nearest = u32::try_from(number.clamp(1, MAX_ALIGN)).unwrap_or(1).next_power_of_two();
            cx.push(wrong.help(format!("write `align = {nearest}`")));
            None
        }
    }
}

/// How C names a type: words only, because it is written into declarations as it is.
fn check_c_type(c: &At<String>, cx: &mut Diagnostics) -> Option<String> {
    let words: Vec<&str> = c.value.split_whitespace().collect();
    let is_word = |word: &&str| {
        !word.is_empty()
            && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && !word.as_bytes()[0].is_ascii_digit()
    };
    if words.is_empty() || !words.iter().all(is_word) {
        let message = format!("`{}` is not how C names a type", c.value.escape_debug());
        cx.push(
            Diagnostic::new(Code::InvalidValue, message, c.span, "expected words, such as `struct sockaddr_in`")
                .help("an array is declared where it is used: `type = \"NAME[4]\"`"),
        );
        return None;
    }
    Some(words.join(" "))
}

/// `<linux/in.h>`, `"my.h"`, or `my.h`, which stands for the latter.
fn check_include(include: &At<String>, cx: &mut Diagnostics) -> Option<String> {
    let text = include.value.trim();
    let inner = text
        .strip_prefix('<')
        .and_then(|rest| rest.strip_suffix('>'))
        .or_else(|| text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')));
    let path = inner.unwrap_or(text);
    // In the name of a header, C11 (6.4.7) leaves quotes, backslashes and the beginnings of comments undefined.
    let is_plain = |c: char| !is_deceptive(c) && !matches!(c, '<' | '>' | '"' | '\'' | '\\' | '*' | '?');
    let fits = !path.is_empty() && path.chars().all(is_plain) && !path.contains("//");
    if !fits {
        let message = format!("`{}` cannot be included", include.value.escape_debug());
        cx.push(
            Diagnostic::new(Code::InvalidValue, message, include.span, "expected the name of a header")
                .help("write `include = \"<linux/in.h>\"` or `include = \"my.h\"`"),
        );
        return None;
    }
    Some(if inner.is_some() { text.to_owned() } else { format!("\"{text}\"") })
}

/// `my_crate::Type`, `::my_crate::Type`, `crate::abi::Type`.
fn check_rust_path(path: &At<String>, cx: &mut Diagnostics) -> Option<String> {
    let text = path.value.trim();
    let mut segments = text.strip_prefix("::").unwrap_or(text).split("::");
    let is_segment = |segment: &str| {
        let word = segment.strip_prefix("r#").unwrap_or(segment);
        !word.is_empty()
            && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && !word.as_bytes()[0].is_ascii_digit()
    };
    if !segments.all(is_segment) {
        let message = format!("`{}` is not the path of a Rust type", path.value.escape_debug());
        cx.push(
            Diagnostic::new(Code::InvalidValue, message, path.span, "expected a path such as `my_crate::SockaddrIn`")
                .help("leave `rust` out for opaque bytes"),
        );
        return None;
    }
    Some(text.to_owned())
}
