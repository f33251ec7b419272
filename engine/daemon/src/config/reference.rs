//! `configs/reference.toml`, written from the table of keys: every key once, with what it may be, its unit
//! and its default.
//!
//! Not here: the keys (`keys`).

use super::schema::{Key, Preset, Schema};
use super::shape::{Shape, Tables};
use std::fmt::Write;

/// Longest comment line.
const WIDTH: usize = 110;

/// The reference of a schema.
pub(super) fn reference(schema: &Schema, head: &str) -> String {
    let mut out = String::new();
    comment(&mut out, head);
    let mut section = "";
    for key in schema.keys().filter(|key| !key.path.contains("[]")) {
        if key.section() != section && !matches!(key.shape, Shape::Tables(_)) {
            section = key.section();
            let known = schema.sections.iter().find(|known| known.path == section);
            out.push('\n');
            comment(&mut out, known.map_or("", |known| known.doc));
            out.push_str(&format!("[{section}]\n"));
        }
        match key.shape {
            Shape::Tables(tables) => list_of_tables(&mut out, key, &tables, schema),
            _ => entry(&mut out, key, ""),
        }
    }
    out
}

/// One key: prose, what it may be, unit, default, and the line itself (behind a `#` where it has no default).
fn entry(out: &mut String, key: &Key, prefix: &str) {
    out.push('\n');
    comment(out, key.doc);
    let unit = if key.unit.is_empty() { "none" } else { key.unit };
    let default = match key.preset {
        Preset::Value(text) => text.to_owned(),
        Preset::Unset { means, .. } => format!("not set ({means})"),
        Preset::Required { .. } => "none, it must be written".to_owned(),
    };
    comment(out, &format!("May be: {}.", key.shape.wants()));
    comment(out, &format!("Unit: {unit}. Default: {default}"));
    let (mark, value) = match key.preset {
        Preset::Value(text) => (prefix, text),
        Preset::Unset { example, .. } | Preset::Required { example } => ("# ", example),
    };
    writeln!(out, "{mark}{} = {value}", key.name()).expect("a string can always grow");
}

/// A list of tables, as an example behind `#`: a list with an entry would not be the default.
fn list_of_tables(out: &mut String, key: &Key, tables: &Tables, schema: &Schema) {
    out.push('\n');
    comment(out, key.doc);
    comment(out, "Unit: none. Default: [] (no table)");
    writeln!(out, "# [[{}]]", key.path).expect("a string can always grow");
    for field in schema.keys().filter(|field| field.section() == tables.fields) {
        entry(out, field, "# ");
    }
}

/// Prose behind `#`, broken between words.
fn comment(out: &mut String, prose: &str) {
    for paragraph in prose.lines() {
        let mut line = String::from("#");
        for word in paragraph.split_whitespace() {
            if line.chars().count() + 1 + word.chars().count() > WIDTH {
                out.push_str(&line);
                out.push('\n');
                line = String::from("#");
            }
            line.push(' ');
            line.push_str(word);
        }
        out.push_str(&line);
        out.push('\n');
    }
}
