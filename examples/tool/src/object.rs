//! An object: loaded if it was built from the layouts that the tool was built from, and its maps and programs by name.

use bpf_layout::{Fingerprints, Map, libbpf::verify};
use libbpf_rs::{Link, MapCore, MapHandle, Object, ObjectBuilder};

use crate::explain::{Needs, explain};

/// Loads an object, once it is certain that it writes what the tool reads.
///
/// # Errors
/// If its layouts are others, or the kernel does not let us, with what to do about it.
pub fn load(needs: &Needs, object: &[u8], expected: &Fingerprints) -> Result<Object, String> {
    let refused = |error: libbpf_rs::Error| explain(needs, "cannot load the BPF programs", &error);
    let object = ObjectBuilder::default().open_memory(object).map_err(refused)?;
    verify(&object, expected).map_err(|error| error.to_string())?;
    object.load().map_err(refused)
}

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
