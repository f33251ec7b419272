//! report.html from a run folder. (Being written.)

use std::fmt;
use std::path::{Path, PathBuf};

/// Why.
#[derive(Debug)]
pub struct HtmlError(pub String);

impl fmt::Display for HtmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for HtmlError {}

/// Renders.
///
/// # Errors
/// Io.
pub fn render_report(run_dir: &Path) -> Result<PathBuf, HtmlError> {
    Ok(run_dir.join("report.html"))
}
