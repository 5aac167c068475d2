//! Text put together at compile time, where there is neither `format!` nor an allocator.

/// Bytes of the longest message.
const MOST: usize = 1024;

/// Text put together at compile time. What does not fit is left out.
pub(super) struct Message {
    bytes: [u8; MOST],
    len: usize,
}

impl Message {
    pub(super) const fn new() -> Self {
        Message { bytes: [0; MOST], len: 0 }
    }

    pub(super) const fn push(&mut self, text: &str) {
        let text = text.as_bytes();
        let mut index = 0;
        while index < text.len() && self.len < self.bytes.len() {
            self.bytes[self.len] = text[index];
            self.len += 1;
            index += 1;
        }
    }

    /// A number in decimal.
    pub(super) const fn push_number(&mut self, number: usize) {
        self.push(digits(&mut [0; 20], number));
    }

    pub(super) const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "a type does not lie in memory as its layout says",
        }
    }
}

/// A number in decimal.
pub(super) const fn digits(buffer: &mut [u8; 20], mut number: usize) -> &str {
    let mut start = buffer.len();
    loop {
        start -= 1;
        buffer[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    match core::str::from_utf8(buffer.split_at(start).1) {
        Ok(text) => text,
        Err(_) => "?",
    }
}

/// The n-th word of a text whose words white space separates.
pub(super) const fn word(text: &str, mut n: usize) -> &str {
    let mut rest = text.as_bytes().trim_ascii();
    loop {
        let mut end = 0;
        while end < rest.len() && !rest[end].is_ascii_whitespace() {
            end += 1;
        }
        let (first, others) = rest.split_at(end);
        if n == 0 {
            return match core::str::from_utf8(first) {
                Ok(first) => first,
                Err(_) => "?",
            };
        }
        rest = others.trim_ascii_start();
        n -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_an_end() {
        let mut message = Message::new();
        for _ in 0..200 {
            message.push("0123456789");
        }
        assert_eq!(message.as_str().len(), MOST);
        assert_eq!(digits(&mut [0; 20], usize::MAX), std::format!("{}", usize::MAX));
        assert_eq!((word(" a  b ", 1), word("a", 5)), ("b", ""));
    }
}
