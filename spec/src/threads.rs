//! Work beside other work.

use std::{panic, sync::OnceLock, thread};

/// What the two give, one beside the other if `at_once` and there is more than one CPU.
pub fn both<A, B: Send>(at_once: bool, one: impl FnOnce() -> A, other: impl FnOnce() -> B + Send) -> (A, B) {
    if !at_once || !are_several_cpus() {
        return (one(), other());
    }
    thread::scope(|scope| {
        let other = scope.spawn(other);
        (one(), joined(other))
    })
}

/// Asked for once: to answer, several files are read.
fn are_several_cpus() -> bool {
    static SEVERAL: OnceLock<bool> = OnceLock::new();
    *SEVERAL.get_or_init(|| thread::available_parallelism().is_ok_and(|processors| processors.get() > 1))
}

/// What a thread gives; its panic goes on here.
pub fn joined<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panicked| panic::resume_unwind(panicked))
}
