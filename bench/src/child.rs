//! What is measured: each a process of its own, which says at its end what it took.

use std::{fs, path::Path, process::Command};

use bpf_layout_emit::files;
use bpf_layout_spec::{Options, load};

use crate::{kernel::storm, measure, parsing, skew};

/// The argument that makes this program a child.
pub(crate) const WORD: &str = "child";

/// Does what the first argument says with the others.
///
/// # Errors
/// If it fails.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["bpf-layout", spec, folder] => generate(Path::new(spec), Path::new(folder)),
        ["toml", spec] => parse(Path::new(spec)),
        ["bindgen", header, output] => bindgen(header, output, bindgen::Formatter::Rustfmt),
        ["bindgen-raw", header, output] => bindgen(header, output, bindgen::Formatter::None),
        ["libbpf-cargo", object, output] => skeleton(object, output, "rustfmt"),
        // libbpf-cargo leaves the text alone where the formatter does not exist.
        ["libbpf-cargo-raw", object, output] => skeleton(object, output, "/nonexistent/rustfmt"),
        ["parse", subject, way, rounds] => parsing::child(subject, way, rounds),
        ["skew", subject, way, object, times] => skew::child(subject, way, object, times),
        ["storm", calls, pause, nanos] => storm::child(calls, pause, nanos),
        ["run", program, arguments @ ..] => run_program(program, arguments),
        _ => Err(format!("no child does {words:?}")),
    }?;
    println!("{}", measure::usage_line()?);
    Ok(())
}

/// Header and Rust types, as the build script makes them.
fn generate(spec: &Path, folder: &Path) -> Result<(), String> {
    let loaded = load(spec, &Options::default()).map_err(|failure| format!("{:?}", failure.diagnostics))?;
    files::write(&loaded.layouts, folder).map(|_| ()).map_err(|error| error.to_string())
}

/// What every reader of TOML has to do.
fn parse(spec: &Path) -> Result<(), String> {
    let text = read(spec)?;
    let table = toml::de::DeTable::parse(&text).map_err(|error| error.to_string())?;
    if table.get_ref().is_empty() { Err("nothing in it".into()) } else { Ok(()) }
}

fn bindgen(header: &str, output: &str, formatter: bindgen::Formatter) -> Result<(), String> {
    let bindings = bindgen::Builder::default().header(header).formatter(formatter).generate();
    bindings.map_err(|error| error.to_string())?.write_to_file(output).map_err(|error| format!("{output}: {error}"))
}

fn skeleton(object: &str, output: &str, rustfmt: &str) -> Result<(), String> {
    let mut builder = libbpf_cargo::SkeletonBuilder::new();
    builder.obj(object).rustfmt(rustfmt).generate(output).map_err(|error| format!("{error:#}"))
}

fn run_program(program: &str, arguments: &[&str]) -> Result<(), String> {
    let output =
        Command::new(program).args(arguments).output().map_err(|error| format!("cannot run `{program}`: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// The text of a file.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
