//! Programs small enough to be written as instructions.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::{
    ffi::CString,
    os::fd::{AsFd as _, AsRawFd as _, FromRawFd as _, OwnedFd},
};

use bpf_layout::libbpf::libbpf_rs::{MapHandle, libbpf_sys};

/// How a program sends a record.
#[derive(Clone, Copy)]
pub(crate) enum Send {
    /// `bpf_ringbuf_output`
    Ringbuf,
    /// `bpf_perf_event_output` to the buffer of the CPU that it runs on
    Perf,
}

/// A raw tracepoint program that sends the first `len` bytes of its context to a buffer.
pub(crate) struct Sender {
    program: OwnedFd,
}

/// Arguments of a raw tracepoint, each of 8 bytes (`MAX_BPF_FUNC_ARGS`).
const MAX_ARGUMENTS: usize = 12;

impl Sender {
    pub(crate) fn new(send: Send, buffer: &MapHandle, len: usize) -> Self {
        let instructions = instructions(send, buffer.as_fd().as_raw_fd(), len);
        let license = CString::new("GPL").expect("no NUL");
        // SAFETY: the strings and instructions live until the call returns.
        let fd = unsafe {
            libbpf_sys::bpf_prog_load(
                libbpf_sys::BPF_PROG_TYPE_RAW_TRACEPOINT,
                c"sender".as_ptr(),
                license.as_ptr(),
                instructions.as_ptr(),
                instructions.len() as libbpf_sys::size_t,
                std::ptr::null_mut(),
            )
        };
        assert!(fd >= 0, "the program does not load: {}", std::io::Error::from_raw_os_error(-fd));
        // SAFETY: the kernel has just given this descriptor, and nobody else has it.
        Sender { program: unsafe { OwnedFd::from_raw_fd(fd) } }
    }

    /// Runs the program once with these bytes as its context.
    pub(crate) fn send(&self, bytes: &[u8]) {
        let mut context = [0u8; 8 * MAX_ARGUMENTS];
        context[..bytes.len()].copy_from_slice(bytes);
        let mut options = libbpf_sys::bpf_test_run_opts {
            sz: size_of::<libbpf_sys::bpf_test_run_opts>() as libbpf_sys::size_t,
            ctx_in: context.as_ptr().cast(),
            ctx_size_in: context.len() as u32,
            ..Default::default()
        };
        // SAFETY: the options and the context they point to live until the call returns.
        let status = unsafe { libbpf_sys::bpf_prog_test_run_opts(self.program.as_raw_fd(), &raw mut options) };
        assert_eq!(status, 0, "the program does not run");
    }
}

/// Copies the context to the stack, and the stack to the buffer.
fn instructions(send: Send, map: i32, len: usize) -> Vec<libbpf_sys::bpf_insn> {
    let words = len.div_ceil(8);
    assert!(words <= MAX_ARGUMENTS);
    let mut code = Vec::new();
    for word in 0..words {
        let (from, to) = (8 * word as i16, -(8 * words as i16) + 8 * word as i16);
        code.push(instruction(0x79, 2, 1, from, 0)); // r2 = *(u64 *)(r1 + from)
        code.push(instruction(0x7b, 10, 2, to, 0)); // *(u64 *)(r10 + to) = r2
    }
    let data = |register| {
        [
            instruction(0xbf, register, 10, 0, 0),                  // register = r10
            instruction(0x07, register, 0, 0, -(8 * words as i32)), // register += -8 * words
        ]
    };
    let map = |register| [instruction(0x18, register, 1, 0, map), instruction(0, 0, 0, 0, 0)];
    let number = |register, value| [instruction(0xb7, register, 0, 0, value)];
    let helper = match send {
        Send::Ringbuf => {
            code.extend(map(1));
            code.extend(data(2));
            code.extend(number(3, len as i32));
            code.extend(number(4, 0));
            130
        }
        Send::Perf => {
            code.extend(map(2));
            code.push(instruction(0xb4, 3, 0, 0, -1)); // w3 = BPF_F_CURRENT_CPU
            code.extend(data(4));
            code.extend(number(5, len as i32));
            25
        }
    };
    code.push(instruction(0x85, 0, 0, 0, helper));
    code.extend(number(0, 0));
    code.push(instruction(0x95, 0, 0, 0, 0));
    code
}

fn instruction(code: u8, dst: u8, src: u8, off: i16, imm: i32) -> libbpf_sys::bpf_insn {
    let mut instruction = libbpf_sys::bpf_insn { code, off, imm, ..Default::default() };
    instruction.set_dst_reg(dst);
    instruction.set_src_reg(src);
    instruction
}
