//! One tool in one profile: run, loaded, read.

use std::{collections::BTreeMap, path::Path, process::Command, thread, time::Duration};

use tool::testing::{LoadedMap, Tracer};

use crate::{
    load::Load,
    stats::{self, Clock, ProgramStats},
};

/// What was found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measurement {
    /// Its maps.
    pub(crate) maps: Vec<LoadedMap>,
    /// What each program needed, by the beginning of its name.
    pub(crate) programs: BTreeMap<String, ProgramStats>,
    /// Nanoseconds that the tool itself took to read the events, its CPU time.
    pub(crate) tool_nanos: u64,
    /// Events that the load made, and whatever else the machine did.
    pub(crate) events: u64,
    /// Bytes of one in the ring buffer, on average; `None` if none came.
    pub(crate) event_bytes: Option<u64>,
}

impl Measurement {
    /// Nanoseconds of all programs, for each event.
    pub(crate) fn nanos_per_event(&self) -> u64 {
        let nanos: u64 = self.programs.values().map(|program| program.nanos).sum();
        nanos.checked_div(self.events).unwrap_or(0)
    }
}

/// Runs a built tool under its load.
pub(crate) fn measure(binary: &Path, load: &Load) -> Result<Measurement, String> {
    let mut command = Command::new(binary);
    command.args(["--json", "--comm", "nobody is called this"]);
    let clock = Clock::start().map_err(|error| format!("run times cannot be measured: {error}"))?;
    let tracer = Tracer::try_start(command).map_err(|error| format!("`{}`: {error}", binary.display()))?;
    let before = stats::cpu_nanos(tracer.pid())?;
    (load.run)().map_err(|error| format!("the load of `{}`: {error}", load.tool))?;
    let programs = stats::programs(tracer.pid())?;
    drop(clock);
    // What was in flight is not any more, and the tool has read its last event.
    thread::sleep(Duration::from_millis(300));
    let tool_nanos = stats::cpu_nanos(tracer.pid())?.saturating_sub(before);
    let maps = stats::maps(tracer.pid())?;
    let trace = tracer.stop();
    let account = trace.stderr.lines().last().unwrap_or_default();
    let events = number_before(account, load.counted_as);
    let events = events.ok_or_else(|| format!("`{}` has no account: {account}", binary.display()))?;
    Ok(Measurement { maps, programs, tool_nanos, events, event_bytes: number_before(account, " bytes each") })
}

fn number_before(line: &str, words: &str) -> Option<u64> {
    line.split_once(words)?.0.rsplit(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_is_found() {
        assert_eq!(number_before("exec: 23 calls started, 23 received", " calls started"), Some(23));
        assert_eq!(number_before("0 owners); 17 packets, 3 named", " packets, "), Some(17));
        assert_eq!(number_before("malformed: 0), 212 bytes each, 3 not printed", " bytes each"), Some(212));
        assert_eq!(number_before("killed", " packets, "), None);
    }
}
