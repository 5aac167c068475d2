//! Runs the built binary and reads what it says.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

use std::{
    net::SocketAddr,
    process::Command,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use serde_json::Value;
use tool::testing::permits;
pub use tool::testing::{Trace, Tracer};

/// The tool.
pub fn sockets() -> Command {
    Command::new(env!("CARGO_BIN_EXE_sockets"))
}

/// Starts it, printing JSON, and returns when it has attached.
pub fn start(options: &[&str]) -> Tracer {
    let mut sockets = sockets();
    sockets.arg("--json").args(options);
    Tracer::start(sockets)
}

/// Whether the kernel lets us trace. Prints why not, or panics if `BPF_LAYOUT_REQUIRE_KERNEL` is 1.
pub fn kernel_permits() -> bool {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    *ANSWER.get_or_init(|| permits(sockets()))
}

/// Sockets of all tests are counted alike, so tests that count run one after another.
pub fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The profile that it was built with, if any.
pub fn profile() -> Option<&'static str> {
    option_env!("BPF_LAYOUT_PROFILE").filter(|profile| !profile.is_empty())
}

/// Whether owners stand by themselves in the profile that it was built with.
pub fn has_owners() -> bool {
    matches!(profile(), None | Some("lean"))
}

/// What the events and the account of this tool are.
pub trait SocketsTrace {
    /// Packets between these two, in either direction.
    fn between(&self, one: SocketAddr, other: SocketAddr) -> Vec<Value>;
    /// A number of the account, by the word behind it: `packets`.
    fn total(&self, word: &str) -> u64;
}

impl SocketsTrace for Trace {
    fn between(&self, one: SocketAddr, other: SocketAddr) -> Vec<Value> {
        let is = |value: &Value, address: SocketAddr| value.as_str() == Some(&address.to_string());
        let wanted = |event: &Value| {
            let (source, destination) = (&event["source"], &event["destination"]);
            (is(source, one) && is(destination, other)) || (is(source, other) && is(destination, one))
        };
        self.events().into_iter().filter(wanted).collect()
    }

    fn total(&self, word: &str) -> u64 {
        let line = self.stderr.lines().last().unwrap_or_default();
        let before = line.split_once(&format!(" {word}")).map(|(before, _)| before);
        let number = before.and_then(|before| before.rsplit([' ', ':']).next()?.parse().ok());
        number.unwrap_or_else(|| panic!("no `{word}` in {line}"))
    }
}

/// Whether the local end of this packet is at that address.
pub fn local_is(event: &Value, address: SocketAddr) -> bool {
    let end = if event["direction"] == "sent" { &event["source"] } else { &event["destination"] };
    end.as_str() == Some(&address.to_string())
}
