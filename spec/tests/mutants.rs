//! Mutants of the specs that this project has: everything that changes a byte, or what a byte means, is found by a rule
//! about breaking changes, and what changes neither is not. The figures are printed.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    ops::Range,
    path::{Path, PathBuf},
};

use bpf_layout_spec::{
    Options,
    breaking::{Finding, Relation, compare},
    layout::{Layouts, Member},
    load_with,
    model::TypeDef,
};

/// The project's own spec, and every golden one.
fn specs() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let goldens = fs::read_dir(root.join("tests/golden")).expect("goldens");
    let mut specs: Vec<PathBuf> = goldens.map(|entry| entry.expect("an entry").path().join("layouts.toml")).collect();
    specs.push(root.join("layouts.toml"));
    specs.push(root.join("spec/tests/specs/maps.toml"));
    specs.push(root.join("spec/tests/specs/tags.toml"));
    specs.sort();
    specs
}

/// The layouts of a text that stands in place of a file; `None` if it is not valid.
fn layouts(path: &Path, text: &str) -> Option<Layouts> {
    let mut read = |wanted: &Path| if wanted == path { Ok(text.to_owned()) } else { fs::read_to_string(wanted) };
    load_with(path, &mut read, &Options::default()).ok().map(|loaded| loaded.layouts)
}

/// Where each field lies, by name.
fn places(layouts: &Layouts) -> BTreeSet<String> {
    let mut places = BTreeSet::new();
    for (def, layout) in layouts.model.types.iter().zip(&layouts.types) {
        let name = &def.name().spec;
        places.insert(format!("{name}: {} {}", layout.size, layout.align));
        let TypeDef::Record(record) = def else { continue };
        for member in &layout.members {
            match member {
                Member::Field { field, offset, size, .. } => {
                    places.insert(format!("{name}.{}: {offset} {size}", record.fields[*field].name.spec));
                }
                Member::Bits(run) => places.extend(run.bits.iter().filter_map(|bits| {
                    Some(format!("{name}.{}: {} {}", record.fields[bits.field?].name.spec, bits.bit_offset, bits.width))
                })),
                Member::Padding { .. } => {}
            }
        }
    }
    places
}

/// The inline tables that define fields, variants and flags: `{ name = ... }`.
fn entries(text: &str) -> Vec<Range<usize>> {
    let starts = text.match_indices("{ name = ").map(|(start, _)| start);
    starts
        .filter_map(|start| {
            let mut depth = 0;
            let end = text[start..].char_indices().find_map(|(at, c)| {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                (depth == 0).then_some(start + at + 1)
            })?;
            Some(start..end)
        })
        .collect()
}

