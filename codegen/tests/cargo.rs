//! A package with a build script, built by the real cargo: that everything follows one edited number, that nothing is
//! built again without a reason, and that errors are readable.

mod common;

use std::{
    env, fs,
    path::Path,
    process::{Command, Output},
    thread,
    time::Duration,
};

use tempfile::TempDir;

use crate::common::{SPEC, has_clang};

const PROGRAM: &str = r#"
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "layouts.h"
#include "own.h"

DEFINE_EVENTS_MAP;

char LICENSE[] SEC("license") = "GPL";

SEC("raw_tp/sys_enter")
int enter(void *ctx)
{
    struct open_event *event = open_event_reserve(&events);

    if (event)
        bpf_ringbuf_discard(event, 0);
    return OWN;
}
"#;

/// Tells what the generated sides know of one number, and that the skeleton is there.
const MAIN: &str = r#"
#![forbid(unsafe_code)]
bpf_layout::include_layouts!();
fn main() {
    let object = include_bytes!(concat!(env!("OUT_DIR"), "/tracer.bpf.o"));
    let skeleton = include_str!(concat!(env!("OUT_DIR"), "/tracer.skel.rs"));
    assert!(skeleton.contains("TracerSkel"));
    let sum = object.iter().fold(0u32, |sum, &byte| sum.rotate_left(5) ^ u32::from(byte));
    println!("{} {} object {sum}", PATH_LEN, size_of::<OpenEvent>());
}
"#;

/// Uses the skeleton, and the fingerprints in the object that it holds. Opening an object takes no privilege.
const VERIFIES: &str = r#"
bpf_layout::include_layouts!();
#[allow(dead_code)]
mod skel {
    include!(concat!(env!("OUT_DIR"), "/tracer.skel.rs"));
}
use bpf_layout::libbpf::{VerifyLayouts as _, libbpf_rs::skel::SkelBuilder as _};
fn main() {
    let mut storage = std::mem::MaybeUninit::uninit();
    let open = skel::TracerSkelBuilder::default().open(&mut storage).expect("it opens");
    match open.verify_layouts(&FINGERPRINTS) {
        Ok(()) => println!("the same object"),
        Err(error) => println!("{error} object"),
    }
}
"#;

const BUILD: &str = r#"fn main() {
    println!("this line is noise");
    bpf_layout_codegen::Builder::new("layouts.toml").source("src/bpf/tracer.bpf.c").run();
}
"#;

/// A package outside the workspace, with the same target folder and so the same dependencies, built already. Packages in
/// one target folder need different names: cargo does not tell them apart by their folders.
struct Package {
    folder: TempDir,
    name: &'static str,
}

impl Package {
    fn new(name: &'static str) -> Self {
        let package = Package { folder: TempDir::new().expect("a temporary folder"), name };
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the workspace is there");
        let manifest = format!(
            "[package]\nname = {name:?}\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
             [dependencies]\nbpf-layout = {{ path = {runtime:?} }}\n\n\
             [build-dependencies]\nbpf-layout-codegen = {{ path = {codegen:?} }}\n\n[workspace]\n",
            runtime = root.join("runtime"),
            codegen = root.join("codegen"),
        );
        package.write("Cargo.toml", &manifest);
        package.write("Cargo.lock", &fs::read_to_string(root.join("Cargo.lock")).expect("readable"));
        package.write("layouts.toml", SPEC);
        package.write("build.rs", BUILD);
        package.write("src/main.rs", MAIN);
        package.write("src/bpf/tracer.bpf.c", PROGRAM);
        package.write("src/bpf/own.h", "#define OWN 0\n");
        package
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it has a folder")).expect("folders");
        fs::write(path, text).expect("writable");
    }

    /// cargo compares times of modification; an edit within their granularity would go unseen.
    fn edit(&self, name: &str, text: &str) {
        thread::sleep(Duration::from_millis(1100));
        self.write(name, text);
    }

    fn cargo(&self, task: &str, variables: &[(&str, &str)]) -> Output {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it lies in the target folder");
        Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args([task, "--offline", "--verbose", "--color", "never"])
            .current_dir(self.folder.path())
            .env("CARGO_TARGET_DIR", target)
            .env_remove("BPF_LAYOUT_PROFILE")
            .env_remove("CLANG")
            .envs(variables.iter().copied())
            .output()
            .expect("cargo can be run")
    }

    /// What the program prints of its layouts, built anew where needed, and whether its package was.
    fn run(&self, variables: &[(&str, &str)]) -> (String, bool) {
        let (printed, built) = self.run_whole(variables);
        (printed.split(" object").next().unwrap_or_default().to_owned(), built)
    }

    /// What the program prints, with a sum over the bytes of its object.
    fn run_whole(&self, variables: &[(&str, &str)]) -> (String, bool) {
        let output = self.cargo("run", variables);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        // Shown when a test fails: why cargo built what it should not have.
        errors.lines().filter(|line| line.contains("Dirty")).for_each(|line| eprintln!("{line}"));
        let fresh = errors.contains(&format!("Fresh {} v0.1.0", self.name));
        (String::from_utf8_lossy(&output.stdout).trim().to_owned(), !fresh)
    }

