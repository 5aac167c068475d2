//! Text that claims to be a `layouts.lock`.

use std::{cell::OnceCell, thread::LocalKey};

use bpf_layout_check::styled_locked;
use bpf_layout_spec::{Loaded, lock::Lock, source::Sources};

use crate::{assert_plain, assert_styled, workspace_spec};

thread_local! {
    static SPEC: OnceCell<Loaded> = const { OnceCell::new() };
}

/// Something made once.
pub(crate) fn once<T, R>(cell: &'static LocalKey<OnceCell<T>>, make: fn() -> T, see: impl FnOnce(&T) -> R) -> R {
    cell.with(|cell| see(cell.get_or_init(make)))
}

pub(crate) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let lock = match Lock::parse(&text) {
        Ok(lock) => lock,
        Err(error) => {
            let mut sources = Sources::default();
            sources.add("layouts.lock", text.as_ref());
            assert_plain(&error.to_string());
            let place = sources.line_column(error.span);
            assert!(place.line >= 1 && place.column >= 1 && error.span.end as usize <= text.len());
            return;
        }
    };
    let written = lock.text("layouts.toml");
    assert_eq!(Lock::parse(&written).as_ref(), Ok(&lock), "what was read is written as the same\n{written}");
    assert!(lock.under(None).is_some());
    once(
        &SPEC,
        || workspace_spec("layouts.toml"),
        |spec| {
            let differences = lock.stale(&spec.layouts, &[], "layouts.lock");
            assert_styled(&styled_locked(&differences, &spec.sources));
        },
    );
}
