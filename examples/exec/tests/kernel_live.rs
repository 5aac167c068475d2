//! What the real skeleton loads is what the spec says: `cargo bpf-layout check --live` finds nothing in a running tracer.

mod common;

use std::process::{Command, Output};

use serde_json::Value;

use crate::common::{kernel_permits, start};

/// The workspace's own command, with these options more.
fn check_live(options: &[String]) -> Output {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["run", "--quiet", "--locked", "--package", "cargo-bpf-layout", "--", "check", "--live"]);
    cargo.args(["--spec", concat!(env!("CARGO_MANIFEST_DIR"), "/../../layouts.toml")]).args(options);
    cargo.output().expect("cargo runs")
}

#[test]
fn kernel_live_maps_of_the_tracer_agree() {
    if !kernel_permits() {
        return;
    }
    let tracer = start(&[]);
    // Other tracers may run meanwhile, of other specs.
    let all = check_live(&["--format".into(), "json".into()]);
    let json: Value = serde_json::from_slice(&all.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}{}", String::from_utf8_lossy(&all.stdout), String::from_utf8_lossy(&all.stderr))
    });
    let ours = |map: &&Value| map["pids"].as_array().is_some_and(|pids| pids.contains(&tracer.pid().into()));
    let maps = json["live"]["maps"].as_array().expect("maps").iter().filter(ours);
    let options: Vec<String> = maps.flat_map(|map| ["--map-id".into(), map["id"].to_string()]).collect();
    let found = check_live(&options);
    tracer.stop();
    let text = String::from_utf8_lossy(&found.stdout);
    assert!(found.status.success(), "{text}{}", String::from_utf8_lossy(&found.stderr));
    let lines: Vec<&str> = text.lines().collect();
    // Nothing unknown, nothing resized.
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].starts_with("compared: `execs` (map id "), "{text}");
    assert_eq!(lines[1], "7 types and 5 maps agree with the running kernel");
}
