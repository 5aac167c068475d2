//! Two versions of a spec, of which someone else has written both.
//!
//! A line `# ---` separates them. Without one, the root spec is the older.

use std::fs;

use crate::{
    commands::{FOLDER, KERNEL, command, folder},
    lock::once,
};

const SEPARATOR: &[u8] = b"\n# ---\n";

const ROOT: &[u8] = include_bytes!("../../../layouts.toml");

pub(crate) fn run(data: &[u8]) {
    let at = data.windows(SEPARATOR.len()).position(|window| window == SEPARATOR);
    let (old, new) = at.map_or((ROOT, data), |at| (&data[..at], &data[at + SEPARATOR.len()..]));
    once(&FOLDER, folder, |folder| {
        let [old, new] = [("old.toml", old), ("new.toml", new)].map(|(name, text)| {
            let path = folder.path().join(name);
            fs::write(&path, text).expect("a writable folder");
            path.to_str().expect("temporary folders have plain names").to_owned()
        });
        for format in ["human", "json", "markdown"] {
            command(&["diff", &old, &new], &[KERNEL, &["--format", format]].concat());
        }
        for format in ["human", "json", "github", "sarif"] {
            command(&["check", "--spec", &new, "--against", &old], &["--format", format]);
        }
    });
}
