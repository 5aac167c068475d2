//! The structs and maps that real BPF projects share with their userspace, and the way they take: facts, spec, header,
//! object and Rust.
//!
//! ```text
//! facts/*.json ─▶ Project ─▶ Unit ─▶ Found ── import ──▶ layouts.toml ─▶ header ─▶ object ─▶ its BTF
//!                               │                                 └─▶ Rust module
//!                               └──────── places ─────────── = ──────────────────────────▶ places
//! ```
//!
//! `README.md` beside this says where the facts come from.
#![forbid(unsafe_code)]

mod facts;
mod foreign;
pub mod objects;
mod places;
mod pool;
mod source;
mod unit;
mod written;

pub use facts::{Map, Member, Project, Record, projects};
pub use foreign::header as foreign_header;
pub use places::{Place, of_btf, of_facts};
pub use source::header as source_header;
pub use unit::{Unit, units};
pub use written::{Written, written};
