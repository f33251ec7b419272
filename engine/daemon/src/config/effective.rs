//! The effective configuration: every key with its value and origin; defaults under the file under `--set`.
//!
//! Not here: rules between keys and the types the engine reads (`build`), and printing (`show`).

use super::error::{ConfigError, Place};
use super::node::{Node, Origin, Value, parse_document, parse_value};
use super::schema::{Key, Preset, Schema};
use super::shape::Shape;
use std::collections::BTreeMap;

/// A value written beside the file: by `--set` or by a flag of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Override {
    path: String,
    node: Node,
}

impl Override {
    /// From the text of a `--set`: KEY=VALUE; a VALUE that is not TOML is a string.
    ///
    /// # Errors
    /// [`ConfigError::NotAnOverride`] without a `=` or a key.
    pub fn set(text: &str) -> Result<Self, ConfigError> {
        let error = || ConfigError::NotAnOverride { text: text.to_owned() };
        let (path, value) = text.split_once('=').ok_or_else(error)?;
        let path = path.trim();
        if path.is_empty() || path.split('.').any(str::is_empty) {
            return Err(error());
        }
        Ok(Self { path: path.to_owned(), node: parse_value(value, Origin::Set) })
    }

    /// From a flag that stands for a key of type text.
    pub fn text(path: &str, text: &str, flag: &'static str) -> Self {
        Self {
            path: path.to_owned(),
            node: Node { value: Value::Text(text.to_owned()), origin: Origin::Flag(flag) },
        }
    }

    /// From a repeated flag that stands for a key of type list.
    pub fn list(path: &str, texts: &[String], flag: &'static str) -> Self {
        let origin = Origin::Flag(flag);
        let items = texts.iter().map(|text| Node { value: Value::Text(text.clone()), origin }).collect();
        Self { path: path.to_owned(), node: Node { value: Value::List(items), origin } }
    }

    /// As the document that would say the same.
    fn into_document(self) -> Vec<(String, Node)> {
        let origin = self.node.origin;
        let mut parts = self.path.split('.').rev();
        let leaf = (parts.next().expect("a path has a part").to_owned(), self.node);
        let nest = |inner: (String, Node), part: &str| {
            (part.to_owned(), Node { value: Value::Table(vec![inner]), origin })
        };
        vec![parts.fold(leaf, nest)]
    }
}

/// One key's value.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key.
    pub key: &'static Key,
    /// As it was written, and where; `None` if an optional key is not set.
    pub written: Option<Node>,
    /// Its normal form.
    pub normal: Option<Value>,
}

/// Every key's value, in documented order.
#[derive(Debug, Clone)]
pub struct Effective {
    file: String,
    entries: Vec<Entry>,
}

impl Effective {
    /// Reads a text and lays it and the overrides over the defaults. `file` is the text's name in errors.
    ///
    /// # Errors
    /// The first key that is unknown, then the first value that its shape refuses.
    pub fn new(
        schema: &'static Schema,
        file: &str,
        text: &str,
        overrides: &[Override],
    ) -> Result<Self, ConfigError> {
        let document = parse_document(text).map_err(|error| ConfigError::NotToml {
            file: file.to_owned(),
            line: error.line,
            message: error.message,
        })?;
        let mut written = Written { schema, file, nodes: BTreeMap::new() };
        written.add("", document)?;
        for one in overrides {
            written.add("", one.clone().into_document())?;
        }
        let mut nodes = written.nodes;
        let top = schema.keys().filter(|key| !key.path.contains("[]"));
        let entries =
            top.map(|key| entry(schema, file, key, nodes.remove(key.path))).collect::<Result<_, _>>()?;
        Ok(Self { file: file.to_owned(), entries })
    }

    /// The entries, in documented order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The configuration's name in errors.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The entry of a key.
    ///
    /// # Panics
    /// If the schema has no such key.
    pub fn entry(&self, path: &str) -> &Entry {
        self.entries.iter().find(|entry| entry.key.path == path).expect("a key of the schema")
    }

    /// Where a key's value was written.
    pub(super) fn place(&self, path: &str) -> Place {
        let origin = self.entry(path).written.as_ref().map_or(Origin::Default, |node| node.origin);
        Place { file: self.file.clone(), origin }
    }
}

/// Checks one key's value, or that of nobody's writing.
fn entry(
    schema: &Schema,
    file: &str,
    key: &'static Key,
    written: Option<Node>,
) -> Result<Entry, ConfigError> {
    let written = match (written, key.preset) {
        (Some(node), _) => Some(node),
        (None, Preset::Value(text)) => Some(parse_value(text, Origin::Default)),
        (None, Preset::Unset { .. }) => None,
        (None, Preset::Required { example }) => {
            let problem = format!("is missing; write for example {} = {example}", key.name());
            let place = Place { file: file.to_owned(), origin: Origin::File { line: 1 } };
            return Err(ConfigError::Value { place, path: key.path.to_owned(), problem });
        }
    };
    let Some(node) = written else { return Ok(Entry { key, written: None, normal: None }) };
    let normal = key.shape.check(&node, schema).map_err(|problem| ConfigError::Value {
        place: Place { file: file.to_owned(), origin: problem.origin },
        path: format!("{}{}", key.path, problem.suffix),
        problem: problem.sentence,
    })?;
    Ok(Entry { key, written: Some(node), normal: Some(normal) })
}

/// What was written so far, by key.
struct Written<'a> {
    schema: &'static Schema,
    file: &'a str,
    nodes: BTreeMap<&'static str, Node>,
}

impl Written<'_> {
    /// Adds a table that stands at `prefix`.
    fn add(&mut self, prefix: &str, table: Vec<(String, Node)>) -> Result<(), ConfigError> {
        for (name, node) in table {
            let path = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
            match (self.schema.find(&path), node.value) {
                (Some(key), value) => self.insert(key, Node { value, origin: node.origin }),
                (None, Value::Table(table)) if self.schema.is_section(&path) => self.add(&path, table)?,
                (None, value) => return Err(self.refuse(path, Node { value, origin: node.origin })),
            }
        }
        Ok(())
    }

    /// A later value replaces an earlier one; in a table of lists, entry by entry.
    fn insert(&mut self, key: &'static Key, node: Node) {
        if let (Shape::IndicatorsByTimeframe, Some(known)) = (key.shape, self.nodes.get_mut(key.path))
            && let (Value::Table(entries), Value::Table(new)) = (&mut known.value, &node.value)
        {
            entries.retain(|(name, _)| !new.iter().any(|(other, _)| other == name));
            entries.extend(new.iter().cloned());
            return;
        }
        self.nodes.insert(key.path, node);
    }

    fn refuse(&self, path: String, node: Node) -> ConfigError {
        let place = Place { file: self.file.to_owned(), origin: node.origin };
        if self.schema.is_section(&path) {
            let problem =
                format!("is {}, but it is a section; write [{path}] and its keys below", node.value.kind());
            return ConfigError::Value { place, path, problem };
        }
        ConfigError::UnknownKey { place, nearest: self.schema.nearest(&path).to_owned(), path }
    }
}
