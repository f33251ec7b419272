//! A size that can be used up once: what is left of a quote's side or of a print.
//!
//! Not here: prices.

use model::Quantity;

/// How much can still be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Available(i64);

model::value!(Available(0));

impl Available {
    pub const NOTHING: Self = Self(0);
    /// Any quantity, again and again: the feed does not say the size, or it does not bind.
    pub const ALL: Self = Self(i64::MAX);

    /// Of a size; `None` is unknown and does not bind.
    #[inline]
    pub fn of(size: Option<Quantity>) -> Self {
        match size {
            Some(size) => Self(size.raw().max(0)),
            None => Self::ALL,
        }
    }

    /// Takes as much of `wanted` as there is.
    pub fn take(&mut self, wanted: i64) -> i64 {
        debug_assert!(wanted > 0, "something is wanted");
        if *self == Self::ALL {
            return wanted;
        }
        let taken = wanted.min(self.0);
        self.0 -= taken;
        taken
    }

    /// For a hash.
    pub fn raw(self) -> i64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_used_up_once_and_an_unknown_one_never() {
        let mut known = Available::of(Some(Quantity::new(5)));
        assert_eq!([known.take(3), known.take(3), known.take(1)], [3, 2, 0]);
        let mut unknown = Available::of(None);
        assert_eq!([unknown.take(7), unknown.take(i64::MAX)], [7, i64::MAX]);
        assert_eq!(Available::of(Some(Quantity::new(-1))), Available::NOTHING);
    }
}
