//! `vmlinux.h`: the types of a kernel, for programs that ask for them.
//!
//! No crate on the registry has one, and one that is committed is five megabytes of another kernel. Generated headers need
//! none, and most programs are better off with the few structures that they read, declared with
//! `__attribute__((preserve_access_index))`: libbpf relocates those just the same. So it is made only when asked for,
//! by bpftool, whose dump is the format's reference.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use bpf_layout_emit::write::{self, WriteError};

use crate::{error::Error, located};

/// Where `vmlinux.h` comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Vmlinux {
    /// The kernel that runs now, as `/sys/kernel/btf/vmlinux` describes it; takes bpftool. Made anew whenever the build
    /// script runs, which a new kernel alone does not cause.
    RunningKernel,
    /// This file, relative to the package's folder. It may have any name.
    File(PathBuf),
}

const KERNEL_BTF: &str = "/sys/kernel/btf/vmlinux";

/// Writes `vmlinux.h` into its own folder, which is returned with the file to watch, if there is one.
pub(crate) fn provide(from: &Vmlinux, out_dir: &Path) -> Result<(PathBuf, Option<PathBuf>), Error> {
    let (contents, watched) = match from {
        Vmlinux::RunningKernel => (dump(Path::new("bpftool"), Path::new(KERNEL_BTF))?, None),
        Vmlinux::File(path) => {
            let path = located(path);
            let contents =
                fs::read(&path).map_err(|source| WriteError { action: "read", path: path.clone(), source })?;
            (contents, Some(path))
        }
    };
    let folder = out_dir.join("vmlinux");
    write::write_if_changed(&[write::Output { path: folder.join("vmlinux.h"), contents }])?;
    Ok((folder, watched))
}

/// The types of a kernel as C, by bpftool.
fn dump(bpftool: &Path, kernel: &Path) -> Result<Vec<u8>, Error> {
    if !kernel.exists() {
        let kernel = kernel.display();
        return Err(Error::Vmlinux(format!(
            "this kernel does not describe its types ({kernel} is missing)\n  = help: boot one with \
             CONFIG_DEBUG_INFO_BTF=y, or use `Vmlinux::File`"
        )));
    }
    let dump = Command::new(bpftool).args(["btf", "dump", "file"]).arg(kernel).args(["format", "c"]).output();
    match dump {
        Ok(output) if output.status.success() => Ok(output.stdout),
        Ok(output) => {
            Err(Error::Vmlinux(format!("bpftool failed: {}", String::from_utf8_lossy(&output.stderr).trim())))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Error::Vmlinux(
            "bpftool, which makes it of the running kernel, is not installed\n  = help: sudo apt-get install bpftool \
             (Ubuntu: linux-tools-generic)\n  = help: or, on Fedora and its kin: sudo dnf install bpftool\n  \
             = help: or use `Vmlinux::File`"
                .into(),
        )),
        Err(error) => Err(Error::Vmlinux(format!("cannot run bpftool: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_keeps_bpftool_from_dumping_is_told() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let said = |bpftool: &str, kernel: &Path| match dump(Path::new(bpftool), kernel) {
            Ok(text) => String::from_utf8_lossy(&text).into_owned(),
            Err(error) => error.to_string(),
        };
        assert_eq!(said("echo", here), format!("btf dump file {} format c\n", here.display()));
        assert!(said("echo", &here.join("nowhere")).contains("nowhere is missing"));
        assert!(said("false", here).starts_with("there is no vmlinux.h: bpftool failed: "));
        assert!(said("/nowhere/bpftool", here).contains("is not installed"));
        assert!(said(&here.display().to_string(), here).starts_with("there is no vmlinux.h: cannot run bpftool: "));
    }
}
