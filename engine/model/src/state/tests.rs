//! What is written is read, what is not is refused.

use super::*;
use crate::{
    Direction, Nanos, Order, OrderId, OrderType, Price, Purpose, Quantity, Side, StreamHash, SymbolId,
    TimeInForce, Timeframe,
};
use proptest::prelude::*;
use std::collections::VecDeque;

#[derive(Debug, Clone, PartialEq)]
struct Sample {
    sum: i128,
    mean: f64,
    place: usize,
    flags: [bool; 3],
    ring: Box<[i64]>,
    last: Option<(u64, i32)>,
    grown: Vec<u8>,
    queue: VecDeque<Nanos>,
    dropped: Option<Vec<u16>>,
    period: u32,
    name: String,
    scratch: Vec<u8>,
}

crate::state!(Sample {
    sum, mean, place, flags, ring, last;
    list grown: 40, queue: 5, dropped: 1;
    same period;
    config name;
    scratch scratch;
    check |sample| sample.place < sample.ring.len()
});

fn fresh(period: u32, ring: usize) -> Sample {
    Sample {
        sum: 0,
        mean: 0.0,
        place: 0,
        flags: [false; 3],
        ring: vec![0; ring].into(),
        last: None,
        grown: Vec::new(),
        queue: VecDeque::new(),
        dropped: Some(vec![0; 2]),
        period,
        name: "a".to_owned(),
        scratch: vec![1],
    }
}

fn saved(state: &impl State) -> Vec<u8> {
    let mut to = StateWriter::new();
    to.section("sample", |to| {
        to.mark("all");
        state.save(to);
    });
    to.into_bytes()
}

fn loaded(state: &mut impl State, bytes: &[u8]) -> Result<(), StateError> {
    let mut from = StateReader::new(bytes);
    from.section("sample", |from| {
        from.mark("all")?;
        state.load(from)
    })?;
    from.finish()
}

fn sample() -> impl Strategy<Value = Sample> {
    let numbers = (any::<i128>(), any::<f64>(), 0_usize..4, any::<[bool; 3]>(), any::<[i64; 4]>());
    let grown = prop::collection::vec(any::<u8>(), 0..40);
    let queue = prop::collection::vec(any::<i64>(), 0..5);
    let rest = (any::<Option<(u64, i32)>>(), grown, queue, any::<Option<[u16; 2]>>());
    (numbers, rest).prop_map(|((sum, mean, place, flags, ring), (last, grown, queue, dropped))| Sample {
        sum,
        mean,
        place,
        flags,
        ring: ring.into(),
        last,
        grown,
        queue: queue.into_iter().map(Nanos).collect(),
        dropped: dropped.map(Vec::from),
        ..fresh(7, 4)
    })
}

proptest! {
    #[test]
    fn what_was_saved_is_loaded(sample in sample()) {
        let bytes = saved(&sample);
        prop_assert_eq!(&bytes, &saved(&sample), "saving changes nothing");
        let mut other = fresh(7, 4);
        loaded(&mut other, &bytes).unwrap();
        prop_assert_eq!(other.mean.to_bits(), sample.mean.to_bits());
        other.mean = sample.mean;
        prop_assert_eq!(saved(&other), bytes);
        prop_assert_eq!(format!("{other:?}"), format!("{sample:?}"));
    }

    /// Any damage is noticed, wherever it is, and named.
    #[test]
    fn damage_is_refused(sample in sample(), at in any::<prop::sample::Index>(), bit in 0_u8..8, cut in any::<bool>()) {
        let mut bytes = saved(&sample);
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] ^= 1 << bit }
        let error = loaded(&mut fresh(7, 4), &bytes).unwrap_err();
        prop_assert_eq!(error.section, "sample");
        prop_assert!(error.to_string().starts_with("the snapshot cannot be used: its section sample "));
    }

    /// Bytes that nobody wrote are a state or an error, and take no more memory than they hold.
    #[test]
    fn any_bytes_are_a_state_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300), zeros in 0_usize..200) {
        let bytes = [vec![0; zeros], bytes].concat();
        let mut sample = fresh(0, 4);
        let _ = sample.load(&mut StateReader::new(&bytes));
        prop_assert!(sample.grown.capacity() <= 64 && sample.queue.capacity() <= 16);
        let _ = StreamHash::new().load(&mut StateReader::new(&bytes));
        let _ = String::read(&mut StateReader::new(&bytes));
        let _ = Order::read(&mut StateReader::new(&bytes));
    }

    /// A hash goes on where it was saved.
    #[test]
    fn a_hash_goes_on(words in prop::collection::vec(any::<u64>(), 0..3000), cut in any::<prop::sample::Index>()) {
        let cut = cut.index(words.len() + 1);
        let (mut whole, mut first) = (StreamHash::new(), StreamHash::new());
        whole.words(&words);
        first.words(&words[..cut]);
        let bytes = saved(&first);
        let mut second = StreamHash::new();
        second.words(&[1, 2, 3]);
        loaded(&mut second, &bytes).unwrap();
        prop_assert_eq!(saved(&second), bytes);
        second.words(&words[cut..]);
        prop_assert_eq!(second.value(), whole.value());
    }
}

