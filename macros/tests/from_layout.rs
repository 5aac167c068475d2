//! What `#[derive(FromLayout)]` says of each mistake, one folder a rule, and what it takes.
//!
//! The messages of types that do not fit are rustc's own, and so depend on its version: the one the workspace is developed
//! with.

#[test]
fn mistakes_are_reported_at_the_users_own_field() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/from_layout/accepted/*.rs");
    for rule in ["attribute", "contradiction", "enums", "functions", "names", "shape", "types"] {
        cases.compile_fail(format!("tests/from_layout/{rule}/*.rs"));
    }
}
