//! `import`: a spec for what exists, and whether it says the same.

mod proof;
mod source;

use std::{fs, io, path::Path, process::ExitCode};

use bpf_layout_emit::write::{Output, WriteError, write_if_changed};
use bpf_layout_import::{Imported, Note};

use crate::{args::Import, failure::Failure, print, remark};

pub(crate) fn run(options: &Import) -> Result<ExitCode, Failure> {
    if let Some(path) = &options.output {
        refuse_to_replace(path, options.force)?;
    }
    let sources = source::read(options)?;
    let (found, variants, mut notes) = source::found(options, &sources)?;
    let imported = bpf_layout_import::write(&found, &title(options)).map_err(|error| {
        let help = "a map, a global variable of the type, or a call that hands it to userspace makes a type cross the boundary";
        Failure::new(error, help)
    })?;
    notes.extend(imported.notes.iter().cloned());
    let proven = proof::prove(options, &imported, &found, &variants)?;
    write(options, &imported)?;
    remark(&told(options, &imported, &notes, &proven));
    Ok(if proven.identical { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The first comment of the spec: what it was imported from, by file names.
fn title(options: &Import) -> String {
    let paths = options.object.iter().chain(&options.header).chain(&options.rust);
    let names = paths.map(|path| {
        path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
    });
    format!("Imported from {} by `cargo bpf-layout import`.", names.collect::<Vec<_>>().join(", "))
}

fn refuse_to_replace(path: &Path, force: bool) -> Result<(), Failure> {
    if force {
        return Ok(());
    }
    match fs::symlink_metadata(path) {
        Ok(_) => Err(Failure::new(
            format_args!("`{}` exists already", path.display()),
            "keep it, or replace it with `--force`",
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(WriteError { action: "read", path: path.to_owned(), source }.into()),
    }
}

/// Writes the spec whole, or prints it.
fn write(options: &Import, imported: &Imported) -> Result<(), Failure> {
    match &options.output {
        None => print(&imported.toml),
        Some(path) => {
            let output = Output { path: path.clone(), contents: imported.toml.clone().into_bytes() };
            write_if_changed(&[output])?;
            Ok(())
        }
    }
}

fn told(options: &Import, imported: &Imported, notes: &[Note], proven: &proof::Proven) -> String {
    let mut text = String::new();
    if let Some(path) = &options.output {
        let (types, maps) = (imported.types.len(), imported.maps.len());
        text +=
            &format!("wrote {}: {types} {}, {maps} {}\n\n", path.display(), plural(types, "type"), plural(maps, "map"));
    }
    for Note { subject, message } in notes {
        text += &format!("note: {subject}: {message}\n");
    }
    if !notes.is_empty() {
        text.push('\n');
    }
    text + &proven.text
}

fn plural(count: usize, word: &str) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}
