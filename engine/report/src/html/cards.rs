//! The figures at the head of the page, and the list of all others.

use super::facts::Facts;
use super::tables::pair;
use crate::format::{self, UNDEFINED, escape};

/// How a figure is to be felt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tone {
    Plain,
    Gain,
    Loss,
}

/// A figure with its name and something to compare it with.
struct Card {
    name: &'static str,
    value: String,
    beside: String,
    tone: Tone,
}

impl Card {
    fn plain(name: &'static str, value: Option<String>, beside: String) -> Self {
        Self { name, value: value.unwrap_or_else(|| UNDEFINED.to_owned()), beside, tone: Tone::Plain }
    }

    fn html(&self) -> String {
        let class = match self.tone {
            Tone::Plain => "card",
            Tone::Gain => "card gain",
            Tone::Loss => "card loss",
        };
        format!(
            "<div class=\"{class}\"><dt>{}</dt><dd>{}<small>{}</small></dd></div>",
            escape(self.name),
            escape(&self.value),
            escape(&self.beside)
        )
    }
}

/// An amount of money to cents, with its currency.
fn money(facts: &Facts, pointer: &str) -> String {
    let currency = facts.currency();
    facts
        .amount(pointer)
        .map_or_else(|| UNDEFINED.to_owned(), |raw| format!("{} {currency}", format::decimal_places(raw, 2)))
}

fn ratio(facts: &Facts, pointer: &str) -> Option<String> {
    facts.float(pointer).map(|value| format::float(value, 2))
}

fn or_undefined(text: Option<String>) -> String {
    text.unwrap_or_else(|| UNDEFINED.to_owned())
}

/// A figure in its words; nothing where it is not defined.
fn beside(figure: Option<String>, words: impl FnOnce(String) -> String) -> String {
    figure.map_or_else(String::new, words)
}

fn result_card(facts: &Facts) -> Card {
    let total = facts.float("/performance/return");
    let gain = facts.amount("/portfolio/equity").zip(facts.amount("/portfolio/initial_capital"));
    let gain = gain.map(|(equity, initial)| equity - initial);
    let beside = gain.map(|gain| {
        let amount = format::signed(format::decimal_places(gain, 2), gain > 0);
        format!("{amount} {}", facts.currency())
    });
    let tone = match total {
        Some(total) if total > 0.0 => Tone::Gain,
        Some(total) if total < 0.0 => Tone::Loss,
        _ => Tone::Plain,
    };
    let value = total.map(|total| format::signed(format::percent(total), total > 0.0));
    Card { tone, ..Card::plain("Return", value, or_undefined(beside)) }
}

fn speed_card(facts: &Facts) -> Card {
    let ticks = facts
        .count("/data/ticks")
        .map_or_else(String::new, |ticks| format!("{} ticks", format::count(ticks)));
    let wall = facts
        .float("/speed/wall_s")
        .map_or_else(String::new, |wall| format!(" in {} s", format::float(wall, 2)));
    Card::plain("Ticks per second", facts.float("/speed/ticks_per_s").map(format::short), ticks + &wall)
}

/// The headline figures.
pub(super) fn cards(facts: &Facts) -> String {
    let count = |pointer: &str| facts.count(pointer).map(format::count);
    let equity = facts.amount("/portfolio/equity").map(|raw| format::decimal_places(raw, 2));
    let initial = money(facts, "/portfolio/initial_capital");
    let sortino = beside(ratio(facts, "/performance/sortino"), |ratio| format!("Sortino {ratio}"));
    let refused: u64 = facts.tallies("/counts/refused").iter().map(|tally| tally.count).sum();
    let drawdown = facts.float("/performance/max_drawdown").map(format::percent);
    let win_rate = facts.float("/performance/win_rate").map(format::percent);
    let share = |pointer: &str| facts.float(pointer).map(format::percent);
    let profit_factor =
        beside(ratio(facts, "/performance/profit_factor"), |ratio| format!("profit factor {ratio}"));
    let volatility = beside(share("/performance/volatility"), |share| format!("volatility {share} a year"));
    let exposure = beside(share("/performance/exposure"), |share| format!("exposed {share} of the time"));
    let first = [
        result_card(facts),
        Card::plain("Equity", equity, format!("from {initial}")),
        Card::plain("Max drawdown", drawdown, volatility),
        Card::plain("Sharpe", ratio(facts, "/performance/sharpe"), sortino),
    ];
    let second = [
        Card::plain("Trades", count("/performance/trades"), exposure),
        Card::plain("Win rate", win_rate, profit_factor),
        Card::plain("Orders", count("/counts/orders"), format!("{} intents refused", format::count(refused))),
        Card::plain("Fills", count("/counts/fills"), format!("fees {}", money(facts, "/portfolio/fees"))),
        speed_card(facts),
    ];
    let row = |cards: &[Card]| cards.iter().map(Card::html).collect::<String>();
    format!("<dl class=\"cards large\">{}</dl><dl class=\"cards\">{}</dl>", row(&first), row(&second))
}

/// The account in full.
pub(super) fn account(facts: &Facts) -> String {
    let amounts = [
        ("Initial capital", "/portfolio/initial_capital"),
        ("Realised P&L", "/portfolio/realised_pnl"),
        ("Unrealised P&L", "/portfolio/unrealised_pnl"),
        ("Fees", "/portfolio/fees"),
        ("Equity", "/portfolio/equity"),
        ("Cash", "/portfolio/cash"),
    ];
    let turnover =
        or_undefined(ratio(facts, "/performance/turnover").map(|times| format!("{times} × mean equity")));
    let rows: String = amounts.iter().map(|(name, pointer)| pair(name, &money(facts, pointer))).collect();
    format!("<dl class=\"facts\">{rows}{}</dl>", pair("Turnover", &turnover))
}
