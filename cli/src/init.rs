//! `init`: a spec to start from.

use std::{fs, process::ExitCode};

use bpf_layout_emit::write::{Output, WriteError, write_if_changed};

use crate::{args::Init, failure::Failure, print};

/// Loads and generates as it stands; a test proves it.
const TEMPLATE: &str = include_str!("init/layouts.toml");

pub(crate) fn run(options: &Init) -> Result<ExitCode, Failure> {
    let path = &options.spec;
    if !options.force && exists(options)? {
        return Err(Failure::new(
            format_args!("`{}` exists already", path.display()),
            "keep it, or replace it with `cargo bpf-layout init --force`",
        ));
    }
    write_if_changed(&[Output { path: path.clone(), contents: TEMPLATE.into() }])?;
    let file = path.display();
    print(&format!(
        "wrote {file}

Next:
  cargo bpf-layout show --spec {file}
      how its structs lie in memory; edit a number and look again
  cargo bpf-layout generate --spec {file} --out-dir generated
      the C header and the Rust types
  or let a build script do it on every build:
      // build.rs
      fn main() {{
          bpf_layout_codegen::Builder::new(\"{file}\").source(\"src/bpf/NAME.bpf.c\").run();
      }}
"
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Whether anything stands there, a dangling link included.
fn exists(options: &Init) -> Result<bool, Failure> {
    match fs::symlink_metadata(&options.spec) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(WriteError { action: "read", path: options.spec.clone(), source }.into()),
    }
}
