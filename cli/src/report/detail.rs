//! Where the bytes of each map go, and what neither figure says.

use std::fmt::Write as _;

use bpf_layout_memory::{
    Cost, FieldBytes, MapReport, Part, Report, RoomReport, Use, fields_of, reason,
    text::{exact, grouped, percent, rounded, times},
    uncounted,
};
use bpf_layout_spec::{
    Loaded,
    layout::Layouts,
    model::{Map, Model, Type},
};

use super::table::{BOLD, DIM};
use crate::show::types::type_text;

/// Parts of less than a thousandth are told together.
const SMALLEST_SHARE: u64 = 1000;
/// Fields that are told of one value, if they fit into a line.
const MOST_FIELDS: usize = 3;
/// Columns of a line, and of what stands in it before the fields of a value.
const COLUMNS: usize = 100;
const BEFORE_FIELDS: usize = 36;
/// A difference of fewer bytes between the two figures is told of all such maps together.
const SMALL_GAP: u64 = 16 << 10;

/// A block for each map, then one of the warnings, which may be empty.
pub(super) fn blocks(loaded: &Loaded, report: &Report, order: &[&MapReport]) -> Vec<String> {
    let maps = order.iter().map(|found| block(&loaded.layouts, report, found));
    let rooms = report.rooms.iter().map(|room| room_block(&loaded.layouts.model, room));
    maps.chain(rooms).chain([gaps(&loaded.layouts, report, order)]).collect()
}

fn block(layouts: &Layouts, report: &Report, found: &MapReport) -> String {
    let map = layouts.model.map(found.id);
    let (name, parameters) = (&map.name.spec, parameters(layouts, map, found));
    let fits = name.chars().count() + 2 + parameters.chars().count() <= COLUMNS;
    let between = if fits { "  " } else { "\n  " };
    let mut text = format!("{BOLD}{name}{BOLD:#}{between}{DIM}{parameters}{DIM:#}\n");
    text += &parts(
        &found.cost,
        |part| {
            if part.of == Use::Values { fields(layouts, map, part.bytes) } else { String::new() }
        },
    );
    if let Some(missing) = uncounted(&found.shape, &report.machine) {
        let _ = writeln!(text, "  {DIM}not counted: {missing}{DIM:#}");
    }
    text
}

/// A block for the rooms of an event.
fn room_block(model: &Model, room: &RoomReport) -> String {
    let parameters = room_parameters(model, room);
    let text = format!("{BOLD}{}{BOLD:#}\n  {DIM}{parameters}{DIM:#}\n", room.name(model));
    text + &parts(&room.cost, |_| String::new())
}

/// `4 rooms of 1,224 B on each CPU, in which packet is built`.
pub(super) fn room_parameters(model: &Model, room: &RoomReport) -> String {
    let (count, bytes) = (room.shape.entries, grouped(room.shape.value));
    let rooms = if count == 1 { format!("a room of {bytes} B") } else { format!("{count} rooms of {bytes} B") };
    format!("{rooms} on each CPU, in which {} is built", model.ty(room.event).name().spec)
}

/// A line for each use of the bytes of a map; `more` says what stands behind it.
fn parts(cost: &Cost, more: impl Fn(&Part) -> String) -> String {
    let (mut text, total) = (String::new(), cost.real_full);
    let (large, small): (Vec<&Part>, Vec<&Part>) =
        cost.parts.iter().partition(|part| part.bytes.saturating_mul(SMALLEST_SHARE) >= total);
    for part in &large {
        text += &part_line(part.bytes, total, &format!("{}{}", part.of.text(), more(part)));
    }
    match small.as_slice() {
        [] => {}
        [one] => text += &part_line(one.bytes, total, one.of.text()),
        several => text += &part_line(several.iter().map(|part| part.bytes).sum(), total, "the rest"),
    }
    text
}

fn part_line(bytes: u64, total: u64, what: &str) -> String {
    format!("  {:>15}  {:>7}  {what}\n", grouped(bytes), percent(bytes, total))
}

/// `hash of 16,384 entries, key socket_key (12 B), value socket_value (8,272 B), no_prealloc`.
pub(super) fn parameters(layouts: &Layouts, map: &Map, found: &MapReport) -> String {
    let sized = |what: &str, ty: &Option<Type>| {
        ty.as_ref().map(|ty| {
            let size = grouped(layouts.size_align(ty).0);
            format!("{what} {} ({size} B)", type_text(&layouts.model, ty))
        })
    };
    let kind = map.kind.name;
    let mut words = vec![match found.entries {
        0 => kind.to_owned(),
        bytes if kind.ends_with("ringbuf") => format!("{kind} of {}", exact(bytes)),
        1 => format!("{kind} of 1 entry"),
        pages if kind == "arena" => format!("{kind} of {} pages", grouped(pages)),
        entries => format!("{kind} of {} entries", grouped(entries)),
    }];
    words.extend(sized("key", &map.key));
    words.extend(sized("value", &map.value));
    words.extend(map.flags.iter().map(|flag| flag.name.to_owned()));
    words.join(", ")
}

/// `: cwd 67.1 MB, exepath 67.1 MB, 8 others 1.3 MB`, of all the values of a map.
fn fields(layouts: &Layouts, map: &Map, bytes: u64) -> String {
    let Some(ty) = &map.value else { return String::new() };
    let fields = fields_of(layouts, ty);
    let size = layouts.size_align(ty).0.max(1);
    let all = |in_one: u64| {
        let share = u128::from(bytes) * u128::from(in_one) / u128::from(size);
        rounded(u64::try_from(share).unwrap_or(u64::MAX))
    };
    let told = |count: usize| {
        let (named, others) = fields.split_at(count.min(fields.len()));
        let mut words: Vec<String> = named.iter().map(|field| format!("{} {}", field.path, all(field.bytes))).collect();
        match others {
            [] => {}
            [FieldBytes { path, bytes }] => words.push(format!("{path} {}", all(*bytes))),
            others => {
                words.push(format!("{} others {}", others.len(), all(others.iter().map(|field| field.bytes).sum())));
            }
        }
        words.join(", ")
    };
    let counts = (1..=MOST_FIELDS).rev();
    let text = counts.map(told).find(|text| BEFORE_FIELDS + text.chars().count() <= COLUMNS).unwrap_or_default();
    if text.is_empty() { text } else { format!(": {text}") }
}

/// A warning for every map that takes something else than it reports, the small ones in one.
fn gaps(layouts: &Layouts, report: &Report, order: &[&MapReport]) -> String {
    let mut text = String::new();
    let mut small: Vec<&str> = Vec::new();
    for found in order {
        let cost = &found.cost;
        let Some(reason) = reason(&found.shape, &report.machine, cost) else { continue };
        let name = layouts.model.map(found.id).name.spec.as_str();
        if cost.real_full.abs_diff(cost.memlock_full) < SMALL_GAP {
            small.push(name);
            continue;
        }
        let compared = match cost.memlock_full {
            0 => "of which the kernel reports nothing".to_owned(),
            reported => format!("{} times what the kernel reports", times(cost.real_full, reported)),
        };
        let _ =
            writeln!(text, "{BOLD}warning{BOLD:#}: `{name}` takes {} when full, {compared}:", rounded(cost.real_full));
        let _ = writeln!(text, "  {reason}");
    }
    if !small.is_empty() {
        let names = small.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let _ = writeln!(
            text,
            "{DIM}over a tenth off what the kernel reports, but by less than 16 KiB each: {names}{DIM:#}"
        );
    }
    text
}
