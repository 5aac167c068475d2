//! `oracle`: random specs, or one spec, before every witness that is here. `cargo xtask oracle` starts it.
#![forbid(unsafe_code)]

use std::{
    env,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    thread,
};

use bpf_layout_oracle::{
    campaign::{Campaign, Summary, explain},
    hearing::Panel,
    rust::Rustc,
    specs,
};

const HELP: &str = "\
Asks every witness that is installed how the types of a spec lie in memory, and compares.

Usage: oracle [OPTIONS]

Options:
  --spec FILE    This spec, as it stands and in each of its profiles, instead of random ones
  --cases N      Random specs to try (default: 1000)
  --first N      The number of the first (default: 0)
  --seed S       What they are made from (default: 1)
  --batch N      Specs in one file, for each of which every compiler starts once (default: 100)
  --rust-batch N Of these, specs that rustc is asked about (default: 10)
  --jobs N       Witnesses asked at once (default: one per CPU)
  --only W       Ask only witnesses whose names contain W; may be repeated
  --without W    Leave out witnesses whose names contain W; may be repeated
  --help         This text

Exit status: 0 if all agree, 1 if somebody does not, 2 if it could not be found out.
";

struct Options {
    spec: Option<PathBuf>,
    campaign: Campaign,
    jobs: usize,
    only: Vec<String>,
    without: Vec<String>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help") {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match read(&arguments).and_then(|options| run(&options)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::from(2)
        }
    }
}

fn read(arguments: &[String]) -> Result<Options, String> {
    let (mut spec, mut cases, mut first, mut seed, mut batch, mut batch_in_rust) = (None, 1000, 0, 1, 100, 10);
    let mut jobs = thread::available_parallelism().map_or(1, usize::from);
    let (mut only, mut without) = (Vec::new(), Vec::new());
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("`{argument}` needs a value, or is none of\n\n{HELP}"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("`{argument}` takes a number, not `{value}`"));
        match argument.as_str() {
            "--spec" => spec = Some(value.into()),
            "--cases" => cases = number()?,
            "--first" => first = number()?,
            "--seed" => seed = number()?,
            "--batch" => batch = number()?.max(1),
            "--rust-batch" => batch_in_rust = number()?,
            "--jobs" => jobs = usize::try_from(number()?).map_err(|_| "too many jobs")?,
            "--only" => only.push(value.clone()),
            "--without" => without.push(value.clone()),
            _ => return Err(format!("unexpected argument `{argument}`\n\n{HELP}")),
        }
    }
    let end = first.checked_add(cases).ok_or("the numbers of the cases do not fit 64 bits")?;
    Ok(Options { spec, campaign: Campaign { seed, cases: first..end, batch, batch_in_rust }, jobs, only, without })
}

/// Whether all agree.
fn run(options: &Options) -> Result<bool, String> {
    let has = |name: &str, words: &[String]| words.iter().any(|word| name.contains(word));
    let wanted = |name: &str| (options.only.is_empty() || has(name, &options.only)) && !has(name, &options.without);
    let panel = Panel::installed(options.jobs).only(wanted);
    let rust = if wanted(Rustc::NAME) { Some(Panel::rustc(Rustc::with_runtime(true)?)) } else { None };
    println!("asked:");
    for line in panel.roll().iter().chain(&rust.as_ref().map(Panel::roll).unwrap_or_default()) {
        println!("  {line}");
    }
    match (&options.spec, rust) {
        (Some(spec), Some(rust)) => one(&panel.and(rust), spec),
        (Some(spec), None) => one(&panel, spec),
        (None, rust) => many(&panel, rust.as_ref(), &options.campaign),
    }
}

fn one(panel: &Panel, spec: &Path) -> Result<bool, String> {
    let text = std::fs::read_to_string(spec).map_err(|error| format!("{}: {error}", spec.display()))?;
    let plain = specs::parse(&text, spec, None)?;
    let mut profiles = vec![None];
    profiles.extend(plain.model.profiles.iter().map(|profile| Some(profile.as_str())));
    let mut all_agree = true;
    for profile in profiles {
        let hearing = panel.hear(&specs::parse(&text, spec, profile)?);
        let (found, count) = hearing.disagreements(1);
        println!(
            "{}, profile {}: {} facts, {} witnesses, {} statements, {count} disagreements",
            spec.display(),
            profile.unwrap_or("none"),
            hearing.facts(),
            hearing.names().count(),
            hearing.statements()
        );
        all_agree &= found.is_empty();
        for disagreement in found.iter().take(SHOWN) {
            println!("\n{}", explain(panel, &text, spec, profile, disagreement));
        }
    }
    Ok(all_agree)
}

/// Disagreements on one spec that are made smaller and shown.
const SHOWN: usize = 3;

fn many(panel: &Panel, rust: Option<&Panel>, campaign: &Campaign) -> Result<bool, String> {
    let Campaign { seed, cases, batch, .. } = campaign;
    println!("cases {cases:?} of seed {seed}, {batch} to a file");
    let summary = campaign.run(panel, rust, &mut |summary| {
        println!("{}", progress(summary, cases.end - cases.start));
        // Whoever watches a log sees it at once.
        let _ = io::stdout().flush();
    });
    for disagreement in &summary.disagreements {
        println!("\n{disagreement}");
    }
    let Summary { cases, cases_in_rust, records, facts, statements, disagreements, took } = &summary;
    println!(
        "{cases} specs ({cases_in_rust} in Rust), {records} records, {facts} facts, {statements} statements, {} disagreements, in {:.0} s",
        disagreements.len(),
        took.as_secs_f64()
    );
    Ok(disagreements.is_empty())
}

fn progress(summary: &Summary, all: u64) -> String {
    let seconds = summary.took.as_secs_f64();
    let rate = summary.cases as f64 / seconds.max(0.001);
    format!(
        "{:>7} of {all} specs, {:.0} s, {rate:.1} a second, {} statements, {} disagreements",
        summary.cases,
        seconds,
        summary.statements,
        summary.disagreements.len()
    )
}
