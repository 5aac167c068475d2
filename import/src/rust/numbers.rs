//! Constants, and what expressions over them come to.

use std::collections::BTreeMap;

use bpf_layout_lint::outline::constant;

/// A constant.
#[derive(Clone, Debug)]
pub(super) struct Number {
    pub(super) value: u64,
    /// How it is computed, in the grammar of the spec.
    pub(super) expr: Option<String>,
    pub(super) doc: Option<String>,
}

/// Constants above 0, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers {
    by_name: BTreeMap<String, Number>,
    order: Vec<String>,
}

impl Numbers {
    /// Adds a constant, if it has a value here.
    pub(super) fn add(&mut self, name: &str, text: &str, doc: Option<String>) {
        let value = self.value(text).and_then(|value| u64::try_from(value).ok()).filter(|value| *value > 0);
        let Some(value) = value else { return };
        let named = text.contains(|letter: char| letter.is_ascii_alphabetic()) && !text.starts_with("0x");
        let expr = crate::header::spec_expr(text).filter(|_| named);
        if self.by_name.insert(name.to_owned(), Number { value, expr, doc }).is_none() {
            self.order.push(name.to_owned());
        }
    }

    /// The value of an expression over constants that were added before.
    pub(super) fn value(&self, text: &str) -> Option<i128> {
        let plain = text.replace(" as usize", "");
        let digits = without_suffixes(&plain);
        constant(&digits, &mut |name| self.by_name.get(name).map(|number| number.value.into()))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Number)> {
        self.order.iter().filter_map(|name| Some((name.as_str(), self.by_name.get(name)?)))
    }
}

/// Numbers without what says their type: `512usize`.
fn without_suffixes(text: &str) -> String {
    let suffixes = ["usize", "u64", "u32", "u16", "u8", "isize", "i64", "i32", "i16", "i8"];
    let words = text.split_inclusive(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    let plain = words.map(|word| {
        if !word.starts_with(|letter: char| letter.is_ascii_digit()) {
            return word.to_owned();
        }
        let (digits, rest) = word
            .split_at(word.trim_end_matches(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_')).len());
        let digits = suffixes.iter().find_map(|suffix| digits.strip_suffix(suffix)).unwrap_or(digits);
        format!("{}{rest}", digits.replace('_', ""))
    });
    plain.collect()
}
