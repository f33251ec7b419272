//! Bollinger bands: the mean of the last n closes and k population deviations to both sides.
//!
//! Σx and Σx² are exact integers, so n·Σx² − (Σx)² = n²·variance is exact however high and quiet the
//! price is; it becomes a float once. Whether a price lies outside the bands is decided on integers.

use crate::definition::{Context, Definition, Indicator, Parameter, Parameters, Standard, Values};
use crate::mean;
use crate::wide::U256;
use crate::window::Window;
use model::{Bar, Price, Rate, UNIT};
use std::cmp::Ordering;

/// The three lines, in price units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bands {
    /// Mean + k deviations.
    pub upper: f64,
    /// Mean.
    pub middle: f64,
    /// Mean − k deviations.
    pub lower: f64,
}

/// Where a price lies against the bands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Below the lower band.
    Below,
    /// On a band or between the two.
    Within,
    /// Above the upper band.
    Above,
}

/// Bollinger bands of n closes.
#[derive(Debug, Clone)]
pub struct Bollinger {
    window: Window,
    /// k, in units of 1e-9.
    width: u64,
    sum: i128,
    sum_of_squares: U256,
}

model::state!(Bollinger { window, sum, sum_of_squares; same width });

impl Bollinger {
    /// Nothing seen yet; `k` deviations to each side.
    ///
    /// # Panics
    /// If the period is not within 1..=[`crate::PERIOD_MAX`], or k not within 0..=[`crate::WIDTH_MAX`].
    pub fn new(period: u32, k: Rate) -> Self {
        let width = u64::try_from(k.raw()).expect("a band's width is not negative");
        assert!(
            width <= crate::WIDTH_MAX.unsigned_abs() * UNIT.unsigned_abs(),
            "a band is at most {} wide",
            crate::WIDTH_MAX
        );
        Self { window: Window::new(period), width, sum: 0, sum_of_squares: U256::default() }
    }

    /// Takes the next close; the bands from the n-th on.
    #[inline]
    pub fn update(&mut self, close: Price) -> Option<Bands> {
        let evicted = self.window.push(close.raw());
        self.sum += i128::from(close.raw()) - i128::from(evicted);
        let added = self.sum_of_squares.plus(U256::square_of_i64(close.raw()));
        self.sum_of_squares = added.minus(U256::square_of_i64(evicted));
        self.value()
    }

    /// The bands at the last close.
    #[inline]
    pub fn value(&self) -> Option<Bands> {
        if !self.window.is_full() {
            return None;
        }
        let period = self.window.period();
        let unit = UNIT as f64;
        let middle = mean(self.sum, period);
        let deviation = self.scaled_variance().to_f64().sqrt() / (f64::from(period) * unit);
        let distance = self.width as f64 / unit * deviation;
        Some(Bands { upper: middle + distance, middle, lower: middle - distance })
    }

    /// Where `price` lies against the bands at the last close, decided exactly.
    pub fn place(&self, price: Price) -> Option<Place> {
        let side = self.against_middle(price)?;
        // |n·price − Σx| > k·√(n²·variance), both sides squared and k in units of 1e-9.
        let offset = self.offset(price).unsigned_abs();
        let unit = UNIT.unsigned_abs();
        let distance = U256::product(offset, offset).times(unit * unit);
        let reach = self.scaled_variance().times(self.width).times(self.width);
        Some(match side {
            Ordering::Less if distance > reach => Place::Below,
            Ordering::Greater if distance > reach => Place::Above,
            _ => Place::Within,
        })
    }

    /// Whether `price` is below, at or above the middle band at the last close, decided exactly.
    #[inline]
    pub fn against_middle(&self, price: Price) -> Option<Ordering> {
        self.window.is_full().then(|| self.offset(price).cmp(&0))
    }

    /// n·price − Σx.
    #[inline]
    fn offset(&self, price: Price) -> i128 {
        i128::from(price.raw()) * i128::from(self.window.period()) - self.sum
    }

