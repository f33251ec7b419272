//! The list of decisions: a line each, which opens to what it rests on, what each agent said, and what came of it.
//!
//! It is plain HTML: a probability is a cell whose background is its bar, so that two hundred decisions with seven
//! voices each weigh little, and open without a script.

use super::decisions::{Decisions, SHOWN_MAX};
use super::tables::{pair, sentence};
use crate::caused::{Cause, OrderRow, SynergyRow};
use crate::decided::{Decided, Say, Whole};
use crate::exits::{self, ExitOrder};
use crate::format::{self, UNDEFINED, clip, escape};
use model::{Action, Agent, CONTEXT_LEN, Urgency};
use std::collections::BTreeMap;

/// Characters of a name.
const NAME_CHARS_MAX: usize = 40;
/// The outcome where an answer was missing.
const TIMEOUT: &str = "timeout";
/// Orders of a decision that are shown.
const ORDERS_MAX: usize = 4;

/// The list of the most confident decisions.
pub(super) fn list(decisions: &Decisions) -> String {
    let note = note(decisions);
    let heads = ["Time, UTC", "Symbol", "Asked for", "Says", "Confidence | gate", "How", "Outcome"];
    let heads: String = heads.map(|head| format!("<span>{head}</span>")).concat();
    let nothing = Cause::default();
    let rows: String = decisions
        .shown
        .iter()
        .map(|decided| {
            let cause = decisions.causes.get(&(decided.seq, decided.symbol.clone())).unwrap_or(&nothing);
            row(decided, cause, &decisions.exits)
        })
        .collect();
    format!(
        "<p class=\"note\">{note} Open one to see why.</p><div class=\"scroll asked\" tabindex=\"0\">\
         <div class=\"line\">{heads}</div>{rows}</div>"
    )
}

fn note(decisions: &Decisions) -> String {
    let timeouts =
        decisions.outcomes.iter().find(|tally| tally.name == TIMEOUT).map_or(0, |tally| tally.count);
    let total = decisions.total - timeouts;
    let left_out = match timeouts {
        0 => String::new(),
        count => format!(" {} that timed out are not among them.", format::count(count)),
    };
    if total > SHOWN_MAX as u64 {
        format!(
            "The {SHOWN_MAX} most confident of {} decisions, in order of time; all of them are in decisions.parquet.\
             {left_out}",
            format::count(total)
        )
    } else {
        format!("All {} decisions.{left_out}", format::count(total))
    }
}

fn name(text: &str) -> String {
    escape(&clip(text, NAME_CHARS_MAX))
}

fn row(decided: &Decided, cause: &Cause, exits: &BTreeMap<String, ExitOrder>) -> String {
    let whole = decided.whole.as_ref();
    let asked_for = whole.and_then(|whole| whole.pattern.as_deref().zip(whole.direction.as_deref()));
    let asked_for = asked_for.map_or_else(
        || "every bar".to_owned(),
        |(pattern, direction)| format!("{} {}", arrow(direction), name(&pattern.replace('>', " › "))),
    );
    let cells = match whole {
        None => String::new(),
        Some(whole) => format!(
            "<span>{}</span><span>{}</span><span>{}</span><span>{}</span>",
            says(&whole.action),
            gauge(whole),
            name(&whole.urgency),
            outcome(&whole.outcome)
        ),
    };
    format!(
        "<details><summary class=\"line\"><span>{}</span><span>{}</span><span>{asked_for}</span>{cells}</summary>\
         <div class=\"why\"><div>{}{}{}<p>In full: <code>grandmodel explain RUN_DIR --seq {}</code></p></div>\
         <div>{}{}</div></div></details>\n",
        format::time(decided.ts),
        name(&decided.symbol),
        because(cause.synergy.as_ref()),
        whole.and_then(|whole| whole.context).map_or_else(String::new, context),
        came_of_it(whole, cause, exits),
        decided.seq,
        voices(decided),
        whole.map_or_else(String::new, chosen)
    )
}

/// A direction that can be seen.
fn arrow(direction: &str) -> &'static str {
    match direction {
        "long" => "<b class=\"buy\">▲</b>",
        "short" => "<b class=\"sell\">▼</b>",
        _ => "",
    }
}

/// An action in its colour.
fn says(action: &str) -> String {
    match action {
        "long" => "<b class=\"buy\">long</b>".to_owned(),
        "short" => "<b class=\"sell\">short</b>".to_owned(),
        action => format!("<b>{}</b>", name(action)),
    }
}

