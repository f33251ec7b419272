//! Bins of price: how wide they are, and the volume of the bar in progress by bin.
//!
//! A tick must cost a few nanoseconds, so the bar in progress collects into a dense window of 4,096 bins, first
//! around its first tick. Within the window the bin is one multiplication by the width's reciprocal and at most one
//! correction. For a tick outside, the window moves, as long as it still holds all bins of the bar; beyond that the
//! tick counts into the end bin of its side, and is counted.
//! The width is fixed by configuration, or by the first price that is not 0. Ticks before that have price 0 and
//! belong to bin 0 whatever the width will be.
//! Not here: volumes of closed bars (`rolling`).

use model::state::{State, StateError, StateReader, StateWriter, Value};
use model::{Price, UNIT};

/// Most bins of one bar.
pub(super) const BINS_MAX: usize = 4_096;
/// Bins of the window below the bin of the bar's first tick.
const BINS_BELOW: i64 = BINS_MAX as i64 / 2;
/// How far the window may reach below the bar's bins, raw: farther than any price is from another, and so that the
/// window around any price fits 64 bits.
const REACH_BELOW: i64 = 3_000_000_000 * UNIT;
/// An automatic bin is the leading digit's place of the price, divided by 10 to this power.
const AUTO_DIGITS: u32 = 4;

/// How wide a bin is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinWidth {
    /// 10^(⌊log10 |p|⌋ − 4) with p the first price that is not 0, and at least one raw unit: 1 for 50,000, 0.0001
    /// for 1.38.
    Auto,
    /// This much, above 0.
    Fixed(Price),
}

/// The automatic width for a price, both raw.
fn auto_width(price: i64) -> i64 {
    debug_assert!(price != 0, "a price of 0 has no magnitude");
    10_i64.pow(price.unsigned_abs().ilog10().saturating_sub(AUTO_DIGITS))
}

/// The volume of one bin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bin {
    /// ⌊price/width⌋.
    pub index: i64,
    /// Σ size, raw; positive.
    pub volume: i128,
}

model::value!(Bin { index, volume });

/// The bins of the bar in progress.
#[derive(Debug, Clone)]
pub(super) struct BarBins {
    /// Raw; 0 while it is not known.
    width: i64,
    /// ⌊(2^64 − 1)/width⌋.
    reciprocal: u64,
    /// The bin at the window's lower end, and the raw price of its lower edge.
    index_first: i64,
    price_first: i64,
    /// The window's height, raw; 0 while the bar has no tick or the width is not known.
    span: u64,
    volumes: Box<[i128; BINS_MAX]>,
    /// The lowest and highest place touched; crossed while there is none.
    lowest: usize,
    highest: usize,
    outer_ticks: u64,
}

/// Of the volumes, those that were touched; all others are 0.
impl State for BarBins {
    fn save(&self, to: &mut StateWriter) {
        let Self {
            width,
            reciprocal: _,
            index_first,
            price_first,
            span,
            volumes,
            lowest,
            highest,
            outer_ticks,
        } = self;
        (*width, *index_first, *price_first, *span, *outer_ticks).put(to);
        (*lowest, *highest).put(to);
        if lowest <= highest {
            Value::put_all(&volumes[*lowest..=*highest], to);
        }
    }

    fn load(&mut self, from: &mut StateReader<'_>) -> Result<(), StateError> {
        let (width, index_first, price_first, span, outer_ticks) = Value::read(from)?;
        from.check(width >= 0 && (self.width == 0 || self.width == width), "width of bins")?;
        if width > 0 {
            self.set_width(width);
        }
        (self.index_first, self.price_first, self.span) = (index_first, price_first, span);
        self.outer_ticks = outer_ticks;
        (self.lowest, self.highest) = Value::read(from)?;
        self.volumes.fill(0);
        if self.lowest <= self.highest {
            from.check(self.highest < BINS_MAX, "range of bins")?;
            Value::read_all(&mut self.volumes[self.lowest..=self.highest], from)?;
        }
        Ok(())
    }
}

impl BarBins {
    /// No tick seen yet.
    pub(super) fn new(width: BinWidth) -> Self {
        let mut bins = Self {
            width: 0,
            reciprocal: 0,
            index_first: 0,
            price_first: 0,
            span: 0,
            volumes: Box::new([0; BINS_MAX]),
            lowest: BINS_MAX,
            highest: 0,
            outer_ticks: 0,
        };
        if let BinWidth::Fixed(width) = width {
            bins.set_width(width.raw());
        }
        bins
    }

    /// The width, raw; `None` while it is not known.
    pub(super) fn width(&self) -> Option<i64> {
        (self.width > 0).then_some(self.width)
    }

    /// How many ticks lay more than 4,096 bins from others of their bar and count into an end bin.
    pub(super) fn outer_ticks(&self) -> u64 {
        self.outer_ticks
    }

