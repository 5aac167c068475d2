#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| (bpf_layout_fuzz::target("compact").run)(data));
