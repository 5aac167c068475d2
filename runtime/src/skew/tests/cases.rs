//! What random pairs do not reach: unions, tags, names, kinds that are no number, and how differences read.

use std::{string::ToString, vec};

use bpf_layout_btf::{Btf, Error as BtfError, TypeId};

use super::encoder::{Encoder, Member};
use crate::{
    Detail, Ipv4, Layout as _, Mac, Shape,
    skew::{Handling, Note, Plan, PlanError, Rule, WriteError, plan::compare},
};

crate::open_enum! {
    pub(crate) enum Family("family"): u8 {
        INET("inet") = 2,
        MAC("mac") = 3,
    }
}

crate::layout_union! {
    union Address("address"): size 8, align 4 {
        v4, set_v4: Ipv4,
        mac, set_mac: Mac,
    }
}

crate::layout! {
    struct Peer("peer"): size 12, align 4 {
        pub family: Family = 0,
        pub _pad0: crate::Pad<3> = 1,
        pub address: Address = 4,
    }
    details [Detail::union_tag::<u8>("address", 0, &[(2, 0), (3, 1)])]
}

crate::layout! {
    struct Plain("plain"): size 8, align 4 {
        pub address: Address = 0,
    }
}

fn member(name: &str, id: TypeId, byte: usize) -> Member {
    (name.into(), id, 8 * byte, 0)
}

/// A union as the kernel has it: each member where `places` say, in a union of 16 bytes.
fn address(btf: &mut Encoder, places: [usize; 2]) -> TypeId {
    let (byte, word) = (btf.int("__u8", 1, false), btf.int("__u32", 4, false));
    let mac = btf.array(byte, 6);
    let [v4, mac] = [member("v4", word, places[0]), member("mac", mac, places[1])];
    btf.record("address", true, 16, &[v4, mac])
}

fn plan<T: crate::Layout>(btf: Encoder, id: TypeId) -> Result<Plan<T>, PlanError> {
    let bytes = btf.finish();
    Plan::new(&Btf::parse(&bytes).expect("sound BTF"), id)
}

#[test]
fn members_of_a_union_that_move_apart_need_a_tag() {
    let mut btf = Encoder::default();
    let (tag, address) = (btf.int("__u8", 1, false), address(&mut btf, [8, 0]));
    let peer = btf.record("peer", false, 17, &[member("address", address, 0), member("family", tag, 16)]);
    let plan = plan::<Peer>(btf, peer).expect("the tag tells");
    let mut theirs = [0; 17];
    theirs[8..12].copy_from_slice(&[127, 0, 0, 1]);
    theirs[..6].copy_from_slice(&[1, 2, 3, 4, 5, 6]);
    theirs[16] = 2;
    let v4 = plan.read(&theirs).expect("17 bytes");
    assert_eq!((v4.family, v4.address.v4().get().octets()), (Family::INET, [127, 0, 0, 1]));
    assert_eq!(v4.address.as_bytes()[4..], [0; 4]);
    theirs[16] = 3;
    assert_eq!(plan.read(&theirs).expect("17 bytes").address.mac().octets(), [1, 2, 3, 4, 5, 6]);
    theirs[16] = 9;
    assert_eq!(plan.read(&theirs).expect("17 bytes").address, Address::default(), "no member is known to be meant");

    let mut btf = Encoder::default();
    let address = self::address(&mut btf, [8, 0]);
    let plain = btf.record("plain", false, 16, &[member("address", address, 0)]);
    let Err(PlanError::Refused(differences)) = self::plan::<Plain>(btf, plain) else { panic!("nothing tells") };
    let refused: vec::Vec<_> = differences.iter().filter(|d| matches!(d.handling, Handling::Refused(_))).collect();
    let expected = "`address.v4` starts at byte 8 in the other layout, at byte 0 here: no tag says which member of the \
                    union is meant";
    assert_eq!(refused.first().map(ToString::to_string).as_deref(), Some(expected));
}

