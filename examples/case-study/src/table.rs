//! A table, for people and in Markdown. The first column is text, all others are numbers.

/// Rows of as many cells as the head has.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// Titles.
    pub(crate) head: Vec<String>,
    /// Lines.
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    /// With these titles, and no rows yet.
    pub(crate) fn new(head: &[&str]) -> Self {
        Table { head: head.iter().map(|title| (*title).to_owned()).collect(), rows: Vec::new() }
    }

    /// Adds a line.
    pub(crate) fn row(&mut self, name: &str, cells: impl IntoIterator<Item = String>) {
        self.rows.push([name.to_owned()].into_iter().chain(cells).collect());
    }

    /// The table, each line ending in a line break.
    pub(crate) fn text(&self, markdown: bool) -> String {
        if markdown { self.markdown() } else { self.plain() }
    }

    fn plain(&self) -> String {
        let lines = || [&self.head].into_iter().chain(&self.rows);
        let width = |column: usize| lines().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max();
        let widths: Vec<usize> = (0..self.head.len()).map(|column| width(column).unwrap_or(0)).collect();
        let line = |cells: &Vec<String>| {
            let cell = |(column, (cell, width)): (usize, (&String, &usize))| {
                if column == 0 { format!("{cell:<width$}") } else { format!("  {cell:>width$}") }
            };
            let text: String = cells.iter().zip(&widths).enumerate().map(cell).collect();
            format!("{}\n", text.trim_end())
        };
        lines().map(line).collect()
    }

    fn markdown(&self) -> String {
        let line = |cells: &Vec<String>| format!("| {} |\n", cells.join(" | "));
        let rule = self.head.iter().enumerate().map(|(column, _)| if column == 0 { "---" } else { "---:" });
        let rule = line(&rule.map(str::to_owned).collect());
        line(&self.head) + &rule + &self.rows.iter().map(line).collect::<String>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_end_below_one_another() {
        let mut table = Table::new(&["map", "before", "after"]);
        table.row("execs", ["164,331,040".to_owned(), "5".to_owned()]);
        assert_eq!(table.text(false), "map         before  after\nexecs  164,331,040      5\n");
        assert_eq!(table.text(true), "| map | before | after |\n| --- | ---: | ---: |\n| execs | 164,331,040 | 5 |\n");
    }
}
