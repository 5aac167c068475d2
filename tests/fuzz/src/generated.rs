//! What the build script has generated.
#![allow(missing_docs, dead_code, reason = "specs need no documentation, and not all that is generated is used")]

include!(concat!(env!("OUT_DIR"), "/generated.rs"));
