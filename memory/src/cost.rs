//! What one map costs on one machine.

use crate::{
    bill::{Bill, Part},
    family::{self, Case},
    machine::Machine,
    map::{MapShape, MapType},
    older,
    sizes::{Era, MissingStruct},
};

/// What a map costs, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// What the kernel reports of it when it is empty: `memlock` of `/proc/PID/fdinfo/FD`, `bytes_memlock` of bpftool.
    pub memlock: u64,
    /// The same with every entry in use.
    pub memlock_full: u64,
    /// What it really takes when it is empty.
    pub real: u64,
    /// The same with every entry in use.
    pub real_full: u64,
    /// What `real_full` consists of, the largest part first.
    pub parts: Vec<Part>,
    /// Whether `memlock` and `memlock_full` are to the byte.
    pub exact: bool,
}

impl Cost {
    /// What a map costs on a machine.
    ///
    /// # Errors
    /// If the machine's kernel has no maps of this type.
    pub fn of(map: &MapShape, machine: &Machine) -> Result<Cost, MissingStruct> {
        let entries = map.kernel_entries(machine.cpus);
        let full = most_used(map, entries);
        let parts = parts(map, machine, full)?;
        let sum = |parts: &[Part]| parts.iter().fold(0_u64, |sum, part| sum.saturating_add(part.bytes));
        Ok(Cost {
            memlock: memlock(map, machine, 0)?,
            memlock_full: memlock(map, machine, full)?,
            real: sum(&self::parts(map, machine, 0)?),
            real_full: sum(&parts),
            parts,
            exact: machine.kernel.is_exact() && (machine.kernel.era != Era::Rlimit || older::is_certain(map.ty)),
        })
    }
}

/// Elements of a full map. Storage of sockets, inodes, tasks and cgroups has no end that the map would know.
fn most_used(map: &MapShape, entries: u64) -> u64 {
    use MapType::{CgroupStorage, CgrpStorage, InodeStorage, PercpuCgroupStorage, SkStorage, TaskStorage};
    match map.ty {
        SkStorage | InodeStorage | TaskStorage | CgrpStorage | CgroupStorage | PercpuCgroupStorage => 0,
        _ => entries,
    }
}

/// What the kernel reports of a map with this many elements, in bytes.
///
/// # Errors
/// If the machine's kernel has no maps of this type.
pub fn memlock(map: &MapShape, machine: &Machine, used: u64) -> Result<u64, MissingStruct> {
    let case = Case { map, machine, entries: map.kernel_entries(machine.cpus), used };
    Ok(match machine.kernel.era {
        Era::Usage => family::reported(case)?,
        Era::Footprint => older::footprint(case),
        Era::Rlimit => older::rlimit(case)?,
    }
    .0)
}

/// What a map with this many elements really takes, by use, the largest part first.
///
/// # Errors
/// If the machine's kernel has no maps of this type.
pub fn parts(map: &MapShape, machine: &Machine, used: u64) -> Result<Vec<Part>, MissingStruct> {
    let case = Case { map, machine, entries: map.kernel_entries(machine.cpus), used };
    let mut bill = Bill::new(machine.page_size, machine.cpus);
    family::taken(case, &mut bill)?;
    Ok(bill.finish())
}
