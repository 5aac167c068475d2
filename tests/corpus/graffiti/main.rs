/// Room for a record, as aligned as any that a spec can ask for.
#[repr(C, align(4096))]
struct Room([u8; LARGEST]);

/// Records are moved by value, and some have hundreds of kilobytes, so the stack is a large one.
fn main() {
    let done = std::thread::Builder::new().stack_size(1 << 28).spawn(run).expect("a thread").join();
    std::process::exit(i32::from(done.is_err()));
}

fn run() {
    let mut room = Box::new(Room([0; LARGEST]));
    let (mut records, mut cases, mut bytes) = (0, 0, 0);
    for (unit, own) in UNITS {
        for case in *own {
            let of = format!("{unit}, `{}`, round {}", case.record, case.round);
            let record = &mut room.0[..case.size];
            // Not zeros, so that a byte that C leaves alone shows.
            record.fill(0xa5);
            // SAFETY: the function writes one record of this size, at an address aligned for it.
            unsafe { (case.fill)(record.as_mut_ptr()) };
            let from_c = record.to_vec();
            (case.read)(&from_c).unwrap_or_else(|error| panic!("{of}: marked in C, read in Rust: {error}"));
            let from_rust = (case.write)();
            record.copy_from_slice(&from_rust);
            // SAFETY: the function reads one record of this size, at an address aligned for it.
            let found = unsafe { (case.check)(record.as_ptr()) };
            assert_eq!(found, 0, "{of}: marked in Rust, read in C");
            assert!(from_c == from_rust, "{of}: C and Rust mark other bytes");
            records += usize::from(case.round == 0);
            (cases, bytes) = (cases + 1, bytes + case.size);
        }
    }
    println!("{records} records in {cases} rounds, {bytes} bytes");
}
