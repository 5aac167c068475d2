//! What the versions themselves have wrong: `version`, `since` and `reserved`.

use std::collections::HashMap;

use super::{
    Finding, Place,
    context::{self, Cx},
    draft::Draft,
    rules::Effect,
    verdict::{Reads, Relation, Verdicts},
};
use crate::{
    diff::Subject,
    model::{Name, Reserved, ReservedItem, TypeDef, Variant, Version},
    source::Span,
};

/// What a rule about the spec as a whole found, with the name of what it is about.
pub(super) type Found = Vec<(String, Draft)>;

const VERSION: &str = "version";

fn draft(message: String, old: Option<Span>, new: Option<Span>) -> Draft {
    let place = |span: Option<Span>, label: &str| span.map(|span| Place { span, value: None, label: label.to_owned() });
    let (old, new) = (place(old, "before"), place(new, "now"));
    Draft { field: None, message, verdicts: Verdicts::apart(), old, new, help: Vec::new() }
}

/// A layout changed, and its number did not.
pub(super) fn not_raised(cx: &Cx<'_>, findings: &[Finding]) -> Found {
    let (old, new) = (&cx.old.layouts.model.version, &cx.new.layouts.model.version);
    let uses_versions = old.span.is_some() || new.span.is_some();
    let changed = findings.iter().filter(|finding| is_layout(finding)).count();
    if !uses_versions || old.number != new.number || changed == 0 {
        return Vec::new();
    }
    let parts = if changed == 1 { "1 change".to_owned() } else { format!("{changed} changes") };
    let message = format!("the version is {} as before, with {parts} of layouts", new.number);
    vec![(
        VERSION.into(),
        draft(message, old.span, new.span).help(format!("write `version = {}`", new.number.saturating_add(1))),
    )]
}

/// Whether bytes lie otherwise, or mean something else: not so for constants, budgets and names alone.
fn is_layout(finding: &Finding) -> bool {
    let plain = matches!(finding.subject, None | Some(Subject::Length | Subject::Capacity | Subject::Budget));
    !plain && Relation::ALL.iter().any(|&relation| finding.verdicts.of(relation).word() != "-")
}

pub(super) fn lowered(cx: &Cx<'_>, _: &[Finding]) -> Found {
    let (old, new) = (&cx.old.layouts.model.version, &cx.new.layouts.model.version);
    if new.number >= old.number {
        return Vec::new();
    }
    let message = format!("the version is {}, and was {}", new.number, old.number);
    let help = "versions count up; compare with the revision that this one comes from";
    vec![(VERSION.into(), draft(message, old.span, new.span).help(help))]
}

/// A field or value of one version.
struct Since<'a> {
    what: &'a str,
    name: &'a str,
    span: Span,
    since: Option<Version>,
}

/// Every named field of a record, those that the profile omits too, and every value of an enum or flags.
fn all_since<'a>(version: &context::Version<'a>) -> Vec<Since<'a>> {
    let mut all = Vec::new();
    for def in version.named_types() {
        let what = def.name().spec.as_str();
        let since = |name: &'a Name, since| Since { what, name: &name.spec, span: name.span, since };
        match def {
            TypeDef::Record(record) => {
                let fields = version.declared(record).into_iter();
                all.extend(fields.map(|field| since(&field.name, field.since)));
            }
            TypeDef::Enum(def) => all.extend(def.variants.iter().map(|one| since(&one.name, one.since))),
            TypeDef::Flags(def) => all.extend(def.bits.iter().map(|one| since(&one.name, one.since))),
            TypeDef::Extern(_) => {}
        }
    }
    all
}

/// Fields or values by the name of their type and their own.
fn by_name<'s, 'a>(all: &'s [Since<'a>]) -> HashMap<(&'a str, &'a str), &'s Since<'a>> {
    all.iter().map(|one| ((one.what, one.name), one)).collect()
}

