//! All witnesses on one spec.

use std::{
    fmt,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use bpf_layout_emit::c;
use bpf_layout_spec::layout::Layouts;

use crate::{
    bindings,
    compilers::{self, Compiler},
    expected,
    facts::{Fact, Facts, Witness, testimony},
    rust::Rustc,
    source::View,
};

/// What a witness speaks of, and so by which names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum About {
    /// C.
    C(View),
    /// The generated Rust types.
    Rust,
}

impl About {
    fn ours(self, layouts: &Layouts) -> Facts {
        match self {
            About::C(View::Generated) => expected::in_c(layouts),
            About::C(View::Naive(dialect)) => expected::in_naive_c(layouts, dialect),
            About::Rust => expected::in_rust(layouts),
        }
    }
}

/// Makes a witness say something else, to see whether it is found out.
pub type Lie = fn(&mut Witness);

/// Those who are asked.
pub struct Panel {
    members: Vec<Member>,
    /// How many are asked at once.
    jobs: usize,
    lie: Option<Lie>,
}

#[derive(Clone)]
enum Member {
    Compiler(Compiler, Vec<View>),
    Bindgen,
    Rustc(Rustc),
}

impl Member {
    fn about(&self) -> Vec<About> {
        match self {
            Member::Compiler(_, views) => views.iter().copied().map(About::C).collect(),
            Member::Bindgen => vec![About::C(View::Generated)],
            Member::Rustc(_) => vec![About::Rust],
        }
    }

    /// The same, asked about one thing only.
    fn only(&self, about: About) -> Self {
        match (self, about) {
            (Member::Compiler(compiler, _), About::C(view)) => Member::Compiler(compiler.clone(), vec![view]),
            _ => self.clone(),
        }
    }

    /// How the names of its witnesses begin.
    fn name(&self) -> String {
        match self {
            Member::Compiler(compiler, _) => compiler.name.clone(),
            Member::Bindgen => BINDGEN.to_owned(),
            Member::Rustc(rustc) => rustc.name().to_owned(),
        }
    }

    fn ask(&self, layouts: &Layouts, ours: &Ours) -> Vec<(About, Witness)> {
        match self {
            Member::Compiler(compiler, views) => {
                let views: Vec<_> = views.iter().map(|&view| (view, ours.of(About::C(view)))).collect();
                let said = compiler.ask(layouts, &views);
                said.into_iter().map(|(view, witness)| (About::C(view), witness)).collect()
            }
            Member::Bindgen => {
                let about = About::C(View::Generated);
                vec![(about, ask_bindgen(layouts, ours.of(about)))]
            }
            Member::Rustc(rustc) => vec![(About::Rust, rustc.ask(layouts))],
        }
    }
}

/// What we say ourselves of each thing that is asked about.
struct Ours(Vec<(About, Facts)>);

impl Ours {
    /// What these will be asked about.
    fn for_all(members: &[Member], layouts: &Layouts) -> Self {
        let mut ours: Vec<(About, Facts)> = Vec::new();
        for about in members.iter().flat_map(Member::about) {
            if !ours.iter().any(|(other, _)| *other == about) {
                ours.push((about, about.ours(layouts)));
            }
        }
        Ours(ours)
    }

    fn of(&self, about: About) -> &Facts {
        let ours = self.0.iter().find(|(other, _)| *other == about);
        ours.map(|(_, facts)| facts).expect("what we say was collected for every witness")
    }
}

const BINDGEN: &str = "bindgen (libclang)";

fn ask_bindgen(layouts: &Layouts, ours: &Facts) -> Witness {
    let folder = tempfile::tempdir().expect("a folder for a header");
    let header = folder.path().join("oracle.h");
    std::fs::write(&header, c::header(layouts)).expect("the folder can be written");
    let said = bindings::ask(layouts, &header, ours);
    Witness { name: BINDGEN.to_owned(), said, knows: bindings::KNOWS }
}

impl Panel {
    /// Every compiler that is installed, and bindgen.
    #[must_use]
    pub fn installed(jobs: usize) -> Self {
        let compilers = compilers::all().into_iter().filter(Compiler::is_available);
        let mut members = vec![Member::Bindgen];
        members.extend(compilers.map(|compiler| {
            let views = compiler.views();
            Member::Compiler(compiler, views)
        }));
        Panel { members, jobs: jobs.max(1), lie: None }
    }

    /// rustc alone.
    #[must_use]
    pub fn rustc(rustc: Rustc) -> Self {
        Panel { members: vec![Member::Rustc(rustc)], jobs: 1, lie: None }
    }

    /// The members of both.
    #[must_use]
    pub fn and(mut self, other: Panel) -> Self {
        self.members.splice(0..0, other.members);
        self
    }

    /// With every witness told to say what `lie` makes of its testimony.
    #[must_use]
    pub fn lying(mut self, lie: Lie) -> Self {
        self.lie = Some(lie);
        self
    }

