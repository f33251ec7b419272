//! The run folder: everything that happened, table by table, whole or absent.
//!
//! It is written beside under a name of its own and renamed at the end. Frames come in the order of their
//! inputs, on one thread.

use crate::agents::AgentTables;
use crate::error::ReportError;
use crate::html::render_report;
use crate::meta::RunMeta;
use crate::orders::{client_order_id, write_order};
use crate::place::{Overwrite, Place, SUMMARY, io, sync};
use crate::summary::Summary;
use crate::table::Table;
use crate::tables::{
    BarColumns, BatchColumns, EquityColumns, FillColumns, IndicatorColumns, OrderColumns, RejectColumns,
};
use indicators::SymbolBatch;
use model::{
    EQUITY_ROW, Event, Fill, Frame, Goal, IndicatorSet, Intent, Kind, Nanos, OpenOrders, Order, Pattern,
    Report, ReportKind, Style, Timeframe,
};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A refused row of data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectRow<'a> {
    /// The file.
    pub file: &'a str,
    /// The row in it, from 1.
    pub row: u64,
    /// The column at fault.
    pub column: &'a str,
    /// Why.
    pub reason: &'a str,
    /// The row as text.
    pub raw: &'a str,
    /// The symbol, where it is one.
    pub symbol: Option<&'a str>,
    /// The time, where there is one.
    pub ts_event: Option<Nanos>,
}

/// How much was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Bars by timeframe index.
    pub bars: Vec<u64>,
    /// Indicator sets.
    pub indicator_sets: u64,
    /// Matrices.
    pub matrices: u64,
    /// Synergies by the index of their pattern.
    pub synergies_by_pattern: [u64; Pattern::ALL.len()],
    /// Decisions of all agents together.
    pub decisions: u64,
    /// Orders.
    pub orders: u64,
    /// Fills.
    pub fills: u64,
    /// Refused intents by reason.
    pub refused: BTreeMap<&'static str, u64>,
}

impl Counts {
    /// Synergies of all patterns.
    pub fn synergies(&self) -> u64 {
        self.synergies_by_pattern.iter().sum()
    }
}

/// A run folder in the making.
pub struct RunFolder {
    place: Place,
    meta: RunMeta,
    timeframe_names: Vec<String>,
    counts: Counts,
    open_orders: OpenOrders,
    bars: Table<BarColumns>,
    indicators: Table<IndicatorColumns>,
    agents: AgentTables,
    orders: Table<OrderColumns>,
    fills: Table<FillColumns>,
    equity: Table<EquityColumns>,
    rejects: Table<RejectColumns>,
    batches: Option<Table<BatchColumns>>,
}

impl RunFolder {
    /// Starts a folder that will stand at `out`.
    ///
    /// # Errors
    /// [`ReportError`] where `out` is not empty and may not be replaced, or the disk refuses.
    pub fn create(out: &Path, overwrite: Overwrite, meta: RunMeta) -> Result<Self, ReportError> {
        let place = Place::claim(out, overwrite)?;
        let partial = place.partial();
        Ok(Self {
            bars: Table::create(partial, "bars.parquet")?,
            indicators: Table::create(partial, "indicators.parquet")?,
            agents: AgentTables::create(partial, &meta)?,
            orders: Table::create(partial, "orders.parquet")?,
            fills: Table::create(partial, "fills.parquet")?,
            equity: Table::create(partial, "equity.parquet")?,
            rejects: Table::create(partial, "rejects.parquet")?,
            batches: Table::create_optional(meta.batch_table, partial, "batches.parquet")?,
            place,
            timeframe_names: meta.timeframes.iter().map(Timeframe::to_string).collect(),
            counts: Counts { bars: vec![0; meta.timeframes.len()], ..Counts::default() },
            open_orders: OpenOrders::default(),
            meta,
        })
    }

    /// Whether a folder may stand at `out`; for saying so before long work.
    ///
    /// # Errors
    /// [`ReportError`], as [`RunFolder::create`].
    pub fn check(out: &Path, overwrite: Overwrite) -> Result<(), ReportError> {
        Place::check(out, overwrite)
    }

    /// The folder's name.
    pub fn name(&self) -> String {
        self.place.name()
    }

