//! Threads that run on CPUs of their own.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::{io, mem};

/// Two CPUs that this process may run on. If there are not two, says so, and fails where the environment says that the
/// kernel must be tested.
pub(crate) fn two_cpus() -> Option<[usize; 2]> {
    // SAFETY: a set of CPUs is plain data for which zeroes are values.
    let mut set: libc::cpu_set_t = unsafe { mem::zeroed() };
    // SAFETY: the set is as large as the kernel is told, and 0 is this thread.
    let result = unsafe { libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), &raw mut set) };
    assert_eq!(result, 0, "{}", io::Error::last_os_error());
    // SAFETY: each number is one that the set has a bit for.
    let mut cpus = (0..libc::CPU_SETSIZE as usize).filter(|&cpu| unsafe { libc::CPU_ISSET(cpu, &set) });
    if let (Some(one), Some(other)) = (cpus.next(), cpus.next()) {
        return Some([one, other]);
    }
    let required = std::env::var_os("BPF_LAYOUT_REQUIRE_KERNEL").is_some_and(|value| value == "1");
    assert!(!required, "there is one CPU, which races with nobody, and BPF_LAYOUT_REQUIRE_KERNEL is set");
    eprintln!("skipped: there is one CPU, which races with nobody");
    None
}

/// Keeps this thread on a CPU.
pub(crate) fn run_on(cpu: usize) {
    // SAFETY: a set of CPUs is plain data for which zeroes are values, and it lives until the call returns.
    let result = unsafe {
        let mut set: libc::cpu_set_t = mem::zeroed();
        libc::CPU_SET(cpu, &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set)
    };
    assert_eq!(result, 0, "CPU {cpu}: {}", io::Error::last_os_error());
}

/// Keeps this thread on the CPU that it is on.
pub(crate) fn stay() {
    // SAFETY: takes nothing, and gives a number.
    let cpu = unsafe { libc::sched_getcpu() };
    run_on(usize::try_from(cpu).expect("Linux tells"));
}
