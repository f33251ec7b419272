//! Bars, indicator sets and accounts as words. Matrices, synergies and decisions know their own.

use model::{Account, Bar, BarSource, IndicatorSet, Money, Nanos, Price, SymbolId};

pub(super) const BAR_WORDS: usize = 11;
pub(super) const SET_WORDS: usize = 4;
pub(super) const ACCOUNT_WORDS: usize = 14;

fn wide(raw: i128) -> [u64; 2] {
    [raw as u64, (raw >> 64) as u64]
}

fn narrow(words: &[u64]) -> i128 {
    i128::from(words[0]) | (i128::from(words[1] as i64) << 64)
}

/// No vwap: no price is this.
const NO_PRICE: i64 = i64::MIN;

pub(super) fn bar_words(bar: &Bar) -> [u64; BAR_WORDS] {
    let head = u64::from(bar.symbol.0)
        | u64::from(bar.timeframe) << 32
        | (bar.source as u64) << 40
        | u64::from(bar.primary) << 48;
    let [low, high] = wide(bar.volume);
    [
        head,
        bar.ts_open.0 as u64,
        bar.ts_close.0 as u64,
        bar.open.raw() as u64,
        bar.high.raw() as u64,
        bar.low.raw() as u64,
        bar.close.raw() as u64,
        low,
        high,
        bar.vwap.map_or(NO_PRICE, Price::raw) as u64,
        u64::from(bar.trades),
    ]
}

pub(super) fn bar_of(words: &[u64]) -> Bar {
    let price = |at: usize| Price::new(words[at] as i64);
    let vwap = words[9] as i64;
    Bar {
        symbol: SymbolId(words[0] as u32),
        timeframe: (words[0] >> 32) as u8,
        source: BarSource::ALL[(words[0] >> 40) as u8 as usize],
        primary: words[0] >> 48 != 0,
        ts_open: Nanos(words[1] as i64),
        ts_close: Nanos(words[2] as i64),
        open: price(3),
        high: price(4),
        low: price(5),
        close: price(6),
        volume: narrow(&words[7..9]),
        vwap: (vwap != NO_PRICE).then(|| Price::new(vwap)),
        trades: words[10] as u32,
    }
}

pub(super) fn set_words(set: &IndicatorSet) -> [u64; SET_WORDS] {
    [
        u64::from(set.symbol.0),
        u64::from(set.timeframe),
        set.ts_close.0 as u64,
        u64::from(set.values_start) | u64::from(set.values_len) << 32,
    ]
}

pub(super) fn set_of(words: &[u64]) -> IndicatorSet {
    IndicatorSet {
        symbol: SymbolId(words[0] as u32),
        timeframe: words[1] as u8,
        ts_close: Nanos(words[2] as i64),
        values_start: words[3] as u32,
        values_len: (words[3] >> 32) as u32,
    }
}

pub(super) fn account_words(account: &Account) -> [u64; ACCOUNT_WORDS] {
    let mut words = [0; ACCOUNT_WORDS];
    for (pair, amount) in words.chunks_exact_mut(2).zip(account.amounts()) {
        pair.copy_from_slice(&wide(amount.raw()));
    }
    words
}

pub(super) fn account_of(words: &[u64]) -> Account {
    let mut amounts = [Money::ZERO; ACCOUNT_WORDS / 2];
    for (amount, pair) in amounts.iter_mut().zip(words.chunks_exact(2)) {
        *amount =
            Money::from_raw(narrow(pair)).expect("an account's figures were amounts when it was written");
    }
    Account::from_amounts(amounts)
}
