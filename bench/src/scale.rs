//! Much of everything: a spec of many structs and maps, and a ring buffer that is read at full speed for long.

use std::{
    fs,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use bpf_layout::libbpf::Events;
use libbpf_rs::{MapCore as _, MapFlags, ObjectBuilder};
use tempfile::TempDir;

use crate::{
    Extent, inputs,
    kernel::{
        self, layouts, program,
        storm::{Pause, Storm},
    },
    measure::{Child, Costs, in_turn},
    report::{Bound, Section, megabytes, milliseconds, number},
};

pub(crate) fn run(extent: Extent) -> Result<Section, String> {
    let (counts, seconds): ([(usize, usize); 2], _) = match extent {
        Extent::Full => ([(10_000, 1_000), (100_000, 10_000)], 60),
        Extent::Short => ([(10, 1), (100, 10)], 1),
    };
    let mut section = Section::default();
    large_specs(&mut section, counts)?;
    if let Some(reason) = kernel::obstacle() {
        return Ok(section.skipped(&reason));
    }
    long_reading(&mut section, Duration::from_secs(seconds))?;
    Ok(section)
}

/// Everything that a build script does with a spec of many structs and maps, beside parsing its TOML.
fn large_specs(section: &mut Section, counts: [(usize, usize); 2]) -> Result<(), String> {
    let folder = TempDir::new().map_err(|error| format!("no temporary folder: {error}"))?;
    let mut measured = Vec::new();
    for (structs, maps) in counts {
        eprintln!("{structs} structs and {maps} maps");
        let (spec, output) = (folder.path().join(format!("{structs}.toml")), folder.path().join(structs.to_string()));
        let text = inputs::spec(structs) + &inputs::maps(maps);
        fs::write(&spec, text).map_err(|error| format!("{}: {error}", spec.display()))?;
        let children = [
            Child {
                name: "bpf-layout",
                arguments: vec![spec.clone().into(), output.clone().into()],
                makes: Some(output),
            },
            Child { name: "toml", arguments: vec![spec.into()], makes: None },
        ];
        measured.push(in_turn(&children, 10, 3)?);
    }
    let table = section.table(
        "Header and Rust types of a whole spec, median (least to most):",
        &["", "time", "of parsing the TOML alone", "peak memory", "of parsing the TOML alone"],
    );
    for ((structs, maps), costs) in counts.iter().zip(&measured) {
        let (ours, toml) = (&costs[0], &costs[1]);
        table.row(vec![
            format!("{structs} structs and {maps} maps"),
            milliseconds(ours.wall()),
            format!("{}x", number(ours.wall().median / toml.wall().median)),
            megabytes(ours.peak()),
            format!("{}x", number(ours.peak().median / toml.peak().median)),
        ]);
    }
    let growth = |figure: fn(&Costs) -> f64| figure(&measured[1][0]) / figure(&measured[0][0]);
    let bound = Bound::AtMost(counts[1].0 as f64 / counts[0].0 as f64);
    section.aim("growth of time, for ten times the spec", growth(|costs| costs.wall().median), bound);
    section.aim("growth of peak memory, for ten times the spec", growth(|costs| costs.peak().median), bound);
    Ok(())
}

/// Two processes call as fast as they can, and the typed ring buffer hands on what comes.
fn long_reading(section: &mut Section, lasts: Duration) -> Result<(), String> {
    eprintln!("a ring buffer for {} s", lasts.as_secs());
    let folder = TempDir::new().map_err(|error| format!("no temporary folder: {error}"))?;
    let object = program::compile("fixed.bpf.c", None, None, folder.path())?;
    let failed = |error: libbpf_rs::Error| format!("{error:#}");
    let object = ObjectBuilder::default().open_file(object).map_err(failed)?.load().map_err(failed)?;
    let map = |name: &str| object.maps().find(|map| map.name() == name).ok_or_else(|| format!("no map `{name}`"));
    let mut storms = [Storm::prepare(u32::MAX, Pause::None)?, Storm::prepare(u32::MAX, Pause::None)?];
    let pids = storms.each_ref().map(|storm| storm.pid().to_ne_bytes()).concat();
    map("storm")?.update(&0u32.to_ne_bytes(), &pids, MapFlags::ANY).map_err(failed)?;
    let (events, texts) = (AtomicU64::new(0), AtomicUsize::new(0));
    let reader = Events::<layouts::maps::Events>::new(&map("events")?, |record| {
        events.fetch_add(1, Ordering::Relaxed);
        let layouts::maps::EventsRecord::Openat(event) = record;
        texts.fetch_add(event.path.len(), Ordering::Relaxed);
    });
    let reader = reader.map_err(|error| error.to_string())?;
    let program = object.progs_mut().next().ok_or("no program")?;
    let _link = program.attach().map_err(failed)?;
    for storm in &mut storms {
        storm.go()?;
    }
    let started = Instant::now();
    let mut resident = Vec::new();
    for second in 1..=lasts.as_secs() {
        while started.elapsed() < Duration::from_secs(second) {
            reader.poll(Duration::from_millis(10)).map_err(|error| error.to_string())?;
        }
        resident.push(resident_kib()?);
    }
    let (events, seconds) = (events.load(Ordering::Relaxed), started.elapsed().as_secs_f64());
    let (first, last) = (resident[0], resident[resident.len() - 1]);
    let most = resident.iter().copied().fold(first, f64::max);
    let table = section.table(
        "A typed ring buffer of 256 KiB, filled by two processes as fast as they can call; resident memory, looked at each second:",
        &["seconds", "events", "events per s", "KiB after the first second", "most KiB", "KiB at the end"],
    );
    let figures = [seconds, events as f64, events as f64 / seconds, first, most, last];
    table.row(figures.map(number).to_vec());
    section.aim("KiB by which resident memory grew after the first second", most - first, Bound::AtMost(64.0));
    if events == 0 || texts.load(Ordering::Relaxed) == 0 {
        return Err("nothing came through the ring buffer".into());
    }
    Ok(())
}

/// Resident memory of this process, in KiB.
fn resident_kib() -> Result<f64, String> {
    let status = fs::read_to_string("/proc/self/status").map_err(|error| format!("/proc/self/status: {error}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|kib| kib.trim().parse().ok());
    number.ok_or_else(|| "/proc/self/status does not say how much memory is resident".into())
}
