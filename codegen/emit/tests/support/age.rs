//! What a kernel must have for a map or a program: the version of Linux that introduced it.

use std::{fmt, fs, path::Path};

use bpf_layout_spec::kernel::{MAP_FLAGS, MAP_KINDS};
use libbpf_rs::{
    AsRawLibbpf as _, OpenMap, OpenProgram,
    libbpf_sys::{self, bpf_insn},
};
use object::{Object as _, ObjectSection as _};

/// Major and minor version of Linux.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u32, u32);

impl Version {
    /// Of the kernel that runs.
    pub fn running() -> Self {
        let release = fs::read_to_string("/proc/sys/kernel/osrelease").expect("a release");
        Version::parse(&release)
    }

    /// The first two numbers of a release, such as `6.12.117+deb12-amd64`.
    fn parse(text: &str) -> Self {
        let mut numbers = text.split(|c: char| !c.is_ascii_digit()).map_while(|part| part.parse().ok());
        match (numbers.next(), numbers.next()) {
            (Some(major), Some(minor)) => Version(major, minor),
            _ => panic!("`{text}` is no version of Linux"),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// Something that kernels have since a version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    pub since: Version,
    pub what: String,
}

/// The helpers that objects call, by number, with the first version that has them: `include/uapi/linux/bpf.h` of one version
/// after another.
const HELPERS: &[(i32, &str, Version)] = &[
    (1, "bpf_map_lookup_elem", Version(3, 19)),
    (2, "bpf_map_update_elem", Version(3, 19)),
    (3, "bpf_map_delete_elem", Version(3, 19)),
    (5, "bpf_ktime_get_ns", Version(4, 1)),
    (7, "bpf_get_prandom_u32", Version(4, 1)),
    (14, "bpf_get_current_pid_tgid", Version(4, 2)),
    (15, "bpf_get_current_uid_gid", Version(4, 2)),
    (25, "bpf_perf_event_output", Version(4, 4)),
    (26, "bpf_skb_load_bytes", Version(4, 5)),
    (35, "bpf_get_current_task", Version(4, 8)),
    (80, "bpf_get_current_cgroup_id", Version(4, 18)),
    (112, "bpf_probe_read_user", Version(5, 5)),
    (113, "bpf_probe_read_kernel", Version(5, 5)),
    (114, "bpf_probe_read_user_str", Version(5, 5)),
    (115, "bpf_probe_read_kernel_str", Version(5, 5)),
    (125, "bpf_ktime_get_boot_ns", Version(5, 8)),
    (130, "bpf_ringbuf_output", Version(5, 8)),
    (131, "bpf_ringbuf_reserve", Version(5, 8)),
    (132, "bpf_ringbuf_submit", Version(5, 8)),
    (134, "bpf_ringbuf_query", Version(5, 8)),
    (181, "bpf_loop", Version(5, 17)),
    (198, "bpf_ringbuf_reserve_dynptr", Version(5, 19)),
    (199, "bpf_ringbuf_submit_dynptr", Version(5, 19)),
    (200, "bpf_ringbuf_discard_dynptr", Version(5, 19)),
    (202, "bpf_dynptr_write", Version(5, 19)),
];

/// Map flags that came after their map types.
const FLAGS: &[(&str, Version)] = &[
    ("mmapable", Version(5, 5)),
    ("preserve_elems", Version(5, 10)),
    ("inner_map", Version(5, 10)),
    ("rb_overwrite", Version(6, 19)),
];

/// What of a map is the newest.
pub fn of_map(map: &OpenMap<'_>) -> Need {
    // SAFETY: the map is open, and libbpf only reads its type, which `map.map_type()` may have no name for.
    let ty = unsafe { libbpf_sys::bpf_map__type(map.as_libbpf_object().as_ptr()) };
    let kind = MAP_KINDS.iter().find(|kind| kind.id == ty).unwrap_or_else(|| panic!("a map of type {ty}"));
    let mut need = Need { since: Version::parse(kind.since), what: kind.name.into() };
    let flags = FLAGS
        .iter()
        .filter(|(name, _)| MAP_FLAGS.iter().any(|flag| flag.name == *name && map.map_flags() & flag.bit != 0));
    for (name, since) in flags {
        need = need.max(Need { since: *since, what: (*name).into() });
    }
    need
}

/// What of a program is the newest: of itself, and with the functions of its object if it calls one. Which one, only the
/// linker knows, so that it may take less.
pub fn of_program(program: &OpenProgram<'_>, functions: &[bpf_insn]) -> [Need; 2] {
    let newest = |instructions: &[bpf_insn], oldest: Need| {
        instructions.iter().filter_map(of_instruction).fold(oldest, Need::max)
    };
    let own =
        newest(program.insns(), Need { since: Version(4, 1), what: program.section().to_string_lossy().into_owned() });
    let calls = program.insns().iter().any(|one| one.code == CALL && one.src_reg() == LOCAL);
    let all = newest(if calls { functions } else { &[] }, own.clone());
    [own, all]
}

/// The functions of an object that are not inlined, which libbpf puts behind each program that calls one.
pub fn functions(object: &Path) -> Vec<bpf_insn> {
    let bytes = fs::read(object).expect("an object");
    let file = object::File::parse(&*bytes).expect("an object");
    let text = file.section_by_name(".text").map_or(&[][..], |section| section.data().expect("its bytes"));
    let instruction = |bytes: &[u8]| bpf_insn {
        code: bytes[0],
        _bitfield_1: bpf_insn::new_bitfield_1(bytes[1] & 15, bytes[1] >> 4),
        off: i16::from_le_bytes([bytes[2], bytes[3]]),
        imm: i32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]),
        ..Default::default()
    };
    text.chunks_exact(8).map(instruction).collect()
}