/// What a mutant was made by, and its text.
type Mutant = (&'static str, String);

fn spliced(text: &str, at: &Range<usize>, with: &str) -> String {
    format!("{}{with}{}", &text[..at.start], &text[at.end..])
}

/// Types that are exchanged for one of another size, sign, byte order or meaning.
const TYPES: &[(&str, &str)] = &[
    ("\"u8\"", "\"u16\""),
    ("\"u8\"", "\"i8\""),
    ("\"u16\"", "\"u32\""),
    ("\"u16\"", "\"be16\""),
    ("\"u32\"", "\"u64\""),
    ("\"u32\"", "\"i32\""),
    ("\"u64\"", "\"u32\""),
    ("\"u64\"", "\"i64\""),
    ("\"i32\"", "\"u32\""),
    ("\"i64\"", "\"u64\""),
    ("\"be16\"", "\"u16\""),
    ("\"be32\"", "\"u32\""),
    ("\"ipv4\"", "\"u32\""),
    ("\"ktime\"", "\"i64\""),
    ("\"bool\"", "\"u8\""),
    ("\"mac\"", "\"bytes[7]\""),
    ("\"str[", "\"bytes["),
    ("\"bytes[", "\"str["),
];

/// Keys of entries and tables whose numbers mean something.
const NUMBERS: &[&str] = &["value", "bits", "offset", "align", "max_entries", "map_extra", "numa_node", "size", "when"];

/// Words of tables that are exchanged.
const WORDS: &[(&str, &str)] = &[
    ("type = \"hash\"", "type = \"lru_hash\""),
    ("type = \"array\"", "type = \"percpu_array\""),
    ("type = \"ringbuf\"", "type = \"user_ringbuf\""),
    ("[struct.", "[union."),
    ("{ union = [", "{ struct = ["),
    ("pinning = \"by_name\"", "pinning = \"none\""),
    ("\"no_prealloc\"", "\"rdonly_prog\""),
];

fn mutants(text: &str) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    let entries = entries(text);
    for (index, entry) in entries.iter().enumerate() {
        let own = &text[entry.clone()];
        let comma = usize::from(text[entry.end..].starts_with(','));
        mutants.push(("removed", spliced(text, &(entry.start..entry.end + comma), "")));
        mutants.push(("renamed", spliced(text, entry, &own.replacen("name = \"", "name = \"zz_", 1))));
        if own.contains("type = ") {
            mutants.push((
                "added before",
                spliced(text, &(entry.start..entry.start), "{ name = \"zz\", type = \"u64\" }, "),
            ));
            mutants
                .push(("added behind", spliced(text, &(entry.end..entry.end), ", { name = \"zz\", type = \"u8\" }")));
            if let Some(next) = entries.get(index + 1).filter(|next| text[entry.end..next.start].trim() == ",") {
                let between = &text[entry.end..next.start];
                let other = &text[next.clone()];
                mutants.push(("swapped", spliced(text, &(entry.start..next.end), &format!("{other}{between}{own}"))));
            }
        }
        for (from, to) in TYPES {
            let exchanged = own.replacen(&format!("type = {from}"), &format!("type = {to}"), 1);
            if exchanged != own {
                mutants.push(("other type", spliced(text, entry, &exchanged)));
            }
        }
    }
    for (from, to) in WORDS {
        for (at, _) in text.match_indices(from) {
            mutants.push(("other word", spliced(text, &(at..at + from.len()), to)));
        }
    }
    for (at, found) in text.match_indices("packed = true") {
        mutants.push(("other packing", spliced(text, &(at..at + found.len()), "packed = 2")));
    }
    for (from, to) in [
        ("repr = \"u8\"", "repr = \"u16\""),
        ("repr = \"u32\"", "repr = \"u64\""),
        ("repr = \"i32\"", "repr = \"u32\""),
    ] {
        for (at, _) in text.match_indices(from) {
            mutants.push(("other repr", spliced(text, &(at..at + from.len()), to)));
        }
    }
    mutants.extend(numbers(text));
    // What stands in profiles is not applied.
    let applied = text.find("\n[profile.").unwrap_or(text.len());
    mutants.retain(|(_, mutant)| {
        mutant.as_bytes().iter().zip(text.as_bytes()).take_while(|(l, r)| l == r).count() < applied
    });
    mutants
}

/// Each number of a key that means something, one more and doubled.
fn numbers(text: &str) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for key in NUMBERS {
        for (at, found) in text.match_indices(&format!("{key} = ")) {
            let start = at + found.len();
            let digits = text[start..].bytes().take_while(u8::is_ascii_digit).count();
            let Ok(number) = text[start..start + digits].parse::<u64>() else { continue };
            let is_key = at == 0 || !text.as_bytes()[at - 1].is_ascii_alphanumeric() && text.as_bytes()[at - 1] != b'_';
            if is_key {
                mutants.push(("one more", spliced(text, &(start..start + digits), &(number + 1).to_string())));
                mutants.push(("doubled", spliced(text, &(start..start + digits), &(number.max(1) * 2).to_string())));
            }
        }
    }
    mutants
}

/// Whether a rule says something of layouts.
fn is_found(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| Relation::ALL.iter().any(|&relation| finding.verdicts.of(relation).word() != "-"))
}

