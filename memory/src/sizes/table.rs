//! The bundled table of kernels, `data/kernels.csv`. Its origin stands in `data/README.md`.

use super::{Era, KernelSizes, Source, Struct, StructOpsLinks};

const TABLE: &str = include_str!("../../data/kernels.csv");

/// The columns before the sizes.
const FIRST_COLUMNS: [&str; 9] = [
    "kernel",
    "arch",
    "page_size",
    "newest_map_type",
    "era",
    "htab_lock_term",
    "htab_of_maps_spares",
    "arena_counts_pages",
    "struct_ops_links",
];

/// Every kernel of the bundled table, from the oldest to the newest.
///
/// # Panics
/// If the table, which is part of this crate, is broken; a test reads all of it.
#[must_use]
pub fn bundled() -> Vec<KernelSizes> {
    let (header, lines) = TABLE.split_once('\n').expect("a header");
    let columns: Vec<&str> = header.split(',').collect();
    lines.lines().map(|line| row(&columns, line).unwrap_or_else(|| panic!("data/kernels.csv: {line}"))).collect()
}

/// The newest kernel of the table: what builds reckon with, which must not depend on the machine they run on.
///
/// # Panics
/// As [`bundled`].
#[must_use]
pub fn newest() -> KernelSizes {
    bundled().pop().expect("the table has kernels")
}

/// The kernel of one line; `None` if the line is broken.
fn row(columns: &[&str], line: &str) -> Option<KernelSizes> {
    let cells: Vec<&str> = line.split(',').collect();
    if cells.len() != columns.len() || !columns.starts_with(&FIRST_COLUMNS) {
        return None;
    }
    let mut sizes = [None; Struct::ALL.len()];
    for (name, cell) in columns.iter().zip(&cells).skip(FIRST_COLUMNS.len()) {
        let of = Struct::ALL.iter().find(|of| of.name() == *name)?;
        if !cell.is_empty() {
            sizes[*of as usize] = Some(cell.parse().ok()?);
        }
    }
    Some(KernelSizes {
        name: cells[0].to_owned(),
        source: Source::Table,
        arch: Some(cells[1].to_owned()),
        page_size: cells[2].parse().ok()?,
        newest_map_type: cells[3].parse().ok()?,
        era: match cells[4] {
            "rlimit" => Era::Rlimit,
            "footprint" => Era::Footprint,
            "usage" => Era::Usage,
            _ => return None,
        },
        hash_lock_term: flag(cells[5])?,
        hash_of_maps_spares: flag(cells[6])?,
        arena_counts_pages: flag(cells[7])?,
        struct_ops_links: match cells[8] {
            "members" => StructOpsLinks::Members,
            "functions" => StructOpsLinks::Functions,
            "symbols" => StructOpsLinks::Symbols,
            _ => return None,
        },
        sizes,
    })
}

impl KernelSizes {
    /// Its line of the bundled table, without a newline: how the table is kept up to date.
    ///
    /// # Panics
    /// As [`bundled`].
    #[must_use]
    pub fn table_line(&self) -> String {
        let flag = |flag: bool| u8::from(flag).to_string();
        let mut cells = vec![
            self.name.clone(),
            self.arch.clone().unwrap_or_default(),
            self.page_size.to_string(),
            self.newest_map_type.to_string(),
            match self.era {
                Era::Rlimit => "rlimit",
                Era::Footprint => "footprint",
                Era::Usage => "usage",
            }
            .to_owned(),
            flag(self.hash_lock_term),
            flag(self.hash_of_maps_spares),
            flag(self.arena_counts_pages),
            match self.struct_ops_links {
                StructOpsLinks::Members => "members",
                StructOpsLinks::Functions => "functions",
                StructOpsLinks::Symbols => "symbols",
            }
            .to_owned(),
        ];
        let header = TABLE.lines().next().expect("a header");
        let size = |name: &str| self.sizes[*Struct::ALL.iter().find(|of| of.name() == name)? as usize];
        let sizes = header.split(',').skip(FIRST_COLUMNS.len());
        cells.extend(sizes.map(|name| size(name).map(|size| size.to_string()).unwrap_or_default()));
        cells.join(",")
    }
}

fn flag(cell: &str) -> Option<bool> {
    match cell {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_table_is_sound() {
        let kernels = bundled();
        assert!(kernels.len() >= 25);
        for kernel in &kernels {
            assert!(kernel.page_size.is_power_of_two() && kernel.page_size >= 4096, "{}", kernel.name);
            let always = [Struct::Htab, Struct::HtabElem, Struct::Array, Struct::RingbufMap, Struct::Ringbuf];
            assert!(always.iter().all(|of| kernel.size_of(*of).is_ok()), "{}", kernel.name);
        }
        let mut names: Vec<&str> = kernels.iter().map(|kernel| kernel.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), kernels.len(), "a kernel stands in the table twice");
    }

    #[test]
    fn a_line_is_written_as_it_is_read() {
        let lines: Vec<String> = bundled().iter().map(KernelSizes::table_line).collect();
        assert_eq!(lines, TABLE.lines().skip(1).collect::<Vec<_>>());
        let columns: Vec<&str> = TABLE.lines().next().unwrap().split(',').collect();
        let links = ["members", "functions", "symbols"];
        for (from, to) in links.iter().flat_map(|from| links.map(|to| (from, to))) {
            let Some(line) = lines.iter().find(|line| line.contains(&format!(",{from},"))) else { continue };
            let line = line.replacen(from, to, 1);
            assert_eq!(row(&columns, &line).map(|kernel| kernel.table_line()), Some(line));
        }
    }

    #[test]
    fn a_broken_line_is_no_kernel() {
        let header = TABLE.lines().next().unwrap();
        let columns: Vec<&str> = header.split(',').collect();
        let good = TABLE.lines().nth(1).unwrap();
        assert!(row(&columns, good).is_some());
        assert!(row(&columns, &good.replacen("rlimit", "later", 1)).is_none());
        assert!(row(&columns, &good.replacen(",4096,", ",many,", 1)).is_none());
        assert!(row(&columns, good.rsplit_once(',').unwrap().0).is_none());
    }
}
