//! What clang says about sources that it accepts. libbpf-cargo passes it on as `tracing` events and to nobody else.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

/// Runs `work`, and returns with its result the lines that clang wrote to standard error meanwhile.
pub(crate) fn collected<T>(work: impl FnOnce() -> T) -> (T, Vec<String>) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let result = tracing::subscriber::with_default(Collector { lines: Arc::clone(&lines) }, work);
    let lines = std::mem::take(&mut *lines.lock().unwrap_or_else(PoisonError::into_inner));
    (result, lines)
}

/// Keeps the messages of one target and ignores everything else.
struct Collector {
    lines: Arc<Mutex<Vec<String>>>,
}

impl Subscriber for Collector {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target() == "compiler-stderr"
    }

    fn event(&self, event: &Event<'_>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        // clang ends with a count of its warnings, which cargo would print as one more.
        let is_count = message.0.ends_with(" warning generated.") || message.0.ends_with(" warnings generated.");
        if !is_count {
            self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(message.0);
        }
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        // Spans are not enabled; any id but zero will do.
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clang_says_is_collected_without_its_count() {
        let found = collected(|| {
            let span = tracing::warn_span!(target: "compiler-stderr", "a span");
            let _inside = span.enter();
            tracing::warn!(target: "compiler-stderr", "a.c:1:2: warning: why");
            tracing::warn!(target: "compiler-stderr", lines = 3, "a.c:2:2: warning: how");
            tracing::warn!(target: "libbpf", "something else");
            tracing::warn!(target: "compiler-stderr", "1 warning generated.");
            tracing::warn!(target: "compiler-stderr", "2 warnings generated.");
            7
        });
        assert_eq!(found, (7, ["a.c:1:2: warning: why", "a.c:2:2: warning: how"].map(str::to_owned).to_vec()));
    }
}