/// What is new in a newer version says so.
pub(super) fn since_missing(cx: &Cx<'_>, findings: &[Finding]) -> Found {
    if !cx.is_raised() {
        return Vec::new();
    }
    let (before, now) = (all_since(&cx.old), all_since(&cx.new));
    let (before, now) = (by_name(&before), by_name(&now));
    let added = findings.iter().filter(|finding| finding.rule.effect == Effect::Adds);
    let names = added.filter_map(|finding| Some((finding.what.as_str(), finding.field.as_deref()?)));
    let missing =
        names.filter_map(|name| now.get(&name).filter(|one| one.since.is_none() && !before.contains_key(&name)));
    missing
        .map(|one| {
            let number = cx.new.number();
            let message = format!("`{}.{}` does not say that it came in version {number}", one.what, one.name);
            (
                one.what.to_owned(),
                draft(message, None, Some(one.span)).of(one.name).help(format!("write `since = {number}`")),
            )
        })
        .collect()
}

/// `since` fits what the old version has.
pub(super) fn since_wrong(cx: &Cx<'_>, findings: &[Finding]) -> Found {
    let (before, now) = (all_since(&cx.old), all_since(&cx.new));
    let before = by_name(&before);
    let is_renamed = |one: &Since<'_>| {
        findings.iter().any(|finding| {
            finding.rule.effect == Effect::Renames
                && (finding.what.as_str(), finding.field.as_deref()) == (one.what, Some(one.name))
        })
    };
    let mut found = Vec::new();
    for one in now.iter().filter(|one| cx.old.ty(one.what).is_some() && !is_renamed(one)) {
        let Some(since) = one.since else { continue };
        let version = cx.old.number();
        let existed = before.get(&(one.what, one.name));
        if (since.number > version) != existed.is_some() {
            continue;
        }
        let has = if existed.is_some() { "has it" } else { "does not have it" };
        let message = format!(
            "`{}.{}` says that it came in version {}, and version {version} {has}",
            one.what, one.name, since.number
        );
        let help = match existed {
            Some(_) => "leave `since` as it was".to_owned(),
            None => format!("write `since = {}`", version.saturating_add(1)),
        };
        found.push((
            one.what.to_owned(),
            draft(message, existed.map(|old| old.span), since.span).of(one.name).help(help),
        ));
    }
    found
}

/// What was removed is reserved, so that it cannot come back with another meaning.
pub(super) fn unreserved(cx: &Cx<'_>, findings: &[Finding]) -> Found {
    let removed = findings.iter().filter(|finding| finding.rule.effect == Effect::Removes);
    let found = removed.filter_map(|finding| {
        let name = finding.field.as_deref()?;
        let item = to_reserve(cx, &finding.what, name)?;
        let message = format!("`{}.{name}` was removed, and its {} is not reserved", finding.what, title(&item));
        let (old, new) = (finding.old.as_ref().map(|old| old.span), finding.new.as_ref().map(|new| new.span));
        Some((finding.what.clone(), draft(message, old, new).of(name).help(reserve_help(&item, name))))
    });
    found.collect()
}

/// What the new version should reserve of something that only the old one has: the name of a field, the number of a
/// value, the bits of a flag. `None` if it does, or if that is in use again, which other rules tell.
fn to_reserve(cx: &Cx<'_>, what: &str, name: &str) -> Option<ReservedItem> {
    if let Some(view) = cx.new.record(what) {
        let name = ReservedItem::Name(name.to_owned());
        return view.record.reserved.iter().all(|other| other.what != name).then_some(name);
    }
    let ((before, _), (now, reserved)) = (cx.old.values(what)?, cx.new.values(what)?);
    let value = before.iter().find(|variant| variant.name.spec == name)?.value;
    let kept = |other: &Reserved| match other.what {
        ReservedItem::Value(value) => Some(value),
        ReservedItem::Name(_) => None,
    };
    let mut taken = reserved.iter().filter_map(kept).chain(now.iter().map(|variant| variant.value));
    let free = match cx.new.layouts.model.ty(cx.new.ty(what)?) {
        TypeDef::Flags(_) => taken.fold(value, |left, mask| left & !mask),
        _ if taken.any(|other| other == value) => return None,
        _ => return Some(ReservedItem::Value(value)),
    };
    (free != 0).then_some(ReservedItem::Value(free))
}

fn title(item: &ReservedItem) -> String {
    match item {
        ReservedItem::Name(_) => "name".to_owned(),
        ReservedItem::Value(value) => format!("value {value}"),
    }
}

