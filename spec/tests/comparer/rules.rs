//! Rules as such: which are the same, and how their numbers are shown.

use bpf_layout_spec::compare::{Rule, Unit, Value};

#[test]
fn a_rule_is_the_one_of_its_name() {
    let rule = |id| Rule::from_id(id).unwrap_or_else(|| panic!("there is no rule `{id}`"));
    assert_eq!(rule("field-size"), rule("field-size"));
    assert_ne!(rule("field-size"), rule("field-sign"));
    assert!(Rule::from_id("field").is_none());
}

#[test]
fn numbers_have_their_units() {
    let shown = |unit: Unit| [1, 12].map(|number| unit.show(&Value::Number(number)));
    assert_eq!(shown(Unit::Byte), ["byte 1", "byte 12"]);
    assert_eq!(shown(Unit::Bit), ["bit 1", "bit 12"]);
    assert_eq!(shown(Unit::Bytes), ["1 byte", "12 bytes"]);
    assert_eq!(shown(Unit::Bits), ["1 bit", "12 bits"]);
    assert_eq!(shown(Unit::Elements), ["1 element", "12 elements"]);
    assert_eq!(shown(Unit::Plain), ["1", "12"]);
    assert_eq!(Unit::Bytes.show(&Value::from("not given")), "not given");
}
