//! What a check found, as annotations of GitHub Actions: one line each, at the line of the spec.

use bpf_layout_check::{Outcome, sentence};
use bpf_layout_spec::{compare::Difference, source::Sources};

pub(super) fn text(outcome: &Outcome, sources: &Sources) -> String {
    outcome.differences.iter().map(|difference| annotation(difference, sources)).collect()
}

/// A workflow command: `::error file=F,line=L,col=C,title=T::MESSAGE`.
fn annotation(difference: &Difference, sources: &Sources) -> String {
    let place = difference.span.map(|span| {
        let (file, at) = (sources.get(span.file).path.display().to_string(), sources.line_column(span));
        format!("file={},line={},col={},", property(&file), at.line, at.column)
    });
    let message = format!("{} ({})", sentence(difference, sources), difference.place);
    format!("::error {}title={}::{}\n", place.unwrap_or_default(), property(difference.rule.id), data(&message))
}

/// Text that ends with the line.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Text that ends with a comma or colon.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_command_early() {
        assert_eq!(data("100%\r\nof a:b,c"), "100%25%0D%0Aof a:b,c");
        assert_eq!(property("a:b,c%\n"), "a%3Ab%2Cc%25%0A");
    }
}
