//! Refused rows and why.

use model::Nanos;
use std::fmt;
use std::sync::Arc;

/// Why a row is refused; in the order of the checks, the first that fails is the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum RejectReason {
    /// The text is not a row of the format.
    Parse,
    /// No time, or one before 1678 or after 2261.
    TimestampInvalid,
    /// No symbol, or one that is none.
    SymbolInvalid,
    /// A price that is null, NaN or infinite.
    PriceNotFinite,
    /// A price of zero or below, where the instrument does not allow it.
    PriceNotPositive,
    /// A price of more than nine decimals, or out of range.
    PriceNotRepresentable,
    /// A trade without a positive size.
    SizeNotPositive,
    /// A size of more than nine decimals, out of range, or (of a quote) negative or NaN.
    SizeNotRepresentable,
    /// A side other than 1, -1 and 0.
    SideInvalid,
    /// A quote without bid or ask.
    QuoteEmpty,
    /// Older than the last accepted of its symbol and kind in its file; with a reorder window, further behind the
    /// newest one seen there than the window is long.
    TimestampRegression,
    /// A trade id among the symbol's last 65,536.
    Duplicate,
    /// Too far from the last accepted price.
    PriceJump,
    /// Outside the instrument's hours.
    OutsideMarketHours,
}

impl RejectReason {
    /// All, in the order of the checks.
    pub const ALL: [Self; 14] = [
        Self::Parse,
        Self::TimestampInvalid,
        Self::SymbolInvalid,
        Self::PriceNotFinite,
        Self::PriceNotPositive,
        Self::PriceNotRepresentable,
        Self::SizeNotPositive,
        Self::SizeNotRepresentable,
        Self::SideInvalid,
        Self::QuoteEmpty,
        Self::TimestampRegression,
        Self::Duplicate,
        Self::PriceJump,
        Self::OutsideMarketHours,
    ];

    /// The name in summaries and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Parse => "parse",
            Self::TimestampInvalid => "timestamp_invalid",
            Self::SymbolInvalid => "symbol_invalid",
            Self::PriceNotFinite => "price_not_finite",
            Self::PriceNotPositive => "price_not_positive",
            Self::PriceNotRepresentable => "price_not_representable",
            Self::SizeNotPositive => "size_not_positive",
            Self::SizeNotRepresentable => "size_not_representable",
            Self::SideInvalid => "side_invalid",
            Self::QuoteEmpty => "quote_empty",
            Self::TimestampRegression => "timestamp_regression",
            Self::Duplicate => "duplicate",
            Self::PriceJump => "price_jump",
            Self::OutsideMarketHours => "outside_market_hours",
        }
    }
}

/// A refused row, with what a person needs to find and judge it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The file.
    pub file: Arc<str>,
    /// The row in it, from 1.
    pub row: u64,
    /// The column at fault, by our name.
    pub column: &'static str,
    /// Why.
    pub reason: RejectReason,
    /// The row's values: `price=NaN size=1 side=1`.
    pub raw: String,
    /// The symbol, where it is one.
    pub symbol: Option<Arc<str>>,
    /// The time, where there is one.
    pub ts_event: Option<Nanos>,
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, row {}: {} in column {} ({})",
            self.file,
            self.row,
            self.reason.name(),
            self.column,
            self.raw
        )
    }
}

/// Takes refused rows. Called on a thread of the feed.
pub type RejectSink = Box<dyn FnMut(Reject) + Send>;
