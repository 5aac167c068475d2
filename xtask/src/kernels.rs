//! `cargo xtask kernels`: the memory model and generated code against other kernels than the one that runs. Boots kernels of
//! Debian's packages in a virtual machine, creates there what the tests of `bpf-layout-memory` create, prints the line of
//! the bundled table for each, and has it load the objects of `bpf-layout-emit`'s test `kernel_objects`. Nothing is installed
//! but qemu and what builds these; packages are unpacked below `target/kernels`.

mod archive;
mod guest;
mod packages;
mod programs;

use std::{
    fs,
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use self::guest::Guest;
use crate::{Flags, needs, root};

/// Lines of a console that are shown, and characters of each.
const LINES: usize = 60;
const LINE: usize = 400;

/// Boots the kernels of these names, such as `6.12.117+deb12-cloud-amd64`; without any, lists those that could be.
pub(crate) fn run(names: &[String], flags: Flags) -> Result<ExitCode, String> {
    if names.is_empty() {
        return list();
    }
    needs::provide(needs::KERNELS, &[], flags.no_install)?;
    needs::provide(needs::BUILD, needs::TEST, flags.no_install)?;
    let folder = root().join("target").join("kernels");
    fs::create_dir_all(&folder).map_err(|error| format!("cannot create `{}`: {error}", folder.display()))?;
    let guest = Guest::build(&folder)?;
    let mut all_agree = true;
    for name in names {
        println!("{name}: booting");
        let found = guest.boot(&packages::kernel(name, &folder)?)?;
        let console = folder.join(format!("{name}.txt"));
        fs::write(&console, &found.console)
            .map_err(|error| format!("cannot write `{}`: {error}", console.display()))?;
        for line in found.maps.iter().chain(&found.objects) {
            println!("  {line}");
        }
        println!("  {}", compared(name, &found.line));
        println!("  {}", if found.predicted { "every figure as predicted" } else { "NOT as predicted" });
        println!(
            "  {}",
            if found.taken { "every object taken that should be" } else { "NOT every object as it should be" }
        );
        let passed = found.predicted && found.taken;
        if !passed {
            println!("{}\nall that it said is in {}", shortened(&found.console), console.display());
        }
        all_agree &= passed;
    }
    Ok(if all_agree { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The end of what a kernel printed, without lines that nobody reads to their end.
fn shortened(console: &str) -> String {
    let lines: Vec<String> = console.lines().map(|line| line.chars().take(LINE).collect()).collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

/// What the bundled table has of a kernel, and what it should have.
fn compared(name: &str, line: &str) -> String {
    match table().iter().find(|known| known.split(',').next() == Some(name)) {
        Some(known) if known == line => "its line of memory/data/kernels.csv agrees".into(),
        Some(known) => format!("its line of memory/data/kernels.csv is\n  {known}\n  and should be\n  {line}"),
        None => format!("it is not in memory/data/kernels.csv; its line is\n  {line}"),
    }
}

fn table() -> Vec<String> {
    let path: PathBuf = root().join("memory/data/kernels.csv");
    fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

/// The kernels that Debian's packages have, and whether the table has them.
fn list() -> Result<ExitCode, String> {
    let table = table();
    let mut text = String::new();
    for name in packages::offered()? {
        let known = table.iter().any(|line| line.split(',').next() == Some(name.as_str()));
        text += &format!("{name}{}\n", if known { "  (in memory/data/kernels.csv)" } else { "" });
    }
    // Whoever reads the list may have seen enough of it.
    let _ = io::stdout().write_all(text.as_bytes());
    Ok(ExitCode::SUCCESS)
}