    /// The lines that begin with `error`, of a build that fails.
    fn errors(&self) -> Vec<String> {
        let output = self.cargo("build", &[]);
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{text}");
        assert!(!text.contains("panicked") && !text.contains("this line is noise"), "{text}");
        text.lines().filter(|line| line.starts_with("error")).map(String::from).collect()
    }
}

#[test]
fn one_number_is_edited_and_everything_follows_and_nothing_else_builds_again() {
    if !has_clang() {
        return;
    }
    let package = Package::new("follows");
    assert_eq!(package.run(&[]), ("64 68".into(), true));
    assert_eq!(package.run(&[]), ("64 68".into(), false));

    package.edit("src/bpf/notes.txt", "nothing depends on this");
    assert_eq!(package.run(&[]), ("64 68".into(), false));
    package.edit("layouts.toml", &SPEC.replace("PATH = 64", "PATH = 128"));
    assert_eq!(package.run(&[]), ("128 132".into(), true));
    package.edit("src/bpf/own.h", "#define OWN 1\n");
    assert_eq!(package.run(&[]), ("128 132".into(), true));
    assert_eq!(package.run(&[("BPF_LAYOUT_PROFILE", "long")]), ("4096 4100".into(), true));
    assert_eq!(package.run(&[]), ("128 132".into(), true));
    assert_eq!(package.run(&[]), ("128 132".into(), false));
}

#[test]
fn skeletons_compile_and_verify_their_object() {
    if !has_clang() {
        return;
    }
    let package = Package::new("verifies");
    let manifest = fs::read_to_string(package.folder.path().join("Cargo.toml")).expect("readable");
    let manifest = manifest.replace("runtime\" }", "runtime\", features = [\"libbpf\"] }\nlibbpf-rs = \"0.27\"");
    package.write("Cargo.toml", &manifest);
    package.write("src/main.rs", VERIFIES);
    assert_eq!(package.run(&[]).0, "the same");
    package.edit("src/bpf/own.h", "#define OWN 0\n#define BPF_LAYOUT_NO_FINGERPRINTS\n");
    let program = PROGRAM.replace("#include \"layouts.h\"\n", "").replace("own.h\"", "own.h\"\n#include \"layouts.h\"");
    package.edit("src/bpf/tracer.bpf.c", &program);
    assert!(package.run(&[]).0.starts_with("the BPF"), "it has no fingerprints");
}

#[test]
fn a_stale_lock_is_a_warning_until_it_is_written_again() {
    let package = Package::new("locked");
    package.write("build.rs", "fn main() {\n    bpf_layout_codegen::Builder::new(\"layouts.toml\").run();\n}\n");
    package.write(
        "src/main.rs",
        "bpf_layout::include_layouts!();\nfn main() {\n    println!(\"{PATH_LEN} object\");\n}\n",
    );
    let text = |spec: &str| {
        let read = &mut |_: &Path| Ok(spec.to_owned());
        let options = |profile: Option<&str>| bpf_layout_spec::Options { profile: profile.map(str::to_owned) };
        let mut load = |profile| bpf_layout_spec::load_with(Path::new("layouts.toml"), read, &options(profile));
        let (base, long) = (load(None).expect("valid").layouts, load(Some("long")).expect("valid").layouts);
        bpf_layout_spec::lock::Lock::of(&base, &[long]).text("layouts.toml")
    };
    let warnings = || {
        let output = package.cargo("build", &[]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{text}");
        text.lines().filter(|line| line.starts_with("warning: locked@0.1.0")).map(String::from).collect::<Vec<_>>()
    };
    package.write("layouts.lock", &text(SPEC));
    assert_eq!(warnings(), [""; 0]);
    let changed = SPEC.replace("PATH = 64", "PATH = 128");
    package.edit("layouts.toml", &changed);
    let expected = "warning: locked@0.1.0: layouts.lock is stale: `open` has 68 bytes in layouts.lock, layouts.toml says \
                    132 bytes, and 1 more";
    assert_eq!(
        warnings(),
        [expected, "warning: locked@0.1.0:   = help: run `cargo bpf-layout lock --spec layouts.toml`"]
    );
    package.edit("layouts.lock", &text(&changed));
    assert_eq!(warnings(), [""; 0], "the lock is watched");
}

#[test]
fn errors_are_those_of_the_spec_and_go_away_with_them() {
    if !has_clang() {
        return;
    }
    let package = Package::new("fails");
    package.edit("layouts.toml", &SPEC.replace("\"u32\"", "\"u31\""));
    let errors = package.errors();
    assert_eq!(errors[0], "error: fails@0.1.0: error[unknown-type]: there is no type `u31`");
    assert!(errors.iter().any(|line| line.contains(" --> layouts.toml:7:")), "{errors:?}");
    assert_eq!(errors.last().map(String::as_str), Some("error: build script logged errors"));

    package.edit("layouts.toml", SPEC);
    assert_eq!(package.run(&[]).0, "64 68");
    let elsewhere = Package::new("elsewhere");
    assert_eq!(package.run_whole(&[]).0, elsewhere.run_whole(&[]).0, "the object depends on its folder");
}
