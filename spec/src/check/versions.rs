//! What ties the layouts of one version of a spec to those of others: `version`, `since`, and what is reserved.

use std::collections::HashMap;

use crate::{
    diag::{Code, Diagnostic, Diagnostics},
    model::{Reserved, ReservedItem, Variant, Version},
    scalar::Scalar,
    source::Span,
    spec::{At, Body, Definition, EnumDef, FieldKind, RecordDef, Selector, Spec},
};

/// The version of the spec. `None` if what it says is no version, which has been reported.
///
/// Also checks each `since`, and that no field has a name that its record reserves.
pub(super) fn check_versions(spec: &Spec, cx: &mut Diagnostics) -> Option<Version> {
    let version = check_version(spec, cx);
    for definition in &spec.types {
        match definition {
            Definition::Record(def) => check_record(def, version, cx),
            Definition::Enum(def) | Definition::Flags(def) => {
                for variant in def.variants.iter().flatten() {
                    check_since(variant.since.as_ref(), version, cx);
                }
            }
            Definition::Alias(_) | Definition::Extern(_) => {}
        }
    }
    version
}

/// `version` stands once: it is that of all layouts, those of included files too.
fn check_version(spec: &Spec, cx: &mut Diagnostics) -> Option<Version> {
    if let [first, second, ..] = spec.versions.as_slice() {
        cx.push(
            Diagnostic::new(Code::DuplicateName, "`version` is given twice", second.span, "given again")
                .also(first.span, "first given here")
                .help("keep the one of the spec that is built: a version is one of all its layouts"),
        );
    }
    let Some(written) = spec.versions.last() else { return Some(Version { number: 1, span: None }) };
    let number = positive(written);
    if number.is_none() {
        let message = format!("`version` cannot be {}", written.value);
        cx.push(
            Diagnostic::new(Code::Version, message, written.span, format!("expected 1 to {}", u32::MAX))
                .help("count up from `version = 1`, by one for every release that changes a layout"),
        );
    }
    number.map(|number| Version { number, span: Some(written.span) })
}

/// A number that can be a version.
fn positive(written: &At<i128>) -> Option<u32> {
    u32::try_from(written.value).ok().filter(|&number| number > 0)
}

/// What a `since` says; `None` also if it is no version.
pub(super) fn since(written: Option<&At<i128>>) -> Option<Version> {
    let written = written?;
    positive(written).map(|number| Version { number, span: Some(written.span) })
}

/// Nothing came in a version that is not there yet.
fn check_since(written: Option<&At<i128>>, version: Option<Version>, cx: &mut Diagnostics) {
    let Some(written) = written else { return };
    let Some(since) = since(Some(written)) else {
        let message = format!("`since` cannot be {}", written.value);
        let wrong = Diagnostic::new(Code::Version, message, written.span, "expected a version, which is at least 1");
        return cx.push(wrong.help("leave it out for what was there from the start"));
    };
    let Some(version) = version.filter(|version| since.number > version.number) else { return };
    let message = format!("`since = {}` is later than the spec's own version, {}", since.number, version.number);
    let later = Diagnostic::new(Code::Version, message, written.span, "this version is not there yet");
    let help = format!("raise it: `version = {}`", since.number);
    cx.push(match version.span {
        Some(span) => later.also(span, "the version of all layouts").help(help),
        None => later.note("a spec that does not say has version 1").help(help + ", below `spec = 1`"),
    });
}

fn check_record(def: &RecordDef, version: Option<Version>, cx: &mut Diagnostics) {
    let reserved = check_reserved_names(def, cx);
    let mut waiting = vec![&def.body];
    while let Some(Body { fields, .. }) = waiting.pop() {
        for field in fields.iter().flatten() {
            check_since(field.more().since.as_ref(), version, cx);
            if let FieldKind::Unnamed { body, .. } = &field.kind {
                waiting.push(body);
            }
            let Some(name) = field.name() else { continue };
            if let Some(&first) = reserved.get(name.value.as_str()) {
                cx.push(used_again(&format!("the name `{}`", name.value), name.span, first));
            }
        }
    }
}

