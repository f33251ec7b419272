//! The rows an import refuses: counted by reason, and kept for the catalog.

use super::error::ImportError;
use super::reason::{Fault, Rejected};
use catalog::{RejectWriter, RejectedRow};
use feed::OnBadRow;
use model::Nanos;
use std::path::{Path, PathBuf};

/// A refused row.
pub(crate) struct Refused<'a> {
    pub file: &'a Path,
    pub row: u64,
    pub fault: Fault,
    pub raw: &'a str,
    pub symbol: Option<&'a str>,
    pub ts_event: Option<Nanos>,
}

/// Takes refused rows; the file is made with the first.
pub(crate) struct RejectLog {
    path: PathBuf,
    on_bad_row: OnBadRow,
    counts: Rejected,
    writer: Option<RejectWriter>,
}

impl RejectLog {
    pub(crate) fn new(path: PathBuf, on_bad_row: OnBadRow) -> Self {
        Self { path, on_bad_row, counts: Rejected::new(), writer: None }
    }

    /// Takes a row.
    ///
    /// # Errors
    /// [`ImportError::BadRow`] if the first is fatal, [`ImportError::Catalog`] where the disk refuses.
    pub(crate) fn refuse(&mut self, refused: &Refused<'_>) -> Result<(), ImportError> {
        let Fault { reason, column } = refused.fault;
        *self.counts.entry(reason.name()).or_default() += 1;
        if self.on_bad_row == OnBadRow::Fail {
            return Err(ImportError::BadRow {
                path: refused.file.to_owned(),
                row: refused.row,
                reason: reason.name(),
                column,
                raw: refused.raw.to_owned(),
            });
        }
        let writer = match &mut self.writer {
            Some(writer) => writer,
            None => self.writer.insert(RejectWriter::create(&self.path)?),
        };
        let row = RejectedRow {
            file: &refused.file.to_string_lossy(),
            row: refused.row,
            column,
            reason: reason.name(),
            raw: refused.raw,
            symbol: refused.symbol,
            ts_event: refused.ts_event,
        };
        Ok(writer.push(&row)?)
    }

    /// Closes the file; how many rows were refused, by reason.
    ///
    /// # Errors
    /// [`ImportError::Catalog`] where the disk refuses.
    pub(crate) fn finish(self) -> Result<Rejected, ImportError> {
        if let Some(writer) = self.writer {
            let written = writer.finish()?;
            assert_eq!(written, self.counts.values().sum::<u64>(), "every refused row is kept");
        }
        Ok(self.counts)
    }
}
