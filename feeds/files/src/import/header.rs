//! The header line: which column stands where, by name and never by position.

use super::error::ImportError;
use super::lines::{Line, Lines};
use super::options::{ColumnNames, TS, TS_EVENT};
use super::record::Splitter;

/// The names of a file's columns.
pub(crate) struct Header<'a> {
    lines: &'a Lines,
    names: Vec<String>,
    given: &'a ColumnNames,
}

impl<'a> Header<'a> {
    /// Reads the first line that is not blank.
    ///
    /// # Errors
    /// [`ImportError`] where there is none or it is no text.
    pub(crate) fn read(
        lines: &'a mut Lines,
        splitter: &mut Splitter,
        given: &'a ColumnNames,
    ) -> Result<Self, ImportError> {
        let line = lines.advance()?.ok_or_else(|| ImportError::Empty(lines.path().to_owned()))?;
        let is_text = line == Line::Whole && std::str::from_utf8(lines.bytes()).is_ok();
        if !is_text || !splitter.split(lines.bytes()) {
            return Err(ImportError::NotText(lines.path().to_owned()));
        }
        let names = (0..splitter.cells()).map(|cell| splitter.cell(cell).to_owned()).collect();
        Ok(Self { lines, names, given })
    }

    /// How many columns there are.
    pub(crate) fn width(&self) -> usize {
        self.names.len()
    }

    /// The position of a column by the name given for it, else by ours; `None` if no name was given for it and it is
    /// not there.
    ///
    /// # Errors
    /// [`ImportError`] where a name that was given is not there, or several columns have the name.
    pub(crate) fn find(&self, column: &'static str) -> Result<Option<usize>, ImportError> {
        if let Some(name) = self.given.given(column) {
            return self.position(name)?.map(Some).ok_or_else(|| self.missing(column, name));
        }
        match self.position(column)? {
            None if column == TS_EVENT => self.position(TS),
            found => Ok(found),
        }
    }

    /// The same for a column that must be there.
    ///
    /// # Errors
    /// As [`Self::find`]; [`ImportError::MissingColumn`].
    pub(crate) fn require(&self, column: &'static str) -> Result<usize, ImportError> {
        let name = if column == TS_EVENT { TS } else { column };
        self.find(column)?.ok_or_else(|| self.missing(column, name))
    }

    fn position(&self, name: &str) -> Result<Option<usize>, ImportError> {
        let mut found = (0..self.names.len()).filter(|index| self.names[*index] == name);
        match (found.next(), found.next()) {
            (_, Some(_)) => {
                Err(ImportError::RepeatedColumn { path: self.lines.path().to_owned(), name: name.to_owned() })
            }
            (first, None) => Ok(first),
        }
    }

    fn missing(&self, column: &'static str, name: &str) -> ImportError {
        ImportError::MissingColumn {
            path: self.lines.path().to_owned(),
            column,
            name: name.to_owned(),
            present: self.names.clone(),
        }
    }
}
