//! What stands between us and BPF on this machine, and the file systems that BPF tools expect.

use std::{fs, path::Path, process::Command};

use crate::succeeds;

// `include/uapi/linux/capability.h`
const CAP_SYS_ADMIN: u32 = 21;
const CAP_PERFMON: u32 = 38;
const CAP_BPF: u32 = 39;

/// Whether our effective user is root.
pub(crate) fn is_root() -> bool {
    // `Uid:` of proc(5): real, effective, saved, file system.
    status_field("Uid:").and_then(|ids| ids.split_whitespace().nth(1).map(|id| id == "0")).unwrap_or(false)
}

/// Whether we hold the capabilities that loading and attaching tracing programs takes.
pub(crate) fn has_capabilities() -> bool {
    let effective = status_field("CapEff:").and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    let has = |capability: u32| effective & (1 << capability) != 0;
    has(CAP_SYS_ADMIN) || (has(CAP_BPF) && has(CAP_PERFMON))
}

/// What speaks against BPF tracing here, each with what to do about it. Empty if nothing is known to.
pub(crate) fn obstacles() -> Vec<String> {
    let mut found = Vec::new();
    if !has_capabilities() {
        found.push(if is_root() {
            "this is root without CAP_BPF and CAP_PERFMON, as in a container; start the container with \
             `--cap-add BPF --cap-add PERFMON --cap-add SYS_RESOURCE`, or with `--privileged`"
                .into()
        } else {
            "loading BPF programs takes CAP_BPF and CAP_PERFMON; run as root, or through sudo".into()
        });
    }
    if !Path::new("/sys/kernel/btf/vmlinux").exists() {
        found.push(
            "the kernel does not describe its types (no /sys/kernel/btf/vmlinux); it needs CONFIG_DEBUG_INFO_BTF=y, \
             as the kernels of Debian 12, Ubuntu 20.10, Fedora 31 and RHEL 8.2 and later have it"
                .into(),
        );
    }
    let lockdown = fs::read_to_string("/sys/kernel/security/lockdown").unwrap_or_default();
    if lockdown.contains("[confidentiality]") {
        found.push(
            "kernel lockdown is in its confidentiality mode, which forbids BPF to read kernel memory; boot without \
             `lockdown=confidentiality`"
                .into(),
        );
    }
    found
}

/// Mounts tracefs and the BPF file system if we are root and they are missing, as fresh virtual machines have it.
///
/// # Errors
/// If `mount` cannot be run at all. That mounting is refused is only reported: a container may do without.
pub(crate) fn mount_what_is_missing() -> Result<(), String> {
    if !is_root() {
        return Ok(());
    }
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    for (kind, place) in [("tracefs", "/sys/kernel/tracing"), ("bpf", "/sys/fs/bpf")] {
        let mounted = mounts.lines().any(|line| line.split(' ').nth(1) == Some(place));
        if mounted || !Path::new(place).is_dir() {
            continue;
        }
        if !succeeds(Command::new("mount").args(["-t", kind, kind, place]))? {
            eprintln!("warning: {kind} cannot be mounted on {place}");
        }
    }
    Ok(())
}

fn status_field(name: &str) -> Option<String> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned())
}
