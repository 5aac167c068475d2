//! Whatever bytes come: an error or sound answers, never a panic, and no more work than the input is long.

mod support;

use std::time::Instant;

use bpf_layout_btf::{Btf, Object, TypeId};
use proptest::prelude::*;
use support::Writer;

/// Sound BTF with something of most kinds, a map among it.
fn sample(big_endian: bool) -> Vec<u8> {
    let mut writer = Writer::new(big_endian);
    let int = writer.int("unsigned int");
    let array = writer.ty(3, "", 0, 0, &[int, int, 16]);
    let number = writer.ty(2, "", 0, array, &[]);
    let names = ["a", "b", "type", "max_entries", "key"].map(|name| writer.string(name));
    let record = writer.ty(0x80 | 4, "pair", 2, 8, &[names[0], int, 0, names[1], int, 5 << 24 | 32]);
    let pointer = writer.ty(2, "", 0, record, &[]);
    writer.ty(5, "either", 1, 4, &[names[0], int, 0]);
    writer.ty(6, "colour", 1, 4, &[names[0], 7]);
    writer.ty(19, "wide", 1, 8, &[names[1], 7, 1]);
    let tagged = writer.ty(18, "tag", 0, record, &[]);
    writer.ty(8, "pair_t", 0, tagged, &[]);
    let prototype = writer.ty(13, "", 1, int, &[names[0], int]);
    writer.ty(12, "main", 1, prototype, &[]);
    writer.ty(16, "double", 0, 8, &[]);
    let map = [names[2], number, 0, names[3], number, 64, names[4], pointer, 128];
    let definition = writer.ty(4, "", 3, 24, &map);
    let var = writer.ty(14, "pairs", 0, definition, &[1]);
    writer.ty(17, "note", 0, var, &[u32::MAX]);
    writer.ty(15, ".maps", 1, 24, &[var, 0, 24]);
    writer.finish_with_layout(&[(0, 0); 20])
}

/// An ELF file of nothing but a section `.BTF`.
fn elf(btf: &[u8]) -> Vec<u8> {
    const NAMES: &[u8] = b"\0.BTF\0.shstrtab\0\0";
    let (names_at, btf_at) = (64, 64 + NAMES.len() as u64);
    let sections_at = (btf_at + btf.len() as u64).next_multiple_of(8);
    let mut out = b"\x7fELF\x02\x01\x01".to_vec();
    out.resize(16, 0);
    for half in [1u16, 247] {
        out.extend(half.to_le_bytes());
    }
    out.extend(1u32.to_le_bytes());
    for word in [0, 0, sections_at] {
        out.extend(u64::to_le_bytes(word));
    }
    out.extend(0u32.to_le_bytes());
    for half in [64u16, 0, 0, 64, 3, 2] {
        out.extend(half.to_le_bytes());
    }
    out.extend(NAMES);
    out.extend(btf);
    out.resize(usize::try_from(sections_at).expect("small"), 0);
    let sections = [(0u32, 0u32, 0, 0), (1, 1, btf_at, btf.len() as u64), (6, 3, names_at, NAMES.len() as u64)];
    for (name, kind, offset, size) in sections {
        out.extend(name.to_le_bytes());
        out.extend(kind.to_le_bytes());
        for word in [0, 0, offset, size, 0, 1, 0] {
            out.extend(u64::to_le_bytes(word));
        }
    }
    out
}

/// Asks everything there is to ask. What was parsed has to answer.
fn ask(btf: &Btf<'_>) {
    for ty in btf.types() {
        assert_eq!(btf.get(ty.id()).map(|same| same.name()), Some(ty.name()));
        let _ = (btf.size_of(ty.id()), btf.resolve(ty.id()), ty.int(), ty.array(), ty.kind().to_string());
        assert_eq!(ty.members().count(), ty.members().len());
        assert_eq!(ty.enumerators().count(), ty.enumerators().len());
        assert_eq!(ty.variables().count(), ty.variables().len());
        if !ty.name().is_empty() {
            assert!(btf.find_all(ty.kind(), ty.name()).any(|id| id == ty.id()));
        }
    }
    let _ = (btf.get(TypeId(u32::MAX)), btf.pointer_size());
}

