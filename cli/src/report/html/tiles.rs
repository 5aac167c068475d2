//! The treemap of what all maps really take, every entry in use: a group for each map, in it a tile for each use of its
//! bytes, where values are told apart by field.

use std::cmp::Reverse;

use bpf_layout_memory::{
    Cost, FieldBytes, MapReport, Part, Report, RoomReport, Use, fields_of,
    text::{grouped, percent, rounded},
};
use bpf_layout_spec::layout::Layouts;
use maud::{Markup, html};

use super::treemap::{Rect, squarify};

/// Width and height of a treemap, in no unit.
const SIZE: (f64, f64) = (1000.0, 560.0);
/// Tiles of less than a thousandth of the whole are told together.
const SMALLEST_SHARE: u64 = 1000;

/// All tiles of one map.
struct Group {
    name: String,
    bytes: u64,
    tiles: Vec<Tile>,
}

/// Bytes of one map that have one use.
pub(super) struct Tile {
    /// The field, or what the bytes are for.
    pub(super) label: String,
    /// What it is coloured by; `None` for many small parts together.
    of: Option<Use>,
    pub(super) bytes: u64,
}

/// The picture. `scale`, at most 1, is its share of the width and height that it may have.
pub(super) fn picture(layouts: &Layouts, report: &Report, scale: f64) -> Markup {
    let total = report.totals().real_full;
    let groups = groups(layouts, report, total);
    let weights: Vec<u64> = groups.iter().map(|group| group.bytes).collect();
    let whole = Rect::new(SIZE.0, SIZE.1);
    let rects = squarify(&weights, whole);
    let label = format!(
        "Treemap of {} bytes in {}; the tables below have the same in numbers",
        grouped(total),
        if groups.len() == 1 { "1 map".into() } else { format!("{} maps", groups.len()) }
    );
    html! {
        div.treemap role="img" aria-label=(label) style=(format!("width:{:.3}%", scale * 100.0)) {
            @for (group, rect) in groups.iter().zip(&rects) {
                div.group data-bytes=(group.bytes) style=(place(*rect, whole)) {
                    (group_tiles(group, *rect, total))
                    span.name { (group.name) }
                }
            }
        }
    }
}

fn group_tiles(group: &Group, outer: Rect, total: u64) -> Markup {
    let inner = Rect::new(outer.width, outer.height);
    let weights: Vec<u64> = group.tiles.iter().map(|tile| tile.bytes).collect();
    html! {
        @for (tile, rect) in group.tiles.iter().zip(squarify(&weights, inner)) {
            @let share = percent(tile.bytes, total);
            div.tile.(tile.of.map_or("rest", Use::id)) data-bytes=(tile.bytes) style=(place(rect, inner))
                title=(format!("{}: {}, {} bytes, {share}", group.name, tile.label, grouped(tile.bytes))) {
                span.label { (tile.label) br; small { (rounded(tile.bytes)) } }
            }
        }
    }
}

/// A rectangle as shares of the one that it lies in.
fn place(rect: Rect, within: Rect) -> String {
    let share = |part: f64, whole: f64| if whole > 0.0 { part / whole * 100.0 } else { 0.0 };
    format!(
        "left:{:.4}%;top:{:.4}%;width:{:.4}%;height:{:.4}%",
        share(rect.x, within.width),
        share(rect.y, within.height),
        share(rect.width, within.width),
        share(rect.height, within.height)
    )
}

/// What takes anything at all, the largest first.
fn groups(layouts: &Layouts, report: &Report, total: u64) -> Vec<Group> {
    let model = &layouts.model;
    let map =
        |found: &MapReport| group(model.map(found.id).name.spec.to_string(), &found.cost, tiles(layouts, found), total);
    let room = |found: &RoomReport| group(found.name(model), &found.cost, room_tiles(found), total);
    let mut groups: Vec<Group> = report.maps.iter().map(map).chain(report.rooms.iter().map(room)).collect();
    groups.retain(|group| group.bytes > 0);
    groups.sort_by_key(|group| Reverse(group.bytes));
    groups
}

fn group(name: String, cost: &Cost, all: Vec<Tile>, total: u64) -> Group {
    let (mut tiles, small): (Vec<Tile>, Vec<Tile>) =
        all.into_iter().partition(|tile| tile.bytes.saturating_mul(SMALLEST_SHARE) >= total);
    let rest: u64 = small.iter().map(|tile| tile.bytes).fold(0, u64::saturating_add);
    tiles.extend(match small.into_iter().next() {
        Some(first) if first.bytes == rest => Some(first),
        Some(_) => Some(Tile { label: "the rest".into(), of: None, bytes: rest }),
        None => None,
    });
    tiles.sort_by_key(|tile| Reverse(tile.bytes));
    Group { name, bytes: cost.real_full, tiles }
}

/// What the rooms of an event consist of, the largest first.
pub(super) fn room_tiles(found: &RoomReport) -> Vec<Tile> {
    let tile = |part: &Part| Tile { label: part.of.text().into(), of: Some(part.of), bytes: part.bytes };
    let mut tiles: Vec<Tile> = found.cost.parts.iter().map(tile).collect();
    tiles.sort_by_key(|tile| Reverse(tile.bytes));
    tiles
}

/// What `real_full` of a map consists of, the largest first.
pub(super) fn tiles(layouts: &Layouts, found: &MapReport) -> Vec<Tile> {
    let mut tiles: Vec<Tile> = found.cost.parts.iter().flat_map(|part| tiles_of(layouts, found, part)).collect();
    tiles.sort_by_key(|tile| Reverse(tile.bytes));
    tiles
}

/// A part as one tile; values as one for each field of their struct.
fn tiles_of(layouts: &Layouts, found: &MapReport, part: &Part) -> Vec<Tile> {
    let value = layouts.model.map(found.id).value.as_ref();
    let fields = match (part.of, value) {
        (Use::Values, Some(ty)) => fields_of(layouts, ty),
        _ => Vec::new(),
    };
    let in_one: u64 = fields.iter().map(|field| field.bytes).sum();
    if in_one == 0 {
        return vec![Tile { label: part.of.text().into(), of: Some(part.of), bytes: part.bytes }];
    }
    let share = |field: &FieldBytes| {
        let bytes = u128::from(part.bytes) * u128::from(field.bytes) / u128::from(in_one);
        u64::try_from(bytes).unwrap_or(u64::MAX)
    };
    let of = |field: &FieldBytes| Some(if field.path == "padding" { Use::Padding } else { Use::Values });
    fields.iter().map(|field| Tile { label: field.path.clone(), of: of(field), bytes: share(field) }).collect()
}
