//! What happens: an efficient price that nobody sees, and a book of two sides around it.
//!
//! The efficient price diffuses with the climate. At a quote event the makers follow it with both sides
//! if it has moved enough, else one of them changes its size. A taker hits the standing book, so trades
//! bounce between bid and ask, and a taker larger than what stands sweeps several levels in one instant.
//! A book left behind by the price is hit on its stale side.

use crate::climate::Climate;
use crate::config::SymbolConfig;
use crate::random::Random;
use crate::ticks::SyntheticTick;
use model::{Nanos, Price, Quantity, Quote, Trade};
use std::collections::VecDeque;

/// Half the spread, in deviations of the price between two trades.
const HALF_SPREAD_DEVIATIONS: f64 = 0.8;
/// The makers follow a price this far off the middle, in spreads, or by this chance anyway.
const FOLLOW_SPREADS: f64 = 0.3;
const FOLLOW_CHANCE: f64 = 0.08;
/// Chance that a taker does what the one before did.
const SIDE_PERSISTS: f64 = 0.55;
/// Share of a level that the price keeps of a sweep, and of half a spread that it keeps of a trade.
const SWEEP_IMPACT: f64 = 0.6;
const TRADE_IMPACT: f64 = 0.05;
/// Chance that a quote is locked, and that it is crossed.
const LOCKED_CHANCE: f64 = 0.001;
const CROSSED_CHANCE: f64 = 0.000_5;
/// Most prints of one sweep.
const SWEEP_PRINTS_MAX: usize = 4;
/// Least size that stands and largest size of all, in lots.
const LOTS_STANDING_MIN: i64 = 4;
const LOTS_MAX: i64 = 10_000;
/// Mean scale of sizes that stand and that take, in lots.
const LOTS_STANDING: f64 = 20.0;
const LOTS_TAKEN: f64 = 2.5;
/// Chance that a taker's size is a round number of lots.
const ROUND_CHANCE: f64 = 0.2;
const ROUND_LOTS: i64 = 10;
/// The price stays within the start price times and divided by this.
const RANGE: f64 = 20.0;
/// Time from a sweep to the quote that shows it: 20 µs and up to about half a millisecond.
const REACTION_NANOS: i64 = 20_000;
const REACTION_SPREAD_NANOS: u64 = 480_000;

/// One symbol's price and book.
#[derive(Debug, Clone)]
pub(crate) struct Market {
    tick_size: i64,
    lot: i64,
    has_quotes: bool,
    price_min: f64,
    price_max: f64,
    /// Deviation of the price between two trades at average volatility, as a fraction.
    trade_deviation: f64,
    /// The efficient price.
    price: f64,
    price_time: Nanos,
    /// Prices in tick sizes, sizes in lots.
    book: Book,
    buying: bool,
}

#[derive(Debug, Clone, Copy)]
struct Book {
    bid: i64,
    ask: i64,
    bid_lots: i64,
    ask_lots: i64,
}

impl Market {
    pub(crate) fn new(config: &SymbolConfig, now: Nanos, climate: &Climate, random: &mut Random) -> Self {
        let price = config.start_price.to_f64();
        let mut market = Self {
            tick_size: config.tick_size.raw(),
            lot: config.lot.raw(),
            has_quotes: config.quotes_per_trade > 0.0,
            price_min: price / RANGE,
            price_max: price * RANGE,
            trade_deviation: config.daily_volatility / f64::from(config.trades_per_day).sqrt(),
            price,
            price_time: now,
            book: Book { bid: 0, ask: 0, bid_lots: 0, ask_lots: 0 },
            buying: true,
        };
        market.centre_book(climate, random);
        market
    }

    /// The efficient price.
    pub(crate) fn price(&self) -> f64 {
        self.price
    }

    /// A return at one instant.
    pub(crate) fn jump(&mut self, change: f64) {
        self.price = (self.price * (1.0 + change)).clamp(self.price_min, self.price_max);
    }

    /// Lets the price diffuse until `now`.
    pub(crate) fn diffuse(&mut self, now: Nanos, climate: &Climate, random: &mut Random) {
        let seconds = (now - self.price_time).0 as f64 / 1e9;
        debug_assert!(seconds >= 0.0, "time does not run backwards");
        self.price_time = now;
        self.jump(climate.drift * seconds + climate.volatility * seconds.sqrt() * random.normal());
    }

    /// The makers move: a quote at `now`.
    pub(crate) fn quote(
        &mut self,
        now: Nanos,
        climate: &Climate,
        random: &mut Random,
        out: &mut VecDeque<SyntheticTick>,
    ) {
        self.follow(climate, random);
        if !self.has_quotes {
            return;
        }
        let odd = random.uniform();
        if odd <= LOCKED_CHANCE {
            self.book.ask = self.book.bid;
        } else if odd <= LOCKED_CHANCE + CROSSED_CHANCE {
            self.book.ask = self.book.bid - 1;
        }
        out.push_back(SyntheticTick::Quote(Quote {
            ts_event: now,
            bid: self.to_price(self.book.bid),
            ask: self.to_price(self.book.ask),
            bid_size: Some(self.to_quantity(self.book.bid_lots)),
            ask_size: Some(self.to_quantity(self.book.ask_lots)),
        }));
    }

