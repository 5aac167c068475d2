//! Plans against a reader that knows nothing of them, for random pairs of layouts; and what random pairs do not reach.

#[allow(unreachable_pub, reason = "`open_enum!` is for other crates")]
mod cases;
mod encoder;
mod model;

use std::{boxed::Box, string::String, vec, vec::Vec};

use bpf_layout_btf::{Btf, TypeId};
use proptest::prelude::*;

use self::{
    encoder::Encoder,
    model::{Notes, Ty, record, told},
};
use super::{
    plan::{Comparison, compare},
    rule::{Handling, Rule},
};
use crate::Shape;

/// The BTF of a type.
fn encode(ty: &Ty) -> (Vec<u8>, TypeId) {
    let mut btf = Encoder::default();
    let id = ty.encode(&mut btf);
    (btf.finish(), id)
}

fn leak(ty: &Ty) -> &'static Shape {
    Box::leak(Box::new(ty.shape()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_field_is_what_a_naive_reader_makes_of_it(
        (ours, theirs) in record(2),
        seed in any::<u64>(),
    ) {
        let (bytes, id) = encode(&theirs);
        let comparison = compare(leak(&ours), &Btf::parse(&bytes).expect("sound BTF"), id).expect("sound BTF");
        let steps = comparison.steps.expect("the model makes pairs that can be read");
        let mut graffiti = graffiti(seed, theirs.size());
        theirs.clear_padding(&mut graffiti, false);
        let mut read = vec![0; ours.size()];
        let events = steps.read(&graffiti, &mut read).expect("as many bytes as theirs has");

        let mut notes = Notes::new();
        let value = theirs.value(&graffiti, 0);
        let expected = ours.expected(&theirs, Some(&value), "", &mut notes);
        prop_assert_eq!(ours.value(&read, 0), expected, "{:#?}", steps);
        prop_assert_eq!(told(&steps, &events), notes);

        if steps.is_in_place() {
            prop_assert_eq!(ours.value(&graffiti, 0), ours.value(&read, 0));
        }
        // What can be written back is read as the same again.
        if let Ok(written) = steps.write(&read) {
            prop_assert_eq!(written.len(), theirs.size());
            let mut again = vec![0; ours.size()];
            steps.read(&written, &mut again).expect("as many bytes as theirs has");
            prop_assert_eq!(ours.value(&again, 0), ours.value(&read, 0));
        }
    }

    #[test]
    fn a_layout_is_identical_to_itself_and_to_no_other((ours, theirs) in record(1)) {
        let own = difference_rules(&ours, &ours);
        prop_assert!(own.is_empty(), "{own:?}");
        if ours != theirs && !has_empty(&ours) && !has_empty(&theirs) {
            prop_assert!(!difference_rules(&ours, &theirs).is_empty());
        }
    }

    #[test]
    fn damaged_btf_and_other_bytes_do_not_panic(
        (ours, theirs) in record(1),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        sample in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let (mut bytes, id) = encode(&theirs);
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let Ok(btf) = Btf::parse(&bytes) else { return Ok(()) };
        let Ok(Comparison { steps: Some(steps), .. }) = compare(leak(&ours), &btf, id) else { return Ok(()) };
        let mut read = vec![0; ours.size()];
        let outcome = steps.read(&sample, &mut read);
        prop_assert_eq!(outcome.is_ok(), steps.is_size(&sample));
        let _ = steps.write(&read);
    }
}

#[test]
fn elements_that_theirs_lacks_are_zero_where_it_has_another_field() {
    let record =
        |fields: Vec<(&str, Ty)>| Ty::Record(fields.into_iter().map(|(name, ty)| (String::from(name), ty)).collect());
    let ours = record(vec![("f0", Ty::List(Box::new(Ty::Bool), 2))]);
    let theirs = record(vec![("f0", Ty::List(Box::new(Ty::Bool), 1)), ("f1", Ty::Bool)]);
    let (bytes, id) = encode(&theirs);
    let comparison = compare(leak(&ours), &Btf::parse(&bytes).expect("sound BTF"), id).expect("sound BTF");
    let steps = comparison.steps.expect("it can be read");
    assert!(!steps.is_in_place());
    let mut read = vec![0; 2];
    steps.read(&[1, 1], &mut read).expect("as many bytes as theirs has");
    assert_eq!(read, [1, 0]);
}

/// Bytes that a seed makes, the extremes more often than others. Values are not what shrinks well, layouts are.
fn graffiti(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let byte = |_| {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        let [kind, byte, ..] = state.to_be_bytes();
        [0, 0xff, byte, byte][usize::from(kind % 4)]
    };
    (0..len).map(byte).collect()
}

fn difference_rules(ours: &Ty, theirs: &Ty) -> Vec<(Rule, Option<String>, Handling)> {
    let (bytes, id) = encode(theirs);
    let comparison = compare(leak(ours), &Btf::parse(&bytes).expect("sound BTF"), id).expect("sound BTF");
    comparison.differences.into_iter().map(|found| (found.rule, found.field, found.handling)).collect()
}

/// Whether there is a struct without fields in it, which may lie anywhere and make no difference.
fn has_empty(ty: &Ty) -> bool {
    match ty {
        Ty::Record(fields) => fields.is_empty() || fields.iter().any(|(_, ty)| has_empty(ty)),
        Ty::List(element, _) => has_empty(element),
        Ty::Int { .. } | Ty::Big(_) | Ty::Bool | Ty::Bits { .. } | Ty::Text(_) => false,
    }
}
