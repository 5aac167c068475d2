//! What the kernel says of the maps and programs of a running tool.

use std::{collections::BTreeMap, fs, io, thread, time::Duration};

use bpf_layout_live::{Map, Program, holders};

/// A program, as `/proc/PID/fdinfo` has it (`bpf_prog_show_fdinfo`, kernel/bpf/syscall.c).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ProgramStats {
    /// Instructions that the verifier processed, each as often as it came by.
    pub(crate) verified: u64,
    /// How often it has run while this was counted.
    pub(crate) runs: u64,
    /// Nanoseconds that it took together.
    pub(crate) nanos: u64,
}

/// Has the kernel measure how long programs run, until this is dropped.
pub(crate) struct Clock {
    before: String,
}

const SWITCH: &str = "/proc/sys/kernel/bpf_stats_enabled";

impl Clock {
    /// Begins.
    pub(crate) fn start() -> io::Result<Self> {
        let before = fs::read_to_string(SWITCH)?;
        fs::write(SWITCH, "1")?;
        Ok(Clock { before })
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        if let Err(error) = fs::write(SWITCH, &self.before) {
            eprintln!("case-study: {SWITCH} stays on: {error}");
        }
    }
}

/// Bytes that the kernel reports of each map that a process has open, by its name, which has 15 bytes at most. The least
/// of some moments, as maps that allocate when they need to are never idle for long.
pub(crate) fn maps(pid: u32) -> Result<BTreeMap<String, u64>, String> {
    let mut least = BTreeMap::new();
    for _ in 0..20 {
        for id in holder(pid)?.maps {
            let map = Map::from_id(id).map_err(|error| error.to_string())?;
            let bytes = map.memlock().map_err(|error| error.to_string())?;
            least
                .entry(map.info().name.clone())
                .and_modify(|known: &mut u64| *known = bytes.min(*known))
                .or_insert(bytes);
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(least)
}

/// What there is to say of each program that a process has open, by its name, which has 15 bytes at most.
pub(crate) fn programs(pid: u32) -> Result<BTreeMap<String, ProgramStats>, String> {
    let folder = format!("/proc/{pid}/fdinfo");
    let entries = fs::read_dir(&folder).map_err(|error| format!("{folder}: {error}"))?;
    let texts = entries.filter_map(|entry| fs::read_to_string(entry.ok()?.path()).ok());
    let mut stats: BTreeMap<u32, ProgramStats> = texts.filter_map(|text| parse(&text)).collect();
    let named = holder(pid)?.programs.into_iter().map(|id| {
        let info = Program::from_id(id).and_then(|program| program.info()).map_err(|error| error.to_string())?;
        let stats = stats.remove(&id).ok_or_else(|| format!("{folder} says nothing of program {id}"))?;
        Ok((info.name, stats))
    });
    named.collect()
}

fn holder(pid: u32) -> Result<bpf_layout_live::Holder, String> {
    holders().into_iter().find(|holder| holder.pid == pid).ok_or_else(|| format!("process {pid} has no BPF maps"))
}

fn parse(text: &str) -> Option<(u32, ProgramStats)> {
    let number = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
    let stats = ProgramStats {
        verified: number("verified_insns:")?,
        runs: number("run_cnt:")?,
        nanos: number("run_time_ns:")?,
    };
    Some((number("prog_id:")?.try_into().ok()?, stats))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_from_other_files() {
        let text = "pos:\t0\nprog_type:\t17\nprog_id:\t12084\nrun_time_ns:\t900\nrun_cnt:\t3\nverified_insns:\t7990\n";
        assert_eq!(parse(text), Some((12084, ProgramStats { verified: 7990, runs: 3, nanos: 900 })));
        assert_eq!(parse("link_type:\traw_tracepoint\nprog_id:\t12084\n"), None);
    }
}
