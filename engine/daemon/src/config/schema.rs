//! What a key is: path, shape, default, unit and one line of prose.
//!
//! Why: the table of keys (`keys`) is the only place that knows them. Unknown-key checks, defaults,
//! `config show`, `configs/reference.toml` and the configuration hash are all read off it.
//! Not here: the keys themselves.

use super::shape::Shape;

/// What a key is when nobody writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// This TOML value.
    Value(&'static str),
    /// Nothing: the key is optional.
    Unset {
        /// A TOML value somebody may write.
        example: &'static str,
        /// What its absence means.
        means: &'static str,
    },
    /// It must be written.
    Required {
        /// A TOML value somebody may write.
        example: &'static str,
    },
}

/// Whether a key can change a result, and so enters the configuration hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bearing {
    /// It can.
    OnResults,
    /// It cannot: paths, layout, threads, telemetry, durability.
    OnSpeedOnly,
}

/// One key.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its full path; `[]` stands for every table of a list of tables.
    pub path: &'static str,
    /// What it may be.
    pub shape: Shape,
    /// What it is when nobody writes it.
    pub preset: Preset,
    /// Its unit; empty if it has none.
    pub unit: &'static str,
    /// What it does, in a sentence.
    pub doc: &'static str,
    /// Whether it enters the configuration hash.
    pub bearing: Bearing,
}

impl Key {
    /// A key with a default that can change results.
    pub(super) const fn new(
        path: &'static str,
        shape: Shape,
        default: &'static str,
        unit: &'static str,
        doc: &'static str,
    ) -> Self {
        Self { path, shape, preset: Preset::Value(default), unit, doc, bearing: Bearing::OnResults }
    }

    /// The same without a default: optional.
    pub(super) const fn unset(mut self, example: &'static str, means: &'static str) -> Self {
        self.preset = Preset::Unset { example, means };
        self
    }

    /// The same without a default: required.
    pub(super) const fn required(mut self, example: &'static str) -> Self {
        self.preset = Preset::Required { example };
        self
    }

    /// The same, unable to change results.
    pub(super) const fn speed_only(mut self) -> Self {
        self.bearing = Bearing::OnSpeedOnly;
        self
    }

    /// The table it stands in, empty for the top level.
    pub fn section(&self) -> &'static str {
        self.path.rfind('.').map_or("", |at| &self.path[..at])
    }

    /// Its name within that table.
    pub fn name(&self) -> &'static str {
        self.path.rfind('.').map_or(self.path, |at| &self.path[at + 1..])
    }
}

/// A section and what it is about.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    /// Its path.
    pub path: &'static str,
    /// What it is about, in a sentence.
    pub doc: &'static str,
}

/// All there is to know of one kind of configuration file.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// The keys, in documented order, in parts.
    pub parts: &'static [&'static [Key]],
    /// The sections, in documented order.
    pub sections: &'static [Section],
}

impl Schema {
    /// The keys, in documented order.
    pub fn keys(&self) -> impl Iterator<Item = &'static Key> {
        self.parts.iter().flat_map(|part| part.iter())
    }

    /// The key of a path.
    pub fn find(&self, path: &str) -> Option<&'static Key> {
        self.keys().find(|key| key.path == path)
    }

    /// Whether keys stand below a path.
    pub(super) fn is_section(&self, path: &str) -> bool {
        self.keys().any(|key| key.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
    }

    /// The nearest known key or section to a path that is neither.
    pub(super) fn nearest(&self, path: &str) -> &'static str {
        let sections = self.sections.iter().map(|section| section.path);
        let known = self.keys().map(|key| key.path).filter(|path| !path.contains("[]")).chain(sections);
        super::nearest::nearest(path, known).expect("a schema has keys")
    }
}
