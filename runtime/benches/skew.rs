//! What reading another layout costs, as a ratio to plain parsing in the same run:
//!
//! ```sh
//! cargo bench -p bpf-layout --bench skew
//! ```
//!
//! The value is that of `tests/skew/new.toml`; the other layout is that of `old.toml`, which clang compiles, and the same.

#[path = "../tests/support/object.rs"]
mod object;

use std::{hint::black_box, time::Instant};

use bpf_layout::{Layout, skew::Plan};
use bpf_layout_btf::Object;

mod old {
    bpf_layout::include_layouts!("tests/skew/old.toml");
}

mod new {
    bpf_layout::include_layouts!("tests/skew/new.toml");
}

/// Reads of one measurement.
const READS: u32 = 200_000;
/// Measurements; the fastest counts, for others only add to it.
const ROUNDS: usize = 15;

/// Nanoseconds of one read.
fn time(mut read: impl FnMut()) -> f64 {
    let round = |_| {
        let started = Instant::now();
        (0..READS).for_each(|_| read());
        started.elapsed().as_secs_f64() * 1e9 / f64::from(READS)
    };
    (0..ROUNDS).map(round).fold(f64::INFINITY, f64::min)
}

fn plan<T: Layout>(object: &[u8]) -> Plan<T> {
    let object = Object::parse(object).expect("clang writes sound BTF");
    Plan::by_name(object.btf()).expect("it can be read")
}

/// Bytes aligned for every type here.
#[repr(C, align(16))]
struct Aligned([u8; 256]);

fn main() {
    if !object::clang() {
        return;
    }
    let older = object::compile("skew/old.toml", "skew/writer.bpf.c", &[]);
    let newer = object::compile("skew/new.toml", "skew/writer.bpf.c", &["-DNEW"]);
    let (same, other) = (plan::<new::FileValue>(&newer), plan::<new::FileValue>(&older));
    let bytes = Aligned([1; 256]);
    let theirs = &bytes.0[..size_of::<old::FileValue>()];
    let ours = &bytes.0[..size_of::<new::FileValue>()];
    let parse = time(|| {
        black_box(new::FileValue::parse(black_box(ours)).expect("as many bytes").count);
    });
    let copy = time(|| {
        black_box(new::FileValue::parse(black_box(ours)).expect("as many bytes").into_owned());
    });
    let identical = time(|| {
        black_box(same.read(black_box(ours)).expect("as many bytes").count);
    });
    let converted = time(|| {
        black_box(other.read(black_box(theirs)).expect("as many bytes").count);
    });
    let btf = Object::parse(&older).expect("clang writes sound BTF");
    let started = Instant::now();
    black_box(Plan::<new::FileValue>::by_name(btf.btf()).expect("it can be read"));
    let planned = started.elapsed();
    println!("{} bytes, {} differences", ours.len(), other.differences().len());
    let rows = [
        ("parse, borrowed", parse),
        ("parse, copied", copy),
        ("plan of the same layout", identical),
        ("plan of the older layout", converted),
    ];
    for (name, nanos) in rows {
        println!("{name:26} {nanos:8.1} ns {:8.1} x", nanos / parse);
    }
    println!("{:26} {planned:.1?}", "making that plan, once");
}
