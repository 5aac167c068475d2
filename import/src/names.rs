//! Names that the language takes, each once.

use std::collections::HashSet;

use bpf_layout_spec::{
    kernel::{KERNEL_FIELDS, KptrKind},
    scalar::SCALARS,
};

/// Longest name.
const MAX_NAME: usize = 64;

/// Names that have been given out.
#[derive(Debug, Default)]
pub(crate) struct Names {
    taken: HashSet<String>,
}

impl Names {
    /// A name for a type: the wanted one, or the nearest that is free.
    pub(crate) fn ty(&mut self, wanted: &str) -> String {
        let name = identifier(wanted, "unnamed");
        let name = if is_builtin(&name) { format!("{name}_type") } else { name };
        self.free(name)
    }

    fn free(&mut self, name: String) -> String {
        if self.taken.insert(folded(&name)) {
            return name;
        }
        let stem = &name[..name.len().min(MAX_NAME - 8)];
        let free = (2..).map(|count: u64| format!("{stem}_{count}")).find(|name| self.taken.insert(folded(name)));
        free.unwrap_or(name)
    }
}

/// What the names of types have in common if they become one in Rust: `socket_key` and `SocketKey`.
fn folded(name: &str) -> String {
    name.chars().filter(|letter| *letter != '_').map(|letter| letter.to_ascii_lowercase()).collect()
}

/// A name of the language: as wanted, as far as that is an identifier.
pub(crate) fn identifier(wanted: &str, otherwise: &str) -> String {
    let letters = wanted.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' });
    let mut name: String = letters.take(MAX_NAME).collect();
    if name.starts_with("__") {
        name = name.trim_start_matches('_').to_owned();
    }
    if name.bytes().all(|byte| byte == b'_') {
        name = otherwise.to_owned();
    }
    if name.starts_with(|letter: char| letter.is_ascii_digit()) {
        name.insert(0, '_');
        name.truncate(MAX_NAME);
    }
    name
}

/// The name of a field: generated code has `_pad0`, `_bits0` and `anon0` for itself.
pub(crate) fn field(wanted: &str) -> String {
    let name = identifier(wanted, "unnamed");
    let counted = |prefix: &str| {
        name.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if counted("_pad") || counted("_bits") {
        name[1..].to_owned()
    } else if counted("anon") {
        format!("{name}_")
    } else {
        name
    }
}

fn is_builtin(name: &str) -> bool {
    let kptrs = [KptrKind::Referenced, KptrKind::Untrusted, KptrKind::PerCpu];
    SCALARS.iter().any(|info| info.name == name)
        || KERNEL_FIELDS.iter().any(|info| info.name == name)
        || kptrs.iter().any(|kind| kind.name() == name)
        || matches!(name, "str" | "bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_identifiers_that_nobody_else_has() {
        let mut names = Names::default();
        for (wanted, given) in [
            ("socket_key", "socket_key"),
            ("SocketKey", "SocketKey_2"),
            ("__sk", "sk"),
            ("mac", "mac_type"),
            ("4tuple", "_4tuple"),
            ("", "unnamed"),
            ("a.b", "a_b"),
        ] {
            assert_eq!(names.ty(wanted), given);
        }
        assert!(names.ty(&"x".repeat(300)).len() <= MAX_NAME);
        assert!(names.ty(&"x".repeat(300)).len() <= MAX_NAME);
        assert_eq!((field("_pad0"), field("anon1"), field("pad")), ("pad0".into(), "anon1_".into(), "pad".into()));
    }
}
