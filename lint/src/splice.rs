//! Text without its line continuations, and the way back to where something stood.
//!
//! A backslash at the end of a line joins it with the next before there are tokens (C11 5.1.1.2, phase 2), in the middle
//! of a name if need be. Like gcc and clang, this takes spaces between the backslash and the end of the line.

/// A text whose continued lines are joined.
#[derive(Debug)]
pub(crate) struct Spliced {
    pub(crate) text: String,
    /// Where something was left out: the byte of `text`, and all bytes left out up to there.
    joints: Vec<(u32, u32)>,
}

impl Spliced {
    /// Joins the lines of a text of less than 4 GiB.
    pub(crate) fn new(original: &str) -> Self {
        let mut spliced = Spliced { text: String::with_capacity(original.len()), joints: Vec::new() };
        let (mut rest, mut removed) = (original, 0);
        while let Some(backslash) = rest.find('\\') {
            let (before, from) = rest.split_at(backslash);
            spliced.text += before;
            match continuation(from) {
                Some(len) => {
                    removed += offset(len);
                    spliced.joints.push((offset(spliced.text.len()), removed));
                    rest = &from[len..];
                }
                None => {
                    spliced.text.push('\\');
                    rest = &from[1..];
                }
            }
        }
        spliced.text += rest;
        spliced
    }

    /// Where what starts at this byte stood in the original.
    pub(crate) fn original_start(&self, at: u32) -> u32 {
        at + self.removed(self.joints.partition_point(|(joint, _)| *joint <= at))
    }

    /// Where what ends before this byte ended in the original.
    pub(crate) fn original_end(&self, at: u32) -> u32 {
        at + self.removed(self.joints.partition_point(|(joint, _)| *joint < at))
    }

    fn removed(&self, joints: usize) -> u32 {
        joints.checked_sub(1).map_or(0, |last| self.joints[last].1)
    }
}

/// The length of the continuation that `from`, which begins with a backslash, begins with.
fn continuation(from: &str) -> Option<usize> {
    let spaces = from[1..].bytes().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
    (from.as_bytes().get(1 + spaces) == Some(&b'\n')).then_some(spaces + 2)
}

/// A place in a text; those that are linted are much shorter than 4 GiB.
pub(crate) fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_lines_and_finds_the_way_back() {
        let original = "a\\\nb \\  \r\n cd\\n";
        let spliced = Spliced::new(original);
        assert_eq!(spliced.text, "ab  cd\\n");
        for (name, at) in [("b", 3), ("cd", 11)] {
            let here = offset(spliced.text.find(name).expect("it is there"));
            assert_eq!(spliced.original_start(here), at, "{name}");
        }
        // `a` ends before the continuation, not after it.
        assert_eq!((spliced.original_end(1), spliced.original_start(1)), (1, 3));
    }
}
