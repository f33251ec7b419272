//! The explanation as text: short sections in the order of cause and effect, columns aligned, four decimals for
//! probabilities, prices and quantities as they were recorded.

use super::FILLS_MAX;
use super::columns::{Align, aligned, decimal, instant, maybe_decimal, number, row};
use super::context::{BarRow, Context, Reading};
use super::{arithmetic, left, models, saw};
use crate::caused::{Cause, FillRow, OrderRow, SynergyRow};
use crate::decided::{Decided, Whole};
use crate::exits::{ExitOrder, apart, purpose_of_refused};
use crate::format;
use model::{Agent, Purpose, Urgency};
use std::collections::BTreeMap;

/// One decision's page.
pub(super) fn page(
    decided: &Decided,
    cause: &Cause,
    context: &Context,
    exits: &BTreeMap<String, ExitOrder>,
) -> String {
    let mut sections = vec![
        head(decided),
        section("Input", vec![input(decided, context)]),
        section("Bars that closed", bars(&context.bars)),
        section("Indicators of those bars", readings(context)),
        section("Synergy", synergy(cause.synergy.as_ref(), decided)),
    ];
    sections.push(section("Features the agents read", saw::features(&context.features)));
    if let Some(whole) = &decided.whole {
        sections.push(section("Portfolio context the agents read", saw::context(whole)));
    }
    sections.push(section("Agents", agents(decided)));
    sections.push(section("Models that answered", models::lines(&context.models, decided.ts)));
    if let Some(whole) = &decided.whole {
        sections.push(section("Combination", arithmetic::lines(decided, whole)));
        sections.push(section("Choice", choice(whole, decided)));
        sections.push(section("Risk", vec![risk(whole, context)]));
    }
    let (own, of_exits) = apart(cause, exits);
    sections.push(section("Orders", orders(&own)));
    let beside = left::beside(&of_exits, &context.refusals);
    if !beside.is_empty() {
        sections.push(section("Exit of the position at the same input", beside));
    }
    sections.join("\n")
}

/// A title and its lines, none of which ends in spaces.
pub(super) fn section(title: &str, lines: Vec<String>) -> String {
    let mut text = format!("{title}\n");
    for line in lines {
        text += line.trim_end();
        text.push('\n');
    }
    text
}

fn head(decided: &Decided) -> String {
    let Decided { seq, symbol, strategy, .. } = decided;
    let title = format!("Decision {seq} on {symbol} by {strategy}, {}", instant(decided.ts));
    let line = match &decided.whole {
        Some(whole) => {
            format!("  {} with confidence {:.4}: {}", whole.action, whole.confidence, whole.outcome)
        }
        None => "  what all agents came to was not recorded".to_owned(),
    };
    section(&title, vec![line])
}

fn input(decided: &Decided, context: &Context) -> String {
    let bars = match context.bars.len() {
        0 => "no bar of the symbol closed there".to_owned(),
        1 => "one bar of the symbol closed there".to_owned(),
        count => format!("{count} bars of the symbol closed there"),
    };
    format!("  number {}, the boundary at {}; {bars}", decided.seq, instant(decided.ts))
}

fn bars(bars: &[BarRow]) -> Vec<String> {
    if bars.is_empty() {
        return vec!["  none".to_owned()];
    }
    let head = ["bar", "source", "from", "open", "high", "low", "close", "volume", "vwap", "ticks"];
    let mut rows = vec![row(head)];
    for bar in bars {
        let mut cells = vec![bar.timeframe.clone(), bar.source.clone(), format::time(bar.ts_open)];
        cells.extend(bar.prices.map(decimal));
        cells.extend([decimal(bar.volume), maybe_decimal(bar.vwap), bar.trades.to_string()]);
        rows.push(cells);
    }
    let mut align = [Align::Right; 10];
    align[..3].fill(Align::Left);
    aligned(&rows, &align)
}

/// How many readings stand in a line.
const READINGS_PER_LINE: usize = 3;

