//! `layouts.lock`: written and read back, and what is said of one that is stale or damaged.

mod support;

use std::{env, fs, path::Path};

use bpf_layout_spec::{
    Loaded,
    compare::Difference,
    lock::{self, Lock},
    source::Sources,
};
use support::{load, load_all, specs};

const SPEC: &str = r#"spec = 1
version = 2

[lengths]
PATH = 64

[enum.file_op]
repr = "u8"
variants = [{ name = "open", value = 1 }, { name = "unlink", value = 2 }]

[flags.open_flags]
repr = "u32"
bits = [{ name = "wronly", value = 1 }, { name = "creat", value = 0x40 }]

[extern.addr]
size = 16
align = 4
c = "struct sockaddr_in"

[union.peer]
fields = [
  { name = "v4", type = "ipv4", when = "open" },
  { name = "v6", type = "ipv6", when = "unlink" },
]

[event.file]
tag = { op = "open" }
fields = [
  { name = "time",  type = "ktime" },
  { name = "op",    type = "file_op" },
  { name = "kind",  type = "u8", bits = 3 },
  { name = "flags", type = "open_flags" },
  { name = "peer",  type = "peer", tag = "op" },
  { name = "addr",  type = "addr" },
  { name = "path",  type = "str[PATH]" },
  { name = "cwd",   type = "str[PATH]", optional = true },
  { name = "type",  type = "u16[2][3]" },
]

[map.files]
type = "lru_hash"
key = "u32"
value = "file"
max_entries = 16
flags = ["no_common_lru"]
pinning = "by_name"

[map.events]
type = "ringbuf"
max_entries = 4096
events = ["file"]

[profile.lean]
lengths.PATH = 16
omit = ["file.cwd"]
"#;

