//! Reads BTF, the type information of BPF objects and of the kernel, the maps that an object defines with it, and the
//! calls by which its programs hand records to userspace.
//!
//! The format is that of `include/uapi/linux/btf.h` of Linux 7.1, which reads all that came before it. What is read may
//! be damaged or hostile: [`Btf::parse`] checks every offset, name and reference once, after which asking cannot fail
//! for that reason. Time and memory grow with the input and no faster. Nothing here panics.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use bpf_layout_btf::{Btf, Kind};
//!
//! # if !std::path::Path::new("/sys/kernel/btf/vmlinux").exists() { return Ok(()) }
//! let bytes = std::fs::read("/sys/kernel/btf/vmlinux")?;
//! let btf = Btf::parse(&bytes)?;
//! let map = btf.find(Kind::Struct, "bpf_map").ok_or("this kernel has no struct bpf_map")?;
//! println!("{} bytes, {} members", btf.size_of(map)?, btf.members(map).len());
//! # Ok(()) }
//! ```
//!
//! The feature `object`, on by default, adds ELF objects and their calls.
#![forbid(unsafe_code)]

mod btf;
mod bytes;
#[cfg(feature = "object")]
mod code;
mod error;
#[cfg(feature = "object")]
mod ext;
mod header;
mod index;
mod kind;
mod maps;
#[cfg(feature = "object")]
mod object;
#[cfg(feature = "object")]
mod rodata;
mod ty;
mod validate;

pub use crate::{
    btf::{Btf, TypeId},
    error::Error,
    kind::Kind,
    maps::{MapDef, MapExtra},
    ty::{Array, Enumerator, Enumerators, Int, Member, Members, SectionVar, SectionVars, Type},
};

#[cfg(feature = "object")]
pub use crate::{code::OutputCall, ext::SourceLine, object::Object, rodata::Constant};
