//! Types that are defined elsewhere.

use bpf_layout_spec::model::Extern;

use super::{ALLOW, docs, out::Out};

/// The user's own type where the spec names one, opaque bytes otherwise.
pub(super) fn write(out: &mut Out, def: &Extern) {
    let Extern { name, size, align, .. } = def;
    let spec = docs::literal(&name.spec);
    let otherwise = format!("`{}`, defined elsewhere.", def.c_type);
    match &def.rust_type {
        Some(path) => {
            docs::write(out, def.doc.as_deref(), Some(&otherwise));
            out.line(ALLOW);
            out.assign(&format!("pub type {}", name.rust), path);
            let call = format!("::bpf_layout::__private::prove::extern_type::<{}>({spec}, {size}, {align})", name.rust);
            out.assign("const _: ()", &call);
        }
        None => {
            out.open("::bpf_layout::opaque!");
            docs::write(out, def.doc.as_deref(), Some(&otherwise));
            out.write(format_args!("pub struct {}({spec}): size {size}, align {align};", name.rust));
            out.close();
        }
    }
}
