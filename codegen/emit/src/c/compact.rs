//! Compact events: the room that one grows in, and the functions that fill its fields of variable length and send it.
//! The wire format is described in `spec/src/layout/compact.rs`.

use std::collections::BTreeSet;

use bpf_layout_spec::{
    compare::DESCRIPTOR,
    layout::Room,
    model::{Field, Type, Variable, VariableKind},
};

use super::{
    access::{Access, INLINE_LONG, INLINE_VOID},
    expr,
    helpers::Helper,
    out::Out,
    types::Needs,
};

/// The struct that stands for a field of variable length.
pub(super) fn descriptor(out: &mut Out, needs: &Needs) {
    if !needs.variable {
        return;
    }
    out.blank();
    let guard = format!("__{}", DESCRIPTOR.to_ascii_uppercase());
    out.lines([
        format!("#ifndef {guard}"),
        format!("#define {guard}"),
        "/* A field of variable length: its bytes follow the struct that this is in. */".to_owned(),
        format!("struct {DESCRIPTOR} {{"),
        "\t__u16 offset; /* from the start of the struct */".to_owned(),
        "\t__u16 len; /* 15 bits; the highest: more were there and are cut off */".to_owned(),
        "};".to_owned(),
    ]);
    out.call(&["__BPF_LAYOUT_SIZE"], &[&format!("struct {DESCRIPTOR}"), "4", "2"], ";");
    out.line("#endif");
}

/// Every function of a compact event.
pub(super) fn functions(out: &mut Out, helpers: &mut BTreeSet<Helper>, access: &Access<'_>) {
    let Some(room) = access.layouts.room(access.id) else { return };
    let compact = Compact { access, room, name: format!("{}_room", access.record.name.c) };
    compact.room(out);
    helpers.insert(Helper::Opaque);
    access.init_with(out, helpers, |out| {
        out.write(format_args!("__bpf_layout_room(p, {})->used = sizeof(*p);", compact.ty()));
    });
    for field in &access.record.fields {
        if let Type::Variable(variable) = &field.ty {
            compact.appenders(out, helpers, field, variable);
            compact.cut(out, field);
        }
    }
    compact.submit(out, helpers);
    compact.scratch(out, helpers);
}

struct Compact<'a> {
    access: &'a Access<'a>,
    room: Room,
    /// `exec_event_room`
    name: String,
}

