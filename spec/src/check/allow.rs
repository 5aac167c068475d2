//! `[[allow]]`: the rule exists, what it is allowed on can exist, and there is a reason.

use std::collections::HashMap;

use crate::{
    breaking::{Effect, RULES, Rule, Target},
    diag::{Code, Diagnostic, Diagnostics},
    model::Allow,
    source::Span,
    spec::{AllowDef, At, Body, Definition, FieldKind, Spec},
    suggest,
};

pub(super) fn check_allows(spec: &Spec, cx: &mut Diagnostics) -> Vec<Allow> {
    // Nearly every spec, and its names are many.
    if spec.allow.is_empty() {
        return Vec::new();
    }
    let names = Names::of(spec);
    let mut seen: HashMap<(&str, &str), Span> = HashMap::new();
    let mut allows = Vec::with_capacity(spec.allow.len());
    for def in &spec.allow {
        if let (Some(rule), Some(on)) = (&def.rule, &def.on)
            && let Some(first) = seen.insert((&rule.value, &on.value), on.span)
        {
            let message = format!("`{}` is allowed twice on `{}`", rule.value.escape_debug(), on.value.escape_debug());
            cx.push(
                Diagnostic::new(Code::DuplicateName, message, on.span, "allowed again")
                    .also(first, "first allowed here")
                    .help("remove one of the two"),
            );
        }
        allows.extend(check_allow(def, &names, cx));
    }
    allows
}

fn check_allow(def: &AllowDef, names: &Names<'_>, cx: &mut Diagnostics) -> Option<Allow> {
    let reason = def.reason.as_ref().and_then(|reason| check_reason(reason, cx));
    let rule = def.rule.as_ref().and_then(|rule| check_rule(rule, cx));
    let on = def.on.as_ref()?;
    let rule = rule?;
    names.check(on, rule, cx);
    Some(Allow { rule, on: on.value.clone(), reason: reason?, span: on.span })
}

fn check_reason(reason: &At<String>, cx: &mut Diagnostics) -> Option<String> {
    if !reason.value.trim().is_empty() {
        return Some(reason.value.trim().to_owned());
    }
    cx.push(
        Diagnostic::new(Code::Allow, "`reason` says nothing", reason.span, "empty")
            .help("write why it breaks nobody, for whoever reads this in a year"),
    );
    None
}

fn check_rule(rule: &At<String>, cx: &mut Diagnostics) -> Option<&'static Rule> {
    let found = Rule::from_id(&rule.value);
    if found.is_none() {
        let message = format!("there is no rule `{}`", rule.value.escape_debug());
        let unknown = Diagnostic::new(Code::Allow, message, rule.span, "not known");
        cx.push(match suggest::nearest(&rule.value, RULES.iter().map(|rule| rule.id)) {
            Some(near) => unknown.help(format!("did you mean `{near}`?")),
            None => unknown.help("docs/breaking-changes.md lists the rules"),
        });
    }
    found
}

/// What a spec defines, by name.
struct Names<'a> {
    constants: Vec<&'a str>,
    /// With the fields of records, and the values of enums and flags.
    types: Vec<(&'a str, Vec<&'a str>)>,
    /// With the events of buffers.
    maps: Vec<(&'a str, Vec<&'a str>)>,
}

