//! The C side of the graffiti test: functions that mark a record's members, and that look for the marks.

use std::fmt::Write as _;

use bpf_layout_spec::{
    layout::Layouts,
    model::{Record, RecordKind},
};

use crate::graffiti::{self, Node};

/// The mark of byte `byte` of member `number`, so mixed that no two members of a record look alike. `src/marks.rs` has
/// the same in Rust.
const MARKS: &str = "\
static unsigned char mark(unsigned int number, unsigned int byte)
{
	unsigned int mixed = (number + 1) * 0x9e3779b1u ^ (byte + 1) * 0x85ebca6bu;

	mixed ^= mixed >> 15;
	mixed *= 0x2c1b3c6du;
	return mixed >> 24;
}

static void fill(void *member, unsigned int size, unsigned int number)
{
	unsigned int byte;

	for (byte = 0; byte < size; byte++)
		((unsigned char *)member)[byte] = mark(number, byte);
}

static int differs(const void *member, unsigned int size, unsigned int number)
{
	unsigned int byte;

	for (byte = 0; byte < size; byte++)
		if (((const unsigned char *)member)[byte] != mark(number, byte))
			return 1;
	return 0;
}

static void clear(void *record, unsigned long size)
{
	while (size)
		((unsigned char *)record)[--size] = 0;
}
";

/// The C file for one spec. Its functions are `NAME_RECORD_ROUND_fill` and `..._check`; the latter gives 0, or one more
/// than the number of the first member that holds something else.
pub(crate) fn source(name: &str, layouts: &Layouts, header: &str) -> String {
    let mut text = format!("#include \"{header}\"\n\n{MARKS}");
    for (id, record) in layouts.model.records().filter(|(_, record)| !record.anonymous) {
        for round in 0..graffiti::rounds(&layouts.model, record) {
            let nodes = graffiti::plan(layouts, id, record, round);
            write_round(&mut text, &format!("{name}_{}_{round}", record.name.spec), record, &nodes);
        }
    }
    text
}

fn write_round(text: &mut String, function: &str, record: &Record, nodes: &[Node<'_>]) {
    let keyword = if record.kind == RecordKind::Union { "union" } else { "struct" };
    let ty = format!("{keyword} {}", record.name.c);
    let (mut fill, mut check) = (String::new(), String::new());
    write_nodes(nodes, &mut fill, &mut check);
    let _ = write!(
        text,
        "\nvoid {function}_fill({ty} *p);\nvoid {function}_fill({ty} *p)\n{{\n\tclear(p, sizeof(*p));\n{fill}}}\n\
         \nunsigned int {function}_check(const {ty} *p);\nunsigned int {function}_check(const {ty} *p)\n{{\n{check}\treturn 0;\n}}\n"
    );
}

fn write_nodes(nodes: &[Node<'_>], fill: &mut String, check: &mut String) {
    for node in nodes {
        match node {
            Node::Bytes { field, number } => {
                let c = &field.name.c;
                let _ = writeln!(fill, "\tfill(&p->{c}, sizeof(p->{c}), {number});");
                let _ =
                    writeln!(check, "\tif (differs(&p->{c}, sizeof(p->{c}), {number}))\n\t\treturn {};", number + 1);
            }
            Node::Bits { field, number, value } => {
                let (c, value) = (&field.name.c, literal(*value));
                let _ = writeln!(fill, "\tp->{c} = {value};");
                let _ = writeln!(check, "\tif (p->{c} != {value})\n\t\treturn {};", number + 1);
            }
            Node::Unnamed { nodes, .. } => write_nodes(nodes, fill, check),
        }
    }
}

fn literal(value: i128) -> String {
    match i64::try_from(value) {
        Ok(value) => format!("{value}ll"),
        Err(_) => format!("{value}ull"),
    }
}