    /// Adds a tick of raw price and size.
    #[inline]
    pub(super) fn add(&mut self, price: i64, size: i64) {
        debug_assert!(size >= 0, "a size is not negative");
        // Below the window the difference is negative, and as an unsigned number beyond any span.
        let offset = (price - self.price_first) as u64;
        if offset < self.span {
            self.put(self.place(offset), size);
        } else {
            self.add_rare(price, size);
        }
    }

    /// ⌊offset/width⌋. The reciprocal is at most one width in 2^64 too small, so the product is at most one too
    /// small as long as the offset is below 2^64.
    #[inline]
    fn place(&self, offset: u64) -> usize {
        let quotient = ((u128::from(offset) * u128::from(self.reciprocal)) >> 64) as u64;
        let width = self.width as u64;
        (quotient + u64::from(offset - quotient * width >= width)) as usize
    }

    #[inline]
    fn put(&mut self, place: usize, size: i64) {
        self.volumes[place] += i128::from(size);
        self.lowest = self.lowest.min(place);
        self.highest = self.highest.max(place);
    }

    /// The first tick of a bar, a tick outside the window, or one before the width is known.
    #[cold]
    fn add_rare(&mut self, price: i64, size: i64) {
        let is_first = self.lowest > self.highest;
        if self.width == 0 && price != 0 {
            self.set_width(auto_width(price));
            if !is_first {
                // The ticks so far had price 0 and lie in bin 0, in the middle of the window.
                self.open_window(0);
            }
        }
        if is_first {
            self.open_window(if self.width == 0 { 0 } else { price.div_euclid(self.width) });
        }
        if self.width == 0 {
            return self.put(BINS_BELOW as usize, size); // bin 0
        }
        let index = self.fit(price.div_euclid(self.width));
        self.put((index - self.index_first) as usize, size);
    }

    /// Moves the window so that it holds a bin too, or else the nearest that it can hold beside the bar's bins; gives
    /// that bin.
    fn fit(&mut self, index: i64) -> i64 {
        const MOST: i64 = BINS_MAX as i64 - 1;
        let is_first = self.lowest > self.highest;
        let touched = |place: usize| if is_first { index } else { self.index_first + place as i64 };
        let (low, high) = (touched(self.lowest), touched(self.highest));
        let held = index.clamp(high - MOST, low + MOST);
        self.outer_ticks += u64::from(held != index);
        let (low, high) = (low.min(held), high.max(held));
        if low < self.index_first || high > self.index_first + MOST {
            let before = self.index_first;
            self.lay_window(low, (MOST - (high - low)) / 2);
            let moved = before - self.index_first;
            // All beside the bar's bins is 0, and they stay within the window.
            match usize::try_from(moved) {
                Ok(up) => self.volumes.rotate_right(up),
                Err(_) => self.volumes.rotate_left(moved.unsigned_abs() as usize),
            }
            self.lowest = (self.lowest as i64 + moved) as usize;
            self.highest = (self.highest as i64 + moved) as usize;
        }
        held
    }

    fn set_width(&mut self, width: i64) {
        assert!(width > 0, "a bin is wider than 0");
        self.width = width;
        self.reciprocal = u64::MAX / width.unsigned_abs();
    }

    /// Lays the window around the bin of the bar's first tick.
    fn open_window(&mut self, index: i64) {
        self.lay_window(index, BINS_BELOW);
    }

    /// Lays the window from so many bins below a bin, or fewer where they are very wide.
    fn lay_window(&mut self, index: i64, bins_below: i64) {
        self.index_first = index - bins_below.min(REACH_BELOW / self.width.max(1));
        self.price_first = self.index_first * self.width;
        // An offset above this is a negative difference.
        self.span = self.width.unsigned_abs().saturating_mul(BINS_MAX as u64).min(i64::MAX as u64);
    }