/// Where each name is reserved.
fn check_reserved_names<'a>(def: &'a RecordDef, cx: &mut Diagnostics) -> HashMap<&'a str, Span> {
    let mut reserved = HashMap::new();
    for name in &def.reserved {
        super::check_name(name, cx);
        if let Some(first) = reserved.insert(name.value.as_str(), name.span) {
            cx.push(reserved_twice(&format!("the name `{}`", name.value.escape_debug()), name.span, first));
        }
    }
    reserved
}

/// What a record reserves.
pub(super) fn reserved_names(names: &[At<String>]) -> Vec<Reserved> {
    let reserve = |name: &At<String>| Reserved { what: ReservedItem::Name(name.value.clone()), span: name.span };
    names.iter().map(reserve).collect()
}

/// What an enum or flags reserve. No variant has a reserved name or value, and no flag a bit of a reserved mask.
pub(super) fn check_reserved_values(
    def: &EnumDef,
    what: &str,
    repr: Scalar,
    variants: &[Variant],
    cx: &mut Diagnostics,
) -> Vec<Reserved> {
    let parts = |value: i128| if what == "flags" { bits(value) } else { vec![value] };
    let (mut first, mut names, mut values) = (HashMap::new(), HashMap::new(), HashMap::new());
    let reserved: Vec<Reserved> = def.reserved.iter().map(|selector| reserve(selector, repr, cx)).collect();
    for Reserved { what, span } in &reserved {
        if let Some(first) = first.insert(what, *span) {
            cx.push(reserved_twice(&title(what), *span, first));
        }
        match what {
            ReservedItem::Name(name) => drop(names.insert(name.as_str(), *span)),
            ReservedItem::Value(value) => values.extend(parts(*value).into_iter().map(|part| (part, *span))),
        }
    }
    for Variant { name, value, .. } in variants {
        if let Some(&span) = names.get(name.spec.as_str()) {
            cx.push(used_again(&format!("the name `{}`", name.spec), name.span, span));
        }
        if let Some(&span) = parts(*value).iter().find_map(|part| values.get(part)) {
            cx.push(used_again(&format!("the value {value} of `{}`", name.spec), name.span, span));
        }
    }
    reserved
}

/// Each bit of a mask by itself.
fn bits(mask: i128) -> Vec<i128> {
    (0..u64::BITS).map(|bit| 1 << bit).filter(|bit| mask & bit != 0).collect()
}

/// A name, or a value that fits the `repr`.
fn reserve(selector: &Selector, repr: Scalar, cx: &mut Diagnostics) -> Reserved {
    let what = match selector {
        Selector::Name(name) => {
            super::check_name(name, cx);
            ReservedItem::Name(name.value.clone())
        }
        Selector::Number(number) => {
            check_fits(number, repr, cx);
            ReservedItem::Value(number.value)
        }
    };
    Reserved { what, span: selector.span() }
}

fn check_fits(number: &At<i128>, repr: Scalar, cx: &mut Diagnostics) {
    let Some((least, most)) = repr.integer_range() else { return };
    if !(least..=most).contains(&number.value) {
        let repr = repr.info().name;
        let message = format!("{} is reserved, which does not fit `{repr}`", number.value);
        let label = format!("`{repr}` holds {least} to {most}");
        cx.push(
            Diagnostic::new(Code::ValueOutOfRange, message, number.span, label)
                .help("leave it out: no variant can have it"),
        );
    }
}

fn title(item: &ReservedItem) -> String {
    match item {
        ReservedItem::Name(name) => format!("the name `{}`", name.escape_debug()),
        ReservedItem::Value(value) => format!("the value {value}"),
    }
}

fn reserved_twice(title: &str, span: Span, first: Span) -> Diagnostic {
    Diagnostic::new(Code::DuplicateName, format!("{title} is reserved twice"), span, "reserved again")
        .also(first, "first reserved here")
        .help("remove one of the two")
}

fn used_again(title: &str, span: Span, reserved: Span) -> Diagnostic {
    Diagnostic::new(Code::Reserved, format!("{title} is reserved"), span, "in use again")
        .also(reserved, "reserved here, because it had another meaning")
        .note("a reader or a map of an older version still gives it the meaning that was removed")
        .help("use another one; or, if it has its old meaning again, remove the reservation")
}
