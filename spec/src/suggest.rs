//! The nearest name to one that is not known, for "did you mean".

/// The longest name that is compared; beyond it, nobody mistyped.
const MAX_LEN: usize = 64;
/// How many names are looked at, so that a hostile spec cannot make errors expensive.
const MAX_CANDIDATES: usize = 20_000;

/// The candidate that differs least from `name`, if it differs little: by at most a third of its characters. Ties go to
/// the candidate that comes first.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > MAX_LEN {
        return None;
    }
    let limit = (name.chars().count().max(3)) / 3;
    let mut best: Option<(usize, &'a str)> = None;
    for candidate in candidates.into_iter().take(MAX_CANDIDATES) {
        if candidate.len().abs_diff(name.len()) > limit || candidate.len() > MAX_LEN {
            continue;
        }
        let distance = if candidate.eq_ignore_ascii_case(name) { 0 } else { distance(name, candidate) };
        if distance <= limit && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Edits that make `left` into `right`: insertions, deletions, replacements and swaps of neighbours (optimal string
/// alignment).
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut before_last = vec![0; right.len() + 1];
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (row, &l) in left.iter().enumerate() {
        let mut current = vec![row + 1; right.len() + 1];
        for (column, &r) in right.iter().enumerate() {
            let replaced = last[column] + usize::from(l != r);
            let mut least = replaced.min(last[column + 1] + 1).min(current[column] + 1);
            if row > 0 && column > 0 && l == right[column - 1] && left[row - 1] == r {
                least = least.min(before_last[column - 1] + 1);
            }
            current[column + 1] = least;
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_edits() {
        for (left, right, expected) in
            [("", "", 0), ("abc", "abc", 0), ("abc", "acb", 1), ("abc", "abd", 1), ("abc", "", 3), ("ab", "xaby", 2)]
        {
            assert_eq!(distance(left, right), expected, "{left} {right}");
            assert_eq!(distance(right, left), expected, "{right} {left}");
        }
    }

    #[test]
    fn suggests_only_what_is_near() {
        let names = ["socket_key", "socket_value", "u32", "u64"];
        assert_eq!(nearest("socket_kye", names), Some("socket_key"));
        assert_eq!(nearest("U32", names), Some("u32"));
        assert_eq!(nearest("u46", names), Some("u64"));
        assert_eq!(nearest("inode", names), None);
        assert_eq!(nearest(&"x".repeat(100_000), names), None);
    }
}
