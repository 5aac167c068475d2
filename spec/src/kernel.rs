//! What the kernel knows: map types, map flags and the fields it manages in map values, in tables.
//!
//! Each rule names the kernel function that enforces it.

mod maps;

pub use maps::{MAP_FLAGS, MAP_KINDS};

/// Whether a map type takes a part (key, value, `max_entries`), and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// It must be given.
    Required,
    /// It may be given.
    Optional,
    /// It must not be given.
    Refused,
    /// It is always `u32` and may be left out.
    U32,
}

/// One map type that libbpf can define in `.maps`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapKind {
    /// In the spec: `lru_hash`.
    pub name: &'static str,
    /// `BPF_MAP_TYPE_LRU_HASH`.
    pub c: &'static str,
    /// Its number in `enum bpf_map_type` (`include/uapi/linux/bpf.h`).
    pub id: u32,
    /// First kernel that has it.
    pub since: &'static str,
    /// Keys.
    pub key: Part,
    /// Values.
    pub value: Part,
    /// `max_entries`.
    pub max_entries: Part,
    /// Largest key in bytes.
    pub max_key: Option<u32>,
    /// Largest value in bytes.
    pub max_value: Option<u32>,
    /// Whether a value exists once per possible CPU.
    pub per_cpu: bool,
    /// Whether it holds maps.
    pub map_in_map: bool,
    /// Whether events travel through it: `ringbuf`, `perf_event_array`.
    pub carries_events: bool,
    /// What it is for, in a few words.
    pub doc: &'static str,
    /// Smallest key in bytes.
    pub min_key: u32,
    /// Largest key and value together, in bytes.
    pub max_element: Option<u32>,
    /// The only sizes of keys it takes, in bytes; any between `min_key` and `max_key` if empty.
    pub key_sizes: &'static [u32],
    /// The only sizes of values it takes, in bytes; any if empty.
    pub value_sizes: &'static [u32],
    /// Values must be a multiple of this many bytes.
    pub value_multiple: u32,
    /// What `max_entries` counts.
    pub entries: Entries,
    /// [`MapFlag::bit`] of every flag that it takes.
    pub flags: u32,
    /// [`MapFlag::bit`] of every flag that it must have.
    pub required_flags: u32,
    /// The kernel's fields that its values may hold.
    pub fields: FieldSupport,
    /// The kernel function that enforces its rules.
    pub rule: &'static str,
}

/// What `max_entries` of a map counts, and so which values it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Entries {
    /// Elements; any number.
    Elements,
    /// Bytes of a ring buffer: a power of two, and a multiple of the page size.
    RingBytes,
    /// Pages of memory.
    Pages,
}

/// Which of the kernel's fields the values of a map may hold (`map_check_btf` in `kernel/bpf/syscall.c`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FieldSupport {
    /// `bpf_spin_lock`, `bpf_res_spin_lock`.
    pub locks: bool,
    /// `bpf_timer`, `bpf_wq`, `bpf_task_work`.
    pub callbacks: bool,
    /// `bpf_list_head`, `bpf_rb_root`.
    pub roots: bool,
    /// Kptrs and `bpf_refcount`.
    pub kptrs: bool,
}

impl MapKind {
    /// The map type that the spec calls by this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<&'static MapKind> {
        MAP_KINDS.iter().find(|kind| kind.name == name)
    }
}

impl MapFlag {
    /// The flag that the spec calls by this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<&'static MapFlag> {
        MAP_FLAGS.iter().find(|flag| flag.name == name)
    }
}

/// One map flag.
#[derive(Clone, Copy, Debug)]
pub struct MapFlag {
    /// In the spec: `no_prealloc`.
    pub name: &'static str,
    /// `BPF_F_NO_PREALLOC`.
    pub c: &'static str,
    /// Its bit, as a mask (`include/uapi/linux/bpf.h`).
    pub bit: u32,
    /// What it does, in a few words.
    pub doc: &'static str,
}

/// A field that the kernel manages in map values, found by the BTF name of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each is described by its row in KERNEL_FIELDS")]
pub enum KernelField {
    SpinLock,
    ResSpinLock,
    Timer,
    Workqueue,
    TaskWork,
    ListHead,
    ListNode,
    RbRoot,
    RbNode,
    Refcount,
}

/// One row of the table of kernel fields.
#[derive(Clone, Copy, Debug)]
pub struct KernelFieldInfo {
    /// The field.
    pub field: KernelField,
    /// In the spec and, as `struct NAME`, in C: `bpf_spin_lock`.
    pub name: &'static str,
    /// In Rust: `::bpf_layout::kernel::SpinLock`.
    pub rust: &'static str,
    /// Bytes.
    pub size: u32,
    /// Bytes.
    pub align: u32,
    /// First kernel that has it.
    pub since: &'static str,
}

/// How a kernel pointer in a map value may be used (`tools/lib/bpf/bpf_helpers.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KptrKind {
    /// `kptr[T]`: holds a reference.
    Referenced,
    /// `kptr_untrusted[T]`: may point to what is gone.
    Untrusted,
    /// `percpu_kptr[T]`: to a per-CPU object.
    PerCpu,
}

macro_rules! kernel_fields {
    ($($field:ident $name:literal $rust:literal $size:literal $align:literal $since:literal;)+) => {
        /// Every kernel field, one row each.
        pub const KERNEL_FIELDS: &[KernelFieldInfo] = &[$(KernelFieldInfo {
            field: KernelField::$field,
            name: $name,
            rust: concat!("::bpf_layout::kernel::", $rust),
            size: $size,
            align: $align,
            since: $since,
        }),+];
    };
}

// `include/uapi/linux/bpf.h`: the structs of these names.
kernel_fields! {
    SpinLock "bpf_spin_lock" "SpinLock" 4 4 "5.1";
    ResSpinLock "bpf_res_spin_lock" "ResSpinLock" 4 4 "6.15";
    Timer "bpf_timer" "Timer" 16 8 "5.15";
    Workqueue "bpf_wq" "Workqueue" 16 8 "6.10";
    TaskWork "bpf_task_work" "TaskWork" 8 8 "6.18";
    ListHead "bpf_list_head" "ListHead" 16 8 "6.2";
    ListNode "bpf_list_node" "ListNode" 24 8 "6.2";
    RbRoot "bpf_rb_root" "RbRoot" 16 8 "6.4";
    RbNode "bpf_rb_node" "RbNode" 32 8 "6.4";
    Refcount "bpf_refcount" "Refcount" 4 4 "6.6";
}

impl KernelField {
    /// The field that the spec calls by this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<KernelField> {
        KERNEL_FIELDS.iter().find(|info| info.name == name).map(|info| info.field)
    }

    /// Its row in the table.
    #[must_use]
    pub fn info(self) -> &'static KernelFieldInfo {
        &KERNEL_FIELDS[self as usize]
    }
}

impl KptrKind {
    /// In the spec: `kptr`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            KptrKind::Referenced => "kptr",
            KptrKind::Untrusted => "kptr_untrusted",
            KptrKind::PerCpu => "percpu_kptr",
        }
    }
}
