//! What a C text declares: its structs, unions and enums with their members, and its macros, each with the comment that stands
//! beside it. Branches of `#if` are all taken; whoever needs to know which one a compiler takes asks it.

use crate::{
    eval,
    lex::{Kind, Lexed, Token, lex},
    splice::Spliced,
};

/// How deep bodies are followed into one another. What lies deeper is passed over.
const MAX_DEPTH: usize = 16;

/// What a text declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// Structs, unions and enums that have a body, in the order of the text; those in others behind these.
    pub types: Vec<OutlinedType>,
    /// Macros without parameters, in the order of the text.
    pub macros: Vec<OutlinedMacro>,
}

/// A struct, union or enum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutlinedType {
    /// `struct`, `union` or `enum`.
    pub word: String,
    /// Its tag; empty if it has none.
    pub tag: String,
    /// The name that a typedef gives it, if the same declaration does.
    pub typedef: Option<String>,
    /// The comment before it.
    pub doc: Option<String>,
    /// Its members or values; those of unnamed members among them.
    pub members: Vec<OutlinedMember>,
}

/// A member, or a value of an enum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutlinedMember {
    /// Its name.
    pub name: String,
    /// What stands in its brackets, as it is written, the outermost first.
    pub lengths: Vec<String>,
    /// The comment before or behind it.
    pub doc: Option<String>,
}

/// `#define NAME value`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutlinedMacro {
    /// Its name.
    pub name: String,
    /// What it stands for, as it is written.
    pub value: String,
    /// The comment before or behind it.
    pub doc: Option<String>,
}

/// What a text declares.
#[must_use]
pub fn outline(text: &str) -> Outline {
    let spliced = Spliced::new(text);
    let lexed = lex(&spliced.text);
    let mut reader = Reader {
        text: &spliced.text,
        lexed: &lexed,
        code: Vec::new(),
        partners: Vec::new(),
        outline: Outline::default(),
    };
    reader.directives();
    reader.partners = reader.find_partners();
    let (mut at, mut statement) = (0, 0);
    while at < reader.code.len() {
        match reader.word(at) {
            ";" | "}" => {
                at += 1;
                statement = at;
            }
            "struct" | "union" | "enum" => at = reader.declaration(at, statement, 0).unwrap_or(at + 1),
            _ => at += 1,
        }
    }
    reader.outline
}

/// The value of a constant expression of C whose names `resolve` knows; `None` if it has none that is sure.
pub fn constant(text: &str, resolve: &mut dyn FnMut(&str) -> Option<i128>) -> Option<i128> {
    eval::evaluate(text, &lex(text).tokens, &mut |name| resolve(name))
}

struct Reader<'a> {
    text: &'a str,
    lexed: &'a Lexed,
    /// Tokens outside of directives.
    code: Vec<Token>,
    /// For each bracket that opens, the place of the one that closes it.
    partners: Vec<Option<usize>>,
    outline: Outline,
}

