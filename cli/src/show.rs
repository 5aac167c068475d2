//! `show`: each struct as it lies in memory, and the maps. Prints what the layouts say and computes no layout.

mod human;
mod json;
pub(crate) mod rows;
mod select;
pub(crate) mod types;

use std::process::ExitCode;

pub(crate) use self::human::{CACHE_LINE, kind_name, totals};
use crate::{
    args::{Format, Show},
    failure::Failure,
    print, spec_file,
};

pub(crate) fn run(options: &Show) -> Result<ExitCode, Failure> {
    let loaded = spec_file::load(&options.spec)?;
    let selection = select::select(&loaded.layouts.model, options.name.as_deref())?;
    let text = match options.format {
        Format::Human => human::text(&loaded, &selection),
        Format::Json => json::text(&loaded.layouts, &selection),
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}
