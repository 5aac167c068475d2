//! Profiles: which one applies, and that all of them name things that exist.

use std::collections::HashMap;

use super::{
    constants::{Constants, Scope},
    duplicate,
    map_flags::unknown_flag,
    map_wakeup::check_policy,
    maps::{check_pinning, unknown_kind},
};
use crate::{
    diag::{Code, Diagnostic, Diagnostics},
    kernel::{MapFlag, MapKind},
    model::ConstKind,
    spec::{At, Body, Definition, FieldDef, FieldKind, ProfileDef, Spec},
    suggest,
};

/// The profile to apply. A name that no profile has is reported.
pub(super) fn select<'a>(spec: &'a Spec, wanted: Option<&str>, cx: &mut Diagnostics) -> Option<&'a ProfileDef> {
    let wanted = wanted?;
    let found = spec.profiles.iter().find(|profile| profile.name.value == wanted);
    if found.is_none() {
        let names: Vec<&str> = spec.profiles.iter().map(|profile| profile.name.value.as_str()).collect();
        let unknown =
            Diagnostic::without_place(Code::UnknownName, format!("there is no profile `{}`", wanted.escape_debug()));
        let unknown = match suggest::nearest(wanted, names.iter().copied()) {
            Some(near) => unknown.help(format!("did you mean `{near}`?")),
            None => unknown,
        };
        cx.push(match names.as_slice() {
            [] => unknown.note("the spec has no profiles"),
            names => unknown.note(format!("the spec has {}", crate::read::list(names))),
        });
    }
    found
}

/// Checks every profile, applied or not.
pub(super) fn check_all<'a>(spec: &'a Spec, constants: &mut Constants<'a>, cx: &mut Diagnostics) {
    let mut seen = HashMap::new();
    for profile in &spec.profiles {
        if let Some(first) = seen.insert(profile.name.value.as_str(), profile.name.span) {
            cx.push(duplicate("profile", &profile.name, first));
        }
        // It is a word of the lock, and stands behind `#` in the arguments of `diff`.
        let is_of_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '+');
        if profile.name.value.is_empty() || !profile.name.value.chars().all(is_of_word) {
            let message = format!("`{}` cannot name a profile", profile.name.value.escape_debug());
            cx.push(Diagnostic::new(
                Code::InvalidName,
                message,
                profile.name.span,
                "expected letters, digits, `_`, `-`, `.` and `+`",
            ));
        }
        check_constants(profile, constants, cx);
    }
    check_maps(spec, constants, cx);
    check_omits(spec, cx);
}

fn check_constants(profile: &ProfileDef, constants: &mut Constants<'_>, cx: &mut Diagnostics) {
    let both = [(&profile.lengths, ConstKind::Length), (&profile.capacities, ConstKind::Capacity)];
    for (def, kind) in both.into_iter().flat_map(|(defs, kind)| defs.iter().map(move |def| (def, kind))) {
        let (what, table, scope) = match kind {
            ConstKind::Length => ("length", "lengths", Scope::Lengths),
            ConstKind::Capacity => ("capacity", "capacities", Scope::All),
        };
        if let Some(value) = &def.value {
            constants.check_unapplied(value, scope, cx);
        }
        let found = constants.kind(&def.name.value);
        if found == Some(kind) {
            continue;
        }
        let message = format!("there is no {what} `{}` to override", def.name.value.escape_debug());
        let unknown = Diagnostic::new(Code::UnknownName, message, def.name.span, format!("not under [{table}]"));
        let near = suggest::nearest(&def.name.value, constants.names(kind));
        cx.push(match (found, near) {
            (Some(ConstKind::Length), _) => unknown.help(format!("it is a length: write `lengths.{}`", def.name.value)),
            (Some(ConstKind::Capacity), _) => {
                unknown.help(format!("it is a capacity: write `capacities.{}`", def.name.value))
            }
            (None, Some(near)) => unknown.help(format!("did you mean `{near}`?")),
            (None, None) => unknown.help(format!("a profile only overrides: define it under [{table}] first")),
        });
    }
}

