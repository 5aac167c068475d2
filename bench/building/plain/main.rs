//! Reads events through a struct written by hand.

use std::{mem::MaybeUninit, time::Duration};

use libbpf_rs::{
    RingBufferBuilder,
    skel::{OpenSkel as _, Skel as _, SkelBuilder as _},
};

mod skeleton {
    include!(concat!(env!("OUT_DIR"), "/fixed.skel.rs"));
}

#[repr(C)]
struct OpenatEvent {
    timestamp: u64,
    pid: u32,
    tid: u32,
    flags: u64,
    comm: [u8; 16],
    cwd: [u8; 512],
    exepath: [u8; 512],
    path: [u8; 512],
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut place = MaybeUninit::uninit();
    let mut skeleton = skeleton::FixedSkelBuilder::default().open(&mut place)?.load()?;
    skeleton.attach()?;
    let mut builder = RingBufferBuilder::new();
    builder.add(&skeleton.maps.events, |record| {
        if record.len() >= size_of::<OpenatEvent>() {
            // SAFETY: there are enough bytes, the kernel aligns records to 8, and any bytes are valid for these fields.
            let event = unsafe { &*record.as_ptr().cast::<OpenatEvent>() };
            let path = event.path.split(|byte| *byte == 0).next().unwrap_or_default();
            println!("{} {} {}", event.pid, event.flags, String::from_utf8_lossy(path));
        }
        0
    })?;
    let ring = builder.build()?;
    loop {
        ring.poll(Duration::from_millis(100))?;
    }
}
