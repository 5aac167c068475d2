//! `FromLayout`: what each kind of field becomes, what does not fit, and how it is said.
#![forbid(unsafe_code)]

mod from;
