//! Signals, and a synergy: three signals of different kinds in one direction within a window.
//!
//! Not here: when a signal fires and when three make a synergy (`synergy`).

use crate::{Nanos, Price, SymbolId};
use std::fmt;

/// Up or down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i8)]
pub enum Direction {
    /// Up: buy.
    Long = 1,
    /// Down: sell.
    Short = -1,
}

impl Direction {
    /// 1 or -1.
    #[inline]
    pub const fn sign(self) -> i8 {
        self as i8
    }

    /// The direction of a sign; `None` of 0.
    pub const fn of_sign(sign: i8) -> Option<Self> {
        match sign {
            0 => None,
            1.. => Some(Self::Long),
            _ => Some(Self::Short),
        }
    }

    /// The other one.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Long => Self::Short,
            Self::Short => Self::Long,
        }
    }

    /// The name used in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Long => "long",
            Self::Short => "short",
        }
    }
}

/// What a signal comes from. Signals of one bar count in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum SignalKind {
    /// The machine-learning market indicator entered a side.
    Mlmi = 0,
    /// The kernel's slope changed its sign.
    Nwrqk = 1,
    /// A fair value gap was mitigated.
    Fvg = 2,
}

impl SignalKind {
    /// All, in the order in which signals of one bar count.
    pub const ALL: [Self; 3] = [Self::Mlmi, Self::Nwrqk, Self::Fvg];

    /// The name used in configs and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mlmi => "mlmi",
            Self::Nwrqk => "nwrqk",
            Self::Fvg => "fvg",
        }
    }

    /// The kind of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// The order in which the three kinds of signals came. Its index counts the six orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pattern([SignalKind; 3]);

impl Pattern {
    /// All six. The first four are those emitted by default.
    pub const ALL: [Self; 6] = {
        use SignalKind::{Fvg, Mlmi, Nwrqk};
        [
            Self([Mlmi, Nwrqk, Fvg]),
            Self([Mlmi, Fvg, Nwrqk]),
            Self([Nwrqk, Fvg, Mlmi]),
            Self([Nwrqk, Mlmi, Fvg]),
            Self([Fvg, Mlmi, Nwrqk]),
            Self([Fvg, Nwrqk, Mlmi]),
        ]
    };

    /// The pattern of three kinds in the order in which they came; `None` if one repeats.
    pub fn of(kinds: [SignalKind; 3]) -> Option<Self> {
        Self::ALL.into_iter().find(|pattern| pattern.0 == kinds)
    }

    /// The kinds, first to last.
    pub const fn kinds(self) -> [SignalKind; 3] {
        self.0
    }

    /// Its index in [`Pattern::ALL`].
    pub fn index(self) -> usize {
        Self::ALL.into_iter().position(|pattern| pattern == self).expect("every pattern is one of all")
    }

    /// The pattern written like `mlmi>nwrqk>fvg`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|pattern| pattern.to_string() == text)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, third] = self.0.map(SignalKind::name);
        write!(f, "{first}>{second}>{third}")
    }
}

/// One signal that counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Signal {
    /// What it comes from.
    pub kind: SignalKind,
    /// Which way it points.
    pub direction: Direction,
    /// 0 to 1.
    pub strength: f64,
    /// The end of its bar.
    pub ts: Nanos,
}

/// The market when a synergy came about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MarketContext {
    /// The close of the bar.
    pub price: Price,
    /// Deviation of recent returns on the synergy's timeframe; NaN if not known.
    pub volatility: f64,
    /// The bar's volume, in units of 1e-9.
    pub volume: i128,
    /// Distance to the nearest low volume node, in ATR; NaN if not known.
    pub lvn_distance: f64,
}

/// Three signals of different kinds in one direction within the window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Synergy {
    /// Whose.
    pub symbol: SymbolId,
    /// The order in which they came.
    pub pattern: Pattern,
    /// Which way all three point.
    pub direction: Direction,
    /// Mean of the three strengths.
    pub strength: f64,
    /// The signals, first to last.
    pub signals: [Signal; 3],
    /// The market at the last one.
    pub context: MarketContext,
}

impl Synergy {
    /// How many words [`Synergy::words`] gives.
    pub const WORDS: usize = 13;

    /// Every field, for a hash or a ring.
    pub fn words(&self) -> [u64; Self::WORDS] {
        let head = u64::from(self.symbol.0)
            | (self.pattern.index() as u64) << 32
            | u64::from(self.direction == Direction::Long) << 40;
        let [first, second, third] = self.signals;
        [
            head,
            self.strength.to_bits(),
            first.strength.to_bits(),
            first.ts.0 as u64,
            second.strength.to_bits(),
            second.ts.0 as u64,
            third.strength.to_bits(),
            third.ts.0 as u64,
            self.context.price.raw() as u64,
            bits_of(self.context.volatility),
            self.context.volume as u64,
            (self.context.volume >> 64) as u64,
            bits_of(self.context.lvn_distance),
        ]
    }

    /// The synergy of these words.
    pub fn from_words(words: [u64; Self::WORDS]) -> Self {
        let pattern = Pattern::ALL[(words[0] >> 32) as u8 as usize];
        let direction = if words[0] >> 40 == 0 { Direction::Short } else { Direction::Long };
        let signal = |nth: usize| Signal {
            kind: pattern.kinds()[nth],
            direction,
            strength: f64::from_bits(words[2 + 2 * nth]),
            ts: Nanos(words[3 + 2 * nth] as i64),
        };
        Self {
            symbol: SymbolId(words[0] as u32),
            pattern,
            direction,
            strength: f64::from_bits(words[1]),
            signals: [signal(0), signal(1), signal(2)],
            context: MarketContext {
                price: Price::new(words[8] as i64),
                volatility: f64::from_bits(words[9]),
                volume: i128::from(words[10]) | i128::from(words[11] as i64) << 64,
                lvn_distance: f64::from_bits(words[12]),
            },
        }
    }
}

/// The bits of a float, with one NaN.
fn bits_of(value: f64) -> u64 {
    if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_written_as_they_are_read() {
        for (index, pattern) in Pattern::ALL.into_iter().enumerate() {
            assert_eq!(pattern.index(), index);
            assert_eq!(Pattern::parse(&pattern.to_string()), Some(pattern));
            assert_eq!(Pattern::of(pattern.kinds()), Some(pattern));
        }
        assert_eq!(Pattern::parse("mlmi>mlmi>fvg"), None);
        assert_eq!(Pattern::of([SignalKind::Fvg; 3]), None);
    }

    #[test]
    fn synergies_survive_their_words() {
        for pattern in Pattern::ALL {
            for direction in [Direction::Long, Direction::Short] {
                let signal = |nth: usize| Signal {
                    kind: pattern.kinds()[nth],
                    direction,
                    strength: 0.25 * nth as f64,
                    ts: Nanos(-5 + nth as i64),
                };
                let synergy = Synergy {
                    symbol: SymbolId(u32::MAX),
                    pattern,
                    direction,
                    strength: 0.5,
                    signals: [signal(0), signal(1), signal(2)],
                    context: MarketContext {
                        price: Price::new(-7),
                        volatility: 0.1,
                        volume: -(1 << 80),
                        lvn_distance: -2.5,
                    },
                };
                assert_eq!(Synergy::from_words(synergy.words()), synergy);
            }
        }
    }
}
