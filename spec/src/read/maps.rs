//! Reads `[map]`, `[intern]`, `[budget]` and `[profile]`.

use super::{
    document::{Kind, Value},
    read_constants,
    table::{Cx, Table},
};
use crate::spec::{At, BudgetDef, InternDef, MapDef, MapOverride, MapSettings, ProfileDef, WakeupDef};

/// All maps of one file, in its order.
pub(super) fn read_maps(cx: &mut Cx<'_>, top: &mut Table<'_>) -> Vec<MapDef> {
    top.named(cx, "map").into_iter().map(|(name, value)| read_map(cx, name, value)).collect()
}

fn read_map(cx: &mut Cx<'_>, name: At<String>, value: &Value<'_>) -> MapDef {
    let title = format!("the map `{}`", name.value);
    let mut def = MapDef {
        name,
        c: None,
        doc: None,
        settings: MapSettings::default(),
        key: None,
        value: None,
        events: None,
        inner: None,
        map_extra: None,
        numa_node: None,
        budget: None,
        sound: false,
    };
    let Some(mut table) = Table::open(cx, title, def.name.span, value) else { return def };
    def.c = table.string(cx, "c");
    def.doc = table.doc(cx);
    def.settings = read_settings(cx, &mut table);
    if table.key_span("type").is_none() {
        table.missing(cx, "type", "write `type = \"hash\"`: the kernel's name without BPF_MAP_TYPE_, in lower case");
    }
    def.key = table.text(cx, "key");
    def.value = table.text(cx, "value");
    def.events = table.strings(cx, "events");
    def.inner = table.string(cx, "inner");
    def.map_extra = table.number(cx, "map_extra");
    def.numa_node = table.integer(cx, "numa_node");
    def.budget = table.number(cx, "budget");
    def.sound = table.finish(cx);
    def
}

/// All dictionaries of one file, in its order.
pub(super) fn read_interns(cx: &mut Cx<'_>, top: &mut Table<'_>) -> Vec<InternDef> {
    top.named(cx, "intern").into_iter().map(|(name, value)| read_intern(cx, name, value)).collect()
}

fn read_intern(cx: &mut Cx<'_>, name: At<String>, value: &Value<'_>) -> InternDef {
    let title = format!("the dictionary `{}`", name.value);
    let mut def = InternDef { name, doc: None, settings: MapSettings::default(), budget: None, sound: false };
    let Some(mut table) = Table::open(cx, title, def.name.span, value) else { return def };
    def.doc = table.doc(cx);
    def.settings = MapSettings {
        kind: table.string(cx, "type"),
        max_entries: table.number(cx, "max_entries"),
        flags: table.strings(cx, "flags"),
        pinning: table.string(cx, "pinning"),
        wakeup: None,
    };
    if table.key_span("max_entries").is_none() {
        let help = "say how many different strings it holds: `max_entries = 4096`, or the name of a capacity";
        table.missing(cx, "max_entries", help);
    }
    def.budget = table.number(cx, "budget");
    def.sound = table.finish(cx);
    def
}

fn read_settings(cx: &mut Cx<'_>, table: &mut Table<'_>) -> MapSettings {
    MapSettings {
        kind: table.string(cx, "type"),
        max_entries: table.number(cx, "max_entries"),
        flags: table.strings(cx, "flags"),
        pinning: table.string(cx, "pinning"),
        wakeup: read_wakeup(cx, table),
    }
}

/// A word, or a table with numbers.
fn read_wakeup(cx: &mut Cx<'_>, table: &mut Table<'_>) -> Option<WakeupDef> {
    let value = table.take("wakeup")?;
    if !matches!(value.get_ref(), Kind::Table(_)) {
        let help = "write `\"always\"`, `\"adaptive\"`, `\"never\"` or `{ share = \"1/4\", after = \"10 ms\" }`";
        return table.string_or(cx, "wakeup", "a string or a table", Some(help)).map(WakeupDef::Word);
    }
    let mut numbers = table.table(cx, "wakeup", format!("`wakeup` of {}", table.what()))?;
    let (share, after) = (numbers.string(cx, "share"), numbers.string(cx, "after"));
    let span = cx.span(value.span());
    if !numbers.finish(cx) {
        table.spoil();
    }
    Some(WakeupDef::Adaptive { span, share, after })
}

/// `[budget]`: its shape. What it promises is enforced where memory is computed.
pub(super) fn read_budget(cx: &mut Cx<'_>, top: &mut Table<'_>) -> Option<BudgetDef> {
    let mut table = top.table(cx, "budget", "`[budget]`")?;
    let span = table.span();
    let budget = BudgetDef { span, total: table.number(cx, "total"), cpus: table.integer(cx, "cpus") };
    table.finish(cx);
    Some(budget)
}

/// All profiles of one file, in its order.
pub(super) fn read_profiles(cx: &mut Cx<'_>, top: &mut Table<'_>) -> Vec<ProfileDef> {
    top.named(cx, "profile").into_iter().map(|(name, value)| read_profile(cx, name, value)).collect()
}

fn read_profile(cx: &mut Cx<'_>, name: At<String>, value: &Value<'_>) -> ProfileDef {
    let title = format!("the profile `{}`", name.value);
    let mut def = ProfileDef { name, lengths: Vec::new(), capacities: Vec::new(), omit: Vec::new(), maps: Vec::new() };
    let Some(mut table) = Table::open(cx, title, def.name.span, value) else { return def };
    table.doc(cx);
    def.lengths = read_constants(cx, &mut table, "lengths");
    def.capacities = read_constants(cx, &mut table, "capacities");
    def.omit = table.strings(cx, "omit").map(|omit| omit.value).unwrap_or_default();
    for (map, value) in table.named(cx, "map") {
        let title = format!("`map.{}` of a profile", map.value);
        if let Some(mut table) = Table::open(cx, title, map.span, value) {
            let settings = read_settings(cx, &mut table);
            table.finish(cx);
            def.maps.push(MapOverride { name: map, settings });
        }
    }
    table.finish(cx);
    def
}