fn reserve_help(item: &ReservedItem, name: &str) -> String {
    match item {
        ReservedItem::Name(_) => format!("write `reserved = [\"{name}\"]`"),
        ReservedItem::Value(value) => format!("write `reserved = [{value}, \"{name}\"]`"),
    }
}

/// A reservation of the old version that the new one does not have.
struct Dropped<'a> {
    what: &'a str,
    reserved: &'a Reserved,
    /// Where it is in use again, and by which field or value.
    again: Option<(&'a str, Span)>,
}

fn dropped<'a>(cx: &Cx<'a>) -> Vec<Dropped<'a>> {
    let mut all = Vec::new();
    for def in &cx.old.layouts.model.types {
        let what = def.name().spec.as_str();
        let before: &[Reserved] = match def {
            TypeDef::Record(record) => &record.reserved,
            TypeDef::Enum(def) => &def.reserved,
            TypeDef::Flags(def) => &def.reserved,
            TypeDef::Extern(_) => continue,
        };
        let Some(now) = reserved_now(cx, what) else { continue };
        let gone = before.iter().filter(|item| now.iter().all(|other| other.what != item.what));
        all.extend(gone.map(|reserved| Dropped { what, reserved, again: again(cx, what, &reserved.what) }));
    }
    all
}

fn reserved_now<'a>(cx: &Cx<'a>, what: &str) -> Option<&'a [Reserved]> {
    let record = cx.new.record(what).map(|view| view.record.reserved.as_slice());
    record.or_else(|| cx.new.values(what).map(|(_, reserved)| reserved))
}

/// The field or value of the new version that has the name, or the number or one of the bits.
fn again<'a>(cx: &Cx<'a>, what: &str, item: &ReservedItem) -> Option<(&'a str, Span)> {
    let is_name = |name: &&Name| matches!(item, ReservedItem::Name(reserved) if *reserved == name.spec);
    let has_value = |variant: &&Variant, is_flags| match item {
        ReservedItem::Name(_) => false,
        ReservedItem::Value(mask) if is_flags => mask & variant.value != 0,
        ReservedItem::Value(value) => *value == variant.value,
    };
    let id = cx.new.ty(what)?;
    let values = |values: &'a [Variant], is_flags| {
        values.iter().find(|one| is_name(&&one.name) || has_value(one, is_flags)).map(|one| &one.name)
    };
    let name = match cx.new.layouts.model.ty(id) {
        TypeDef::Record(record) => cx.new.declared(record).into_iter().map(|field| &field.name).find(is_name),
        TypeDef::Enum(def) => values(&def.variants, false),
        TypeDef::Flags(def) => values(&def.bits, true),
        TypeDef::Extern(_) => None,
    };
    name.map(|name| (name.spec.as_str(), name.span))
}

/// A reserved name or value came back.
pub(super) fn reused(cx: &Cx<'_>, _: &[Finding]) -> Found {
    let found = dropped(cx).into_iter().filter_map(|dropped| {
        let (name, span) = dropped.again?;
        let message = format!("`{}.{name}` uses the {} that was reserved", dropped.what, title(&dropped.reserved.what));
        let mut draft = draft(message, Some(dropped.reserved.span), Some(span)).of(name);
        let reads = Reads::neither("versions before the reservation give it the meaning that was removed");
        draft.verdicts = reads.verdicts(&cx.exposures.of(dropped.what));
        Some((dropped.what.to_owned(), draft.help("choose another one, and reserve this one again")))
    });
    found.collect()
}

/// A reservation is gone, so that what it kept free can be taken.
pub(super) fn reservation_dropped(cx: &Cx<'_>, _: &[Finding]) -> Found {
    let gone = dropped(cx).into_iter().filter(|dropped| dropped.again.is_none());
    gone.map(|Dropped { what, reserved, .. }| {
        let (message, help) = match &reserved.what {
            ReservedItem::Name(name) => {
                (format!("`{what}` no longer reserves the name `{name}`"), format!("\"{name}\""))
            }
            ReservedItem::Value(value) => (format!("`{what}` no longer reserves the value {value}"), value.to_string()),
        };
        let new = cx.new.ty(what).map(|id| cx.new.layouts.model.ty(id).name().span);
        let draft = draft(message, Some(reserved.span), new);
        (what.to_owned(), draft.help(format!("keep it for good: `reserved = [{help}]`")))
    })
    .collect()
}
