//! Comments that suppress findings: `/* bpf-layout: allow(literal-length) why */`, on the line of what they allow or on one
//! of its own before it.

use std::collections::HashSet;

use bpf_layout_spec::{source::Span, suggest};

use crate::{
    file::File,
    finding::Finding,
    lex::Token,
    rules::{RULES, Rule, UNKNOWN_ALLOW, UNUSED_ALLOW},
};

/// One rule that a comment allows.
struct Allowance {
    rule: &'static Rule,
    /// Its name in the comment.
    span: Span,
    /// The line that it holds for, by its index in [`File::lines`].
    line: usize,
}

const MARK: &str = "bpf-layout:";

/// Leaves out the findings of one file that its comments allow, and adds what is wrong with the comments.
pub(crate) fn apply(file: &File, findings: Vec<Finding>) -> Vec<Finding> {
    let (mut allowances, mut told) = (Vec::new(), Vec::new());
    for &(start, end) in file.comments.iter().filter(|(start, end)| text(file, *start, *end).contains(MARK)) {
        comment(file, (start, end), &mut allowances, &mut told);
    }
    let allowed: HashSet<(usize, &str)> =
        allowances.iter().map(|allowance| (allowance.line, allowance.rule.id)).collect();
    let mut used = HashSet::new();
    for finding in findings {
        let place = (file.line_of(finding.at.span.start), finding.rule.id);
        if allowed.contains(&place) {
            used.insert(place);
        } else {
            told.push(finding);
        }
    }
    let unused = allowances.iter().filter(|allowance| !used.contains(&(allowance.line, allowance.rule.id)));
    told.extend(unused.map(|allowance| {
        let message = format!("there is no `{}` here to allow", allowance.rule.id);
        Finding::new(&UNUSED_ALLOW, allowance.span, message).help("remove the comment").of(allowance.rule.id, None)
    }));
    told
}

fn text(file: &File, start: u32, end: u32) -> &str {
    &file.text()[start as usize..end as usize]
}

/// Reads one comment that is meant for us.
fn comment(file: &File, (start, end): (u32, u32), allowances: &mut Vec<Allowance>, told: &mut Vec<Finding>) {
    let whole = text(file, start, end);
    let Some(after) = whole.find(MARK).map(|mark| mark + MARK.len()) else { return };
    let span = |from: usize, len: usize| {
        let at = |offset: usize| start + crate::splice::offset(offset);
        file.span_of(at(from), at(from + len))
    };
    let words = whole[after..].trim_start().strip_prefix("allow").and_then(|rest| rest.trim_start().strip_prefix('('));
    let Some((list, _)) = words.and_then(|rest| rest.split_once(')')) else {
        let message = "this comment is not understood".to_owned();
        let help = "write `bpf-layout: allow(literal-length)`, with the reason behind it";
        told.push(Finding::new(&UNKNOWN_ALLOW, span(after - MARK.len(), MARK.len()), message).help(help));
        return;
    };
    let line = line_for(file, start, end);
    let mut from = whole.len() - words.map_or(0, str::len);
    for name in list.split(',') {
        let id = name.trim();
        let span = span(from + name.len() - name.trim_start().len(), id.len());
        match Rule::from_id(id) {
            Some(rule) => allowances.push(Allowance { rule, span, line }),
            None => told.push(unknown(id, span)),
        }
        from += name.len() + 1;
    }
}

fn unknown(id: &str, span: Span) -> Finding {
    let help = match suggest::nearest(id, RULES.iter().map(|rule| rule.id)) {
        Some(nearest) => format!("write `{nearest}`"),
        None => format!("the rules are {}", RULES.map(|rule| format!("`{}`", rule.id)).join(", ")),
    };
    Finding::new(&UNKNOWN_ALLOW, span, format!("there is no rule `{id}`")).help(help).of(id, None)
}

/// The line that a comment holds for: its own if there is code before it, or the next that has any.
fn line_for(file: &File, start: u32, end: u32) -> usize {
    let lines = file.lines.partition_point(|line| *line < start);
    let begins = text(file, 0, start).rfind('\n').map_or(0, |newline| crate::splice::offset(newline + 1));
    let own = lines.checked_sub(1).filter(|&line| file.lines[line] >= begins);
    // Code after the comment in its last line begins a line, too.
    own.unwrap_or_else(|| file.lines.partition_point(|line| *line < end))
}

impl File {
    /// The line of a place in the file as it was read, by its index in [`File::lines`].
    fn line_of(&self, original: u32) -> usize {
        self.lines.partition_point(|line| self.span_of(*line, *line).start <= original).saturating_sub(1)
    }

    fn span_of(&self, start: u32, end: u32) -> Span {
        let token = |start, end| Token { kind: crate::lex::Kind::Mark, first: false, start, end };
        self.span(&token(start, end), &token(start, end))
    }
}
