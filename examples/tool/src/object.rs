//! A loaded object: its maps and programs by name.

use bpf_layout::Map;
use libbpf_rs::{Link, MapCore, MapHandle, Object};

/// A map of the object by the name that the spec gives it.
///
/// # Errors
/// If the object has no such map, or no more files can be opened.
pub fn handle<M: Map>(object: &Object) -> Result<MapHandle, String> {
    let map = object.maps().find(|map| map.name() == M::NAME);
    let map = map.ok_or_else(|| format!("the BPF object has no map `{}`", M::NAME))?;
    MapHandle::try_from(&map).map_err(|error| error.to_string())
}

/// Attaches these programs in this order, each to what its section names.
///
/// # Errors
/// If one of them cannot be attached; those before it are detached again.
pub fn attach(object: &Object, programs: &[&str]) -> Result<Vec<Link>, libbpf_rs::Error> {
    let mut links = Vec::with_capacity(programs.len());
    for name in programs {
        for program in object.progs_mut().filter(|program| program.name() == *name) {
            links.push(program.attach()?);
        }
    }
    Ok(links)
}
