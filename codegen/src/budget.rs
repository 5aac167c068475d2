//! The spec's budgets, enforced on every build.

use bpf_layout_memory::{Machine, budget::Budgets, newest};
use bpf_layout_spec::Loaded;

use crate::Error;

/// Checks the budgets; what stays within them by what the kernel reports alone is a warning. Reckons with the newest
/// kernel of the bundled table, so that a build does not depend on the machine it runs on.
///
/// # Errors
/// If one is exceeded.
pub(crate) fn check(loaded: &Loaded) -> Result<Vec<String>, Error> {
    let model = &loaded.layouts.model;
    if !Budgets::exist(model) {
        return Ok(Vec::new());
    }
    let machine = Machine::new(newest(), Budgets::cpus(model));
    let budgets = Budgets::check(&loaded.layouts, &machine).map_err(|error| Error::Budget(error.to_string()))?;
    if budgets.hold() {
        Ok(budgets.warnings(model))
    } else {
        Err(Error::Budget(budgets.errors(model, &loaded.sources).trim_end().to_owned()))
    }
}
