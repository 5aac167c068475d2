//! `cargo xtask oracle`: everyone who can say how types lie in memory, asked about random specs or about one. Installs what
//! the tests compare with; GCC for other targets is unpacked below `target/oracle`, since Debian's packages of it do not
//! suffer `gcc-multilib`, which the tests need.

use std::{
    fs,
    path::Path,
    process::{Command, ExitCode, Stdio},
};

use crate::{cargo, needs, packages, root, succeeds};

/// Names the folder of unpacked compilers, for the oracle.
const CROSS_COMPILERS: &str = "BPF_LAYOUT_ORACLE_GCC";

/// The version of GCC for other targets: that of Debian 12, whose packages these are.
const GCC: &str = "12";

/// Targets of GCC, as Debian's packages are named after them.
const TARGETS: &[&str] = &[
    "aarch64-linux-gnu",
    "arm-linux-gnueabihf",
    "riscv64-linux-gnu",
    "s390x-linux-gnu",
    "powerpc64le-linux-gnu",
    "powerpc64-linux-gnu",
    "mips-linux-gnu",
    "mipsel-linux-gnu",
    "mips64el-linux-gnuabi64",
];

/// Runs the oracle with these options. `--no-install` and `--help` are for us, too.
///
/// # Errors
/// If what it needs cannot be had, or it cannot be built.
pub(crate) fn run(options: &[String]) -> Result<ExitCode, String> {
    let no_install = options.iter().any(|option| option == "--no-install");
    let options: Vec<&String> = options.iter().filter(|option| *option != "--no-install").collect();
    let mut command = cargo();
    command.args(["run", "--quiet", "--release", "--locked", "--package", "bpf-layout-oracle", "--"]).args(&options);
    if options.iter().any(|option| *option == "--help") {
        println!("cargo xtask oracle takes `--no-install`, as other tasks do, and what the oracle itself takes:\n");
    } else {
        needs::provide(needs::BUILD, needs::TEST, no_install)?;
        let folder = root().join("target").join("oracle");
        if !no_install {
            unpack(&folder)?;
        }
        command.env(CROSS_COMPILERS, folder);
    }
    let status = command.status().map_err(|error| format!("cannot run cargo: {error}"))?;
    Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(2)))
}

/// GCC for every target that is not there yet. What cannot be had is left out, and the oracle does without it.
fn unpack(folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|error| format!("cannot create `{}`: {error}", folder.display()))?;
    if !succeeds(Command::new("dpkg-deb").arg("--version").stdout(Stdio::null())).unwrap_or(false) {
        eprintln!("warning: without dpkg-deb, GCC is asked for this host and for BPF only");
        return Ok(());
    }
    for target in TARGETS {
        for package in [format!("gcc-{GCC}-{target}"), format!("cpp-{GCC}-{target}"), format!("binutils-{target}")] {
            if !folder.join(&package).is_dir() {
                println!("unpacking {package} below {}", folder.display());
            }
            if let Err(reason) = packages::unpacked(&package, folder) {
                eprintln!("warning: {reason}");
            }
        }
    }
    Ok(())
}
