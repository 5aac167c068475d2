//! Bytes of unknown origin as one line of text.
//!
//! Whoever starts a process chooses its name and arguments: printed as they are, they could move the cursor, clear the
//! screen or forge a line of the table.

use std::fmt::Write;

/// The bytes with everything that a terminal would not show as a character written as `\n`, `\xff`, `\u{202e}`; a
/// backslash is doubled, so that different bytes give different text.
pub fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            push_char(&mut text, c);
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

fn push_char(text: &mut String, c: char) {
    match c {
        '\'' | '"' => text.push(c),
        c if c.is_ascii_control() && !matches!(c, '\n' | '\r' | '\t') => {
            let _ = write!(text, "\\x{:02x}", u32::from(c));
        }
        c => text.extend(c.escape_debug()),
    }
}

/// Arguments as one would write them: separated by spaces, in double quotes where one is empty or has spaces or quotes
/// of its own.
pub fn command_line<'a>(args: impl Iterator<Item = &'a [u8]>) -> String {
    let mut line = String::new();
    for arg in args {
        if !line.is_empty() {
            line.push(' ');
        }
        let text = escape(arg);
        if text.is_empty() || text.contains([' ', '"', '\'']) {
            let _ = write!(line, "\"{}\"", text.replace('"', "\\\""));
        } else {
            line.push_str(&text);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_as_it_is() {
        assert_eq!(escape("/usr/bin/größe 'x' \"y\"".as_bytes()), "/usr/bin/größe 'x' \"y\"");
    }

    #[test]
    fn nothing_reaches_the_terminal_but_characters() {
        assert_eq!(escape(b"a\nb\t\x1b[2J\x7f\0\\"), r"a\nb\t\x1b[2J\x7f\x00\\");
        assert_eq!(escape(b"\xff\xc3(\xe2\x82"), r"\xff\xc3(\xe2\x82");
        assert_eq!(escape("\u{202e}gpj.exe\u{9b}".as_bytes()), r"\u{202e}gpj.exe\u{9b}");
    }

    #[test]
    fn arguments_can_be_told_apart() {
        let args: [&[u8]; 5] = [b"sh", b"-c", b"echo \"hi\"", b"", b"x\ny"];
        assert_eq!(command_line(args.into_iter()), r#"sh -c "echo \"hi\"" "" x\ny"#);
        assert_eq!(command_line(std::iter::empty()), "");
    }
}