    /// Only the one whose witness disagrees.
    #[must_use]
    pub fn only_those_of(&self, disagreement: &Disagreement) -> Self {
        let is_it = |member: &&Member| {
            member.about().contains(&disagreement.about) && disagreement.witness.contains(&member.name())
        };
        let members = self.members.iter().filter(is_it).map(|member| member.only(disagreement.about)).collect();
        Panel { members, jobs: self.jobs, lie: self.lie }
    }

    /// Only those whose names `wanted` takes.
    #[must_use]
    pub fn only(mut self, wanted: impl Fn(&str) -> bool) -> Self {
        self.members.retain(|member| wanted(&member.name()));
        self
    }

    /// A line for each program that is asked: its name and its version.
    #[must_use]
    pub fn roll(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for member in &self.members {
            let version = match member {
                Member::Compiler(compiler, _) => compiler.version(),
                Member::Bindgen => bindgen_version(),
                Member::Rustc(rustc) => rustc.version(),
            };
            let line = format!("{:44} {version}", member.name());
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        lines
    }

    /// Asks everyone.
    #[must_use]
    pub fn hear(&self, layouts: &Layouts) -> Hearing {
        let ours = Ours::for_all(&self.members, layouts);
        let said = Mutex::new(Vec::new());
        let next = AtomicUsize::new(0);
        let work = || {
            while let Some((number, member)) = {
                let number = next.fetch_add(1, Ordering::Relaxed);
                self.members.get(number).map(|member| (number, member))
            } {
                let mut witnesses = member.ask(layouts, &ours);
                if let Some(lie) = self.lie {
                    witnesses.iter_mut().for_each(|(_, witness)| lie(witness));
                }
                said.lock().expect("no thread has failed").push((number, witnesses));
            }
        };
        thread::scope(|scope| {
            for _ in 0..self.jobs {
                scope.spawn(work);
            }
        });
        let mut said = said.into_inner().expect("no thread has failed");
        said.sort_by_key(|(number, _)| *number);
        let witnesses = said.into_iter().flat_map(|(_, witnesses): (usize, Vec<_>)| witnesses).collect();
        Hearing { ours, witnesses }
    }
}

/// The version of libclang that bindgen has loaded.
fn bindgen_version() -> String {
    bindgen::clang_version().full
}

/// What everyone has said of one spec.
pub struct Hearing {
    ours: Ours,
    witnesses: Vec<(About, Witness)>,
}

/// One witness against us, on one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// Whose names the fact has.
    pub about: About,
    /// The witness.
    pub witness: String,
    /// What it is about; nothing if the witness refuses the spec altogether.
    pub fact: Option<Fact>,
    /// What is said, by the witness itself if it refuses, otherwise by everyone.
    pub said: String,
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fact {
            Some(_) => f.write_str(&self.said),
            None => writeln!(f, "{} refuses: {}", self.witness, self.said),
        }
    }
}

impl Hearing {
    /// Every disagreement, at most `most` for each witness, whose number is given beside them.
    #[must_use]
    pub fn disagreements(&self, most: usize) -> (Vec<Disagreement>, usize) {
        let (mut found, mut count) = (Vec::new(), 0);
        for (about, witness) in &self.witnesses {
            let ours = self.ours.of(*about);
            if let Err(reason) = &witness.said {
                let (name, said) = (witness.name.clone(), reason.clone());
                found.push(Disagreement { about: *about, witness: name, fact: None, said });
                count += 1;
            }
            let disputed = witness.disputes(ours);
            count += disputed.len();
            for fact in disputed.into_iter().take(most) {
                let others = self.witnesses.iter().filter(|(other, _)| other == about).map(|(_, witness)| witness);
                let said = testimony(&fact, ours, others);
                found.push(Disagreement { about: *about, witness: witness.name.clone(), fact: Some(fact), said });
            }
        }
        (found, count)
    }

    /// How many facts we state of the generated header.
    #[must_use]
    pub fn facts(&self) -> usize {
        self.ours.0.iter().find(|(about, _)| *about == About::C(View::Generated)).map_or(0, |(_, facts)| facts.len())
    }

    /// How many statements of witnesses were compared.
    #[must_use]
    pub fn statements(&self) -> usize {
        self.witnesses.iter().filter_map(|(_, witness)| witness.said.as_ref().ok()).map(Facts::len).sum()
    }

    /// The names of all witnesses.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.witnesses.iter().map(|(_, witness)| witness.name.as_str())
    }
}

/// Panics with everyone's numbers unless all agree on a spec; tells how much was compared.
///
/// # Panics
/// If they do not agree, or there was nothing to compare.
pub fn assert_agreement(panel: &Panel, path: &Path, profile: Option<&str>) {
    let layouts = crate::specs::layouts(path, profile);
    let hearing = panel.hear(&layouts);
    assert!(hearing.statements() > 0, "{}: nothing to compare", path.display());
    let (found, count) = hearing.disagreements(3);
    let shown: String = found.iter().take(12).map(Disagreement::to_string).collect();
    println!(
        "{} {}: {} facts, {} witnesses, {} statements",
        path.display(),
        profile.unwrap_or_default(),
        hearing.facts(),
        hearing.names().count(),
        hearing.statements()
    );
    assert_eq!(count, 0, "{} (profile {profile:?}):\n{shown}", path.display());
}
