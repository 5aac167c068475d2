//! C headers as a source. Where bytes lie says the BTF that clang makes of them; which types, macros and comments there are,
//! their text.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
    ffi::OsString,
    fmt::Write as _,
    path::{Path, PathBuf},
};

use bpf_layout_lint::outline::{Outline, OutlinedMember, OutlinedType, constant, outline};
use bpf_layout_spec::compare::{Observed, ObservedType, Shape};

use crate::{
    Note,
    clang::{Compiler, CompilerError, system_folders},
    found::{Found, MemberHint, NamedNumber, TypeHint},
};

/// Headers that define the kernel's types, whatever folder they are in.
const KERNEL_HEADERS: &[&str] =
    &["vmlinux.h", "vmlinux_local.h", "bpf_helper_defs.h", "bpf_helpers.h", "bpf_core_read.h", "bpf_tracing.h"];

/// A header that has been compiled. Whatever is found in it borrows from here.
#[derive(Debug)]
pub struct Header {
    /// The header, as it was given.
    path: PathBuf,
    /// The object that the compiler has made of it.
    object: Vec<u8>,
    /// What its text, and that of the headers of the project that it includes, declares.
    outline: Outline,
    /// Macros that name numbers, with their values, in the order of the text.
    numbers: Vec<Number>,
}

/// A macro.
#[derive(Clone, Debug)]
struct Number {
    name: String,
    value: u64,
    /// As it is written, if it is made of other names.
    expr: Option<String>,
    doc: Option<String>,
}

/// What a header says that no object does.
struct Text {
    outline: Outline,
    numbers: Vec<Number>,
    /// Declarations that keep each type in the BTF of an object.
    anchors: String,
}

impl Text {
    fn of(preprocessed: &str, read: &mut dyn FnMut(&Path) -> Option<String>) -> Self {
        let regions = Regions::of(preprocessed);
        let active = outline(&regions.text);
        let mut written = Outline::default();
        for outline in regions.files.iter().filter_map(|file| read(file)).map(|text| outline(&text)) {
            written.types.extend(outline.types);
            written.macros.extend(outline.macros);
        }
        let numbers = numbers(&active, &written, preprocessed);
        Text { outline: written, numbers, anchors: anchors(&active.types) }
    }
}

impl Header {
    /// Compiles a header with these arguments.
    ///
    /// # Errors
    /// If there is no compiler, or it does not take the header.
    pub fn read(path: &Path, compiler: &Compiler, arguments: &[OsString]) -> Result<Self, CompilerError> {
        let include = format!("#include \"{}\"\n", quoted(&absolute(path)));
        let mut arguments = arguments.to_vec();
        arguments.extend(system_folders());
        let preprocessed = compiler.preprocess(&include, &arguments)?;
        let text = Text::of(&preprocessed, &mut |file| std::fs::read_to_string(file).ok());
        let object = compiler.compile(&(include + &text.anchors), &arguments)?;
        Ok(Header::new(path, text, object))
    }

    /// A header that somebody else has compiled: what `-E -dD` has made of it, the files that this names, as far as `read` has
    /// them, and the object.
    pub fn compiled(
        path: &Path,
        preprocessed: &str,
        read: &mut dyn FnMut(&Path) -> Option<String>,
        object: Vec<u8>,
    ) -> Self {
        Header::new(path, Text::of(preprocessed, read), object)
    }

    fn new(path: &Path, Text { outline, numbers, .. }: Text, object: Vec<u8>) -> Self {
        Header { path: path.to_owned(), object, outline, numbers }
    }

    /// Everything that the header defines.
    ///
    /// # Errors
    /// If what the compiler made is damaged.
    pub fn found(&self) -> Result<(Found<'_>, Vec<Note>), bpf_layout_btf::Error> {
        let (mut found, notes) = crate::object(&self.path.display().to_string(), &self.object)?;
        let defined: BTreeSet<&str> = self.names().collect();
        for (index, ty) in found.observed.types.iter().enumerate() {
            let name = name_of(ty);
            // What it uses and does not define is of other headers.
            if !name.is_empty() && !defined.contains(name) && index < found.types.len() {
                found.types[index].foreign = true;
            }
        }
        self.annotate(&mut found);
        Ok((found, notes))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.outline.types.iter().flat_map(|ty| [Some(ty.tag.as_str()), ty.typedef.as_deref()]);
        names.flatten().filter(|name| !name.is_empty())
    }

