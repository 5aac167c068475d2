//! Which kernel to reckon for.

use std::path::Path;

use bpf_layout_memory::{KernelSizes, bundled};
use bpf_layout_spec::suggest;

use crate::failure::Failure;

/// The kernel that `--kernel` names: a BTF file if there is one of that name, otherwise one of the bundled table;
/// without a name, the one that runs.
pub(super) fn find(name: Option<&str>) -> Result<KernelSizes, Failure> {
    let Some(name) = name else { return Ok(KernelSizes::running()) };
    let path = Path::new(name);
    if path.exists() {
        return KernelSizes::from_file(path).map_err(|error| {
            Failure::new(
                format_args!("cannot read the BTF of a kernel from `{name}`: {error}"),
                "a kernel's BTF is its /sys/kernel/btf/vmlinux; copy that file from the machine",
            )
        });
    }
    let mut kernels = bundled();
    match kernels.iter().position(|kernel| kernel.name == name) {
        Some(index) => Ok(kernels.swap_remove(index)),
        None => Err(unknown(name, &kernels)),
    }
}

fn unknown(name: &str, kernels: &[KernelSizes]) -> Failure {
    let names = || kernels.iter().map(|kernel| kernel.name.as_str());
    let near = suggest::nearest(name, names()).or_else(|| names().find(|known| known.starts_with(name)));
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("name its BTF file, or one of {}", names().collect::<Vec<_>>().join(", ")),
    };
    Failure::new(format_args!("`{name}` is no file, and no kernel of the bundled table"), &help)
}
