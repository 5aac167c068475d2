//! `--live`: what the running kernel has loaded, against the spec.

mod agree;
mod find;
mod objects;
mod tell;
mod users;

use bpf_layout_check::{Host, check_loaded};
use bpf_layout_live::{Error, MapInfo, page_size, possible_cpus};
use bpf_layout_spec::{Loaded, model::MapId};

pub(crate) use self::agree::{Agreement, agreements};
use self::{find::find, objects::Blobs, users::Users};
use super::section::Section;
use crate::{args::Check, failure::Failure};

/// A map of the kernel's, and the maps of the spec that it may be. It is not kept open: there may be thousands of a name.
#[derive(Debug)]
struct Found {
    map: MapInfo,
    /// Usually one. The kernel cuts names, so that two of the spec's may be the same.
    candidates: Vec<MapId>,
}

pub(super) fn check(options: &Check, loaded: &Loaded) -> Result<Section, Failure> {
    let found = find(options, &loaded.layouts.model)?;
    let users = Users::of(&found);
    let blobs = Blobs::load(&found, &users);
    let (btfs, unreadable) = blobs.parse();
    let mut gathered = objects::gather(&loaded.layouts.model, &found, &users, &btfs);
    gathered.unknown.extend(unreadable);
    let compared = check_loaded(&loaded.layouts, &gathered.objects, host()?);
    let everything = options.map_id.is_empty() && options.pin.is_empty();
    Ok(tell::section(loaded, gathered, &compared, everything))
}

fn host() -> Result<Host, Failure> {
    let cpus = possible_cpus().map_err(|error| failed(&error))?;
    let number = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(Host { cpus: number(cpus as u64), page_size: number(page_size()) })
}

/// Something without which nothing can be checked.
fn failed(error: &Error) -> Failure {
    Failure::new(format_args!("cannot check what is loaded: {error}"), error.help().unwrap_or("see bpf(2)"))
}
