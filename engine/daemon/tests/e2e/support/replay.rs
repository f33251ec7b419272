//! What must follow from ticks and orders: fills, last states of orders, every equity row.
//!
//! Written from the contract: each input has one number (the start, ticks, bar closes, the venue's answers,
//! the end); at equal times the venue's answers come first, then bar closes, then data. Given are the ticks
//! and, of each order, what was asked for and by which input; everything else is computed here.

use super::data::{Quote, Tick, Trade};
use super::exact::{ONE, fee, half_even, notional};
use super::tables::{BarRow, EquityRow, FillRow, OrderRow};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The run's settings that matter here.
#[derive(Debug, Clone)]
pub struct Rules {
    pub latency: i64,
    /// Whether a print fills only up to its size.
    pub prints_bind: bool,
    pub maker: i128,
    pub taker: i128,
    pub capital: i128,
    pub currency: &'static str,
    /// By symbol; 1 where there is none.
    pub multipliers: BTreeMap<&'static str, i128>,
    /// Whose closes are equity rows.
    pub shortest: &'static str,
    /// At whose bars a limit entry is withdrawn.
    pub decides: &'static str,
    pub end: i64,
}

/// How an order must have ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderEnd {
    pub seq: u64,
    pub status: &'static str,
    pub filled: i128,
    pub avg_price: Option<i128>,
}

/// What is held of a symbol.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Holding {
    pub quantity: i128,
    pub cost: i128,
    pub mark: Option<i128>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Standing {
    price: i128,
    /// What is left of it; no size is unknown and does not bind.
    left: Option<i128>,
}

#[derive(Debug, Default)]
struct Book {
    /// The symbol has quotes in this run.
    quoted: bool,
    /// bid, ask
    quote: Option<[Standing; 2]>,
    /// Open orders, by arrival.
    open: Vec<usize>,
    has_traded: bool,
}

#[derive(Debug, Clone, Copy)]
enum Request {
    Submit(usize),
    Cancel(usize),
}

#[derive(Debug, Clone, Default)]
struct Progress {
    left: i128,
    traded: i128,
    seq: u64,
    status: &'static str,
    is_sent: bool,
    is_cancelling: bool,
}

/// The state of the replay, and what it gives.
pub struct Replay<'a> {
    rules: &'a Rules,
    orders: &'a [OrderRow],
    progress: Vec<Progress>,
    /// Bars that close, by time.
    closes: BTreeMap<i64, BTreeSet<(&'a str, &'a str)>>,
    books: BTreeMap<&'static str, Book>,
    flights: VecDeque<(i64, Request)>,
    pub seq: u64,
    pub holdings: BTreeMap<&'static str, Holding>,
    pub realised_pnl: i128,
    pub fees: i128,
    peak: i128,
    pub fills: Vec<FillRow>,
    pub equity: Vec<EquityRow>,
}

const FINAL: [&str; 3] = ["filled", "cancelled", "expired"];

impl<'a> Replay<'a> {
    /// Replays a whole run.
    pub fn run(ticks: &[Tick], orders: &'a [OrderRow], bars: &'a [BarRow], rules: &'a Rules) -> Self {
        let mut closes: BTreeMap<i64, BTreeSet<(&str, &str)>> = BTreeMap::new();
        for bar in bars {
            closes.entry(bar.ts_close).or_default().insert((&bar.symbol, &bar.timeframe));
        }
        let mut books: BTreeMap<&'static str, Book> = BTreeMap::new();
        for tick in ticks {
            books.entry(tick.symbol()).or_default().quoted |= matches!(tick, Tick::Quote(_));
        }
        let start = |order: &OrderRow| Progress {
            left: order.quantity,
            seq: order.sent_seq,
            status: "new",
            ..Progress::default()
        };
        let mut replay = Self {
            rules,
            orders,
            progress: orders.iter().map(start).collect(),
            closes,
            holdings: books.keys().map(|symbol| (*symbol, Holding::default())).collect(),
            books,
            flights: VecDeque::new(),
            seq: 1,
            realised_pnl: 0,
            fees: 0,
            peak: rules.capital,
            fills: Vec::new(),
            equity: Vec::new(),
        };
        replay.equity_row(ticks[0].ts());
        ticks.iter().for_each(|tick| replay.tick(tick));
        replay.finish();
        replay
    }

