//! What bpf-layout costs, beside what others cost for the same: `cargo xtask bench` builds and runs it.
//!
//! A measurement is a process of its own ([`child`]), so that its time and its peak memory are its own. Each group
//! prints a table in which every figure stands beside that of a named peer of the same run.

mod building;
mod child;
mod compiling;
mod generating;
mod inputs;
mod kernel;
mod measure;
mod parsing;
mod report;
mod scale;
mod skew;

use std::{env, process::ExitCode};

use report::{Report, Section};

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// As docs/performance.md has it.
    Full,
    /// Just enough to see that everything runs.
    Short,
}

/// One subject of the report.
struct Group {
    name: &'static str,
    run: fn(Extent) -> Result<Section, String>,
}

const GROUPS: &[Group] = &[
    Group { name: "generating", run: generating::run },
    Group { name: "compiling", run: compiling::run },
    Group { name: "building", run: building::run },
    Group { name: "parsing", run: parsing::run },
    Group { name: "skew", run: skew::run },
    Group { name: "kernel", run: kernel::run },
    Group { name: "scale", run: scale::run },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let result = match arguments.split_first() {
        Some((first, rest)) if first == child::WORD => child::run(rest),
        _ => run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), String> {
    let (mut extent, mut write, mut names) = (Extent::Full, false, Vec::new());
    for argument in arguments {
        match argument.as_str() {
            "--short" => extent = Extent::Short,
            "--write" => write = true,
            name if GROUPS.iter().any(|group| group.name == name) => names.push(name),
            other => return Err(format!("`{other}` is no group; there are: {}", group_names())),
        }
    }
    if write && extent == Extent::Short {
        return Err("`--write` keeps what was measured, and `--short` measures nothing worth keeping".into());
    }
    let mut report = Report::new()?;
    if extent == Extent::Short {
        println!(
            "Short form: one run, perhaps without optimisation. The figures mean nothing, but that there are some.\n"
        );
    }
    for group in GROUPS.iter().filter(|group| names.is_empty() || names.contains(&group.name)) {
        eprintln!("== {}", group.name);
        let section = (group.run)(extent)?;
        section.check(group.name)?;
        println!("{}", section.markdown());
        report.add(group.name, section);
    }
    if write { report.write() } else { Ok(()) }
}

fn group_names() -> String {
    GROUPS.iter().map(|group| group.name).collect::<Vec<_>>().join(", ")
}