    /// What was recorded so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Records an input with everything derived from it.
    ///
    /// # Errors
    /// [`ReportError`] where the disk refuses.
    pub fn record(&mut self, frame: &Frame) -> Result<(), ReportError> {
        let input = *frame.input();
        match input.kind {
            Kind::FILL => self.fill(&input)?,
            Kind::REPORT => self.report(&input)?,
            _ => {}
        }
        for (at, event) in frame.events.iter().enumerate().skip(1) {
            match event.kind {
                Kind::BAR => self.bar(&frame.bars[event.words[0] as usize])?,
                Kind::INDICATORS => self.indicator_set(&frame.sets[event.words[0] as usize], frame)?,
                Kind::PORTFOLIO if event.flags & EQUITY_ROW != 0 => {
                    self.equity_row(event.ts, &frame.accounts[event.words[0] as usize])?;
                }
                Kind::ORDER => {
                    self.counts.orders += 1;
                    self.open_orders.on_order(Order::from_event(event));
                    self.agents.resolve(event);
                }
                Kind::REFUSAL => {
                    self.refusal(event)?;
                    self.agents.resolve(event);
                }
                Kind::WAIT => self.agents.resolve(event),
                Kind::MATRIX => {
                    self.counts.matrices += 1;
                    let matrix = &frame.matrices[event.words[0] as usize];
                    self.agents.matrix(event.seq, matrix, frame, &self.meta)?;
                }
                Kind::SYNERGY => {
                    let synergy = &frame.synergies[event.words[0] as usize];
                    self.counts.synergies_by_pattern[synergy.pattern.index()] += 1;
                    self.agents.synergy(event, synergy, &self.meta)?;
                }
                Kind::DECISION => {
                    self.counts.decisions += 1;
                    self.agents.decision(frame, at);
                }
                _ => {}
            }
        }
        self.agents.settle_decisions(&self.meta, false)
    }

    fn bar(&mut self, bar: &model::Bar) -> Result<(), ReportError> {
        let timeframe = usize::from(bar.timeframe);
        self.counts.bars[timeframe] += 1;
        let columns = &mut self.bars.columns;
        columns.symbol.append_value(self.meta.instruments.symbols.name(bar.symbol));
        columns.timeframe.append_value(&self.timeframe_names[timeframe]);
        columns.source.append_value(bar.source.name());
        columns.ts_open.push(bar.ts_open);
        columns.ts_close.push(bar.ts_close);
        columns.open.price(bar.open);
        columns.high.price(bar.high);
        columns.low.price(bar.low);
        columns.close.price(bar.close);
        columns.volume.raw(bar.volume);
        columns.vwap.price_option(bar.vwap);
        columns.trades.append_value(bar.trades);
        self.bars.settle()
    }

    fn indicator_set(&mut self, set: &IndicatorSet, frame: &Frame) -> Result<(), ReportError> {
        self.counts.indicator_sets += 1;
        let timeframe = usize::from(set.timeframe);
        let names = &self.meta.indicator_names[timeframe];
        for (name, value) in names.iter().zip(frame.set_values(set)).filter(|(_, value)| !value.is_nan()) {
            let columns = &mut self.indicators.columns;
            columns.symbol.append_value(self.meta.instruments.symbols.name(set.symbol));
            columns.timeframe.append_value(&self.timeframe_names[timeframe]);
            columns.ts_close.push(set.ts_close);
            columns.name.append_value(name);
            columns.value.append_value(*value);
        }
        self.indicators.settle()
    }

    fn equity_row(&mut self, ts: Nanos, account: &model::Account) -> Result<(), ReportError> {
        let columns = &mut self.equity.columns;
        columns.ts_event.push(ts);
        let amounts = [
            account.cash,
            account.position_value,
            account.equity,
            account.realised_pnl,
            account.unrealised_pnl,
            account.fees,
        ];
        columns.amounts.iter_mut().zip(amounts).for_each(|(column, amount)| column.money(amount));
        columns.drawdown.append_value(account.drawdown());
        self.equity.settle()
    }

    fn fill(&mut self, event: &Event) -> Result<(), ReportError> {
        let fill = Fill::from_event(event);
        self.counts.fills += 1;
        let life = self.open_orders.on_fill(&fill, event.seq);
        let client_order_id = client_order_id(&life.state.order, &self.meta);
        let instrument = self.meta.instruments.get(fill.symbol);
        let columns = &mut self.fills.columns;
        columns.client_order_id.append_value(client_order_id);
        columns.venue_fill_id.append_value(fill.number.to_string());
        columns.seq.append_value(event.seq);
        columns.ts_event.push(event.ts);
        columns.symbol.append_value(self.meta.instruments.symbols.name(fill.symbol));
        columns.strategy.append_value(&self.meta.strategy);
        columns.side.append_value(fill.side.name());
        columns.quantity.quantity(fill.quantity);
        columns.price.price(fill.price);
        columns.multiplier.quantity(instrument.multiplier);
        columns.fee.money(fill.fee);
        columns.fee_currency.append_value(&instrument.currency);
        columns.liquidity.append_value(fill.liquidity.name());
        self.fills.settle()?;
        self.settle_orders(false)
    }