impl Compact<'_> {
    fn ty(&self) -> String {
        format!("struct {}", self.name)
    }

    /// The struct around the event. Its members say in BTF how long each field may be.
    fn room(&self, out: &mut Out) {
        let room = self.room;
        out.blank();
        out.line("/* Where a record grows before it is sent; one has up to this many bytes. */");
        out.write(format_args!("struct {} {{", self.name));
        out.indent();
        out.line("__u64 used; /* bytes of the record so far */");
        out.line("__u64 lost; /* records that could not be sent */");
        if self.is_shared() {
            out.line("__u64 taken; /* by how many at once: the one that has it, and who looks */");
        }
        if room.header > room.account {
            out.write(format_args!("__u8 _pad0[{}];", room.header - room.account));
        }
        out.write(format_args!("{} record;", self.access.ty));
        self.most(out);
        out.write(format_args!("__u8 spare[{}];", room.spare));
        out.dedent();
        out.write(format_args!("}} __attribute__((aligned({})));", room.align));
        out.call(&["__BPF_LAYOUT_SIZE"], &[&self.ty(), &room.size.to_string(), &room.align.to_string()], ";");
        out.call(&["__BPF_LAYOUT_AT"], &[&self.ty(), "record", &room.header.to_string()], ";");
    }

    /// What may follow the event's struct, in one order of many.
    fn most(&self, out: &mut Out) {
        let model = &self.access.layouts.model;
        let mut members = self.access.record.variable().peekable();
        if members.peek().is_none() {
            return;
        }
        out.line("struct {");
        out.indent();
        for (field, variable) in members {
            let (name, limit) = (&field.name.c, expr::count(model, &variable.limit));
            out.line(&match &variable.kind {
                VariableKind::Str => format!("char {name}[{limit}];"),
                VariableKind::Bytes => format!("__u8 {name}[{limit}];"),
                VariableKind::Strs(several) => format!("char {name}[{}][{limit}];", expr::count(model, several)),
            });
        }
        out.dedent();
        out.line("} most;");
    }

    /// The functions that fill one field.
    fn appenders(&self, out: &mut Out, helpers: &mut BTreeSet<Helper>, field: &Field, variable: &Variable) {
        let (from, len) = ("const void *src", "__u32 len");
        match &variable.kind {
            VariableKind::Str | VariableKind::Strs(_) => {
                self.appender(out, helpers, field, variable, ("read", "_kernel", Helper::AppendStrKernel), &[from]);
                self.appender(out, helpers, field, variable, ("read", "_user", Helper::AppendStrUser), &[from]);
                self.appender(out, helpers, field, variable, ("copy", "", Helper::AppendText), &[from, len]);
            }
            VariableKind::Bytes => {
                let bytes = [from, len];
                self.appender(out, helpers, field, variable, ("read", "_kernel", Helper::AppendBytesKernel), &bytes);
                self.appender(out, helpers, field, variable, ("read", "_user", Helper::AppendBytesUser), &bytes);
            }
        }
    }

    /// For a source that was cut before, which the bytes alone do not tell.
    fn cut(&self, out: &mut Out, field: &Field) {
        let name = &field.name.c;
        out.blank();
        out.signature(INLINE_VOID, &[&self.access.record.name.c, "_cut_", name], &[&self.access.pointer]);
        out.body(|out| {
            if field.omitted {
                out.line("(void)p; /* left out by the profile */");
            } else {
                out.write(format_args!("p->{name}.len |= 0x8000;"));
            }
        });
    }

    fn appender(
        &self,
        out: &mut Out,
        helpers: &mut BTreeSet<Helper>,
        field: &Field,
        variable: &Variable,
        (verb, space, helper): (&str, &str, Helper),
        source: &[&str],
    ) {
        let name = &field.name.c;
        let mut parameters = vec![self.access.pointer.as_str()];
        parameters.extend(source);
        out.blank();
        let function = [&self.access.record.name.c, "_", verb, "_", name, space];
        out.signature(INLINE_LONG, &function, &parameters);
        out.body(|out| {
            let arguments: Vec<&str> = source.iter().map(|parameter| last_word(parameter)).collect();
            if field.omitted {
                out.lines(std::iter::once("p").chain(arguments).map(|name| format!("(void){name};")));
                return out.line("return 0; /* left out by the profile */");
            }
            helpers.extend([Helper::Append, helper].into_iter().chain(helper.calls()));
            self.room_of(out);
            out.blank();
            let one = match variable.kind {
                VariableKind::Strs(_) => format!("sizeof(room->most.{name}[0])"),
                VariableKind::Str | VariableKind::Bytes => {
                    out.write(format_args!("if (p->{name}.len)"));
                    out.line("\treturn -17; /* EEXIST: it is filled */");
                    format!("sizeof(room->most.{name})")
                }
            };
            let (tail, last) = (format!("&p->{name}"), format!("sizeof(*p) + sizeof(room->most) - {one}"));
            let all = format!("sizeof(room->most.{name})");
            let mut passed = vec!["p", &tail, "&room->used", &last, &one, &all];
            passed.extend(arguments);
            out.call(&["return ", helper.name()], &passed, ";");
        });
    }

    /// The variable `room`.
    fn room_of(&self, out: &mut Out) {
        let ty = self.ty();
        let line = format!("{ty} *room = __bpf_layout_room(p, {ty});");
        if out.fits(&line) {
            out.line(&line);
        } else {
            out.write(format_args!("{ty} *room ="));
            out.write(format_args!("\t__bpf_layout_room(p, {ty});"));
        }
    }

    /// Whether a program takes one of several rooms, and gives it back.
    fn is_shared(&self) -> bool {
        self.room.count > 1
    }

    fn submit(&self, out: &mut Out, helpers: &mut BTreeSet<Helper>) {
        helpers.extend([Helper::Send, Helper::PerfSend]);
        out.blank();
        out.lines([
            "/*",
            " * Sends the struct and the bytes in use. Returns 0; or a negative errno, if there",
            " * is no room: then nothing was sent, and the record counts as lost.",
        ]);
        if self.is_shared() {
            helpers.insert(Helper::Give);
            out.line(" * Either way the record is not yours any more.");
        }
        out.line(" */");
        let pointer = &self.access.pointer;
        let most = if self.access.record.variable().next().is_some() { " + sizeof(room->most)" } else { "" };
        let most = format!("sizeof(*p){most}");
        let record = ["p", "room->used", "sizeof(*p)", &most, "&room->lost"];
        let sender = |out: &mut Out, name, parameters: &[&str], helper: Helper, arguments: &[&str]| {
            out.signature(INLINE_LONG, &self.access.name(name), parameters);
            out.body(|out| {
                self.room_of(out);
                if self.is_shared() {
                    out.line("long err;");
                }
                out.blank();
                if self.is_shared() {
                    out.call(&["err = ", helper.name()], arguments, ";");
                    out.line("__bpf_layout_give(&room->taken);");
                    out.line("return err;");
                } else {
                    out.call(&["return ", helper.name()], arguments, ";");
                }
            });
            out.blank();
        };
        let arguments = [&["ringbuf"], &record[..], &["flags"]].concat();
        sender(out, "_submit", &["void *ringbuf", pointer, "__u64 flags"], Helper::Send, &arguments);
        let arguments = [&["ctx", "perfbuf"], &record[..]].concat();
        sender(out, "_perf_submit", &["void *ctx", "void *perfbuf", pointer], Helper::PerfSend, &arguments);
        self.discard(out);
    }

    /// The end of a record that is not sent.
    fn discard(&self, out: &mut Out) {
        out.line(if self.is_shared() {
            "/* For a record that is not sent after all: gives its room back. */"
        } else {
            "/* For a record that is not sent after all; the next one takes its room. */"
        });
        out.signature(INLINE_VOID, &self.access.name("_discard"), &[&self.access.pointer]);
        out.body(|out| {
            if self.is_shared() {
                self.room_of(out);
                out.blank();
                out.line("__bpf_layout_give(&room->taken);");
            } else {
                out.line("(void)p;");
            }
        });
        out.blank();
    }

    fn scratch(&self, out: &mut Out, helpers: &mut BTreeSet<Helper>) {
        let (scratch, count) = (self.access.name("_scratch").concat(), self.room.count);
        let about = if self.is_shared() {
            helpers.insert(Helper::Take);
            [
                format!(" * At file scope, this defines {count} rooms per CPU, and {scratch}(),"),
                " * which takes one and gives the record in it as it was left; NULL if all are".to_owned(),
                " * taken, and the record then counts as lost.".to_owned(),
            ]
            .to_vec()
        } else {
            [
                format!(" * At file scope, this defines a room per CPU, and {scratch}(), which"),
                " * gives the record in this CPU's as it was left.".to_owned(),
            ]
            .to_vec()
        };
        out.line("/*");
        out.lines(about);
        out.line(" */");
        let ty = self.ty();
        self.access.scratch_map(out, helpers, (&ty, count), |out, map| {
            let rooms = count.to_string();
            let (helper, which) = if self.is_shared() { (Helper::Take, rooms.as_str()) } else { (Helper::Lookup, "0") };
            out.write(format_args!("{ty} *room ="));
            out.indent();
            out.call(&[helper.name()], &[map, which], ";");
            out.dedent();
            out.blank();
            out.line("if (!room)");
            out.line("\treturn 0;");
            // Or clang 16 adds the place of the record first and looks then, which verifiers do not let it.
            out.line("__bpf_layout_opaque(room);");
            out.line("return &room->record;");
        });
    }
}

/// The name of a parameter: `src` of `const void *src`.
fn last_word(parameter: &str) -> &str {
    parameter.rsplit([' ', '*']).next().unwrap_or(parameter)
}