impl<'a> Reader<'a> {
    fn word(&self, at: usize) -> &'a str {
        self.code.get(at).map_or("", |token| token.text(self.text))
    }

    fn is_name(&self, at: usize) -> bool {
        self.code.get(at).is_some_and(|token| token.kind == Kind::Word)
    }

    /// Takes directives out of the code, and macros out of directives.
    fn directives(&mut self) {
        let tokens = &self.lexed.tokens;
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            if !(token.first && token.text(self.text) == "#") {
                self.code.push(*token);
                at += 1;
                continue;
            }
            let end = (at + 1..tokens.len()).find(|next| tokens[*next].first).unwrap_or(tokens.len());
            self.define(&tokens[at..end]);
            at = end;
        }
    }

    fn define(&mut self, line: &[Token]) {
        let [hash, define, name, value @ ..] = line else { return };
        let (Some(first), Some(last)) = (value.first(), value.last()) else { return };
        // A parenthesis right behind the name begins parameters.
        let function = first.text(self.text) == "(" && first.start == name.end;
        if define.text(self.text) != "define" || name.kind != Kind::Word || function {
            return;
        }
        let value = self.text[first.start as usize..last.end as usize].to_owned();
        let doc = self.trailing(last.end).or_else(|| self.leading(hash.start, self.end_of_title()));
        self.outline.macros.push(OutlinedMacro { name: name.text(self.text).to_owned(), value, doc });
    }

    /// `struct tag { ... }` and what is declared with it. Gives the place behind its body, or `None` if it has none.
    fn declaration(&mut self, at: usize, statement: usize, depth: usize) -> Option<usize> {
        let (ty, open) = self.head(at)?;
        let close = self.closing(open)?;
        let mut ty = OutlinedType { doc: self.doc_before(statement), ..ty };
        ty.members =
            if ty.word == "enum" { self.values(open + 1, close) } else { self.members(open + 1, close, depth) };
        if self.word(statement) == "typedef" {
            let end = self.statement_end(close + 1);
            ty.typedef = self.declared(close + 1, end).pop().map(|(name, _)| name);
        }
        self.outline.types.push(ty);
        Some(close + 1)
    }

    /// Word and tag, up to the `{` whose place comes with them.
    fn head(&self, at: usize) -> Option<(OutlinedType, usize)> {
        let mut ty = OutlinedType { word: self.word(at).to_owned(), ..OutlinedType::default() };
        let mut next = at + 1;
        loop {
            match self.word(next) {
                "{" => return Some((ty, next)),
                "__attribute__" | "__attribute" => next = self.closing(next + 1)? + 1,
                _ if self.is_name(next) => {
                    ty.tag = self.word(next).to_owned();
                    next += 1;
                }
                // The type of an enum's values, as C23 has it.
                ":" if ty.word == "enum" => next += 1,
                _ => return None,
            }
        }
    }

    /// The place of what closes the bracket that opens here.
    fn closing(&self, open: usize) -> Option<usize> {
        self.partners.get(open).copied().flatten()
    }

    fn find_partners(&self) -> Vec<Option<usize>> {
        let mut partners = vec![None; self.code.len()];
        let mut open: Vec<(usize, &str)> = Vec::new();
        for at in 0..self.code.len() {
            let opening = match self.word(at) {
                word @ ("{" | "(" | "[") => {
                    open.push((at, word));
                    continue;
                }
                "}" => "{",
                ")" => "(",
                "]" => "[",
                _ => continue,
            };
            // What is closed without having been opened, as in branches of `#if`, closes nothing.
            if let Some(depth) =
                open.iter().rposition(|(_, word)| *word == opening).filter(|depth| open.len() - depth <= MAX_DEPTH)
            {
                partners[open[depth].0] = Some(at);
                open.truncate(depth);
            }
        }
        partners
    }

    /// The place of the `;` that ends a declaration, or the end.
    fn statement_end(&self, from: usize) -> usize {
        let mut at = from;
        while at < self.code.len() {
            match self.word(at) {
                ";" => return at,
                "{" | "(" | "[" => at = self.closing(at).unwrap_or(self.code.len()),
                "}" => return at,
                _ => {}
            }
            at += 1;
        }
        self.code.len()
    }

    fn members(&mut self, from: usize, end: usize, depth: usize) -> Vec<OutlinedMember> {
        let mut members = Vec::new();
        let mut at = from;
        while at < end {
            let stop = self.statement_end(at).min(end);
            let body = (at..stop).find(|at| matches!(self.word(*at), "struct" | "union" | "enum"));
            let nested = body.filter(|_| depth < MAX_DEPTH).and_then(|body| {
                let before = self.outline.types.len();
                let behind = self.declaration(body, at, depth + 1)?;
                Some((before, behind))
            });
            let declared = self.declared(nested.map_or(at, |(_, behind)| behind), stop);
            if let (Some((before, _)), true) = (nested, declared.is_empty()) {
                // An unnamed member: its members are its parent's.
                if let Some(inner) =
                    self.outline.types.get(before..).and_then(<[_]>::last).filter(|ty| ty.tag.is_empty())
                {
                    members.extend(inner.members.clone());
                }
            }
            let doc =
                self.code.get(at).zip(self.code.get(stop)).and_then(|(first, last)| self.doc(first.start, last.end));
            members.extend(declared.into_iter().map(|(name, lengths)| OutlinedMember {
                name,
                lengths,
                doc: doc.clone(),
            }));
            at = stop + 1;
        }
        members
    }

    /// The names that a declaration declares, with what stands in their brackets.
    fn declared(&self, from: usize, end: usize) -> Vec<(String, Vec<String>)> {
        let mut found = Vec::new();
        let mut name: Option<usize> = None;
        let mut lengths = Vec::new();
        let (mut at, mut width) = (from, false);
        while at <= end {
            let word = if at == end { "," } else { self.word(at) };
            match word {
                "," => {
                    let lengths = std::mem::take(&mut lengths);
                    found.extend(name.take().map(|at| (self.word(at).to_owned(), lengths)));
                    width = false;
                }
                "[" => {
                    let close = self.closing(at).filter(|close| *close < end).unwrap_or(end.saturating_sub(1));
                    let inner = self.code.get(at + 1).zip(self.code.get(close));
                    let text = inner.map_or("", |(first, last)| {
                        self.text.get(first.start as usize..last.start as usize).unwrap_or_default()
                    });
                    lengths.push(text.split_whitespace().collect::<Vec<_>>().join(" "));
                    at = close;
                }
                "__attribute__" | "__attribute" | "__aligned" | "_Alignas" => {
                    at = self.closing(at + 1).filter(|close| *close < end).unwrap_or(at);
                }
                ":" => width = true,
                "{" | "(" => at = self.closing(at).filter(|close| *close < end).unwrap_or(at),
                _ if self.is_name(at) && !width && lengths.is_empty() => name = Some(at),
                _ => {}
            }
            at += 1;
        }
        found
    }

    fn values(&self, from: usize, end: usize) -> Vec<OutlinedMember> {
        let mut values = Vec::new();
        let mut at = from;
        while at < end {
            let mut stop = at;
            while stop < end && self.word(stop) != "," {
                if matches!(self.word(stop), "(" | "[" | "{") {
                    stop = self.closing(stop).unwrap_or(end);
                }
                stop += 1;
            }
            let stop = stop.min(end);
            let last = if self.word(stop) == "," { stop } else { stop.saturating_sub(1) };
            if self.is_name(at) && at < stop {
                let doc = self.doc(self.code[at].start, self.code[last].end);
                values.push(OutlinedMember { name: self.word(at).to_owned(), lengths: Vec::new(), doc });
            }
            at = stop + 1;
        }
        values
    }

    /// The comment before a declaration.
    fn doc_before(&self, at: usize) -> Option<String> {
        let start = self.code.get(at)?.start;
        self.leading(start, 0)
    }

    /// The comment of what stands between two places: behind it on its line, or else before it.
    fn doc(&self, start: u32, end: u32) -> Option<String> {
        self.trailing(end).or_else(|| self.leading(start, 0))
    }

    fn trailing(&self, end: u32) -> Option<String> {
        let next = self.lexed.comments.partition_point(|(start, _)| *start < end);
        let (start, stop) = *self.lexed.comments.get(next)?;
        let between = self.text.get(end as usize..start as usize)?;
        between
            .chars()
            .all(|letter| letter == ' ' || letter == '\t')
            .then(|| plain(&self.text[start as usize..stop as usize]))?
    }

    /// Where the comment ends that the text begins with. It is about the file, also where a macro follows at once.
    fn end_of_title(&self) -> u32 {
        let text = |from: u32, to: u32| self.text.get(from as usize..to as usize).unwrap_or_default();
        let is_line = |from: u32, to: u32| text(from, to).starts_with("//");
        let Some((&(start, first), others)) = self.lexed.comments.split_first() else { return 0 };
        if !text(0, start).trim().is_empty() {
            return 0;
        }
        // Lines of one comment stand right below one another.
        let mut end = first;
        for &(from, to) in others {
            let gap = text(end, from);
            let goes_on =
                is_line(start, first) && is_line(from, to) && gap.trim().is_empty() && gap.matches('\n').count() <= 1;
            if !goes_on {
                break;
            }
            end = to;
        }
        end
    }

    /// The comments that stand right above, behind the first `after` bytes, and not behind something else.
    fn leading(&self, start: u32, after: u32) -> Option<String> {
        let mut texts = Vec::new();
        let mut below = start;
        let before = self.lexed.comments.partition_point(|(from, _)| *from < start);
        for (from, to) in self.lexed.comments[..before].iter().rev().take_while(|(from, _)| *from >= after) {
            let between = self.text.get(*to as usize..below as usize)?;
            let line = self.text[..*from as usize].rsplit('\n').next().unwrap_or_default();
            let near = between.trim().is_empty() && between.matches('\n').count() <= 1;
            if !near || !line.trim().is_empty() {
                break;
            }
            texts.extend(plain(&self.text[*from as usize..*to as usize]));
            below = *from;
        }
        texts.reverse();
        (!texts.is_empty()).then(|| texts.join(" "))
    }
}