    /// Adds what the header says of types that were found elsewhere: comments, and names of numbers.
    pub fn annotate<'a>(&'a self, found: &mut Found<'a>) {
        let mut by_name: HashMap<&str, &OutlinedType> = HashMap::new();
        for ty in self.outline.types.iter().rev() {
            for name in [Some(ty.tag.as_str()), ty.typedef.as_deref()].into_iter().flatten() {
                by_name.insert(name, ty);
            }
        }
        let values: HashMap<&str, u64> =
            self.numbers.iter().map(|number| (number.name.as_str(), number.value)).collect();
        found.types.resize_with(found.observed.types.len(), TypeHint::default);
        let Found { observed, types, .. } = found;
        for (index, ty) in observed.types.iter().enumerate() {
            let Some(outlined) = by_name.get(name_of(ty)).filter(|_| !name_of(ty).is_empty()) else { continue };
            types[index].doc = types[index].doc.take().or_else(|| outlined.doc.clone());
            let members: HashMap<&str, &OutlinedMember> =
                outlined.members.iter().rev().map(|member| (member.name.as_str(), member)).collect();
            annotate_members(observed, types, index, &members, &values, 0);
        }
        let known: BTreeSet<String> = found.numbers.iter().map(|number| number.name.clone().into_owned()).collect();
        found.numbers.extend(self.numbers.iter().filter(|number| !known.contains(&number.name)).map(|number| {
            NamedNumber {
                name: Cow::Borrowed(&number.name),
                value: number.value,
                expr: number.expr.clone(),
                doc: number.doc.clone(),
            }
        }));
    }
}

/// Members of unnamed members are in the outline of the type around them.
fn annotate_members(
    observed: &Observed<'_>,
    types: &mut [TypeHint<'_>],
    index: usize,
    outlined: &HashMap<&str, &OutlinedMember>,
    values: &HashMap<&str, u64>,
    depth: usize,
) {
    let hint = |hint: &mut MemberHint<'_>, member: &OutlinedMember, shape: Option<&Shape>| {
        hint.doc = hint.doc.take().or_else(|| member.doc.clone());
        if let Some(shape) = shape {
            let lengths =
                lengths(shape).into_iter().zip(member.lengths.iter().map(Some).chain(std::iter::repeat(None)));
            hint.spelling.lengths =
                lengths.map(|(length, text)| text.and_then(|text| named_length(text, length, values))).collect();
        }
    };
    match &observed.types[index] {
        ObservedType::Enum(def) => {
            let names: Vec<&str> = def.values.iter().flatten().map(|(name, _)| *name).collect();
            types[index].members.resize_with(names.len(), MemberHint::default);
            for (place, name) in names.into_iter().enumerate() {
                if let Some(member) = outlined.get(name) {
                    hint(&mut types[index].members[place], member, None);
                }
            }
        }
        ObservedType::Record(record) => {
            types[index].members.resize_with(record.members.len(), MemberHint::default);
            for (place, member) in record.members.iter().enumerate() {
                if let Some(found) = outlined.get(member.name) {
                    hint(&mut types[index].members[place], found, Some(&member.shape));
                }
                if let (true, Shape::Def(inner)) = (member.name.is_empty() && depth < 16, &member.shape) {
                    annotate_members(observed, types, *inner, outlined, values, depth + 1);
                }
            }
        }
    }
}

/// Lengths of an array's dimensions, the outermost first.
fn lengths(shape: &Shape) -> Vec<u64> {
    let (mut inner, mut lengths) = (shape, Vec::new());
    while let Shape::Array(element, len) = inner {
        lengths.push(*len);
        inner = element;
    }
    lengths
}

/// A length as the spec can write it: over names, and of the value that the compiler has given it.
fn named_length(text: &str, length: u64, values: &HashMap<&str, u64>) -> Option<String> {
    let mut resolve = |name: &str| values.get(name).copied().map(i128::from);
    let value = constant(text, &mut resolve)?;
    let named = text.contains(|letter: char| letter.is_ascii_alphabetic() || letter == '_');
    (value == i128::from(length) && named).then(|| spec_expr(text)).flatten()
}

