//! `report.html`: one page that shows a run, from the run folder's files alone.
//!
//! Why: a folder of tables answers questions; a page lets a person see what happened before asking one. It is a
//! single file without any reference to the outside, so that it can be mailed, archived and opened in ten years.
//! Tables are streamed, and every series is thinned to what a screen can show: memory and page are bounded for
//! any run.
//! Not here: computing a figure of the run (they are read from `summary.json`), or writing the other files.
//!
//! Reading order: `gather` reads, `page` arranges, `timechart`, `lanes` and `barchart` draw through `canvas`.

mod agents;
mod axis;
mod barchart;
mod canvas;
mod cards;
mod decisions;
mod error;
mod facts;
mod gather;
mod lanes;
mod market;
mod page;
mod plot;
mod quality;
mod tables;
mod thin;
mod timechart;
mod voices;

pub use error::HtmlError;

use std::fs;
use std::path::{Path, PathBuf};

/// The page's name in the run folder.
const PAGE: &str = "report.html";

/// Reads the run folder and writes `report.html` into it; gives its path. A page that is there is replaced, whole.
///
/// # Errors
/// [`HtmlError`] where a file of the folder is missing or not what it should be, or the page cannot be written.
pub fn render_report(run_dir: &Path) -> Result<PathBuf, HtmlError> {
    let run = gather::gather(run_dir)?;
    let text = page::page(&run);
    let path = run_dir.join(PAGE);
    let partial = run_dir.join(format!(".{PAGE}.partial-{}", std::process::id()));
    let written = fs::write(&partial, text).and_then(|()| fs::rename(&partial, &path));
    written.map_err(|error| {
        // What is left of the page beside is in nobody's way.
        let _ = fs::remove_file(&partial);
        HtmlError::Write { path: path.clone(), error }
    })?;
    Ok(path)
}