fn readings(context: &Context) -> Vec<String> {
    if context.readings.is_empty() {
        return vec!["  none".to_owned()];
    }
    let mut lines = Vec::new();
    for of_bar in context.readings.chunk_by(|a, b| a.timeframe == b.timeframe) {
        lines.push(format!("  {}", of_bar[0].timeframe));
        let line = |readings: &[Reading]| {
            let cells = readings.iter().flat_map(|one| [format!("  {}", one.name), number(one.value)]);
            cells.chain(std::iter::repeat(String::new())).take(2 * READINGS_PER_LINE).collect()
        };
        let rows: Vec<Vec<String>> = of_bar.chunks(READINGS_PER_LINE).map(line).collect();
        lines.extend(aligned(&rows, &[[Align::Left, Align::Right]; READINGS_PER_LINE].concat()));
    }
    lines
}

fn synergy(synergy: Option<&SynergyRow>, decided: &Decided) -> Vec<String> {
    let Some(synergy) = synergy else {
        let asked_for = decided.whole.as_ref().and_then(|whole| whole.pattern.as_deref());
        return vec![match asked_for {
            Some(pattern) => format!("  {pattern}; its signals were not recorded"),
            None => "  none: the agents are asked at every bar".to_owned(),
        }];
    };
    let mut rows = vec![row(["signal", "at the close of", "strength"])];
    rows.extend(
        synergy
            .signals
            .iter()
            .map(|signal| vec![signal.kind.clone(), instant(signal.ts), format!("{:.4}", signal.strength)]),
    );
    let mut lines =
        vec![format!("  {}, {}, strength {:.4}", synergy.pattern, synergy.direction, synergy.strength)];
    lines.extend(aligned(&rows, &[Align::Left, Align::Left, Align::Right]));
    lines.push(format!("  market: price {}, volume {}", decimal(synergy.price), decimal(synergy.volume)));
    lines.extend(synergy.volatility.map(|value| format!("  volatility of recent returns {}", number(value))));
    let node = synergy.lvn_distance;
    lines.extend(node.map(|atr| format!("  nearest low volume node {} ATR away", number(atr))));
    lines
}

fn agents(decided: &Decided) -> Vec<String> {
    let heads = |agent: Agent| match agent {
        Agent::Entry => ["agent", "aggressive", "execute", "wait", "says", "weight", "answer"],
        _ => ["agent", "long", "flat", "short", "says", "weight", "answer"],
    };
    let mut rows = vec![row(heads(Agent::Mlmi))];
    for agent in Agent::ALL {
        if agent == Agent::Entry {
            rows.push(row(heads(agent)));
        }
        rows.push(match decided.say(agent) {
            None => row([agent.name(), "-", "-", "-", "-", "-", "not recorded"]),
            Some(say) => {
                let mut cells = vec![agent.name().to_owned()];
                cells.extend(say.p.map(|p| format!("{p:.4}")));
                cells.push(say.action.clone());
                cells.push(say.weight.map_or_else(|| "-".to_owned(), |weight| format!("{weight:.4}")));
                cells.push(if say.missed { "missing: its default" } else { "given" }.to_owned());
                cells
            }
        });
    }
    let [left, right] = [Align::Left, Align::Right];
    aligned(&rows, &[left, right, right, right, left, right, left])
}

fn choice(whole: &Whole, decided: &Decided) -> Vec<String> {
    let gate = match whole.gate {
        Some(gate) if whole.confidence >= gate => format!("{gate:.4}: reached"),
        Some(gate) => format!("{gate:.4}: not reached"),
        None => "not recorded".to_owned(),
    };
    let urgency = match Urgency::ALL.into_iter().find(|urgency| urgency.name() == whole.urgency) {
        Some(Urgency::Aggressive) => "aggressive: at the market",
        Some(Urgency::Execute) => "execute: a limit at the touch",
        Some(Urgency::Wait) => "wait: not now",
        None => &whole.urgency,
    };
    let rows = [
        row(["action", &whole.action]),
        row(["confidence", &arithmetic::confidence(whole)]),
        row(["gate", &gate]),
        row(["urgency", urgency]),
        row(["verdict", &verdict(whole, decided)]),
    ];
    aligned(&rows, &[Align::Left; 2])
}