/// Compares with `tests/lock/<name>`, or writes it if `BPF_LAYOUT_BLESS` is 1.
fn golden(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lock").join(name);
    if env::var("BPF_LAYOUT_BLESS").is_ok_and(|value| value == "1") {
        fs::write(&path, found).expect("the golden can be written");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(expected, found, "{} differs; BPF_LAYOUT_BLESS=1 rewrites it", path.display());
}

fn of(text: &str) -> (Loaded, Vec<bpf_layout_spec::layout::Layouts>) {
    let base = load(text, None);
    let profiles = base.layouts.model.profiles.iter().map(|name| load(text, Some(name)).layouts).collect();
    (base, profiles)
}

fn text_of(text: &str) -> String {
    let (base, profiles) = of(text);
    Lock::of(&base.layouts, &profiles).text("layouts.toml")
}

#[test]
fn it_reads_well() {
    golden("layouts.lock", &text_of(SPEC));
}

#[test]
fn every_spec_comes_back_from_its_lock() {
    for spec in specs() {
        let (base, profiles) = load_all(&spec);
        let lock = Lock::of(&base.layouts, &profiles);
        let text = lock.text("layouts.toml");
        let read = Lock::parse(&text).unwrap_or_else(|error| panic!("{}: {error}\n{text}", spec.display()));
        assert_eq!(read, lock, "{}", spec.display());
        assert_eq!(read.text("layouts.toml"), text, "{}", spec.display());
        assert_eq!(read.stale(&base.layouts, &profiles, "layouts.lock"), [], "{}", spec.display());
        assert_eq!(Lock::parse(&text.replace('\n', "\r\n")).as_ref(), Ok(&lock), "git may have changed the line ends");
    }
}

/// `rule what.field: locked -> now (witness, place)` of each difference after a change of the spec.
fn told(from: &str, to: &str) -> Vec<String> {
    told_of(SPEC, from, to)
}

fn told_of(spec: &str, from: &str, to: &str) -> Vec<String> {
    assert!(spec.contains(from), "{from}");
    let lock = Lock::parse(&text_of(spec)).expect("it is a lock");
    let (base, profiles) = of(&spec.replacen(from, to, 1));
    let tell = |found: Difference| {
        let field = found.field.map(|field| format!(".{field}")).unwrap_or_default();
        let Difference { rule, what, expected, found, witness, place, .. } = found;
        format!("{} {what}{field}: {found} -> {expected} ({witness}, {place})", rule.id)
    };
    lock.stale(&base.layouts, &profiles, "L").into_iter().map(tell).collect()
}

#[test]
fn what_is_stale_is_told_in_terms_of_layout() {
    let (v4, v6) = (
        "  { name = \"v4\", type = \"ipv4\", when = \"open\" },\n",
        "  { name = \"v6\", type = \"ipv6\", when = \"unlink\" },\n",
    );
    let (both, reversed) = (format!("{v4}{v6}"), format!("{v6}{v4}"));
    let exchanged = both.replace("open", "-").replace("unlink", "open").replace('-', "unlink");
    let mut text = String::new();
    for (from, to) in [
        ("\"time\",  type = \"ktime\"", "\"time\",  type = \"u64\""),
        ("max_entries = 16", "max_entries = 32"),
        ("version = 2", "version = 3"),
        ("value = 2 }", "value = 3 }"),
        ("[\"no_common_lru\"]", "[]"),
        ("events = [\"file\"]", "events = []"),
        ("\"str[PATH]\", optional", "\"bytes[PATH]\", optional"),
        ("align = 4\n", "align = 8\n"),
        ("[profile.lean]", "[profile.small]"),
        ("  { name = \"kind\",  type = \"u8\", bits = 3 },\n", ""),
        ("\"kind\",  type = \"u8\", bits = 3", "\"kind\",  type = \"u8\", bits = 4"),
        ("tag = { op = \"open\" }", "tag = { op = \"unlink\" }"),
        ("PATH = 16", "PATH = 32"),
        ("[map.events]", "[map.others]"),
        (both.as_str(), reversed.as_str()),
        (both.as_str(), exchanged.as_str()),
        (
            r#"{ name = "open", value = 1 }, { name = "unlink", value = 2 }"#,
            r#"{ name = "unlink", value = 2 }, { name = "open", value = 1 }"#,
        ),
        ("type = \"ringbuf\"", "type = \"ringbuf\"\nwakeup = \"never\""),
    ] {
        text += &format!("{} => {}\n", from.trim_end(), to.trim_end());
        told(from, to).iter().for_each(|line| text += &format!("    {line}\n"));
    }
    golden("stale.txt", &text);
    assert_eq!(told("PATH = 64", "PATH = \"32 * 2\" # as before"), [""; 0]);
}

/// The structs and maps of a dictionary are in the lock, and so is everything that has ids.
#[test]
fn what_is_stale_of_interned_strings_is_told() {
    const INTERNED: &str = include_str!("interned/length/old.toml");
    let mut text = String::new();
    for (from, to) in [
        ("PATH = 512", "PATH = 256"),
        ("max_entries = 1024", "max_entries = 2048"),
        ("[intern.PATH]\n", "[intern.PATH]\ntype = \"lru_hash\"\n"),
        ("\"intern[PATH]\"", "\"str[PATH]\""),
    ] {
        text += &format!("{} => {}\n", from.trim_end(), to.trim_end());
        told_of(INTERNED, from, to).iter().for_each(|line| text += &format!("    {line}\n"));
    }
    golden("interned.txt", &text);
}

/// What is said of a lock that was changed: `line:column: message`.
fn refused(from: &str, to: &str) -> String {
    let text = text_of(SPEC);
    assert!(text.contains(from), "{from} is not in\n{text}");
    error(&text.replacen(from, to, 1))
}

fn error(text: &str) -> String {
    let error = Lock::parse(text).expect_err("it is damaged");
    let mut sources = Sources::default();
    sources.add("layouts.lock", text);
    format!("{}: {}; {}", sources.place(error.span), error.message, error.help)
}

#[test]
fn a_damaged_lock_is_refused_at_its_place() {
    let mut text = String::new();
    for (from, to) in [
        ("lock 1", "lock 2"),
        ("lock 1\n", ""),
        ("version 2\n", ""),
        ("  size ", "  sise "),
        ("  file_op ", "  file_oq "),
        ("max_entries 16", "max_entries 32"),
        ("event file", "event"),
        ("event file", "evnt file"),
        ("flags open_flags", "flags file_op"),
        ("type lru_hash", "type lru_hsah"),
        ("flags no_common_lru", "flags no_comon_lru"),
        ("u16[2][3]", "u16[N][3]"),
        ("u16[2][3]", "u16[99999999999999999999]"),
        (" path", " path when"),
        (" path", " path wen=1"),
        ("      3b", "      3"),
        ("profile lean", "  profile lean"),
        ("profile lean\n\nevent file", "profile lean\n\nevent dir"),
        ("version 2", "<<<<<<< HEAD\nversion 2"),
        ("  fingerprint ", "  fingerprint 1"),
        ("version 2", "version 99999999999"),
        ("version 2", "version 2 3"),
        ("version 2", "  version 2"),
        ("lock 1", "lock 0"),
        ("profile lean\n", "profile lean\n\nprofile lean\n"),
        ("fingerprint a5a1c5bd5bcf6529", "fingerprint a5a1c5bd5bcf652"),
        ("fingerprint a5a1c5bd5bcf6529", "fingerprint +5a1c5bd5bcf6529"),
        ("repr u8", "repr bool"),
        ("      0x40", "      0y40"),
        ("  c_type struct sockaddr_in", "  c_type"),
        ("       9:0", "       9:x"),
        ("         8       1", "  2305843009213693952       1"),
        ("       9:0", "  2305843009213693951:9"),
        (" path", " path contains=path"),
        ("key 4 u32", "key 4 u32 5"),
        ("pinning by_name", "pinning by_nam"),
        ("pinning by_name", "pinning by_name\n  wakeup often"),
        ("pinning by_name", "pinning by_name\n  inner events"),
        ("events file", "events fil"),
    ] {
        text += &format!("{from:?} => {to:?}\n    {}\n", refused(from, to));
    }
    for damaged in ["", "\0\n", "lock\u{202e}\u{1b}[2J 1\n", "# nothing\n"] {
        text += &format!("{damaged:?}\n    {}\n", error(damaged));
    }
    golden("damaged.txt", &text);
}

#[test]
fn a_flag_is_there_however_often_it_is_named() {
    let text = text_of(SPEC);
    let twice = text.replace("flags no_common_lru", "flags no_common_lru no_common_lru");
    assert_ne!(text, twice);
    assert_eq!(Lock::parse(&twice), Lock::parse(&text));
}

#[test]
fn no_byte_can_be_changed_unseen() {
    let text = text_of(SPEC);
    let lock = Lock::parse(&text).expect("it is a lock");
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] = if bytes[at] == b'7' { b'3' } else { b'7' };
        let Ok(changed) = String::from_utf8(bytes) else { continue };
        if let Ok(read) = Lock::parse(&changed) {
            let line = changed[..at].lines().count();
            let harmless = changed.lines().nth(line.saturating_sub(1)).is_some_and(|line| line.starts_with(['#', '7']));
            let (base, profiles) = of(SPEC);
            let seen = !read.stale(&base.layouts, &profiles, "L").is_empty();
            assert!(seen || read == lock || harmless, "byte {at}:\n{changed}");
        }
    }
}

#[test]
fn the_lock_of_this_repository_is_up_to_date() {
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../layouts.toml");
    let (base, profiles) = load_all(&spec);
    let text = fs::read_to_string(lock::path_of(&spec)).expect("layouts.lock");
    let expected = Lock::of(&base.layouts, &profiles).text("layouts.toml");
    assert_eq!(text, expected, "`cargo bpf-layout lock` writes it again");
}

#[test]
fn the_order_of_definitions_alone_makes_no_lock_stale() {
    let (before, peer) = SPEC.split_once("[union.peer]").expect("a union");
    let (peer, after) = peer.split_once("[event.file]").expect("an event");
    let (before, external) = before.split_once("[extern.addr]").expect("an extern type");
    let other = format!("{before}[union.peer]{peer}[extern.addr]{external}[event.file]{after}");
    let (base, profiles) = of(&other);
    assert_ne!(text_of(SPEC), text_of(&other));
    let lock = Lock::parse(&text_of(SPEC)).expect("it is a lock");
    assert_eq!(lock.stale(&base.layouts, &profiles, "L"), []);
}

#[test]
fn a_lock_lies_beside_its_spec() {
    assert_eq!(lock::path_of("a/tracer.toml".as_ref()), Path::new("a/tracer.lock"));
}
