//! Specs, documents and names that were written to do harm: the command refuses them or shows them, and does nothing else.

mod common;

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use common::{SPEC, command, folder, names, run};
use scraper::{Html, Selector};

/// Longer than any of these takes on a busy machine. Whoever waits for a pipe waits for ever.
const PATIENCE: Duration = Duration::from_secs(300);

/// The command's end, or a failure of the test if there is none.
fn output(command: &mut Command) -> Output {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command can be run");
    let start = Instant::now();
    while child.try_wait().expect("it is our child").is_none() {
        if start.elapsed() > PATIENCE {
            child.kill().expect("it is our child");
            panic!("{command:?} does not end");
        }
        thread::sleep(Duration::from_millis(20));
    }
    child.wait_with_output().expect("it has ended")
}

/// Asserts that the command cannot be done for this reason, and writes nothing.
fn refuses(folder: &Path, arguments: &[&str], why: &str) {
    let before = names(folder);
    let output = output(&mut command(folder, arguments));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
    assert!(said.contains(why), "{arguments:?}: {said}");
    assert_eq!(names(folder), before, "{arguments:?} leaves nothing behind");
}

#[test]
fn what_is_no_file_is_not_waited_for() {
    let folder = folder();
    let path = folder.path();
    assert!(Command::new("mkfifo").arg(path.join("pipe")).status().is_ok_and(|status| status.success()));
    fs::create_dir(path.join("folder")).expect("writable");
    fs::write(path.join("latin1.toml"), b"spec = 1\n# caf\xe9\n").expect("writable");
    let generate = |spec| ["generate", "--spec", spec, "--out-dir", "out"];
    refuses(path, &generate("pipe"), "error[unreadable]: cannot read `pipe`: it is a pipe, socket or device");
    refuses(path, &generate("/dev/zero"), "it is a pipe, socket or device");
    refuses(path, &generate("folder"), "cannot read `folder`: it is a folder");
    refuses(path, &generate("latin1.toml"), "it is not UTF-8 text, from line 2 on");
    fs::write(path.join("includes.toml"), "spec = 1\ninclude = [\"pipe\"]\n").expect("writable");
    refuses(path, &generate("includes.toml"), "--> includes.toml:2:12");

    refuses(path, &["check", "--lock", "pipe"], "cannot read `pipe`: it is a pipe");
    refuses(path, &["check", "--lock", "folder"], "it is a folder");
    refuses(path, &["check", "--object", "pipe"], "cannot read `pipe`: it is a pipe");
    refuses(path, &["check", "--object", "/dev/zero"], "device");
    refuses(path, &["check", "--source", "pipe"], "cannot read `pipe`: it is a pipe");
    refuses(path, &["diff", "pipe", "layouts.toml"], "cannot read `pipe`: it is a pipe");
}

#[test]
fn a_byte_order_mark_and_other_ends_of_lines_change_nothing() {
    let folder = folder();
    let generated = |spec: &str| {
        fs::write(folder.path().join("layouts.toml"), spec).expect("writable");
        let ran = run(folder.path(), &["generate", "--out-dir", "out"]);
        assert_eq!((ran.status, ran.err.as_str()), (0, ""));
        ["out/layouts.h", "out/layouts.rs"].map(|file| fs::read(folder.path().join(file)).expect("it was written"))
    };
    let plain = generated(SPEC);
    assert_eq!(generated(&format!("\u{feff}{SPEC}")), plain);
    assert_eq!(generated(&SPEC.replace('\n', "\r\n")), plain);
}

/// Something for every place where text of a spec is shown: terminals, workflows, pages.
const HOSTILE: &str = r#"spec = 1

[struct.value]
doc = "</p><script>alert(1)</script> \u001b]0;owned\u0007 \u009b2J \u202e\n::error::owned"
fields = [{ name = "pid", type = "u32", doc = "<img src=x onerror=alert(1)>" }, { name = "new", type = "u32" }]

[map.values]
type = "hash"
key = "u32"
value = "value"
max_entries = 16
doc = "<script>alert(2)</script>"

[[allow]]
rule = "field-appended"
on = "value.new"
reason = "\r\n::error file=x::owned\u001b[2J<script>"
"#;

/// What the spec was before.
const OLD: &str = r#"spec = 1

[struct.value]
fields = [{ name = "pid", type = "u32" }]

[map.values]
type = "hash"
key = "u32"
value = "value"
max_entries = 16
"#;

#[test]
fn no_text_of_a_spec_is_taken_for_a_command() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    // Names of files are written by others as well.
    let spec = "a\u{1b}[2J\n::error::owned.toml";
    fs::write(folder.path().join(spec), HOSTILE).expect("writable");
    fs::write(folder.path().join("old.toml"), OLD).expect("writable");
    for format in ["human", "json", "github", "sarif"] {
        let arguments = ["check", "--spec", spec, "--against", "old.toml", "--format", format];
        // As if there were a terminal, which is sent everything.
        let output = output(command(folder.path(), &arguments).env("CLICOLOR_FORCE", "1"));
        let shown = [output.stdout, output.stderr].concat();
        let shown = String::from_utf8(shown).expect("text");
        assert_ne!(shown, "");
        let escapes = shown.split("\u{1b}[").skip(1).filter(|rest| {
            let (colour, _) = rest.split_once('m').unwrap_or(("none", ""));
            !colour.bytes().all(|byte| byte.is_ascii_digit() || byte == b';')
        });
        assert_eq!(escapes.count(), 0, "{format}: {shown:?}");
        let deceptive = |c: &char| !matches!(c, '\n' | '\u{1b}') && bpf_layout_spec::source::is_deceptive(*c);
        assert_eq!(shown.chars().find(deceptive), None, "{format}: {shown:?}");
        let commands = shown.lines().filter(|line| line.trim_start().starts_with("::"));
        assert!(commands.clone().all(|line| line.contains(" file=")), "{format}: {shown:?}");
        assert!(commands.clone().all(|line| !line.starts_with("::error file=x::")), "{format}: {shown:?}");
    }
}

#[test]
fn no_text_of_a_spec_becomes_a_part_of_the_page() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let spec = "<img src=x onerror=alert(3)>.toml";
    fs::write(folder.path().join(spec), HOSTILE).expect("writable");
    let ran = run(folder.path(), &["report", "--spec", spec, "--format", "html", "--cpus", "4"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    let page = Html::parse_document(&ran.out);
    for forbidden in ["script", "img", "[onerror]", "iframe", "object"] {
        let selector = Selector::parse(forbidden).expect("a selector");
        assert_eq!(page.select(&selector).count(), 0, "{forbidden}: {}", ran.out);
    }
    let text: String = page.root_element().text().collect();
    assert!(text.contains("<script>alert(1)</script>"), "a reader sees what stands there");
    assert!(!text.contains(|c: char| c != '\n' && bpf_layout_spec::source::is_deceptive(c)), "{text:?}");
}

#[test]
fn a_hundred_thousand_structs_are_generated() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let structs = (0..100_000).map(|n| format!("[struct.s{n}]\nfields = [{{ name = \"a\", type = \"u8\" }}]\n"));
    let spec: String = std::iter::once("spec = 1\n".to_owned()).chain(structs).collect();
    fs::write(folder.path().join("layouts.toml"), spec).expect("writable");
    let output = output(&mut command(folder.path(), &["generate", "--out-dir", "."]));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let header = fs::read_to_string(folder.path().join("layouts.h")).expect("it was written");
    assert_eq!(header.matches("\nstruct s").count(), 100_000);
}
