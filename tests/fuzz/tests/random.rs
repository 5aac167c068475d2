//! Compact events of random fields, whole and damaged: random bytes alone are hardly ever as long as their descriptors say,
//! so what reads fields would see few. The target builds records out of its input, which here is random.

use bpf_layout_fuzz::target;

/// Inputs, each of up to so many bytes.
const INPUTS: usize = 500;
const LONGEST: u64 = 400;

#[test]
fn random_compact_events_are_read_as_what_they_were_built_of() {
    let compact = target("compact");
    // Marsaglia's xorshift: the same inputs every time.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for _ in 0..INPUTS {
        let len = random() % LONGEST;
        let input: Vec<u8> = (0..len).map(|_| (random() >> 32) as u8).collect();
        (compact.run)(&input);
    }
}
