//! What the model says of every type of map on kernels of each era, by use, as it stands in `tests/data/parts.txt`.
//! `vectors.rs` and `kernel_real.rs` prove figures against kernels; this one notices that a figure has changed, also those
//! that need hardware, a network, or a kernel that is not at hand. `BPF_LAYOUT_BLESS=1` rewrites the file.

use std::{env, fmt::Write as _, fs, path::PathBuf};

use bpf_layout_memory::{Cost, Machine, MapShape, MapType, Source, StructOps, bundled, parts};

/// Flags that change what is allocated (`include/uapi/linux/bpf.h`).
const NO_PREALLOC: u32 = 1;
const NO_COMMON_LRU: u32 = 1 << 1;
const MMAPABLE: u32 = 1 << 10;

/// Kernels, with CPUs: one for each way of counting, the first as if it were not in the table.
const KERNELS: [(&str, u64, Source); 5] = [
    ("7.3.4+deb13-amd64", 3, Source::Nearest),
    ("7.3.4+deb13-amd64", 3, Source::Table),
    ("6.12.107+deb13-amd64", 3, Source::Table),
    ("6.1.0-50-amd64", 3, Source::Table),
    ("5.10.0-32-amd64", 3, Source::Table),
];

#[test]
fn every_type_costs_what_is_written_down() {
    let kernels = bundled();
    let mut text = String::new();
    for (name, cpus, source) in KERNELS {
        let mut kernel = kernels.iter().find(|kernel| kernel.name == name).expect("in the table").clone();
        kernel.source = source.clone();
        let machine = Machine::new(kernel, cpus);
        // Of a kernel that is not in the table, nothing is exact; the figures are the same.
        let types = if source == Source::Nearest { &[MapType::Hash] } else { MapType::ALL };
        for shape in types.iter().flat_map(|ty| shapes(*ty)) {
            describe(&mut text, &machine, &shape);
        }
    }
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/parts.txt");
    if env::var("BPF_LAYOUT_BLESS").is_ok_and(|value| value == "1") {
        fs::write(&path, &text).expect("the file can be written");
    }
    let expected = fs::read_to_string(&path).expect("the file is there");
    for (number, (found, expected)) in text.lines().zip(expected.lines()).enumerate() {
        assert_eq!(found, expected, "line {}; BPF_LAYOUT_BLESS=1 rewrites the file", number + 1);
    }
    assert_eq!(text.lines().count(), expected.lines().count(), "BPF_LAYOUT_BLESS=1 rewrites the file");
}

/// Small and large elements, and every flag that the model knows. No kernel would take all of them: the figures for what
/// one refuses show which formula is used.
fn shapes(ty: MapType) -> Vec<MapShape> {
    let shape = |key, value, flags| MapShape {
        entries: if matches!(ty, MapType::Ringbuf | MapType::UserRingbuf) { 1 << 16 } else { 1000 },
        flags,
        struct_ops: StructOps { members: 5, functions: 3 },
        ..MapShape::new(ty, key, value)
    };
    let mut shapes = vec![shape(5, 13, 0), shape(5, 13, NO_PREALLOC), shape(12, 1000, NO_PREALLOC)];
    match ty {
        MapType::Array | MapType::PercpuArray => shapes.push(shape(4, 13, MMAPABLE)),
        MapType::LruHash | MapType::LruPercpuHash => shapes.push(shape(5, 13, NO_COMMON_LRU)),
        // Hash functions of its own, and more bits than 32 bits can count.
        MapType::BloomFilter => {
            shapes.push(MapShape { map_extra: 3, ..shape(0, 13, 0) });
            shapes.push(MapShape { entries: 1 << 31, ..shape(0, 13, 0) });
        }
        _ => {}
    }
    shapes
}

/// A line for the figures, and one for each number of elements with what they are made of.
fn describe(text: &mut String, machine: &Machine, map: &MapShape) {
    let MapShape { ty, key, value, entries, flags, map_extra, .. } = map;
    let kernel = &machine.kernel;
    let _ = write!(
        text,
        "{} ({:?}), {} of {entries}, key {key}, value {value}, flags {flags:#x}, extra {map_extra}: ",
        kernel.name,
        kernel.source,
        ty.name()
    );
    if !kernel.has_type(*ty) {
        text.push_str("not there; ");
    }
    let cost = match Cost::of(map, machine) {
        Ok(cost) => cost,
        Err(missing) => {
            let _ = writeln!(text, "{missing}");
            return;
        }
    };
    let Cost { memlock, memlock_full, real, real_full, exact, .. } = cost;
    let _ = writeln!(
        text,
        "{memlock} to {memlock_full}, really {real} to {real_full}{}",
        if exact { ", exact" } else { "" }
    );
    for used in [0, 7] {
        let parts = parts(map, machine, used).expect("the cost was known");
        let parts: Vec<String> = parts.iter().map(|part| format!("{:?} {}", part.of, part.bytes)).collect();
        let _ = writeln!(text, "  with {used}: {}", parts.join(", "));
    }
}
