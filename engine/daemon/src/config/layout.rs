//! Reading a layout: all stages on one thread, cut after bars, or groups by name.
//!
//! `matrices` and `synergy` may be left out, for runs without agents: each then joins the stage before it. `agents` is
//! another name of the stage `strategy`.
//! Not here: what a layout is (`pipeline`); only sentences for people who wrote one that is none.

use super::nearest::nearest;
use super::node::Value;
use pipeline::{Layout, Stage};

/// Reads a layout.
///
/// # Errors
/// What is wrong, as a clause after the value.
pub(super) fn parse(value: &Value) -> Result<Layout, String> {
    match value {
        Value::Text(text) if text == "fused" => Ok(Layout::fused()),
        Value::Text(text) if text == "split" => Ok(Layout::split()),
        Value::Text(_) => Err("which is no layout".to_owned()),
        Value::List(_) => {
            let mut groups = parse_groups(value)?;
            add_optional(&mut groups);
            check_groups(&groups)?;
            let names = |group: &Vec<Stage>| group.iter().map(|stage| stage.name().to_owned()).collect();
            Layout::from_groups(&groups.iter().map(names).collect::<Vec<_>>())
                .map_err(|error| error.to_string())
        }
        _ => Err(value.kind().to_owned()),
    }
}

fn parse_groups(value: &Value) -> Result<Vec<Vec<Stage>>, String> {
    let mut groups = Vec::new();
    for group in value.as_list().unwrap_or_default() {
        let names =
            group.value.as_list().ok_or_else(|| format!("where {} is not a list of stages", group.value))?;
        let stages: Result<Vec<Stage>, String> = names.iter().map(|name| parse_stage(&name.value)).collect();
        groups.push(stages?);
    }
    Ok(groups)
}

fn parse_stage(value: &Value) -> Result<Stage, String> {
    let name = value.as_text().ok_or_else(|| format!("where {value} is not the name of a stage"))?;
    let known = if name == "agents" { Some(Stage::Strategy) } else { Stage::parse(name) };
    known.ok_or_else(|| {
        let nearest = nearest(name, Stage::ALL.map(Stage::name)).unwrap_or_default();
        format!("where {name:?} is no stage (the nearest is {nearest:?})")
    })
}

/// Puts the stages that may be left out behind the ones before them.
fn add_optional(groups: &mut [Vec<Stage>]) {
    for (before, stage) in [(Stage::Indicators, Stage::Matrices), (Stage::Matrices, Stage::Synergy)] {
        if groups.iter().any(|group| group.contains(&stage)) {
            continue;
        }
        for group in groups.iter_mut() {
            if let Some(at) = group.iter().position(|known| *known == before) {
                group.insert(at + 1, stage);
            }
        }
    }
}

fn check_groups(groups: &[Vec<Stage>]) -> Result<(), String> {
    let order = Stage::ALL.map(Stage::name).join(", ");
    let stages: Vec<Stage> = groups.concat();
    if let Some(stage) =
        Stage::ALL.into_iter().find(|stage| stages.iter().filter(|s| *s == stage).count() > 1)
    {
        return Err(format!("which has {} more than once", stage.name()));
    }
    if let Some(stage) = Stage::ALL.into_iter().find(|stage| !stages.contains(stage)) {
        return Err(format!("which leaves out {} (the stages are {order})", stage.name()));
    }
    if groups.iter().any(Vec::is_empty) {
        return Err("which has an empty group".to_owned());
    }
    if let Some(pair) = stages.windows(2).find(|pair| pair[0] > pair[1]) {
        return Err(format!(
            "where {} stands before {} (the order is {order})",
            pair[0].name(),
            pair[1].name()
        ));
    }
    if !groups.iter().any(|group| group.contains(&Stage::Risk) && group.contains(&Stage::Orders)) {
        return Err("which parts risk from orders (they are always one group)".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::node::{Origin, parse_value};
    use super::*;

    fn check(text: &str, expected: Result<&str, &str>) {
        let result = parse(&parse_value(text, Origin::Set).value);
        match expected {
            Ok(layout) => assert_eq!(result.unwrap().to_string(), layout),
            Err(part) => {
                let why = result.unwrap_err();
                assert!(why.contains(part), "{text}: {why}");
            }
        }
    }

    #[test]
    fn layouts() {
        check("fused", Ok("fused"));
        check("split", Ok("split"));
        check(
            r#"[["sequencer", "portfolio", "bars"], ["indicators"], ["strategy", "risk", "orders"]]"#,
            Ok("sequencer+portfolio+bars | indicators+matrices+synergy | strategy+risk+orders"),
        );
        check(
            r#"[["sequencer", "portfolio", "bars", "indicators"], ["matrices", "synergy", "agents", "risk", "orders"]]"#,
            Ok("sequencer+portfolio+bars+indicators | matrices+synergy+strategy+risk+orders"),
        );
        check("fussed", Err("no layout"));
        check("3", Err("an integer"));
        check(r#"["sequencer"]"#, Err("not a list"));
        check("[[1]]", Err("not the name of a stage"));
        check(r#"[["sequencer", "bar"]]"#, Err("nearest is \"bars\""));
        check("[]", Err("leaves out sequencer"));
        check(r#"[["sequencer","portfolio","bars","bars"]]"#, Err("bars more than once"));
        check(
            r#"[["sequencer","portfolio","bars","indicators","strategy","risk"]]"#,
            Err("leaves out orders"),
        );
        check(
            r#"[["sequencer","bars"],["portfolio","indicators","strategy","risk","orders"]]"#,
            Err("bars stands before portfolio"),
        );
        check(
            r#"[["sequencer","portfolio","bars","indicators","strategy","risk"],["orders"]]"#,
            Err("parts risk from orders"),
        );
        check(
            r#"[["sequencer","portfolio"],[],["bars","indicators","strategy","risk","orders"]]"#,
            Err("empty group"),
        );
    }
}
