//! The run folder: tables, summary, report.html.
//!
//! Why: a run is judged by its files. They are written from the records of the run, on a thread beside the
//! hot path, in bounded memory; the folder is whole or absent.
//! Not here: any figure that decides something; the report reads the folder's files and nothing else.

mod error;
mod folder;
mod html;
mod orders;
mod place;
mod summary;
mod table;
mod tables;

pub use error::ReportError;
pub use folder::{Counts, RejectRow, RunFolder, RunMeta};
pub use html::{HtmlError, render_report};
pub use place::Overwrite;
pub use summary::{
    CountsSummary, DataSection, LatencySummary, PerformanceSummary, PortfolioSummary, PositionSummary,
    SCHEMA_VERSION, SpeedSummary, Summary,
};
