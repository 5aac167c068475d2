//! Threads for which the kernel is one that does not know a command of bpf(2).

use std::{io, mem::offset_of};

use bpf_layout::libbpf::libbpf_rs::libbpf_sys;

/// From now on, the kernel answers this thread with an error number if it is asked to take an entry out of a map.
pub(crate) fn refuse_to_take(errno: i32) {
    let (load, is) = ((libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16, (libc::BPF_JMP | libc::BPF_JEQ) as u16);
    let load = |at: usize| libc::sock_filter { code: load, jt: 0, jf: 0, k: at as u32 };
    // The next one if it is this number, else so many further on.
    let only_if = |k, jf| libc::sock_filter { code: is, jt: 0, jf, k };
    let give = |k| libc::sock_filter { code: libc::BPF_RET as u16, jt: 0, jf: 0, k };
    // The lower half of the first argument.
    let command = offset_of!(libc::seccomp_data, args) + if cfg!(target_endian = "big") { 4 } else { 0 };
    let mut filter = [
        load(offset_of!(libc::seccomp_data, nr)),
        only_if(libc::SYS_bpf as u32, 3),
        load(command),
        only_if(libbpf_sys::BPF_MAP_LOOKUP_AND_DELETE_ELEM, 1),
        give(libc::SECCOMP_RET_ERRNO | errno as u32),
        give(libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // SAFETY: the program and its instructions live until the call returns, which copies them.
    let result = unsafe {
        let result = libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        assert_eq!(result, 0, "{}", io::Error::last_os_error());
        libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program)
    };
    assert_eq!(result, 0, "{}", io::Error::last_os_error());
}
