//! What the types of C and Rust are called here.

/// Types as other languages call them, and what the spec calls them.
const FOREIGN_TYPES: &[(&str, &str)] = &[
    ("char", "`u8`, or `str[N]` for text"),
    ("signed char", "`i8`"),
    ("unsigned char", "`u8`"),
    ("short", "`i16`"),
    ("unsigned short", "`u16`"),
    ("int", "`i32`"),
    ("unsigned", "`u32`"),
    ("unsigned int", "`u32`"),
    ("signed int", "`i32`"),
    ("long", "`i64`"),
    ("long long", "`i64`"),
    ("long int", "`i64`"),
    ("unsigned long", "`u64`"),
    ("unsigned long long", "`u64`"),
    ("size_t", "`u64`"),
    ("ssize_t", "`i64`"),
    ("usize", "`u64`"),
    ("isize", "`i64`"),
    ("uintptr_t", "`ptr`"),
    ("void", "`ptr` for an address"),
    ("pointer", "`ptr`"),
    ("_Bool", "`bool`"),
    ("pid_t", "`u32`"),
    ("uid_t", "`u32`"),
    ("gid_t", "`u32`"),
    ("string", "`str[N]`"),
    ("String", "`str[N]`"),
    ("byte", "`u8`"),
    ("timestamp", "`ktime`"),
    ("s8", "`i8`"),
    ("s16", "`i16`"),
    ("s32", "`i32`"),
    ("s64", "`i64`"),
    ("float", "an integer: BPF has no floating point"),
    ("double", "an integer: BPF has no floating point"),
    ("f32", "an integer: BPF has no floating point"),
    ("f64", "an integer: BPF has no floating point"),
];

/// What to write instead of a type of C or Rust, such as `` `u32` `` for `__u32`, `uint32_t` and `unsigned int`.
pub(crate) fn instead_of(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    if let Some((_, instead)) = FOREIGN_TYPES.iter().find(|(foreign, _)| *foreign == text) {
        return Some((*instead).to_owned());
    }
    let bare = text.trim_start_matches('_');
    for bits in ["8", "16", "32", "64", "128"] {
        for (foreign, own) in [("u", "u"), ("s", "i"), ("uint", "u"), ("int", "i"), ("be", "be")] {
            if bare == format!("{foreign}{bits}") || bare == format!("{foreign}{bits}_t") {
                return Some(format!("`{own}{bits}`"));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn translates_foreign_types() {
        for (foreign, own) in [("__u32", "`u32`"), ("uint64_t", "`u64`"), ("__s8", "`i8`"), ("unsigned  long", "`u64`")]
        {
            assert_eq!(instead_of(foreign).as_deref(), Some(own));
        }
        assert_eq!(instead_of("socket"), None);
    }
}