#[test]
fn every_mutant_that_changes_a_byte_is_found() {
    let mut figures: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    let mut missed = Vec::new();
    for path in specs() {
        let text = fs::read_to_string(&path).expect("readable");
        let old = layouts(&path, &text).unwrap_or_else(|| panic!("{} is not valid", path.display()));
        for (kind, mutant) in mutants(&text) {
            let Some(new) = layouts(&path, &mutant) else { continue };
            // The order of union members is no layout, and not all that is packed would lie elsewhere.
            if matches!(kind, "swapped" | "other packing") && places(&old) == places(&new) {
                continue;
            }
            let findings = compare(&old, &new);
            let [tried, found, breaks] = figures.entry(kind).or_default();
            *tried += 1;
            *found += usize::from(is_found(&findings));
            *breaks += usize::from(findings.iter().any(|finding| finding.verdicts.breaks(&Relation::ALL)));
            if !is_found(&findings) {
                missed.push(format!("{} {kind}:\n{}", path.display(), changed_line(&text, &mutant)));
            }
        }
    }
    for (kind, [tried, found, breaks]) in &figures {
        println!("{kind}: {tried} mutants, {found} found, {breaks} break somebody");
    }
    let total = |index: usize| figures.values().map(|figures| figures[index]).sum::<usize>();
    println!("in all: {} mutants, {} found, {} break somebody", total(0), total(1), total(2));
    assert!(missed.is_empty(), "{} missed:\n{}", missed.len(), missed.join("\n"));
    assert!(total(0) > 1000, "only {} mutants were valid specs", total(0));
}

/// The first line that a mutant has otherwise.
fn changed_line(text: &str, mutant: &str) -> String {
    let pair = text.lines().zip(mutant.lines()).find(|(left, right)| left != right);
    pair.map_or_else(String::new, |(left, right)| format!("  {left}\n  {right}"))
}

/// Layouts change fields' places, or nothing is found: the reverse of the test above for lengths and capacities.
#[test]
fn a_length_is_found_where_it_moves_bytes() {
    let mut tried = 0;
    for path in specs() {
        let text = fs::read_to_string(&path).expect("readable");
        let old = layouts(&path, &text).expect("valid");
        for constant in &old.model.constants {
            let span = constant.name.span;
            let (end, line) = (span.end as usize, text[span.end as usize..].lines().next().unwrap_or_default());
            let Some((_, value)) = line.split_once("= ") else { continue };
            let digits = value.bytes().take_while(u8::is_ascii_digit).count();
            let Ok(number) = value[..digits].parse::<u64>() else { continue };
            let start = end + line.len() - value.len();
            let Some(new) = layouts(&path, &spliced(&text, &(start..start + digits), &(number * 2).to_string())) else {
                continue;
            };
            let findings = compare(&old, &new);
            assert!(findings.iter().any(|finding| finding.rule.id == "constant-changed"), "{}", constant.name.spec);
            let moves = places(&old) != places(&new);
            assert!(!moves || is_found(&findings), "{} of {}", constant.name.spec, path.display());
            tried += 1;
        }
    }
    assert!(tried > 10, "only {tried} constants could be doubled");
}

#[test]
fn what_changes_no_byte_is_not_found() {
    for path in specs() {
        let text = fs::read_to_string(&path).expect("readable");
        let old = layouts(&path, &text).expect("valid");
        let documented = text.replace("{ name = ", "{ doc = \"Otherwise.\", name = ");
        let cosmetic = [
            text.replace('\n', "\n\n# A comment.\n"),
            text.replace(", name", ",   name").replace(" = ", "   =   "),
            text.replace("spec = 1", "version = 2\nspec = 1"),
            text.replace("\"256 KiB\"", "262144").replace("= 512", "= \"2 * 256\"").replace("= 16\n", "= \"1 << 4\"\n"),
            documented,
        ];
        for (index, mutant) in cosmetic.iter().enumerate() {
            // Where there is a `doc` already, a second one is no TOML.
            let Some(new) = layouts(&path, mutant) else {
                assert!(text.contains("doc = ") || text.contains("version = "), "{} cosmetic {index}", path.display());
                continue;
            };
            let found: Vec<&str> = compare(&old, &new).iter().map(|finding| finding.rule.id).collect();
            assert_eq!(found, Vec::<&str>::new(), "{} cosmetic {index}", path.display());
        }
    }
}
