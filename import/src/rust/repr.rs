//! What `#[repr(...)]` says.

use syn::{Attribute, Meta, punctuated::Punctuated};

use super::{integers::primitive, written::Written};
use bpf_layout_spec::compare::Shape;

#[derive(Default)]
pub(super) struct Repr {
    pub(super) c: bool,
    pub(super) transparent: bool,
    pub(super) packed: Option<u32>,
    pub(super) align: Option<u32>,
    /// Of an enum: the integer that holds it.
    integer: Option<String>,
}

impl Repr {
    pub(super) fn of(attributes: &[Attribute]) -> Self {
        let mut repr = Repr::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("repr")) {
            let Ok(parts) = attribute.parse_args_with(Punctuated::<Meta, syn::Token![,]>::parse_terminated) else {
                continue;
            };
            parts.iter().for_each(|part| repr.add(part));
        }
        repr
    }

    fn add(&mut self, part: &Meta) {
        let name = part.path().get_ident().map(ToString::to_string).unwrap_or_default();
        let number = match part {
            Meta::List(list) => list.tokens.to_string().parse().ok(),
            _ => None,
        };
        match name.as_str() {
            "C" => self.c = true,
            "transparent" => self.transparent = true,
            "packed" => self.packed = Some(number.unwrap_or(1)),
            "align" => self.align = number,
            _ if matches!(primitive(&name), Some(Shape::Int { .. })) => self.integer = Some(name),
            _ => {}
        }
    }

    /// The integer that holds an enum. `repr(C)` alone is as large as C makes it.
    pub(super) fn of_enum(&self) -> Option<Written> {
        let name = self.integer.clone().or(self.c.then(|| "c_uint".to_owned()))?;
        Some(Written::Named(name))
    }
}
