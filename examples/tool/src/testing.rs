//! For tests of tools.

mod memlock;
mod process;

pub use memlock::compared;
pub use process::{DEADLINE, Trace, Tracer, permits};
