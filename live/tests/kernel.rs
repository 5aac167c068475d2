//! The kernel that runs, asked about maps that were just created.

mod support;

use std::{collections::BTreeMap, fs};

use bpf_layout_live::{LoadedBtf, Map, MapOptions, Program, holders, map_ids, pinned_maps, possible_cpus, program_ids};
use support::{ARRAY, BpfFs, HASH, LPM_TRIE, PERCPU_ARRAY, QUEUE, RINGBUF, has_bpf, map};

#[test]
fn kernel_tells_what_a_map_was_created_with() {
    if !has_bpf() {
        return;
    }
    let made = map("a_name_that_is_too_long", HASH, 12, 100, 50);
    let found = Map::from_id(made.info().id).expect("it is loaded");
    assert_eq!(found.info(), made.info());
    let info = found.info();
    assert_eq!((info.kind, info.key_size, info.value_size, info.max_entries), (HASH, 12, 100, 50));
    assert_eq!((info.map_flags, info.name.as_str(), info.btf_id), (0, "a_name_that_is_", 0));
    assert!(found.btf().expect("nothing to ask for").is_none());
    assert!(map_ids().any(|id| id.expect("we may walk ids") == info.id));
    assert_eq!(found.memlock().expect("fdinfo"), made.memlock().expect("fdinfo"));
    assert!(found.memlock().expect("fdinfo") > 50 * 112);
}

#[test]
fn kernel_says_when_an_id_is_gone() {
    if !has_bpf() {
        return;
    }
    // Ids are given out in ascending order, so the highest that ever will be is free.
    let last = i32::MAX.cast_unsigned();
    for (error, on) in [
        (Map::from_id(last).expect_err("no such map"), "BPF_MAP_GET_FD_BY_ID on map id"),
        (LoadedBtf::from_id(last).expect_err("no such BTF"), "BPF_BTF_GET_FD_BY_ID on BTF id"),
        (Program::from_id(last).expect_err("no such program"), "BPF_PROG_GET_FD_BY_ID on program id"),
    ] {
        assert!(error.is_gone(), "{error}");
        assert!(error.to_string().starts_with(&format!("{on} {last}: ")), "{error}");
    }
}

#[test]
fn kernel_gives_back_btf_to_the_byte() {
    if !has_bpf() {
        return;
    }
    let bytes = btf_of_two_ints();
    let loaded = LoadedBtf::load(&bytes).expect("valid BTF");
    assert_eq!(loaded.bytes().expect("its bytes"), bytes);
    let options = MapOptions { kind: ARRAY, key_size: 4, value_size: 8, max_entries: 1, ..MapOptions::default() };
    let map = Map::create(&MapOptions { btf: Some((&loaded, 1, 2)), ..options }).expect("types of the right sizes");
    assert_eq!((map.info().btf_key_type_id, map.info().btf_value_type_id), (1, 2));
    let of_map = map.btf().expect("we may open BTF").expect("it has some");
    assert_eq!(of_map.bytes().expect("its bytes"), bytes);
    let error = LoadedBtf::load(&bytes[..30]).expect_err("cut off");
    assert_eq!(error.to_string(), "BPF_BTF_LOAD on 30 bytes of BTF: Invalid argument (os error 22)");
}

/// `include/uapi/linux/btf.h`: type 1 is `int`, of 4 bytes, type 2 `long`, of 8.
fn btf_of_two_ints() -> Vec<u8> {
    const STRINGS: &[u8] = b"\0int\0long\0";
    const INT: u32 = 1 << 24;
    let types = [1, INT, 4, 1 << 24 | 32, 5, INT, 8, 1 << 24 | 64];
    let header = [0x0001_eb9f, 24, 0, 32, 32, u32::try_from(STRINGS.len()).expect("few")];
    header.into_iter().chain(types).flat_map(u32::to_ne_bytes).chain(STRINGS.iter().copied()).collect()
}

