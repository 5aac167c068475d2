//! Dictionaries of interned strings: the functions that put a string in and give its id, and the one that finds it.
//! What ids are is described in `spec/src/intern.rs`.

use std::collections::BTreeSet;

use bpf_layout_spec::{
    layout::Layouts,
    model::{Intern, TypeId},
};

use super::{access::INLINE, helpers::Helper, out::Out};

/// Everything of one dictionary, behind its maps.
pub(super) fn functions(out: &mut Out, helpers: &mut BTreeSet<Helper>, layouts: &Layouts, intern: &Intern) {
    helpers.extend([
        Helper::Lookup,
        Helper::ReadKernel,
        Helper::ReadUser,
        Helper::Opaque,
        Helper::CopyText,
        Helper::InternBegin,
        Helper::InternSame,
        Helper::Intern,
    ]);
    let dictionary = Dictionary { layouts, intern };
    for how in [How::Kernel, How::User, How::Bytes] {
        dictionary.function(out, how);
    }
    dictionary.definition(out);
}

/// Where a string comes from.
#[derive(Clone, Copy)]
enum How {
    Kernel,
    User,
    Bytes,
}

impl How {
    const fn suffix(self) -> &'static str {
        match self {
            How::Kernel => "kernel",
            How::User => "user",
            How::Bytes => "bytes",
        }
    }

    const fn parameters(self) -> &'static [&'static str] {
        match self {
            How::Kernel | How::User => &["const void *src"],
            How::Bytes => &["const void *src", "__u32 len"],
        }
    }

    const fn arguments(self) -> &'static str {
        match self {
            How::Kernel | How::User => "src",
            How::Bytes => "src, len",
        }
    }

    const fn reader(self) -> Helper {
        match self {
            How::Kernel => Helper::ReadKernel,
            How::User => Helper::ReadUser,
            How::Bytes => Helper::CopyText,
        }
    }
}

struct Dictionary<'a> {
    layouts: &'a Layouts,
    intern: &'a Intern,
}

impl Dictionary<'_> {
    fn ty(&self, id: TypeId) -> String {
        format!("struct {}", self.layouts.model.ty(id).name().c)
    }

    /// `__path_intern_kernel(strings, interning, src)`: the maps are not there yet.
    fn function(&self, out: &mut Out, how: How) {
        let (id, interning) = (self.ty(self.intern.id), self.ty(self.intern.interning));
        let name = format!("__{}_intern_{}", self.intern.name.c, how.suffix());
        let mut parameters = vec!["void *strings", "void *interning"];
        parameters.extend(how.parameters());
        out.blank();
        out.signature(&format!("{INLINE} {id}"), &[&name], &parameters);
        out.body(|out| {
            out.write(format_args!("{id} id = {{ 0 }};"));
            out.write(format_args!("{interning} *p;"));
            out.line("long read;");
            out.blank();
            out.write(format_args!("p = {}(interning);", Helper::InternBegin.name()));
            out.line("if (!p)");
            out.line("\treturn id;");
            let field = ["p->string.text", "sizeof(p->string.text)", how.arguments()];
            out.call(&["read = ", how.reader().name()], &field, ";");
            out.call(
                &["id.id = ", Helper::Intern.name()],
                &["strings", "(void *)p", "sizeof(p->string.text)", "read"],
                ";",
            );
            out.line("return id;");
        });
    }

    /// `DEFINE_PATH_INTERN`: both maps, and the functions that programs call.
    fn definition(&self, out: &mut Out) {
        let (id, string) = (self.ty(self.intern.id), self.ty(self.intern.string));
        let base = &self.intern.name.c;
        let [strings, scratch] =
            [self.intern.strings, self.intern.scratch].map(|map| &self.layouts.model.map(map).name);
        out.blank();
        out.lines([
            "/*".to_owned(),
            " * At file scope, this defines the dictionary and what works with it. Of a".to_owned(),
            " * string, these give the id, and enter it if it is not there:".to_owned(),
            format!(" * {base}_intern_kernel(), {base}_intern_user(), and"),
            format!(" * {base}_intern_bytes() of a text of known length. An id of 0 says that it"),
            " * could not be read, or that there was no room, which is counted.".to_owned(),
            format!(" * {base}_interned() gives the string of an id, or NULL."),
            " */".to_owned(),
        ]);
        out.macro_definition(&self.intern.c_macro(), |out| {
            out.write(format_args!("DEFINE_{}_MAP;", strings.upper));
            out.write(format_args!("DEFINE_{}_MAP;", scratch.upper));
            for how in [How::Kernel, How::User, How::Bytes] {
                let name = format!("{base}_intern_{}", how.suffix());
                out.signature(&format!("{INLINE} {id}"), &[&name], how.parameters());
                let maps = [format!("&{}", strings.c), format!("&{}", scratch.c)];
                let arguments = [&maps[0], &maps[1], how.arguments()];
                out.body(|out| out.call(&["return __", &name], &arguments, ";"));
            }
            out.signature(&format!("{INLINE} const {string} *"), &[base, "_interned"], &[&format!("{id} id")]);
            out.body(|out| {
                out.line("void *(*lookup)(void *, const void *) =");
                out.line("\t(void *)1; /* bpf_map_lookup_elem() */");
                out.blank();
                out.write(format_args!("return lookup(&{}, &id);", strings.c));
            });
            out.line(&id);
        });
    }
}
