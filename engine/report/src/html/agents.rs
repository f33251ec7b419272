//! The section on the agents: what they are, how often what came of their decisions, their chart, their list.

use super::decisions::{CHARTS_MAX, Decisions};
use super::facts::{Facts, Tally};
use super::gather::Run;
use super::lanes::LaneChart;
use super::tables::tallies;
use super::timechart::Span;
use super::voices;
use crate::format::{self, clip, escape};
use model::Agent;
use serde_json::Value;

/// Characters of what a model says of its training.
const TRAINING_CHARS_MAX: usize = 300;

/// Decisions of a symbol of which every bar and nearly every mark is drawn.
const UNTHINNED_MAX: u64 = 150;

/// The section's content.
pub(super) fn agents(run: &Run, decisions: &Decisions) -> String {
    let about = "Six agents look at the market and each says how likely it holds long, flat or short to be right; \
                 <b>entry</b> says whether to trade now. Their voices are weighed, the largest probability wins, and \
                 only a confidence that reaches the gate goes on to risk.";
    format!(
        "<p class=\"note\">{about}</p>{}{}{}{}",
        models(&run.facts),
        counts(decisions),
        charts(run, decisions),
        voices::list(decisions)
    )
}

/// What the models' files say of themselves, and how the agents answered.
fn models(facts: &Facts) -> String {
    let Some(agents) = facts.at("/agents").and_then(Value::as_object) else {
        return String::new();
    };
    let mut rows = String::new();
    for agent in Agent::ALL {
        let Some(entry) = agents.get(agent.name()) else { continue };
        let count =
            |name: &str| entry[name].as_u64().map_or_else(|| format::UNDEFINED.to_owned(), format::count);
        let text = |name: &str| entry["model"][name].as_str().unwrap_or(format::UNDEFINED);
        rows += &format!(
            "<tr><td><b>{}</b><td class=\"n\">{}<td class=\"n\">{}<td class=\"n\">{}<td class=\"n\">{}\
             <td class=\"wrap\">{}<br><code>{} {}</code>",
            agent.name(),
            count("asked"),
            count("missed"),
            count("cache_hits"),
            count("circuit_openings"),
            escape(&clip(text("training"), TRAINING_CHARS_MAX)),
            escape(&clip(text("file"), 60)),
            escape(&clip(text("sha256"), 13))
        );
    }
    format!(
        "<h3>What answers</h3><p class=\"note\">A decision is worth what the weights behind it are. This is what \
         their files say of how they came about.</p><div class=\"scroll\" tabindex=\"0\"><table><tr><th>Agent\
         <th class=\"n\">Asked<th class=\"n\">Missed<th class=\"n\">From memory<th class=\"n\">Shut off\
         <th>Training{rows}</table></div>"
    )
}

/// How often what came of it.
fn counts(decisions: &Decisions) -> String {
    let named = |rows: &[Tally], words: &dyn Fn(&str) -> String| -> Vec<Tally> {
        rows.iter().map(|row| Tally { name: words(&row.name), count: row.count }).collect()
    };
    let outcomes = named(&decisions.outcomes, &|name| name.replace(':', ": "));
    let patterns = named(&decisions.patterns, &|name| name.replace('>', " › "));
    format!(
        "<div class=\"lists\">{}{}{}</div>",
        tallies("What came of it", &outcomes, "Nothing."),
        tallies("Verdict, before risk", &decisions.verdicts, "None."),
        tallies("Synergies, by order of signals", &patterns, "No synergies: agents are asked at every bar.")
    )
}

fn charts(run: &Run, decisions: &Decisions) -> String {
    let Some(span) = run.span.filter(|_| !decisions.drawn.is_empty()) else {
        return String::new();
    };
    let legend = "<p class=\"note\"><span class=\"key buy\">▲ long</span> \
                  <span class=\"key sell\">▼ short</span> <span class=\"key\">◆ flat</span> Full: an order went \
                  out. Open: nothing came of it. Cross: refused by risk. Square: an answer was missing. Lanes: above \
                  the line an agent is for long, below for short; <b>all</b> is what they come to together; for \
                  entry, above is now, below is wait.</p>";
    let mut html = format!("<h3>Agents over price</h3>{legend}");
    for symbol in &decisions.drawn {
        html += &chart(run, symbol, span);
    }
    let more = decisions.symbols_total - decisions.drawn.len();
    if more > 0 {
        html += &format!(
            "<p class=\"note\">At most {CHARTS_MAX} symbols are drawn; {} more are in decisions.parquet.</p>",
            format::count(more as u64)
        );
    }
    html
}

fn chart(run: &Run, symbol: &super::decisions::DrawnSymbol, span: Span) -> String {
    let name = clip(&symbol.name, 40);
    let market = run.market.symbols.iter().find(|known| known.name == symbol.name);
    let label = format!("Price of {name} with the agents' decisions, and what each agent was for over time");
    let currency = clip(&run.facts.currency(), 16);
    let values = format!("Price, {currency}");
    let prices = market.and_then(|market| market.prices.as_ref());
    let drawn = LaneChart { label: &label, values: &values, span, prices, symbol }.draw();
    let thinned = if symbol.total > UNTHINNED_MAX { ", thinned to what a screen shows" } else { "" };
    format!(
        "<figure><figcaption><strong>{}</strong><span>{} decisions{thinned}</span></figcaption>{drawn}</figure>",
        escape(&name),
        format::count(symbol.total)
    )
}