#[test]
fn kernel_has_pinned_maps_where_bpf_is_mounted() {
    if !has_bpf() {
        return;
    }
    let bpffs = BpfFs::new();
    let folder = bpffs.path().join("agent/maps");
    fs::create_dir_all(&folder).expect("bpffs has folders");
    let (path, made) = (folder.join("pinned"), map("pinned", ARRAY, 4, 16, 3));
    made.pin(&path).expect("a free name");
    assert_eq!(Map::from_pin(&path).expect("it is a map").info(), made.info());
    let pins = pinned_maps().expect("/proc is mounted");
    let pin = pins.iter().find(|pin| pin.path == path).expect("it is found");
    assert_eq!(&pin.map, made.info());
    assert_eq!(pins.iter().filter(|pin| pin.path == path).count(), 1);

    let error = Map::from_pin(&folder.join("none")).expect_err("nothing is there");
    assert!(error.is_gone(), "{error}");
    fs::write(bpffs.path().with_extension("file"), "").expect("writable");
    let error = Map::from_pin(&bpffs.path().with_extension("file")).expect_err("no bpffs");
    fs::remove_file(bpffs.path().with_extension("file")).expect("it was written");
    assert!(error.to_string().starts_with("BPF_OBJ_GET on "), "{error}");
    let error = made.pin(&path).expect_err("the name is taken");
    assert!(error.to_string().starts_with("BPF_OBJ_PIN on "), "{error}");
}

#[test]
fn kernel_elements_come_singly_and_in_batches() {
    if !has_bpf() {
        return;
    }
    let map = map("elements", HASH, 4, 8, 1000);
    let elements = map.elements().expect("a hash map");
    assert_eq!((elements.key_len(), elements.value_len()), (4, 8));
    assert_eq!(elements.batches(100).count(), 0);
    let expected: BTreeMap<[u8; 4], u64> = (0..1000_u32).map(|key| (key.to_ne_bytes(), u64::from(key) * 7)).collect();
    for (key, value) in &expected {
        elements.update(key, &value.to_ne_bytes()).expect("there is room");
    }
    for size in [1, 7, 100, 5000] {
        let mut found = BTreeMap::new();
        for batch in elements.batches(size) {
            let batch = batch.expect("hash maps have batches");
            assert_eq!((batch.keys.len(), batch.values.len()), (4 * batch.count, 8 * batch.count));
            for (key, value) in batch.keys.as_chunks::<4>().0.iter().zip(batch.values.as_chunks::<8>().0) {
                assert_eq!(found.insert(*key, u64::from_ne_bytes(*value)), None);
            }
        }
        assert_eq!(found, expected, "{size} at a time");
    }
    let keys: Vec<_> = elements.keys().map(|key| key.expect("hash maps have keys")).collect();
    assert_eq!(keys.len(), 1000);
    for key in keys {
        let value = elements.lookup(&key).expect("it can be read").expect("it is there");
        assert_eq!(value, expected[&key[..]].to_ne_bytes());
    }
    assert!(elements.delete(&[0; 4]).expect("it may be written"));
    assert!(!elements.delete(&[0; 4]).expect("it may be written"));
    assert_eq!(elements.lookup(&[0; 4]).expect("it can be read"), None);
}

#[test]
fn kernel_batches_of_tries_and_arrays_end_in_keys() {
    if !has_bpf() {
        return;
    }
    let array = map("array", ARRAY, 4, 12, 10);
    let batches: Vec<_> =
        array.elements().expect("an array").batches(4).map(|batch| batch.expect("it has").count).collect();
    assert_eq!(batches.iter().sum::<usize>(), 10, "{batches:?}");
    const NO_PREALLOC: u32 = 1;
    let options = MapOptions { kind: LPM_TRIE, key_size: 8, value_size: 4, max_entries: 9, ..MapOptions::default() };
    let trie = Map::create(&MapOptions { map_flags: NO_PREALLOC, ..options }).expect("a trie");
    let elements = trie.elements().expect("a trie");
    for number in 0..9_u8 {
        elements
            .update(&[&32_u32.to_ne_bytes()[..], &[10, 0, 0, number]].concat(), &[number; 4])
            .expect("there is room");
    }
    assert_eq!(elements.batches(2).map(|batch| batch.expect("it has").count).sum::<usize>(), 9);
}

