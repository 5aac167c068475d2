//! Both ways to call the command, its help, and its completions.

mod common;

use std::path::Path;

use common::{folder, golden, run};

#[test]
fn help_is_worth_reading() {
    for (task, name) in [
        (&["--help"][..], "help.txt"),
        (&["init", "--help"], "help-init.txt"),
        (&["generate", "--help"], "help-generate.txt"),
        (&["show", "--help"], "help-show.txt"),
        (&["report", "--help"], "help-report.txt"),
        (&["check", "--help"], "help-check.txt"),
        (&["diff", "--help"], "help-diff.txt"),
        (&["audit", "--help"], "help-audit.txt"),
        (&["lock", "--help"], "help-lock.txt"),
        (&["schema", "--help"], "help-schema.txt"),
        (&["completions", "--help"], "help-completions.txt"),
    ] {
        let ran = run(Path::new("."), task);
        assert_eq!((ran.status, ran.err.as_str()), (0, ""));
        golden(name, &ran.out);
    }
}

#[test]
fn cargo_and_the_shell_call_the_same() {
    let folder = folder();
    let (by_cargo, direct) = (run(folder.path(), &["bpf-layout", "show"]), run(folder.path(), &["show"]));
    assert_eq!((by_cargo.status, by_cargo.err.as_str()), (0, ""));
    assert_eq!(by_cargo.out, direct.out);
}

#[test]
fn what_cannot_be_understood_is_status_2() {
    for arguments in [&[][..], &["shwo"], &["show", "--no-such-option"], &["generate"], &["show", "a", "b"]] {
        let ran = run(Path::new("."), arguments);
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{arguments:?}");
        assert!(ran.err.contains("Usage: cargo bpf-layout"), "{}", ran.err);
    }
    assert!(run(Path::new("."), &["shwo"]).err.contains("'show'"));
}

#[test]
fn completions_know_every_task() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = run(Path::new("."), &["completions", shell]);
        assert_eq!((ran.status, ran.err.as_str()), (0, ""));
        for word in [
            "cargo-bpf-layout",
            "init",
            "generate",
            "show",
            "check",
            "diff",
            "audit",
            "lock",
            "schema",
            "completions",
            "profile",
        ] {
            assert!(ran.out.contains(word), "{word} is not in the completions of {shell}");
        }
    }
}
