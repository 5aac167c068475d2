//! Elements of hash maps and arrays that lie across more cache lines than their bytes need, where a few bytes less would
//! end that.
//!
//! Elements that are allocated together lie one behind the other, from a place that the kernel's own structs decide: which
//! lines each of them touches follows from their size. That of a struct by itself does not say it.

use bpf_layout_spec::{
    layout::Layouts,
    model::{Count, Expr, Type},
};

use super::{About, Proposal, largest_maps};
use crate::{
    bytes::round8,
    family::{Case, hash},
    machine::Machine,
    map::{MMAPABLE, MapShape, MapType, NO_PREALLOC},
    report::{MapReport, Report},
    shrink::laid_out,
    sizes::Struct,
    text::{grouped, times},
};

/// Bytes of a cache line on x86-64 and most of arm64.
const LINE: u64 = 64;
/// Of a longer element, a program hardly reads all.
const LONGEST: u64 = 4 * LINE;
/// The kernel rounds values up to multiples of this many bytes.
const STEP: u64 = 8;
/// An element is to become smaller by no more than this part of it.
const LARGEST_PART: u64 = 8;
/// Of how many elements one must touch a line less.
const WORTH: u64 = 4;

/// Elements that lie one behind the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    /// Bytes from the start of a line to the first.
    first: u64,
    /// Bytes from one to the next.
    stride: u64,
    /// Bytes that are looked at: of a hash map header, key and value, of an array the value.
    len: u64,
}

impl Row {
    /// `None` for maps whose elements are allocated one by one, lie elsewhere, or begin where no line is known to.
    fn of(map: &MapShape, machine: &Machine) -> Option<Row> {
        match map.ty {
            MapType::Hash | MapType::LruHash if !map.has(NO_PREALLOC) => {
                let case = Case { map, machine, entries: map.kernel_entries(machine.cpus), used: 0 };
                let stride = hash::element(case).ok()?.0;
                Some(Row { first: 0, stride, len: stride.checked_sub(round8(map.value).0)?.checked_add(map.value)? })
            }
            MapType::Array => {
                // `array_map_alloc` has the values of such a map begin with a page.
                let first = if map.has(MMAPABLE) { 0 } else { machine.size_of(Struct::Array).ok()?.0 % LINE };
                Some(Row { first, stride: round8(map.value).0, len: map.value })
            }
            _ => None,
        }
    }

    /// Lines that as many elements as a line has bytes touch, after which their places come again.
    fn lines(self) -> u64 {
        let touched = |index: u64| {
            let start = (self.first + index * self.stride) % LINE;
            (start + self.len).div_ceil(LINE)
        };
        (0..LINE).map(touched).sum()
    }

    /// Whether no element touches more lines than its bytes need.
    fn is_tight(self) -> bool {
        self.lines() == self.len.div_ceil(LINE) * LINE
    }
}

pub(super) fn proposals(layouts: &Layouts, report: &Report) -> Vec<Proposal> {
    largest_maps(report).into_iter().filter_map(|found| proposal(layouts, found, report)).collect()
}

fn proposal(layouts: &Layouts, found: &MapReport, report: &Report) -> Option<Proposal> {
    let map = &found.shape;
    let before = Row::of(map, &report.machine).filter(|row| (1..=LONGEST).contains(&row.len))?;
    let steps = 1..=(before.stride / LARGEST_PART / STEP);
    let smaller = steps.filter_map(|step| round8(map.value).0.checked_sub(step * STEP)).filter(|value| *value > 0);
    let mut rows = smaller.filter_map(|value| Some((value, Row::of(&MapShape { value, ..*map }, &report.machine)?)));
    let (value, after) = rows.find(|(_, row)| row.is_tight() && before.lines() >= row.lines() + LINE / WORTH)?;
    let mut model = layouts.model.clone();
    let count = Count { value, expr: Expr::Literal(value) };
    model.maps[found.id.0 as usize].value = Some(Type::Bytes(count));
    let text = format!(
        "has elements of {} bytes, each in {} cache lines on average; with values of {} instead of {} bytes, in {}",
        grouped(before.len),
        times(before.lines(), LINE),
        grouped(value),
        grouped(map.value),
        times(after.lines(), LINE),
    );
    Some(Proposal { about: About::Map(found.id), text, layouts: laid_out(model)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counted element by element, byte by byte.
    fn naive(row: Row) -> u64 {
        let lines = |index: u64| {
            let start = row.first + index * row.stride;
            let touched: std::collections::BTreeSet<u64> = (start..start + row.len).map(|byte| byte / LINE).collect();
            touched.len() as u64
        };
        (0..LINE).map(lines).sum()
    }

    #[test]
    fn lines_are_those_that_bytes_lie_in() {
        for first in [0, 8, 24, 56] {
            for stride in (8..=256).step_by(8) {
                for len in [1, stride - 7, stride] {
                    let row = Row { first, stride, len };
                    assert_eq!(row.lines(), naive(row), "{row:?}");
                }
            }
        }
    }

    #[test]
    fn elements_of_whole_lines_are_tight_from_the_start_of_one() {
        let row = |first, stride| Row { first, stride, len: stride };
        assert!(row(0, 64).is_tight() && row(0, 128).is_tight() && row(0, 32).is_tight());
        assert!(!row(8, 64).is_tight() && !row(0, 48).is_tight() && !row(0, 120).is_tight());
        assert_eq!((row(0, 72).lines(), row(0, 64).lines()), (2 * LINE, LINE));
    }
}
