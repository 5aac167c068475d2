//! What the running kernel has loaded: maps, programs and BTF, asked for by `bpf(2)` itself, without libbpf and libelf.
//!
//! Everything can be had by id, maps also by the path that they are pinned at. Whoever walks all ids or opens one needs
//! `CAP_SYS_ADMIN`; a pinned map takes no more than the permission to read its file. What is opened is opened for reading
//! only, unless it was created here, or for the moment that [`Map::ring_backlog`] takes. Ids may vanish at any time: see
//! [`Error::is_gone`].
//!
//! ```no_run
//! # fn main() -> Result<(), bpf_layout_live::Error> {
//! use bpf_layout_live::{Map, map_ids};
//!
//! for id in map_ids() {
//!     let map = Map::from_id(id?)?;
//!     println!("{}: {} bytes a value", map.info().name, map.info().value_size);
//! }
//! # Ok(()) }
//! ```
//!
//! The crate is empty on systems other than Linux.
#![cfg(target_os = "linux")]
#![deny(unsafe_code)]

mod batch;
mod btf;
mod create;
mod elements;
mod error;
mod holders;
mod ids;
mod machine;
mod map;
mod pins;
mod program;
mod ring;
#[allow(unsafe_code, reason = "bpf(2) takes addresses")]
mod sys;

pub use crate::{
    batch::{Batch, Batches},
    btf::LoadedBtf,
    create::MapOptions,
    elements::{Elements, Keys},
    error::Error,
    holders::{Holder, holders},
    ids::{Ids, map_ids, program_ids},
    machine::{page_size, possible_cpus},
    map::{Map, MapInfo},
    pins::{Pin, pinned_maps},
    program::{Program, ProgramInfo},
};

/// Bytes of the name of a map or program, its NUL included: `BPF_OBJ_NAME_LEN` of `include/uapi/linux/bpf.h`. libbpf cuts
/// longer names.
pub const NAME_LEN: usize = 16;
