//! The types of `layouts.toml` in this folder, and owned ones that are made from them.

mod conversions;
mod derived;
mod random;

/// Everything optional is there.
pub(crate) mod full {
    bpf_layout::include_layouts!("tests/from/layouts.toml");
}

/// Nothing optional is.
pub(crate) mod lean {
    bpf_layout::include_layouts!("tests/from/layouts.toml", profile = "lean");
}
