//! `grandmodel config features`: the feature schema of each matrix of a configuration, with its hash.
//!
//! Why: a model file carries the hash of the features it was made for, and training scripts need it.

use super::wiring;
use crate::cli::FeaturesArgs;
use crate::config::Loaded;
use crate::failure::Failure;
use serde::Serialize;

#[derive(Serialize)]
struct Printed<'a> {
    matrices: Vec<PrintedMatrix<'a>>,
}

#[derive(Serialize)]
struct PrintedMatrix<'a> {
    name: &'a str,
    timeframe: String,
    window: u32,
    columns: Vec<&'a str>,
    schema: &'a str,
    schema_hash: &'a str,
}

/// The schemas as text for people, or as one JSON object.
///
/// # Errors
/// [`Failure::Usage`] where the configuration does not stand.
pub fn features(args: &FeaturesArgs) -> Result<String, Failure> {
    let loaded = Loaded::load(&args.config.file, &crate::cli::parse_sets(&args.config.set)?)?;
    let stage = wiring::matrices(&loaded.config, 1)?;
    let matrices: Vec<PrintedMatrix> = stage
        .iter()
        .flat_map(|stage| stage.specs().iter().zip(stage.schemas()))
        .map(|(spec, schema)| PrintedMatrix {
            name: &spec.name,
            timeframe: spec.timeframe.to_string(),
            window: spec.window,
            columns: spec.columns.iter().map(|column| column.feature.as_str()).collect(),
            schema: schema.schema_text(),
            schema_hash: schema.schema_hash(),
        })
        .collect();
    if args.json {
        let json = serde_json::to_string_pretty(&Printed { matrices }).expect("schemas are plain data");
        return Ok(json + "\n");
    }
    if matrices.is_empty() {
        return Ok("no matrices: list some in matrices.list, or run the strategy marl\n".to_owned());
    }
    let text = |matrix: &PrintedMatrix| format!("{}sha256 {}\n", matrix.schema, matrix.schema_hash);
    Ok(matrices.iter().map(text).collect::<Vec<_>>().join("\n"))
}
