//! What a person can do when the kernel refuses.

use std::{
    fs,
    path::Path,
    sync::{Mutex, PoisonError},
};

use libbpf_rs::{ErrorKind, PrintLevel};

/// What a tool needs.
#[derive(Clone, Copy, Debug)]
pub struct Needs {
    /// Its name.
    pub tool: &'static str,
    /// The oldest Linux that it runs on: `5.17`.
    pub linux: &'static str,
    /// Names as in capabilities(7).
    pub capabilities: &'static [&'static str],
}

/// libbpf's own messages: long, and of interest only when something fails.
static MESSAGES: Mutex<String> = Mutex::new(String::new());

/// The most that is kept of them; a verifier's log can have megabytes, and its end says what is wrong.
const KEPT: usize = 16 * 1024;

/// Keeps libbpf's warnings for [`explain`] instead of printing them.
pub fn keep_messages() {
    libbpf_rs::set_print(Some((PrintLevel::Warn, |_, message| {
        let mut messages = MESSAGES.lock().unwrap_or_else(PoisonError::into_inner);
        messages.push_str(&message);
        let excess = messages.len().saturating_sub(KEPT);
        let start = (excess..).find(|at| messages.is_char_boundary(*at)).unwrap_or(0);
        messages.drain(..start);
    })));
}

/// What was attempted, why it failed, and what to do about it. `needs` says what the tool needs: a version of Linux, and
/// capabilities as `setcap` takes them.
pub fn explain(needs: &Needs, attempt: &str, error: &libbpf_rs::Error) -> String {
    let Needs { tool, linux, capabilities } = needs;
    let mut text = format!("{attempt}: {error:#}");
    if error.kind() == ErrorKind::PermissionDenied {
        text.push_str(&format!(
            "\n{tool} loads BPF programs, which takes {}: run it as root (`sudo`), or give the binary these by \
             `setcap {}+ep`. In a container, the container needs them, and its seccomp profile must allow bpf(2). If you \
             are root, see whether the kernel is locked down: /sys/kernel/security/lockdown.",
            capabilities.join(" and "),
            capabilities.join(",").to_ascii_lowercase(),
        ));
        return text;
    }
    if !Path::new("/sys/kernel/btf/vmlinux").exists() {
        text.push_str("\nThis kernel has no BTF, which tells where its structs have their members: it was built without CONFIG_DEBUG_INFO_BTF.");
    } else {
        let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        text.push_str(&format!("\n{tool} needs Linux {linux} or newer; this is {}.", release.trim()));
    }
    let messages = MESSAGES.lock().unwrap_or_else(PoisonError::into_inner);
    if !messages.is_empty() {
        text.push_str("\nlibbpf says:\n");
        text.push_str(messages.trim_end());
    }
    text
}
