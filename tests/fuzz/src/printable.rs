//! Whether text is fit to be printed: nothing in it moves the cursor, names a window or turns the direction of writing,
//! whatever the file says that it speaks of.

/// Asserts that text has lines and nothing else that is not seen.
///
/// # Panics
/// If it has.
pub fn assert_plain(text: &str) {
    if let Some(c) = text.chars().find(|&c| c != '\n' && is_hostile(c)) {
        panic!("{c:?} is printed: {text:?}");
    }
}

/// As [`assert_plain`], of text with colours: `ESC [ … m`.
///
/// # Panics
/// If it has something else.
pub fn assert_styled(text: &str) {
    let mut plain = String::new();
    for (index, part) in text.split("\u{1b}[").enumerate() {
        plain += match part.split_once('m') {
            Some((colour, rest)) if index > 0 && colour.bytes().all(|b| b.is_ascii_digit() || b == b';') => rest,
            _ if index == 0 => part,
            _ => panic!("an escape that is no colour: {text:?}"),
        };
    }
    assert_plain(&plain);
}

/// Control characters, and those that order text without being seen (CVE-2021-42574).
fn is_hostile(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