/// An expression of C in the grammar of the spec, if it is in both.
pub(crate) fn spec_expr(text: &str) -> Option<String> {
    let mut words: Vec<String> = Vec::new();
    let mut rest = text.trim();
    while let Some(first) = rest.chars().next() {
        let len = if first.is_ascii_alphanumeric() || first == '_' {
            rest.find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_')).unwrap_or(rest.len())
        } else if rest.starts_with("<<") {
            2
        } else if "+-*/()".contains(first) {
            1
        } else {
            return None;
        };
        let word = &rest[..len];
        let number = first.is_ascii_digit();
        words.push(if number { word.trim_end_matches(['u', 'U', 'l', 'L']).to_owned() } else { word.to_owned() });
        rest = rest[len..].trim_start();
    }
    while words.len() > 2 && words[0] == "(" && closes_last(&words) {
        words.pop();
        words.remove(0);
    }
    let mut expr = String::new();
    for (index, word) in words.iter().enumerate() {
        let tight = index == 0 || word == ")" || words[index - 1] == "(";
        let _ = write!(expr, "{}{word}", if tight { "" } else { " " });
    }
    (!expr.is_empty()).then_some(expr)
}

/// Whether the first parenthesis is closed by the last.
fn closes_last(words: &[String]) -> bool {
    let mut depth = 0i32;
    for (index, word) in words.iter().enumerate() {
        match word.as_str() {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return index + 1 == words.len();
        }
    }
    false
}

fn name_of<'a>(ty: &ObservedType<'a>) -> &'a str {
    match ty {
        ObservedType::Record(record) => record.name,
        ObservedType::Enum(def) => def.name,
    }
}

/// Declarations that keep each type in the BTF of an object.
fn anchors(types: &[OutlinedType]) -> String {
    let mut text = String::new();
    let mut seen = BTreeSet::new();
    for ty in types {
        let name = match &ty.typedef {
            Some(typedef) if ty.tag.is_empty() => typedef.clone(),
            _ if ty.tag.is_empty() => continue,
            _ => format!("{} {}", ty.word, ty.tag),
        };
        if seen.insert(name.clone()) {
            let _ = writeln!(text, "{name} *__import_anchor_{};", seen.len());
        }
    }
    text
}

