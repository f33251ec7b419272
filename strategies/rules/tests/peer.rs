//! `ema_cross` against the loop every peer engine's example is made of, written here a second time:
//! floats, a position that is assumed filled, one order per change.

use model::{Bar, BarSource, Event, Frame, Goal, Kind, Nanos, Price, Style, SymbolId, Timeframe};
use rules::{EmaCross, EmaCrossConfig};
use strategy::{Intents, Strategy};

/// Bar number and sign of each order of the peers' loop.
fn peer_orders(closes: &[f64], fast: usize, slow: usize) -> Vec<(usize, i64)> {
    let (mut f, mut s, mut position, mut orders) = (0.0, 0.0, 0, Vec::new());
    for (i, close) in closes.iter().enumerate() {
        if i == 0 {
            (f, s) = (*close, *close);
        } else {
            f += 2.0 / (fast as f64 + 1.0) * (close - f);
            s += 2.0 / (slow as f64 + 1.0) * (close - s);
        }
        if i + 1 < slow {
            continue;
        }
        if f > s && position <= 0 {
            position = 1;
            orders.push((i, 1));
        } else if f < s && position >= 0 {
            position = -1;
            orders.push((i, -1));
        }
    }
    orders
}

fn frame_of(i: usize, close: Price) -> Frame {
    let mut frame = Frame::default();
    frame.begin(Event { seq: i as u64 + 1, ..Event::input(Kind::TIMER, Nanos(i as i64), SymbolId::NONE) });
    frame.push_bar(Bar {
        symbol: SymbolId(0),
        timeframe: 0,
        source: BarSource::Trade,
        primary: true,
        ts_open: Nanos(i as i64),
        ts_close: Nanos(i as i64 + 1),
        open: close,
        high: close,
        low: close,
        close,
        volume: 0,
        vwap: None,
        trades: 1,
    });
    frame
}

/// Bar number and sign of each intent of the rule.
fn rule_orders(closes: &[Price], config: EmaCrossConfig) -> Vec<(usize, i64)> {
    let mut rule = EmaCross::new(config, &[Timeframe::parse("1m").unwrap()], 1).unwrap();
    let (mut out, mut orders) = (Intents::new(), Vec::new());
    for (i, close) in closes.iter().enumerate() {
        rule.on_frame(&frame_of(i, *close), &mut out);
        for intent in out.drain() {
            let Goal::Target { position, style: Style::Market } = intent.goal else { panic!("{intent:?}") };
            assert_eq!(position.raw().abs(), config.quantity.raw());
            orders.push((i, position.raw().signum()));
        }
    }
    orders
}

#[test]
fn says_what_the_peers_loop_orders() {
    // A walk on a grid of 0.1 with stretches that do not move.
    let (mut state, mut tenths) = (3_u64, 500_000_i64);
    let closes: Vec<Price> = (0..20_000)
        .map(|i| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            tenths += if i % 300 < 20 { 0 } else { (state >> 33) as i64 % 201 - 100 };
            Price::new(tenths.max(1_000) * 100_000_000)
        })
        .collect();
    let floats: Vec<f64> = closes.iter().map(|close| close.to_f64()).collect();
    for (fast, slow) in [(10, 30), (1, 2), (5, 200)] {
        let config = EmaCrossConfig { fast, slow, ..EmaCrossConfig::default() };
        let expected = peer_orders(&floats, fast as usize, slow as usize);
        assert!(expected.len() > 100, "{fast} against {slow} trades");
        assert_eq!(rule_orders(&closes, config), expected, "{fast} against {slow}");
    }
}
