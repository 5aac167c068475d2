//! Text that claims to be what audits of other machines have printed.

use std::fs;

use crate::{
    commands::{FOLDER, command, folder},
    lock::once,
};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../layouts.toml");

pub(crate) fn run(data: &[u8]) {
    once(&FOLDER, folder, |folder| {
        let path = folder.path().join("audit.json");
        fs::write(&path, data).expect("a writable folder");
        let path = path.to_str().expect("temporary folders have plain names");
        command(&["audit", "--merge", path], &["--format", "table"]);
        for format in ["table", "json"] {
            command(&["audit", "--spec", ROOT, "--merge", path, "--merge", path], &["--format", format]);
        }
    });
}
