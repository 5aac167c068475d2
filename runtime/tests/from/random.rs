//! Whatever bytes arrive: no conversion panics, and what is made is what the record's own accessors say.

use bpf_layout::{FromLayout as _, Layout};
use proptest::{collection::vec, prelude::*, test_runner::TestCaseError};

use super::{
    derived::{Address, Every, Op},
    full::{self, AddressRef, EveryEvent},
};

fn op(value: full::FileOp) -> Option<Op> {
    match value {
        full::FileOp::OPEN => Some(Op::Open),
        full::FileOp::UNLINK => Some(Op::Delete),
        full::FileOp::OPEN_AT => Some(Op::OpenAt),
        _ => None,
    }
}

fn address(event: &EveryEvent) -> Address {
    match event.address() {
        AddressRef::V4(v4) => Address::V4(v4.get().into()),
        AddressRef::V6(v6) => Address::Six(v6.get()),
        AddressRef::Path(path) => Address::Path(path.to_str_lossy().into_owned()),
        AddressRef::Unknown(_) => Address::None,
    }
}

/// A record that is arbitrary, or arbitrary but for what leads to different code.
fn record() -> impl Strategy<Value = EveryEvent> {
    let bytes = vec(any::<u8>(), size_of::<EveryEvent>());
    let likely = (any::<bool>(), prop_oneof![Just(1u16), Just(2), Just(10), Just(3)], 0u8..6, 0u32..40);
    (bytes, likely).prop_map(|(bytes, (steer, family, op, args_size))| {
        let mut event = EveryEvent::read_from(&bytes).expect("as many bytes as it has");
        if steer {
            event.family = full::Family(family);
            event.op = full::FileOp(op);
            event.set_mode(full::FileOp(op));
            event.args_size = args_size;
        }
        event
    })
}

/// All that can fail in `Every` is the length of `args`.
fn compare(event: &EveryEvent) -> Result<(), TestCaseError> {
    let made = match Every::from_layout(event) {
        Ok(made) => made,
        Err(error) => {
            prop_assert!(event.args_size > 32, "{error}");
            prop_assert_eq!(error.field(), "args");
            return Ok(());
        }
    };
    prop_assert_eq!(made.op, op(event.op));
    prop_assert_eq!(made.mode, op(event.mode()));
    prop_assert_eq!(&made.address, &address(event));
    prop_assert_eq!(made.cwd.as_deref().map(std::path::Path::as_os_str), event.cwd().map(|cwd| cwd.as_os_str()));
    prop_assert_eq!(&made.args[..], &event.args[..event.args_size as usize]);
    Ok(())
}

proptest! {
    #[test]
    fn any_bytes_are_converted_or_refused(event in record()) {
        compare(&event)?;
    }

    #[test]
    fn errors_name_a_field_that_there_is(event in record()) {
        let bpf_layout::Shape::Record(info) = EveryEvent::SHAPE else { unreachable!("an event is a record") };
        if let Err(error) = super::derived::Strict::from_layout(&event) {
            prop_assert_eq!(error.record(), "every");
            let name = error.field().split(['[', '.']).next().unwrap_or_default();
            prop_assert!(info.fields().any(|field| field.name == name), "{error}");
            prop_assert!(!error.reason().is_empty());
        }
    }
}
