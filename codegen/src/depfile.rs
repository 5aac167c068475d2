//! The files that a compiler read, from the makefile rule that it wrote about them (`-MD`).

use std::path::PathBuf;

/// The prerequisites of the rule `target: a b \ ... c`.
///
/// Spaces and `#` in names come with a backslash before them, `$` doubled; a backslash before anything else is itself.
pub(crate) fn prerequisites(rule: &str) -> Vec<PathBuf> {
    let Some((_, names)) = rule.split_once(": ") else { return Vec::new() };
    let (mut found, mut name) = (Vec::new(), String::new());
    let mut characters = names.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek()) {
            ('\\', Some('\n')) => {}
            ('\\', Some(&next @ (' ' | '#'))) => {
                name.push(next);
                characters.next();
            }
            ('$', Some('$')) => {
                name.push('$');
                characters.next();
            }
            (character, _) if character.is_whitespace() => found.push(std::mem::take(&mut name)),
            (character, _) => name.push(character),
        }
    }
    found.push(name);
    found.into_iter().filter(|name| !name.is_empty()).map(PathBuf::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_odd_characters_are_read_back() {
        let rule = "out.o: a.c \\\n  dir\\ with/b\\#.h c$$.h \\\n d\\e.h\n";
        let expected = ["a.c", "dir with/b#.h", "c$.h", "d\\e.h"].map(PathBuf::from);
        assert_eq!(prerequisites(rule), expected);
    }

    #[test]
    fn what_is_no_rule_has_no_prerequisites() {
        for text in ["", "out.o:", "\n", "nothing here"] {
            assert_eq!(prerequisites(text), Vec::<PathBuf>::new(), "{text:?}");
        }
    }
}