/// What a comment says, on one line; `None` if it says nothing.
fn plain(comment: &str) -> Option<String> {
    let inner = comment
        .strip_prefix("//")
        .map(str::to_owned)
        .unwrap_or_else(|| comment.trim_start_matches("/*").trim_end_matches("*/").to_owned());
    let lines = inner.lines().map(|line| line.trim().trim_start_matches(['*', '!', '<', '/']).trim());
    let text = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    let text = text.trim().to_owned();
    // Rulers and marks of tools say nothing of what they stand beside.
    let says = text.chars().any(char::is_alphabetic)
        && !text.starts_with("clang-format")
        && !["SPDX-License", "Copyright"].iter().any(|word| text.contains(word));
    says.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
// SPDX-License-Identifier: GPL-2.0

#define COMM_LEN 16 /* with its NUL */
#define ARGS (20 * \\
	ARG)
#define MIN(a, b) ((a) < (b) ? (a) : (b))

/* Who did it.
 * And when. */
struct event {
	__u64 time; // nanoseconds
	/* Its name. */
	char comm[COMM_LEN], args[20][ARG];
	union {
		__be32 v4;
		__u8 v6[16]; /* of IPv6 */
	};
	struct inner { int x; } in __attribute__((aligned(8)));
	__u32 low : 3, high : 4;
	int (*unused)(void);
};

