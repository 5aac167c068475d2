//! Reads events through generated types.

use std::{mem::MaybeUninit, time::Duration};

use bpf_layout::libbpf::Events;
use libbpf_rs::skel::{OpenSkel as _, Skel as _, SkelBuilder as _};

bpf_layout::include_layouts!();

mod skeleton {
    include!(concat!(env!("OUT_DIR"), "/fixed.skel.rs"));
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut place = MaybeUninit::uninit();
    let mut skeleton = skeleton::FixedSkelBuilder::default().open(&mut place)?.load()?;
    skeleton.attach()?;
    let events = Events::<maps::Events>::new(&skeleton.maps.events, |maps::EventsRecord::Openat(event)| {
        println!("{} {} {}", event.pid, event.flags, event.path);
    })?;
    loop {
        events.poll(Duration::from_millis(100))?;
    }
}
