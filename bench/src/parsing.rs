//! From bytes of a buffer to the fields of an event, each way that programs go.

mod compact;
mod fixed;
mod owned;

use std::{hint::black_box, time::Instant};

use crate::{
    Extent,
    measure::{Figure, instructions},
    report::{Bound, Section, counted, number},
};

mod layouts {
    bpf_layout::include_layouts!("layouts.toml");
}

/// Events of a round: as many as the first cache has room for.
const EVENTS: usize = 16;

/// An event, and the ways to read it.
trait Subject: Sized + 'static {
    /// By which a child finds it.
    const NAME: &'static str;
    /// The first is a raw cast, the second ours.
    const WAYS: &'static [Way<Self>];

    /// [`EVENTS`] records.
    fn new() -> Self;

    /// What is read.
    fn what() -> String;

    /// What each way adds up.
    fn expected(&self) -> u64;

    /// Whether ours looks at every record where it lies.
    fn is_never_copied(&self) -> bool;
}

/// One way to the fields. All of them add up the same fields of the same events.
struct Way<S> {
    name: &'static str,
    /// Reads each event so many times, and returns the sum.
    read: fn(&S, usize) -> u64,
}

const RAW: usize = 0;
const OURS: usize = 1;

pub(crate) fn run(extent: Extent) -> Result<Section, String> {
    let mut section = Section::default();
    let beyond = measure::<fixed::Fixed>(extent, &mut section)?;
    measure::<compact::Compact>(extent, &mut section)?;
    section.aim("fixed event: ns that `parse` takes beyond the raw cast", beyond, Bound::AtMost(1.0));
    Ok(section)
}

/// Adds the table of one event, and gives the nanoseconds that ours takes beyond a raw cast.
fn measure<S: Subject>(extent: Extent, section: &mut Section) -> Result<f64, String> {
    let (rounds, repeats) = match extent {
        Extent::Full => (20_000, 15),
        Extent::Short => (10, 1),
    };
    let events = S::new();
    let mut measured = Vec::new();
    for (number, way) in S::WAYS.iter().enumerate() {
        let (sum, expected) = ((way.read)(&events, 1), events.expected());
        if sum != expected {
            return Err(format!("{}: {sum} instead of {expected}", way.name));
        }
        let rounds = if number == S::WAYS.len() - 1 || way.name.contains("owned") { rounds / 10 } else { rounds };
        let counted = instructions(&["parse", S::NAME, &number.to_string()])?.map(|all| all / EVENTS as f64);
        measured.push((time(&events, way, rounds, repeats), counted));
    }
    if !events.is_never_copied() {
        return Err("an aligned event was copied".into());
    }
    add_table::<S>(&measured, section);
    Ok(measured[OURS].0.least - measured[RAW].0.least)
}

/// Nanoseconds of one event.
fn time<S>(events: &S, way: &Way<S>, rounds: usize, repeats: usize) -> Figure {
    let once = |_| {
        let started = Instant::now();
        black_box((way.read)(events, rounds));
        started.elapsed().as_secs_f64() * 1e9 / (rounds * EVENTS) as f64
    };
    Figure::of((0..repeats).map(once).collect())
}

/// What [`instructions`] runs: the way of this number to read this event, so many rounds.
pub(crate) fn child(subject: &str, way: &str, rounds: &str) -> Result<(), String> {
    match subject {
        fixed::Fixed::NAME => read::<fixed::Fixed>(way, rounds),
        compact::Compact::NAME => read::<compact::Compact>(way, rounds),
        _ => Err(format!("no event `{subject}`")),
    }
}

fn read<S: Subject>(way: &str, rounds: &str) -> Result<(), String> {
    let way = way.parse().ok().and_then(|number: usize| S::WAYS.get(number)).ok_or("no such way")?;
    let rounds = rounds.parse().map_err(|error| format!("`{rounds}`: {error}"))?;
    black_box((way.read)(&S::new(), rounds));
    Ok(())
}

fn add_table<S: Subject>(measured: &[(Figure, Option<f64>)], section: &mut Section) {
    let title = format!("{}, hot in the cache, the fastest of {} runs:", S::what(), measured[OURS].0.runs);
    let table = section.table(&title, &["", "ns", "of the raw cast's", "median ns", "instructions"]);
    let raw = measured[RAW].0.least;
    for (way, (nanos, instructions)) in S::WAYS.iter().zip(measured) {
        table.row(vec![
            way.name.into(),
            number(nanos.least),
            format!("{}x", number(nanos.least / raw)),
            number(nanos.median),
            counted(*instructions),
        ]);
    }
}