    /// A taker comes at `now`: one trade, or a sweep of several and the quote that shows it.
    pub(crate) fn take(
        &mut self,
        now: Nanos,
        climate: &Climate,
        random: &mut Random,
        out: &mut VecDeque<SyntheticTick>,
    ) {
        if !self.has_quotes {
            self.centre_book(climate, random);
        }
        self.buying = self.next_side(random);
        let sign = if self.buying { 1 } else { -1 };
        let (mut level, mut standing) = if self.buying {
            (self.book.ask, self.book.ask_lots)
        } else {
            (self.book.bid, self.book.bid_lots)
        };
        let mut left = taker_lots(random);
        let mut prints = 0;
        while left > 0 && prints < SWEEP_PRINTS_MAX && level > 0 {
            let lots = left.min(standing);
            out.push_back(SyntheticTick::Trade(Trade {
                ts_event: now,
                price: self.to_price(level),
                size: self.to_quantity(lots),
                aggressor: sign as i8,
            }));
            left -= lots;
            prints += 1;
            if left > 0 {
                level += sign;
                standing = standing_lots(random);
            }
        }
        let half_spread = (self.book.ask - self.book.bid) as f64 / 2.0;
        let impact = TRADE_IMPACT * half_spread + SWEEP_IMPACT * prints.saturating_sub(1) as f64;
        self.jump(sign as f64 * impact * self.tick() / self.price);
        if prints > 1 {
            let reaction = REACTION_NANOS + (random.bits() % REACTION_SPREAD_NANOS) as i64;
            self.quote(micros(now + Nanos(reaction)), climate, random, out);
        }
    }

    /// Towards the price if the book was left behind, else rather what the last taker did.
    fn next_side(&self, random: &mut Random) -> bool {
        let price_ticks = self.price / self.tick();
        if price_ticks > self.book.ask as f64 + 1.0 {
            true
        } else if price_ticks < self.book.bid as f64 - 1.0 {
            false
        } else {
            self.buying == random.chance(SIDE_PERSISTS)
        }
    }

    /// The makers follow the price, or one of them changes its size.
    fn follow(&mut self, climate: &Climate, random: &mut Random) {
        let book = &mut self.book;
        let (spread, sum) = (book.ask - book.bid, book.ask + book.bid);
        let offset = self.price / (self.tick_size as f64 / model::UNIT as f64) - sum as f64 / 2.0;
        let left_behind = offset.abs() > FOLLOW_SPREADS * spread as f64 + 0.5;
        if spread <= 0 || left_behind || random.chance(FOLLOW_CHANCE) {
            self.centre_book(climate, random);
        } else if random.chance(0.5) {
            book.bid_lots = standing_lots(random);
        } else {
            book.ask_lots = standing_lots(random);
        }
    }

    /// Both sides anew around the price; a side that stays where it was keeps its size.
    fn centre_book(&mut self, climate: &Climate, random: &mut Random) {
        let deviation = self.trade_deviation * climate.volatility_factor * self.price / self.tick();
        let wanted = 2.0 * HALF_SPREAD_DEVIATIONS * deviation * (0.6 + 0.8 * random.uniform());
        let spread = (wanted + 0.5).floor().max(1.0);
        let bid = ((self.price / self.tick() - spread / 2.0 + 0.5).floor() as i64).max(2);
        let ask = bid + spread as i64;
        if bid != self.book.bid {
            self.book.bid_lots = standing_lots(random);
        }
        if ask != self.book.ask {
            self.book.ask_lots = standing_lots(random);
        }
        (self.book.bid, self.book.ask) = (bid, ask);
    }

    fn tick(&self) -> f64 {
        self.tick_size as f64 / model::UNIT as f64
    }

    fn to_price(&self, ticks: i64) -> Price {
        debug_assert!(ticks > 0, "a price is positive");
        Price::new(ticks * self.tick_size)
    }

    fn to_quantity(&self, lots: i64) -> Quantity {
        debug_assert!((1..=LOTS_MAX).contains(&lots), "a size is positive");
        Quantity::new(lots * self.lot)
    }
}

/// Times are told to the microsecond.
pub(crate) fn micros(time: Nanos) -> Nanos {
    Nanos(time.0 - time.0.rem_euclid(1_000))
}

/// A standing size in lots: mostly some, at times very many.
fn standing_lots(random: &mut Random) -> i64 {
    let x = random.exponential();
    (LOTS_STANDING_MIN + (LOTS_STANDING * x * x) as i64).min(LOTS_MAX)
}

/// A taker's size in lots: mostly few, at times very many, more often round than not by chance.
fn taker_lots(random: &mut Random) -> i64 {
    let x = random.exponential();
    let lots = 1 + (LOTS_TAKEN * x * x) as i64;
    let round =
        if random.chance(ROUND_CHANCE) { (lots + ROUND_LOTS - 1) / ROUND_LOTS * ROUND_LOTS } else { lots };
    round.min(LOTS_MAX)
}
