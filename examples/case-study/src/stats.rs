//! What the kernel says of the maps and programs of a running tool.

use std::{collections::BTreeMap, fs, io, thread, time::Duration};

use bpf_layout_live::{Program, holders};
use tool::testing::{LoadedMap, loaded_maps};

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

/// Has the kernel measure how long programs run, until this is dropped; if we are killed before, it goes on.
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

/// Every map that a process has open, with the bytes that the kernel reports of it: the least of some moments, as maps that
/// allocate when they need to are never idle for long.
pub(crate) fn maps(pid: u32) -> Result<Vec<LoadedMap>, String> {
    let mut least = loaded_maps(pid)?;
    for _ in 0..20 {
        thread::sleep(Duration::from_millis(5));
        for (known, now) in least.iter_mut().zip(loaded_maps(pid)?) {
            known.memlock = known.memlock.min(now.memlock);
        }
    }
    Ok(least)
}

/// Nanoseconds that the main thread of a process has run (`/proc/PID/schedstat`, Documentation/scheduler/sched-stats.rst).
pub(crate) fn cpu_nanos(pid: u32) -> Result<u64, String> {
    let path = format!("/proc/{pid}/schedstat");
    let text = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let first = text.split(' ').next().and_then(|number| number.parse().ok());
    first.ok_or_else(|| format!("{path} says no time: {text}"))
}

/// What there is to say of each program that a process has open, by its name, which has 15 bytes at most.
pub(crate) fn programs(pid: u32) -> Result<BTreeMap<String, ProgramStats>, String> {
    let folder = format!("/proc/{pid}/fdinfo");
    let entries = fs::read_dir(&folder).map_err(|error| format!("{folder}: {error}"))?;
    let texts = entries.filter_map(|entry| fs::read_to_string(entry.ok()?.path()).ok());
    let mut stats: BTreeMap<u32, ProgramStats> = texts.filter_map(|text| parse(&text)).collect();
    let holder = holders().into_iter().find(|holder| holder.pid == pid);
    let programs = holder.map(|holder| holder.programs).unwrap_or_default();
    let named = programs.into_iter().map(|id| {
        let info = Program::from_id(id).and_then(|program| program.info()).map_err(|error| error.to_string())?;
        let stats = stats.remove(&id).ok_or_else(|| format!("{folder} says nothing of program {id}"))?;
        Ok((info.name, stats))
    });
    named.collect()
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
    fn a_process_that_works_takes_time() {
        let mut shell = std::process::Command::new("sh")
            .args(["-c", "i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done; read -r _"])
            .stdin(std::process::Stdio::piped())
            .spawn()
            .expect("a shell");
        let worked = || cpu_nanos(shell.id()).expect("a child") > 1_000_000;
        assert!((0..1000).any(|_| worked() || {
            thread::sleep(Duration::from_millis(10));
            false
        }));
        shell.kill().expect("it runs");
        shell.wait().expect("it ended");
        assert!(cpu_nanos(u32::MAX).is_err());
    }

    #[test]
    fn programs_are_told_from_other_files() {
        let text = "pos:\t0\nprog_type:\t17\nprog_id:\t12084\nrun_time_ns:\t900\nrun_cnt:\t3\nverified_insns:\t7990\n";
        assert_eq!(parse(text), Some((12084, ProgramStats { verified: 7990, runs: 3, nanos: 900 })));
        assert_eq!(parse("link_type:\traw_tracepoint\nprog_id:\t12084\n"), None);
    }
}