fn outcome(outcome: &str) -> String {
    match outcome.strip_prefix("refused:") {
        Some(reason) => format!("<b class=\"sell\">refused</b> {}", name(&reason.replace('_', " "))),
        None if outcome == "approved" => "<b class=\"buy\">approved</b>".to_owned(),
        None => name(outcome),
    }
}

/// A share as the number of a style: per cent, within bounds.
fn share(p: f64) -> String {
    let share = if p.is_finite() { (p * 100.0).clamp(0.0, 100.0) } else { 0.0 };
    format!("{share:.0}")
}

/// The confidence as a bar with a line at the gate.
fn gauge(whole: &Whole) -> String {
    let gate = whole.gate.map_or_else(String::new, |gate| format!(";--g:{}", share(gate)));
    format!(
        "<i class=\"gauge\" style=\"--p:{}{gate}\"></i>{}",
        share(whole.confidence),
        format::float(whole.confidence, 3)
    )
}

fn because(synergy: Option<&SynergyRow>) -> String {
    let Some(synergy) = synergy else {
        return String::new();
    };
    let signals: String = synergy
        .signals
        .iter()
        .map(|signal| {
            format!(
                "<tr><td>{}<td>{}<td style=--p:{}>{}",
                name(&signal.kind),
                format::time(signal.ts),
                share(signal.strength),
                format::float(signal.strength, 2)
            )
        })
        .collect();
    let volatility = synergy.volatility.map(|value| format!(" · volatility {}", format::float(value, 5)));
    let node = synergy.lvn_distance;
    let node = node.map(|atr| format!(" · nearest low volume node {} ATR away", format::float(atr, 2)));
    format!(
        "<h4>Three signals agreed, {}, strength {}</h4>\
         <table><tr><th>Signal<th>At the close of<th>Strength{signals}</table>\
         <p>Price {} · volume {}{}{}</p>",
        name(&synergy.direction),
        format::float(synergy.strength, 2),
        format::decimal(synergy.price),
        format::decimal_places(synergy.volume, 2),
        volatility.unwrap_or_default(),
        node.unwrap_or_default()
    )
}

/// The portfolio context that the agents read; pattern and direction stand in the line above.
fn context([position, pnl, bars_held, drawdown, ..]: [f64; CONTEXT_LEN]) -> String {
    let pairs = [
        pair("Position", &format!("{} of its limit", format::percent(position))),
        pair("Unrealised", &format!("{} of equity", format::percent(pnl))),
        pair("Bars since entry", &format::float(bars_held * 100.0, 0)),
        pair("Drawdown", &format::percent(drawdown)),
    ];
    format!("<h4>The account, as the agents read it</h4><dl>{}</dl>", pairs.concat())
}

fn chosen(whole: &Whole) -> String {
    let p: Vec<String> = Action::ALL
        .iter()
        .map(|action| format!("{} {}", action.name(), format::float(whole.p[*action as usize], 3)))
        .collect();
    let gate = whole.gate.map_or_else(
        || UNDEFINED.to_owned(),
        |gate| {
            let reached = if whole.confidence >= gate { "reached" } else { "not reached" };
            format!("{}, {reached}", format::float(gate, 3))
        },
    );
    let blend = whole.blend.map_or_else(
        || UNDEFINED.to_owned(),
        |blend| format!("{} strategic + {} tactical", format::float(blend, 2), format::float(1.0 - blend, 2)),
    );
    let verdict = match whole.verdict.as_str() {
        "act" => "Act",
        "below_gate" => "Hold: below the gate",
        "wait" => "Hold: entry says wait",
        "at_target" => "Hold: already there",
        "leaving" => "Hold: an exit is under way",
        "timed_out" => "Hold: an answer was missing",
        "superseded" => "Hold: waited, then replaced",
        _ => UNDEFINED,
    };
    let target = whole.target.map_or_else(|| UNDEFINED.to_owned(), format::decimal);
    let is_wanted = matches!(whole.verdict.as_str(), "act" | "superseded");
    let target_name = if is_wanted { "Position wanted" } else { "Position held" };
    let pairs = [
        pair("All together", &p.join(", ")),
        pair("Blend", &blend),
        pair("Confidence", &format::float(whole.confidence, 3)),
        pair("Gate", &gate),
        pair("Urgency", &sentence(&clip(&whole.urgency, NAME_CHARS_MAX))),
        pair("Verdict", verdict),
        pair(target_name, &target),
    ];
    format!("<h4>Chosen</h4><dl>{}</dl>", pairs.concat())
}