    /// How each order ended.
    pub fn ends(&self) -> Vec<OrderEnd> {
        let end = |(order, progress): (&OrderRow, &Progress)| {
            let filled = order.quantity - progress.left;
            let avg_price = (filled > 0).then(|| half_even(progress.traded, filled));
            OrderEnd { seq: progress.seq, status: progress.status, filled, avg_price }
        };
        self.orders.iter().zip(&self.progress).map(end).collect()
    }

    fn multiplier(&self, symbol: &str) -> i128 {
        self.rules.multipliers.get(symbol).copied().unwrap_or(ONE)
    }

    fn tick(&mut self, tick: &Tick) {
        self.settle(tick.ts());
        match tick {
            Tick::Trade(trade) => self.print(trade),
            Tick::Quote(quote) => self.quote(quote),
        }
        self.seq += 1;
        let has_traded = &mut self.books.get_mut(tick.symbol()).expect("a known symbol").has_traded;
        let mark = &mut self.holdings.get_mut(tick.symbol()).expect("a known symbol").mark;
        match tick {
            Tick::Trade(trade) => (*mark, *has_traded) = (Some(trade.price.into()), true),
            Tick::Quote(quote) if !*has_traded => {
                *mark = Some(half_even(i128::from(quote.bid) + i128::from(quote.ask), 2));
            }
            Tick::Quote(_) => {}
        }
        self.send_orders(tick.ts(), None);
    }

    /// Everything that is due by `now`, the venue's answers before bar closes.
    fn settle(&mut self, now: i64) {
        loop {
            let arrival = self.flights.front().map_or(i64::MAX, |(ts, _)| *ts);
            let close = self.closes.keys().next().map_or(i64::MAX, |ts| *ts);
            if arrival.min(close) > now {
                return;
            }
            if arrival <= close {
                let (ts, request) = self.flights.pop_front().expect("one arrives");
                match request {
                    Request::Submit(at) => self.arrive(at, ts),
                    Request::Cancel(at) => self.cancel(at, ts),
                }
            } else {
                self.close(close);
            }
        }
    }

    fn close(&mut self, ts: i64) {
        let closing = self.closes.remove(&ts).expect("bars close");
        self.seq += 1;
        if closing.iter().any(|(_, timeframe)| *timeframe == self.rules.shortest) {
            self.equity_row(ts);
        }
        let symbols: Vec<&'static str> = self.books.keys().copied().collect();
        for symbol in symbols {
            if closing.contains(&(symbol, self.rules.decides)) {
                self.withdraw(symbol, ts);
            }
            self.send_orders(ts, Some(symbol));
        }
    }

    /// The limit entries of a symbol are withdrawn at its next bar.
    fn withdraw(&mut self, symbol: &str, ts: i64) {
        for at in 0..self.orders.len() {
            let (order, progress) = (&self.orders[at], &mut self.progress[at]);
            let is_open = progress.is_sent && !FINAL.contains(&progress.status);
            if order.symbol == symbol && order.order_type == "limit" && is_open && !progress.is_cancelling {
                progress.is_cancelling = true;
                self.flights.push_back((ts + self.rules.latency, Request::Cancel(at)));
            }
        }
    }

    /// Sends the orders that leave at this input. An answer lets orders go that it was waited for, and never is there
    /// a cancel on its way on an order's own side.
    fn send_orders(&mut self, ts: i64, symbol: Option<&str>) {
        for at in 0..self.orders.len() {
            let order = &self.orders[at];
            if order.sent_seq == self.seq && symbol.is_none_or(|symbol| symbol == order.symbol) {
                assert_eq!(order.ts_event, ts, "an order's time is that of its input: {order:?}");
                assert!(!self.is_cancelling(&order.symbol, &order.side), "a cancel is on its way: {order:?}");
                self.progress[at].is_sent = true;
                self.flights.push_back((ts + self.rules.latency, Request::Submit(at)));
            }
        }
    }

