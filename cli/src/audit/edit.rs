//! `--write`: new numbers in the files of a spec, everything else as it stands there: comments, order, spaces.

use std::path::{Path, PathBuf};

use bpf_layout_emit::write::{Output, write_if_changed};
use bpf_layout_memory::shrink::Knob;
use bpf_layout_spec::{
    Loaded, Options, load_with,
    model::{ConstKind, MapId, Model, RecordKind, TypeDef, TypeId},
};
use toml_edit::{DocumentMut, Item, TableLike, Value};

use super::propose::Proposal;
use crate::failure::Failure;

/// Writes the proposals that everything was seen for, and says what was done about each. Nothing is written if the spec
/// would not be valid then.
pub(super) fn write(loaded: &Loaded, proposals: &[Proposal]) -> Result<String, Failure> {
    let mut files = Files::parse(loaded)?;
    let mut said = String::new();
    for proposal in proposals {
        let Proposal { name, from, to, at, .. } = proposal;
        said += &match files.apply(&loaded.layouts.model, proposal) {
            Ok(()) => format!("{at}: {name} {from} -> {to}\n"),
            Err(why) => format!("{at}: {name} is left at {from}: {why}\n"),
        };
    }
    let outputs = files.outputs(loaded);
    validate(loaded, &outputs)?;
    write_if_changed(&outputs)?;
    Ok(if said.is_empty() { "there is nothing to write\n".into() } else { said })
}

/// The files of a spec.
struct Files {
    documents: Vec<(PathBuf, DocumentMut)>,
    profile: Option<String>,
}

impl Files {
    fn parse(loaded: &Loaded) -> Result<Self, Failure> {
        let parse = |path: &Path, text: &str| {
            let document = text.parse::<DocumentMut>().map_err(|error| {
                let message = format!("cannot edit `{}`: {error}", path.display());
                Failure::new(message, "edit it by hand; the proposals say what to write")
            });
            document.map(|document| (path.to_owned(), document))
        };
        let documents = loaded.sources.iter().map(|(_, source)| parse(&source.path, &source.text));
        Ok(Files { documents: documents.collect::<Result<_, _>>()?, profile: loaded.layouts.model.profile.clone() })
    }

    /// Changes one number, or says why not.
    fn apply(&mut self, model: &Model, proposal: &Proposal) -> Result<(), String> {
        if !proposal.unseen.is_empty() {
            return Err(format!("not everything that hangs on it was seen: {}", proposal.unseen.join(", ")));
        }
        match proposal.knob {
            Knob::Constant(id) => {
                let constant = model.constant(id);
                let table = if constant.kind == ConstKind::Length { "lengths" } else { "capacities" };
                self.set_number(&[table, &constant.name.spec], proposal)
            }
            Knob::Entries(MapId(id)) => {
                self.set_number(&["map", &model.maps[id as usize].name.spec, "max_entries"], proposal)
            }
            Knob::Length(id, field) => self.set_length(model, id, field, proposal),
        }
    }

    /// Sets a plain number: that of the profile, if it has one.
    fn set_number(&mut self, path: &[&str], proposal: &Proposal) -> Result<(), String> {
        let profile = self.profile.clone();
        let own = profile.iter().flat_map(|profile| ["profile", profile.as_str()]).chain(path.iter().copied());
        let own: Vec<&str> = own.collect();
        let paths = [own.as_slice(), path];
        let item = paths.iter().find_map(|path| {
            self.documents.iter().position(|(_, d)| find(d.as_item(), path).is_some()).map(|file| (file, *path))
        });
        let (file, path) = item.ok_or("it was not found in the file")?;
        let item = find_mut(self.documents[file].1.as_item_mut(), path).ok_or("it was not found in the file")?;
        let value = item.as_value_mut().filter(|value| value.is_integer());
        let value = value.ok_or("it is written as an expression, which is to be changed by hand")?;
        replace(value, i64::try_from(proposal.to).map_err(|_| "it is no number of TOML")?);
        Ok(())
    }

    /// Sets N of `str[N]`.
    fn set_length(&mut self, model: &Model, id: TypeId, field: usize, proposal: &Proposal) -> Result<(), String> {
        const BY_HAND: &str = "it lies where only a hand finds it";
        let TypeDef::Record(record) = model.ty(id) else { return Err(BY_HAND.into()) };
        let table = match record.kind {
            RecordKind::Struct => "struct",
            RecordKind::Event { .. } => "event",
            RecordKind::Union => "union",
        };
        let name = &record.fields[field].name.spec;
        let mut documents = self.documents.iter_mut();
        let types = documents.find_map(|(_, document)| {
            field_type(find_mut(document.as_item_mut(), &[table, &record.name.spec, "fields"])?, name)
        });
        let ty = types.ok_or(BY_HAND)?;
        let old = ty.as_str().ok_or(BY_HAND)?;
        let inner = old
            .trim()
            .strip_prefix("str")
            .map(str::trim_start)
            .and_then(|rest| rest.strip_prefix('[')?.strip_suffix(']'));
        if inner.map(str::trim) != Some(proposal.from.to_string().as_str()) {
            return Err("its type is written as an expression or alias, which is to be changed by hand".into());
        }
        replace(ty, format!("str[{}]", proposal.to));
        Ok(())
    }

    fn outputs(&self, loaded: &Loaded) -> Vec<Output> {
        let texts = self.documents.iter().zip(loaded.sources.iter());
        let changed = texts.filter_map(|((path, document), (_, source))| {
            let contents = document.to_string();
            (contents != source.text).then(|| Output { path: path.clone(), contents: contents.into_bytes() })
        });
        changed.collect()
    }
}

/// Loads the spec as it would be.
fn validate(loaded: &Loaded, outputs: &[Output]) -> Result<(), Failure> {
    let Some((_, first)) = loaded.sources.iter().next() else { return Ok(()) };
    let mut read = |path: &Path| match outputs.iter().find(|output| output.path == path) {
        Some(output) => Ok(String::from_utf8_lossy(&output.contents).into_owned()),
        None => std::fs::read_to_string(path),
    };
    load_with(&first.path, &mut read, &Options { profile: loaded.layouts.model.profile.clone() })?;
    Ok(())
}

fn find<'a>(item: &'a Item, path: &[&str]) -> Option<&'a Item> {
    path.iter().try_fold(item, |item, key| item.as_table_like()?.get(key))
}

fn find_mut<'a>(item: &'a mut Item, path: &[&str]) -> Option<&'a mut Item> {
    path.iter().try_fold(item, |item, key| item.as_table_like_mut()?.get_mut(key))
}

/// The type of the field of this name, among inline tables or `[[struct.NAME.fields]]`.
fn field_type<'a>(fields: &'a mut Item, name: &str) -> Option<&'a mut Value> {
    let is_it = |field: &dyn TableLike| field.get("name").and_then(Item::as_str) == Some(name);
    let field: &mut dyn TableLike = match fields {
        Item::Value(Value::Array(array)) => {
            array.iter_mut().filter_map(Value::as_inline_table_mut).find(|field| is_it(*field))?
        }
        Item::ArrayOfTables(tables) => tables.iter_mut().find(|field| is_it(*field))?,
        _ => return None,
    };
    field.get_mut("type")?.as_value_mut()
}

/// Another value, with the spaces and comments around the old one.
fn replace(value: &mut Value, new: impl Into<Value>) {
    let decor = value.decor().clone();
    *value = new.into();
    *value.decor_mut() = decor;
}
