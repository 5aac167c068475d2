//! Proofs that cross the parts of the project; see README.md of this crate.
