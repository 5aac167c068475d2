//! What the maps of the case will cost, on one kernel of the bundled table: nothing of it hangs on the machine that this
//! runs on.

use std::collections::BTreeMap;

use bpf_layout_memory::{
    Cost, Machine, bundled,
    text::{grouped, percent},
};

use crate::{
    spec::{self, PROFILES},
    table::Table,
};

/// The kernel and the CPUs for which Inspektor Gadget's figures were read.
const KERNEL: &str = "6.16.12+deb13-amd64";
const CPUS: u64 = 4;

/// What stands above the table.
pub(crate) const CAPTION: &str =
    "Bytes that the kernel reports (memlock), predicted for Linux 6.16.12+deb13-amd64 with 4 CPUs";

/// Maps that stand in a line of the table together.
struct Line {
    name: &'static str,
    maps: &'static [&'static str],
    /// The profiles whose programs have them.
    profiles: &'static [&'static str],
}

/// Inspektor Gadget's three maps, and what `lean` needs beside them.
const CASE: [Line; 5] = [
    Line { name: "`execs`", maps: &["execs"], profiles: &PROFILES },
    Line { name: "`gadget_sockets`", maps: &["gadget_sockets"], profiles: &PROFILES },
    Line {
        name: "`socket_owners`, `socket_owner_ids`",
        maps: &["socket_owners", "socket_owner_ids"],
        profiles: &["lean"],
    },
    Line { name: "`path_strings`, `path_interning`", maps: &["path_strings", "path_interning"], profiles: &["lean"] },
    Line { name: "`enriched_fsnotify_events`", maps: &["enriched_fsnotify_events"], profiles: &PROFILES },
];

/// A column: bytes of empty or of full maps under a profile.
struct Column {
    profile: &'static str,
    costs: BTreeMap<String, Cost>,
    bytes: fn(&Cost) -> u64,
}

impl Column {
    /// Bytes of the maps of a line; `None` if this profile has none of them.
    fn line(&self, line: &Line) -> Option<u64> {
        let bytes = line.maps.iter().filter_map(|map| self.costs.get(*map)).map(self.bytes);
        line.profiles.contains(&self.profile).then(|| bytes.sum())
    }

    fn case(&self) -> u64 {
        CASE.iter().filter_map(|line| self.line(line)).sum()
    }

    /// Ring buffers, counters, and where things are put together.
    fn rest(&self) -> u64 {
        let of_case = |name: &String| CASE.iter().any(|line| line.maps.contains(&name.as_str()));
        self.costs.iter().filter(|(name, _)| !of_case(name)).map(|(_, cost)| (self.bytes)(cost)).sum()
    }
}

/// The maps of the case under each profile.
pub(crate) fn table() -> Result<Table, String> {
    let kernel = bundled().into_iter().find(|kernel| kernel.name == KERNEL);
    let machine = Machine::new(kernel.ok_or("the bundled table has lost its kernel")?, CPUS);
    let column = |profile, bytes| Ok::<_, String>(Column { profile, costs: spec::costs(profile, &machine)?, bytes });
    let [before, after, lean] = PROFILES;
    let columns =
        [column(before, full)?, column(after, full)?, column(lean, |cost| cost.memlock)?, column(lean, full)?];
    Ok(rows(&columns))
}

fn full(cost: &Cost) -> u64 {
    cost.memlock_full
}

fn rows(columns: &[Column; 4]) -> Table {
    let mut table = Table::new(&["map", "before", "after", "lean, idle", "lean, full", "idle / after", "full / after"]);
    for line in &CASE {
        table.row(line.name, cells(columns, |column| column.line(line)));
    }
    table.row("**the case**", cells(columns, |column| Some(column.case())));
    table.row("ring buffers, counters, scratch", cells(columns, |column| Some(column.rest())));
    table
}

/// Bytes of each column, and what share of the second the last two are.
fn cells(columns: &[Column; 4], bytes: impl Fn(&Column) -> Option<u64>) -> Vec<String> {
    let numbers = columns.each_ref().map(bytes);
    let share = |part: Option<u64>| Some(percent(part?, numbers[1]?));
    let shown = numbers.iter().map(|number| number.map(grouped));
    let shares = [share(numbers[2]), share(numbers[3])];
    shown.chain(shares).map(|cell| cell.unwrap_or_else(|| "–".to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use std::{env, fs, path::Path};

    use super::*;

    /// What docs/case-study.md says was predicted is what is predicted; `BPF_LAYOUT_BLESS=1` rewrites it.
    #[test]
    fn the_case_study_says_what_the_model_does() {
        const MARKS: [&str; 2] = ["<!-- predicted -->\n", "<!-- end of predicted -->"];
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/case-study.md");
        let text = fs::read_to_string(&path).expect("the case study");
        let (head, rest) = text.split_once(MARKS[0]).expect("its beginning is marked");
        let (found, tail) = rest.split_once(MARKS[1]).expect("its end is marked");
        let expected = format!("{CAPTION}:\n\n{}", table().expect("a table").text(true));
        if env::var("BPF_LAYOUT_BLESS").is_ok_and(|value| value == "1") {
            fs::write(&path, [head, MARKS[0], &expected, MARKS[1], tail].concat()).expect("our own file");
            return;
        }
        assert_eq!(found, expected, "BPF_LAYOUT_BLESS=1 rewrites {}", path.display());
    }

    /// The figures of Inspektor Gadget's issue 4069, to the byte.
    #[test]
    fn before_is_what_inspektor_gadget_had() {
        let table = table().expect("a table").text(false);
        for (map, bytes) in [
            ("`execs`", "164,331,040"),
            ("`gadget_sockets`", "136,873,504"),
            ("`enriched_fsnotify_events`", "44,599,168"),
        ] {
            let line = table.lines().find(|line| line.starts_with(map)).unwrap_or_else(|| panic!("{map}: {table}"));
            assert_eq!(line.split_whitespace().nth(1), Some(bytes), "{line}");
        }
    }

    /// Every map that the table names is in the spec.
    #[test]
    fn no_line_is_of_a_map_that_is_gone() {
        let machine = Machine::new(bundled().pop().expect("a kernel"), CPUS);
        let costs = spec::costs("lean", &machine).expect("a valid spec");
        assert!(CASE.iter().flat_map(|line| line.maps).all(|map| costs.contains_key(*map)));
    }
}
