//! stub
use std::process::ExitCode;
use crate::Flags;
pub(crate) fn run(_: Flags) -> Result<ExitCode, String> { Err("x".into()) }
