//! A made-up market through the real stages before the agents, and the default networks, untrained.
//!
//! Two symbols walk at random for twelve days of eight trades in five minutes; indicators, matrices and synergies are
//! the run's own, on the default schema. What is wanted at market is filled at the close.

use super::*;
use crate::DecideOn;
use crate::testing::{fill_of, filled, instruments, state_hash};
use indicators::{IndicatorConfig, IndicatorSpec, Indicators};
use inference::{Native, NetworkDescription, seeded_inputs, untrained};
use matrices::{IndicatorSource, Matrices, MatricesConfig};
use model::{Account, Bar, BarSource, Decision, Nanos, Pattern, Quantity, Side, Trade, UNIT, Verdict};
use std::sync::Arc;
use strategy::Strategy;
use synergy::{Synergies, SynergyConfig};

const SYMBOLS: usize = 2;
const TRADES: usize = 8;
const FIVE_MINUTES: i64 = 5 * Nanos::MINUTE.0;
const ROLL_UP: usize = 6;

/// The stages before the agents.
struct Stages {
    timeframes: [Timeframe; 2],
    indicators: Indicators,
    matrices: Matrices,
    synergies: Synergies,
}

impl Stages {
    fn new() -> Self {
        let timeframes = ["5m", "30m"].map(|text| Timeframe::parse(text).unwrap());
        let config = indicator_config(&timeframes);
        let names = config.schema();
        let source = IndicatorSource { timeframes: &timeframes, names: &names, parameters: &[] };
        let synergy = SynergyConfig {
            fvg_height_min: model::Rate::ZERO,
            nwrqk_min: 0.0,
            patterns: Pattern::ALL.to_vec(),
            ..SynergyConfig::default()
        };
        Self {
            timeframes,
            matrices: Matrices::new(MatricesConfig::standard(), &source, SYMBOLS).unwrap(),
            synergies: Synergies::new(synergy, &timeframes, &names, SYMBOLS).unwrap(),
            indicators: Indicators::new(config, &[BarSource::Trade; SYMBOLS]),
        }
    }

    /// The agents on these stages.
    fn marl(&self, config: AgentsConfig) -> Marl {
        let names = self.indicators.schema();
        let inputs = Inputs {
            schema: Schema { timeframes: &self.timeframes, names: &names },
            matrices: self.matrices.specs(),
            synergy_timeframe: self.timeframes[0],
            instruments: &instruments(SYMBOLS),
            initial_capital: capital(),
        };
        let model = |agent: Agent| {
            let description = match agent.group() {
                AgentGroup::Strategic => NetworkDescription::strategic(),
                AgentGroup::Tactical => NetworkDescription::tactical(),
            };
            let network = Arc::new(untrained(&description, 5 + agent as u64).unwrap());
            vec![Box::new(Native::new(network)) as Box<dyn Backend>]
        };
        Marl::new(config, Agent::ALL.map(model), &inputs).unwrap()
    }
}

/// The default, with whatever the matrices need besides.
fn indicator_config(timeframes: &[Timeframe; 2]) -> IndicatorConfig {
    let mut per_timeframe = timeframes.map(IndicatorConfig::standard_specs);
    for spec in MatricesConfig::standard().specs() {
        let index = timeframes.iter().position(|timeframe| *timeframe == spec.timeframe).unwrap();
        for column in &spec.columns {
            let needed = IndicatorSpec::of_value(&column.feature).unwrap();
            if !per_timeframe[index].contains(&needed) {
                per_timeframe[index].push(needed);
            }
        }
    }
    IndicatorConfig::new(50, timeframes, per_timeframe.to_vec()).unwrap()
}

fn capital() -> Money {
    Money::parse("100000").unwrap()
}

/// Random prices of one symbol, as bars.
struct Walk {
    symbol: SymbolId,
    price: f64,
    half_hour: Option<Bar>,
}

impl Walk {
    /// Five minutes of trades, given to the indicators; the bar.
    fn bar(&mut self, n: usize, steps: &[f32], indicators: &mut Indicators) -> Bar {
        let ts_open = Nanos(n as i64 * FIVE_MINUTES);
        let mut bar: Option<Bar> = None;
        for (i, step) in steps.iter().enumerate() {
            self.price = (self.price * (1.0 + f64::from(*step) * 0.0005)).max(1.0);
            let price = Price::new((self.price * 100.0).round() as i64 * (UNIT / 100));
            let ts = Nanos(ts_open.0 + i as i64 * FIVE_MINUTES / TRADES as i64);
            let size = Quantity::new(UNIT * (1 + i as i64 % 3));
            indicators.on_tick(&Event::trade(
                ts,
                self.symbol,
                Trade { ts_event: ts, price, size, aggressor: 1 },
            ));
            let one = Bar {
                symbol: self.symbol,
                timeframe: 0,
                source: BarSource::Trade,
                primary: true,
                ts_open,
                ts_close: ts_open + Nanos(FIVE_MINUTES),
                open: price,
                high: price,
                low: price,
                close: price,
                volume: i128::from(size.raw()),
                vwap: None,
                trades: 1,
            };
            bar = Some(bar.map_or(one, |bar| joined(bar, &one)));
        }
        bar.expect("there are trades")
    }