fn ask_object(data: &[u8]) {
    match Object::parse(data) {
        Ok(object) => {
            ask(object.btf());
            let _ = object.maps().map_err(|error| error.to_string());
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

#[test]
fn the_sample_is_sound() {
    for big_endian in [false, true] {
        let data = sample(big_endian);
        ask(&Btf::parse(&data).expect("it is sound"));
        let file = elf(&data);
        let object = Object::parse(&file).expect("it is sound");
        let maps = object.maps().expect("it is sound");
        assert_eq!((maps.len(), maps[0].name, maps[0].kind, maps[0].max_entries), (1, "pairs", Some(16), Some(16)));
        let key = maps[0].key.map(|id| object.btf().size_of(id));
        assert_eq!(key, Some(Ok(8)));
    }
}

#[test]
fn every_truncation_is_an_error() {
    for data in [sample(false), sample(true)] {
        for len in 0..data.len() {
            assert!(Btf::parse(&data[..len]).is_err(), "{len} of {}", data.len());
        }
    }
}

#[test]
fn every_flipped_bit_is_borne() {
    for data in [sample(false), sample(true)] {
        for bit in 0..data.len() * 8 {
            let mut flipped = data.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok(btf) = Btf::parse(&flipped) {
                ask(&btf);
            }
        }
        let file = elf(&data);
        for bit in 0..file.len() * 8 {
            let mut flipped = file.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            ask_object(&flipped);
        }
        for len in 0..file.len() {
            ask_object(&file[..len]);
        }
    }
}

#[test]
fn huge_numbers_take_no_memory_and_long_names_no_time() {
    let mut writer = Writer::new(false);
    writer.raw(0, 0x04ff_ffff, 0, &[]);
    assert!(Btf::parse(&writer.finish()).is_err());

    let mut writer = Writer::new(false);
    let name = writer.string(&"x".repeat(1 << 20));
    for _ in 0..20_000 {
        writer.raw(name, 8 << 24, 0, &[]);
    }
    assert!(Btf::parse(&writer.finish()).is_err(), "names of a megabyte are none");
}

#[test]
fn many_maps_of_one_long_definition_take_no_time() {
    let mut writer = Writer::new(false);
    let int = writer.int("unsigned int");
    let array = writer.ty(3, "", 0, 0, &[int, int, 16]);
    let number = writer.ty(2, "", 0, array, &[]);
    let name = writer.string("max_entries");
    let members: Vec<u32> = (0..50_000).flat_map(|_| [name, number, 0]).collect();
    let definition = writer.ty(4, "", 50_000, 8, &members);
    let vars: Vec<u32> = (0..50_000).map(|_| writer.ty(14, "map", 0, definition, &[1])).collect();
    let variables: Vec<u32> = vars.iter().flat_map(|var| [*var, 0, 8]).collect();
    writer.ty(15, ".maps", 50_000, 8, &variables);
    let file = elf(&writer.finish());
    let begin = Instant::now();
    let maps = Object::parse(&file).expect("it is sound").maps().expect("it is sound");
    assert_eq!((maps.len(), maps[49_999].max_entries), (50_000, Some(16)));
    assert!(begin.elapsed().as_secs() < 10);
}

proptest! {
    #[test]
    fn random_bytes_are_borne(data in proptest::collection::vec(any::<u8>(), 0..400)) {
        ask_object(&data);
        ask_object(&elf(&data));
        if let Ok(btf) = Btf::parse(&data) {
            ask(&btf);
        }
    }

    #[test]
    fn random_types_are_borne(words in proptest::collection::vec((0u32..40, 0u32..0x20, 0u32..4, 0u32..40), 1..60)) {
        let mut writer = Writer::new(false);
        writer.string("name");
        for (name, kind, vlen, reference) in words {
            let extra: Vec<u32> = (0..vlen * 3 + 3).map(|index| reference / (index + 1)).collect();
            writer.raw(name % 6, kind << 24 | vlen, reference, &extra);
        }
        if let Ok(btf) = Btf::parse(&writer.finish()) {
            ask(&btf);
        }
        ask_object(&elf(&writer.finish_with_layout(&[(0, 0); 32])));
    }

    #[test]
    fn several_changed_bytes_are_borne(changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8)) {
        let mut data = sample(false);
        for (at, byte) in changes {
            let at = at.index(data.len());
            data[at] = byte;
        }
        if let Ok(btf) = Btf::parse(&data) {
            ask(&btf);
        }
        ask_object(&elf(&data));
    }
}
