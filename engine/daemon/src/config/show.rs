//! The effective configuration as TOML, each value with its origin behind it, in documented order.
//!
//! What is printed is itself a configuration that says the same.
//! Not here: the hash (`identity`), which covers normal forms and not what was written.

use super::effective::{Effective, Entry};
use super::node::{Node, Origin, Value, key_text};
use super::schema::Preset;
use super::shape::Shape;
use std::fmt::Write;

/// Prints the configuration.
pub(super) fn show(effective: &Effective) -> String {
    let file = effective.file();
    let printer = Printer { file_name: file.rsplit(['/', '\\']).next().unwrap_or(file), out: String::new() };
    printer.print(effective.entries())
}

struct Printer<'a> {
    file_name: &'a str,
    out: String,
}

impl Printer<'_> {
    fn print(mut self, entries: &[Entry]) -> String {
        let mut section = "";
        for entry in entries {
            if matches!(entry.key.shape, Shape::Tables(_)) {
                self.tables(entry);
                continue;
            }
            if entry.key.section() != section {
                section = entry.key.section();
                let gap = if self.out.is_empty() { "" } else { "\n" };
                self.out.push_str(&format!("{gap}[{section}]\n"));
            }
            self.entry(entry);
        }
        self.out
    }

    fn entry(&mut self, entry: &Entry) {
        let name = entry.key.name();
        match (&entry.written, entry.key.preset) {
            (None, Preset::Unset { means, .. }) => self.line(format!("# {name} is not set: {means}")),
            (None, _) => {}
            (Some(Node { value: Value::Table(lists), .. }), _)
                if matches!(entry.key.shape, Shape::IndicatorsByTimeframe) && !lists.is_empty() =>
            {
                for (timeframe, node) in lists {
                    self.value(&format!("{name}.{}", key_text(timeframe)), node);
                }
            }
            (Some(node), _) => self.value(name, node),
        }
    }

    fn tables(&mut self, entry: &Entry) {
        let tables = entry.written.as_ref().and_then(|node| node.value.as_list()).unwrap_or_default();
        for table in tables {
            self.out.push_str(&format!("\n[[{}]]\n", entry.key.path));
            for (name, node) in table.value.as_table().unwrap_or_default() {
                self.value(name, node);
            }
        }
    }

    fn value(&mut self, name: &str, node: &Node) {
        let origin = match node.origin {
            Origin::Default => "default".to_owned(),
            Origin::File { line } => format!("{}:{line}", self.file_name),
            Origin::Set => "--set".to_owned(),
            Origin::Flag(flag) => flag.to_owned(),
        };
        self.line(format!("{name} = {} # {origin}", node.value));
    }

    fn line(&mut self, line: String) {
        writeln!(self.out, "{line}").expect("a string can always grow");
    }
}