// `include/uapi/linux/bpf.h` and `bpf_common.h`: classes of instructions, and what they have in them.
const LDX: u8 = 0x01;
const ALU: u8 = 0x04;
const JMP32: u8 = 0x06;
const ALU64: u8 = 0x07;
const MEMSX: u8 = 0x80;
const DIV: u8 = 0x30;
const MOD: u8 = 0x90;
const MOV: u8 = 0xb0;
const END: u8 = 0xd0;
const CALL: u8 = 0x85;
/// Source register of a call: a function of the object.
const LOCAL: u8 = 1;
const ATOMIC32: u8 = 0xc3;
const ATOMIC64: u8 = 0xdb;

fn of_instruction(instruction: &bpf_insn) -> Option<Need> {
    if is_fetching(instruction) {
        return Some(Need { since: Version(5, 12), what: "atomic operations that give what they found".into() });
    }
    if is_v4(instruction) {
        return Some(Need { since: Version(6, 6), what: "instructions of v4".into() });
    }
    // With another source register it is a function of the program or of the kernel.
    if instruction.code != CALL || instruction.src_reg() != 0 {
        return None;
    }
    let known = HELPERS.iter().find(|(number, ..)| *number == instruction.imm);
    let (_, name, since) = known.unwrap_or_else(|| panic!("since when is there helper {}?", instruction.imm));
    Some(Need { since: *since, what: (*name).into() })
}

/// Whether it is an atomic operation other than an addition, or one that gives what was there.
fn is_fetching(instruction: &bpf_insn) -> bool {
    [ATOMIC32, ATOMIC64].contains(&instruction.code) && instruction.imm != 0
}

/// Whether only kernels that take `-mcpu=v4` know it: `Documentation/bpf/standardization/instruction-set.rst`.
fn is_v4(instruction: &bpf_insn) -> bool {
    let (class, code) = (instruction.code & 0x07, instruction.code & 0xf0);
    match class {
        LDX => instruction.code & 0xe0 == MEMSX,
        JMP32 => code == 0,
        // Moves that extend the sign, and signed division.
        ALU | ALU64 if [MOV, DIV, MOD].contains(&code) => instruction.off != 0,
        ALU64 => code == END,
        _ => false,
    }
}
