//! What to import, and how to read it.

use super::error::ColumnNamesError;
use catalog::{Excess, TsUnit};
use feed::{Rules, SymbolRules};
use model::Nanos;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What raw files look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// CSV of open, high, low, close and volume; each bar becomes four trades.
    Bars,
}

impl Format {
    /// All that this build reads.
    pub const ALL: [Self; 1] = [Self::Bars];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bars => "bars",
        }
    }

    /// The format of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The columns it has; `ts_event` may also be called `ts`.
    pub const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Bars => &[TS_EVENT, SYMBOL, "open", "high", "low", "close", VOLUME],
        }
    }
}

/// The column of times.
pub(crate) const TS_EVENT: &str = "ts_event";
/// Its other name.
pub(crate) const TS: &str = "ts";
/// The column of symbols.
pub(crate) const SYMBOL: &str = "symbol";
/// The column of volumes.
pub(crate) const VOLUME: &str = "volume";

/// Our column names to the files', where they differ.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ColumnNames(BTreeMap<&'static str, String>);

impl ColumnNames {
    /// Parses `NAME=COLUMN,…` with the names of a format.
    ///
    /// # Errors
    /// [`ColumnNamesError`] for what is no pair, a name that is none of the format's, and a name that is given twice.
    pub fn parse(text: &str, format: Format) -> Result<Self, ColumnNamesError> {
        let mut names = BTreeMap::new();
        for pair in text.split(',') {
            let (name, column) = pair
                .split_once('=')
                .map(|(name, column)| (name.trim(), column.trim()))
                .filter(|(name, column)| !name.is_empty() && !column.is_empty())
                .ok_or_else(|| ColumnNamesError::NotAPair(pair.to_owned()))?;
            let wanted = if name == TS { TS_EVENT } else { name };
            let ours = format.columns().iter().find(|ours| **ours == wanted);
            let ours = *ours.ok_or_else(|| ColumnNamesError::Unknown { name: name.to_owned(), format })?;
            if names.insert(ours, column.to_owned()).is_some() {
                return Err(ColumnNamesError::Twice(ours));
            }
        }
        Ok(Self(names))
    }

    /// The files' name that was given for a column.
    pub(crate) fn given(&self, column: &str) -> Option<&str> {
        self.0.get(column).map(String::as_str)
    }
}

/// Gives the rules of a symbol.
pub type RulesOfSymbol = Box<dyn Fn(&str) -> SymbolRules>;

/// What to import, and how to read it.
pub struct ImportOptions {
    /// What the files look like.
    pub format: Format,
    /// The files; their order breaks ties.
    pub files: Vec<PathBuf>,
    /// The catalog; it need not be there.
    pub out: PathBuf,
    /// What the columns are called.
    pub columns: ColumnNames,
    /// The symbol of rows that have none; renames where all rows have one and the same.
    pub symbol: Option<String>,
    /// The unit of integer timestamps.
    pub ts_unit: TsUnit,
    /// What to do with more than nine decimals.
    pub excess: Excess,
    /// How long a bar is; `None`: inferred from the times.
    pub bar_length: Option<Nanos>,
    /// Rules for all symbols; the reorder window is not used.
    pub rules: Rules,
    /// Rules by symbol.
    pub symbol_rules: RulesOfSymbol,
}

impl ImportOptions {
    /// Some files into a catalog, with default rules.
    pub fn new(format: Format, files: Vec<PathBuf>, out: PathBuf) -> Self {
        Self {
            format,
            files,
            out,
            columns: ColumnNames::default(),
            symbol: None,
            ts_unit: TsUnit::default(),
            excess: Excess::default(),
            bar_length: None,
            rules: Rules::default(),
            symbol_rules: Box::new(|_| SymbolRules::default()),
        }
    }
}

impl std::fmt::Debug for ImportOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ImportOptions")
            .field("format", &self.format)
            .field("files", &self.files)
            .field("out", &self.out)
            .field("symbol", &self.symbol)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_columns_parse_or_are_refused_by_name() {
        let names = ColumnNames::parse("ts=time, open = O=1,volume=vol", Format::Bars).unwrap();
        assert_eq!(names.given(TS_EVENT), Some("time"));
        assert_eq!(names.given("open"), Some("O=1"));
        assert_eq!(names.given("high"), None);
        for (text, part) in [
            ("", "NAME=COLUMN"),
            ("ts", "\"ts\""),
            ("ts=", "\"ts=\""),
            ("=x", "NAME=COLUMN"),
            ("open=a,", "NAME=COLUMN"),
            ("price=p", "\"price\" is no column of bars"),
            ("ts=a,ts_event=b", "ts_event"),
        ] {
            let error = ColumnNames::parse(text, Format::Bars).unwrap_err().to_string();
            assert!(error.contains(part), "{text:?}: {error}");
        }
        assert_eq!(Format::parse("bars"), Some(Format::Bars));
        assert_eq!(Format::parse("csv"), None);
    }
}
