//! What `layouts.toml` says, and what it was built with.

bpf_layout::include_layouts!();

/// The profile of `layouts.toml` that this binary was built with.
pub(crate) const PROFILE: &str = match option_env!("BPF_LAYOUT_PROFILE") {
    Some(profile) if !profile.is_empty() => profile,
    _ => "default",
};

/// Profile and sizes, in a few words.
pub(crate) fn summary() -> String {
    let value = size_of::<FileInFlight>();
    format!("profile {PROFILE}: PATH {PATH_LEN}, {FILES_MAX_ENTRIES} paths of {value} bytes in flight")
}
