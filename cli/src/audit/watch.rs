//! `--watch`: round after round, the figures added up as they come.

use std::{
    io::{self, IsTerminal as _},
    thread,
    time::{Duration, Instant},
};

use bpf_layout_usage::Document;

use super::{Judged, Setting, live};
use crate::{args::AuditFormat, failure::Failure, print};

/// Erases the screen and goes to its first place (ECMA-48: `ED 2`, `CUP`).
const CLEAR: &str = "\u{1b}[2J\u{1b}[H";

/// Rounds until there were as many as asked for, or nobody reads any more.
pub(super) fn run(setting: &Setting<'_>) -> Result<(), Failure> {
    let interval = Duration::from_secs_f64(setting.options.watch.unwrap_or(1.0));
    let mut sum: Option<Document> = None;
    for round in 0_u64.. {
        let began = Instant::now();
        let found = live::sample(setting, round == 0)?;
        match setting.options.format {
            // A document a line, each of one round: they can be merged.
            AuditFormat::Json => print(&(Judged::of(found).to_json() + "\n"))?,
            AuditFormat::Table => {
                match &mut sum {
                    Some(sum) => sum.add(found, true),
                    None => sum = Some(found),
                }
                sum.as_ref().map_or(Ok(()), |sum| show(setting, sum))?;
            }
        }
        if setting.options.rounds.is_some_and(|rounds| round + 1 >= u64::from(rounds)) {
            break;
        }
        thread::sleep(interval.saturating_sub(began.elapsed()));
    }
    Ok(())
}

fn show(setting: &Setting<'_>, sum: &Document) -> Result<(), Failure> {
    let judged = setting.judge(sum.clone());
    let clear = if io::stdout().is_terminal() { CLEAR } else { "" };
    print(&format!("{clear}{}\n", setting.table(&judged)))
}
