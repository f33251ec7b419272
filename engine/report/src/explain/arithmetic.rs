//! How the voices were combined, written out: S and T are the weighted means of the groups, P = a·S + (1 − a)·T.
//!
//! The products are formed again from the recorded says and weights; where they do not come to what was recorded,
//! both are printed.

use crate::decided::{Decided, Whole};
use model::{Action, Agent, AgentGroup};

/// Two figures that print alike in four places.
const ALIKE: f64 = 1e-5;

/// A weighted mean: its value, and the products in words.
struct Sum {
    value: f64,
    text: String,
}

impl Sum {
    fn of(terms: &[(f64, f64)]) -> Self {
        let value = terms.iter().map(|(weight, p)| weight * p).sum();
        let products: Vec<String> = terms.iter().map(|(weight, p)| format!("{weight:.4}·{p:.4}")).collect();
        Self { value, text: products.join(" + ") }
    }

    fn line(&self, name: char, action: Action) -> String {
        format!("  {name} {:<5} = {} = {:.4}", action.name(), self.text, self.value)
    }
}

/// The lines of the combination.
pub(super) fn lines(decided: &Decided, whole: &Whole) -> Vec<String> {
    let Some(blend) = whole.blend else {
        return vec!["  not recorded".to_owned()];
    };
    let groups = [AgentGroup::Strategic, AgentGroup::Tactical];
    let [Some(strategic), Some(tactical)] = groups.map(|group| means(decided, group)) else {
        return vec!["  an agent has no row, so that it cannot be written out".to_owned()];
    };
    let mut lines = vec![format!("  P = a·S + (1 - a)·T with a = {blend:.4}")];
    for (name, group, sums) in [('S', groups[0], &strategic), ('T', groups[1], &tactical)] {
        lines.push(format!("  {name}: {}, weight · probability", names(group).join(", ")));
        lines.extend(sums.iter().zip(Action::ALL).map(|(sum, action)| sum.line(name, action)));
    }
    for (at, action) in Action::ALL.into_iter().enumerate() {
        let sum = Sum::of(&[(blend, strategic[at].value), (1.0 - blend, tactical[at].value)]);
        let recorded = whole.p[at];
        let note = if (sum.value - recorded).abs() <= ALIKE {
            String::new()
        } else {
            format!(" (recorded: {recorded:.4})")
        };
        lines.push(sum.line('P', action) + &note);
    }
    lines
}

/// The agents of a group that vote.
fn voters(group: AgentGroup) -> impl Iterator<Item = Agent> {
    Agent::ALL[..Agent::VOTERS].iter().copied().filter(move |agent| agent.group() == group)
}

fn names(group: AgentGroup) -> Vec<&'static str> {
    voters(group).map(Agent::name).collect()
}

/// A group's mean by action; `None` where somebody's say or weight is not there.
fn means(decided: &Decided, group: AgentGroup) -> Option<[Sum; 3]> {
    let says: Option<Vec<_>> =
        voters(group).map(|agent| decided.say(agent).and_then(|say| Some((say.weight?, say.p)))).collect();
    let says = says?;
    Some(std::array::from_fn(|action| {
        Sum::of(&says.iter().map(|(weight, p)| (*weight, p[action])).collect::<Vec<_>>())
    }))
}

/// The confidence in words: the action's probability, or what is left of it against the synergy.
pub(super) fn confidence(whole: &Whole) -> String {
    let action = Action::ALL.into_iter().find(|action| action.name() == whole.action);
    let p = action.map_or(whole.confidence, |action| whole.p[action as usize]);
    let confidence = whole.confidence;
    if (confidence - p).abs() <= ALIKE {
        return format!("{confidence:.4}, its probability");
    }
    let direction = whole.direction.as_deref().unwrap_or("unknown");
    format!(
        "{confidence:.4} = {:.4}·{p:.4}, for it opposes the synergy, which is {direction}",
        confidence / p
    )
}
