//! Volume profile and LVN, low volume node: volume by price of the ticks of the last 20 bars.
//!
//! Ticks fall into bins of price, bin = ⌊price/width⌋ (`bins`). When a bar closes, its bins join a sorted list over
//! the last 20 bars, the closing one included (`rolling`), from which the values are read: the nearest low volume
//! node (`node`), the largest bin and the value area around it (`area`), and the skewness (`skew`). Volumes and
//! prices stay integers until a value is emitted; no step depends on how far prices are apart, only on how many
//! bins have volume.
//!
//! The range runs from the lowest to the highest bin with volume; a tick of size 0 is none. A bar's window of
//! 4,096 bins is laid around its first tick, 2,048 of them below it. Values exist from bar 20 on; without any
//! volume in 20 bars, or where ATR14 is 0, all are 0. An ATR that has decayed below 1e-290 counts as 0: dividing
//! by it would leave the range of floats.
//! Not here: which ticks belong to a bar (`bars`: late ones to none), and what a quote counts (1, says the caller).

mod area;
mod bins;
mod node;
mod rolling;
mod skew;

use crate::Atr;
use crate::definition::{Context, Definition, Indicator, Parameters, Standard, Values};
use bins::BarBins;
pub use bins::BinWidth;
use model::{Bar, Price, Quantity, UNIT};
use node::twice_centre_less;
use rolling::Rolling;

/// Bars of the average true range by which distances are measured.
const ATR_PERIOD: u32 = 14;
/// Below this an average true range counts as 0.
const ATR_MIN: f64 = 1e-290;

/// What the profile says at a bar.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ProfileValues {
    /// (centre of the nearest low volume node − close)/ATR14; 0 if there is none.
    pub lvn_distance: f64,
    /// 1 − volume/mean of that node; 0 if there is none.
    pub lvn_strength: f64,
    /// (centre of the largest bin − close)/ATR14.
    pub poc_distance: f64,
    /// (close − bottom of the value area)/its height: 0 to 1 inside.
    pub value_area_position: f64,
    /// Third standardised moment of bin centres weighted by volume.
    pub volume_profile_skew: f64,
}

/// The profile of one series of bars.
#[derive(Debug, Clone)]
pub struct VolumeProfile {
    bar: BarBins,
    rolling: Rolling,
    atr: Atr,
}

model::state!(VolumeProfile { bar, rolling, atr });

impl VolumeProfile {
    /// Nothing seen yet.
    ///
    /// # Panics
    /// If the width is not above 0.
    pub fn new(width: BinWidth) -> Self {
        Self { bar: BarBins::new(width), rolling: Rolling::new(), atr: Atr::new(ATR_PERIOD) }
    }

    /// Adds a tick to the bar in progress: a trade with its raw size, a quote with any size that is the same for
    /// all quotes.
    #[inline]
    pub fn on_tick(&mut self, price: Price, size_raw: i64) {
        self.bar.add(price.raw(), size_raw);
    }

    /// Closes the bar in progress; the values from the 20th on.
    pub fn update(&mut self, high: Price, low: Price, close: Price) -> Option<ProfileValues> {
        self.rolling.push(|bins| self.bar.close(bins));
        let atr = self.atr.update(high, low, close)?;
        if !self.rolling.is_full() {
            return None;
        }
        // No width: no tick had another price than 0, nor has any bar moved.
        let Some(width) = self.bar.width() else { return Some(ProfileValues::default()) };
        if atr < ATR_MIN || self.rolling.bins().is_empty() {
            return Some(ProfileValues::default());
        }
        Some(self.values(width, close.raw(), atr))
    }

    /// How many ticks lay more than 2,048 bins away from the first of their bar, and count into an end bin.
    pub fn outer_ticks(&self) -> u64 {
        self.bar.outer_ticks()
    }

    fn values(&self, width: i64, close: i64, atr: f64) -> ProfileValues {
        let (bins, total) = (self.rolling.bins(), self.rolling.total());
        let place = area::largest(bins);
        let poc = bins[place].index;
        let distance = |index: i64| twice_centre_less(index, width, close) as f64 / (2.0 * UNIT as f64) / atr;
        let node = node::nearest_node(bins, total, width, close);
        let area = area::value_area(bins, total, place);
        let bottom = area.lowest * width;
        let height = (area.highest - area.lowest + 1) as f64 * width as f64;
        ProfileValues {
            lvn_distance: node.map_or(0.0, |node| distance(node.index)),
            lvn_strength: node.map_or(0.0, |node| 1.0 - self.share_of_mean(node.volume)),
            poc_distance: distance(poc),
            value_area_position: (close - bottom) as f64 / height,
            volume_profile_skew: skew::skew(bins, total, poc),
        }
    }

