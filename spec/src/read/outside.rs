//! Reads `[outside]`.

use super::{
    document::{Kind, Value},
    table::{Cx, Table},
};
use crate::{
    model::OutsideKind,
    spec::{At, OutsideDef},
};

/// What `[outside]` of one file names, in its order.
pub(super) fn read_outside(cx: &mut Cx<'_>, top: &mut Table<'_>) -> Vec<OutsideDef> {
    let Some(mut table) = top.table(cx, "outside", "`[outside]`") else { return Vec::new() };
    let mut outside = Vec::new();
    for (key, kind) in [("map", OutsideKind::Map), ("struct", OutsideKind::Struct)] {
        for (name, value) in table.named(cx, key) {
            outside.push(OutsideDef { kind, reason: read_reason(cx, key, &name, value), name });
        }
    }
    table.finish(cx);
    outside.sort_by_key(|def| def.name.span);
    outside
}

fn read_reason(cx: &mut Cx<'_>, key: &str, name: &At<String>, value: &Value<'_>) -> Option<At<String>> {
    if let Kind::String(reason) = value.get_ref() {
        return Some(At { value: reason.to_string(), span: cx.span(value.span()) });
    }
    let what = format!("`{key}.{}` of `[outside]`", name.value);
    let wrong = cx.wrong_type(&what, "a reason in a string", value);
    cx.push(wrong.help(format!("write why the spec leaves it out: `{key}.{} = \"...\"`", name.value)));
    None
}