    fn is_cancelling(&self, symbol: &str, side: &str) -> bool {
        self.orders.iter().zip(&self.progress).any(|(order, progress)| {
            let is_open = progress.is_sent && !FINAL.contains(&progress.status);
            order.symbol == symbol && order.side == side && is_open && progress.is_cancelling
        })
    }

    fn arrive(&mut self, at: usize, ts: i64) {
        self.seq += 1;
        let order = &self.orders[at];
        let symbol = self.symbol(at);
        let book = &self.books[symbol];
        if let (true, Some(quote)) = (book.quoted, book.quote) {
            let standing = quote[usize::from(order.side == "buy")];
            if within(order, standing.price) {
                self.take_quote(at, standing.price, "taker", ts);
            }
        }
        if self.progress[at].left > 0 {
            self.books.get_mut(symbol).expect("a known symbol").open.push(at);
        }
    }

    fn cancel(&mut self, at: usize, ts: i64) {
        self.seq += 1;
        if !FINAL.contains(&self.progress[at].status) {
            self.progress[at].status = "cancelled";
            self.progress[at].seq = self.seq;
            let symbol = self.symbol(at);
            self.books.get_mut(symbol).expect("a known symbol").open.retain(|open| *open != at);
        }
        self.send_late(at, ts);
    }

    /// Sends what waited for the answer to order `at`: orders for a decision before this input.
    fn send_late(&mut self, at: usize, ts: i64) {
        let symbol = self.symbol(at);
        let late = |order: &&OrderRow| order.sent_seq == self.seq;
        let mut late = self.orders.iter().filter(late);
        assert!(late.all(|order| order.cause_seq < order.sent_seq && order.symbol == symbol));
        self.send_orders(ts, Some(symbol));
    }

