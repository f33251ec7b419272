//! The run folder: tables, summary, report.html; and the explanation of a decision from it.
//!
//! Why: a run is judged by its files. They are written from the records of the run, on a thread beside the
//! hot path, in bounded memory; the folder is whole or absent.
//! Not here: any figure that decides something; the report reads the folder's files and nothing else.

mod agents;
mod caused;
mod decided;
mod error;
mod exits;
mod explain;
mod folder;
mod format;
mod held;
mod html;
mod meta;
mod orders;
mod outcome;
mod place;
mod read;
mod summary;
mod table;
mod tables;

pub use error::ReportError;
pub use explain::{ExplainError, explain};
pub use folder::{Counts, RejectRow, RunFolder};
pub use html::{HtmlError, render_report};
pub use meta::{AnsweringModel, OptionalTable, RunMeta};
pub use place::Overwrite;
pub use read::ReadError;
pub use summary::{
    AgentSummary, AgentsSummary, CountsSummary, DataSection, LatencySummary, ModelSummary,
    PerformanceSummary, PortfolioSummary, PositionSummary, SCHEMA_VERSION, SpeedSummary, Summary,
};
