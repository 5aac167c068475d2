//! What the tests of several modules need.

use std::path::Path;

use bpf_layout_spec::{Options, layout::Layouts, load_with};

use crate::lines::{Language, Lines};

/// A spec that must be valid, from its text.
pub(crate) fn layouts(spec: &str, profile: Option<&str>) -> Layouts {
    let options = Options { profile: profile.map(str::to_owned) };
    load_with(Path::new("layouts.toml"), &mut |_: &Path| Ok(spec.to_owned()), &options).expect("a spec").layouts
}

/// What is written at this indentation.
pub(crate) fn written<L: Language>(indent: usize, write: impl FnOnce(&mut Lines<L>)) -> String {
    let mut out = Lines { indent, ..Lines::default() };
    write(&mut out);
    out.finish()
}

/// Lengths that are written as expressions, beside `A = 64` and `B = 16`: name, expression, and how C and Rust write it.
pub(crate) const EXPRESSIONS: [(&str, &str, &str); 7] = [
    ("C", "A - (B - 2)", "A_LEN - (B_LEN - 2)"),
    ("D", "A - B - 2", "A_LEN - B_LEN - 2"),
    ("E", "A / (B / 2)", "A_LEN / (B_LEN / 2)"),
    ("F", "(A + B) * 2", "(A_LEN + B_LEN) * 2"),
    ("G", "A + B * 2", "A_LEN + B_LEN * 2"),
    ("H", "B << 2", "B_LEN << 2"),
    ("I", "B << (A - 62)", "B_LEN << (A_LEN - 62)"),
];

/// A spec of [`EXPRESSIONS`].
pub(crate) fn expressions() -> Layouts {
    let lengths = EXPRESSIONS.map(|(name, expression, _)| format!("{name} = \"{expression}\"\n"));
    layouts(&format!("spec = 1\n[lengths]\nA = 64\nB = 16\n{}", lengths.concat()), None)
}
