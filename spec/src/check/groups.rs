//! `[group]`: each stands once, and names maps that exist, each once.

use std::collections::HashMap;

use super::{
    constants::{Constants, Scope},
    duplicate,
};
use crate::{
    diag::{Code, Diagnostic, Diagnostics},
    model::{Group, Map, MapId},
    names::{self, BadName},
    source::Span,
    spec::{At, GroupDef, Spec},
    suggest,
};

/// The groups of a spec whose maps and budget are sound.
pub(super) fn check_groups<'a>(
    spec: &'a Spec,
    maps: &[Map],
    constants: &mut Constants<'a>,
    cx: &mut Diagnostics,
) -> Vec<Group> {
    let ids: HashMap<&str, MapId> =
        maps.iter().zip((0..).map(MapId)).map(|(map, id)| (map.name.spec.as_str(), id)).collect();
    let mut seen: HashMap<&str, Span> = HashMap::new();
    let mut groups = Vec::new();
    for def in &spec.groups {
        match seen.get(def.name.value.as_str()) {
            Some(&first) => cx.push(duplicate("group", &def.name, first)),
            None => check_name(&def.name, cx),
        }
        seen.entry(&def.name.value).or_insert(def.name.span);
        let budget = def.budget.as_ref().and_then(|budget| constants.count(budget, Scope::All, cx));
        let names = check_members(spec, def, cx);
        if let Some(budget) = budget {
            let maps = names.iter().filter_map(|name| ids.get(name.value.as_str()).copied()).collect();
            let name = def.name.value.clone();
            groups.push(Group { name, span: def.name.span, maps, budget: budget.value });
        }
    }
    groups
}

/// A group's name stands in messages alone, so that it may be a word that C or Rust reserves.
fn check_name(name: &At<String>, cx: &mut Diagnostics) {
    if let Err(BadName::Invalid { message, help }) = names::check_identifier(&name.value) {
        let mut wrong = Diagnostic::new(Code::InvalidName, message, name.span, "expected a name");
        wrong.help.extend(help);
        cx.push(wrong);
    }
}

/// The maps that a group names, without those that are not defined.
fn check_members<'a>(spec: &Spec, def: &'a GroupDef, cx: &mut Diagnostics) -> Vec<&'a At<String>> {
    let Some(maps) = &def.maps else { return Vec::new() };
    if maps.value.is_empty() {
        let message = format!("the group `{}` has no maps", def.name.value.escape_debug());
        cx.push(
            Diagnostic::new(Code::InvalidValue, message, maps.span, "empty")
                .help("name the maps that share the budget, or remove the group"),
        );
    }
    let mut seen: HashMap<&str, Span> = HashMap::new();
    let mut found = Vec::new();
    for map in &maps.value {
        if let Some(first) = seen.insert(&map.value, map.span) {
            let message =
                format!("`{}` stands twice in the group `{}`", map.value.escape_debug(), def.name.value.escape_debug());
            cx.push(
                Diagnostic::new(Code::DuplicateName, message, map.span, "again")
                    .also(first, "first here")
                    .help("a map counts once: remove one of the two"),
            );
        } else if spec.maps.iter().any(|own| own.name.value == map.value) {
            found.push(map);
        } else {
            cx.push(unknown_map(spec, map));
        }
    }
    found
}

fn unknown_map(spec: &Spec, map: &At<String>) -> Diagnostic {
    let message = format!("there is no map `{}`", map.value.escape_debug());
    let unknown = Diagnostic::new(Code::UnknownName, message, map.span, "not defined");
    match suggest::nearest(&map.value, spec.maps.iter().map(|map| map.name.value.as_str())) {
        Some(near) => unknown.help(format!("did you mean `{near}`?")),
        None => unknown.help(format!("define it as `[map.{}]`, or leave it out", map.value.escape_debug())),
    }
}
