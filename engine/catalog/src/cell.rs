//! Cells: numbers at 1e-9 with the odd ones marked in band.
//!
//! Why: a clean column stays a plain `Vec<i64>`, and "is anything odd here" is one comparison, because
//! every fixed-point number lies in ±[`RAW_MAX`] and the marks lie far below.
//! Not here: whether an odd cell spoils its row (`feed` decides).

/// Largest magnitude of a number, in units of 1e-9.
pub const RAW_MAX: i64 = model::Price::MAX.raw();

/// The mark of a null cell.
pub const NULL_CELL: i64 = i64::MIN;

/// The mark of a timestamp that is null or no time of a tick ([`model::Nanos::is_tick_time`]).
pub const TIME_INVALID: i64 = i64::MIN;

const NAN: i64 = i64::MIN + 1;
const INFINITE: i64 = i64::MIN + 2;
const EXCESS: i64 = i64::MIN + 4;
const RANGE: i64 = i64::MIN + 6;

/// What to do with more than nine decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Excess {
    /// Mark the cell [`Cell::TooManyDecimals`].
    #[default]
    Reject,
    /// Round half-even to nine.
    Round,
}

/// A cell, unfolded. The flag says whether the number is below zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// A number, in units of 1e-9.
    Value(i64),
    /// Nothing.
    Null,
    /// Not a number.
    NotANumber,
    /// Plus or minus infinity.
    Infinite {
        /// Minus infinity.
        negative: bool,
    },
    /// More than nine decimals.
    TooManyDecimals {
        /// Below zero.
        negative: bool,
    },
    /// Beyond ±999,999,999.999999999.
    OutOfRange {
        /// Below zero.
        negative: bool,
    },
}

/// Whether a raw cell is a number in range.
#[inline]
pub const fn is_value(raw: i64) -> bool {
    raw >= -RAW_MAX
}

impl Cell {
    /// Folds the cell into its raw form.
    #[inline]
    pub const fn raw(self) -> i64 {
        match self {
            Self::Value(value) => value,
            Self::Null => NULL_CELL,
            Self::NotANumber => NAN,
            Self::Infinite { negative } => INFINITE + negative as i64,
            Self::TooManyDecimals { negative } => EXCESS + negative as i64,
            Self::OutOfRange { negative } => RANGE + negative as i64,
        }
    }

    /// Unfolds a raw cell.
    #[inline]
    pub const fn from_raw(raw: i64) -> Self {
        if is_value(raw) {
            return Self::Value(raw);
        }
        let negative = raw & 1 == 1;
        match raw & !1 {
            INFINITE => Self::Infinite { negative },
            EXCESS => Self::TooManyDecimals { negative },
            RANGE => Self::OutOfRange { negative },
            _ if raw == NAN => Self::NotANumber,
            _ => Self::Null,
        }
    }
}

/// A number that is known exactly, in units of 1e-9, as a raw cell.
#[inline]
pub(crate) const fn in_range(value: i128) -> i64 {
    if value >= -(RAW_MAX as i128) && value <= RAW_MAX as i128 {
        value as i64
    } else {
        Cell::OutOfRange { negative: value < 0 }.raw()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_survive_folding() {
        let both = [false, true];
        let odd = both.iter().flat_map(|&negative| {
            [Cell::Infinite { negative }, Cell::TooManyDecimals { negative }, Cell::OutOfRange { negative }]
        });
        for cell in odd.chain([Cell::Null, Cell::NotANumber]) {
            assert_eq!(Cell::from_raw(cell.raw()), cell);
            assert!(!is_value(cell.raw()));
        }
        for value in [0, 1, -1, RAW_MAX, -RAW_MAX] {
            assert_eq!(Cell::from_raw(Cell::Value(value).raw()), Cell::Value(value));
        }
        assert_eq!(Cell::from_raw(in_range(i128::from(RAW_MAX) + 1)), Cell::OutOfRange { negative: false });
        assert_eq!(Cell::from_raw(in_range(i128::MIN)), Cell::OutOfRange { negative: true });
    }
}