fn check_maps<'a>(spec: &'a Spec, constants: &mut Constants<'a>, cx: &mut Diagnostics) {
    let maps: HashMap<&str, ()> = spec.maps.iter().map(|map| (map.name.value.as_str(), ())).collect();
    for map in spec.profiles.iter().flat_map(|profile| &profile.maps) {
        if !maps.contains_key(map.name.value.as_str()) {
            let message = format!("there is no map `{}` to override", map.name.value.escape_debug());
            let unknown = Diagnostic::new(Code::UnknownName, message, map.name.span, "not defined");
            let names = spec.maps.iter().map(|map| map.name.value.as_str());
            cx.push(match suggest::nearest(&map.name.value, names) {
                Some(near) => unknown.help(format!("did you mean `{near}`?")),
                None => unknown.help("a profile only overrides: define the map first"),
            });
        }
        if let Some(number) = &map.settings.max_entries {
            constants.check_unapplied(number, Scope::All, cx);
        }
    }
}

/// Checks what the profiles that are not applied say of maps; the applied one is checked with its maps.
pub(super) fn check_unapplied_maps(spec: &Spec, applied: Option<&ProfileDef>, cx: &mut Diagnostics) {
    let others = spec.profiles.iter().filter(|profile| !applied.is_some_and(|applied| std::ptr::eq(applied, *profile)));
    for settings in others.flat_map(|profile| &profile.maps).map(|map| &map.settings) {
        if let Some(kind) = settings.kind.as_ref().filter(|kind| MapKind::from_name(&kind.value).is_none()) {
            cx.push(unknown_kind(kind));
        }
        for flag in settings.flags.iter().flat_map(|flags| &flags.value) {
            if MapFlag::from_name(&flag.value).is_none() {
                cx.push(unknown_flag(flag));
            }
        }
        if let Some(pinning) = &settings.pinning {
            check_pinning(pinning, cx);
        }
        if let Some(wakeup) = &settings.wakeup {
            check_policy(wakeup, cx);
        }
    }
}

fn check_omits(spec: &Spec, cx: &mut Diagnostics) {
    let omits: Vec<&At<String>> = spec.profiles.iter().flat_map(|profile| &profile.omit).collect();
    if omits.is_empty() {
        return;
    }
    let records: HashMap<&str, &Body> = spec
        .types
        .iter()
        .filter_map(|definition| match definition {
            Definition::Record(def) => Some((def.name.value.as_str(), &def.body)),
            _ => None,
        })
        .collect();
    for omit in omits {
        check_omit(omit, &records, cx);
    }
}

fn check_omit(omit: &At<String>, records: &HashMap<&str, &Body>, cx: &mut Diagnostics) {
    let shown = omit.value.escape_debug();
    let Some((record, field)) = omit.value.split_once('.') else {
        let message = format!("`{shown}` does not name a field");
        cx.push(
            Diagnostic::new(Code::Profile, message, omit.span, "expected a struct and a field")
                .help("write `omit = [\"socket_value.cwd\"]`"),
        );
        return;
    };
    let Some(body) = records.get(record) else {
        let message = format!("there is no struct `{}`", record.escape_debug());
        let unknown = Diagnostic::new(Code::UnknownName, message, omit.span, "not defined");
        cx.push(match suggest::nearest(record, records.keys().copied().collect::<std::collections::BTreeSet<_>>()) {
            Some(near) => unknown.help(format!("did you mean `{near}.{field}`?")),
            None => unknown,
        });
        return;
    };
    let mut fields = Vec::new();
    collect_fields(body, &mut fields);
    let found = fields.iter().find(|candidate| candidate.name().is_some_and(|name| name.value == field));
    let Some(found) = found else {
        let message = format!("`{record}` has no field `{}`", field.escape_debug());
        let unknown = Diagnostic::new(Code::UnknownName, message, omit.span, "not a field");
        let names = fields.iter().filter_map(|field| Some(field.name()?.value.as_str()));
        cx.push(match suggest::nearest(field, names) {
            Some(near) => unknown.help(format!("did you mean `{record}.{near}`?")),
            None => unknown,
        });
        return;
    };
    if !found.more().optional && matches!(found.kind, FieldKind::Named { .. }) {
        let message = format!("`{shown}` cannot be omitted: it is not optional");
        cx.push(
            Diagnostic::new(Code::Profile, message, omit.span, "omitted here")
                .also(found.span, "this field is in every profile")
                .help("add `optional = true` to the field, so that readers know that it may be missing"),
        );
    }
}

/// The fields of a record, with those of its unnamed members.
fn collect_fields<'a>(body: &'a Body, fields: &mut Vec<&'a FieldDef>) {
    for field in body.fields.iter().flatten() {
        fields.push(field);
        if let FieldKind::Unnamed { body, .. } = &field.kind {
            collect_fields(body, fields);
        }
    }
}
