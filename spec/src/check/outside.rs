//! `[outside]`: what the objects hold and the spec knowingly leaves out. Each name stands once, has a reason, and is not
//! also defined here.

use std::collections::BTreeMap;

use crate::{
    diag::{Code, Diagnostic, Diagnostics},
    model::{Map, Outside, OutsideKind, TypeDef},
    names::{self, BadName},
    source::Span,
    spec::{At, OutsideDef, Spec},
};

pub(super) fn check_outside(spec: &Spec, types: &[TypeDef], maps: &[Map], cx: &mut Diagnostics) -> Vec<Outside> {
    let defined = defined(types, maps);
    let mut seen: BTreeMap<(OutsideKind, &str), Span> = BTreeMap::new();
    for def in &spec.outside {
        let what = def.kind.what();
        if let Some(first) = seen.insert((def.kind, &def.name.value), def.name.span) {
            let message = format!("`{what}.{}` stands twice under `[outside]`", def.name.value.escape_debug());
            cx.push(
                Diagnostic::new(Code::DuplicateName, message, def.name.span, "again")
                    .also(first, "first here")
                    .help("keep one of the two"),
            );
        }
        check_c_name(&def.name, cx);
        check_reason(def, cx);
        if let Some(defined) = defined.get(&(def.kind, def.name.value.as_str())) {
            let name = &def.name.value;
            let message = format!("the {what} `{name}` is defined here and said to be outside");
            cx.push(
                Diagnostic::new(Code::DuplicateName, message, def.name.span, "outside of the spec")
                    .also(*defined, "defined here")
                    .help(format!("remove `{what}.{name}` from `[outside]`: what the spec defines is checked")),
            );
        }
    }
    let outside = |def: &OutsideDef| {
        let reason = def.reason.as_ref()?.value.clone();
        Some(Outside { kind: def.kind, name: def.name.value.clone(), reason, span: def.name.span })
    };
    spec.outside.iter().filter_map(outside).collect()
}

/// Names of C, also such as a spec cannot define.
fn check_c_name(name: &At<String>, cx: &mut Diagnostics) {
    if let Err(BadName::Invalid { message, help }) = names::check_identifier(&name.value) {
        let mut wrong = Diagnostic::new(Code::InvalidName, message, name.span, "expected a name of the C program");
        wrong.help.extend(help);
        cx.push(wrong);
    }
}

fn check_reason(def: &OutsideDef, cx: &mut Diagnostics) {
    let Some(reason) = def.reason.as_ref().filter(|reason| reason.value.trim().is_empty()) else { return };
    let message = format!("`{}.{}` of `[outside]` has no reason", def.kind.what(), def.name.value.escape_debug());
    cx.push(
        Diagnostic::new(Code::InvalidValue, message, reason.span, "empty")
            .help("write why the spec leaves it out, such as \"userspace never reads it\""),
    );
}

/// Where the spec defines maps and structs, by their names in C.
fn defined<'a>(types: &'a [TypeDef], maps: &'a [Map]) -> BTreeMap<(OutsideKind, &'a str), Span> {
    let records = types.iter().filter(|def| matches!(def, TypeDef::Record(record) if !record.anonymous));
    let structs = records.map(|def| (OutsideKind::Struct, def.name()));
    let maps = maps.iter().map(|map| (OutsideKind::Map, &map.name));
    structs.chain(maps).map(|(kind, name)| ((kind, name.c.as_str()), name.span)).collect()
}