fn came_of_it(whole: Option<&Whole>, cause: &Cause, exits: &BTreeMap<String, ExitOrder>) -> String {
    let (own, of_exits) = exits::apart(cause, exits);
    let said = whole.map_or_else(String::new, |whole| outcome(&whole.outcome));
    let orders: String = own.iter().take(ORDERS_MAX).map(|one| order(one)).collect();
    let beside: String = of_exits
        .iter()
        .take(ORDERS_MAX)
        .map(|(purpose, one)| format!("<p>No part of it, {}:</p>{}", exits::reason(*purpose), order(one)))
        .collect();
    let beside = if beside.is_empty() { beside } else { format!("<h4>An exit beside it</h4>{beside}") };
    let more = match own.len() {
        count if count > ORDERS_MAX => format!("<p>and {} orders more</p>", count - ORDERS_MAX),
        0 => "<p>No order.</p>".to_owned(),
        _ => String::new(),
    };
    format!("<h4>What came of it: {said}</h4>{orders}{more}{beside}")
}

fn order(order: &OrderRow) -> String {
    let limit = order.limit_price.map_or_else(String::new, |price| format!(" at {}", format::decimal(price)));
    let side = match order.side.as_str() {
        "buy" => "<b class=\"buy\">buy</b>".to_owned(),
        "sell" => "<b class=\"sell\">sell</b>".to_owned(),
        side => name(side),
    };
    let fills: String = order
        .fills
        .iter()
        .map(|fill| {
            format!(
                "<tr><td>{}<td class=n>{}<td class=n>{}<td class=n>{} {}",
                format::time(fill.ts),
                format::decimal(fill.quantity),
                format::decimal(fill.price),
                format::decimal_places(fill.fee, 4),
                name(&fill.fee_currency)
            )
        })
        .collect();
    let fills = if fills.is_empty() {
        fills
    } else {
        format!("<table><tr><th>Fill<th class=n>Quantity<th class=n>Price<th class=n>Fee{fills}</table>")
    };
    let more = match order.fills_total - order.fills.len() {
        0 => String::new(),
        more => format!("<p>and {more} fills more</p>"),
    };
    format!(
        "<p>{side} {} {}{limit}: {} <code>{}</code></p>{fills}{more}",
        format::decimal(order.quantity),
        name(&order.order_type),
        name(&order.status.replace('_', " ")),
        name(&order.id)
    )
}

/// What each agent said, as a table whose cells are bars.
fn voices(decided: &Decided) -> String {
    let head = |names: [&str; 3], weight: &str| {
        let names = names.map(|name| format!("<th>{}", sentence(name))).concat();
        format!("<tr><th>Agent{names}<th>Says<th class=n>{weight}")
    };
    let mut html = format!("<table class=\"voices\">{}", head(Action::ALL.map(Action::name), "Weight"));
    for agent in Agent::ALL {
        if agent == Agent::Entry {
            if let Some(whole) = &decided.whole {
                html += &voice("all", whole.p, &whole.action, "", "all");
            }
            html += &head(Urgency::ALL.map(Urgency::name), "");
        }
        html += &match decided.say(agent) {
            Some(say) => agent_row(agent, say),
            None => format!("<tr><td>{}<td colspan=5>no row", agent.name()),
        };
    }
    html + "</table>"
}

fn agent_row(agent: Agent, say: &Say) -> String {
    let action = if say.missed { "no answer" } else { &say.action };
    let weight = say.weight.map_or_else(String::new, |weight| format::float(weight, 2));
    voice(agent.name(), say.p, action, &weight, if agent == Agent::Entry { "quiet" } else { "" })
}

fn voice(agent: &str, p: [f64; 3], action: &str, weight: &str, class: &str) -> String {
    let cells: String =
        p.iter().map(|p| format!("<td style=--p:{}>{}", share(*p), format::float(*p, 2))).collect();
    let class = if class.is_empty() { String::new() } else { format!(" class={class}") };
    format!("<tr{class}><td>{agent}{cells}<td>{}<td class=n>{weight}", says(action))
}
