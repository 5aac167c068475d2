//! Reads `[group]`.

use super::{
    document::Value,
    table::{Cx, Table},
};
use crate::spec::{At, GroupDef};

/// All groups of one file, in its order.
pub(super) fn read_groups(cx: &mut Cx<'_>, top: &mut Table<'_>) -> Vec<GroupDef> {
    top.named(cx, "group").into_iter().map(|(name, value)| read_group(cx, name, value)).collect()
}

fn read_group(cx: &mut Cx<'_>, name: At<String>, value: &Value<'_>) -> GroupDef {
    let title = format!("the group `{}`", name.value.escape_debug());
    let mut def = GroupDef { name, maps: None, budget: None };
    let Some(mut table) = Table::open(cx, title, def.name.span, value) else { return def };
    table.doc(cx);
    for (key, help) in [
        ("maps", "name the maps that share the budget: `maps = [\"sockets\", \"owners\"]`"),
        ("budget", "say what they may cost together: `budget = \"20 MiB\"`"),
    ] {
        if table.key_span(key).is_none() {
            table.missing(cx, key, help);
        }
    }
    def.maps = table.strings(cx, "maps");
    def.budget = table.number(cx, "budget");
    table.finish(cx);
    def
}
