//! What the TOML parser found wrong.

use std::ops::Range;

use toml::de::Error;

use super::{document::Place, table::Cx};
use crate::diag::{Code, Diagnostic};

/// How many syntax errors are shown of one file: after these, the parser is guessing.
const MAX_ERRORS: usize = 20;

/// What the parser says of a key that stands twice. Its errors are text only; a test pins this one.
const DUPLICATE: &str = "duplicate key";

/// Reports what the parser found: the first error of each line, since those behind it follow from it.
pub(super) fn report(cx: &mut Cx<'_>, errors: &[Error]) {
    let mut found: Vec<(Range<usize>, &Error)> =
        errors.iter().map(|error| (error.span().unwrap_or(0..0), error)).collect();
    found.sort_by_key(|(range, _)| (range.start, range.end));
    let (mut last_line, mut shown) = (None, 0);
    let mut repeated = None;
    for (range, error) in found {
        let line = line_start(cx.text, range.start);
        // What stands in a table that is defined twice is often defined twice, too; the table's own error says it all.
        if error.message() == DUPLICATE && repeated.is_some_and(|from| !cx.text[from..range.start].contains("\n[")) {
            continue;
        }
        if error.message() == DUPLICATE && cx.text[line..].trim_start().starts_with('[') {
            repeated = Some(range.end);
        }
        if last_line == Some(line) || shown == MAX_ERRORS {
            continue;
        }
        (last_line, shown) = (Some(line), shown + 1);
        let diagnostic = if error.message() == DUPLICATE { duplicate(cx, range) } else { syntax(cx, range, error) };
        cx.push(diagnostic);
    }
}

fn syntax(cx: &Cx<'_>, range: Range<usize>, error: &Error) -> Diagnostic {
    let line = line_start(cx.text, range.start);
    let text = cx.text[line..].lines().next().unwrap_or("");
    let syntax =
        Diagnostic::new(Code::Syntax, error.message().to_owned(), cx.span(Place::new(range)), "not valid TOML");
    // An odd number of quotes is seen by the parser only where the next string begins.
    let odd = text.split('#').next().unwrap_or("").matches('"').count() % 2 == 1;
    if odd { syntax.help("a string on this line may lack its closing `\"`") } else { syntax }
}

fn duplicate(cx: &Cx<'_>, range: Range<usize>) -> Diagnostic {
    let key = cx.text.get(range.clone()).unwrap_or("").trim_matches(['"', '\'']);
    let message = format!("`{key}` is defined twice");
    let found = Diagnostic::new(Code::DuplicateName, message, cx.span(Place::new(range.clone())), "defined again");
    let found = match first_definition(cx.text, &range) {
        Some(first) => found.also(cx.span(Place::new(first)), "first defined here"),
        None => found,
    };
    found.help("rename one of the two, or remove it")
}

/// Where the key of a duplicate stands first: an equal table header above it, or an equal key in the same table.
/// Only a label hangs on it, so looking at lines is good enough.
fn first_definition(text: &str, again: &Range<usize>) -> Option<Range<usize>> {
    let line = line_start(text, again.start);
    let before = text.get(line..again.start)?;
    let key = text.get(again.clone())?;
    let header = before.trim_start().starts_with('[');
    let mut end = line;
    while end > 0 {
        let start = line_start(text, end - 1);
        let candidate = text.get(start..end)?;
        if let Some(rest) = candidate.strip_prefix(before)
            && let Some(behind) = rest.strip_prefix(key)
            && behind.trim_start().starts_with(if header { ']' } else { '=' })
        {
            return Some(start + before.len()..start + before.len() + key.len());
        }
        if !header && candidate.trim_start().starts_with('[') {
            return None;
        }
        end = start;
    }
    None
}

fn line_start(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
}
