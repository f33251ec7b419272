//! How the stages are put on threads: all on one, cut after bars, or groups by name.
//!
//! A layout cannot change a result. Groups are contiguous, in the order of the graph, and hold every stage
//! once; risk and orders are always one group, because the gate owns the exposure of orders in flight.
//! Not here: the threads.

use super::nearest::nearest;
use super::node::Value;
use std::fmt;

/// A stage of the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Gives inputs their order.
    Sequencer,
    /// Folds fills and marks.
    Portfolio,
    /// Makes bars of ticks.
    Bars,
    /// Makes values of bars.
    Indicators,
    /// Decides.
    Strategy,
    /// Checks.
    Risk,
    /// Orders.
    Orders,
}

impl Stage {
    /// All, in the order of the graph.
    pub const ALL: [Self; 7] = [
        Self::Sequencer,
        Self::Portfolio,
        Self::Bars,
        Self::Indicators,
        Self::Strategy,
        Self::Risk,
        Self::Orders,
    ];

    /// The name used in configs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sequencer => "sequencer",
            Self::Portfolio => "portfolio",
            Self::Bars => "bars",
            Self::Indicators => "indicators",
            Self::Strategy => "strategy",
            Self::Risk => "risk",
            Self::Orders => "orders",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == name)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How the stages are put on threads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// All stages on one thread.
    Fused,
    /// Two threads, cut after `bars`.
    Split,
    /// One thread for each group.
    Groups(Vec<Vec<Stage>>),
}

impl Layout {
    /// The groups, in the order of the graph.
    pub fn groups(&self) -> Vec<Vec<Stage>> {
        match self {
            Self::Fused => vec![Stage::ALL.to_vec()],
            Self::Split => {
                let cut = Stage::ALL.iter().position(|stage| *stage == Stage::Indicators).expect("a stage");
                let (left, right) = Stage::ALL.split_at(cut);
                vec![left.to_vec(), right.to_vec()]
            }
            Self::Groups(groups) => groups.clone(),
        }
    }
}

/// As summaries show it.
impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fused => f.write_str("fused"),
            Self::Split => f.write_str("split"),
            Self::Groups(groups) => {
                let names = |group: &Vec<Stage>| group.iter().map(|s| s.name()).collect::<Vec<_>>().join("+");
                f.write_str(&groups.iter().map(names).collect::<Vec<_>>().join(" | "))
            }
        }
    }
}

/// Reads a layout.
///
/// # Errors
/// What is wrong, as a clause after the value.
pub(super) fn parse(value: &Value) -> Result<Layout, String> {
    match value {
        Value::Text(text) if text == "fused" => Ok(Layout::Fused),
        Value::Text(text) if text == "split" => Ok(Layout::Split),
        Value::Text(_) => Err("which is no layout".to_owned()),
        Value::List(_) => {
            let groups = parse_groups(value)?;
            check_groups(&groups)?;
            Ok(Layout::Groups(groups))
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
    Stage::parse(name).ok_or_else(|| {
        let nearest = nearest(name, Stage::ALL.map(Stage::name)).unwrap_or_default();
        format!("where {name:?} is no stage (the nearest is {nearest:?})")
    })
}

fn check_groups(groups: &[Vec<Stage>]) -> Result<(), String> {
    let order = Stage::ALL.map(Stage::name).join(", ");
    let stages: Vec<Stage> = groups.concat();
    if let Some(stage) =
        Stage::ALL.into_iter().find(|stage| stages.iter().filter(|s| *s == stage).count() > 1)
    {
        return Err(format!("which has {stage} more than once"));
    }
    if let Some(stage) = Stage::ALL.into_iter().find(|stage| !stages.contains(stage)) {
        return Err(format!("which leaves out {stage} (the stages are {order})"));
    }
    if groups.iter().any(Vec::is_empty) {
        return Err("which has an empty group".to_owned());
    }
    if let Some(pair) = stages.windows(2).find(|pair| pair[0] > pair[1]) {
        return Err(format!("where {} stands before {} (the order is {order})", pair[0], pair[1]));
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
            Ok("sequencer+portfolio+bars | indicators | strategy+risk+orders"),
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

    #[test]
    fn the_named_layouts_are_groups_too() {
        for layout in [Layout::Fused, Layout::Split] {
            assert_eq!(check_groups(&layout.groups()), Ok(()));
        }
        assert_eq!(Layout::Split.groups()[0].last(), Some(&Stage::Bars));
    }
}