    fn symbol(&self, at: usize) -> &'static str {
        let (symbol, _) = self.books.get_key_value(self.orders[at].symbol.as_str()).expect("a known symbol");
        symbol
    }

    fn quote(&mut self, quote: &Quote) {
        let side =
            |price: i64, size: Option<i64>| Standing { price: price.into(), left: size.map(i128::from) };
        let sides = [side(quote.bid, quote.bid_size), side(quote.ask, quote.ask_size)];
        let book = self.books.get_mut(quote.symbol).expect("a known symbol");
        book.quote = Some(sides);
        for at in book.open.clone() {
            let order = &self.orders[at];
            let opposite = sides[usize::from(order.side == "buy")].price;
            match order.limit_price {
                None => self.take_quote(at, opposite, "taker", quote.ts),
                Some(limit) if within(order, opposite) => self.take_quote(at, limit, "maker", quote.ts),
                Some(_) => {}
            }
        }
        self.forget_filled(quote.symbol);
    }

    /// Fills from the standing side, up to what is left of it.
    fn take_quote(&mut self, at: usize, price: i128, liquidity: &str, ts: i64) {
        let side = usize::from(self.orders[at].side == "buy");
        let symbol = self.symbol(at);
        let quote = &mut self.books.get_mut(symbol).expect("a known symbol").quote;
        let standing = &mut quote.as_mut().expect("a quote stands")[side];
        let quantity = standing.left.map_or(self.progress[at].left, |left| left.min(self.progress[at].left));
        standing.left = standing.left.map(|left| left - quantity);
        self.fill(at, price, quantity, liquidity, ts);
    }

    fn print(&mut self, trade: &Trade) {
        let book = &self.books[trade.symbol];
        let (price, quoted) = (i128::from(trade.price), book.quoted);
        let mut left = self.rules.prints_bind.then_some(i128::from(trade.size));
        for at in book.open.clone() {
            let order = &self.orders[at];
            let (at_price, liquidity) = match order.limit_price {
                None if quoted => continue,
                None => (price, "taker"),
                Some(limit)
                    if (order.side == "buy" && price < limit) || (order.side == "sell" && price > limit) =>
                {
                    (limit, "maker")
                }
                Some(_) => continue,
            };
            let quantity = left.map_or(self.progress[at].left, |left| left.min(self.progress[at].left));
            left = left.map(|left| left - quantity);
            self.fill(at, at_price, quantity, liquidity, trade.ts);
        }
        self.forget_filled(trade.symbol);
    }

    fn forget_filled(&mut self, symbol: &str) {
        let progress = &self.progress;
        self.books.get_mut(symbol).expect("a known symbol").open.retain(|at| progress[*at].left > 0);
    }

    fn fill(&mut self, at: usize, price: i128, quantity: i128, liquidity: &str, ts: i64) {
        if quantity == 0 {
            return;
        }
        self.seq += 1;
        let order = &self.orders[at];
        let symbol = self.symbol(at);
        let multiplier = self.multiplier(symbol);
        let value = notional(price, quantity, multiplier);
        let rate = if liquidity == "maker" { self.rules.maker } else { self.rules.taker };
        let progress = &mut self.progress[at];
        progress.left -= quantity;
        progress.traded += price * quantity;
        progress.seq = self.seq;
        progress.status = if progress.left == 0 { "filled" } else { "partially_filled" };
        self.fills.push(FillRow {
            client_order_id: order.client_order_id.clone(),
            venue_fill_id: (self.fills.len() + 1).to_string(),
            seq: self.seq,
            ts_event: ts,
            symbol: symbol.to_owned(),
            side: order.side.clone(),
            quantity,
            price,
            multiplier,
            fee: fee(value, rate),
            fee_currency: self.rules.currency.to_owned(),
            liquidity: liquidity.to_owned(),
        });
        self.fees += fee(value, rate);
        let signed = if order.side == "buy" { quantity } else { -quantity };
        let holding = self.holdings.get_mut(symbol).expect("a known symbol");
        self.realised_pnl += holding.fold(signed, price, multiplier);
        self.equity_row(ts);
        self.send_late(at, ts);
    }

    fn equity_row(&mut self, ts: i64) {
        let (mut position_value, mut cost) = (0, 0);
        for (symbol, holding) in &self.holdings {
            let marked = |mark| notional(mark, holding.quantity, self.multiplier(symbol));
            position_value += holding.mark.map_or(holding.cost, marked);
            cost += holding.cost;
        }
        let unrealised_pnl = position_value - cost;
        let equity = self.rules.capital + self.realised_pnl + unrealised_pnl - self.fees;
        self.peak = self.peak.max(equity);
        self.equity.push(EquityRow {
            ts_event: ts,
            cash: equity - position_value,
            position_value,
            equity,
            realised_pnl: self.realised_pnl,
            unrealised_pnl,
            fees: self.fees,
            drawdown: (self.peak - equity) as f64 / self.peak as f64,
        });
    }

    fn finish(&mut self) {
        self.settle(self.rules.end);
        for progress in self.progress.iter_mut().filter(|progress| !FINAL.contains(&progress.status)) {
            self.seq += 1;
            progress.status = "expired";
            progress.seq = self.seq;
        }
        self.seq += 1;
        self.equity_row(self.rules.end);
    }
}

/// Whether a price is at the order's limit or better.
fn within(order: &OrderRow, price: i128) -> bool {
    order.limit_price.is_none_or(|limit| if order.side == "buy" { price <= limit } else { price >= limit })
}

impl Holding {
    /// Folds a fill of a signed quantity; what it realises.
    pub fn fold(&mut self, signed: i128, price: i128, multiplier: i128) -> i128 {
        let whole = notional(price, signed, multiplier);
        let held = self.quantity;
        self.quantity += signed;
        if held == 0 || (held > 0) == (signed > 0) {
            self.cost += whole;
            return 0;
        }
        let closing = held.abs().min(signed.abs());
        // A reversal closes all, then opens the rest.
        let proceeds = if closing == signed.abs() {
            whole
        } else {
            notional(price, closing * signed.signum(), multiplier)
        };
        let released =
            if closing == held.abs() { self.cost } else { half_even(self.cost * closing, held.abs()) };
        self.cost += whole - proceeds - released;
        -proceeds - released
    }
}
