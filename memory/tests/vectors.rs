//! Every figure that was read from real kernels, predicted to the byte from the bundled table. Needs neither root nor BPF.

use bpf_layout_memory::{KernelSizes, Machine, MapShape, MapType, StructOps, bundled, memlock};

/// One line a map: type, key, value, entries, flags, map_extra, elements in it, memlock; a line `kernel,NAME,CPUS,PAGE`
/// says where the maps after it were created.
const VECTORS: &str = include_str!("data/memlock_vectors.csv");

/// Maps in the file.
const COUNT: usize = 7774;

/// `struct bpf_dummy_ops`, which the only `struct_ops` map of the file is made of, has three functions
/// (`include/linux/bpf.h`).
const DUMMY_OPS: StructOps = StructOps { members: 3, functions: 3 };

#[test]
fn every_measured_figure_is_predicted() {
    let kernels = bundled();
    let mut machine: Option<Machine> = None;
    let (mut rows, mut wrong) = (0, Vec::new());
    for line in VECTORS.lines().skip(1) {
        if let Some(place) = line.strip_prefix("kernel,") {
            machine = Some(machine_of(&kernels, place));
            continue;
        }
        let machine = machine.as_ref().expect("a kernel comes before its maps");
        let (map, used, expected) = row(line);
        assert!(machine.kernel.has_type(map.ty), "{} has no {}", machine.kernel.name, map.ty.name());
        rows += 1;
        let predicted = memlock(&map, machine, used);
        if predicted != Ok(expected) {
            wrong.push(format!("{} on {}: {predicted:?}", line, machine.kernel.name));
        }
    }
    println!("{rows} figures, {} predicted to the byte", rows - wrong.len());
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(rows, COUNT);
}

fn machine_of(kernels: &[KernelSizes], place: &str) -> Machine {
    let [name, cpus, page_size] = place.split(',').collect::<Vec<_>>()[..] else { panic!("{place}") };
    let kernel = kernels.iter().find(|kernel| kernel.name == name);
    let kernel = kernel.unwrap_or_else(|| panic!("{name} is not in the table")).clone();
    let machine = Machine::new(kernel, cpus.parse().expect("CPUs"));
    assert_eq!(page_size.parse(), Ok(machine.page_size), "{name}");
    machine
}

fn row(line: &str) -> (MapShape, u64, u64) {
    let (ty, numbers) = line.split_once(',').expect("a row");
    let numbers: Vec<u64> = numbers.split(',').map(|number| number.parse().expect("a number")).collect();
    let [key, value, entries, flags, map_extra, used, memlock] = numbers[..] else { panic!("{line}") };
    let ty = MapType::from_name(ty).unwrap_or_else(|| panic!("no model of {ty}"));
    let struct_ops = if ty == MapType::StructOps { DUMMY_OPS } else { StructOps::default() };
    let flags = u32::try_from(flags).expect("flags have 32 bits");
    (MapShape { entries, flags, map_extra, struct_ops, ..MapShape::new(ty, key, value) }, used, memlock)
}
