//! Proofs that cross the parts of the project: that bytes written in C are read in Rust as what they are, and that
//! parsers take anything. That our numbers are everyone's is the matter of `bpf-layout-oracle`, in `oracle/`. `README.md`
//! says which kinds of tests there are, and where.

pub mod generated;
pub mod marks;
pub mod parsers;
