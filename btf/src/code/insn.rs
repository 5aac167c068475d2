//! One instruction, and what it does to what is known of registers (`include/uapi/linux/bpf.h` and
//! `Documentation/bpf/standardization/instruction-set.rst` of Linux).

use crate::bytes::Bytes;

/// Bytes of `struct bpf_insn`.
pub(super) const INSN_SIZE: usize = 8;

/// What a register holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Value {
    /// Nobody can tell.
    #[default]
    Unknown,
    /// This number.
    Number(u32),
    /// The address of a map, by its symbol.
    Map(u32),
}

/// All registers, and as many more as four bits can name.
pub(super) type Registers = [Value; 16];

/// An instruction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Insn {
    pub(super) opcode: u8,
    dst: usize,
    src: usize,
    offset: i16,
    pub(super) imm: u32,
}

/// Where the program goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Behind the instruction, which takes this many slots.
    Following(usize),
    /// Behind the instruction, or this many slots from there.
    Either(i64),
    /// This many slots from behind the instruction.
    Elsewhere(i64),
    /// Nowhere.
    Exit,
}

// Classes.
const LD: u8 = 0;
const LDX: u8 = 1;
const STX: u8 = 3;
const ALU32: u8 = 4;
const JMP: u8 = 5;
const JMP32: u8 = 6;
const ALU64: u8 = 7;

/// `BPF_LD | BPF_DW | BPF_IMM`, which takes two slots.
const LOAD_IMM64: u8 = 0x18;
/// `BPF_JMP | BPF_CALL`, with the helper in `imm` if `src` is 0.
const CALL: u8 = 0x85;
/// `BPF_JMP | BPF_JA | BPF_X`: a jump to wherever a register says, since Linux 6.19.
pub(super) const JUMP_TO_REGISTER: u8 = 0x0d;

impl Insn {
    /// The instruction in this slot.
    pub(super) fn read(code: Bytes<'_>, slot: usize) -> Option<Self> {
        let bytes = code.part(slot.checked_mul(INSN_SIZE)?, INSN_SIZE)?;
        let (opcode, registers) = (bytes.data()[0], bytes.data()[1]);
        // They are bitfields, which begin at the other end on machines of the other byte order.
        let (low, high) = (usize::from(registers & 0xf), usize::from(registers >> 4));
        let (dst, src) = if bytes.big_endian() { (high, low) } else { (low, high) };
        Some(Insn { opcode, dst, src, offset: bytes.u16(2)?.cast_signed(), imm: bytes.u32(4)? })
    }

    fn class(self) -> u8 {
        self.opcode & 7
    }

    fn operation(self) -> u8 {
        self.opcode & 0xf0
    }

    fn has_source_register(self) -> bool {
        self.opcode & 8 != 0
    }

    /// The helper that it calls.
    pub(super) fn helper(self) -> Option<u32> {
        (self.opcode == CALL && self.src == 0).then_some(self.imm)
    }

    /// Where the program goes on.
    pub(super) fn next(self) -> Next {
        match (self.class(), self.operation()) {
            (LD, _) if self.opcode == LOAD_IMM64 => Next::Following(2),
            (JMP, 0x00) => Next::Elsewhere(self.offset.into()),
            (JMP32, 0x00) => Next::Elsewhere(self.imm.cast_signed().into()),
            (JMP, 0x90) => Next::Exit,
            (JMP, 0x80) => Next::Following(1),
            (JMP | JMP32, _) => Next::Either(self.offset.into()),
            _ => Next::Following(1),
        }
    }

    /// What registers hold after it. `map` is the one that a relocation puts into it, `high` the upper half of an
    /// immediate of 64 bits.
    pub(super) fn apply(self, registers: &mut Registers, map: Option<u32>, high: u32) {
        match self.class() {
            LD if self.opcode == LOAD_IMM64 => registers[self.dst] = self.immediate64(map, high),
            // The old loads from packets, and calls, leave nothing of r0 to r5.
            LD => registers[..=5].fill(Value::Unknown),
            JMP if self.operation() == 0x80 => registers[..=5].fill(Value::Unknown),
            LDX => registers[self.dst] = Value::Unknown,
            STX if self.is_atomic() => {
                for register in [self.dst, self.src, 0] {
                    registers[register] = Value::Unknown;
                }
            }
            ALU32 | ALU64 => registers[self.dst] = self.computed(registers),
            // Stores and jumps.
            _ => {}
        }
    }

    fn is_atomic(self) -> bool {
        self.opcode & 0xe0 == 0xc0
    }

    fn immediate64(self, map: Option<u32>, high: u32) -> Value {
        match map {
            Some(map) => Value::Map(map),
            None if self.src == 0 && high == 0 => Value::Number(self.imm),
            None => Value::Unknown,
        }
    }

    /// Of all arithmetic, only moves are followed: compilers have done the rest of what can be done.
    fn computed(self, registers: &Registers) -> Value {
        let is_plain_move = self.operation() == 0xb0 && self.offset == 0;
        match (is_plain_move, self.has_source_register(), self.class()) {
            (true, true, ALU64) => registers[self.src],
            (true, true, _) => match registers[self.src] {
                Value::Map(_) => Value::Unknown,
                value => value,
            },
            // A move of 64 bits extends the sign.
            (true, false, ALU64) if self.imm.cast_signed() < 0 => Value::Unknown,
            (true, false, _) => Value::Number(self.imm),
            (false, _, _) => Value::Unknown,
        }
    }
}
