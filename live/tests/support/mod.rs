//! What the tests need of the kernel that runs.
#![allow(dead_code, reason = "each test binary uses a part of this")]

use std::{env, path::Path, process::Command};

use bpf_layout_live::{Map, MapOptions};
use tempfile::TempDir;

/// `BPF_MAP_TYPE_*`.
pub(crate) const HASH: u32 = 1;
pub(crate) const ARRAY: u32 = 2;
pub(crate) const PERCPU_ARRAY: u32 = 6;
pub(crate) const LPM_TRIE: u32 = 11;
pub(crate) const QUEUE: u32 = 22;
pub(crate) const RINGBUF: u32 = 27;

/// Whether maps can be created here; says so if not, or fails if that is required.
pub(crate) fn has_bpf() -> bool {
    let Err(error) =
        Map::create(&MapOptions { kind: ARRAY, key_size: 4, value_size: 4, max_entries: 1, ..MapOptions::default() })
    else {
        return true;
    };
    assert!(env::var_os("BPF_LAYOUT_REQUIRE_KERNEL").is_none_or(|value| value != "1"), "required, but {error}");
    eprintln!("skipped: no map can be created: {error}");
    false
}

/// A map of this type and these sizes.
pub(crate) fn map(name: &str, kind: u32, key_size: u32, value_size: u32, max_entries: u32) -> Map {
    Map::create(&MapOptions { name, kind, key_size, value_size, max_entries, ..MapOptions::default() })
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A BPF file system of its own, until it is dropped.
pub(crate) struct BpfFs(pub(crate) TempDir);

impl BpfFs {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let mounted = Command::new("mount").args(["-t", "bpf", "bpf"]).arg(folder.path()).status().expect("mount runs");
        assert!(mounted.success(), "a BPF file system can be mounted where maps can be created");
        BpfFs(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for BpfFs {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(self.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()), "{} stays mounted", self.path().display());
    }
}