impl<'a> Names<'a> {
    fn of(spec: &'a Spec) -> Self {
        let constants = spec.lengths.iter().chain(&spec.capacities).map(|def| def.name.value.as_str()).collect();
        let types = spec.types.iter().map(|def| (def.name().value.as_str(), parts(def))).collect();
        let events = |events: &'a Option<At<Vec<At<String>>>>| {
            events.iter().flat_map(|events| &events.value).map(|event| event.value.as_str()).collect()
        };
        let maps = spec.maps.iter().map(|map| (map.name.value.as_str(), events(&map.events))).collect();
        Names { constants, types, maps }
    }

    /// Whether `on` names something that the rule can find. What it removes is not there, but what that was part of is.
    fn check(&self, on: &At<String>, rule: &Rule, cx: &mut Diagnostics) {
        let (whole, part) = match on.value.split_once('.') {
            Some((whole, part)) => (whole, Some(part)),
            None => (on.value.as_str(), None),
        };
        let removed = rule.effect == Effect::Removes;
        match rule.target {
            Target::Version => check_word(on, "version", rule, cx),
            Target::Budget => check_word(on, "budget", rule, cx),
            Target::Constant => check_name(on, &self.constants, "a length or capacity", rule, cx),
            Target::Type | Target::Map if removed => {}
            Target::Type => check_name(on, &wholes(&self.types), "a type", rule, cx),
            Target::Map => check_name(on, &wholes(&self.maps), "a map", rule, cx),
            Target::Field | Target::Value | Target::Part => {
                check_part((on, whole, part), &self.types, "a type, or of a field or value of one", rule, cx);
            }
            Target::Event => check_part((on, whole, part), &self.maps, "a map, or of an event of one", rule, cx),
        }
    }
}

fn wholes<'a>(things: &[(&'a str, Vec<&'a str>)]) -> Vec<&'a str> {
    things.iter().map(|(name, _)| *name).collect()
}

/// Names of fields, those of unnamed members too, or of values.
fn parts(def: &Definition) -> Vec<&str> {
    match def {
        Definition::Record(def) => {
            let mut names = Vec::new();
            add_fields(&def.body, &mut names);
            names
        }
        Definition::Enum(def) | Definition::Flags(def) => {
            def.variants.iter().flatten().filter_map(|one| Some(one.name.as_ref()?.value.as_str())).collect()
        }
        Definition::Alias(_) | Definition::Extern(_) => Vec::new(),
    }
}

fn add_fields<'a>(body: &'a Body, names: &mut Vec<&'a str>) {
    for field in body.fields.iter().flatten() {
        names.extend(field.name().map(|name| name.value.as_str()));
        if let FieldKind::Unnamed { body, .. } = &field.kind {
            add_fields(body, names);
        }
    }
}

fn check_word(on: &At<String>, word: &str, rule: &Rule, cx: &mut Diagnostics) {
    if on.value != word {
        cx.push(misplaced(on, rule, &format!("`{word}`")).help(format!("write `on = \"{word}\"`")));
    }
}

fn check_name(on: &At<String>, names: &[&str], kind: &str, rule: &Rule, cx: &mut Diagnostics) {
    if !names.contains(&on.value.as_str()) {
        let wrong = misplaced(on, rule, &format!("the name of {kind}"));
        cx.push(suggested(wrong, suggest::nearest(&on.value, names.iter().copied())));
    }
}

fn check_part(
    (on, whole, part): (&At<String>, &str, Option<&str>),
    things: &[(&str, Vec<&str>)],
    kind: &str,
    rule: &Rule,
    cx: &mut Diagnostics,
) {
    let expected = format!("the name of {kind}");
    let Some((_, parts)) = things.iter().find(|(name, _)| *name == whole) else {
        let near = suggest::nearest(whole, wholes(things));
        let near = near.map(|near| part.map_or_else(|| near.to_owned(), |part| format!("{near}.{part}")));
        return cx.push(suggested(misplaced(on, rule, &expected), near.as_deref()));
    };
    let Some(part) = part.filter(|part| rule.effect != Effect::Removes && !parts.contains(part)) else { return };
    let near = suggest::nearest(part, parts.iter().copied()).map(|near| format!("{whole}.{near}"));
    cx.push(suggested(misplaced(on, rule, &expected), near.as_deref()));
}

fn misplaced(on: &At<String>, rule: &Rule, expected: &str) -> Diagnostic {
    let message = format!("the rule `{}` finds nothing in `{}`", rule.id, on.value.escape_debug());
    Diagnostic::new(Code::Allow, message, on.span, format!("expected {expected}"))
}

fn suggested(wrong: Diagnostic, near: Option<&str>) -> Diagnostic {
    match near {
        Some(near) => wrong.help(format!("did you mean `{near}`?")),
        None => wrong.help("remove it, if what it was for is gone"),
    }
}