#[test]
fn a_union_that_moves_as_a_whole_needs_none() {
    let mut btf = Encoder::default();
    let address = address(&mut btf, [0, 0]);
    let plain = btf.record("plain", false, 20, &[member("address", address, 4)]);
    let plan = plan::<Plain>(btf, plain).expect("all members move by as much");
    let mut theirs = [0; 20];
    theirs[4..10].copy_from_slice(&[1, 2, 3, 4, 5, 6]);
    assert_eq!(plan.read(&theirs).expect("20 bytes").address.mac().octets(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(
        plan.differences().iter().map(|d| d.rule).collect::<vec::Vec<_>>(),
        [Rule::TypeSize, Rule::FieldOffset, Rule::TypeSize]
    );
}

#[test]
fn a_member_that_theirs_lacks_is_noted_where_the_tag_selects_it() {
    let mut btf = Encoder::default();
    let (tag, word) = (btf.int("__u8", 1, false), btf.int("__u32", 4, false));
    let address = btf.record("address", true, 4, &[member("v4", word, 0)]);
    let peer = btf.record("peer", false, 8, &[member("family", tag, 0), member("address", address, 4)]);
    let plan = plan::<Peer>(btf, peer).expect("the tag tells");
    let v4 = plan.read(&[2, 0, 0, 0, 127, 0, 0, 1]).expect("8 bytes");
    assert_eq!((v4.address.v4().get().octets(), v4.lost().notes().count()), ([127, 0, 0, 1], 0));
    let mac = plan.read(&[3, 0, 0, 0, 127, 0, 0, 1]).expect("8 bytes");
    assert_eq!(mac.lost().notes().collect::<vec::Vec<_>>(), [Note::Missing("address.mac")]);
    assert_eq!(mac.lost().missing().collect::<vec::Vec<_>>(), ["address.mac"]);
    assert_eq!(mac.address, Address::default());
}

#[test]
fn what_is_no_such_thing_is_refused_with_the_reason() {
    let shapes: [&'static Shape; 5] = [&Shape::Unsigned(4), &Shape::Str(8), &Shape::Mac, &Shape::Ipv4, &Peer::SHAPE];
    let mut btf = Encoder::default();
    let (word, wide) = (btf.int("__u32", 4, false), btf.int("__u64", 8, false));
    let words = btf.array(word, 4);
    let record = btf.record("other", false, 4, &[member("word", word, 0)]);
    let theirs = [record, word, words, wide, wide];
    let reasons = [
        "`integer` is struct other in the other layout, u32 here: no number can be made of it",
        "`str` is u32 in the other layout, str[8] here: text cannot be made of it",
        "`mac` has 16 bytes in the other layout, 6 bytes here: only as many bytes can be one",
        "`ipv4` has 8 bytes in the other layout, 4 bytes here: only as many bytes can be one",
        "`peer` is u64 in the other layout, peer here: it has no fields",
    ];
    let bytes = btf.finish();
    let btf = Btf::parse(&bytes).expect("sound BTF");
    for ((shape, id), reason) in shapes.into_iter().zip(theirs).zip(reasons) {
        let comparison = compare(shape, &btf, id).expect("sound BTF");
        assert!(comparison.steps.is_none());
        assert_eq!(comparison.differences.iter().map(ToString::to_string).collect::<vec::Vec<_>>(), [reason]);
    }
}

#[test]
fn members_outside_of_their_struct_are_refused() {
    let mut btf = Encoder::default();
    let (tag, address) = (btf.int("__u8", 1, false), address(&mut btf, [0, 0]));
    let peer = btf.record("peer", false, 17, &[member("family", tag, 17), member("address", address, 0)]);
    let error = plan::<Peer>(btf, peer).expect_err("a member is outside");
    assert_eq!(error, PlanError::Btf(BtfError::Damaged("a member lies outside of its struct")));
}

#[test]
fn types_beyond_all_records_are_refused() {
    let mut btf = Encoder::default();
    let byte = btf.int("__u8", 1, false);
    let long = btf.array(byte, u32::MAX as usize);
    let longer = btf.array(long, u32::MAX as usize / 4);
    let bytes = btf.finish();
    let btf = Btf::parse(&bytes).expect("sound BTF");
    for id in [long, longer] {
        assert_eq!(Plan::<[u8; 8]>::new(&btf, id).unwrap_err(), PlanError::Btf(BtfError::TooLarge(id)));
    }
}

#[test]
fn types_are_found_by_name_and_by_what_they_share_with_ours() {
    let mut btf = Encoder::default();
    let (word, address) = (btf.int("__u32", 4, false), address(&mut btf, [0, 0]));
    btf.record("plain", false, 4, &[member("unrelated", word, 0)]);
    btf.record("plain_event", false, 16, &[member("address", address, 0)]);
    let bytes = btf.finish();
    let found = Btf::parse(&bytes).expect("sound BTF");
    assert_eq!(Plan::<Plain>::by_name(&found).expect("the event is meant").size(), 16);
    assert_eq!(Plan::<Peer>::by_name(&found).unwrap_err(), PlanError::NotFound { name: "peer" });

    let mut btf = Encoder::default();
    let address = self::address(&mut btf, [0, 0]);
    for byte in [0, 4] {
        btf.record("plain", false, 20, &[member("address", address, byte)]);
    }
    let bytes = btf.finish();
    let error = Plan::<Plain>::by_name(&Btf::parse(&bytes).expect("sound BTF")).unwrap_err();
    assert_eq!(error, PlanError::Ambiguous { name: "plain" });
}

#[test]
fn btf_of_the_other_byte_order_is_refused() {
    let mut bytes = Encoder::default().finish();
    for word in [0..2, 4..8, 8..12, 12..16, 16..20, 20..24] {
        bytes[word].reverse();
    }
    let btf = Btf::parse(&bytes).expect("sound BTF");
    assert_eq!(Plan::<u32>::new(&btf, TypeId(1)).unwrap_err(), PlanError::ByteOrder);
}

#[test]
fn values_that_changed_names_are_translated_in_both_directions() {
    let mut btf = Encoder::default();
    let tag = btf.int("__u8", 1, false);
    let address = address(&mut btf, [0, 0]);
    btf.values("family", 4, &[("AF_MAC", 2), ("AF_INET", 5), ("AF_X25", 3)]);
    let peer = btf.record("peer", false, 20, &[member("family", tag, 0), member("address", address, 4)]);
    let plan = plan::<Peer>(btf, peer).expect("all of it can be read");
    let read = |family: u8| {
        let mut theirs = [0; 20];
        theirs[0] = family;
        let peer = plan.read(&theirs).expect("20 bytes");
        (peer.family, peer.lost().changed().count())
    };
    assert_eq!(
        [2, 5, 3, 9].map(read),
        [
            (Family::MAC, 0),
            (Family::INET, 0),
            (Family(255), 1), // X25 is not MAC, which has its number here
            (Family(9), 0),
        ]
    );
    let mut peer = Peer { family: Family::INET, ..Default::default() };
    assert_eq!(plan.write(&peer).expect("it has its number there")[0], 5);
    peer.family = Family(5);
    let error = plan.write(&peer).expect_err("there, it would be INET");
    assert_eq!(error, WriteError::Lossy { name: "peer", byte: 0, field: "family".into() });
    let told: vec::Vec<_> = plan.differences().iter().map(|d| d.tell("version 3").to_string()).collect();
    assert_eq!(
        told[..3],
        [
            "`peer` has 20 bytes in version 3, 12 bytes here",
            "`family.mac` is 2 in version 3, 3 here",
            "`family.inet` is 5 in version 3, 2 here",
        ]
    );
    assert_eq!(told[3], "`family.AF_X25` is 3 in version 3, `mac` here");
}

#[test]
fn what_theirs_has_more_of_cannot_be_written() {
    let mut btf = Encoder::default();
    let (tag, address) = (btf.int("__u8", 1, false), address(&mut btf, [0, 0]));
    let members = [member("family", tag, 0), member("more", tag, 1), member("address", address, 4)];
    let peer = btf.record("peer", false, 20, &members);
    let plan = plan::<Peer>(btf, peer).expect("it can be read");
    let error = plan.write(&Peer::default()).expect_err("`more` is not known");
    assert_eq!(error, WriteError::Unknown { name: "peer", field: "more".into() });
}

#[test]
fn a_field_in_what_is_padding_here_does_not_keep_from_borrowing() {
    let mut btf = Encoder::default();
    let (tag, word) = (btf.int("__u8", 1, false), btf.int("__u32", 4, false));
    let mac = btf.array(tag, 6);
    let address = btf.record("address", true, 8, &[member("v4", word, 0), member("mac", mac, 0)]);
    let members = [member("family", tag, 0), member("more", tag, 1), member("address", address, 4)];
    let peer = btf.record("peer", false, 12, &members);
    let plan = plan::<Peer>(btf, peer).expect("it can be read");
    assert_eq!((plan.is_identical(), plan.is_in_place()), (false, true));
    let theirs = [0u32; 3].map(u32::to_ne_bytes);
    let peer = plan.read(theirs.as_flattened()).expect("12 bytes");
    assert_eq!(peer.is_borrowed(), theirs.as_ptr().cast::<u32>().is_aligned());
}