    /// n·Σx² − (Σx)² = n²·variance, in squared raw units. Never negative (Cauchy and Schwarz).
    #[inline]
    fn scaled_variance(&self) -> U256 {
        let sum = self.sum.unsigned_abs();
        self.sum_of_squares.times(u64::from(self.window.period())).minus(U256::product(sum, sum))
    }
}

impl Indicator for Bollinger {
    const DEFINITION: Definition = Definition {
        name: "bollinger",
        parameters: &[Parameter::Period("20"), Parameter::Width("2")],
        values: Values::Lines(&["upper", "middle", "lower"]),
        standard: Standard::Everywhere,
        reads_ticks: false,
    };

    fn build(parameters: &Parameters, _: &Context) -> Self {
        Self::new(parameters.period(0), parameters.width(1))
    }

    fn on_bar(&mut self, bar: &Bar, values: &mut [f64]) {
        if let Some(bands) = self.update(bar.close) {
            values.copy_from_slice(&[bands.upper, bands.middle, bands.lower]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bands(period: u32, k: &str, closes: &[&str]) -> Bollinger {
        let mut bollinger = Bollinger::new(period, Rate::parse(k).unwrap());
        for close in closes {
            bollinger.update(Price::parse(close).unwrap());
        }
        bollinger
    }

    #[test]
    fn stands_k_population_deviations_off_the_mean() {
        // Closes 2, 4, 4, 4, 5, 5, 7, 9: mean 5, deviation 2.
        let closes = ["100", "2", "4", "4", "4", "5", "5", "7", "9"];
        let expected = Bands { upper: 8.0, middle: 5.0, lower: 2.0 };
        assert_eq!(bands(8, "1.5", &closes).value(), Some(expected));
        assert_eq!(bands(10, "1.5", &closes).value(), None);
    }

    #[test]
    fn a_high_quiet_price_keeps_its_deviation() {
        // In floats the squares of these differ beyond their last place.
        let quiet = bands(2, "2", &["900000000.000000001", "900000000.000000003"]);
        let scaled = quiet.scaled_variance();
        assert_eq!(scaled, U256::square_of_i64(2), "n²·variance = 4·1 raw units squared");
    }

    #[test]
    fn extremes_do_not_overflow() {
        let mut bollinger = Bollinger::new(crate::PERIOD_MAX, Rate::parse("1000").unwrap());
        for i in 0..2 * crate::PERIOD_MAX {
            bollinger.update(if i % 2 == 0 { Price::MAX } else { Price::MIN });
        }
        let bands = bollinger.value().unwrap();
        assert!((bands.upper / 1e12 - 1.0).abs() < 1e-9 && bands.middle.abs() < 1e-9, "{bands:?}");
        assert_eq!(bollinger.place(Price::MAX), Some(Place::Within));
    }

    #[test]
    fn the_place_is_exact_on_the_band() {
        let check = |price: &str, expected: Place| {
            let placed = bands(8, "1.5", &["2", "4", "4", "4", "5", "5", "7", "9"])
                .place(Price::parse(price).unwrap());
            assert_eq!(placed, Some(expected), "{price}");
        };
        check("2", Place::Within);
        check("1.999999999", Place::Below);
        check("5", Place::Within);
        check("8", Place::Within);
        check("8.000000001", Place::Above);
    }

    #[test]
    fn a_flat_price_is_on_all_three_bands() {
        let flat = bands(3, "2", &["0.1", "0.1", "0.1"]);
        assert_eq!(flat.value(), Some(Bands { upper: 0.1, middle: 0.1, lower: 0.1 }));
        let price = Price::parse("0.1").unwrap();
        assert_eq!(
            (flat.place(price), flat.against_middle(price)),
            (Some(Place::Within), Some(Ordering::Equal))
        );
    }
}
