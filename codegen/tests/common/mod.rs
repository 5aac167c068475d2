//! What the tests of the builder have in common.
#![allow(dead_code, reason = "each test has its own copy of this module and uses a part of it")]

use std::{env, process::Command};

/// One event that holds one string, and its buffer.
pub(crate) const SPEC: &str = r#"spec = 1

[lengths]
PATH = 64

[event.open]
fields = [{ name = "pid", type = "u32" }, { name = "path", type = "str[PATH]" }]

[map.events]
type = "ringbuf"
max_entries = "256 KiB"
events = ["open"]

[profile.long]
lengths.PATH = 4096
"#;

/// Whether there is a clang; says so if not.
pub(crate) fn has_clang() -> bool {
    let has = Command::new("clang").arg("--version").output().is_ok();
    if !has {
        assert!(env::var_os("BPF_LAYOUT_REQUIRE_TOOLS").is_none(), "clang is missing and was required");
        eprintln!("skipped: there is no clang");
    }
    has
}