    /// The half-hour bar that a bar completes.
    fn roll_up(&mut self, n: usize, bar: &Bar) -> Option<Bar> {
        let joined = self.half_hour.map_or(Bar { timeframe: 1, ..*bar }, |half| joined(half, bar));
        self.half_hour = Some(joined);
        if (n + 1).is_multiple_of(ROLL_UP) { self.half_hour.take() } else { None }
    }
}

fn joined(bar: Bar, next: &Bar) -> Bar {
    Bar {
        ts_close: next.ts_close,
        high: bar.high.max(next.high),
        low: bar.low.min(next.low),
        close: next.close,
        volume: bar.volume + next.volume,
        trades: bar.trades + next.trades,
        ..bar
    }
}

/// Everything a run said, and where it ended.
#[derive(Debug, PartialEq)]
struct Outcome {
    decisions: Vec<[u64; Decision::WORDS]>,
    wishes: Vec<Intent>,
    counts: Counts,
    state: u128,
}

fn run(config: AgentsConfig) -> Outcome {
    const BARS: usize = 12 * 288;
    let mut stages = Stages::new();
    let mut marl = stages.marl(config);
    let account = Account { equity: capital(), peak: capital(), ..Account::default() };
    let walk = |symbol: usize| Walk {
        symbol: SymbolId(symbol as u32),
        price: 100.0 + 50.0 * symbol as f64,
        half_hour: None,
    };
    let mut walks: [Walk; SYMBOLS] = std::array::from_fn(walk);
    let numbers = seeded_inputs(BARS * SYMBOLS * TRADES, 20);
    let mut steps = numbers.chunks_exact(TRADES);
    let mut positions = [0_i64; SYMBOLS];
    let (mut frame, mut out, mut seq) = (Frame::default(), Intents::new(), 0);
    let (mut decisions, mut wishes) = (Vec::new(), Vec::new());
    for n in 0..BARS {
        let ts = Nanos((n as i64 + 1) * FIVE_MINUTES);
        seq += 1;
        frame.begin(Event { seq, ..Event::input(Kind::TIMER, ts, SymbolId::NONE) });
        frame.push_account(account, SymbolId::NONE, 0);
        for walk in &mut walks {
            let bar = walk.bar(n, steps.next().expect("steps for every bar"), &mut stages.indicators);
            frame.push_bar(bar);
            walk.roll_up(n, &bar).into_iter().for_each(|bar| frame.push_bar(bar));
        }
        stages.indicators.on_frame(&mut frame);
        stages.matrices.on_frame(&mut frame);
        stages.synergies.on_frame(&mut frame);
        out.clear();
        marl.on_frame(&frame, &mut out);
        decisions.extend(out.decisions().iter().map(Decision::words));
        let said = wishes.len();
        wishes.extend(out.iter().copied());
        for intent in &wishes[said..] {
            let Goal::Target { position, style: Style::Market } = intent.goal else { continue };
            let held = &mut positions[intent.symbol.index()];
            let delta = position.raw() - *held;
            let side = if delta > 0 { Side::Buy } else { Side::Sell };
            let close = marl.symbols[intent.symbol.index()].close;
            if delta != 0 {
                *held = position.raw();
                seq += 1;
                let fill = fill_of(intent.symbol.0, side, Quantity::new(delta.abs()), close);
                filled(&mut frame, seq, ts, &fill, account, *held);
                marl.on_frame(&frame, &mut out);
            }
        }
    }
    Outcome { decisions, wishes, counts: marl.counts(), state: state_hash(&marl) }
}

#[test]
fn the_default_networks_decide_on_the_default_schema() {
    let config = AgentsConfig { decide_on: DecideOn::Bar, gate: 0.4, ..AgentsConfig::default() };
    let outcome = run(config);
    let counts = outcome.counts;
    assert_eq!(outcome.decisions.len() as u64, counts.decisions());
    assert!(counts.decisions() > 300 && counts.unready > 300, "{counts:?}");
    assert!(counts.verdicts[Verdict::Act as usize] > 0 && !outcome.wishes.is_empty(), "{counts:?}");
    assert_eq!((counts.misses, counts.failures), ([0; 6], [0; 6]));
    for words in &outcome.decisions {
        let decision = Decision::from_words(*words);
        for says in decision.says.iter().chain([&decision.ensemble]) {
            assert!((says.iter().sum::<f32>() - 1.0).abs() < 1e-4, "{decision:?}");
        }
    }
    assert_eq!(run(config), outcome);
    assert_eq!(run(AgentsConfig { cache_entries: 0, ..config }).decisions, outcome.decisions);
}

#[test]
fn synergies_of_the_run_are_decided_on() {
    let outcome = run(AgentsConfig { gate: 0.4, ..AgentsConfig::default() });
    let counts = outcome.counts;
    assert!(counts.decisions() >= 3, "{counts:?}");
    assert!(outcome.decisions.iter().all(|words| Decision::from_words(*words).synergy.is_some()));
}
