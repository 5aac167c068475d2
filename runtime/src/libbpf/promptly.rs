//! How soon the kernel runs a thread that was woken.

use std::{io, mem};

/// Shortest slice that the scheduler gives, in nanoseconds (`kernel/sched/syscalls.c`, `__setparam_fair`).
const SHORTEST_SLICE: u64 = 100_000;

/// Asks the scheduler to run the calling thread sooner after it was woken or has slept, by giving it the shortest time slice
/// there is, 0.1 ms.
///
/// A reader that shares its CPU with what it watches waits, once it is woken, until the slice of whoever runs there is over.
/// These are milliseconds, in which a small buffer fills and loses what comes next. A thread of shorter slices runs at
/// once, for less long at a time; of the CPU's time it gets no more than before. It takes no privilege.
///
/// Linux does so since 6.12 (`kernel/sched/fair.c`, `PREEMPT_SHORT`; `sched_runtime` in
/// `include/uapi/linux/sched/types.h`). Earlier kernels take the call, and nothing changes. Threads of real-time policies
/// come first anyway and are left as they are. Threads and processes that this thread starts afterwards are like it.
///
/// ```no_run
/// # fn main() -> std::io::Result<()> {
/// // In the thread that polls, before it does.
/// bpf_layout::libbpf::wake_promptly()?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// If the kernel refuses, which only a seccomp filter makes it do.
pub fn wake_promptly() -> io::Result<()> {
    let mut attributes = attributes_of_this_thread()?;
    if is_fair(&attributes) {
        attributes.sched_runtime = SHORTEST_SLICE;
        set_attributes_of_this_thread(&attributes)?;
    }
    Ok(())
}

/// Whether CPU time is shared by slices.
fn is_fair(attributes: &libc::sched_attr) -> bool {
    matches!(attributes.sched_policy.cast_signed(), libc::SCHED_OTHER | libc::SCHED_BATCH)
}

/// How many bytes the kernel may write, and which form they have: `SCHED_ATTR_SIZE_VER0`.
const SIZE: u32 = mem::size_of::<libc::sched_attr>() as u32;

/// As `sched_getattr(2)` gives them.
fn attributes_of_this_thread() -> io::Result<libc::sched_attr> {
    // SAFETY: a struct of integers, for which zero is a value.
    let mut attributes: libc::sched_attr = unsafe { mem::zeroed() };
    // SAFETY: the kernel writes at most `SIZE` bytes, which the struct has.
    let status = unsafe { libc::syscall(libc::SYS_sched_getattr, 0, &raw mut attributes, SIZE, 0) };
    if status == 0 { Ok(attributes) } else { Err(io::Error::last_os_error()) }
}

/// As `sched_setattr(2)` takes them.
fn set_attributes_of_this_thread(attributes: &libc::sched_attr) -> io::Result<()> {
    // SAFETY: the kernel reads as many bytes as `attributes.size` says, which it has written itself: those of the struct.
    let status = unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const *attributes, 0) };
    if status == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use std::{println, thread};

    use super::*;

    /// In a thread of its own, since it lasts.
    fn elsewhere(body: impl FnOnce() + Send) {
        thread::scope(|scope| scope.spawn(body).join().expect("the thread ends"));
    }

    #[test]
    fn slices_are_shortened_where_the_kernel_has_them_and_nothing_else_changes() {
        elsewhere(|| {
            let mut before = attributes_of_this_thread().expect("is told");
            before.sched_nice += 3;
            set_attributes_of_this_thread(&before).expect("may be nicer");
            wake_promptly().expect("is allowed");
            let after = attributes_of_this_thread().expect("is told");
            // A kernel before 6.12 tells no slice.
            let expected = if before.sched_runtime == 0 { 0 } else { SHORTEST_SLICE };
            assert_eq!(after.sched_runtime, expected);
            assert_eq!((after.sched_policy, after.sched_nice), (before.sched_policy, before.sched_nice));
            assert_eq!(after.sched_flags, before.sched_flags);
        });
        let untouched = attributes_of_this_thread().expect("is told");
        assert_ne!(untouched.sched_runtime, SHORTEST_SLICE, "other threads are as they were");
    }

    /// The runtime of such a thread is what it was promised, and no slice.
    #[test]
    fn a_thread_with_a_deadline_is_left_alone() {
        elsewhere(|| {
            let mut promised = attributes_of_this_thread().expect("is told");
            promised.sched_policy = libc::SCHED_DEADLINE as u32;
            (promised.sched_nice, promised.sched_runtime) = (0, 1_000_000);
            (promised.sched_deadline, promised.sched_period) = (100_000_000, 100_000_000);
            match set_attributes_of_this_thread(&promised) {
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    println!("skipped: a deadline takes root: {error}");
                    return;
                }
                set => set.expect("may have a deadline"),
            }
            wake_promptly().expect("is allowed");
            let after = attributes_of_this_thread().expect("is told");
            assert_eq!((after.sched_policy, after.sched_runtime), (promised.sched_policy, promised.sched_runtime));
        });
    }
}
