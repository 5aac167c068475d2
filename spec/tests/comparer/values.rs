//! Enums and flags: sizes, values, what is missing and what cannot be known.

use bpf_layout_spec::compare::{ObservedEnum, ObservedType, Sign, compare};

use super::{load, observed, told};

const MODE: &str =
    "[enum.mode]\nrepr = \"u32\"\nvariants = [{ name = \"on\", value = 1 }, { name = \"off\", value = 2 }]\n";
const SIGNED: &str =
    "[enum.mode]\nrepr = \"i32\"\nvariants = [{ name = \"on\", value = -1 }, { name = \"off\", value = 2 }]\n";
const SMALL: &str = "[enum.mode]\nrepr = \"u8\"\nvariants = [{ name = \"on\", value = 1 }]\n";
const LARGE: &str =
    "[enum.mode]\nrepr = \"u32\"\nvariants = [{ name = \"on\", value = 1 }, { name = \"top\", value = 2147483648 }]\n";
const WIDE: &str = "[enum.mode]\nrepr = \"u64\"\nvariants = [{ name = \"on\", value = 0x100000000 }]\n";

fn values<'a>(size: u64, sign: Sign, values: &[(&'a str, i128)]) -> ObservedType<'a> {
    let values = Some(values.to_vec());
    ObservedType::Enum(ObservedEnum { name: "mode", size, sign, values, place: String::new() })
}

fn witness(spec: &str, size: u64, sign: Sign, found: &[(&str, i128)]) -> Vec<String> {
    told(&load(spec), &observed(vec![values(size, sign, found)]))
}

#[test]
fn each_value_is_there_and_none_else() {
    let plain = |found: &[(&str, i128)]| witness(MODE, 4, Sign::Unsigned, found);
    assert_eq!(plain(&[("MODE_ON", 1), ("MODE_OFF", 2)]), [""; 0]);
    assert_eq!(plain(&[("MODE_ON", 3), ("MODE_OFF", 2)]), ["enum-value MODE_ON: 1 / 3"]);
    assert_eq!(plain(&[("MODE_ON", 1)]), ["missing-variant MODE_OFF: 2 / missing"]);
    assert_eq!(
        plain(&[("MODE_ON", 1), ("MODE_OFF", 2), ("MODE_ALSO", 7)]),
        ["extra-variant MODE_ALSO: no such value / 7"]
    );
}

#[test]
fn an_enum_has_the_size_of_its_repr_where_c_gives_it_that() {
    let found = &[("MODE_ON", 1), ("MODE_OFF", 2)];
    assert_eq!(witness(MODE, 1, Sign::Unsigned, found), ["enum-size -: 4 / 1"]);
    assert_eq!(witness(SIGNED, 8, Sign::Signed, &[("MODE_ON", -1), ("MODE_OFF", 2)]), ["enum-size -: 4 / 8"]);
    // C gives these four bytes, whatever the fields that hold them have.
    assert_eq!(witness(SMALL, 4, Sign::Unsigned, &[("MODE_ON", 1)]), [""; 0]);
    assert_eq!(
        witness(
            "[enum.mode]\nrepr = \"i32\"\nvariants = [{ name = \"on\", value = 0 }]\n",
            1,
            Sign::Unsigned,
            &[("MODE_ON", 0)]
        ),
        [""; 0]
    );
    let flags = "[flags.mode]\nrepr = \"u32\"\nbits = [{ name = \"on\", value = 1 }]\n";
    assert_eq!(witness(flags, 1, Sign::Unsigned, &[("MODE_ON", 1)]), [""; 0]);
}

#[test]
fn negative_values_are_read_where_the_witness_does_not_know_of_signs() {
    let found = |on| witness(SIGNED, 4, Sign::Unknown, &[("MODE_ON", on), ("MODE_OFF", 2)]);
    assert_eq!(found(4_294_967_295), [""; 0]);
    assert_eq!(found(-1), [""; 0]);
    assert_eq!(found(4_294_967_294), ["enum-value MODE_ON: -1 / -2"]);
    assert_eq!(found(2_147_483_648), ["enum-value MODE_ON: -1 / -2147483648"]);
    assert_eq!(found(2_147_483_647), ["enum-value MODE_ON: -1 / 2147483647"]);
    assert_eq!(found(4_294_967_296), ["enum-value MODE_ON: -1 / 4294967296"]);
    let known = witness(SIGNED, 4, Sign::Unsigned, &[("MODE_ON", 4_294_967_295), ("MODE_OFF", 2)]);
    assert_eq!(known, ["enum-value MODE_ON: -1 / 4294967295"]);
    let unsigned = witness(LARGE, 4, Sign::Unknown, &[("MODE_ON", 1), ("MODE_TOP", 2_147_483_648)]);
    assert_eq!(unsigned, [""; 0]);
}

#[test]
fn what_writers_leave_out_is_not_known() {
    let unknown = |spec: &str, by_gcc, found: Option<Vec<(&'static str, i128)>>| {
        let (sign, place) = (Sign::Unsigned, String::new());
        let found = ObservedEnum { name: "mode", size: 4, sign, values: found, place };
        let mut observed = observed(vec![ObservedType::Enum(found)]);
        observed.by_gcc = by_gcc;
        let report = compare(&load(spec).layouts, &observed);
        let reasons: Vec<&str> = report.unknown.iter().map(|(_, reason)| *reason).collect();
        (report.differs.len(), reasons.join(""))
    };
    let gcc = "its values beyond 2147483647 are missing, and GCC before 13 leaves such values out";
    let clang = "its values have 64 bits, of which clang before 15 writes only 32";
    assert_eq!(unknown(LARGE, true, Some(vec![("MODE_ON", 1)])), (0, gcc.to_owned()));
    assert_eq!(unknown(LARGE, false, Some(vec![("MODE_ON", 1)])), (1, String::new()), "clang has them");
    assert_eq!(unknown(LARGE, true, Some(vec![])), (1, String::new()), "the smaller one would be there");
    let other = vec![("MODE_ON", 1), ("MODE_OTHER", 2_147_483_648)];
    assert_eq!(unknown(LARGE, true, Some(other)).1, "", "a writer that has one such value has all");
    let most = MODE.replace("value = 2", "value = 2147483647");
    assert_eq!(unknown(&most, true, Some(vec![("MODE_ON", 1)])), (1, String::new()), "that one is not beyond");
    let most = vec![("MODE_ON", 1), ("MODE_OTHER", 2_147_483_647)];
    assert_eq!(unknown(LARGE, true, Some(most)).1, "", "told by the difference in what is there beside it");
    assert_eq!(unknown(MODE, false, None), (0, clang.to_owned()));
    let signed = "[enum.mode]\nrepr = \"i64\"\nvariants = [{ name = \"on\", value = 1 }, { name = \"top\", value = 2147483648 }]\n";
    assert_eq!(unknown(signed, true, Some(vec![("MODE_ON", 1)])), (0, String::new()), "a macro in C");
}

#[test]
fn enums_that_are_macros_in_c_need_not_be_there() {
    let absent = |spec: &str| compare(&load(spec).layouts, &observed(vec![])).not_in_object.len();
    assert_eq!(absent(WIDE), 0);
    assert_eq!(absent(MODE), 1);
    assert_eq!(
        absent(&SIGNED.replace("i32", "i64").replace("-1", "-4294967296").replace("value = 2", "value = 4294967296")),
        0
    );
    assert_eq!(
        absent(
            &LARGE
                .replace("u32", "i64")
                .replace("value = 1 ", "value = 2147483648 ")
                .replace("2147483648 }]", "2147483649 }]")
        ),
        0
    );
}
