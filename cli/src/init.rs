//! `init`: a spec to start from, with its schema for editors.

use std::{fs, path::Path, process::ExitCode};

use bpf_layout_emit::write::{Output, WriteError, write_if_changed};

use crate::{args::Init, failure::Failure, print, schema};

/// Loads and generates as it stands, and names [`schema::FILE`]; tests prove both.
const TEMPLATE: &str = include_str!("init/layouts.toml");

pub(crate) fn run(options: &Init) -> Result<ExitCode, Failure> {
    let path = &options.spec;
    if !options.force && exists(path)? {
        return Err(Failure::new(
            format_args!("`{}` exists already", path.display()),
            "keep it, or replace it with `cargo bpf-layout init --force`",
        ));
    }
    let schema = path.with_file_name(schema::FILE);
    let mut outputs = vec![Output { path: path.clone(), contents: TEMPLATE.into() }];
    if options.force || !exists(&schema)? {
        outputs.push(Output { path: schema.clone(), contents: schema::text().into() });
    }
    write_if_changed(&outputs)?;
    let (file, schema) = (path.display(), schema.display());
    print(&format!(
        "wrote {file}, and {schema}, by which editors complete and check it

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
fn exists(path: &Path) -> Result<bool, Failure> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(WriteError { action: "read", path: path.to_path_buf(), source }.into()),
    }
}
