//! Tables, aims, and docs/performance.md.

use std::{fs, path::PathBuf, process::Command};

use crate::measure::Figure;

/// What a group has to say.
#[derive(Debug, Default)]
pub(crate) struct Section {
    tables: Vec<Table>,
    aims: Vec<Aim>,
    skipped: Option<String>,
}

/// A table of text.
#[derive(Debug)]
pub(crate) struct Table {
    title: String,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// What a figure should be.
#[derive(Debug)]
struct Aim {
    what: String,
    found: f64,
    bound: Bound,
}

/// On which side of a number a figure should be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Section {
    pub(crate) fn table(&mut self, title: &str, head: &[&str]) -> &mut Table {
        let head = head.iter().map(|&cell| cell.to_owned()).collect();
        self.tables.push(Table { title: title.to_owned(), head, rows: Vec::new() });
        let last = self.tables.len() - 1;
        &mut self.tables[last]
    }

    pub(crate) fn aim(&mut self, what: &str, found: f64, bound: Bound) {
        self.aims.push(Aim { what: what.to_owned(), found, bound });
    }

    /// Nothing could be measured, for this reason.
    pub(crate) fn skipped(mut self, reason: &str) -> Self {
        self.skipped = Some(format!("skipped: {reason}"));
        self
    }

    /// That there are figures at all, or a reason why not. What they are is nobody's error.
    ///
    /// # Errors
    /// If a table is empty or an aim has no number.
    pub(crate) fn check(&self, group: &str) -> Result<(), String> {
        if self.skipped.is_some() {
            return Ok(());
        }
        if self.tables.is_empty() || self.tables.iter().any(|table| table.rows.is_empty()) {
            return Err(format!("`{group}` measured nothing"));
        }
        match self.aims.iter().find(|aim| !aim.found.is_finite()) {
            Some(aim) => Err(format!("`{group}` has no number for: {}", aim.what)),
            None => Ok(()),
        }
    }

    pub(crate) fn markdown(&self) -> String {
        let mut text = self.skipped.clone().unwrap_or_default();
        for table in &self.tables {
            text += &format!("{}\n\n{}\n", table.title, row(&table.head));
            text += &format!("{}\n", row(&vec!["---".to_owned(); table.head.len()]));
            table.rows.iter().for_each(|cells| text += &format!("{}\n", row(cells)));
            text.push('\n');
        }
        if !self.aims.is_empty() {
            text += "| aim | found | |\n| --- | --- | --- |\n";
            for aim in &self.aims {
                let (what, met) = aim.bound.describe(aim.found);
                let verdict = if met { "met" } else { "**not met**" };
                text += &format!("| {}: {what} | {} | {verdict} |\n", aim.what, number(aim.found));
            }
        }
        text
    }
}

impl Table {
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        assert_eq!(cells.len(), self.head.len(), "`{}`: {cells:?}", self.title);
        self.rows.push(cells);
    }
}

impl Bound {
    fn describe(self, found: f64) -> (String, bool) {
        match self {
            Bound::AtLeast(bound) => (format!("at least {}", number(bound)), found >= bound),
            Bound::AtMost(bound) => (format!("at most {}", number(bound)), found <= bound),
        }
    }
}

fn row(cells: &[String]) -> String {
    format!("| {} |", cells.join(" | "))
}

/// Two significant digits, as far as they are needed.
pub(crate) fn number(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Instructions, where something was there to count them.
pub(crate) fn counted(instructions: Option<f64>) -> String {
    instructions.map_or_else(|| "not counted".into(), number)
}

/// Seconds as milliseconds, with the spread of several runs.
pub(crate) fn milliseconds(figure: Figure) -> String {
    let [median, least, most] = [figure.median, figure.least, figure.most].map(|seconds| number(seconds * 1e3));
    if figure.runs == 1 { format!("{median} ms") } else { format!("{median} ms ({least} to {most})") }
}

/// KiB as MB.
pub(crate) fn megabytes(figure: Figure) -> String {
    format!("{} MB", number(figure.median * 1024.0 / 1e6))
}

/// The whole report.
pub(crate) struct Report {
    place: String,
    sections: Vec<(&'static str, Section)>,
}

impl Report {
    /// # Errors
    /// If a program whose version belongs to the report does not run.
    pub(crate) fn new() -> Result<Self, String> {
        Ok(Report { place: machine()?, sections: Vec::new() })
    }

    pub(crate) fn add(&mut self, group: &'static str, section: Section) {
        self.sections.push((group, section));
    }

    /// Replaces in docs/performance.md what stands between the marks of each group that was measured.
    ///
    /// # Errors
    /// If the file cannot be read or written, or lacks the marks.
    pub(crate) fn write(&self) -> Result<(), String> {
        let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/performance.md"));
        let failed = |error| format!("{}: {error}", path.display());
        let mut text = fs::read_to_string(&path).map_err(failed)?;
        for (group, section) in &self.sections {
            if let Some(reason) = &section.skipped {
                return Err(format!("`{group}` has nothing to write: {reason}"));
            }
            let between =
                format!("Measured by `cargo xtask bench {group}` on {}.\n\n{}", self.place, section.markdown());
            text = replaced(&text, group, between.trim_end())
                .ok_or_else(|| format!("{} has no `{}`", path.display(), mark(group, "begin")))?;
        }
        fs::write(&path, text).map_err(failed)
    }
}

fn mark(group: &str, which: &str) -> String {
    format!("<!-- {group}: {which} -->")
}

fn replaced(text: &str, group: &str, between: &str) -> Option<String> {
    let (before, rest) = text.split_once(&mark(group, "begin"))?;
    let (_, after) = rest.split_once(&mark(group, "end"))?;
    Some(format!("{before}{}\n{between}\n{}{after}", mark(group, "begin"), mark(group, "end")))
}

/// What was measured on, and with which versions.
fn machine() -> Result<String, String> {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let models: Vec<&str> = cpus.lines().filter_map(|line| line.strip_prefix("model name")).collect();
    let model = models.first().map_or("an unnamed CPU", |model| model.trim_start_matches([' ', '\t', ':']));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    Ok(format!(
        "{} CPUs ({model}), Linux {}, {}, {}",
        models.len().max(1),
        kernel.trim(),
        version("rustc")?,
        version("clang")?
    ))
}

/// The first line of `program --version`.
fn version(program: &str) -> Result<String, String> {
    let output =
        Command::new(program).arg("--version").output().map_err(|error| format!("cannot run `{program}`: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_the_marks_of_a_group_is_replaced() {
        let text = "a\n<!-- x: begin -->\nold\n<!-- x: end -->\nb\n<!-- y: begin -->\nkept\n<!-- y: end -->\n";
        let expected = "a\n<!-- x: begin -->\nnew\n<!-- x: end -->\nb\n<!-- y: begin -->\nkept\n<!-- y: end -->\n";
        assert_eq!(replaced(text, "x", "new").as_deref(), Some(expected));
        assert_eq!(replaced(text, "z", "new"), None);
    }

    #[test]
    fn a_section_without_figures_is_an_error() {
        let mut section = Section::default();
        assert!(section.check("x").is_err());
        section.table("t", &["a"]).row(vec!["1".into()]);
        assert!(section.check("x").is_ok());
        section.aim("ratio", f64::NAN, Bound::AtMost(1.0));
        assert!(section.check("x").is_err());
    }
}
