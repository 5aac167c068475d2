//! The parts whose tests have to notice every change, and which tests those are: the fewest that can, since they run once for
//! each mutant.

/// One part.
pub(crate) struct Part {
    /// As `cargo xtask mutants` calls it.
    pub(crate) name: &'static str,
    /// The crate that is changed.
    pub(crate) package: &'static str,
    /// Files and, with `/` at their end, folders without the files that another part names.
    pub(crate) files: &'static [&'static str],
    /// Crates whose tests judge; the one that is changed need not be among them.
    pub(crate) judges: &'static [&'static str],
    /// Which of their tests, as `cargo test` takes it.
    pub(crate) tests: &'static [&'static str],
    /// Tests of these that are left out, by parts of their names: they take seconds, and notice what others notice.
    pub(crate) skip: &'static [&'static str],
    /// The compilers and other programs that the tests may ask, if not all that they know: what is changed is seen by any.
    pub(crate) tools: Option<&'static str>,
}

/// All of them, in the order in which a mistake in them would do harm.
pub(crate) const PARTS: &[Part] = &[
    Part {
        name: "layout",
        package: "bpf-layout-spec",
        files: &["spec/src/layout.rs", "spec/src/layout/"],
        judges: &["bpf-layout-spec"],
        tests: &["--test", "layout"],
        skip: &[],
        tools: None,
    },
    Part {
        name: "expressions",
        package: "bpf-layout-spec",
        files: &["spec/src/expr.rs", "spec/src/lex.rs", "spec/src/check/constants.rs"],
        // The texts of diagnostics are goldens of the other.
        judges: &["bpf-layout-spec", "bpf-layout-emit"],
        tests: &["--lib", "--test", "constants", "--test", "diagnostics"],
        skip: &[],
        tools: None,
    },
    Part {
        name: "comparer",
        package: "bpf-layout-spec",
        files: &["spec/src/compare.rs", "spec/src/compare/"],
        judges: &["bpf-layout-spec"],
        tests: &["--lib", "--test", "comparer", "--test", "boundary", "--test", "breaking", "--test", "mutants"],
        skip: &[],
        tools: None,
    },
    Part {
        name: "memory",
        package: "bpf-layout-memory",
        files: &[
            "memory/src/bytes.rs",
            "memory/src/cost.rs",
            "memory/src/family.rs",
            "memory/src/family/",
            "memory/src/map.rs",
            "memory/src/older.rs",
            "memory/src/sizes.rs",
            "memory/src/sizes/",
        ],
        judges: &["bpf-layout-memory"],
        tests: &[
            "--lib", "--test", "vectors", "--test", "real", "--test", "report", "--test", "parts", "--test", "kernels",
        ],
        skip: &[],
        tools: None,
    },
    Part {
        name: "parsers",
        package: "bpf-layout",
        files: &["runtime/src/layout.rs", "runtime/src/variable.rs", "runtime/src/view.rs", "runtime/src/error.rs"],
        judges: &["bpf-layout"],
        tests: &["--lib", "--test", "parse", "--test", "records"],
        skip: &[],
        tools: None,
    },
    Part {
        name: "check",
        package: "bpf-layout-check",
        files: &["check/src/"],
        judges: &["bpf-layout-check"],
        tests: &[
            "--lib",
            "--test",
            "by_hand",
            "--test",
            "objects",
            "--test",
            "fingerprints",
            "--test",
            "boundary",
            "--test",
            "loaded",
        ],
        // They read dozens of objects to find nothing.
        skip: &["programs_that_hand_over_events", "damaged_objects_are_errors"],
        tools: Some("clang clang-19 bpftool"),
    },
    Part {
        name: "rust",
        package: "bpf-layout-emit",
        files: &["codegen/emit/src/rust.rs", "codegen/emit/src/rust/"],
        judges: &["bpf-layout-emit"],
        tests: &["--lib", "--test", "rust_golden"],
        // What is generated is a golden, and rustc need not be asked whether what has changed still compiles.
        skip: &["modules_compile"],
        tools: None,
    },
    Part {
        name: "c",
        package: "bpf-layout-emit",
        files: &["codegen/emit/src/c.rs", "codegen/emit/src/c/"],
        judges: &["bpf-layout-emit"],
        tests: &["--lib", "--test", "c_golden"],
        // None of them asks what is generated for C, and clang-format is not asked about each change of a golden.
        skip: &["render::", "clang_format_leaves_headers_alone"],
        tools: None,
    },
    Part {
        name: "language",
        package: "bpf-layout-spec",
        files: &["spec/src/read/", "spec/src/check/few.rs", "spec/src/check/map_wakeup.rs"],
        // The texts of diagnostics are goldens of the other.
        judges: &["bpf-layout-spec", "bpf-layout-emit"],
        tests: &[
            "--lib",
            "--test",
            "diagnostics",
            "--test",
            "language",
            "--test",
            "load",
            "--test",
            "syntax",
            "--test",
            "layout",
        ],
        // They show errors of texts of their own.
        skip: &["render::"],
        tools: None,
    },
    Part {
        name: "rules",
        package: "bpf-layout-spec",
        files: &["spec/src/check/"],
        judges: &["bpf-layout-spec", "bpf-layout-emit"],
        tests: &[
            "--test",
            "breaking",
            "--test",
            "clashes",
            "--test",
            "diagnostics",
            "--test",
            "language",
            "--test",
            "limits",
            "--test",
            "load",
            "--test",
            "placement",
            "--test",
            "layout",
        ],
        skip: &[],
        tools: None,
    },
    Part {
        name: "lock",
        package: "bpf-layout-spec",
        files: &["spec/src/lock.rs", "spec/src/lock/"],
        judges: &["bpf-layout-spec"],
        tests: &["--test", "lock"],
        skip: &[],
        tools: None,
    },
    Part {
        name: "builder",
        package: "bpf-layout-codegen",
        files: &["codegen/src/"],
        judges: &["bpf-layout-codegen"],
        // Without those of `cargo`, which build tools for two minutes.
        tests: &["--lib", "--test", "build", "--test", "check", "--test", "lock", "--test", "needs"],
        skip: &[],
        tools: None,
    },
];

impl Part {
    /// Whether a file or folder is of this part.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.files.contains(&path) || self.folder_of(path).is_some() && !self.elsewhere().any(|other| other == path)
    }

    /// Files in folders of this part that are of another, since that names them.
    pub(crate) fn elsewhere(&self) -> impl Iterator<Item = &'static str> {
        let others = PARTS.iter().filter(|part| part.name != self.name).flat_map(|part| part.files);
        others.copied().filter(|file| !file.ends_with('/') && self.folder_of(file).is_some())
    }

    /// The folder of this part that a file is in.
    fn folder_of(&self, path: &str) -> Option<&'static str> {
        self.files.iter().copied().find(|own| own.ends_with('/') && path.starts_with(own))
    }
}
