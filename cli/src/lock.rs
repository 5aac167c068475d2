//! `lock`: the resolved layouts, as a file to be committed.

use std::process::ExitCode;

use bpf_layout_emit::write::{self, Output};
use bpf_layout_spec::lock::{self, Lock};

use crate::{args, failure::Failure, print, spec_file};

pub(crate) fn run(options: &args::Lock) -> Result<ExitCode, Failure> {
    let spec = spec_file::path(options.spec.as_deref())?;
    let (base, profiles) = lock::load_all(&spec)?;
    spec_file::warn(&base);
    let path = options.out.clone().unwrap_or_else(|| lock::path_of(&spec));
    let text = Lock::of(&base.layouts, &profiles).text(&base.layouts.model.spec_name);
    let outputs = [Output { path, contents: text.into_bytes() }];
    let word = if write::write_if_changed(&outputs)?.is_empty() { "unchanged" } else { "wrote" };
    print(&format!("{word:<9} {}\n", outputs[0].path.display()))?;
    Ok(ExitCode::SUCCESS)
}