    /// A volume over the mean volume of all bins of the range, empty ones included.
    fn share_of_mean(&self, volume: i128) -> f64 {
        let bins = self.rolling.bins();
        let length = (bins[bins.len() - 1].index - bins[0].index + 1) as f64;
        skew::to_f64(volume) * length / skew::to_f64(self.rolling.total())
    }
}

impl Indicator for VolumeProfile {
    const DEFINITION: Definition = Definition {
        name: "profile",
        parameters: &[],
        values: Values::Named(&[
            "lvn_distance",
            "lvn_strength",
            "poc_distance",
            "value_area_position",
            "volume_profile_skew",
        ]),
        standard: Standard::ThirtyMinutes,
        reads_ticks: true,
    };

    fn build(_: &Parameters, context: &Context) -> Self {
        Self::new(context.profile_bin.map_or(BinWidth::Auto, BinWidth::Fixed))
    }

    fn on_bar(&mut self, bar: &Bar, values: &mut [f64]) {
        if let Some(now) = self.update(bar.high, bar.low, bar.close) {
            values.copy_from_slice(&[
                now.lvn_distance,
                now.lvn_strength,
                now.poc_distance,
                now.value_area_position,
                now.volume_profile_skew,
            ]);
        }
    }

    #[inline]
    fn on_tick(&mut self, price: Price, size: Quantity) {
        Self::on_tick(self, price, size.raw());
    }

    fn ticks_clamped(&self) -> u64 {
        self.outer_ticks()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Closes so many bars of these ticks (price, size) in units; the bar's prices are its ticks'.
    fn feed(profile: &mut VolumeProfile, bars: usize, ticks: &[(i64, i64)]) -> Option<ProfileValues> {
        let prices = || ticks.iter().map(|tick| Price::new(tick.0 * UNIT));
        let (high, low) = (prices().max().unwrap(), prices().min().unwrap());
        let close = prices().next_back().unwrap();
        let mut last = None;
        for _ in 0..bars {
            for (price, size) in ticks {
                profile.on_tick(Price::new(price * UNIT), size * UNIT);
            }
            last = profile.update(high, low, close);
        }
        last
    }

    fn units(width: i64) -> BinWidth {
        BinWidth::Fixed(Price::new(width * UNIT))
    }

    #[test]
    fn reads_its_values_off_twenty_bars() {
        let mut profile = VolumeProfile::new(units(10));
        assert_eq!(feed(&mut profile, 19, &[(5, 4), (25, 6)]), None);
        let values = feed(&mut profile, 1, &[(5, 4), (25, 6)]).unwrap();
        // Bins 0: 80, 1: empty, 2: 120; mean 66.7; ATR 20; the node's centre is 15, the largest bin's 25.
        let expected = ProfileValues {
            lvn_distance: -0.5,
            lvn_strength: 1.0,
            poc_distance: 0.0,
            // The area needs 140 of 200: both bins, from 0 to 30.
            value_area_position: 25.0 / 30.0,
            volume_profile_skew: -0.2 / 0.24_f64.sqrt(),
        };
        assert!((values.volume_profile_skew - expected.volume_profile_skew).abs() < 1e-15, "{values:?}");
        assert_eq!(ProfileValues { volume_profile_skew: expected.volume_profile_skew, ..values }, expected);
    }

    #[test]
    fn a_bar_leaves_after_twenty() {
        let mut profile = VolumeProfile::new(units(10));
        feed(&mut profile, 1, &[(1_005, 1_000), (5, 1)]);
        let with = feed(&mut profile, 19, &[(5, 1), (15, 1)]).unwrap();
        let without = feed(&mut profile, 1, &[(5, 1), (15, 1)]).unwrap();
        assert!(with.poc_distance > 1.0 && without.poc_distance < 0.0, "{with:?} {without:?}");
    }

    #[test]
    fn what_never_moved_is_all_zero() {
        for price in [0, 7] {
            let mut profile = VolumeProfile::new(BinWidth::Auto);
            assert_eq!(feed(&mut profile, 30, &[(price, 1)]), Some(ProfileValues::default()));
        }
    }

    #[test]
    fn bars_without_ticks_count_as_bars() {
        let mut profile = VolumeProfile::new(units(1));
        feed(&mut profile, 20, &[(100, 1), (102, 1)]);
        let flat = Price::new(102 * UNIT);
        let mut values = None;
        for _ in 0..19 {
            values = profile.update(flat, flat, flat);
        }
        assert!(values.unwrap().lvn_strength > 0.0);
        assert_eq!(profile.update(flat, flat, flat), Some(ProfileValues::default()));
    }
}