#[test]
fn kernel_values_of_every_cpu_have_room() {
    if !has_bpf() {
        return;
    }
    let map = map("counters", PERCPU_ARRAY, 4, 12, 2);
    let elements = map.elements().expect("an array");
    let cpus = possible_cpus().expect("sysfs is mounted");
    assert_eq!(elements.value_len(), 16 * cpus);
    let value: Vec<u8> = (0..cpus)
        .flat_map(|cpu| [[u8::try_from(cpu % 256).expect("a byte") + 1; 12].as_slice(), &[0; 4]].concat())
        .collect();
    elements.update(&1_u32.to_ne_bytes(), &value).expect("it is there");
    assert_eq!(elements.lookup(&1_u32.to_ne_bytes()).expect("it can be read"), Some(value.clone()));
    let batch = elements.batches(8).next().expect("two elements").expect("it has batches");
    assert_eq!((batch.count, &batch.values[value.len()..]), (2, value.as_slice()));
}

#[test]
fn kernel_queues_have_no_keys() {
    if !has_bpf() {
        return;
    }
    let map = map("queue", QUEUE, 0, 8, 4);
    let elements = map.elements().expect("a queue");
    assert_eq!(elements.lookup(&[]).expect("it can be read"), None);
    elements.update(&[], &[3; 8]).expect("there is room");
    assert_eq!(elements.lookup(&[]).expect("it can be read"), Some(vec![3; 8]));
    assert_eq!(elements.batches(4).count(), 0);
}

#[test]
fn kernel_is_not_asked_with_wrong_sizes() {
    if !has_bpf() {
        return;
    }
    let map = map("sizes", HASH, 8, 8, 4);
    let elements = map.elements().expect("a hash map");
    for error in [
        elements.lookup(&[0; 7]).expect_err("a short key"),
        elements.lookup(&[0; 9]).expect_err("a long key"),
        elements.update(&[0; 8], &[0; 4]).expect_err("a short value"),
        elements.delete(&[]).expect_err("no key"),
    ] {
        assert!(error.to_string().contains("bytes were given, and the map has 8"), "{error}");
    }
    let ring = support::map("ring", RINGBUF, 0, 0, 4096);
    assert!(ring.elements().expect("a known type").lookup(&[]).is_err());
}

#[test]
fn kernel_keeps_what_is_opened_or_frozen_from_being_changed() {
    if !has_bpf() {
        return;
    }
    let made = map("frozen", ARRAY, 4, 4, 1);
    let opened = Map::from_id(made.info().id).expect("it is loaded");
    let error = opened.elements().expect("an array").update(&[0; 4], &[1; 4]).expect_err("opened for reading");
    assert!(error.is_refused(), "{error}");
    assert!(opened.freeze().is_err());
    made.elements().expect("an array").update(&[0; 4], &[1; 4]).expect("made for writing");
    made.freeze().expect("nobody has it mapped");
    let error = made.elements().expect("an array").update(&[0; 4], &[2; 4]).expect_err("frozen");
    assert!(error.is_refused(), "{error}");
    assert_eq!(opened.elements().expect("an array").lookup(&[0; 4]).expect("it can be read"), Some(vec![1; 4]));
}

#[test]
fn kernel_programs_can_be_walked() {
    if !has_bpf() {
        return;
    }
    for id in program_ids() {
        match Program::from_id(id.expect("we may walk ids")) {
            Ok(program) => assert!(program.info().expect("what it is").name.len() < bpf_layout_live::NAME_LEN),
            Err(error) => assert!(error.is_gone(), "{error}"),
        }
    }
}

#[test]
fn kernel_holders_are_other_processes() {
    if !has_bpf() {
        return;
    }
    let made = map("held", ARRAY, 4, 4, 1);
    assert!(holders().iter().all(|holder| !holder.maps.contains(&made.info().id)), "our own do not count");
}

#[test]
fn kernel_shows_what_waits_in_a_ring_buffer() {
    if !has_bpf() {
        return;
    }
    let made = map("ring", RINGBUF, 0, 0, 4096);
    let opened = Map::from_id(made.info().id).expect("it is loaded");
    for ring in [&made, &opened] {
        assert_eq!(ring.ring_backlog().expect("it can be seen"), 0);
    }
    let error = map("hash", HASH, 4, 4, 1).ring_backlog().expect_err("it is none");
    assert!(error.to_string().ends_with(": it is no ring buffer"), "{error}");
}
