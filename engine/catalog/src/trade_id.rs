//! Trade ids as 128-bit keys: equal ids have equal keys, whatever the column's type.
//!
//! The top byte tells the form: 0 none, 1 a whole number, 2 a number below zero, 3 the hash of a long
//! text, 16 + length a text of up to 15 bytes. A text that prints a whole number is that number.

use std::fmt;
use twox_hash::xxhash3_128;

const SHIFT: u32 = 120;
const INTEGER: u128 = 1 << SHIFT;
const NEGATIVE: u128 = 2 << SHIFT;
const HASH: u128 = 3 << SHIFT;
const TEXT: u128 = 16 << SHIFT;
const LOW: u128 = (1 << SHIFT) - 1;

/// A trade id, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct TradeId(pub u128);

impl TradeId {
    /// The row has no id.
    pub const NONE: Self = Self(0);

    /// Whether there is an id.
    #[inline]
    pub const fn is_some(self) -> bool {
        self.0 != 0
    }

    /// From a whole number.
    #[inline]
    pub const fn from_integer(value: i128) -> Self {
        let tag = if value < 0 { NEGATIVE } else { INTEGER };
        Self(tag | (value.unsigned_abs() & LOW))
    }

    /// From a text; an empty one is no id.
    pub fn from_text(text: &str) -> Self {
        let bytes = text.as_bytes();
        if bytes.is_empty() {
            return Self::NONE;
        }
        let is_whole = bytes.len() <= 18
            && bytes.iter().all(u8::is_ascii_digit)
            && (bytes[0] != b'0' || bytes.len() == 1);
        if is_whole {
            let value = bytes.iter().fold(0_i128, |sum, digit| sum * 10 + i128::from(digit - b'0'));
            return Self::from_integer(value);
        }
        if bytes.len() <= 15 {
            let packed = bytes.iter().fold(0_u128, |sum, &byte| sum << 8 | u128::from(byte));
            return Self((TEXT + ((bytes.len() as u128) << SHIFT)) | packed);
        }
        Self(HASH | (xxhash3_128::Hasher::oneshot(bytes) & LOW))
    }
}

impl fmt::Display for TradeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let low = self.0 & LOW;
        match self.0 & !LOW {
            0 => f.write_str("null"),
            INTEGER => write!(f, "{low}"),
            NEGATIVE => write!(f, "-{low}"),
            HASH => write!(f, "#{low:030x}"),
            tag => {
                let len = ((tag - TEXT) >> SHIFT) as usize;
                let bytes = low.to_be_bytes();
                f.write_str(&String::from_utf8_lossy(&bytes[16 - len..]))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_numbers_agree_and_print() {
        assert_eq!(TradeId::from_text("123"), TradeId::from_integer(123));
        assert_ne!(TradeId::from_text("0123"), TradeId::from_integer(123));
        assert_eq!(TradeId::from_text(""), TradeId::NONE);
        for text in ["0", "123", "T-1", "0123", "abcdefghijklmno", "é", "999999999999999999"] {
            assert_eq!(TradeId::from_text(text).to_string(), text);
        }
        assert_eq!(TradeId::from_integer(-5).to_string(), "-5");
        let long = "6f1c0c52-7a53-4c6a-9d43-0d4f6b1ad001";
        assert_ne!(TradeId::from_text(long), TradeId::from_text(&long.replace("001", "002")));
        assert!(TradeId::from_text(long).is_some() && TradeId::from_integer(0).is_some());
    }
}
