//! C headers, Rust types and readable diagnostics out of a checked `layouts.toml`.
//!
//! Everything here takes values and gives text; only [`mod@write`] touches files.
#![forbid(unsafe_code)]

pub mod c;
pub mod files;
mod lines;
pub mod render;
pub mod rust;
#[cfg(test)]
mod testing;
pub mod write;
