//! The run folder: tables, summary, report.html.