    /// Appends the bar's bins in ascending order and starts the next bar.
    pub(super) fn close(&mut self, into: &mut Vec<Bin>) {
        if self.lowest <= self.highest {
            for (place, volume) in (self.lowest..).zip(&mut self.volumes[self.lowest..=self.highest]) {
                let volume = std::mem::take(volume);
                if volume > 0 {
                    into.push(Bin { index: self.index_first + place as i64, volume });
                }
            }
        }
        (self.lowest, self.highest, self.span) = (BINS_MAX, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn closed(bins: &mut BarBins) -> Vec<(i64, i128)> {
        let mut into = Vec::new();
        bins.close(&mut into);
        into.iter().map(|bin| (bin.index, bin.volume)).collect()
    }

    #[test]
    fn the_automatic_width_keeps_five_digits() {
        let check = |price: &str, expected: &str| {
            let price = Price::parse(price).unwrap().raw();
            assert_eq!(Price::new(auto_width(price)), Price::parse(expected).unwrap(), "{price}");
        };
        check("50000", "1");
        check("99999.99", "1");
        check("100000", "10");
        check("1.38", "0.0001");
        check("-1.38", "0.0001");
        check("0.000012345", "0.000000001");
        check("0.00001", "0.000000001");
        check("0.000000001", "0.000000001");
        check("999999999.999999999", "10000");
    }

    #[test]
    fn bins_round_down_on_both_sides_of_zero() {
        let mut bins = BarBins::new(BinWidth::Fixed(Price::new(10)));
        for (price, size) in [(0, 1), (9, 2), (10, 4), (-1, 8), (-10, 16), (-11, 32)] {
            bins.add(price, size);
        }
        assert_eq!(closed(&mut bins), [(-2, 32), (-1, 24), (0, 3), (1, 4)]);
        assert_eq!(closed(&mut bins), []);
    }

    #[test]
    fn outer_ticks_count_into_the_end_bins() {
        let mut bins = BarBins::new(BinWidth::Fixed(Price::new(10)));
        for price in [5, 20_479, 20_480, -20_480, -20_481, Price::MAX.raw(), Price::MIN.raw()] {
            bins.add(price, 1);
        }
        assert_eq!(bins.outer_ticks(), 4);
        assert_eq!(closed(&mut bins), [(-2_047, 3), (0, 1), (2_047, 1), (2_048, 2)]);
        // The next bar has a window of its own.
        bins.add(1_000_000, 1);
        assert_eq!((closed(&mut bins), bins.outer_ticks()), (vec![(100_000, 1)], 4));
    }

    #[test]
    fn a_bar_of_4096_bins_has_them_all_wherever_it_began() {
        for first in [0, 1, 2_047, 2_048, 4_094, 4_095] {
            let mut bins = BarBins::new(BinWidth::Fixed(Price::new(10)));
            bins.add(first * 10, 1);
            let (up, down) = ((first + 1..4_096), (0..first).rev());
            let longest = up.clone().count().max(down.clone().count());
            let (mut up, mut down) =
                (up.map(Some).chain(std::iter::repeat(None)), down.map(Some).chain(std::iter::repeat(None)));
            for _ in 0..longest {
                [up.next().flatten(), down.next().flatten()]
                    .iter()
                    .flatten()
                    .for_each(|bin| bins.add(bin * 10 + 3, 2));
            }
            let expected: Vec<_> = (0..4_096).map(|bin| (bin, if bin == first { 1 } else { 2 })).collect();
            assert_eq!((closed(&mut bins), bins.outer_ticks()), (expected, 0), "from {first}");
        }
    }

    #[test]
    fn a_zero_first_price_waits_for_the_next() {
        let mut bins = BarBins::new(BinWidth::Auto);
        bins.add(0, 5);
        assert_eq!((bins.width(), closed(&mut bins)), (None, vec![(0, 5)]));
        bins.add(0, 7);
        bins.add(-123_456, 2);
        bins.add(99, 1);
        assert_eq!((bins.width(), closed(&mut bins)), (Some(10), vec![(-4_095, 2), (0, 8)]));
        bins.add(123, 1);
        assert_eq!((bins.width(), bins.outer_ticks()), (Some(10), 2));
    }

    #[test]
    fn a_size_of_zero_is_no_volume() {
        let mut bins = BarBins::new(BinWidth::Auto);
        bins.add(70_000, 0);
        assert_eq!(closed(&mut bins), []);
    }

    proptest! {
        #[test]
        fn every_tick_is_in_its_bin(
            width in prop_oneof![1_i64..=20, 1..=Price::MAX.raw(), (0_u32..18).prop_map(|n| 10_i64.pow(n))],
            first in -Price::MAX.raw()..=Price::MAX.raw(),
            steps in prop::collection::vec((-3_000_i64..3_000, -2_i64..=2, 1_i64..=Price::MAX.raw()), 1..50),
        ) {
            let mut bins = BarBins::new(BinWidth::Fixed(Price::new(width)));
            let mut expected = std::collections::BTreeMap::<i64, i128>::new();
            let home = first.div_euclid(width);
            bins.add(first, 1);
            expected.insert(home, 1);
            let (mut low, mut high) = (home, home);
            for (bins_away, units_off, size) in steps {
                let edge = i128::from(home + bins_away) * i128::from(width) + i128::from(units_off);
                let Ok(price) = i64::try_from(edge) else { continue };
                if Price::from_raw(price).is_some() {
                    bins.add(price, size);
                    let index = price.div_euclid(width).clamp(high - 4_095, low + 4_095);
                    (low, high) = (low.min(index), high.max(index));
                    *expected.entry(index).or_default() += i128::from(size);
                }
            }
            prop_assert_eq!(closed(&mut bins), expected.into_iter().collect::<Vec<_>>());
        }
    }
}
