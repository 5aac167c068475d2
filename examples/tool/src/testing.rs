//! For tests of tools.

mod compile;
mod memlock;
mod process;

pub use compile::compile;
pub use memlock::{LoadedMap, compared, loaded_maps};
pub use process::{DEADLINE, Trace, Tracer, permits};
