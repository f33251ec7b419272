//! Whose weights answered at a decision: what the folder says of the run's models, and since when each answered.

use super::columns::{Align, aligned, instant, row};
use crate::decided::DECISIONS;
use crate::meta::{AnsweringModel, MODELS_NOTE};
use crate::read::{ReadError, TableFile};
use model::Agent;
use std::path::Path;

/// Characters of a hash that tell files apart for a reader.
const HASH_CHARS: usize = 16;

/// The run's models; none in a folder from before they were noted.
pub(super) fn read(run_dir: &Path) -> Result<Vec<AnsweringModel>, ReadError> {
    let table = TableFile::open(run_dir, DECISIONS)?;
    let models = table.note(MODELS_NOTE).and_then(|note| serde_json::from_str(note).ok());
    Ok(models.unwrap_or_default())
}

/// The model of each agent that answered at an instant. A reload acts before the decisions of its own instant.
pub(super) fn lines(models: &[AnsweringModel], ts: i64) -> Vec<String> {
    let mut rows = vec![row(["agent", "SHA-256", "since", "file"])];
    for agent in Agent::ALL {
        let of_agent = models.iter().filter(|model| model.agent == agent.name());
        let so_far = of_agent.filter(|model| model.from_ns.is_none_or(|from| from <= ts));
        if let Some(model) = so_far.max_by_key(|model| model.from_ns) {
            let hash: String = model.sha256.chars().take(HASH_CHARS).collect();
            let since = model.from_ns.map_or_else(|| "the start".to_owned(), instant);
            rows.push(vec![agent.name().to_owned(), hash, since, model.file.clone()]);
        }
    }
    if rows.len() == 1 { vec!["  not recorded".to_owned()] } else { aligned(&rows, &[Align::Left; 4]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(agent: &str, from_ns: Option<i64>, file: &str) -> AnsweringModel {
        AnsweringModel { agent: agent.to_owned(), from_ns, file: file.to_owned(), sha256: "ab".repeat(32) }
    }

    #[test]
    fn the_latest_so_far_answers() {
        let models = [
            model("mlmi", None, "first"),
            model("mlmi", Some(10), "second"),
            model("entry", Some(-5), "early"),
            model("mlmi", Some(30), "third"),
        ];
        let files = |ts: i64| -> Vec<String> {
            let said = lines(&models, ts);
            said[1..].iter().map(|line| line.split_whitespace().last().unwrap().to_owned()).collect()
        };
        assert_eq!(files(9), ["first", "early"]);
        assert_eq!(files(10), ["second", "early"]);
        assert_eq!(files(29), ["second", "early"]);
        assert_eq!(files(30), ["third", "early"]);
        assert_eq!(lines(&[], 30), ["  not recorded"]);
    }
}
