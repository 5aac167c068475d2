//! Where BTF comes from: [`writer`] by hand, [`compile`] from C.
#![allow(dead_code, unused_imports, reason = "each test binary uses a part of this")]

pub(crate) mod compile;
pub(crate) mod writer;

pub(crate) use writer::Writer;
