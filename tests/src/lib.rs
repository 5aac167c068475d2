//! Proofs that cross the parts of the project: that our numbers are those of every compiler, and that bytes written in C
//! are read in Rust as what they are. `README.md` of this crate says which kinds of tests there are, and where.

pub mod bindings;
pub mod btf;
pub mod expected;
pub mod facts;
pub mod generated;
pub mod marks;
pub mod naive;
pub mod parsers;
pub mod probe;
pub mod specs;
pub mod tools;
