//! Every event comes back exactly, and ordinary ones are short.

use super::predict::Predictor;
use super::{Encoder, decode_events};
use model::{Event, Kind, Nanos, Price, Quantity, Quote, SymbolId, Trade};
use proptest::prelude::*;

fn encode(next_seq: u64, events: &[Event]) -> Vec<u8> {
    let (mut encoder, mut bytes) = (Encoder::new(), Vec::new());
    encoder.begin(next_seq);
    events.iter().for_each(|event| encoder.encode(event, &mut bytes));
    bytes
}

#[track_caller]
fn check(next_seq: u64, events: &[Event]) -> usize {
    let mut bytes = encode(next_seq, events);
    let len = bytes.len();
    bytes.resize(len.next_multiple_of(8), 0);
    let (mut predictor, mut decoded) = (Predictor::new(), Vec::new());
    // A frame is read without those before it, whatever the table holds from them.
    for _ in 0..2 {
        assert!(decode_events(&mut predictor, &bytes, next_seq, events.len(), &mut decoded));
        assert_eq!(decoded, events);
    }
    len
}

fn word() -> impl Strategy<Value = i64> {
    prop_oneof![
        any::<i64>(),
        -3..3_i64,
        (-1000..1000_i64).prop_map(|n| n * 1_000_000),
        Just(i64::MIN),
        Just(i64::MAX),
        (0..64_u32, any::<bool>()).prop_map(|(bit, less)| (1_i64 << bit).wrapping_sub(i64::from(less))),
    ]
}

prop_compose! {
    fn event()(
        seq in prop_oneof![1..9_u64, any::<u64>()],
        ts in word(),
        symbol in prop_oneof![0..4_u32, Just(u32::MAX), Just(1024), any::<u32>()],
        kind in prop_oneof![0..11_u8, 32..43_u8, any::<u8>()],
        flags in prop_oneof![0..4_u8, Just(255), any::<u8>()],
        detail in prop_oneof![Just(0), Just(u16::MAX), any::<u16>()],
        words in prop::array::uniform5(word()),
    ) -> Event {
        Event { seq, ts: Nanos(ts), symbol: SymbolId(symbol), kind: Kind(kind), flags, detail, words }
    }
}

proptest! {
    #[test]
    fn all_events_come_back(next_seq in any::<u64>(), events in prop::collection::vec(event(), 0..50)) {
        check(next_seq, &events);
    }

    #[test]
    fn arbitrary_bytes_are_events_or_refused(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        count in 0..500_usize,
    ) {
        let mut decoded = Vec::new();
        if decode_events(&mut Predictor::new(), &bytes, 7, count, &mut decoded) {
            prop_assert_eq!(decoded.len(), count);
        }
    }

    #[test]
    fn a_cut_frame_is_refused(events in prop::collection::vec(event(), 1..20), cut in any::<prop::sample::Index>()) {
        let bytes = encode(1, &events);
        let cut = cut.index(bytes.len());
        prop_assert!(!decode_events(&mut Predictor::new(), &bytes[..cut], 1, events.len(), &mut Vec::new()));
    }
}

#[test]
fn ordinary_ticks_are_short() {
    let trade = |n: i64| {
        let trade = Trade {
            ts_event: Nanos(1_704_067_200_000_000_000 + 300_000_000 * n),
            price: Price::new(50_000_000_000_000 + 100_000_000 * (n % 3)),
            size: Quantity::new(1_000_000 * (1 + n % 1999)),
            aggressor: if n % 2 == 0 { 1 } else { -1 },
        };
        Event { seq: 1 + n as u64, ..Event::trade(trade.ts_event, SymbolId(0), trade) }
    };
    let trades: Vec<Event> = (0..1000).map(trade).collect();
    let bytes = check(1, &trades);
    assert!(bytes < 12 * trades.len(), "{bytes} bytes for {} trades", trades.len());

    let quote = |n: i64| {
        let quote = Quote {
            ts_event: Nanos(1_704_067_200_000_000_000 + 1_000_003 * n),
            bid: Price::new(50_000_000_000_000 + 100_000_000 * (n % 3)),
            ask: Price::new(50_000_100_000_000 + 100_000_000 * (n % 3)),
            bid_size: None,
            ask_size: Some(Quantity::new(7_000_000 * (n % 5))),
        };
        Event { seq: 1 + n as u64, ..Event::quote(quote.ts_event, SymbolId(n as u32 % 4), quote) }
    };
    let quotes: Vec<Event> = (0..1000).map(quote).collect();
    let bytes = check(1, &quotes);
    assert!(bytes < 16 * quotes.len(), "{bytes} bytes for {} quotes", quotes.len());
}

#[test]
fn too_many_trailing_zeros_are_refused() {
    let event = Event { seq: 1, ..Event::input(Kind::TIMER, Nanos(5), SymbolId::NONE) };
    let mut bytes = encode(1, &[event]);
    bytes.resize(bytes.len() + 8, 0);
    assert!(!decode_events(&mut Predictor::new(), &bytes, 1, 1, &mut Vec::new()));
}
