//! Every byte of every member, marked in C and read in Rust, and back.

use bpf_layout_oracle::specs;
use bpf_layout_tests::{
    generated::{SPECS, Spec},
    marks::Case,
};

/// Room for a record at an address that suits every alignment a spec can ask for.
struct Room {
    bytes: Vec<u8>,
    start: usize,
    size: usize,
}

/// More than any record here asks for.
const ALIGN: usize = 4096;

impl Room {
    fn new(size: usize) -> Self {
        // Not zeros, so that a byte that C leaves alone shows.
        let bytes = vec![0xa5; size + ALIGN];
        let start = bytes.as_ptr().align_offset(ALIGN);
        Room { bytes, start, size }
    }

    fn record(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..self.start + self.size]
    }
}

fn filled_by_c(case: &Case) -> Vec<u8> {
    let mut room = Room::new(case.size);
    // SAFETY: the function writes one record, of the size that both compilers agree on, at an address aligned for it.
    unsafe { (case.fill)(room.record().as_mut_ptr()) };
    room.record().to_vec()
}

/// The number of the first member that C does not find marked.
fn checked_by_c(case: &Case, record: &[u8]) -> Option<u32> {
    let mut room = Room::new(case.size);
    room.record().copy_from_slice(record);
    // SAFETY: the function reads one record, of the size that both compilers agree on, at an address aligned for it.
    let found = unsafe { (case.check)(room.record().as_ptr()) };
    found.checked_sub(1)
}

/// What is wrong in a case, if anything is.
fn trouble(case: &Case) -> Result<(), String> {
    let from_c = filled_by_c(case);
    (case.read)(&from_c).map_err(|error| format!("marked in C, read in Rust: {error}"))?;
    let from_rust = (case.write)();
    if let Some(number) = checked_by_c(case, &from_rust) {
        return Err(format!("marked in Rust, read in C: member {number} holds something else"));
    }
    match from_c.iter().zip(&from_rust).position(|(c, rust)| c != rust) {
        Some(byte) => {
            Err(format!("byte {byte} is {:#04x} from C and {:#04x} from Rust", from_c[byte], from_rust[byte]))
        }
        None => Ok(()),
    }
}

fn report(spec: &Spec, case: &Case, error: &str) -> String {
    let text = std::fs::read_to_string(spec.path).expect("the spec is still there");
    let Spec { name, profile, .. } = spec;
    let Case { record, round, .. } = case;
    format!("{name} (profile {profile:?}), `{record}`, round {round}: {error}\n{}", specs::excerpt(&text, record))
}

#[test]
fn every_member_keeps_its_bytes_from_c_to_rust_and_back() {
    let mut cases = 0;
    let mut troubles = Vec::new();
    for spec in SPECS {
        for case in spec.cases {
            cases += 1;
            if let Err(error) = trouble(case) {
                troubles.push(report(spec, case, &error));
            }
        }
    }
    assert!(troubles.is_empty(), "{} of {cases} cases:\n{}", troubles.len(), troubles.join("\n\n"));
    assert!(SPECS.iter().all(|spec| !spec.cases.is_empty()), "every spec has records");
}

#[test]
fn a_byte_in_the_wrong_place_is_found() {
    let case =
        SPECS.iter().flat_map(|spec| spec.cases).find(|case| case.record == "exec").expect("the root spec's event");
    let mut record = filled_by_c(case);
    assert_eq!((case.read)(&record), Ok(()));
    assert_eq!(checked_by_c(case, &record), None);
    record.swap(0, 9);
    assert!((case.read)(&record).is_err());
    assert_eq!(checked_by_c(case, &record), Some(0));
}
