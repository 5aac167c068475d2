//! Every seed of every fuzz target that reads records, as `replay.rs` has those of the others. Since the runtime does with
//! records what is `unsafe`, they are what `cargo xtask sanitize` has Miri interpret.

mod seeds;

use seeds::replays;

replays! { RECORDS: parsers compact conversions skew }
