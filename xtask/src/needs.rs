//! What a task needs of the machine: how to see that it is missing, and the package that has it.

use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
};

use crate::{kernel, shown, succeeds};

/// How to see whether something is there. Asked of the machine itself and not of dpkg, so that what was installed by
/// other means counts.
enum Probe {
    /// A program on the search path.
    Program(&'static str),
    /// A header that the host's C compiler finds with these options.
    Header(&'static str, &'static [&'static str]),
    /// A shared library of LLVM, which distributions put in a folder per version.
    Libclang,
}

/// One thing that a task needs.
pub(crate) struct Need {
    probe: Probe,
    apt: &'static str,
    /// Empty where Fedora has no package for it.
    dnf: &'static str,
    what_for: &'static str,
}

/// To build BPF programs, and libbpf as libbpf-sys brings it along.
pub(crate) const BUILD: &[Need] = &[
    Need { probe: Probe::Program("cc"), apt: "gcc", dnf: "gcc", what_for: "builds libbpf" },
    Need { probe: Probe::Program("make"), apt: "make", dnf: "make", what_for: "builds libbpf" },
    Need {
        probe: Probe::Program("pkg-config"),
        apt: "pkg-config",
        dnf: "pkgconf-pkg-config",
        what_for: "finds libelf",
    },
    Need { probe: Probe::Header("stdio.h", &[]), apt: "libc6-dev", dnf: "glibc-devel", what_for: "builds libbpf" },
    Need {
        probe: Probe::Header("libelf.h", &[]),
        apt: "libelf-dev",
        dnf: "elfutils-libelf-devel",
        what_for: "libbpf reads objects with it",
    },
    Need { probe: Probe::Header("zlib.h", &[]), apt: "zlib1g-dev", dnf: "zlib-devel", what_for: "libelf needs it" },
    Need { probe: Probe::Program("clang"), apt: "clang", dnf: "clang", what_for: "compiles BPF programs" },
];

/// What the tests compare with, beyond [`BUILD`].
pub(crate) const TEST: &[Need] = &[
    Need { probe: Probe::Program("clang-13"), apt: "clang-13", dnf: "clang13", what_for: "objects of an older clang" },
    Need {
        probe: Probe::Program("clang-15"),
        apt: "clang-15",
        dnf: "clang15",
        what_for: "the first 64-bit enums in BTF",
    },
    Need { probe: Probe::Program("clang-14"), apt: "clang-14", dnf: "clang14", what_for: "the oldest clang supported" },
    Need { probe: Probe::Program("clang-16"), apt: "clang-16", dnf: "clang16", what_for: "a clang with 64-bit enums" },
    Need { probe: Probe::Program("clang-19"), apt: "clang-19", dnf: "clang19", what_for: "a newer clang" },
    Need {
        probe: Probe::Program("llvm-strip-14"),
        apt: "llvm-14",
        dnf: "llvm14",
        what_for: "objects as they are shipped, stripped",
    },
    Need {
        probe: Probe::Program("bpf-gcc"),
        apt: "gcc-bpf",
        dnf: "gcc-bpf-linux-gnu",
        what_for: "the other BPF compiler",
    },
    Need {
        probe: Probe::Program("bpftool"),
        apt: "bpftool",
        dnf: "bpftool",
        what_for: "vmlinux.h, and a second opinion on BTF",
    },
    Need { probe: Probe::Program("pahole"), apt: "dwarves", dnf: "dwarves", what_for: "a second opinion on layouts" },
    Need {
        probe: Probe::Program("clang-format"),
        apt: "clang-format",
        dnf: "clang-tools-extra",
        what_for: "the style of headers",
    },
    Need { probe: Probe::Program("g++"), apt: "g++", dnf: "gcc-c++", what_for: "headers in C++" },
    Need {
        probe: Probe::Header("stdio.h", &["-m32"]),
        apt: "gcc-multilib",
        dnf: "glibc-devel.i686",
        what_for: "layouts of 32-bit programs",
    },
    Need {
        probe: Probe::Program("chromium"),
        apt: "chromium",
        dnf: "chromium",
        what_for: "the HTML report, as a browser shows it",
    },
    Need { probe: Probe::Libclang, apt: "libclang1-14", dnf: "clang-libs", what_for: "bindgen's opinion on layouts" },
    Need {
        probe: Probe::Program("valgrind"),
        apt: "valgrind",
        dnf: "valgrind",
        what_for: "benchmarks count instructions",
    },
];

/// What the benchmarks compare with or count by, beyond [`BUILD`].
pub(crate) const BENCH: &[Need] = &[
    Need { probe: Probe::Libclang, apt: "libclang1-14", dnf: "clang-libs", what_for: "bindgen, to compare with" },
    Need { probe: Probe::Program("valgrind"), apt: "valgrind", dnf: "valgrind", what_for: "counts instructions" },
];

/// To build libFuzzer.
pub(crate) const FUZZ: &[Need] =
    &[Need { probe: Probe::Program("c++"), apt: "g++", dnf: "gcc-c++", what_for: "builds libFuzzer" }];

/// To boot other kernels.
pub(crate) const KERNELS: &[Need] = &[
    Need {
        probe: Probe::Program("qemu-system-x86_64"),
        apt: "qemu-system-x86",
        dnf: "qemu-system-x86-core",
        what_for: "boots kernels",
    },
    Need { probe: Probe::Program("dpkg-deb"), apt: "dpkg", dnf: "dpkg", what_for: "unpacks kernels" },
    Need { probe: Probe::Program("cc"), apt: "gcc", dnf: "gcc", what_for: "links what runs in them" },
];

/// Sees to it that `required` is there; what is wanted and cannot be had is only reported.
///
/// # Errors
/// With what is missing and how to get it, if it may not or cannot be installed.
pub(crate) fn provide(required: &[Need], wanted: &[Need], no_install: bool) -> Result<(), String> {
    let lacking: Vec<&Need> = required.iter().filter(|need| !need.is_met()).collect();
    let lacking_wanted: Vec<&Need> = wanted.iter().filter(|need| !need.is_met()).collect();
    if lacking.is_empty() && lacking_wanted.is_empty() {
        return Ok(());
    }
    println!("missing on this machine:");
    for need in lacking.iter().chain(&lacking_wanted) {
        println!("  {:<14} {}", need.apt, need.what_for);
    }
    if no_install {
        return if lacking.is_empty() { Ok(()) } else { Err(how_to_install(&lacking)) };
    }
    install(&lacking, &lacking_wanted)
}

impl Need {
    fn is_met(&self) -> bool {
        match self.probe {
            Probe::Program(name) => on_path(name),
            Probe::Header(name, options) => compiles_with(name, options),
            Probe::Libclang => has_libclang(),
        }
    }
}

fn on_path(program: &str) -> bool {
    env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

fn compiles_with(header: &str, options: &[&str]) -> bool {
    Command::new("cc")
        .args(options)
        .args(["-E", "-include", header, "-x", "c", "/dev/null"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Looks where clang-sys, bindgen's loader, looks.
fn has_libclang() -> bool {
    if env::var_os("LIBCLANG_PATH").is_some() {
        return true;
    }
    let llvm = entries(Path::new("/usr/lib")).filter(|path| name_starts(path, "llvm-")).map(|path| path.join("lib"));
    let plain = ["/usr/lib64", "/usr/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"].map(Into::into);
    llvm.chain(plain).any(|folder| {
        entries(&folder).any(|path| {
            let is_shared = path.to_string_lossy().contains(".so");
            is_shared
                && (name_starts(&path, "libclang.so")
                    || name_starts(&path, "libclang-1")
                    || name_starts(&path, "libclang-2"))
        })
    })
}

fn entries(folder: &Path) -> impl Iterator<Item = std::path::PathBuf> + use<> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

fn name_starts(path: &Path, start: &str) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(start))
}

fn install(required: &[&Need], wanted: &[&Need]) -> Result<(), String> {
    if !on_path("apt-get") {
        return if required.is_empty() { Ok(()) } else { Err(how_to_install(required)) };
    }
    if !succeeds(&mut apt_get(&["update"])?)? {
        eprintln!("warning: the lists of packages could not be updated; trying with those that are there");
    }
    let packages: Vec<&str> = required.iter().map(|need| need.apt).collect();
    if !packages.is_empty() && !install_packages(&packages)? {
        return Err(how_to_install(required));
    }
    // All at once is quicker; one by one when this release lacks some of them.
    let packages: Vec<&str> = wanted.iter().map(|need| need.apt).collect();
    if !packages.is_empty() && !install_packages(&packages)? {
        for package in packages {
            if !install_packages(&[package])? {
                eprintln!("warning: `{package}` cannot be installed; what needs it is skipped or fails");
            }
        }
    }
    match required.iter().find(|need| !need.is_met()) {
        Some(need) => Err(format!("`{}` is installed and still something is missing: {}", need.apt, need.what_for)),
        None => Ok(()),
    }
}

fn install_packages(packages: &[&str]) -> Result<bool, String> {
    let mut words = vec!["install", "-y", "--no-install-recommends"];
    words.extend(packages);
    succeeds(&mut apt_get(&words)?)
}

/// `apt-get` with these words, through sudo unless we are root.
fn apt_get(words: &[&str]) -> Result<Command, String> {
    let mut command = if kernel::is_root() {
        Command::new("apt-get")
    } else if on_path("sudo") {
        let mut command = Command::new("sudo");
        command.args(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        command
    } else {
        return Err("installing packages takes root, and there is no sudo; run this as root once".into());
    };
    command.env("DEBIAN_FRONTEND", "noninteractive").args(words);
    println!("$ {}", shown(&command));
    Ok(command)
}

fn how_to_install(needs: &[&Need]) -> String {
    let apt: Vec<&str> = needs.iter().map(|need| need.apt).collect();
    let dnf: Vec<&str> = needs.iter().map(|need| need.dnf).filter(|name| !name.is_empty()).collect();
    format!(
        "something is missing; install it with\n  sudo apt-get install {}\nor, on Fedora and its kin,\n  sudo dnf install {}",
        apt.join(" "),
        dnf.join(" ")
    )
}
