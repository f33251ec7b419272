//! Whether the files that a configuration names are there.
//!
//! Apart from the rest, because it is the only part that looks at the disk, and because a tool may want to
//! check a configuration on a machine that has no data.
//! Not here: what is in the files.

use super::checked::Config;
use super::effective::Effective;
use super::error::ConfigError;
use super::node::Origin;
use objects::ObjectUrl;
use std::path::Path;

/// Checks the paths of `data.generate` and `data.paths`; those that are not absolute start at `root`.
pub(super) fn check(effective: &Effective, config: &Config, root: &Path) -> Result<(), ConfigError> {
    let refuse = |path: &str, problem: String| ConfigError::Value {
        place: effective.place(path),
        path: path.to_owned(),
        problem,
    };
    // Data that is named on the command line is there, or it is wrong: none is made in its place.
    let is_named = matches!(effective.place("data.paths").origin, Origin::Flag(_));
    if let Some(generate) = config.data.generate.as_ref().filter(|_| !is_named) {
        let name = generate.display();
        if !root.join(generate).is_file() {
            let problem =
                format!("names {name}, which is no file; write the path of a generator's configuration");
            return Err(refuse("data.generate", problem));
        }
        if config.data.paths.is_empty() && !config.data.stored.is_empty() {
            // The ticks of stores are meant, and nothing is made.
            return Ok(());
        }
        if config.data.paths.len() != 1 {
            let problem =
                format!("makes one folder of data, but data.paths has {}; name one", config.data.paths.len());
            return Err(refuse("data.generate", problem));
        }
        return Ok(());
    }
    for path in &config.data.paths {
        let text = path.to_str().unwrap_or_default();
        if ObjectUrl::is_url(text) {
            // What is there is asked when the data is found: a configuration is checked without a network.
            ObjectUrl::parse(text).map_err(|error| refuse("data.paths", format!("is wrong: {error}")))?;
            continue;
        }
        if text.contains("://") {
            let problem =
                format!("names {text}, but only paths and s3://BUCKET/PREFIX are read; copy it there");
            return Err(refuse("data.paths", problem));
        }
        if !root.join(path).exists() {
            let problem = format!("names {}, which does not exist; write the path of data", path.display());
            return Err(refuse("data.paths", problem));
        }
    }
    Ok(())
}
