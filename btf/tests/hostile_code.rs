//! Instructions, symbols, relocations and lines, whatever is in them: an error or sound answers, never a panic, and no
//! more work than the input is long.

mod support;

use std::{ops::Range, sync::OnceLock, time::Instant};

use bpf_layout_btf::{Error, Object};
use object::{Object as _, ObjectSection as _, read::elf::ElfFile64};
use proptest::prelude::*;
use support::compile::{compile, has_tool};

const PROGRAM: &str = include_str!("programs/output_calls.c");

/// A real object, if there is a compiler.
fn real() -> Option<Vec<u8>> {
    static OBJECT: OnceLock<Option<Vec<u8>>> = OnceLock::new();
    let build =
        || has_tool("clang").then(|| compile(("clang", &["--target=bpf", "-g", "-O2"]), PROGRAM).expect("it compiles"));
    OBJECT.get_or_init(build).clone()
}

/// Where the sections lie that calls are read from, the ELF header and the section table among them.
fn parts(file: &[u8]) -> Vec<Range<usize>> {
    let elf = ElfFile64::<object::Endianness>::parse(file).expect("a compiler wrote it");
    let table = elf.elf_header().e_shoff.get(object::Endianness::Little);
    let mut parts = vec![0..64, table as usize..file.len()];
    for section in elf.sections() {
        let name = section.name().expect("a name");
        let is_read = [".symtab", ".BTF.ext", ".text"].contains(&name) || name.contains("raw_tp");
        parts.extend(section.file_range().filter(|_| is_read).map(|(at, len)| at as usize..(at + len) as usize));
    }
    parts
}

/// Asks for everything there is. Says whether there was an answer.
fn ask(file: &[u8]) -> bool {
    let Ok(object) = Object::parse(file) else { return false };
    match object.output_calls() {
        Ok(calls) => {
            assert!(calls.iter().all(|call| call.offset < file.len() as u64 && !call.helper.is_empty()));
            true
        }
        Err(error) => {
            assert!(matches!(&error, Error::Elf(reason) if !reason.is_empty()), "{error}");
            false
        }
    }
}

#[test]
fn flipped_bits_of_what_is_read_are_borne() {
    let Some(file) = real() else { return };
    let (mut answers, mut refusals) = (0, 0);
    // A third of them, in every position of a byte.
    for bit in parts(&file).into_iter().flat_map(|part| part.start * 8..part.end * 8).step_by(3) {
        let mut flipped = file.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        if ask(&flipped) {
            answers += 1;
        } else {
            refusals += 1;
        }
    }
    println!("{answers} answers, {refusals} refusals");
    assert!(answers > 1000 && refusals > 100, "{answers} answers, {refusals} refusals");
}

#[test]
fn every_truncation_is_borne() {
    let Some(file) = real() else { return };
    for len in 0..file.len() {
        assert!(!ask(&file[..len]), "the section table is at the end: {len}");
    }
}

proptest! {
    #[test]
    fn random_sections_are_borne(seed in proptest::collection::vec(any::<u8>(), 1..200), which in any::<proptest::sample::Index>()) {
        let Some(mut file) = real() else { return Ok(()) };
        // Behind the header and the table of sections.
        let parts: Vec<Range<usize>> = parts(&file).split_off(2);
        let part = parts[which.index(parts.len())].clone();
        for (byte, new) in file[part].iter_mut().zip(seed.iter().cycle()) {
            *byte = *new;
        }
        ask(&file);
    }
}

/// A file of sections that all lie over one another, so that reading each of them takes time with the square of its size.
#[test]
fn overlapping_sections_are_refused() {
    let Some(mut file) = real() else { return };
    let elf = ElfFile64::<object::Endianness>::parse(&*file).expect("a compiler wrote it");
    let text = elf.section_by_name("raw_tp/sys_enter").expect("it has one").elf_section_header();
    let (header, table) = (object::bytes_of(text).to_vec(), elf.elf_header().e_shoff.get(object::Endianness::Little));
    let count = 60_000u16;
    let (start, old) = (table as usize, file.len());
    let headers = file[start..old].to_vec();
    file[0x28..0x30].copy_from_slice(&(old as u64).to_le_bytes());
    file[0x3c..0x3e].copy_from_slice(&count.to_le_bytes());
    file.extend(&headers);
    for _ in headers.len() / 64..usize::from(count) {
        let mut covering = header.clone();
        // Its place and size.
        covering[24..32].copy_from_slice(&0u64.to_le_bytes());
        covering[32..40].copy_from_slice(&(old as u64).to_le_bytes());
        file.extend(covering);
    }
    let object = Object::parse(&file).expect("BTF is where it was");
    let begin = Instant::now();
    assert_eq!(object.output_calls(), Err(Error::Elf("sections overlap".to_owned())));
    assert!(begin.elapsed().as_secs() < 10);
}