fn verdict(whole: &Whole, decided: &Decided) -> String {
    let target = maybe_decimal(whole.target);
    let stays = format!("nothing is wished for, and {target} is held");
    let missing: Vec<&str> = Agent::ALL
        .into_iter()
        .filter(|agent| decided.say(*agent).is_some_and(|say| say.missed))
        .map(Agent::name)
        .collect();
    match whole.verdict.as_str() {
        "act" => format!("act: risk is asked for a position of {target}"),
        "below_gate" => format!("below_gate: the confidence is below the gate; {stays}"),
        "wait" => format!("wait: entry says wait; {stays}"),
        "at_target" => {
            format!("at_target: what is wanted is held to less than a lot, or rounds to nothing; {stays}")
        }
        "superseded" => format!(
            "superseded: a position of {target} waited for the answer to a cancel, and a newer wish or the run's end took its place"
        ),
        "leaving" => format!("leaving: an exit is under way and goes on whatever is decided; {stays}"),
        "timed_out" => format!("timed_out: no answer from {}; {stays}", missing.join(", ")),
        other => other.to_owned(),
    }
}

fn risk(whole: &Whole, context: &Context) -> String {
    match (whole.outcome.as_str(), whole.outcome.strip_prefix("refused:")) {
        ("approved", _) => "  approved".to_owned(),
        (_, Some(reason)) => {
            let wish = context.refusals.iter().find(|refusal| {
                refusal.reason == reason && purpose_of_refused(&refusal.raw) == Purpose::Decision
            });
            let wish = wish.map_or_else(String::new, |refusal| format!(": {}", refusal.raw));
            format!("  refused by risk.{reason}{wish}")
        }
        _ if whole.verdict == "act" => {
            "  not asked: with what is held and on its way, less than a lot is missing to the target"
                .to_owned()
        }
        _ => "  not asked".to_owned(),
    }
}

fn orders(orders: &[&OrderRow]) -> Vec<String> {
    if orders.is_empty() {
        return vec!["  none".to_owned()];
    }
    orders.iter().flat_map(|one| order(one)).collect()
}

/// An order with its fills.
pub(super) fn order(order: &OrderRow) -> Vec<String> {
    let limit = order.limit_price.map_or_else(String::new, |price| format!(" {}", decimal(price)));
    let filled = match order.avg_price {
        Some(price) => format!("filled {} at {} on average", decimal(order.filled), decimal(price)),
        None => "nothing filled".to_owned(),
    };
    let mut lines = vec![
        format!(
            "  {}: {} {} {}{limit}, {}, to {} for {}, sent {}",
            order.id,
            order.side,
            decimal(order.quantity),
            order.order_type,
            order.tif,
            order.venue,
            order.account,
            instant(order.ts)
        ),
        format!("  {}; {filled}", order.status),
    ];
    lines.extend(fills(&order.fills));
    if order.fills_total > FILLS_MAX {
        lines.push(format!("  and {} fills more in fills.parquet", order.fills_total - FILLS_MAX));
    }
    lines
}

fn fills(fills: &[FillRow]) -> Vec<String> {
    if fills.is_empty() {
        return Vec::new();
    }
    let mut rows = vec![row(["input", "fill at", "quantity", "price", "fee", "in", "liquidity"])];
    rows.extend(fills.iter().map(|fill| {
        vec![
            fill.seq.to_string(),
            instant(fill.ts),
            decimal(fill.quantity),
            decimal(fill.price),
            decimal(fill.fee),
            fill.fee_currency.clone(),
            fill.liquidity.clone(),
        ]
    }));
    let [left, right] = [Align::Left, Align::Right];
    aligned(&rows, &[left, left, right, right, right, left, left])
}
