//! A number as a source gave it.

/// A number as a source gave it, before it is known to be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    /// In units of 1e-9, within ±999,999,999.999999999.
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
    /// More than nine decimals, or beyond the range.
    NotRepresentable {
        /// Below zero.
        negative: bool,
    },
}

impl Number {
    /// Not a number, or infinite.
    pub(crate) const fn is_not_finite(self) -> bool {
        matches!(self, Self::NotANumber | Self::Infinite { .. })
    }

    /// Known to be zero or below.
    pub(crate) const fn is_not_positive(self) -> bool {
        match self {
            Self::Value(value) => value <= 0,
            Self::Infinite { negative } | Self::NotRepresentable { negative } => negative,
            Self::Null | Self::NotANumber => false,
        }
    }

    /// The value, if there is one.
    pub(crate) const fn value(self) -> Option<i64> {
        match self {
            Self::Value(value) => Some(value),
            _ => None,
        }
    }
}
