//! For tests of tools.

mod compile;
mod memlock;
mod process;

pub use compile::compile;
pub use memlock::compared;
pub use process::{DEADLINE, Trace, Tracer, permits};
