//! Which stages share a thread.
//!
//! A layout cuts the graph's order into contiguous groups. It decides speed and never a result.

use std::fmt;
use std::ops::Range;

/// A stage, in graph order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Orders and numbers the inputs; the simulated venue stands beside it.
    Sequencer,
    /// Fills and marks to positions and equity.
    Portfolio,
    /// Ticks to bars.
    Bars,
    /// Bars to indicator values.
    Indicators,
    /// Indicator values to feature matrices.
    Matrices,
    /// Signals to synergies.
    Synergy,
    /// What is wanted.
    Strategy,
    /// What is allowed.
    Risk,
    /// What is sent.
    Orders,
}

impl Stage {
    /// All stages in graph order.
    pub const ALL: [Self; 9] = [
        Self::Sequencer,
        Self::Portfolio,
        Self::Bars,
        Self::Indicators,
        Self::Matrices,
        Self::Synergy,
        Self::Strategy,
        Self::Risk,
        Self::Orders,
    ];

    /// The name used in configs and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sequencer => "sequencer",
            Self::Portfolio => "portfolio",
            Self::Bars => "bars",
            Self::Indicators => "indicators",
            Self::Matrices => "matrices",
            Self::Synergy => "synergy",
            Self::Strategy => "strategy",
            Self::Risk => "risk",
            Self::Orders => "orders",
        }
    }

    /// The stage of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == name)
    }
}

/// Why groups of stages are no layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LayoutError {
    /// No stage has this name.
    UnknownStage(String),
    /// Reading the groups in order does not give the graph's order; `expected` should stand here.
    OutOfOrder {
        /// The stage that should stand here, or `None` at the end.
        expected: Option<Stage>,
        /// What stands here, or `None` if the groups end.
        found: Option<Stage>,
    },
    /// A group without stages.
    EmptyGroup,
    /// Risk and orders in two groups: the gate must see an order the moment it approves it.
    RiskApartFromOrders,
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |stage: &Option<Stage>| stage.map_or("the end", Stage::name);
        let names = Stage::ALL.map(Stage::name).join(", ");
        match self {
            Self::UnknownStage(stage) => write!(f, "{stage:?} is no stage; the stages are {names}"),
            Self::OutOfOrder { expected, found } => write!(
                f,
                "groups must list every stage once, in the order {names}; expected {}, found {}",
                name(expected),
                name(found)
            ),
            Self::EmptyGroup => write!(f, "a group has no stages; remove it"),
            Self::RiskApartFromOrders => write!(f, "risk and orders must be in one group"),
        }
    }
}

impl std::error::Error for LayoutError {}

/// Contiguous groups of stages, one thread each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Ends of the groups, as indices into `Stage::ALL`.
    ends: Vec<usize>,
}

impl Layout {
    /// All stages on one thread.
    pub fn fused() -> Self {
        Self { ends: vec![Stage::ALL.len()] }
    }

    /// Cut after `bars`.
    pub fn split() -> Self {
        Self { ends: vec![Stage::Bars as usize + 1, Stage::ALL.len()] }
    }

    /// Explicit groups of stage names.
    ///
    /// # Errors
    /// [`LayoutError`] where they are no layout.
    pub fn from_groups(groups: &[Vec<String>]) -> Result<Self, LayoutError> {
        let (mut ends, mut next) = (Vec::new(), 0);
        for group in groups {
            if group.is_empty() {
                return Err(LayoutError::EmptyGroup);
            }
            for name in group {
                let found = Stage::parse(name).ok_or_else(|| LayoutError::UnknownStage(name.clone()))?;
                let expected = Stage::ALL.get(next).copied();
                if expected != Some(found) {
                    return Err(LayoutError::OutOfOrder { expected, found: Some(found) });
                }
                next += 1;
            }
            ends.push(next);
        }
        if next != Stage::ALL.len() {
            return Err(LayoutError::OutOfOrder { expected: Some(Stage::ALL[next]), found: None });
        }
        if ends.contains(&(Stage::Risk as usize + 1)) {
            return Err(LayoutError::RiskApartFromOrders);
        }
        Ok(Self { ends })
    }

    /// How many groups, and so threads.
    pub fn groups(&self) -> usize {
        self.ends.len()
    }

    /// The stages of the n-th group, as indices into `Stage::ALL`.
    pub fn group(&self, n: usize) -> Range<usize> {
        let start = if n == 0 { 0 } else { self.ends[n - 1] };
        start..self.ends[n]
    }

    /// Whether the n-th group holds a stage.
    pub fn holds(&self, n: usize, stage: Stage) -> bool {
        self.group(n).contains(&(stage as usize))
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::fused() {
            return f.write_str("fused");
        }
        if *self == Self::split() {
            return f.write_str("split");
        }
        let groups = (0..self.groups())
            .map(|n| Stage::ALL[self.group(n)].iter().map(|s| s.name()).collect::<Vec<_>>().join("+"));
        f.write_str(&groups.collect::<Vec<_>>().join(" | "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(groups: &[&[&str]], expected: Result<&str, &str>) {
        let groups: Vec<Vec<String>> =
            groups.iter().map(|group| group.iter().map(|name| (*name).to_owned()).collect()).collect();
        let layout = Layout::from_groups(&groups).map(|l| l.to_string()).map_err(|e| e.to_string());
        match (&layout, expected) {
            (Ok(text), Ok(expected)) => assert_eq!(text, expected),
            (Err(text), Err(part)) => assert!(text.contains(part), "{text}"),
            _ => panic!("{groups:?} gave {layout:?}"),
        }
    }

    #[test]
    fn groups_are_contiguous_complete_and_in_order() {
        let all = Stage::ALL.map(Stage::name);
        check(&[&all], Ok("fused"));
        check(&[&all[..3], &all[3..]], Ok("split"));
        check(
            &[&all[..1], &all[1..2], &all[2..3], &all[3..4], &all[4..5], &all[5..6], &all[6..7], &all[7..]],
            Ok("sequencer | portfolio | bars | indicators | matrices | synergy | strategy | risk+orders"),
        );
        check(&[&all[..8], &all[8..]], Err("one group"));
        check(&[&all[1..], &all[..1]], Err("expected sequencer, found portfolio"));
        check(&[&all[..7]], Err("expected risk, found the end"));
        check(&[&all, &all[..1]], Err("expected the end, found sequencer"));
        check(&[&all, &[]], Err("no stages"));
        check(&[&["sequencer", "matching"]], Err("\"matching\" is no stage"));
    }
}
