//! Many random specs, heard in batches, and what is made of a disagreement.

use std::{
    fmt::Write as _,
    ops::Range,
    path::Path,
    time::{Duration, Instant},
};

use bpf_layout_random::bundle;
use bpf_layout_spec::layout::Layouts;

use crate::{
    hearing::{Disagreement, Panel},
    shrink::shrink,
    specs,
};

/// Disagreements after which it is no use to go on.
const ENOUGH: usize = 5;

/// Every how many batches the profile `lean` is heard, too.
const LEAN: u64 = 4;

/// What is to be tried.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// Makes the specs.
    pub seed: u64,
    /// The numbers of the specs.
    pub cases: Range<u64>,
    /// Specs in one file.
    pub batch: u64,
    /// How many of them rustc is asked about: zerocopy's derives take it longer than all others together take.
    pub batch_in_rust: u64,
}

/// What was tried.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Random specs.
    pub cases: u64,
    /// Those that rustc was asked about.
    pub cases_in_rust: u64,
    /// Structs, unions and events with a name.
    pub records: usize,
    /// Sizes, alignments, places and values that we state of them.
    pub facts: usize,
    /// What witnesses stated, and was compared.
    pub statements: usize,
    /// Every disagreement that was found, on the smallest spec that shows it.
    pub disagreements: Vec<String>,
    /// How long it took.
    pub took: Duration,
}

impl Campaign {
    /// Tries all of it, unless too much is wrong; says after each batch how far it is. `rust` is asked about the first specs
    /// of each file.
    pub fn run(&self, panel: &Panel, rust: Option<&Panel>, progress: &mut dyn FnMut(&Summary)) -> Summary {
        let started = Instant::now();
        let mut summary = Summary::default();
        let mut first = self.cases.start;
        while first < self.cases.end && summary.disagreements.len() < ENOUGH {
            let cases = first..self.cases.end.min(first + self.batch);
            self.hear(panel, cases.clone(), None, &mut summary);
            if ((first - self.cases.start) / self.batch).is_multiple_of(LEAN) {
                self.hear(panel, cases.clone(), Some("lean"), &mut summary);
            }
            if let Some(rust) = rust {
                let few = cases.start..cases.end.min(cases.start + self.batch_in_rust);
                self.hear(rust, few.clone(), None, &mut summary);
                summary.cases_in_rust += few.end - few.start;
            }
            summary.cases += cases.end - cases.start;
            summary.took = started.elapsed();
            progress(&summary);
            first = cases.end;
        }
        summary
    }

    fn hear(&self, panel: &Panel, cases: Range<u64>, profile: Option<&str>, summary: &mut Summary) {
        let text = bundle(self.seed, cases.clone());
        let layouts = match parse(&text, profile) {
            Ok(layouts) => layouts,
            Err(errors) => {
                summary.disagreements.push(format!("cases {cases:?} of seed {} are not valid:\n{errors}", self.seed));
                return;
            }
        };
        let hearing = panel.hear(&layouts);
        if hearing.facts() > 0 {
            summary.records += layouts.model.records().filter(|(_, record)| !record.anonymous).count();
            summary.facts += hearing.facts();
        }
        summary.statements += hearing.statements();
        let (found, _) = hearing.disagreements(1);
        let mut seen: Vec<&Disagreement> = Vec::new();
        for disagreement in &found {
            if summary.disagreements.len() < ENOUGH && !seen.iter().any(|other| is_alike(other, disagreement)) {
                seen.push(disagreement);
                summary.disagreements.push(self.explain(panel, cases.clone(), profile, disagreement));
            }
        }
    }

    /// The smallest spec on which a witness still disagrees as it did on these cases, and what everyone says of it.
    fn explain(&self, panel: &Panel, cases: Range<u64>, profile: Option<&str>, found: &Disagreement) -> String {
        let narrowed = self.narrowed(panel, cases, profile, found);
        let origin = format!("cases {narrowed:?} of seed {}, profile {}", self.seed, profile.unwrap_or("none"));
        format!("{origin}\n{}", explain(panel, &bundle(self.seed, narrowed), Path::new(RANDOM), profile, found))
    }

    /// As few of the cases as still show it.
    fn narrowed(&self, panel: &Panel, cases: Range<u64>, profile: Option<&str>, found: &Disagreement) -> Range<u64> {
        let alone = panel.only_those_of(found);
        let mut cases = cases;
        while cases.end - cases.start > 1 {
            let middle = cases.start + (cases.end - cases.start) / 2;
            let halves = [cases.start..middle, middle..cases.end];
            let shows = |half: &Range<u64>| {
                shows(&alone, &bundle(self.seed, half.clone()), Path::new(RANDOM), profile, found).is_some()
            };
            match halves.into_iter().find(shows) {
                Some(half) => cases = half,
                None => break,
            }
        }
        cases
    }
}

/// How messages call the file of a random spec.
const RANDOM: &str = "random.toml";

fn parse(text: &str, profile: Option<&str>) -> Result<Layouts, String> {
    specs::parse(text, Path::new(RANDOM), profile)
}

/// Whether two disagreements are of one kind, so that one of them is enough to look at.
fn is_alike(one: &Disagreement, other: &Disagreement) -> bool {
    let what = |it: &Disagreement| it.fact.as_ref().map(|fact| fact.what);
    let is_same_reason = one.fact.is_some() || gist(&one.said) == gist(&other.said);
    one.witness == other.witness && one.about == other.about && what(one) == what(other) && is_same_reason
}

/// The words of the first error in what a program says, without numbers and names, which hang on the spec.
fn gist(said: &str) -> String {
    let line = said.lines().find(|line| line.contains("error")).or(said.lines().next()).unwrap_or_default();
    let mut words = String::new();
    // Compilers quote names, each in its own way.
    for (number, part) in line.split(['\'', '`', '"', '‘', '’']).enumerate() {
        if number % 2 == 0 {
            words.extend(part.chars().filter(|c| !c.is_ascii_digit()));
        }
    }
    words
}

/// A disagreement like the one that was found, if the spec with this text has one.
fn shows(panel: &Panel, text: &str, path: &Path, profile: Option<&str>, found: &Disagreement) -> Option<Disagreement> {
    let layouts = specs::parse(text, path, profile).ok()?;
    let (all, _) = panel.hear(&layouts).disagreements(usize::MAX);
    all.into_iter().find(|disagreement| is_alike(disagreement, found))
}

/// The smallest spec that still shows what was found in the one with this text, and everyone's word on it.
#[must_use]
pub fn explain(panel: &Panel, text: &str, path: &Path, profile: Option<&str>, found: &Disagreement) -> String {
    let alone = panel.only_those_of(found);
    let smallest = shrink(text, &mut |text| shows(&alone, text, path, profile, found).is_some());
    let everyone = shows(panel, &smallest, path, profile, found).unwrap_or_else(|| found.clone());
    let mut report = everyone.to_string();
    let _ = writeln!(report, "\non this spec:\n\n{}", smallest.trim_end());
    report
}