/// Numbers that macros stand for, as the compiler has them.
fn numbers(active: &Outline, written: &Outline, preprocessed: &str) -> Vec<Number> {
    // Macros of every header may be part of a value; the last definition counts.
    let all = outline(preprocessed);
    let definitions: HashMap<&str, &str> =
        all.macros.iter().map(|found| (found.name.as_str(), found.value.as_str())).collect();
    let docs: HashMap<&str, &Option<String>> =
        written.macros.iter().map(|found| (found.name.as_str(), &found.doc)).collect();
    let own: BTreeSet<&str> = active.macros.iter().map(|found| found.name.as_str()).collect();
    let mut values = HashMap::new();
    let mut seen = BTreeSet::new();
    let mut numbers = Vec::new();
    for found in &active.macros {
        let Some(text) = definitions.get(found.name.as_str()).filter(|_| seen.insert(found.name.as_str())) else {
            continue;
        };
        let value = value_of(text, &definitions, &mut values, 0);
        let Some(value) = value.and_then(|value| u64::try_from(value).ok()) else { continue };
        if value == 0 || value > u32::MAX.into() {
            continue;
        }
        let expr = spec_expr(text).filter(|expr| {
            let named = expr.contains(|letter: char| letter.is_ascii_alphabetic() || letter == '_');
            let words = expr.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
            let names =
                words.filter(|word| word.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_'));
            named && names.into_iter().all(|name| own.contains(name))
        });
        let expr = expr.filter(|expr| !expr.starts_with("0x"));
        let doc = docs.get(found.name.as_str()).copied().cloned().flatten();
        numbers.push(Number { name: found.name.clone(), value, expr, doc });
    }
    numbers
}

/// The value of a macro's text, in which other macros may stand. Their values are computed once: of macros that each name
/// the next several times, there would be no end otherwise. What has no value ends the text that it stands in.
fn value_of(
    text: &str,
    definitions: &HashMap<&str, &str>,
    values: &mut HashMap<String, i128>,
    depth: usize,
) -> Option<i128> {
    if depth > 16 {
        return None;
    }
    constant(text, &mut |name| {
        if let Some(value) = values.get(name) {
            return Some(*value);
        }
        let value = value_of(definitions.get(name)?, definitions, values, depth + 1)?;
        values.insert(name.to_owned(), value);
        Some(value)
    })
}

/// The parts of a preprocessed text that are of the project's own headers.
#[derive(Debug, Default)]
struct Regions {
    text: String,
    files: Vec<PathBuf>,
}

impl Regions {
    /// `# LINE "FILE" FLAGS`: 3 among the flags says that it is a header of the system (GCC, "Preprocessor Output").
    fn of(preprocessed: &str) -> Self {
        let mut regions = Regions::default();
        let mut own = false;
        let mut seen = BTreeSet::new();
        for line in preprocessed.lines() {
            let Some((file, flags)) = line_marker(line) else {
                if own {
                    regions.text += line;
                    regions.text.push('\n');
                }
                continue;
            };
            let name = Path::new(&file).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let kernel = KERNEL_HEADERS.contains(&name.as_str());
            // What is defined by `-D` is the project's, too.
            own = file == "<command line>" || !file.starts_with('<') && !flags.contains(&"3") && !kernel;
            if own && !file.starts_with('<') && seen.insert(file.clone()) {
                regions.files.push(PathBuf::from(file));
            }
        }
        regions
    }
}

fn line_marker(line: &str) -> Option<(String, Vec<&str>)> {
    let rest = line.strip_prefix("# ").or_else(|| line.strip_prefix("#line "))?;
    let (number, rest) = rest.split_once(' ')?;
    number.parse::<u64>().ok()?;
    let (file, flags) = rest.strip_prefix('"')?.rsplit_once('"')?;
    Some((file.replace("\\\\", "\\"), flags.split_whitespace().collect()))
}

fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

fn quoted(path: &str) -> String {
    path.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_of_c_become_those_of_the_spec() {
        for (c, expected) in [
            ("(20 * ARG)", Some("20 * ARG")),
            ("(A)+(B)", Some("(A) + (B)")),
            ("1UL<<4", Some("1 << 4")),
            ("sizeof(int)", Some("sizeof (int)")),
            ("A & B", None),
            ("A ? 1 : 2", None),
        ] {
            assert_eq!(spec_expr(c).as_deref(), expected, "{c}");
        }
        assert_eq!(named_length("N * 2", 8, &HashMap::from([("N", 4)])).as_deref(), Some("N * 2"));
        assert_eq!(named_length("N * 2", 9, &HashMap::from([("N", 4)])), None);
        assert_eq!(named_length("8", 8, &HashMap::new()), None);
    }

    #[test]
    fn a_macro_is_computed_once_however_often_it_is_named() {
        let mut text = "# 1 \"/p/a.h\" 1\n#define M0 1\n".to_owned();
        for index in 1..=16 {
            let _ = writeln!(text, "#define M{index} {}", vec![format!("M{}", index - 1); 20].join(" * "));
        }
        let header = Header::compiled(Path::new("a.h"), &text, &mut |_| None, Vec::new());
        assert!(header.numbers.len() == 17 && header.numbers.iter().all(|number| number.value == 1));
    }

    #[test]
    fn regions_are_those_of_the_projects_own_files() {
        let text = "# 1 \"<built-in>\" 3\nbuilt\n# 1 \"/p/a.h\" 1\nown\n# 1 \"/usr/include/x.h\" 1 3\nsystem\n# 3 \"/p/a.h\" 2\nagain\n# 1 \"/p/vmlinux.h\" 1\nkernel\n";
        let regions = Regions::of(text);
        assert_eq!(regions.text, "own\nagain\n");
        assert_eq!(regions.files, [PathBuf::from("/p/a.h")]);
    }
}
