//! What the checks of derived structs say.

use super::{
    super::{meaning::describe, message::Message},
    Field, Struct,
};
use crate::shape::Shape;

/// Stops the build.
#[track_caller]
pub(super) const fn fail(message: Message) -> ! {
    panic!("{}", message.as_str())
}

/// `comm` is at byte 12 here, layouts.toml:31 puts it at byte 16
pub(super) const fn elsewhere(field: &Field) -> Message {
    let mut message = named(field.name);
    message.push(" is at byte ");
    message.push_number(field.offset);
    message.push(" here, ");
    message.push(field.spec.at);
    message.push(" puts it at byte ");
    message.push_number(field.spec.offset);
    message.push(field.spec.hint);
    message
}

/// behind `proto` (layouts.toml:14) there is 1 byte of implicit padding …
pub(super) const fn implicit_padding(field: &Field, hole: usize) -> Message {
    let mut message = Message::new();
    message.push("behind `");
    message.push(field.name);
    message.push("` (");
    message.push(field.spec.at);
    message.push(") there is implicit padding of ");
    bytes(&mut message, hole);
    message.push(", which nothing sets to zero: write `");
    message.push(field.spec.pad);
    message.push(": bpf_layout::Pad<");
    message.push_number(hole);
    message.push(">` behind it");
    message
}

/// `family` is `u32` here, 4 bytes; layouts.toml:31 says `u16`, 2 bytes: write `u16`
pub(super) const fn wrong_kind(field: &Field, found: &Shape) -> Message {
    let spec = &field.spec;
    let mut message = named(field.name);
    message.push(" is `");
    describe(&mut message, found);
    let (size, expected) = (found.size(), spec.expected.size());
    message.push("` here, ");
    if size != expected {
        bytes(&mut message, size);
        message.push("; ");
    }
    message.push(spec.at);
    message.push(" says `");
    message.push(spec.says);
    message.push("`");
    if size != expected {
        message.push(", ");
        bytes(&mut message, expected);
    }
    if spec.expected.is_namesake(found) {
        message.push(", and means one that is laid out or named otherwise: under another profile, or in another spec");
    }
    message.push(": write ");
    message.push(spec.write);
    message
}

pub(super) const fn not_layout(field: &Field) -> Message {
    let spec = &field.spec;
    let mut message = named(field.name);
    message.push(
        " is of a type that cannot hold whatever bytes the kernel writes (no `bool`, `char`, reference or Rust enum \
         can), or that does not derive `BpfLayout`",
    );
    if !spec.at.is_empty() {
        message.push("; ");
        message.push(spec.at);
        message.push(" says `");
        message.push(spec.says);
        message.push("`");
    }
    message.push(": write ");
    message.push(spec.write);
    message
}

/// `Key` is 12 bytes here, layouts.toml:10 says 16
pub(super) const fn wrong_number(
    of: &Struct,
    is: &str,
    found: usize,
    here: &str,
    expected: usize,
    write: &str,
) -> Message {
    let mut message = named(of.name);
    message.push(is);
    message.push_number(found);
    message.push(here);
    message.push(of.spec.at);
    message.push(" says ");
    message.push_number(expected);
    if !write.is_empty() {
        message.push(": ");
        message.push(write);
    }
    message
}

/// `name`
const fn named(name: &str) -> Message {
    let mut message = Message::new();
    message.push("`");
    message.push(name);
    message.push("`");
    message
}

const fn bytes(message: &mut Message, count: usize) {
    message.push_number(count);
    message.push(if count == 1 { " byte" } else { " bytes" });
}