typedef struct {
	int pid;
} pid_event_t;

enum op { OP_OPEN = 1, /* opened */ OP_CLOSE = (1 << 2), };
";

    #[test]
    fn a_comment_that_begins_a_file_is_about_the_file() {
        for (text, doc) in [
            ("/* Lengths of the tracer. */\n#define N 1\n", None),
            ("\n\n// Lengths of the tracer,\n// all of them.\n#define N 1\n", None),
            ("/* Lengths of the tracer. */\n/* One. */\n#define N 1\n", Some("One.")),
            ("// Lengths of the tracer.\n\n// One.\n#define N 1\n", Some("One.")),
            ("// Lengths of the tracer.\n/* One. */\n#define N 1\n", Some("One.")),
            ("/* Lengths. */ // Of the tracer.\n#define N 1\n", None),
            ("#pragma once\n/* One. */\n#define N 1\n", Some("One.")),
            ("int x;\n/* One. */\n\n#define N 1\n", None),
            ("int x;\n/* Copyright of somebody. */\n#define N 1\n", None),
            ("#define N 1 /* One. */\n", Some("One.")),
        ] {
            let outline = outline(text);
            assert_eq!(outline.macros[0].doc.as_deref(), doc, "{text}");
        }
        let outline = outline("/* One. */\nstruct one { int x; };\n");
        assert_eq!(outline.types[0].doc.as_deref(), Some("One."), "a file may be one type");
    }

    #[test]
    fn types_members_and_macros_come_with_their_comments() {
        let outline = outline(TEXT);
        let macros: Vec<(&str, &str, Option<&str>)> = outline
            .macros
            .iter()
            .map(|found| (found.name.as_str(), found.value.as_str(), found.doc.as_deref()))
            .collect();
        assert_eq!(macros, [("COMM_LEN", "16", Some("with its NUL")), ("ARGS", "(20 * \tARG)", None)]);
        let names: Vec<(&str, Option<&str>)> =
            outline.types.iter().map(|ty| (ty.tag.as_str(), ty.typedef.as_deref())).collect();
        assert_eq!(names, [("", None), ("inner", None), ("event", None), ("", Some("pid_event_t")), ("op", None)]);
        let event = &outline.types[2];
        assert_eq!(event.doc.as_deref(), Some("Who did it. And when."));
        let members: Vec<(&str, Vec<&str>, Option<&str>)> = event
            .members
            .iter()
            .map(|found| {
                let lengths = found.lengths.iter().map(String::as_str).collect();
                (found.name.as_str(), lengths, found.doc.as_deref())
            })
            .collect();
        let expected: [(&str, &[&str], Option<&str>); 8] = [
            ("time", &[], Some("nanoseconds")),
            ("comm", &["COMM_LEN"], Some("Its name.")),
            ("args", &["20", "ARG"], Some("Its name.")),
            ("v4", &[], None),
            ("v6", &["16"], Some("of IPv6")),
            ("in", &[], None),
            ("low", &[], None),
            ("high", &[], None),
        ];
        let found: Vec<_> =
            members.iter().map(|(name, lengths, doc)| (*name, lengths.as_slice(), *doc)).take(8).collect();
        assert_eq!(found, expected);
        let values: Vec<&str> = outline.types[4].members.iter().map(|value| value.name.as_str()).collect();
        assert_eq!(values, ["OP_OPEN", "OP_CLOSE"]);
        assert_eq!(outline.types[4].members[0].doc.as_deref(), Some("opened"));
    }

    #[test]
    fn constants_have_values() {
        let mut names = |name: &str| (name == "ARG").then_some(256);
        assert_eq!(constant("(20 * ARG)", &mut names), Some(5120));
        assert_eq!(constant("UNKNOWN", &mut names), None);
    }

    #[test]
    fn nothing_is_refused() {
        for text in
            ["struct", "struct {", "struct x { int a[", "enum { A = (", "#define", "}}}", "struct x { struct { ", "/*"]
        {
            let _ = outline(text);
        }
        let deep = "struct { ".repeat(100_000);
        let _ = outline(&deep[..9 * 200]);
    }
}
