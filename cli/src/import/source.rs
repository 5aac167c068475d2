//! What is imported from: objects, headers, files of Rust.

use std::{ffi::OsString, fmt::Display, fs, path::Path};

use bpf_layout_import::{Compiler, CompilerError, Found, Header, Note, Rust, merge, object, profile};

use crate::{args::Import, failure::Failure};

/// Sources that have been read. What is found in them borrows from here.
pub(super) struct Sources {
    objects: Vec<(String, Vec<u8>)>,
    headers: Vec<Header>,
    rust: Vec<Rust>,
    /// Headers again, under the defines of each variant.
    variants: Vec<(String, Vec<Header>)>,
}

/// The compiler that was asked for.
pub(super) fn compiler(options: &Import) -> Compiler {
    Compiler { program: options.clang.clone(), ..Compiler::default() }
}

pub(super) fn read(options: &Import) -> Result<Sources, Failure> {
    let compiler = compiler(options);
    let headers = |arguments: &[OsString]| -> Result<Vec<Header>, Failure> {
        options.header.iter().map(|path| header(path, &compiler, arguments)).collect()
    };
    let mut variants = Vec::new();
    for variant in &options.variant {
        let (name, words) = variant.split_once('=').ok_or_else(|| {
            Failure::new(
                format_args!("`{variant}` is no variant"),
                "write `--variant NAME=-DX`, its arguments with spaces between them",
            )
        })?;
        let mut arguments = options.clang_args.clone();
        arguments.extend(words.split_whitespace().map(OsString::from));
        variants.push((name.to_owned(), headers(&arguments)?));
    }
    Ok(Sources {
        objects: options
            .object
            .iter()
            .map(|path| Ok((path.display().to_string(), bytes(path)?)))
            .collect::<Result<_, Failure>>()?,
        headers: headers(&options.clang_args)?,
        rust: options.rust.iter().map(|path| rust(path)).collect::<Result<_, _>>()?,
        variants,
    })
}

fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| cannot_read(path, &error))
}

fn cannot_read(path: &Path, error: &dyn Display) -> Failure {
    let help = "`--object` takes BPF objects that were built, `--header` C headers, `--rust` files of Rust";
    Failure::new(format_args!("cannot read `{}`: {error}", path.display()), help)
}

fn header(path: &Path, compiler: &Compiler, arguments: &[OsString]) -> Result<Header, Failure> {
    // The compiler's own message would not name it as it was given.
    fs::metadata(path).map_err(|error| cannot_read(path, &error))?;
    Header::read(path, compiler, arguments).map_err(|error| match error {
        CompilerError::Missing(why) => {
            Failure::new(why, "clang reads headers: install it, or name another with `--clang PROGRAM`")
        }
        error => Failure::new(
            format_args!("clang does not take `{}`:\n{error}", path.display()),
            "give it what the header needs behind `--`, such as `-- -I include -include linux/types.h`",
        ),
    })
}

fn rust(path: &Path) -> Result<Rust, Failure> {
    let text = fs::read_to_string(path).map_err(|error| cannot_read(path, &error))?;
    let name = path.display().to_string();
    Rust::parse(&name, &text)
        .map_err(|error| Failure::new(format_args!("{name}:{error}"), "`--rust` takes a file that rustc takes"))
}

/// Everything that was found as one project, each variant as a project of its own, and what is to be said of it.
pub(super) type All<'a> = (Found<'a>, Vec<(String, Found<'a>)>, Vec<Note>);

pub(super) fn found<'a>(options: &Import, sources: &'a Sources) -> Result<All<'a>, Failure> {
    let mut notes = Vec::new();
    let mut parts = Vec::new();
    for (name, data) in &sources.objects {
        let (part, said) = object(name, data).map_err(|error| {
            Failure::new(
                format_args!("`{name}` is no BPF object that can be imported: {error}"),
                "compile it with `clang --target=bpf -g -O2`",
            )
        })?;
        parts.push(part);
        notes.extend(said);
    }
    // Beside objects, headers say what things are called; which of them cross the boundary, the objects do.
    let names_only = !sources.objects.is_empty();
    if !names_only {
        parts.extend(of_headers(&sources.headers, &mut notes)?);
    }
    for rust in &sources.rust {
        let (part, said) = rust.found();
        parts.push(part);
        notes.extend(said);
    }
    let (mut whole, said) = merge(parts);
    notes.extend(said);
    if names_only {
        sources.headers.iter().for_each(|header| header.annotate(&mut whole));
    }
    let mut variants = Vec::new();
    for (name, headers) in &sources.variants {
        let mut unsaid = Vec::new();
        let (variant, _) = merge(of_headers(headers, &mut unsaid)?);
        let varied = profile(name, &whole, &variant);
        whole.profiles.push(varied.profile);
        notes.extend(varied.notes);
        variants.push((name.clone(), variant));
    }
    if options.header.is_empty() && !options.variant.is_empty() {
        return Err(Failure::new("`--variant` compiles headers, and there are none", "name one with `--header FILE`"));
    }
    Ok((whole, variants, notes))
}

fn of_headers<'a>(headers: &'a [Header], notes: &mut Vec<Note>) -> Result<Vec<Found<'a>>, Failure> {
    let mut parts = Vec::new();
    for header in headers {
        let (part, said) = header.found().map_err(|error| {
            Failure::new(
                format_args!("what clang made of a header cannot be read: {error}"),
                "try another version: `--clang clang-19`",
            )
        })?;
        parts.push(part);
        notes.extend(said);
    }
    Ok(parts)
}
