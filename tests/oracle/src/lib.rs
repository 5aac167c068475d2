//! One spec, and everybody who can say how its types lie in memory: our layout engine, compilers for BPF and for hosts by
//! the numbers in their objects, by BTF and by DWARF, and readers of the header. `tests/README.md` says what is asked.
//!
//! ```text
//! Layouts ─┬─▶ source   questions in C, about the generated header or the naive one
//!          │      ▼
//!          │   compilers ─▶ object ─┬─▶ numbers   what the compiler wrote into its data
//!          │                        ├─▶ dwarf, btf ─▶ types ─▶ Facts
//!          │                        └─▶ pahole
//!          ├─▶ bindings, rust   bindgen; rustc and zerocopy
//!          └─▶ expected         our own Facts
//! ```
#![forbid(unsafe_code)]

pub mod bindings;
pub mod btf;
pub mod campaign;
pub mod compilers;
pub mod dwarf;
pub mod expected;
pub mod facts;
pub mod hearing;
pub mod naive;
pub mod numbers;
pub mod pahole;
pub mod rust;
pub mod shrink;
pub mod source;
pub mod specs;
pub mod tools;
pub mod types;