#[test]
fn another_configuration_is_named() {
    let sample = Sample { place: 3, ..fresh(7, 4) };
    let check = |mut other: Sample, bytes: &[u8], expected: StateCause| {
        let error = loaded(&mut other, bytes).unwrap_err();
        assert_eq!((error.section, error.mark, error.cause), ("sample", "all", expected), "{error}");
    };
    let bytes = saved(&sample);
    check(fresh(8, 4), &bytes, StateCause::Setting("period"));
    check(fresh(7, 5), &bytes, StateCause::Length { expected: 5, found: 4 });
    check(Sample { dropped: None, ..fresh(7, 4) }, &bytes, StateCause::TooLong { max: 0, found: 1 });
    check(fresh(7, 4), &saved(&Sample { place: 4, ..fresh(7, 4) }), StateCause::Impossible("Sample"));
    let grown = Sample { grown: vec![0; 41], ..fresh(7, 4) };
    check(fresh(7, 4), &saved(&grown), StateCause::TooLong { max: 40, found: 41 });
    let error = loaded(&mut fresh(7, 5), &bytes).unwrap_err().to_string();
    assert_eq!(
        error,
        "the snapshot cannot be used: its section sample at all holds 4 entries where this configuration has 5; \
         use one of this program and configuration, or begin without one"
    );
    let mut to = StateWriter::new();
    to.section("other", |_| ());
    let error = loaded(&mut fresh(7, 4), &to.into_bytes()).unwrap_err();
    assert_eq!(error.cause, StateCause::Name("sample"));
    let error = loaded(&mut fresh(7, 4), &[&bytes[..], b"more"].concat()).unwrap_err();
    assert_eq!(
        error.to_string().split(';').next().unwrap(),
        "the snapshot cannot be used: it has 4 bytes too many"
    );
}

#[test]
fn the_vocabulary_is_read_as_it_is_written() {
    fn check<T: Value + PartialEq + std::fmt::Debug>(values: impl IntoIterator<Item = T>) {
        for value in values {
            let bytes = saved(&value);
            let mut from = StateReader::new(&bytes);
            let mut read = None;
            from.section("sample", |from| {
                from.mark("all")?;
                read = Some(T::read(from)?);
                Ok(())
            })
            .unwrap();
            assert_eq!(read, Some(value));
        }
    }
    check(crate::Purpose::ALL);
    check(crate::Pattern::ALL);
    check(crate::SignalKind::ALL);
    check(crate::BarSource::ALL);
    check([Direction::Long, Direction::Short]);
    check(["1ms", "7d"].map(|text| Timeframe::parse(text).unwrap()));
    check([crate::Style::Market, crate::Style::Touch, crate::Style::Limit(Price::MIN)]);
    for (side, order_type) in [(Side::Buy, OrderType::Market), (Side::Sell, OrderType::Limit(Price::MAX))] {
        check([Order {
            id: OrderId(u32::MAX),
            nth: 3,
            symbol: SymbolId(4),
            side,
            order_type,
            tif: TimeInForce::Gtc,
            quantity: Quantity::new(5),
            seq: 6,
            cause_seq: u64::MAX,
            ts: Nanos(-8),
            delay: Nanos(9),
            purpose: Purpose::TimeStop,
        }]);
    }
    let beyond = i64::MAX.to_le_bytes();
    assert!(
        Price::read(&mut StateReader::new(&beyond)).is_err()
            && Nanos::read(&mut StateReader::new(&beyond)).is_ok()
    );
}