    fn report(&mut self, event: &Event) -> Result<(), ReportError> {
        let report = Report::from_event(event);
        self.open_orders.on_report(&report, event.seq);
        if report.kind == ReportKind::Rejected {
            let columns = &mut self.rejects.columns;
            columns.kind.append_value("order");
            columns.reason.append_value(report.reason.map_or("unknown", |reason| reason.name()));
            columns.raw.append_value(format!("order {}", report.id.0));
            columns.cause_seq.append_null();
            self.reject_context(event)?;
        }
        self.settle_orders(false)
    }

    /// Writes the rows of the oldest orders, up to the first that is still open; all of them if `all`.
    fn settle_orders(&mut self, all: bool) -> Result<(), ReportError> {
        while let Some(life) = self.open_orders.settle(all) {
            write_order(&life, &mut self.orders.columns, &self.meta);
            self.orders.settle()?;
        }
        Ok(())
    }

    fn refusal(&mut self, event: &Event) -> Result<(), ReportError> {
        let reason = Intent::refusal_reason(event).name();
        *self.counts.refused.entry(reason).or_default() += 1;
        let intent = Intent::from_event(event);
        let wish = match intent.goal {
            Goal::Withdraw => "withdraw".to_owned(),
            Goal::Target { position, style: Style::Market } => format!("position={position} style=market"),
            Goal::Target { position, style: Style::Touch } => format!("position={position} style=touch"),
            Goal::Target { position, style: Style::Limit(price) } => {
                format!("position={position} style=limit price={price}")
            }
        };
        let columns = &mut self.rejects.columns;
        columns.kind.append_value("intent");
        columns.reason.append_value(reason);
        columns.raw.append_value(format!("{wish} purpose={}", intent.purpose.name()));
        columns.cause_seq.append_value(Intent::refusal_cause_seq(event));
        self.reject_context(event)
    }

    /// The rest of a reject's row that comes from an event and from no file.
    fn reject_context(&mut self, event: &Event) -> Result<(), ReportError> {
        let columns = &mut self.rejects.columns;
        columns.file.append_null();
        columns.row.append_null();
        columns.column.append_null();
        columns.symbol.append_value(self.meta.instruments.symbols.name(event.symbol));
        columns.ts_event.push(event.ts);
        self.rejects.settle()
    }

    /// Records a refused row of data.
    ///
    /// # Errors
    /// [`ReportError`] where the disk refuses.
    pub fn reject_tick(&mut self, reject: &RejectRow<'_>) -> Result<(), ReportError> {
        let columns = &mut self.rejects.columns;
        columns.kind.append_value("tick");
        columns.file.append_value(reject.file);
        columns.row.append_value(reject.row);
        columns.column.append_value(reject.column);
        columns.reason.append_value(reject.reason);
        columns.raw.append_value(reject.raw);
        columns.symbol.append_option(reject.symbol);
        columns.ts_event.push_option(reject.ts_event);
        columns.cause_seq.append_null();
        self.rejects.settle()
    }

    /// Records batches of ticks, if the table is kept.
    ///
    /// # Errors
    /// [`ReportError`] where the disk refuses.
    pub fn record_batches(&mut self, batches: &[SymbolBatch]) -> Result<(), ReportError> {
        let Some(table) = &mut self.batches else { return Ok(()) };
        let symbols = &self.meta.instruments.symbols;
        batches.iter().try_for_each(|batch| table.batch(symbols.name(batch.symbol), batch))
    }

    /// Writes summary, configuration and report, and puts the folder in its place.
    ///
    /// # Errors
    /// [`ReportError`] where the disk refuses; nothing stands at `out` then that did not before.
    pub fn finish(mut self, summary: &Summary, config_toml: &str) -> Result<PathBuf, ReportError> {
        self.settle_orders(true)?;
        self.bars.finish()?;
        self.indicators.finish()?;
        self.agents.finish(&self.meta)?;
        self.orders.finish()?;
        self.fills.finish()?;
        self.equity.finish()?;
        self.rejects.finish()?;
        self.batches.map(Table::finish).transpose()?;
        let partial = self.place.partial();
        write_synced(&partial.join(SUMMARY), &summary.to_json())?;
        write_synced(&partial.join("config.toml"), config_toml)?;
        render_report(partial)?;
        self.place.fill()
    }
}

fn write_synced(path: &Path, text: &str) -> Result<(), ReportError> {
    fs::write(path, text).map_err(io("write", path))?;
    sync(path)
}
